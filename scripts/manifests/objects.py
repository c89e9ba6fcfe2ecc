"""Kubernetes objects as the checks see them: rendering, and the questions that several checks ask."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

NAMESPACE = "alternate-futures"
OWN_IMAGES = "ghcr.io/alternatefutures/"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: which rule, in which object, and what."""

    rule: str
    where: str
    what: str

    def __str__(self):
        return f"{self.rule}: {self.where}: {self.what}"


def render(directory: Path) -> list[dict]:
    """Everything that `kustomize build` makes of a folder."""
    result = subprocess.run(["kustomize", "build", str(directory)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ValueError(result.stderr.strip().splitlines()[-1])
    return load(result.stdout)


def load(text: str) -> list[dict]:
    """The objects of a YAML stream; a key that appears twice is an error, not the last one's win."""
    return [document for document in yaml.load_all(text, Loader=UniqueKeys) if document]


class UniqueKeys(yaml.SafeLoader):
    """YAML as Kubernetes reads it: no duplicate keys."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise ValueError(f"{key.value} appears twice, line {key.start_mark.line + 1}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def name(thing: dict) -> str:
    return f"{thing['kind']}/{thing['metadata']['name']}"


def namespace(thing: dict) -> str:
    return thing["metadata"].get("namespace", "")


def pod_template(thing: dict) -> dict | None:
    """The pod that a workload starts, or nothing."""
    match thing["kind"]:
        case "Deployment" | "StatefulSet" | "DaemonSet" | "Job":
            return thing["spec"]["template"]
        case "CronJob":
            return thing["spec"]["jobTemplate"]["spec"]["template"]
    return None


def workloads(objects: list[dict]) -> list[dict]:
    return [thing for thing in objects if pod_template(thing)]


def of_kind(objects: list[dict], kind: str) -> list[dict]:
    return [thing for thing in objects if thing["kind"] == kind]


def containers(thing: dict) -> list[dict]:
    spec = pod_template(thing)["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def selects(selector: dict | None, labels: dict) -> bool:
    """Whether a label selector (matchLabels, matchExpressions) takes these labels. Empty takes all."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        present, value = rule["key"] in labels, labels.get(rule["key"])
        fits = {
            "In": value in rule.get("values", []),
            "NotIn": value not in rule.get("values", []),
            "Exists": present,
            "DoesNotExist": not present,
        }[rule["operator"]]
        if not fits:
            return False
    return True
