"""Settings: the variables that the manifests set are those the binaries read, and the ports those they serve."""

import re
from pathlib import Path

from objects import NAMESPACE, OWN_IMAGES, Problem, containers, name, namespace, of_kind, workloads

# env.required("NAME", ..), env.or::<T>("NAME", shape, "default"), env.optional("NAME", ..): shared/src/env.rs.
READ = re.compile(r"\benv\s*\.\s*(\w+)(?:::<[^(]*>)?\s*\(\s*\"([A-Z][A-Z0-9_]*)\"")
# A default that only makes sense on a developer's machine: production must set the variable.
LOCAL = re.compile(r"\"([A-Z][A-Z0-9_]*)\",\s*\"[^\"]*\",\s*\"https?://localhost")
DEFAULT_PORT = re.compile(r"\"PORT\",\s*\"[^\"]*\",\s*\"(\d+)\"")
PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/health"}


def read_by(crate: Path) -> tuple[dict[str, bool], str | None]:
    """Variables a crate's configuration reads, whether each is required, and its port unless set."""
    found, port = {}, None
    shared = crate.parent / "shared" / "src"
    sources = sorted(crate.glob("src/config*.rs")) + sorted(crate.glob("src/config/*.rs"))
    text = "".join(path.read_text().split("#[cfg(test)]")[0] for path in sources)
    # What a service takes over from the shared crate: `telemetry::Settings::read(env)` and the like.
    for module in shared.glob("*.rs"):
        if re.search(rf"\b{module.stem}::(?:\w+::)*\w+\(\s*&?(?:mut )?env\b", text):
            text += module.read_text().split("#[cfg(test)]")[0]
    for method, variable in READ.findall(text):
        found[variable] = found.get(variable, False) or method == "required"
    for variable in LOCAL.findall(text):
        found[variable] = True
    if match := DEFAULT_PORT.search(text):
        port = match.group(1)
    return found, port


def check(objects: list[dict], root: Path) -> list[Problem]:
    problems = []
    maps = {thing["metadata"]["name"]: thing.get("data", {}) for thing in of_kind(objects, "ConfigMap")}
    for thing in workloads(objects):
        for container in containers(thing):
            if namespace(thing) != NAMESPACE or not container["image"].startswith(OWN_IMAGES):
                continue
            crate = container["image"].removeprefix(OWN_IMAGES).split("@")[0].split(":")[0]
            read, default_port = read_by(root / crate)
            if not read:
                problems.append(Problem("settings", name(thing), f"{crate} has no configuration that could be read"))
                continue
            values = {}
            for source in container.get("envFrom", []):
                values |= maps.get(source["configMapRef"]["name"], {})
            values |= {variable["name"]: variable.get("value") for variable in container.get("env", [])}
            problems += variables(thing, container, crate, read, values)
            if container.get("ports"):
                problems += ports(thing, container, values.get("PORT") or default_port)
    return problems


def variables(thing: dict, container: dict, crate: str, read: dict[str, bool], values: dict) -> list[Problem]:
    problems = [Problem("settings", name(thing), f"sets {variable}, which {crate} does not read") for variable in sorted(values.keys() - read.keys())]
    if container.get("args") == ["migrate"]:
        # The migration needs the database alone.
        return problems if "DATABASE_URL" in values else [*problems, Problem("settings", name(thing), "has no DATABASE_URL")]
    missing = sorted(variable for variable, required in read.items() if required and variable not in values)
    problems += [Problem("settings", name(thing), f"does not set {variable}, which {crate} requires") for variable in missing]
    if values.get("ENVIRONMENT", "production") != "production":
        problems.append(Problem("settings", name(thing), "is not in production"))
    return problems


def ports(thing: dict, container: dict, served: str | None) -> list[Problem]:
    """Probes ask the port that is really served, for the paths that mean alive and ready."""
    problems = []
    declared = {port["name"]: port["containerPort"] for port in container["ports"]}
    if [str(port) for port in declared.values()] != [served]:
        problems.append(Problem("port", name(thing), f"declares {declared}, serves {served}"))
    for probe, path in PROBES.items():
        request = container.get(probe, {}).get("httpGet", {})
        if request.get("path") != path or str(declared.get(request.get("port"), request.get("port"))) != served:
            problems.append(Problem("probe", name(thing), f"{probe} asks {request}, not {path} on {served}"))
    return problems
