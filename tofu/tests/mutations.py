"""Proof that the checks can fail: breaks a copy of the configuration in one place at a time
and expects the suite that guards it to say no.

Each entry: what is broken, file, what is replaced by what, suite.
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MUTATIONS = [
    ("SSH open to the world", "firewall.tf", "= var.ssh_allowed_cidrs", '= ["0.0.0.0/0"]',
     "cluster a1_3_nothing_but_ssh_api_and_icmp_reaches_a_node"),
    ("more ports on every node", "firewall.tf", '= "22"', '= "22-6443"',
     "cluster a1_3_nothing_but_ssh_api_and_icmp_reaches_a_node"),
    ("workers without a firewall", "servers.tf", "= [hcloud_firewall.nodes.id]\n", "= []\n",
     "cluster a1_3_nothing_but_ssh_api_and_icmp_reaches_a_node"),
    ("control planes together on one host", "servers.tf", "= hcloud_placement_group.control_plane.id", "= null",
     "cluster a1_1_three_control_planes_on_different_hardware"),
    ("the client's address lost", "load-balancers.tf", "proxyprotocol    = true", "proxyprotocol    = false",
     "cluster a1_5_web_traffic_goes_to_the_workers_with_the_client_address"),
    ("web traffic to control planes", "load-balancers.tf", ",role=worker", ",role=control-plane",
     "cluster a1_5_web_traffic_goes_to_the_workers_with_the_client_address"),
    ("the API on a public address", "load-balancers.tf", "enable_public_interface = false", "enable_public_interface = true",
     "cluster a1_5_the_api_goes_to_the_control_planes_and_is_not_public"),
    ("volumes tied to one server", "volumes.tf", 'format            = "ext4"', 'format = "ext4"\n  automount = true',
     "cluster a1_6_volumes_belong_to_no_server"),
    ("a token in user_data", "bootstrap/cloud-init.tf", '"#cloud-config\\n', '"#cloud-config\\n# ${nonsensitive(var.hcloud_token)}\\n',
     "cluster a1_9_user_data_holds_no_secret"),
    ("a first start at every replacement", "bootstrap.tf", '"first_start" {',
     '"first_start" {\n  triggers_replace = [local.server_ids[local.first_control_plane]]',
     "lifecycle"),
    ("a plain apply that reinstalls all nodes", "bootstrap.tf", "[local.server_ids[each.key]]", "[local.server_ids[each.key], var.k3s_version]",
     "lifecycle"),
    ("servers rebuilt for a newer image", "servers.tf", "[ssh_keys, user_data, image]", "[ssh_keys]",
     "lifecycle"),
    ("an even number of control planes", "variables.tf", "contains([3, 5, 7]", "contains([3, 4, 5, 7]",
     "refused refuses_an_even_number_of_control_planes"),
    ("any passphrase", "variables-secrets.tf", "length(var.state_passphrase) >= 24 &&", "length(var.state_passphrase) >= 16 &&",
     "refused refuses_a_short_passphrase"),
    ("any architecture", "server-types.tf", "self.architecture == local.architecture", 'self.architecture != ""',
     "refused refuses_an_arm_worker_beside_x86_control_planes"),
    ("etcd in the clear", "bootstrap/k3s.tf", '"secrets-encryption"          = true', '"secrets-encryption"          = false',
     "rendered test_rendered.Config.test_a_server_gets_what_was_decided"),
    ("no audit log", "bootstrap/k3s.tf", '      "audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log",\n', "",
     "rendered test_rendered.Config.test_a_server_gets_what_was_decided"),
    ("pod traffic in the clear between nodes", "bootstrap/k3s.tf", '"wireguard-native"', '"vxlan"',
     "rendered test_rendered.Config.test_a_server_gets_what_was_decided"),
    ("workers with the servers' token", "bootstrap/scripts.tf", "local.server_token : local.agent_token", "local.server_token : local.server_token",
     "rendered test_rendered.Tokens.test_workers_cannot_join_as_servers"),
    ("volumes deleted with their claims", "bootstrap/volumes.tf", '= "Retain"', '= "Delete"',
     "rendered test_rendered.Manifests.test_they_are_what_was_decided"),
    ("a shell mistake", "bootstrap/files/install.sh", 'restart "$SERVICE"', "restart $SERVICE",
     "rendered test_rendered.Shell.test_every_rendered_script_passes_shellcheck"),
    ("an installer nobody checked", "bootstrap/files/install.sh", '|| die "install.sh of', '|| log "install.sh of',
     "rendered test_install.Installer.test_another_script_than_the_pinned_one_is_refused"),
    ("servers that do not wait their turn", "bootstrap/files/install.sh", "try 60 answers", "try 1 answers",
     "rendered test_install.FurtherServer.test_it_waits_its_turn_and_joins"),
    ("a second cluster beside the first", "bootstrap/files/install.sh", 'if server="$(first_answering)"', 'if false && server="$(first_answering)"',
     "rendered test_install.FirstServer.test_it_refuses_to_start_a_second_cluster"),
    ("files that others can read", "bootstrap/templates/script.sh.tftpl", "chmod 0600", "chmod 0644",
     "rendered test_install.FirstServer.test_only_root_can_read_what_it_leaves"),
    ("two nodes down at once", "bin/roll.sh", "  wait_until_all_ready || {", "  true || {",
     "rendered test_tools.Roll.test_it_stops_while_a_node_is_missing"),
    ("state in the clear", "versions.tf", "enforced = true", "enforced = false",
     "encryption test_encryption.Encryption.test_a_setting_that_would_write_in_the_clear_is_refused"),
    ("another provider than the locked one", ".terraform.lock.hcl", '"h1:', '"h1:A',
     "init"),
]  # fmt: skip


# What a suite says when a check fails; anything else means the mutation only broke the syntax.
VERDICT = {
    "cluster": "Test assertion failed",
    "lifecycle": "... fail",
    "refused": "Missing expected failure",
    "rendered": "AssertionError",
    "encryption": "AssertionError",
    "init": "checksums",
}


def complaint(work: Path, suite: str) -> str:
    """What is wrong with the way a suite took a broken copy; empty if it refused it rightly."""
    result = subprocess.run(["bash", work / "tofu/tests/suite.sh", work, *suite.split()], capture_output=True, text=True)
    if result.returncode == 0:
        return "NOT caught"
    if VERDICT[suite.split()[0]] not in result.stdout + result.stderr:
        return f"not caught but broken otherwise:\n{result.stdout}{result.stderr}"
    return ""


def try_one(mutation: tuple[str, str, str, str, str]) -> bool:
    """Whether one mutation was refused rightly; says so."""
    title, file, old, new, suite = mutation
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "copy")
        shutil.copytree(sys.argv[1], work)
        path = work / "tofu" / file
        text = path.read_text()
        wrong = f"{file} no longer has the text to break"
        if old in text:
            path.write_text(text.replace(old, new))
            wrong = complaint(work, suite)
    print(f"{'FAIL' if wrong else 'ok  '} mutation: {title}: {wrong or 'caught'} by {suite.split()[-1]}", flush=True)
    return not wrong


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(try_one, MUTATIONS))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(not all(results))
