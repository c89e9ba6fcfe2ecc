# Inputs of the rendering. The root module has validated every value; nothing here
# has a default, so nothing can be forgotten there.

variable "cluster_name" {
  type        = string
  description = "Name of the cluster and prefix of its nodes."
}

variable "location" {
  type        = string
  description = "Hetzner location of nodes and volumes."
}

variable "nodes" {
  type        = map(object({ role = string, ip = string }))
  description = "Every node by name: role server or agent, address in the private network."
}

variable "api_ip" {
  type        = string
  description = "Private address of the API load balancer."
}

variable "api_names" {
  type        = list(string)
  description = "Further addresses under which the API must be valid."
}

variable "pod_cidr" {
  type        = string
  description = "Range of pod addresses."
}

variable "service_cidr" {
  type        = string
  description = "Range of service addresses."
}

variable "k3s_version" {
  type        = string
  description = "Exact K3s release."
}

variable "k3s_install_sha256" {
  type        = string
  description = "Pinned checksum of install.sh, or null."
}

variable "cluster_token" {
  type        = string
  sensitive   = true
  description = "Secret from which both join tokens are derived."
}

variable "etcd_snapshots" {
  type        = object({ schedule = string, retention = number })
  description = "When etcd is saved and how many snapshots are kept."
}

variable "etcd_s3" {
  type = object({
    endpoint = string, region = string, bucket = string, folder = string, access_key = string, secret_key = string
  })
  sensitive   = true
  description = "Bucket for snapshots, or null."
}

variable "hcloud_token" {
  type        = string
  sensitive   = true
  description = "API token for the cloud controller and CSI driver."
}

variable "network_name" {
  type        = string
  description = "Name of the private network."
}

variable "chart_versions" {
  type        = object({ ccm = string, csi = string })
  description = "Versions of the charts that K3s installs."
}

variable "argocd_manifest" {
  type        = string
  description = "The HelmChart that installs ArgoCD."
}

variable "root_manifest" {
  type        = string
  description = "The root Application and its project."
}

variable "sealing_key" {
  type        = object({ certificate = string, private_key = string })
  sensitive   = true
  description = "Key pair of Sealed Secrets, or null."
}

variable "dynamic_volumes" {
  type        = bool
  description = "Whether the default StorageClass makes volumes by itself."
}

variable "volumes" {
  type        = map(object({ id = string, size = number, claim = string }))
  description = "Volumes by purpose, each with the claim it belongs to."
}
