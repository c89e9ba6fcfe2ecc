"""References: whatever an object names must exist, and fit."""

import re

from objects import NAMESPACE, Problem, containers, name, namespace, of_kind, pod_template, selects, workloads


def check(objects: list[dict]) -> list[Problem]:
    tenant = [thing for thing in objects if namespace(thing) == NAMESPACE]
    return configuration(tenant) + services(tenant) + routes(tenant) + volumes(tenant) + budgets(tenant)


def configuration(objects: list[dict]) -> list[Problem]:
    """Environment variables come from ConfigMaps and Secrets that exist and have the key."""
    maps = {thing["metadata"]["name"]: set(thing.get("data", {})) for thing in of_kind(objects, "ConfigMap")}
    secrets = {thing["metadata"]["name"]: set(thing["spec"]["encryptedData"]) for thing in of_kind(objects, "SealedSecret")}
    problems = []
    for thing in workloads(objects):
        for container in containers(thing):
            for source in container.get("envFrom", []):
                if source.get("configMapRef", {}).get("name") not in maps:
                    problems.append(Problem("config", name(thing), f"no ConfigMap for {source}"))
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {})
                if (reference := source.get("secretKeyRef")) and not reference.get("optional"):
                    if reference["key"] not in secrets.get(reference["name"], set()):
                        problems.append(Problem("secret-key", name(thing), f"{reference['name']} has no {reference['key']}"))
                if (reference := source.get("configMapKeyRef")) and reference["key"] not in maps.get(reference["name"], set()):
                    problems.append(Problem("config", name(thing), f"{reference['name']} has no {reference['key']}"))
    return problems


def volumes(objects: list[dict]) -> list[Problem]:
    maps = {thing["metadata"]["name"] for thing in of_kind(objects, "ConfigMap")}
    claims = {thing["metadata"]["name"] for thing in of_kind(objects, "PersistentVolumeClaim")}
    problems = []
    for thing in workloads(objects):
        own = {claim["metadata"]["name"] for claim in thing["spec"].get("volumeClaimTemplates", [])}
        known = {volume["name"] for volume in pod_template(thing)["spec"].get("volumes", [])} | own
        for volume in pod_template(thing)["spec"].get("volumes", []):
            if "configMap" in volume and volume["configMap"]["name"] not in maps:
                problems.append(Problem("config", name(thing), f"no ConfigMap {volume['configMap']['name']}"))
            if "persistentVolumeClaim" in volume and volume["persistentVolumeClaim"]["claimName"] not in claims:
                problems.append(Problem("volume", name(thing), f"no claim {volume['persistentVolumeClaim']['claimName']}"))
        for container in containers(thing):
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in known:
                    problems.append(Problem("volume", name(thing), f"mounts {mount['name']}, which is no volume"))
    return problems


def services(objects: list[dict]) -> list[Problem]:
    """A Service leads to a pod with that port."""
    problems = []
    for service in of_kind(objects, "Service"):
        if "cnpg.io/cluster" in service["spec"]["selector"]:
            if not of_kind(objects, "Cluster"):
                problems.append(Problem("service", name(service), "selects a cluster that is not there"))
            continue
        pods = [pod_template(thing) for thing in workloads(objects) if selects({"matchLabels": service["spec"]["selector"]}, pod_template(thing)["metadata"]["labels"])]
        if len(pods) != 1:
            problems.append(Problem("service", name(service), f"selects the pods of {len(pods)} workloads"))
            continue
        ports = {port["name"]: port["containerPort"] for container in pods[0]["spec"]["containers"] for port in container.get("ports", [])}
        for port in service["spec"]["ports"]:
            if ports.get(port["targetPort"], port["targetPort"]) not in ports.values():
                problems.append(Problem("service", name(service), f"no container listens on {port['targetPort']}"))
            elif port["port"] != ports.get(port["targetPort"], port["targetPort"]):
                problems.append(Problem("service", name(service), f"{port['port']} is not the port the service is known by"))
    return problems


def routes(objects: list[dict]) -> list[Problem]:
    """Every host has TLS, a certificate for that very name, and a Service behind it."""
    ports = {(thing["metadata"]["name"], port["name"]) for thing in of_kind(objects, "Service") for port in thing["spec"]["ports"]}
    middlewares = {thing["metadata"]["name"] for thing in of_kind(objects, "Middleware")}
    transports = {thing["metadata"]["name"] for thing in of_kind(objects, "ServersTransport")}
    certificates = {thing["spec"]["secretName"]: set(thing["spec"]["dnsNames"]) for thing in of_kind(objects, "Certificate")}
    problems = []
    for route in of_kind(objects, "IngressRoute"):
        if route["spec"]["entryPoints"] != ["websecure"]:
            problems.append(Problem("tls", name(route), "must be reached over TLS alone"))
        secret = route["spec"].get("tls", {}).get("secretName")
        for rule in route["spec"]["routes"]:
            hosts = set(re.findall(r"Host\(`([^`]+)`\)", rule["match"]))
            if not hosts or not hosts <= certificates.get(secret, set()):
                problems.append(Problem("certificate", name(route), f"no certificate for {sorted(hosts)} in {secret}"))
            for service in rule["services"]:
                if (service["name"], service["port"]) not in ports:
                    problems.append(Problem("route", name(route), f"no Service {service['name']} with port {service['port']}"))
                if service.get("serversTransport") not in transports:
                    problems.append(Problem("route", name(route), f"no ServersTransport {service.get('serversTransport')}"))
            for middleware in rule.get("middlewares", []):
                if middleware["name"] not in middlewares:
                    problems.append(Problem("route", name(route), f"no Middleware {middleware['name']}"))
    return problems


def budgets(objects: list[dict]) -> list[Problem]:
    return [
        Problem("budget", name(budget), "selects no pods")
        for budget in of_kind(objects, "PodDisruptionBudget")
        if not any(selects(budget["spec"]["selector"], pod_template(thing)["metadata"]["labels"]) for thing in workloads(objects))
    ]
