"""Capacity: a rollout of everything at once, beside every job, fits the quota."""

from objects import NAMESPACE, Problem, containers, namespace, of_kind, pod_template, workloads

UNITS = {"m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "": 1}


def amount(text: str) -> float:
    digits = str(text).rstrip("mKMGi")
    return float(digits) * UNITS[str(text)[len(digits):]]


def check(objects: list[dict]) -> list[Problem]:
    quotas = [quota["spec"]["hard"] for quota in of_kind(objects, "ResourceQuota") if namespace(quota) == NAMESPACE]
    if len(quotas) != 1:
        return [Problem("quota", NAMESPACE, "must have one ResourceQuota")]
    used = {"pods": 0.0, "requests.cpu": 0.0, "requests.memory": 0.0, "limits.memory": 0.0}
    for thing in workloads(objects):
        if namespace(thing) != NAMESPACE:
            continue
        pods = thing["spec"].get("replicas", 1) + (1 if thing["kind"] == "Deployment" else 0)
        used["pods"] += pods
        for container in containers(thing):
            for key in ("requests.cpu", "requests.memory", "limits.memory"):
                group, resource = key.split(".")
                used[key] += pods * amount(container.get("resources", {}).get(group, {}).get(resource, "0"))
    for cluster in of_kind(objects, "Cluster"):
        used["pods"] += cluster["spec"]["instances"]
        for key in ("requests.cpu", "requests.memory", "limits.memory"):
            group, resource = key.split(".")
            used[key] += cluster["spec"]["instances"] * amount(cluster["spec"]["resources"][group][resource])
    return [Problem("quota", key, f"{value:g} wanted, {quotas[0][key]} allowed") for key, value in used.items() if value > amount(quotas[0][key])]
