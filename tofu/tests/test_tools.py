"""The operator's own scripts in bin/, run against stubs of ssh, kubectl and tofu."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

BIN = Path(__file__).parent.parent / "bin"
SENT = """apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUFB
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
users:
- name: default
  user:
    client-key-data: QkJC
"""


class Desk(unittest.TestCase):
    """A folder with stubs first in the path."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bin").mkdir()

    def stub(self, name: str, body: str):
        path = self.folder / "bin" / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.folder}/log"\n{body}\n')
        path.chmod(0o755)

    def run_script(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        environment = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder), **environment}
        return subprocess.run(["bash", BIN / name, *arguments], capture_output=True, text=True, env=environment, timeout=60)

    def log(self) -> list[str]:
        return (self.folder / "log").read_text().splitlines()


class Kubeconfig(Desk):
    def setUp(self):
        super().setUp()
        self.target = self.folder / "kubeconfig.yaml"

    def fetch(self) -> subprocess.CompletedProcess:
        return self.run_script("kubeconfig.sh", SSH_HOST="203.0.113.1", SSH_KEY_FILE="/key", TARGET=str(self.target), CONTEXT="prod")

    def test_it_leads_to_the_public_address_and_only_its_owner_can_read_it(self):  # A1.7
        self.stub("ssh", f"cat <<'END'\n{SENT}END")
        result = self.fetch()
        self.assertEqual(result.returncode, 0, result.stderr)
        text = self.target.read_text()
        self.assertIn("server: https://203.0.113.1:6443\n", text)
        self.assertIn("current-context: prod\n", text)
        self.assertNotIn("127.0.0.1", text)
        self.assertNotIn("default", text)
        self.assertEqual(self.target.stat().st_mode & 0o777, 0o600)
        self.assertIn("-i /key root@203.0.113.1 cat /etc/rancher/k3s/k3s.yaml", self.log()[0])

    def test_a_wrong_answer_never_replaces_a_good_file(self):
        self.target.write_text("good\n")
        for body in ["echo 'permission denied'", "exit 255", f"head -n 5 <<'END'\n{SENT}END"]:
            self.stub("ssh", body)
            self.assertNotEqual(self.fetch().returncode, 0, body)
            self.assertEqual(self.target.read_text(), "good\n", body)
        self.assertEqual([path.name for path in self.folder.glob("kubeconfig.yaml.*")], [])


class Roll(Desk):
    nodes = {
        "p-worker-1": {"role": "worker"},
        "p-control-2": {"role": "control-plane"},
        "p-control-1": {"role": "control-plane"},
    }

    def setUp(self):
        super().setUp()
        self.stub("sleep", "exit 0")
        self.stub("tofu", f"""
case "$*" in
"output -raw kubeconfig_path") echo /kubeconfig ;;
"output -json nodes") echo '{json.dumps(self.nodes)}' ;;
apply*) [[ ! -e {self.folder}/apply-fails || $* != *$(cat {self.folder}/apply-fails)* ]] ;;
*) exit 1 ;;
esac""")
        self.stub("kubectl", f"""
case "$1" in
get) cat {self.folder}/ready ;;
drain | uncordon) ;;
*) exit 1 ;;
esac""")
        (self.folder / "ready").write_text("True\nTrue\nTrue\n")

    def steps(self) -> list[str]:
        """What was done to nodes, without the looks at them."""
        return [" ".join(line.split()[:3]) for line in self.log() if line.startswith(("kubectl drain", "kubectl uncordon"))] + [
            line for line in self.log() if line.startswith("tofu apply")
        ]

    def test_one_node_after_another_control_planes_first(self):  # A1.10
        result = self.run_script("roll.sh")
        self.assertEqual(result.returncode, 0, result.stderr)
        done = [line.split()[1:3] for line in self.log() if line.startswith(("kubectl drain", "kubectl uncordon"))]
        order = ["p-control-1", "p-control-2", "p-worker-1"]
        self.assertEqual(done, [[verb, node] for node in order for verb in ("drain", "uncordon")])

    def test_every_step_replaces_exactly_one_node_after_a_look_at_all(self):
        self.run_script("roll.sh", "p-worker-1")
        log = [line for line in self.log() if not line.startswith("tofu output")]
        target = 'terraform_data.install["p-worker-1"]'
        self.assertTrue(log[0].startswith("kubectl get nodes"))
        self.assertTrue(log[1].startswith("kubectl drain p-worker-1 --ignore-daemonsets"))
        self.assertEqual(log[2], f"tofu apply -auto-approve -replace={target} -target={target}")
        self.assertEqual(log[3], "kubectl uncordon p-worker-1")

    def test_it_stops_while_a_node_is_missing(self):
        (self.folder / "ready").write_text("True\nFalse\nTrue\n")
        result = self.run_script("roll.sh")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("p-control-1 and what follows were left alone", result.stderr)
        self.assertEqual(self.steps(), [])

    def test_it_stops_when_the_cluster_does_not_answer(self):
        (self.folder / "ready").write_text("")
        self.assertNotEqual(self.run_script("roll.sh").returncode, 0)
        self.assertEqual(self.steps(), [])

    def test_a_failed_node_is_the_last_and_stays_cordoned(self):
        (self.folder / "apply-fails").write_text("p-control-2")
        self.assertNotEqual(self.run_script("roll.sh").returncode, 0)
        done = [line.split()[1:3] for line in self.log() if line.startswith(("kubectl drain", "kubectl uncordon"))]
        self.assertEqual(done, [["drain", "p-control-1"], ["uncordon", "p-control-1"], ["drain", "p-control-2"]])


if __name__ == "__main__":
    unittest.main()
