"""Policy: how every pod must be locked down, sized, labelled and rolled out."""

import re

from objects import NAMESPACE, OWN_IMAGES, Problem, containers, name, namespace, of_kind, pod_template, selects, workloads

PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")
EXACT_TAG = re.compile(r":v?\d+\.\d+(\.\d+)?([-.][\w.-]+)?$")
LABELS = ("app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by")
# The process drains for 15 s after SIGTERM (shared/src/serve.rs).
DRAIN_SECONDS = 15


def check(objects: list[dict], replicas: int) -> list[Problem]:
    """`replicas`: how many of each service this overlay promises."""
    problems = []
    for thing in objects:
        problems += labels(thing)
        if thing["kind"] == "Secret":
            problems.append(Problem("plain-secret", name(thing), "only a SealedSecret may be in Git"))
        if thing["kind"] in ("Role", "ClusterRole"):
            problems += rights(thing)
        if thing["kind"] == "ServiceAccount" and namespace(thing) == NAMESPACE and thing.get("automountServiceAccountToken") is not False:
            problems.append(Problem("token", name(thing), "mounts a token that nothing here needs"))
    for thing in workloads(objects):
        problems += pod(thing)
        for container in containers(thing):
            problems += one_container(thing, container)
    for thing in of_kind(objects, "Deployment"):
        if namespace(thing) == NAMESPACE:
            problems += rollout(thing, objects, replicas)
    return problems


def labels(thing: dict) -> list[Problem]:
    own = thing["metadata"].get("labels", {})
    wanted = LABELS if pod_template(thing) else LABELS[2:]
    if thing["kind"] == "SealedSecret":
        # kubeseal's output is left as it is, but for what kustomize adds.
        wanted = LABELS[2:]
    return [Problem("labels", name(thing), f"has no {label}") for label in wanted if label not in own]


def rights(thing: dict) -> list[Problem]:
    return [
        Problem("wildcard-rights", name(thing), f"{field} is *")
        for rule in thing["rules"]
        for field in ("verbs", "resources", "apiGroups")
        if "*" in rule.get(field, [])
    ]


def pod(thing: dict) -> list[Problem]:
    spec, problems = pod_template(thing)["spec"], []
    context = spec.get("securityContext", {})
    tenant = namespace(thing) == NAMESPACE

    def expect(rule: str, holds: bool, what: str):
        if not holds:
            problems.append(Problem(rule, name(thing), what))

    expect("root", context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0, "must run as a user given by number, not root")
    expect("seccomp", context.get("seccompProfile", {}).get("type") == "RuntimeDefault", "needs seccompProfile RuntimeDefault")
    expect("host", not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), "shares something with the host")
    expect("host", not any("hostPath" in volume for volume in spec.get("volumes", [])), "mounts a path of the host")
    expect("service-links", spec.get("enableServiceLinks") is False, "gets variables of every Service")
    expect("service-account", spec.get("serviceAccountName", "default") != "default", "runs as the default ServiceAccount")
    expect("token", not tenant or spec.get("automountServiceAccountToken") is False, "mounts a token that nothing here needs")
    for volume in spec.get("volumes", []):
        expect("disk", "emptyDir" not in volume or "sizeLimit" in volume["emptyDir"], f"volume {volume['name']} may fill the node")
    return problems


def one_container(thing: dict, container: dict) -> list[Problem]:
    where, problems = f"{name(thing)} container {container['name']}", []
    context, image = container.get("securityContext", {}), container["image"]

    def expect(rule: str, holds: bool, what: str):
        if not holds:
            problems.append(Problem(rule, where, what))

    expect("escalation", context.get("allowPrivilegeEscalation") is False and not context.get("privileged"), "may gain rights")
    expect("read-only", context.get("readOnlyRootFilesystem") is True, "may write to its own image")
    expect("capabilities", context.get("capabilities", {}) == {"drop": ["ALL"]}, "must drop all capabilities and add none")
    expect("image", PINNED.search(image) or (EXACT_TAG.search(image) and not image.startswith(OWN_IMAGES)), f"{image} is not pinned")
    resources = container.get("resources", {})
    expect("resources", {"cpu", "memory"} <= resources.get("requests", {}).keys(), "does not say what it needs")
    expect("resources", "memory" in resources.get("limits", {}), "may use all memory of the node")
    expect("throttling", "cpu" not in resources.get("limits", {}), "is throttled with the node idle")
    return problems


def rollout(thing: dict, objects: list[dict], replicas: int) -> list[Problem]:
    spec, template, problems = thing["spec"], pod_template(thing), []
    container = template["spec"]["containers"][0]

    def expect(rule: str, holds: bool, what: str):
        if not holds:
            problems.append(Problem(rule, name(thing), what))

    strategy = spec.get("strategy", {}).get("rollingUpdate", {})
    expect("replicas", spec.get("replicas") == replicas, f"must have {replicas} replicas")
    expect("no-gap", strategy.get("maxUnavailable") == 0 and strategy.get("maxSurge") == 1, "a rollout may leave fewer pods than wanted")
    expect("no-gap", spec.get("minReadySeconds", 0) > 0, "counts a pod that answered once as available")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        expect("probe", probe in container, f"has no {probe}")
    expect("probe", container.get("livenessProbe", {}).get("failureThreshold") == 3, "must restart after three failures")
    sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    expect("drain", sleep >= 3, "must wait for the endpoints before it stops")
    expect("drain", template["spec"].get("terminationGracePeriodSeconds", 30) >= sleep + DRAIN_SECONDS + 5, "is killed before it has drained")
    if replicas > 1:
        expect("spread", template["spec"].get("topologySpreadConstraints"), "may have all replicas on one node")
        budgets = [budget for budget in of_kind(objects, "PodDisruptionBudget") if selects(budget["spec"]["selector"], template["metadata"]["labels"])]
        expect("budget", len(budgets) == 1, "must have one PodDisruptionBudget")
    return problems
