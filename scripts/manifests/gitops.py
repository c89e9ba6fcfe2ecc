"""ArgoCD: every Application has a folder, a project that lets its objects in, and its place in the order."""

from pathlib import Path

from objects import Problem, name, namespace, of_kind, render

WAVE = "argocd.argoproj.io/sync-wave"
# Who must be well before whom.
ORDER = ["tenant", "sealed-secrets", "secrets", "data", "migrate", "auth", "backend", "home", "routes"]
CLUSTER_KINDS = {"Namespace", "ClusterRole", "ClusterRoleBinding", "ClusterIssuer", "CustomResourceDefinition"}


def check(applications: list[dict], root: Path, folders: list[str]) -> list[Problem]:
    """`folders`: those that must each have an Application."""
    projects = {project["metadata"]["name"]: project["spec"] for project in of_kind(applications, "AppProject")}
    problems, served, waves = [], set(), {}
    for application in of_kind(applications, "Application"):
        waves[application["metadata"]["name"]] = int(application["metadata"].get("annotations", {}).get(WAVE, 0))
        problems += automation(application)
        spec = application["spec"]
        project = projects.get(spec["project"])
        if project is None:
            problems.append(Problem("project", name(application), f"no project {spec['project']}"))
            continue
        for source in spec.get("sources", [spec.get("source")]):
            if source["repoURL"] not in project["sourceRepos"]:
                problems.append(Problem("project", name(application), f"{spec['project']} does not know {source['repoURL']}"))
            if source["targetRevision"] in ("HEAD", "*", "") or "chart" in source and source["targetRevision"][-1] in "*x":
                problems.append(Problem("revision", name(application), "follows whatever is newest"))
            if source["repoURL"].endswith("platform.git") and "path" in source:
                served.add(source["path"])
                problems += admitted(application, project, root / source["path"])
            for values in source.get("helm", {}).get("valueFiles", []):
                if not (root / values.removeprefix("$values/")).is_file():
                    problems.append(Problem("folder", name(application), f"no file {values}"))
    problems += [Problem("folder", folder, "has no Application") for folder in folders if folder not in served]
    for earlier, later in zip(ORDER, ORDER[1:], strict=False):
        if not waves.get(earlier, 99) < waves.get(later, -99):
            problems.append(Problem("order", later, f"does not wait for {earlier}"))
    return problems


def automation(application: dict) -> list[Problem]:
    policy = application["spec"].get("syncPolicy", {})
    automated, retry = policy.get("automated", {}), policy.get("retry", {})
    good = automated.get("prune") and automated.get("selfHeal") and automated.get("enabled") and automated.get("allowEmpty") is False
    problems = [] if good else [Problem("sync", name(application), "must sync, prune and heal by itself, but never to nothing")]
    if not (retry.get("limit", 0) > 0 and retry.get("backoff")):
        problems.append(Problem("sync", name(application), "must retry with backoff"))
    if "ServerSideApply=true" not in policy.get("syncOptions", []):
        problems.append(Problem("sync", name(application), "must apply on the server"))
    return problems


def admitted(application: dict, project: dict, folder: Path) -> list[Problem]:
    """Whether the project's lists let in all that the folder renders."""
    if not folder.is_dir():
        return [Problem("folder", name(application), f"no folder {folder}")]
    spaces = {destination["namespace"] for destination in project["destinations"]}
    problems = []
    for thing in render(folder):
        entry = {"group": thing["apiVersion"].rpartition("/")[0], "kind": thing["kind"]}
        cluster = thing["kind"] in CLUSTER_KINDS
        allowed = project.get("clusterResourceWhitelist", []) if cluster else project.get("namespaceResourceWhitelist")
        if allowed is not None and entry not in allowed:
            problems.append(Problem("project", name(application), f"{application['spec']['project']} does not let in {entry}"))
        if not cluster and (namespace(thing) or application["spec"]["destination"]["namespace"]) not in spaces:
            problems.append(Problem("project", name(application), f"may not deploy to {namespace(thing)}"))
    return problems
