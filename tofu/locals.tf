# Names and addresses, computed once. Nodes are keyed by name: adding or removing the
# last one never touches another.

locals {
  # .2 to .9 are left to load balancers; .11 to .17 control planes; .101 to .110 workers.
  control_planes = {
    for index in range(var.control_plane_count) :
    "${var.cluster_name}-control-${index + 1}" => { role = "server", ip = cidrhost(var.node_cidr, 11 + index) }
  }
  workers = {
    for index in range(var.worker_count) :
    "${var.cluster_name}-worker-${index + 1}" => { role = "agent", ip = cidrhost(var.node_cidr, 101 + index) }
  }
  nodes = merge(local.control_planes, local.workers)

  first_control_plane = "${var.cluster_name}-control-1"

  ingress_private_ip = cidrhost(var.node_cidr, 2)
  api_private_ip     = cidrhost(var.node_cidr, 3)

  # Images are built for amd64 only, so every node must be able to run them.
  architecture = "x86"

  # Which claim each volume belongs to; the claims themselves are in k8s/.
  volumes = {
    postgres = { size = var.volumes_gb.postgres, claim = "data-postgres-0" }
    redis    = { size = var.volumes_gb.redis, claim = "data-redis-0" }
    backup   = { size = var.volumes_gb.backup, claim = "postgres-backup" }
  }

  labels = { cluster = var.cluster_name, managed-by = "opentofu" }
}
