"""NetworkPolicies as a graph: every pair of pods, every port, both directions, against the list of edges."""

import ipaddress
from dataclasses import dataclass, field

from objects import NAMESPACE, Problem, containers, namespace, of_kind, pod_template, selects, workloads

# Ports that nobody serves stand for all others.
OTHER_PORTS = (22, 80, 443, 6443, 5432, 6379, 8000, 8089, 9090)


@dataclass(frozen=True)
class Peer:
    """A pod, or an address outside the cluster."""

    name: str
    namespace: str = ""
    labels: dict = field(default_factory=dict, hash=False)
    address: str = ""


def outsiders() -> list[Peer]:
    """Those who are not in the overlay: the ones with a reason to talk to us, and strangers."""
    return [
        Peer("traefik", "kube-system", {"app.kubernetes.io/name": "traefik"}),
        Peer("dns", "kube-system", {"k8s-app": "kube-dns"}),
        Peer("cnpg-operator", "cnpg-system", {"app.kubernetes.io/name": "cloudnative-pg"}),
        Peer("stranger-in-kube-system", "kube-system", {"app.kubernetes.io/name": "metrics-server"}),
        Peer("stranger-elsewhere", "default", {"app.kubernetes.io/name": "auth"}),
        Peer("traefik-elsewhere", "default", {"app.kubernetes.io/name": "traefik"}),
        Peer("internet", address="203.0.113.7"),
        Peer("cloud-metadata", address="169.254.169.254"),
        Peer("node-network", address="10.0.1.11"),
    ]


def insiders(objects: list[dict]) -> list[Peer]:
    peers = {
        (labels := pod_template(thing)["metadata"]["labels"])["app.kubernetes.io/name"]: labels
        for thing in workloads(objects)
        if namespace(thing) == NAMESPACE
    }
    if of_kind(objects, "Cluster"):
        peers["postgres"] = {"app.kubernetes.io/name": "postgres", "cnpg.io/cluster": "database", "cnpg.io/instanceRole": "primary"}
    peers["acme-solver"] = {"acme.cert-manager.io/http01-solver": "true"}
    peers["stranger-inside"] = {"app.kubernetes.io/name": "something-new"}
    return [Peer(name, NAMESPACE, labels) for name, labels in peers.items()]


def fits(rule_peers: list[dict] | None, other: Peer) -> bool:
    """Whether one of a rule's `from` or `to` entries means this peer; none at all means everybody."""
    if not rule_peers:
        return True
    for entry in rule_peers:
        if block := entry.get("ipBlock"):
            inside = other.address and ipaddress.ip_address(other.address) in ipaddress.ip_network(block["cidr"])
            if inside and not any(ipaddress.ip_address(other.address) in ipaddress.ip_network(part) for part in block.get("except", [])):
                return True
            continue
        if other.address:
            continue
        same = other.namespace == NAMESPACE
        if "namespaceSelector" in entry:
            same = selects(entry["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace})
        if same and selects(entry.get("podSelector", {}), other.labels):
            return True
    return False


def allows(policies: list[dict], pod: Peer, other: Peer, port: int, protocol: str, direction: str) -> bool:
    """Kubernetes' rule: a pod no policy selects is open; otherwise some rule of some policy must fit."""
    if pod.namespace != NAMESPACE:
        return True
    mine = [
        policy["spec"]
        for policy in policies
        if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], pod.labels)
    ]
    if not mine:
        return True
    peers = "from" if direction == "Ingress" else "to"
    return any(
        fits(rule.get(peers), other)
        and (not rule.get("ports") or any(entry.get("protocol", "TCP") == protocol and entry.get("port", port) == port for entry in rule["ports"]))
        for policy in mine
        for rule in policy.get(direction.lower(), [])
    )


def edges(objects: list[dict]) -> set[str]:
    policies = [policy for policy in of_kind(objects, "NetworkPolicy") if namespace(policy) == NAMESPACE]
    inside, outside = insiders(objects), outsiders()
    ports = set(OTHER_PORTS)
    for thing in workloads(objects):
        ports |= {port["containerPort"] for container in containers(thing) for port in container.get("ports", [])}
    found = set()
    for source in inside + outside:
        for target in inside + outside:
            if source.namespace != NAMESPACE and target.namespace != NAMESPACE:
                continue
            for port in ports:
                if allows(policies, source, target, port, "TCP", "Egress") and allows(policies, target, source, port, "TCP", "Ingress"):
                    found.add(f"{source.name} -> {target.name}:{port}")
    return found


def check(objects: list[dict], expected: list[str]) -> list[Problem]:
    policies = [policy for policy in of_kind(objects, "NetworkPolicy") if namespace(policy) == NAMESPACE]
    problems = [Problem("network", edge, "is open and should not be") for edge in sorted(edges(objects) - set(expected))]
    problems += [Problem("network", edge, "is closed and should be open") for edge in sorted(set(expected) - edges(objects))]
    dns = outsiders()[1]
    for pod in insiders(objects):
        for protocol in ("UDP", "TCP"):
            if not allows(policies, pod, dns, 53, protocol, "Egress"):
                problems.append(Problem("network", pod.name, f"cannot resolve names over {protocol}"))
    return problems
