"""Turns the verbose output of `tofu test` into docs/infrastructure-plan.md, on standard output.

The mocked API makes up what only the real one can know; those values would differ from run to
run, so they are left out, as is user_data (tests/expected/cloud-init.yaml shows it).
"""

import re
import sys

# Computed by the API, never set by the configuration.
MADE_UP = {
    "assignee_id", "authoritative_nameservers", "backup_window", "datacenter", "fingerprint", "id", "ip_network", "ipv6_address",
    "ipv6_network", "linux_device", "mac_address", "network_id", "network_ip", "primary_disk_size", "registrar", "server_id", "status",
}  # fmt: skip

HEAD = """# The plan of the production example

What `tofu plan` shows for [envs/production.tfvars.example](../tofu/envs/production.tfvars.example), made by the real
OpenTofu and the real provider's schema with a mocked API: addresses such as 203.0.113.7 and ids are stand-ins, what
the API alone can know is left out, and `user_data` is shown in
[cloud-init.yaml](../tofu/tests/expected/cloud-init.yaml). `scripts/tofu.sh` compares this page with a fresh plan;
`scripts/tofu.sh --write-plan` writes it.

```text
"""

kept, inside_heredoc = [], False
lines = sys.stdin.read().splitlines()
first = next(i for i, line in enumerate(lines) if line.startswith("OpenTofu will perform"))
last = next(i for i, line in enumerate(lines) if line.startswith(("Success!", "Failure!")))
for line in lines[first:last]:
    if inside_heredoc:
        inside_heredoc = line.strip() != "EOT"
        continue
    attribute = re.match(r"^ +\+ ([a-z0-9_]+) += (.*)$", line)
    if attribute and attribute[1] == "user_data":
        inside_heredoc = True
        continue
    if attribute and attribute[1] in MADE_UP and not attribute[2].startswith("["):
        continue
    line = re.sub(r'"/[^"]*/kubeconfig.yaml"', '"<working directory>/kubeconfig.yaml"', line)
    line = re.sub(r'"[0-9a-f]{64}"', '"<sha256 of the manifests>"', line)
    kept.append(line.rstrip())

print(HEAD + re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n```")
