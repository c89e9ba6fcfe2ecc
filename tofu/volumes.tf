# Disks that outlive pods and nodes. The CSI driver attaches them to whichever worker runs
# the pod; bootstrap/volumes.tf binds each to its claim by id.

resource "hcloud_volume" "data" {
  for_each = local.volumes

  name              = "${var.cluster_name}-${each.key}"
  size              = each.value.size
  location          = var.location
  format            = "ext4"
  delete_protection = var.delete_protection
  labels            = merge(local.labels, { claim = each.value.claim })
}
