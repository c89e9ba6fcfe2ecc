# Addresses: who may reach the cluster, and which ranges it uses inside.

variable "network_zone" {
  type        = string
  default     = "eu-central"
  description = "Hetzner network zone that contains the location."

  validation {
    condition     = contains(["eu-central", "us-east", "us-west", "ap-southeast"], var.network_zone)
    error_message = "Use eu-central, us-east, us-west or ap-southeast."
  }
}

variable "network_cidr" {
  type        = string
  default     = "10.0.0.0/16"
  description = "Range of the private network."

  validation {
    condition     = can(cidrnetmask(var.network_cidr)) && can(regex("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.)", var.network_cidr))
    error_message = "Use a private IPv4 range such as 10.0.0.0/16."
  }
}

variable "node_cidr" {
  type        = string
  default     = "10.0.1.0/24"
  description = "Subnet of the nodes and load balancers, inside network_cidr; a /24 or larger."

  validation {
    condition     = try(tonumber(split("/", var.node_cidr)[1]) <= 24, false) && can(cidrnetmask(var.node_cidr))
    error_message = "Use an IPv4 range of at least 256 addresses such as 10.0.1.0/24."
  }

  validation {
    condition     = try(cidrcontains(var.network_cidr, var.node_cidr), false)
    error_message = "node_cidr must lie inside network_cidr."
  }
}

variable "pod_cidr" {
  type        = string
  default     = "10.42.0.0/16"
  description = "Range of pod addresses; fixed for the life of the cluster."

  validation {
    condition     = try(!cidrcontains(var.network_cidr, cidrhost(var.pod_cidr, 0)) && !cidrcontains(var.pod_cidr, cidrhost(var.network_cidr, 0)), false)
    error_message = "pod_cidr must be an IPv4 range apart from network_cidr."
  }
}

variable "service_cidr" {
  type        = string
  default     = "10.43.0.0/16"
  description = "Range of service addresses; fixed for the life of the cluster."

  validation {
    condition = try(alltrue([for other in [var.network_cidr, var.pod_cidr] :
    !cidrcontains(other, cidrhost(var.service_cidr, 0)) && !cidrcontains(var.service_cidr, cidrhost(other, 0))]), false)
    error_message = "service_cidr must be an IPv4 range apart from network_cidr and pod_cidr."
  }
}

variable "ssh_allowed_cidrs" {
  type        = set(string)
  description = "Addresses that may reach SSH; the machine that runs tofu must be among them."

  validation {
    condition     = length(var.ssh_allowed_cidrs) > 0 && alltrue([for cidr in var.ssh_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Name at least one range such as 198.51.100.7/32."
  }

  validation {
    condition     = alltrue([for cidr in var.ssh_allowed_cidrs : try(tonumber(split("/", cidr)[1]) >= (strcontains(cidr, ":") ? 32 : 16), false)])
    error_message = "SSH must not be open to the world: no range wider than /16 (IPv4) or /32 (IPv6)."
  }
}

variable "api_allowed_cidrs" {
  type        = set(string)
  default     = []
  description = "Addresses that may reach the Kubernetes API on the control planes; empty closes it (use an SSH tunnel)."

  validation {
    condition = alltrue([for cidr in var.api_allowed_cidrs :
    can(cidrhost(cidr, 0)) && try(tonumber(split("/", cidr)[1]) >= (strcontains(cidr, ":") ? 32 : 16), false)])
    error_message = "The API must not be open to the world: no range wider than /16 (IPv4) or /32 (IPv6)."
  }
}

variable "domain" {
  type        = string
  default     = "alternatefutures.ai"
  description = "Domain of the platform."

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "Use a plain domain name such as example.org."
  }
}

variable "dns_hosts" {
  type        = set(string)
  default     = ["www", "api", "auth", "argocd", "traefik"]
  description = "Host names below the domain that lead to the load balancer; @ is the domain itself."

  validation {
    condition     = length(var.dns_hosts) > 0 && alltrue([for host in var.dns_hosts : can(regex("^(@|[a-z0-9]([a-z0-9-]*[a-z0-9])?)$", host))])
    error_message = "Use single labels such as www, or @ for the domain itself."
  }
}

variable "dns_mode" {
  type        = string
  default     = "none"
  description = "none: only print the records. records: write them into an existing Hetzner zone. zone: create the zone too."

  validation {
    condition     = contains(["none", "records", "zone"], var.dns_mode)
    error_message = "Use none, records or zone."
  }
}
