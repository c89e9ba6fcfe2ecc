"""The rendered scripts run on a machine of stubs: in which order, what they leave, what they refuse."""

import re
import tempfile
import unittest

import rendered
import yaml
from node import Node

VERSION = rendered.INPUTS["k3s_version"]
ETC = "/etc/rancher/k3s"
CLUSTER = f"{ETC}/config.yaml.d/20-cluster.yaml"
RAW = f"https://raw.githubusercontent.com/k3s-io/k3s/{VERSION.replace('+', '%2B')}"


class Machine(unittest.TestCase):
    name = "test-control-1"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.node = Node(folder.name, rendered.INPUTS["nodes"][self.name]["ip"])

    def bring_up(self, mode: str, script: str = "", expect: int = 0) -> str:
        result = self.node.run(script or rendered.INSTALL[self.name], mode)
        self.assertEqual(result.returncode, expect, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def assert_order(self, *steps: str):
        """Each step is in the log, each after the one before it."""
        log = self.node.log()
        position = 0
        for step in steps:
            found = [i for i, line in enumerate(log) if i >= position and re.search(step, line)]
            self.assertTrue(found, f"{step!r} is missing after line {position} of {log}")
            position = found[0] + 1

    def assert_untouched(self):
        """Nothing was installed and nothing started."""
        for line in self.node.log():
            self.assertNotRegex(line, r"^(install\.sh|systemctl)")


class FirstServer(Machine):
    def test_it_starts_the_cluster_in_order(self):  # A1.4
        self.bring_up("init")
        self.assert_order(
            r"^cloud-init status --wait$",
            r"^ip ",
            r"^curl https://10\.0\.1\.12:6443/readyz$",
            r"^curl https://10\.0\.1\.13:6443/readyz$",
            rf"^curl {re.escape(RAW)}/install\.sh$",
            rf"^curl {re.escape(RAW)}/install\.sh\.sha256sum$",
            rf"^install\.sh {re.escape(VERSION)} server skip-start=true$",
            r"^systemctl restart k3s$",
            r"^k3s kubectl .*get node test-control-1 ",
        )
        self.assertEqual(yaml.safe_load(self.node.read(CLUSTER)), {"cluster-init": True})
        self.assertEqual(yaml.safe_load(self.node.read(f"{ETC}/config.yaml.d/10-interface.yaml")), {"flannel-iface": "enp7s0"})

    def test_only_root_can_read_what_it_leaves(self):  # A1.9
        self.bring_up("init")
        for name in ["config.yaml", "token", "agent-token", "admission.yaml", "audit.yaml", "config.yaml.d/20-cluster.yaml"]:
            self.assertEqual(self.node.mode(f"{ETC}/{name}"), "0o600", name)
        self.assertEqual(self.node.mode("/var/lib/rancher/k3s/server/logs"), "0o700")
        self.assertEqual(self.node.mode("/var/lib/rancher/k3s/server"), "0o700")
        self.assertEqual(self.node.mode("/var/lib/rancher/k3s/server/tls/client.crt"), "0o600")
        self.assertFalse(self.node.exists("/root/script.sh"), "the script holds tokens and must not stay")

    def test_the_files_are_the_rendered_ones(self):
        self.bring_up("init")
        for path, content in rendered.files(rendered.INSTALL[self.name]).items():
            self.assertEqual(self.node.read(path), content, path)

    def test_a_second_run_changes_nothing(self):
        self.bring_up("init")
        output = self.bring_up("init")
        self.assertIn("ready, changed=no", output)
        self.assert_untouched()

    def test_the_common_step_afterwards_changes_nothing(self):
        # tofu runs `init` once and then `join` on every node, this one included.
        self.bring_up("init")
        self.assertIn("ready, changed=no", self.bring_up("join"))
        self.assert_untouched()
        self.assertEqual(yaml.safe_load(self.node.read(CLUSTER)), {"cluster-init": True})

    def test_it_refuses_to_start_a_second_cluster(self):
        self.node.answers("10.0.1.13")
        self.assertIn("refusing to start a second one", self.bring_up("init", expect=1))
        self.assert_untouched()

    def test_its_replacement_joins_the_others(self):
        self.node.answers("10.0.1.12")
        self.bring_up("join")
        self.assertEqual(yaml.safe_load(self.node.read(CLUSTER)), {"server": "https://10.0.1.12:6443"})

    def test_it_waits_for_the_private_network(self):
        self.node.state("late", "5")
        self.bring_up("init")
        self.assertGreaterEqual(len([line for line in self.node.log() if line.startswith("ip ")]), 6)

    def test_a_host_that_failed_to_prepare_is_left_alone(self):
        self.node.state("cloud-init", "1")
        self.assertIn("cloud-init failed", self.bring_up("init", expect=1))
        self.assertEqual(self.node.log(), ["cloud-init status --wait"])

    def test_a_host_that_was_prepared_with_warnings_is_taken(self):
        self.node.state("cloud-init", "2")
        self.bring_up("init")

    def test_it_must_be_told_what_to_do(self):
        result = self.node.run(rendered.INSTALL[self.name])
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(self.node.log(), [])


class FurtherServer(Machine):
    name = "test-control-3"

    def test_it_waits_its_turn_and_joins(self):  # A1.4
        self.node.answers("10.0.1.11", after=3)
        self.node.answers("10.0.1.12", after=4)
        self.bring_up("join")
        log = self.node.log()
        start = log.index("systemctl restart k3s")
        self.assertEqual(log[:start].count("curl https://10.0.1.11:6443/readyz"), 6, "three tries, one success, two looks to choose")
        self.assertEqual(log[:start].count("curl https://10.0.1.12:6443/readyz"), 5, "four tries, one success")
        self.assertEqual(yaml.safe_load(self.node.read(CLUSTER)), {"server": "https://10.0.1.11:6443"})

    def test_it_goes_on_without_a_server_that_is_gone(self):
        self.node.answers("10.0.1.12")
        self.assertIn("10.0.1.11 does not answer; going on without it", self.bring_up("join"))
        self.assertEqual(yaml.safe_load(self.node.read(CLUSTER)), {"server": "https://10.0.1.12:6443"})

    def test_it_never_starts_alone(self):
        self.assertIn("gave up waiting for a server to join", self.bring_up("join", expect=1))
        self.assert_untouched()


class Worker(Machine):
    name = "test-worker-1"

    def test_it_joins_through_the_load_balancer(self):  # A1.4
        self.bring_up("join")
        self.assert_order(
            r"^cloud-init ", r"^ip ", r"install\.sh$", rf"^install\.sh {re.escape(VERSION)} agent skip-start=true$",
            r"^systemctl restart k3s-agent$", r"^k3s kubectl .*get node test-worker-1 ",
        )  # fmt: skip
        self.assertFalse(self.node.exists(CLUSTER))
        self.assertFalse(self.node.exists("/var/lib/rancher/k3s/server"))
        self.assertFalse([line for line in self.node.log() if "readyz" in line])

    def test_a_second_run_changes_nothing(self):
        self.bring_up("join")
        self.assertIn("ready, changed=no", self.bring_up("join"))
        self.assert_untouched()


class Change(Machine):
    """What happens on a node that runs already."""

    def with_setting(self, name: str, value: str) -> str:
        changed, count = re.subn(rf"^readonly {name}='[^']*'$", f"readonly {name}='{value}'", rendered.INSTALL[self.name], flags=re.MULTILINE)
        self.assertEqual(count, 1)
        return changed

    def setUp(self):
        super().setUp()
        self.bring_up("init")

    def test_a_newer_version_is_installed_and_started(self):  # A1.10
        self.bring_up("join", self.with_setting("K3S_VERSION", "v1.36.10+k3s1"))
        self.assert_order(r"^install\.sh v1\.36\.10\+k3s1 server", r"^systemctl restart k3s$", r"get node")
        self.assertEqual(yaml.safe_load(self.node.read(CLUSTER)), {"cluster-init": True})

    def test_the_next_minor_version_is_fine(self):
        self.bring_up("join", self.with_setting("K3S_VERSION", "v1.37.0+k3s1"))
        self.assert_order(r"^install\.sh v1\.37\.0\+k3s1")

    def test_going_back_is_refused(self):
        for version in ["v1.36.3+k3s1", "v1.35.9+k3s1"]:
            self.assertIn("going back", self.bring_up("join", self.with_setting("K3S_VERSION", version), expect=1))
            self.assert_untouched()

    def test_leaving_out_a_minor_version_is_refused(self):
        self.assertIn("leave out a minor", self.bring_up("join", self.with_setting("K3S_VERSION", "v1.38.0+k3s1"), expect=1))
        self.assert_untouched()

    def test_changed_settings_only_restart(self):
        (self.node.root / "etc/rancher/k3s/config.yaml").write_text("old: true\n")
        self.bring_up("join")
        self.assertEqual([line for line in self.node.log() if line.startswith(("install", "systemctl"))], ["systemctl restart k3s"])

    def test_a_stopped_service_is_started(self):
        (self.node.root / "state/active").unlink()
        self.bring_up("join")
        self.assert_order(r"^systemctl restart k3s$")


class Installer(Machine):
    """K3s's installer is run only if it is the one that was meant."""

    def with_pin(self, pin: str) -> str:
        return rendered.INSTALL[self.name].replace("readonly K3S_INSTALL_SHA256=''", f"readonly K3S_INSTALL_SHA256='{pin}'")

    def test_a_pinned_checksum_is_enough(self):
        self.bring_up("init", self.with_pin(self.node.read("/state/install.sh.sha256sum").split()[0]))
        self.assertFalse([line for line in self.node.log() if line.endswith(".sha256sum")])

    def test_another_script_than_the_pinned_one_is_refused(self):
        self.assertIn("wrong checksum", self.bring_up("init", self.with_pin("0" * 64), expect=1))
        self.assert_untouched()

    def test_a_script_that_differs_from_its_release_is_refused(self):
        self.node.state("install.sh", "#!/bin/sh\necho install.sh evil >>/log\n")
        self.assertIn("wrong checksum", self.bring_up("init", expect=1))
        self.assert_untouched()

    def test_a_failed_installation_starts_nothing(self):
        self.node.state("installer-fails")
        self.bring_up("init", expect=1)
        self.assertFalse([line for line in self.node.log() if line.startswith("systemctl")])


class Manifests(Machine):
    folder = "/var/lib/rancher/k3s/server/manifests"

    def run_script(self) -> str:
        result = self.node.run(rendered.MANIFESTS)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_they_arrive_readable_for_root_alone(self):
        self.assertIn("changed=yes", self.run_script())
        for path, content in rendered.files(rendered.MANIFESTS).items():
            self.assertEqual(self.node.read(path), content)
            self.assertEqual(self.node.mode(path), "0o600")
        self.assertEqual(self.node.mode(self.folder), "0o700")

    def test_a_second_run_changes_nothing(self):
        self.run_script()
        self.assertIn("changed=no", self.run_script())

    def test_what_is_no_longer_wanted_goes_and_what_k3s_put_there_stays(self):
        self.run_script()
        for name in ["af-50-former.yaml", "traefik.yaml"]:
            (self.node.root / self.folder.lstrip("/") / name).write_text("kind: X\n")
        self.run_script()
        self.assertFalse(self.node.exists(f"{self.folder}/af-50-former.yaml"))
        self.assertTrue(self.node.exists(f"{self.folder}/traefik.yaml"))


if __name__ == "__main__":
    unittest.main()
