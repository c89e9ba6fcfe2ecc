"""Runs every check over every rendered folder, then over the broken inputs, each of which must be refused.

Usage: check.py ROOT CRD-FOLDER...  Prints one line per check and ends with `rendered PASSED FAILED`.
"""

import json
import sys
from pathlib import Path

import jsonschema
import yaml

import capacity
import gitops
import hardening
import network
import references
import schemas
import settings
from objects import Problem, load, render

REPLICAS = {"production": 2, "three-databases": 2, "small": 1}


class Report:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def add(self, title: str, problems: list[Problem | str]):
        if problems:
            self.failed += 1
            print(f"FAIL {title}")
            for problem in problems:
                print(f"     {problem}")
        else:
            self.passed += 1
            print(f"ok   {title}")


def overlay_problems(objects: list[dict], overlay: str, root: Path, definitions: schemas.Definitions) -> list[Problem]:
    """Everything that can be wrong with a whole overlay; the later checks take the right shape for granted."""
    if shape := schemas.check(objects, definitions):
        return shape
    edges = yaml.safe_load((root / "scripts/manifests/edges.yaml").read_text())
    return [
        *hardening.check(objects, REPLICAS[overlay]),
        *references.check(objects),
        *network.check(objects, edges.get(overlay, edges["production"])),
        *settings.check(objects, root),
        *capacity.check(objects),
    ]


def overlays(report: Report, root: Path, definitions: schemas.Definitions):
    for overlay in REPLICAS:
        objects = render(root / "k8s/overlays" / overlay)
        report.add(f"{overlay}: {len(objects)} objects have the right shape", schemas.check(objects, definitions))
        report.add(f"{overlay}: pods are hardened, sized, labelled and replaced without a gap", hardening.check(objects, REPLICAS[overlay]))
        report.add(f"{overlay}: everything that is named exists and fits", references.check(objects))
        edges = yaml.safe_load((root / "scripts/manifests/edges.yaml").read_text())
        wanted = edges.get(overlay, edges["production"])
        report.add(f"{overlay}: the network has the {len(wanted)} listed edges and no other", network.check(objects, wanted))
        report.add(f"{overlay}: variables and ports are those of the binaries", settings.check(objects, root))
        report.add(f"{overlay}: a rollout fits the quota", capacity.check(objects))


def folders(report: Report, root: Path, definitions: schemas.Definitions):
    """Each kustomization of its own: it renders, and what it makes has the right shape."""
    for path in sorted((root / "k8s").rglob("kustomization.yaml")):
        folder = path.parent.relative_to(root)
        if yaml.safe_load(path.read_text())["kind"] == "Component":
            continue
        try:
            problems = schemas.check(render(path.parent), definitions)
        except ValueError as error:
            problems = [str(error)]
        report.add(f"{folder} renders", problems)


def addons(report: Report, root: Path, definitions: schemas.Definitions, chart_schemas: dict[str, Path]):
    for folder in ("traefik", "traefik-dashboard", "argocd-access", "cert-manager", "system-upgrade"):
        objects = render(root / "k8s/addons" / folder)
        report.add(f"addon {folder}: hardened and labelled", hardening.check(objects, 1))
    for chart, schema in chart_schemas.items():
        values = yaml.safe_load((root / "k8s/addons" / chart / "values.yaml").read_text())
        validator = jsonschema.Draft7Validator(json.loads(schema.read_text()))
        report.add(f"addon {chart}: the chart knows every value", [error.message for error in validator.iter_errors(values)])
    for path in ("k8s/addons/argocd/helmchart.yaml", "k8s/addons/traefik/helmchartconfig.yaml"):
        inner = load(load((root / path).read_text())[0]["spec"]["valuesContent"])
        report.add(f"{path}: its values are YAML", [] if len(inner) == 1 else ["not one document"])


def applications(report: Report, root: Path, definitions: schemas.Definitions):
    objects = render(root / "k8s/argocd")
    wanted = [str(path.relative_to(root)) for path in sorted((root / "k8s/overlays/production").iterdir()) if path.is_dir()]
    report.add("ArgoCD: every folder has an Application, in order, in a project that lets it in", gitops.check(objects, root, wanted))
    root_objects = load((root / "k8s/argocd/root.yaml").read_text())
    report.add("ArgoCD: the root Application", schemas.check(root_objects, definitions) + gitops.automation(root_objects[1]))


def broken(report: Report, root: Path, definitions: schemas.Definitions):
    """Each folder under broken/ spoils one thing; its first line names the rule that must catch it."""
    baseline = set(overlay_problems(render(root / "k8s/overlays/production"), "production", root, definitions))
    for path in sorted((root / "scripts/manifests/broken").iterdir()):
        rule = (path / "kustomization.yaml").read_text().splitlines()[0].removeprefix("# refused by: ")
        try:
            objects = render(path)
            if path.name.startswith("argocd-"):
                found = gitops.check(objects, root, [])
            else:
                found = [problem for problem in overlay_problems(objects, "production", root, definitions) if problem not in baseline]
        except ValueError as error:
            found = [Problem("render", path.name, str(error))]
        caught = any(problem.rule == rule for problem in found)
        report.add(f"refused by {rule}: {path.name}", [] if caught else ["was accepted", *found])


def main() -> int:
    root = Path(sys.argv[1]).resolve()
    charts = dict(part.split("=") for part in sys.argv[2:] if "=" in part)
    definitions = schemas.Definitions([Path(part) for part in sys.argv[2:] if "=" not in part])
    report = Report()
    folders(report, root, definitions)
    overlays(report, root, definitions)
    addons(report, root, definitions, {chart: Path(path) for chart, path in charts.items()})
    applications(report, root, definitions)
    broken(report, root, definitions)
    print(f"rendered {report.passed} {report.failed}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
