# What the public interfaces of nodes let in. Everything else is dropped by Hetzner
# before it reaches a node; 80 and 443 arrive over the private network instead.

resource "hcloud_firewall" "nodes" {
  name   = "${var.cluster_name}-nodes"
  labels = local.labels

  rule {
    description = "SSH from named addresses"
    direction   = "in"
    protocol    = "tcp"
    port        = "22"
    source_ips  = var.ssh_allowed_cidrs
  }

  # Path MTU discovery and diagnosis.
  rule {
    description = "ICMP"
    direction   = "in"
    protocol    = "icmp"
    source_ips  = ["0.0.0.0/0", "::/0"]
  }
}

resource "hcloud_firewall" "api" {
  name   = "${var.cluster_name}-api"
  labels = local.labels

  # Without a named address there is no rule, and the API answers inside the network only.
  dynamic "rule" {
    for_each = length(var.api_allowed_cidrs) > 0 ? [var.api_allowed_cidrs] : []

    content {
      description = "Kubernetes API from named addresses"
      direction   = "in"
      protocol    = "tcp"
      port        = "6443"
      source_ips  = rule.value
    }
  }
}
