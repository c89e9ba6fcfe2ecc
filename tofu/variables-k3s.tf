# Software that tofu installs; everything later comes from Git.

variable "k3s_version" {
  type        = string
  default     = "v1.36.4+k3s1"
  description = "K3s release of new nodes, and of running ones once roll.sh has visited them."

  validation {
    condition     = can(regex("^v1\\.(3[6-9]|[4-9][0-9])\\.[0-9]+\\+k3s[0-9]+$", var.k3s_version))
    error_message = "Use an exact release such as v1.36.4+k3s1, at least 1.36; a channel name is refused."
  }
}

variable "k3s_install_sha256" {
  type        = string
  default     = null
  description = "SHA-256 of install.sh at that release. null accepts what the release's own install.sh.sha256sum says."

  validation {
    condition     = var.k3s_install_sha256 == null || can(regex("^[0-9a-f]{64}$", var.k3s_install_sha256))
    error_message = "Use 64 hexadecimal digits."
  }
}

variable "etcd_snapshots" {
  type = object({
    schedule  = optional(string, "0 */6 * * *")
    retention = optional(number, 28)
  })
  default     = {}
  nullable    = false
  description = "When etcd is saved (cron, UTC) and how many snapshots each control plane keeps."

  validation {
    condition     = length(split(" ", var.etcd_snapshots.schedule)) == 5 && var.etcd_snapshots.retention >= 5
    error_message = "Use a cron expression of five fields and keep at least 5 snapshots."
  }
}

variable "chart_versions" {
  type = object({
    ccm = optional(string, "1.35.0")
    csi = optional(string, "2.22.1")
  })
  default     = {}
  nullable    = false
  description = "Helm charts of the Hetzner cloud controller and CSI driver; ArgoCD's version is in k8s/addons/argocd."

  validation {
    condition     = alltrue([for version in values(var.chart_versions) : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", version))])
    error_message = "Use exact chart versions such as 1.35.0."
  }
}

variable "gitops" {
  type = object({
    repo_url = optional(string, "https://github.com/alternatefutures/platform.git")
    revision = optional(string, "main")
  })
  default     = {}
  nullable    = false
  description = "Repository and branch of the root Application. The Applications below it name theirs in k8s/argocd/."

  validation {
    condition     = can(regex("^https://[^ \"']+$", var.gitops.repo_url)) && can(regex("^[A-Za-z0-9._/-]+$", var.gitops.revision))
    error_message = "repo_url must be an https:// address, revision a branch, tag or commit."
  }
}

variable "kubeconfig_path" {
  type        = string
  default     = "kubeconfig.yaml"
  description = "Where the administrator's kubeconfig is written, with mode 0600."

  validation {
    condition     = endswith(var.kubeconfig_path, ".yaml")
    error_message = "Use a file name that ends in .yaml; .gitignore keeps kubeconfig*.yaml out of Git."
  }
}
