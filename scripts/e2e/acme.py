"""A certificate authority on the loopback (Pebble, with its DNS) and a client that answers as cert-manager does."""

import json
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

from processes import accepts, free_port, start, wait_for


class Authority:
    def __init__(self, work: Path, http_port: int):
        self.work, self.port, self.management = work / "acme", free_port(), free_port()
        self.work.mkdir()
        self.dns, self.dns_management = free_port(), free_port()
        self.certificate = self.work / "pebble.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.work / "pebble.key", "-out", self.certificate], check=True, capture_output=True)
        (self.work / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(self.certificate), "privateKey": str(self.work / "pebble.key"),
            "httpPort": http_port, "tlsPort": free_port(), "ocspResponderURL": "", "externalAccountBindingRequired": False,
        }}))

    def start(self):
        log = self.work / "log"
        # Every name is this machine.
        start(["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", f"127.0.0.1:{self.dns}",
               "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", f"127.0.0.1:{self.dns_management}"], log)
        start(["pebble", "-config", self.work / "pebble.json", "-dnsserver", f"127.0.0.1:{self.dns}"], log, {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PATH": "/usr/bin:/bin"})
        wait_for("Pebble", lambda: accepts(self.port) and accepts(self.management), 30, log)

    def root(self) -> Path:
        """The certificate that every issued one leads to; a new one at each start."""
        trust = ssl.create_default_context(cafile=self.certificate)
        path = self.work / "root.crt"
        path.write_bytes(urllib.request.urlopen(f"https://localhost:{self.management}/roots/0", context=trust, timeout=10).read())
        return path

    def issue(self, host: str, solver_port: int, *more: str) -> dict[str, str]:
        """HTTP-01 over Traefik's port 80; the challenge is served beside it, as a solver pod does."""
        folder = self.work / "certbot"
        done = subprocess.run(
            [Path(sys.executable).parent / "certbot", "certonly", "--non-interactive", "--agree-tos", "--register-unsafely-without-email",
             "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", str(solver_port), "--key-type", "ecdsa",
             "--server", f"https://localhost:{self.port}/dir", "--domain", host, "--cert-name", host,
             "--config-dir", folder, "--work-dir", folder / "work", "--logs-dir", folder / "logs", *more],
            capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(self.work), "REQUESTS_CA_BUNDLE": str(self.certificate)})
        if done.returncode != 0:
            raise RuntimeError(f"no certificate for {host}: {done.stdout}{done.stderr}")
        live = folder / "live" / host
        return {"certFile": str((live / "fullchain.pem").resolve()), "keyFile": str((live / "privkey.pem").resolve())}
