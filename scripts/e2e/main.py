"""The platform as shipped, on the loopback: data, schema, two replicas of each service, Traefik, certificates;
the journey of a person over HTTPS; every service replaced, killed and cut off from its data under load."""

import asyncio
import os
import secrets
import shutil
import ssl
import sys
import tempfile
import threading
import time
from pathlib import Path

import edge
import report
from acme import Authority
from data import Postgres, Redis
from forward import Forward
from journey import API, AUTH, WWW, Journey
from load import Load, Request
from manifests import Manifests
from processes import free_port, stop_all
from replicas import Deployment, migrate
from report import check, fact, step
from traefik import Traefik


class Platform:
    def __init__(self, work: Path):
        self.work, self.manifests = work, Manifests()
        self.passwords = {role: secrets.token_hex(16) for role in ("platform", "auth", "backend")}
        self.jwt = {"JWT_SECRET": secrets.token_urlsafe(32)}
        self.postgres = Postgres(self.manifests, work, self.passwords)
        self.redis = Redis(self.manifests, work, secrets.token_hex(16))
        self.solver = free_port()
        self.traefik = Traefik(self.manifests, work, self.solver)
        self.authority = Authority(work, self.traefik.web)
        # `auth-service` in the cluster: what the backend talks to.
        self.auth_service = Forward(free_port())
        self.deployments: dict[str, Deployment] = {}

    def publish(self, name: str, ports: list[int]):
        self.traefik.publish(name, ports)
        if name == "auth":
            self.auth_service.set(ports)

    def data(self):
        self.postgres.create()
        self.redis.start()
        results = []
        url = self.postgres.url("platform")
        threads = [threading.Thread(target=lambda name=name: results.append(migrate(name, url))) for name in ("auth", "backend")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check("both migrations at once: one works, one waits, both succeed", [done.returncode for done in results] == [0, 0], results)
        again = migrate("auth", url)
        check("a third does nothing", again.returncode == 0, again)
        self.postgres.check_roles()
        self.redis.check()

    def services(self):
        for name in ("auth", "backend", "home"):
            self.deployments[name] = Deployment(name, self.manifests, self.work, self.publish, {
                **self.jwt,
                "AUTH_DATABASE_URL": self.postgres.url("auth"),
                "BACKEND_DATABASE_URL": self.postgres.url("backend"),
                "REDIS_URL": self.redis.url(),
                "AUTH_SERVICE_URL": f"http://127.0.0.1:{self.auth_service.port}",
            })
            self.deployments[name].start()
            check(f"{name}: {len(self.deployments[name].replicas)} replicas are ready", len(self.deployments[name].replicas) == 2)

    def certificates(self):
        self.authority.start()
        begun = time.monotonic()
        for host in self.traefik.hosts():
            self.traefik.certificates.append(self.authority.issue(host, self.solver))
        fact(f"{len(self.traefik.certificates)} certificates in {time.monotonic() - begun:.0f} s")
        self.traefik.write()
        time.sleep(1)
        self.trust = ssl.create_default_context(cafile=self.authority.root())

    def renew(self):
        """A renewal is a new Secret; Traefik takes it without a restart."""
        before = self.traefik.certificates[0]["certFile"]
        self.traefik.certificates[0] = self.authority.issue(self.traefik.hosts()[0], self.solver, "--force-renewal")
        self.traefik.write()
        time.sleep(1)
        check("a certificate is renewed without a hand (A4.4)", self.traefik.certificates[0]["certFile"] != before)

    def load(self, journey: Journey) -> Load:
        bearer = {"Authorization": f"Bearer {journey.pat}"}
        return Load(self.traefik.websecure, self.trust, [
            Request(WWW, "GET", "/", contains=b"<html"),
            Request(API, "POST", "/graphql", {"query": "{ projects { data { name } } }"}, bearer, b"End to end"),
            Request(AUTH, "POST", "/api/validate", {"token": journey.pat}, contains=b'"valid":true'),
            Request(API, "POST", "/graphql", {"query": "{ version { version } }"}, contains=b"version"),
        ])

    def rolling(self, journey: Journey):
        for name, deployment in self.deployments.items():
            with self.load(journey) as load:
                time.sleep(1)
                deployment.roll()
            fact(f"{name}: {load.summary()}")
            check(f"{name} is replaced under load without a failed request (A12.2)", not load.failures and sum(load.sent.values()) > 500, load.failures[:5])

    def rotation(self, journey: Journey):
        """The three steps of scripts/seal-secrets.sh; a token from before must work to the end of the second."""
        old, new = self.jwt["JWT_SECRET"], secrets.token_urlsafe(32)
        for title, values in (
            ("prepare", {"JWT_SECRET": old, "JWT_SECRET_PREVIOUS": new}),
            ("switch", {"JWT_SECRET": new, "JWT_SECRET_PREVIOUS": old}),
        ):
            with self.load(journey) as load:
                for name in ("auth", "backend"):
                    self.deployments[name].values |= values
                    self.deployments[name].roll()
            check(f"rotation, {title}: no failed request", not load.failures, load.failures[:5])
            answer = asyncio.run(journey.graphql("{ me { id } }", journey.access))
            check(f"rotation, {title}: nobody is logged out (A5.5)", b"errors" not in answer.body, answer.body[:200])
        fresh = Journey(self.traefik, self.trust)
        asyncio.run(fresh.sign_in())
        answer = asyncio.run(fresh.graphql("{ me { id } }", fresh.access))
        check("rotation: whoever signs in now gets a token of the new secret", b"errors" not in answer.body, answer.body[:200])

    def killing(self, journey: Journey):
        for name, deployment in self.deployments.items():
            with self.load(journey) as load:
                time.sleep(2)
                running = load.running
                victim = deployment.kill_one()
                running = max(running, load.running)
                # The node notices after a moment; until then the dead endpoint is still listed.
                time.sleep(1)
                deployment.set_endpoints([port for port in deployment.endpoints if port != victim.port])
                deployment.replicas.append(deployment.start_one())
                deployment.set_endpoints([replica.port for replica in deployment.replicas])
                time.sleep(2)
            fact(f"{name} killed with {running} requests running: {load.summary()}")
            # One more, for a request that is being written at that very moment.
            check(f"a killed {name} loses no more than its running requests (A12.3)", len(load.failures) <= running + 1, load.failures[:5])

    def outages(self, journey: Journey):
        processes = [replica.process.pid for deployment in self.deployments.values() for replica in deployment.replicas]
        self.postgres.stop()
        time.sleep(1)
        answer = asyncio.run(journey.ask(AUTH, "GET", "/health"))
        check("without PostgreSQL auth says 503 (A8.3)", answer.status == 503, answer.status)
        self.postgres.start()
        deadline = time.monotonic() + 30
        while (answer := asyncio.run(journey.graphql("{ projects { totalCount } }", journey.pat))).status != 200 or b"errors" in answer.body:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        check("a restarted database needs no restarted service (A6.4)", b"errors" not in answer.body, answer.body[:200])
        self.redis.stop()
        time.sleep(1)
        answer = asyncio.run(journey.ask(AUTH, "POST", "/api/validate", {"token": journey.pat}))
        check("without Redis tokens are still validated", answer.status == 200, answer.status)
        answer = asyncio.run(journey.ask(AUTH, "GET", "/health"))
        check("and /health says that it is gone", answer.json()["checks"].get("redis") != "ok", answer.body)
        self.redis.start()
        time.sleep(3)
        answer = asyncio.run(journey.ask(AUTH, "GET", "/health"))
        check("it is found again by itself", answer.status == 200 and answer.json()["checks"]["redis"] == "ok", answer.body)
        now = [replica.process.pid for deployment in self.deployments.values() for replica in deployment.replicas if replica.process.poll() is None]
        check("no process ended meanwhile", now == processes)
        auth = self.deployments["auth"]
        ready = list(auth.endpoints)
        self.auth_service.set([])
        time.sleep(6)
        answer = asyncio.run(journey.graphql("{ me { id } }", journey.pat))
        check("without auth the backend answers 503 (A9.5, A11.4)", answer.status == 503 and b"SERVICE_UNAVAILABLE" in answer.body, (answer.status, answer.body[:200]))
        log = (self.work / "backend.log").read_text(errors="replace")
        check("and logs it", "auth" in log and "WARN" in log.upper() or "ERROR" in log.upper())
        self.auth_service.set(ready)
        time.sleep(3)
        answer = asyncio.run(journey.graphql("{ me { id } }", journey.pat))
        check("and heals by itself", b"errors" not in answer.body, answer.body[:200])

    def logs(self, journey: Journey):
        """A8.7: none of the secrets of this run is in any log."""
        values = [*self.passwords.values(), self.redis.password, *self.jwt.values(), journey.access, journey.refresh, journey.pat]
        for path in sorted(self.work.rglob("*log")):
            if path.is_file():
                text = path.read_text(errors="replace")
                found = [value[:6] + "..." for value in values if value and value in text]
                check(f"no secret in {path.relative_to(self.work)} (A8.7)", not found, found)


def story(platform: Platform):
    platform.data()
    platform.services()
    platform.traefik.start()
    with step("certificates by ACME"):
        platform.certificates()
    journey = Journey(platform.traefik, platform.trust)
    for title, part in (
        ("redirects", edge.redirects(platform.traefik)),
        ("TLS", edge.tls(platform.traefik, platform.authority.work / "root.crt")),
        ("PROXY protocol", edge.proxy_protocol(platform.traefik, platform.trust)),
        ("dashboard", edge.dashboard(platform.traefik, platform.trust)),
        ("the site", journey.site()),
        ("signing in", journey.sign_in()),
        ("working", journey.work()),
        ("limits", journey.limits()),
        ("a service without pods", edge.empty_service(platform.traefik, platform.trust)),
    ):
        with step(title):
            asyncio.run(part)
    for title, action in (
        ("backup and restore", platform.postgres.check_backup),
        ("rolling updates under load", lambda: platform.rolling(journey)),
        ("rotation of JWT_SECRET under load", lambda: platform.rotation(journey)),
        ("renewal", platform.renew),
        ("killed pods under load", lambda: platform.killing(journey)),
        ("outages", lambda: platform.outages(journey)),
        ("signing out", lambda: asyncio.run(journey.sign_out())),
        ("full memory", platform.redis.check_full),
        ("logs", lambda: platform.logs(journey)),
    ):
        with step(title):
            action()


def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="e2e-"))
    # The system's user `postgres` has a folder in it.
    work.chmod(0o755)
    begun = time.monotonic()
    try:
        with step("the platform"):
            story(Platform(work))
    finally:
        stop_all()
        if report.failed and os.environ.get("E2E_KEEP"):
            print(f"logs are in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    fact(f"{time.monotonic() - begun:.0f} s")
    print(f"e2e: {report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
