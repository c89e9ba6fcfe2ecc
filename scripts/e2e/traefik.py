"""Traefik's own binary with the shipped settings; only where it finds routes differs: files made from our manifests."""

import json
import os
import re
from pathlib import Path

import yaml

from manifests import Manifests
from processes import free_port, start, wait_for, accepts


class Traefik:
    def __init__(self, manifests: Manifests, work: Path, solver_port: int):
        self.manifests, self.work, self.solver_port = manifests, work / "traefik", solver_port
        self.web, self.websecure = free_port(), free_port()
        self.log = self.work / "log"
        self.endpoints: dict[str, list[int]] = {}
        self.certificates: list[dict[str, str]] = []
        (self.work / "dynamic").mkdir(parents=True)

    def arguments(self) -> list[str]:
        """The flags of the HelmChartConfig; the loopback stands for the networks of the nodes and pods."""
        config = self.manifests.one("HelmChartConfig", "traefik", self.manifests.traefik)
        flags = yaml.safe_load(config["spec"]["valuesContent"])["additionalArguments"]
        flags = [flag for flag in flags if not flag.startswith("--providers.kubernetes")]
        flags = [re.sub(r"trustedIPs=.*", "trustedIPs=127.0.0.1/32", flag) for flag in flags]
        flags = [flag.replace("@kubernetescrd", "@file") for flag in flags]
        return [
            *flags,
            f"--entryPoints.web.address=127.0.0.1:{self.web}",
            f"--entryPoints.websecure.address=127.0.0.1:{self.websecure}",
            f"--providers.file.directory={self.work}/dynamic",
            # The chart turns the dashboard on; the route to it is ours.
            "--api.dashboard=true",
            "--log.level=INFO",
        ]

    def start(self):
        self.write()
        start(["traefik", *self.arguments()], self.log, cwd=self.work)
        wait_for("Traefik", lambda: accepts(self.web) and accepts(self.websecure), 30, self.log)

    def publish(self, name: str, ports: list[int]):
        self.endpoints[name] = list(ports)
        self.write()

    def write(self):
        """In one rename, so that a half-written file is never read. JSON is YAML."""
        path = self.work / "dynamic/routes.yaml"
        temporary = self.work / "routes.tmp"
        temporary.write_text(json.dumps(self.dynamic()))
        os.replace(temporary, path)

    def dynamic(self) -> dict:
        everything = [*self.manifests.objects, *self.manifests.traefik, *self.manifests.dashboard]
        routers, services, middlewares, transports = {}, {}, {}, {}
        for route in self.manifests.of_kind("IngressRoute"):
            transports |= {entry["name"]: local(route, entry["serversTransport"]) for rule in route["spec"]["routes"] for entry in rule["services"]}
        for thing in everything:
            if thing["kind"] == "Middleware":
                middlewares[local(thing, thing["metadata"]["name"])] = middleware(thing["spec"])
            if thing["kind"] == "IngressRoute":
                for number, rule in enumerate(thing["spec"]["routes"]):
                    routers[f"{local(thing, thing['metadata']['name'])}-{number}"] = self.router(thing, rule)
        for service in self.manifests.of_kind("Service"):
            servers = [{"url": f"http://127.0.0.1:{port}"} for port in self.endpoints.get(service["spec"]["selector"]["app.kubernetes.io/name"], [])]
            balancer = {"servers": servers}
            if transport := transports.get(service["metadata"]["name"]):
                balancer["serversTransport"] = transport
            services[local(service, service["metadata"]["name"])] = {"loadBalancer": balancer}
        # What cert-manager's Ingress becomes for as long as a challenge lasts.
        for name in self.hosts():
            routers[f"acme-{name}"] = {"rule": f"Host(`{name}`) && PathPrefix(`/.well-known/acme-challenge/`)", "entryPoints": ["web"], "service": "acme-solver"}
        services["acme-solver"] = {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{self.solver_port}"}]}}
        option = self.manifests.one("TLSOption", "default", self.manifests.traefik)["spec"]
        return {
            "http": {"routers": routers, "services": services, "middlewares": middlewares, "serversTransports": {
                local(thing, thing["metadata"]["name"]): thing["spec"] for thing in self.manifests.of_kind("ServersTransport")}},
            "tls": {"options": {"default": option}, "certificates": self.certificates},
        }

    def router(self, route: dict, rule: dict) -> dict:
        service = rule["services"][0]
        target = service["name"] if service["kind"] == "TraefikService" else local(route, service["name"])
        router = {"rule": rule["match"], "entryPoints": route["spec"]["entryPoints"], "service": target, "tls": {}}
        if "middlewares" in rule:
            router["middlewares"] = [local(route, entry["name"]) for entry in rule["middlewares"]]
        return router

    def hosts(self) -> list[str]:
        """Every host that has a certificate of its own."""
        objects = [*self.manifests.objects, *self.manifests.dashboard]
        return [name for thing in objects if thing["kind"] == "Certificate" for name in thing["spec"]["dnsNames"]]


def local(thing: dict, name: str) -> str:
    """The name the Kubernetes provider gives: namespace first."""
    return f"{thing['metadata']['namespace']}-{name}"


def middleware(spec: dict) -> dict:
    if "basicAuth" in spec:
        # The Secret's content: one operator, whose password is `operator` (bcrypt).
        return {"basicAuth": {"removeHeader": spec["basicAuth"]["removeHeader"], "users": ["operator:$2y$05$4jPDwUSujEJKSLjUaWzT.e1Hg7Jje.0g7TxSbKHOrT6PN1C.RKXGy"]}}
    return spec
