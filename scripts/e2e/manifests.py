"""What is shipped: the rendered production overlay, and what the end-to-end test takes from it."""

import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def render(folder: str) -> list[dict]:
    text = subprocess.run(["kustomize", "build", str(ROOT / folder)], check=True, capture_output=True, text=True).stdout
    return [document for document in yaml.safe_load_all(text) if document]


class Manifests:
    def __init__(self):
        self.objects = render("k8s/overlays/production")
        self.traefik = render("k8s/addons/traefik")
        self.dashboard = render("k8s/addons/traefik-dashboard")

    def one(self, kind: str, name: str, objects: list[dict] | None = None) -> dict:
        found = [thing for thing in objects or self.objects if thing["kind"] == kind and thing["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} {kind} {name}"
        return found[0]

    def config(self, prefix: str) -> dict[str, str]:
        """The data of a generated ConfigMap, whatever the hash in its name."""
        found = [thing["data"] for thing in self.objects if thing["kind"] == "ConfigMap" and thing["metadata"]["name"].startswith(prefix + "-")]
        found = [data for data in found if data]
        assert len(found) >= 1, prefix
        return found[0]

    def of_kind(self, kind: str) -> list[dict]:
        return [thing for thing in self.objects if thing["kind"] == kind]
