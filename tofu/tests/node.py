"""A machine for rendered scripts to run on: a root directory of its own, entered with a mount
namespace and chroot, in which the commands that reach outside are stubs (stubs/).

Stubs write what they were asked to `/log` and take their answers from files in `/state`.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

STUBS = Path(__file__).parent / "stubs"
# Borrowed from the real machine: a shell and the usual small tools.
SYSTEM = ["usr", "bin", "sbin", "lib", "lib64"]

ENTER = """
set -eu
for name in SYSTEM; do
  if [ -L "/$name" ]; then ln -sfn "$(readlink "/$name")" "$1/$name"
  elif [ -d "/$name" ]; then mkdir -p "$1/$name"; mount --rbind "/$name" "$1/$name"; mount -o remount,bind,ro "$1/$name"; fi
done
# Debian finds awk through here.
if [ -d /etc/alternatives ]; then mkdir -p "$1/etc/alternatives"; mount --bind /etc/alternatives "$1/etc/alternatives"; fi
mount --bind "$1-local" "$1/usr/local"
touch "$1/dev/null"; mount --bind /dev/null "$1/dev/null"
shift_root="$1"; shift
exec chroot "$shift_root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root bash "$@"
""".replace("SYSTEM", " ".join(SYSTEM))


def _namespace() -> list[str]:
    """The first way into a mount namespace that this machine allows."""
    ways = [["unshare", "--map-root-user", "--mount"]]
    if os.geteuid() == 0:
        ways.append(["unshare", "--mount"])
    for way in ways:
        if subprocess.run([*way, "true"], capture_output=True).returncode == 0:
            return way
    raise RuntimeError("no mount namespace to be had: allow unprivileged user namespaces, or run as root")


class Node:
    """One machine; what runs on it finds what earlier runs left."""

    def __init__(self, folder: str, ip: str):
        self.root = Path(folder, "root")
        for name in ["dev", "etc/systemd/system", "root", "state/up", "tmp", "var"]:
            (self.root / name).mkdir(parents=True)
        local = Path(folder, "root-local")
        shutil.copytree(STUBS / "bin", local / "bin")
        self.state("ip", ip)
        self.publish((STUBS / "install.sh").read_text())
        self._way = _namespace()

    def state(self, name: str, value: str = "") -> None:
        """Sets what a stub answers."""
        (self.root / "state" / name).write_text(value)

    def publish(self, installer: str) -> None:
        """Puts K3s's installer and its checksum where the stub of curl finds them."""
        self.state("install.sh", installer)
        self.state("install.sh.sha256sum", f"{hashlib.sha256(installer.encode()).hexdigest()}  install.sh\n")

    def answers(self, ip: str, after: int = 0) -> None:
        """Another server's API is up, or comes up after some tries."""
        self.state(f"up/{ip}", str(after))

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess:
        """Runs a script as root of the machine, with an empty log."""
        (self.root / "log").write_text("")
        (self.root / "root/script.sh").write_text(script)
        return subprocess.run(
            [*self._way, "sh", "-c", ENTER, "enter", str(self.root), "/root/script.sh", *arguments],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def log(self) -> list[str]:
        """What the stubs were asked, in order."""
        return (self.root / "log").read_text().splitlines()

    def read(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text()

    def exists(self, path: str) -> bool:
        return (self.root / path.lstrip("/")).exists()

    def mode(self, path: str) -> str:
        return oct((self.root / path.lstrip("/")).stat().st_mode & 0o777)
