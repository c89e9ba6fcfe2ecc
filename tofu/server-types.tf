# The sizes are checked against Hetzner's own list, not against a list of names that ages.

data "hcloud_server_type" "control_plane" {
  name = var.control_plane_type

  lifecycle {
    postcondition {
      condition     = self.cores >= 2 && self.memory >= 4
      error_message = "A control plane needs at least 2 CPU and 4 GB; ${self.name} has ${self.cores} and ${self.memory}."
    }
    postcondition {
      condition     = self.architecture == local.architecture
      error_message = "Every node must be ${local.architecture}; ${self.name} is ${self.architecture}."
    }
    postcondition {
      condition     = contains([for place in self.locations : place.name], var.location)
      error_message = "${self.name} is not offered in ${var.location}."
    }
  }
}

data "hcloud_server_type" "worker" {
  name = var.worker_type

  lifecycle {
    postcondition {
      condition     = self.cores >= 2 && self.memory >= 8
      error_message = "A worker needs at least 2 CPU and 8 GB; ${self.name} has ${self.cores} and ${self.memory}."
    }
    postcondition {
      condition     = self.architecture == local.architecture
      error_message = "Every node must be ${local.architecture}; ${self.name} is ${self.architecture}."
    }
    postcondition {
      condition     = contains([for place in self.locations : place.name], var.location)
      error_message = "${self.name} is not offered in ${var.location}."
    }
  }
}
