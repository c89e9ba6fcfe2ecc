"""Shape: core kinds against the Kubernetes schemas, custom kinds against their own definitions, both strictly."""

import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

from objects import Problem, name

KUBERNETES = "1.36"


class Definitions:
    """The custom kinds' schemas, closed: a field they do not name is refused instead of dropped."""

    def __init__(self, directories: list[Path]):
        self.schemas = {}
        for path in (path for directory in directories for path in sorted(directory.glob("*.y*ml"))):
            for document in yaml.safe_load_all(path.read_text()):
                if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                    self._add(document["spec"])

    def _add(self, spec: dict):
        for version in spec["versions"]:
            key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            schema["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
            self.schemas[key] = jsonschema.Draft7Validator(schema)

    def check(self, thing: dict) -> list[Problem]:
        validator = self.schemas.get((thing["apiVersion"], thing["kind"]))
        if validator is None:
            return [Problem("schema", name(thing), f"nobody defines {thing['apiVersion']} {thing['kind']}")]
        return [
            Problem("schema", name(thing), f"{'.'.join(map(str, error.path))}: {error.message[:300]}")
            for error in validator.iter_errors(thing)
        ]


def closed(schema: dict) -> dict:
    """The schema with unknown fields refused, and OpenAPI's `nullable` and int-or-string in JSON Schema's words."""
    if not isinstance(schema, dict):
        return schema
    result = {
        key: {k: closed(v) for k, v in value.items()} if key == "properties" else closed(value) if key in ("items", "additionalProperties", "not") else [closed(part) for part in value] if key in ("anyOf", "oneOf", "allOf") else value
        for key, value in schema.items()
    }
    if "properties" in result and "additionalProperties" not in result and not schema.get("x-kubernetes-preserve-unknown-fields") and result.get("type") == "object":
        result["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
        result["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    # Go's regular expressions and formats that Python has not.
    if "pattern" in result and not compiles(result["pattern"]):
        del result["pattern"]
    return result


def compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
        return True
    except re.error:
        return False


def is_core(thing: dict) -> bool:
    group = thing["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def check(objects: list[dict], definitions: Definitions) -> list[Problem]:
    problems = []
    for thing in objects:
        if not is_core(thing):
            problems += definitions.check(thing)
            continue
        try:
            kubernetes_validate.validate(thing, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(Problem("schema", name(thing), f"{error.path}: {error.message[:300]}"))
        except kubernetes_validate.SchemaNotFoundError:
            problems.append(Problem("schema", name(thing), f"Kubernetes has no {thing['apiVersion']} {thing['kind']}"))
    return problems
