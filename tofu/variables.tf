# The shape of the cluster. Secrets, network and add-ons have files of their own.

variable "cluster_name" {
  type        = string
  default     = "alternate-futures"
  description = "Prefix of everything this configuration creates; unique within the Hetzner project."

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$", var.cluster_name))
    error_message = "Use 1 to 30 lower-case letters, digits and hyphens, starting with a letter: it becomes part of host names."
  }
}

variable "location" {
  type        = string
  default     = "fsn1"
  description = "Hetzner location of servers, load balancers and volumes; a volume can only follow a pod within it."

  validation {
    condition     = can(regex("^[a-z]{3}[0-9]?$", var.location))
    error_message = "Use a Hetzner location name such as fsn1, nbg1 or hel1."
  }
}

variable "control_plane_count" {
  type        = number
  default     = 3
  description = "Control-plane servers. An odd number: etcd needs a majority, and an even one only adds a way to lose it."

  validation {
    condition     = contains([3, 5, 7], var.control_plane_count)
    error_message = "Use 3, 5 or 7 control planes."
  }
}

variable "worker_count" {
  type        = number
  default     = 2
  description = "Worker servers; 10 is what one spread placement group holds."

  validation {
    condition     = var.worker_count >= 2 && var.worker_count <= 10 && floor(var.worker_count) == var.worker_count
    error_message = "Use 2 to 10 workers."
  }
}

variable "control_plane_type" {
  type        = string
  default     = "cx23"
  description = "Server type of the control planes: at least 2 CPU and 4 GB, x86 (checked against the provider's own list)."
}

variable "worker_type" {
  type        = string
  default     = "cx33"
  description = "Server type of the workers: at least 2 CPU and 8 GB, x86 (checked against the provider's own list)."
}

variable "image" {
  type        = string
  default     = "ubuntu-24.04"
  description = "Operating system of new servers: a systemd distribution with cgroup v2 and cloud-init."

  validation {
    condition     = can(regex("^(ubuntu-(24|26)\\.04|debian-1[23])$", var.image))
    error_message = "Use ubuntu-24.04, ubuntu-26.04, debian-12 or debian-13; older ones lack cgroup v2."
  }
}

variable "load_balancer_type" {
  type        = string
  default     = "lb11"
  description = "Type of both load balancers."

  validation {
    condition     = contains(["lb11", "lb21", "lb31"], var.load_balancer_type)
    error_message = "Use lb11, lb21 or lb31."
  }
}

variable "volumes_gb" {
  type = object({
    postgres = optional(number, 20)
    redis    = optional(number, 10)
    backup   = optional(number, 10)
  })
  default     = {}
  nullable    = false
  description = "Sizes in GB, at least what the claims in k8s/ ask for. A volume can grow, never shrink."

  validation {
    condition     = alltrue([for size in values(var.volumes_gb) : size <= 10240 && floor(size) == size])
    error_message = "A Hetzner volume has at most 10240 GB, in whole numbers."
  }

  validation {
    condition     = var.volumes_gb.postgres >= 20 && var.volumes_gb.redis >= 10 && var.volumes_gb.backup >= 10
    error_message = "The claims ask for 20 GB (postgres), 10 GB (redis) and 10 GB (backup)."
  }
}

variable "dynamic_volumes" {
  type        = bool
  default     = false
  description = "Lets the cluster create further volumes by itself. They are not in the state: `tofu destroy` leaves them behind."
}

variable "delete_protection" {
  type        = bool
  default     = false
  description = "Locks volumes and the public load balancer against deletion by anyone. `tofu destroy` needs an apply with false first."
}
