"""From a rendered overlay on standard input, the pods its workloads would start, with their ServiceAccounts."""

import sys

import yaml

from objects import load, namespace, pod_template, workloads

objects = load(sys.stdin.read())
for thing in objects:
    if thing["kind"] == "ServiceAccount":
        print("---\n" + yaml.safe_dump(thing))
for thing in workloads(objects):
    template = pod_template(thing)
    # A claim made from a template has the pod's number in its name; admission does not look at it.
    for claim in thing["spec"].get("volumeClaimTemplates", []):
        volumes = template["spec"].setdefault("volumes", [])
        volumes.append({"name": claim["metadata"]["name"], "emptyDir": {}})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": thing["metadata"]["name"], "namespace": namespace(thing), "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    }
    print("---\n" + yaml.safe_dump(pod))
