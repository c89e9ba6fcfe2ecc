# What K3s applies by itself at its first start: the cloud's own parts, the volumes and
# ArgoCD, which then pulls everything else from Git. File names give the order.

locals {
  hcloud_secret = {
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = { name = "hcloud", namespace = "kube-system" }
    stringData = { token = var.hcloud_token, network = var.network_name }
  }

  cloud_controller = {
    apiVersion = "helm.cattle.io/v1"
    kind       = "HelmChart"
    metadata   = { name = "hcloud-cloud-controller-manager", namespace = "kube-system" }
    spec = {
      repo            = "https://charts.hetzner.cloud"
      chart           = "hcloud-cloud-controller-manager"
      version         = var.chart_versions.ccm
      targetNamespace = "kube-system"
      # Its job must run before any node is initialised: it is what initialises them.
      bootstrap     = true
      failurePolicy = "abort"
      valuesContent = yamlencode({
        networking = { enabled = true, clusterCIDR = var.pod_cidr }
        env = {
          # Flannel routes pods; the cloud's route table would only be a second opinion.
          HCLOUD_NETWORK_ROUTES_ENABLED = { value = "false" }
          # Load balancers belong to tofu alone.
          HCLOUD_LOAD_BALANCERS_ENABLED = { value = "false" }
        }
      })
    }
  }

  csi_driver = {
    apiVersion = "helm.cattle.io/v1"
    kind       = "HelmChart"
    metadata   = { name = "hcloud-csi", namespace = "kube-system" }
    spec = {
      repo            = "https://charts.hetzner.cloud"
      chart           = "hcloud-csi"
      version         = var.chart_versions.csi
      targetNamespace = "kube-system"
      failurePolicy   = "abort"
      valuesContent = yamlencode({
        # The StorageClass is in volumes.yaml: whether volumes may appear by themselves is decided there.
        storageClasses = []
        controller     = { hcloudVolumeDefaultLocation = var.location }
      })
    }
  }

  # There before the controller is, and the controller uses every key with this label.
  sealing_key_manifests = [for key in var.sealing_key[*] : {
    apiVersion = "v1"
    kind       = "Secret"
    type       = "kubernetes.io/tls"
    metadata = {
      name      = "sealed-secrets-key-given"
      namespace = "sealed-secrets"
      labels    = { "sealedsecrets.bitnami.com/sealed-secrets-key" = "active" }
    }
    stringData = { "tls.crt" = key.certificate, "tls.key" = key.private_key }
  }]
  sealing_namespace = { apiVersion = "v1", kind = "Namespace", metadata = { name = "sealed-secrets" } }

  etcd_s3_manifests = [for bucket in var.etcd_s3[*] : {
    apiVersion = "v1"
    kind       = "Secret"
    type       = "etcd.k3s.cattle.io/s3-config-secret"
    metadata   = { name = "k3s-etcd-snapshot-s3-config", namespace = "kube-system" }
    stringData = { for key, value in bucket : "etcd-s3-${replace(key, "_", "-")}" => value }
  }]

  # Whether a key or a bucket was given is no secret; what they hold stays marked as one.
  sealing_key_given = nonsensitive(var.sealing_key != null)

  documents = merge(
    {
      "af-00-hcloud.yaml"  = [for object in [local.hcloud_secret, local.cloud_controller, local.csi_driver] : yamlencode(object)]
      "af-10-volumes.yaml" = [for object in concat([local.storage_class], local.persistent_volumes) : yamlencode(object)]
    },
    { for name in ["af-20-sealing-key.yaml"] : name => [
      for object in concat([local.sealing_namespace], local.sealing_key_manifests) : yamlencode(object)
    ] if local.sealing_key_given },
    { for name in ["af-20-etcd-s3.yaml"] : name => [
      for object in local.etcd_s3_manifests : yamlencode(object)
    ] if local.etcd_s3_enabled },
  )

  manifests = merge(
    { for name, objects in local.documents : name => join("---\n", objects) },
    { "af-30-argocd.yaml" = var.argocd_manifest, "af-40-root.yaml" = var.root_manifest },
  )
}
