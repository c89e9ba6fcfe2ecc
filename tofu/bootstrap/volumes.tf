# Binds each Hetzner volume to its claim by id. Retain: deleting a claim never deletes data.

locals {
  storage_class = {
    apiVersion = "storage.k8s.io/v1"
    kind       = "StorageClass"
    metadata = {
      name        = "hcloud-volumes"
      annotations = { "storageclass.kubernetes.io/is-default-class" = "true" }
    }
    # Without a provisioner no claim can make a volume that the state does not know.
    provisioner          = var.dynamic_volumes ? "csi.hetzner.cloud" : "kubernetes.io/no-provisioner"
    reclaimPolicy        = "Retain"
    volumeBindingMode    = "WaitForFirstConsumer"
    allowVolumeExpansion = true
  }

  persistent_volumes = [for name, volume in var.volumes : {
    apiVersion = "v1"
    kind       = "PersistentVolume"
    metadata = {
      name   = "${var.cluster_name}-${name}"
      labels = { "app.kubernetes.io/part-of" = "alternate-futures", "app.kubernetes.io/managed-by" = "opentofu" }
    }
    spec = {
      capacity                      = { storage = "${volume.size}Gi" }
      accessModes                   = ["ReadWriteOnce"]
      persistentVolumeReclaimPolicy = "Retain"
      storageClassName              = local.storage_class.metadata.name
      claimRef                      = { namespace = "alternate-futures", name = volume.claim }
      csi                           = { driver = "csi.hetzner.cloud", volumeHandle = volume.id, fsType = "ext4" }
      # By location, not by node: the pod may move to any worker and its disk follows.
      nodeAffinity = { required = { nodeSelectorTerms = [{ matchExpressions = [{
        key = "csi.hetzner.cloud/location", operator = "In", values = [var.location]
      }] }] } }
    }
  }]
}
