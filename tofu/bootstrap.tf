# Turns prepared machines into the cluster: K3s's own installer over SSH, one resource a
# node. Servers are replaced or upgraded by replacing that node's resource (bin/roll.sh);
# a new K3s version or setting changes no plan by itself.

module "bootstrap" {
  source = "./bootstrap"

  cluster_name       = var.cluster_name
  location           = var.location
  nodes              = local.nodes
  api_ip             = local.api_private_ip
  api_names          = concat([local.api_private_ip], [for ip in hcloud_primary_ip.control_plane : ip.ip_address])
  pod_cidr           = var.pod_cidr
  service_cidr       = var.service_cidr
  k3s_version        = var.k3s_version
  k3s_install_sha256 = var.k3s_install_sha256
  cluster_token      = var.cluster_token
  etcd_snapshots     = var.etcd_snapshots
  etcd_s3            = var.etcd_s3
  hcloud_token       = var.hcloud_token
  network_name       = hcloud_network.private.name
  chart_versions     = var.chart_versions
  argocd_manifest    = file("${path.module}/../k8s/addons/argocd/helmchart.yaml")
  root_manifest      = local.root_manifest
  sealing_key        = var.sealing_key
  dynamic_volumes    = var.dynamic_volumes
  volumes            = { for name, volume in local.volumes : name => merge(volume, { id = hcloud_volume.data[name].id }) }
}

locals {
  # One source for what starts GitOps: the files in k8s/, with the repository that was asked for.
  root_manifest = replace(
    replace(file("${path.module}/../k8s/argocd/root.yaml"), "https://github.com/alternatefutures/platform.git", var.gitops.repo_url),
    "targetRevision: main", "targetRevision: ${var.gitops.revision}"
  )

  ssh_private_key = var.ssh_private_key_file == null ? null : file(pathexpand(var.ssh_private_key_file))
}

# Happens once in the life of the cluster. It has no trigger on purpose: when the first
# control plane is replaced, it must join the others and never start a second cluster.
resource "terraform_data" "first_start" {
  connection {
    host        = hcloud_primary_ip.control_plane[local.first_control_plane].ip_address
    user        = "root"
    private_key = local.ssh_private_key
    agent       = local.ssh_private_key == null
    timeout     = "10m"
  }

  provisioner "file" {
    content     = module.bootstrap.manifest_script
    destination = "/root/k3s-manifests.sh"
  }

  provisioner "file" {
    content     = module.bootstrap.install_scripts[local.first_control_plane]
    destination = "/root/k3s-install.sh"
  }

  # The manifests come first, so that the cloud controller is there when nodes wait for it.
  provisioner "remote-exec" {
    inline = ["bash /root/k3s-manifests.sh && bash /root/k3s-install.sh init"]
  }

  depends_on = [
    hcloud_server.control_plane,
    hcloud_load_balancer_service.api,
    hcloud_load_balancer_target.control_planes,
  ]
}

resource "terraform_data" "install" {
  for_each = local.nodes

  triggers_replace = [local.server_ids[each.key]]

  connection {
    host        = local.public_ips[each.key]
    user        = "root"
    private_key = local.ssh_private_key
    agent       = local.ssh_private_key == null
    timeout     = "10m"
  }

  provisioner "file" {
    content     = module.bootstrap.install_scripts[each.key]
    destination = "/root/k3s-install.sh"
  }

  provisioner "remote-exec" {
    inline = ["bash /root/k3s-install.sh join"]
  }

  depends_on = [terraform_data.first_start]
}

# What K3s applies by itself. Kept equal on all servers, and sent again when it changes;
# no restart is needed for that.
resource "terraform_data" "manifests" {
  for_each = local.control_planes

  triggers_replace = [local.server_ids[each.key], nonsensitive(sha256(module.bootstrap.manifest_script))]

  connection {
    host        = local.public_ips[each.key]
    user        = "root"
    private_key = local.ssh_private_key
    agent       = local.ssh_private_key == null
    timeout     = "10m"
  }

  provisioner "file" {
    content     = module.bootstrap.manifest_script
    destination = "/root/k3s-manifests.sh"
  }

  provisioner "remote-exec" {
    inline = ["bash /root/k3s-manifests.sh"]
  }

  depends_on = [terraform_data.install]
}

locals {
  server_ids = merge(
    { for name, server in hcloud_server.control_plane : name => server.id },
    { for name, server in hcloud_server.worker : name => server.id },
  )
  public_ips = merge(
    { for name, ip in hcloud_primary_ip.control_plane : name => ip.ip_address },
    { for name, server in hcloud_server.worker : name => server.ipv4_address },
  )
}
