# The machines. user_data prepares the host and holds no secret; K3s comes over SSH
# afterwards (bootstrap.tf), so a change of K3s never replaces a server.

resource "hcloud_ssh_key" "admin" {
  name       = var.cluster_name
  public_key = var.ssh_public_key
  labels     = local.labels
}

# Spread: every server of a group runs on different hardware.
resource "hcloud_placement_group" "control_plane" {
  name   = "${var.cluster_name}-control"
  type   = "spread"
  labels = local.labels
}

resource "hcloud_placement_group" "worker" {
  name   = "${var.cluster_name}-worker"
  type   = "spread"
  labels = local.labels
}

# A control plane keeps its address when it is replaced: certificates and kubeconfigs stay valid.
resource "hcloud_primary_ip" "control_plane" {
  for_each = local.control_planes

  name        = each.key
  type        = "ipv4"
  location    = var.location
  auto_delete = false
  labels      = local.labels
}

resource "hcloud_server" "control_plane" {
  for_each = local.control_planes

  name                     = each.key
  server_type              = data.hcloud_server_type.control_plane.name
  image                    = var.image
  location                 = var.location
  placement_group_id       = hcloud_placement_group.control_plane.id
  firewall_ids             = [hcloud_firewall.nodes.id, hcloud_firewall.api.id]
  ssh_keys                 = [hcloud_ssh_key.admin.id]
  user_data                = module.bootstrap.user_data
  shutdown_before_deletion = true
  labels                   = merge(local.labels, { role = "control-plane" })

  public_net {
    ipv4         = hcloud_primary_ip.control_plane[each.key].id
    ipv6_enabled = false
  }

  network {
    subnet_id = hcloud_network_subnet.nodes.id
    ip        = each.value.ip
    alias_ips = [] # Left out, the provider re-attaches the network on every apply.
  }

  lifecycle {
    # These only matter at creation; following them would rebuild running servers.
    ignore_changes = [ssh_keys, user_data, image]
  }
}

resource "hcloud_server" "worker" {
  for_each = local.workers

  name                     = each.key
  server_type              = data.hcloud_server_type.worker.name
  image                    = var.image
  location                 = var.location
  placement_group_id       = hcloud_placement_group.worker.id
  firewall_ids             = [hcloud_firewall.nodes.id]
  ssh_keys                 = [hcloud_ssh_key.admin.id]
  user_data                = module.bootstrap.user_data
  shutdown_before_deletion = true
  labels                   = merge(local.labels, { role = "worker" })

  public_net {
    ipv4_enabled = true
    ipv6_enabled = false
  }

  network {
    subnet_id = hcloud_network_subnet.nodes.id
    ip        = each.value.ip
    alias_ips = [] # Left out, the provider re-attaches the network on every apply.
  }

  lifecycle {
    ignore_changes = [ssh_keys, user_data, image]
  }
}
