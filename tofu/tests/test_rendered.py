"""What is sent to nodes, parsed and compared with what was decided."""

import hashlib
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import kubernetes_validate
import rendered
import yaml

SERVERS = ["test-control-1", "test-control-2", "test-control-3"]
WORKERS = ["test-worker-1", "test-worker-2"]
CONFIG = "/etc/rancher/k3s/config.yaml"
# By K3s's documentation these must be equal on all servers, or a server does not join.
EQUAL_ON_SERVERS = [
    "cluster-cidr", "service-cidr", "cluster-dns", "disable", "disable-cloud-controller", "flannel-backend",
    "secrets-encryption", "secrets-encryption-provider", "token-file", "agent-token-file", "tls-san",
]  # fmt: skip


def document(node: str, path: str) -> dict:
    return yaml.safe_load(rendered.files(rendered.INSTALL[node])[path])


class CloudInit(unittest.TestCase):
    def test_it_is_what_was_decided(self):
        self.assertTrue(rendered.USER_DATA.startswith("#cloud-config\n"))
        self.assertEqual([yaml.safe_load(rendered.USER_DATA)], rendered.expected("cloud-init.yaml"))

    def test_it_names_every_setting_that_the_kubelet_insists_on(self):
        # protect-kernel-defaults: without these the kubelet does not start (A1.10).
        for setting in [
            "vm.panic_on_oom=0", "vm.overcommit_memory=1", "kernel.panic=10", "kernel.panic_on_oops=1",
            "kernel.keys.root_maxbytes=25000000", "kernel.keys.root_maxkeys=1000000",
        ]:  # fmt: skip
            self.assertIn(setting, rendered.USER_DATA)

    def test_it_holds_no_secret(self):
        for name in ["hcloud_token", "cluster_token"]:
            self.assertNotIn(rendered.INPUTS[name], rendered.USER_DATA)
        self.assertNotIn("token", rendered.USER_DATA)


class Config(unittest.TestCase):
    def test_a_server_gets_what_was_decided(self):
        self.assertEqual([document("test-control-2", CONFIG)], rendered.expected("server.yaml"))

    def test_a_worker_gets_what_was_decided(self):
        self.assertEqual([document("test-worker-2", CONFIG)], rendered.expected("worker.yaml"))

    def test_servers_agree_on_what_must_be_equal(self):
        for key in EQUAL_ON_SERVERS:
            values = {repr(document(node, CONFIG)[key]) for node in SERVERS}
            self.assertEqual(len(values), 1, key)

    def test_servers_differ_only_in_their_own_name_and_address(self):
        first, *others = [document(node, CONFIG) for node in SERVERS]
        for other in others:
            differing = {key for key in first | other if first.get(key) != other.get(key)}
            self.assertEqual(differing, {"node-name", "node-ip", "advertise-address"})

    def test_admission_and_audit_are_what_was_decided(self):
        for node in SERVERS:
            self.assertEqual([document(node, "/etc/rancher/k3s/admission.yaml")], rendered.expected("admission.yaml"))
            self.assertEqual([document(node, "/etc/rancher/k3s/audit.yaml")], rendered.expected("audit.yaml"))

    def test_no_secret_is_in_the_configuration_itself(self):
        for script in rendered.INSTALL.values():
            self.assertNotIn(rendered.INPUTS["cluster_token"], rendered.files(script)[CONFIG])

    def test_the_join_order_follows_the_names(self):
        earlier = {node: rendered.settings(rendered.INSTALL[node])["EARLIER_SERVERS"] for node in SERVERS + WORKERS}
        self.assertEqual(
            earlier,
            {
                "test-control-1": "",
                "test-control-2": "10.0.1.11",
                "test-control-3": "10.0.1.11 10.0.1.12",
                "test-worker-1": "",
                "test-worker-2": "",
            },
        )

    def test_no_server_is_told_to_join_itself(self):
        for node, script in rendered.INSTALL.items():
            settings = rendered.settings(script)
            self.assertNotIn(settings["NODE_IP"], settings["OTHER_SERVERS"].split(), node)


class Tokens(unittest.TestCase):
    def test_workers_cannot_join_as_servers(self):
        servers = {rendered.files(rendered.INSTALL[node])["/etc/rancher/k3s/token"] for node in SERVERS}
        workers = {rendered.files(rendered.INSTALL[node])["/etc/rancher/k3s/token"] for node in WORKERS}
        agents = {rendered.files(rendered.INSTALL[node])["/etc/rancher/k3s/agent-token"] for node in SERVERS}
        self.assertEqual(len(servers), 1)
        self.assertEqual(workers, agents)
        self.assertNotEqual(servers, workers)
        expected = hashlib.sha256(f"server/{rendered.INPUTS['cluster_token']}".encode()).hexdigest()
        self.assertEqual(servers, {expected})

    def test_a_worker_learns_nothing_that_a_server_needs(self):
        for node in WORKERS:
            self.assertEqual(set(rendered.files(rendered.INSTALL[node])), {CONFIG, "/etc/rancher/k3s/token"})


class Manifests(unittest.TestCase):
    def setUp(self):
        self.files = rendered.files(rendered.MANIFESTS)

    def test_they_are_what_was_decided(self):
        objects = [item for path in sorted(self.files) for item in yaml.safe_load_all(self.files[path])]
        for item in objects:
            if "valuesContent" in item.get("spec", {}):
                item["spec"]["valuesContent"] = yaml.safe_load(item["spec"]["valuesContent"])
        for index, (ours, wanted) in enumerate(zip(objects, rendered.expected("manifests.yaml"), strict=True)):
            self.assertEqual(ours, wanted, f"object {index}")

    def test_kubernetes_knows_every_field(self):
        minor = ".".join(rendered.INPUTS["k3s_version"].lstrip("v").split(".")[:2])
        checked = 0
        for content in self.files.values():
            for item in yaml.safe_load_all(content):
                if item.get("apiVersion") in {"v1", "storage.k8s.io/v1"}:
                    kubernetes_validate.validate(item, minor, strict=True)
                    checked += 1
        self.assertEqual(checked, 8)

    def test_names_are_such_that_k3s_takes_them(self):
        for path in self.files:
            self.assertRegex(path, r"^/var/lib/rancher/k3s/server/manifests/[a-z0-9]([a-z0-9-]*[a-z0-9])?\.yaml$")

    def test_the_clean_up_knows_every_name(self):
        names = rendered.settings(rendered.MANIFESTS)["NAMES"].split()
        self.assertEqual(sorted(names), sorted(Path(path).name for path in self.files))


class Shell(unittest.TestCase):
    def test_every_rendered_script_passes_shellcheck(self):
        with tempfile.TemporaryDirectory() as folder:
            scripts = {**rendered.INSTALL, "manifests": rendered.MANIFESTS}
            for name, script in scripts.items():
                Path(folder, f"{name}.sh").write_text(script)
            result = subprocess.run(
                [os.environ["SHELLCHECK"], "--norc", "--enable=all", "--exclude=SC2250,SC2310,SC2311,SC2312", *sorted(Path(folder).glob("*.sh"))],
                capture_output=True, text=True,
            )  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(len(scripts), 6)


if __name__ == "__main__":
    unittest.main()
