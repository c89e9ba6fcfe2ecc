"""The Deployments as processes: environment from the manifests, probes, endpoints, rolling updates."""

import http.client
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from manifests import ROOT, Manifests
from processes import free_port, start, stop, wait_for
from report import check, fact


@dataclass
class Replica:
    """A pod: one process on a port of its own."""

    port: int
    process: subprocess.Popen

    def status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        connection.request("GET", path)
        return connection.getresponse().status


@dataclass
class Deployment:
    """Two replicas behind a list of endpoints, replaced the way Kubernetes does it."""

    name: str
    manifests: Manifests
    work: Path
    # Called with the ports that are ready, whenever they change: kube-proxy's and Traefik's part.
    publish: object
    # What differs from the cluster: addresses of the data, secrets.
    values: dict[str, str] = field(default_factory=dict)
    replicas: list[Replica] = field(default_factory=list)
    endpoints: list[int] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def __post_init__(self):
        self.spec = self.manifests.one("Deployment", self.name)["spec"]
        self.pod = self.spec["template"]["spec"]
        self.container = self.pod["containers"][0]
        self.log = self.work / f"{self.name}.log"

    def env(self, port: int) -> dict[str, str]:
        """The ConfigMap as it is, but for where the test listens; secrets by the names the manifest gives them."""
        env = {"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **self.manifests.config(f"{self.name}-config")}
        for variable in self.container.get("env", []):
            reference = variable["valueFrom"]["secretKeyRef"]
            if (value := self.values.get(reference["key"])) is not None:
                env[variable["name"]] = value
            else:
                assert reference.get("optional"), reference
        # The test's loopback stands for the cluster's pod network.
        env |= {"PORT": str(port), "HOST": "127.0.0.1", "TRUSTED_PROXIES": "127.0.0.1/32"}
        return env | {key: value for key, value in self.values.items() if key in ("AUTH_SERVICE_URL", "FLOOD_LIMIT") and key in env | {"FLOOD_LIMIT": ""}}

    def start_one(self) -> Replica:
        port, begun = free_port(), time.monotonic()
        replica = Replica(port, start([binary(self.name), "serve"], self.log, self.env(port), cwd="/"))
        probe = self.container["readinessProbe"]["httpGet"]["path"]
        wait_for(f"{self.name} ready", lambda: replica.process.poll() is None and replica.status(probe) == 200, 60, self.log)
        self.starts.append(time.monotonic() - begun)
        return replica

    def start(self):
        for _ in range(self.spec["replicas"]):
            self.replicas.append(self.start_one())
        self.set_endpoints([replica.port for replica in self.replicas])

    def set_endpoints(self, ports: list[int]):
        self.endpoints = list(ports)
        self.publish(self.name, self.endpoints)

    def terminate(self, replica: Replica) -> float:
        """Out of the endpoints and preStop at the same moment, then SIGTERM, then draining."""
        self.set_endpoints([port for port in self.endpoints if port != replica.port])
        time.sleep(self.container["lifecycle"]["preStop"]["sleep"]["seconds"])
        begun = time.monotonic()
        replica.process.send_signal(signal.SIGTERM)
        allowed = self.pod["terminationGracePeriodSeconds"] - self.container["lifecycle"]["preStop"]["sleep"]["seconds"]
        code = stop(replica.process, allowed)
        took = time.monotonic() - begun
        check(f"{self.name} stops by itself within its grace period, with code 0", code == 0, code)
        return took

    def roll(self):
        """maxSurge 1, maxUnavailable 0: a new pod serves before an old one goes."""
        drains = []
        for old in list(self.replicas):
            new = self.start_one()
            time.sleep(self.spec["minReadySeconds"])
            self.set_endpoints([*self.endpoints, new.port])
            self.replicas.append(new)
            self.replicas.remove(old)
            drains.append(self.terminate(old))
        fact(f"{self.name}: ready after {', '.join(f'{took:.2f} s' for took in self.starts[-2:])}; drained in {', '.join(f'{drain:.1f} s' for drain in drains)}")

    def kill_one(self) -> Replica:
        """A pod dies; its endpoint goes when the node notices."""
        victim = self.replicas.pop(0)
        victim.process.kill()
        victim.process.wait()
        return victim

    def stop(self):
        for replica in self.replicas:
            if replica.process.poll() is None:
                stop(replica.process)
        self.replicas, self.endpoints = [], []


def binary(name: str) -> Path:
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / os.environ.get("E2E_PROFILE", "debug") / name


def migrate(name: str, url: str) -> subprocess.CompletedProcess:
    return subprocess.run([binary(name), "migrate"], env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "ENVIRONMENT": "production"}, capture_output=True, text=True, check=False, cwd="/")
