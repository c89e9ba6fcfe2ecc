# What a later change does to a running cluster. Applied with a mocked API, so it runs on a
# copy without provisioners (scripts/tofu.sh makes it) and lives in a folder of its own.
#
# An id that is known in the plan belongs to something that stays; a resource about to be
# replaced has none yet, and comparing it makes the run fail.

mock_provider "hcloud" {
  mock_data "hcloud_server_type" {
    defaults = {
      cores        = 4
      memory       = 8
      architecture = "x86"
      locations    = [{ id = 1, name = "fsn1", available = true, is_deprecated = false, recommended = true, deprecation_announced = "", unavailable_after = "" }]
    }
  }
  # The provider reads most ids as numbers; made-up text would not pass its schema.
  mock_resource "hcloud_network" {
    defaults = { id = "1" }
  }
  mock_resource "hcloud_network_subnet" {
    defaults = { id = "1-10.0.1.0/24" }
  }
  mock_resource "hcloud_firewall" {
    defaults = { id = "2" }
  }
  mock_resource "hcloud_ssh_key" {
    defaults = { id = "3" }
  }
  mock_resource "hcloud_placement_group" {
    defaults = { id = "4" }
  }
  mock_resource "hcloud_primary_ip" {
    defaults = { id = 5, ip_address = "203.0.113.5" }
  }
  mock_resource "hcloud_server" {
    defaults = { id = "6", ipv4_address = "203.0.113.6" }
  }
  mock_resource "hcloud_load_balancer" {
    defaults = { id = "7", ipv4 = "203.0.113.7", ipv6 = "2001:db8::7" }
  }
  mock_resource "hcloud_volume" {
    defaults = { id = "8" }
  }
}

variables {
  hcloud_token      = "0000000000000000000000000000000000000000000000000000000000000000"
  state_passphrase  = "a passphrase for tests, 0123456789"
  cluster_token     = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  ssh_public_key    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1aWx0LWZvci10ZXN0cy1vbmx5LW5vLXByaXZhdGUta2V5"
  ssh_allowed_cidrs = ["198.51.100.7/32"]
  api_allowed_cidrs = ["198.51.100.7/32", "2001:db8:7::/48"]
}

run "a_cluster_is_made" {
  command = apply

  assert {
    condition     = length(terraform_data.install) == 5 && length(terraform_data.manifests) == 3
    error_message = "every node is installed, every server gets the manifests"
  }
}

run "new_software_touches_no_running_node" {
  command = plan

  variables {
    k3s_version    = "v1.36.5+k3s1"
    image          = "debian-13"
    etcd_snapshots = { retention = 60 }
  }

  assert {
    condition     = alltrue([for s in merge(hcloud_server.control_plane, hcloud_server.worker) : s.image == "ubuntu-24.04"])
    error_message = "a newer image is for new servers only"
  }

  assert {
    condition     = alltrue([for r in terraform_data.install : r.id != ""]) && terraform_data.first_start.id != ""
    error_message = "K3s is upgraded by bin/roll.sh, one node at a time, never by a plain apply"
  }
}

run "a_further_worker_touches_no_other_node" {
  command = plan

  variables {
    worker_count = 3
  }

  assert {
    condition     = alltrue([for n in keys(output.nodes) : terraform_data.install[n].id != "" if n != "alternate-futures-worker-3"]) && length(terraform_data.install) == 6
    error_message = "only the new worker is installed"
  }

  assert {
    condition     = terraform_data.first_start.id != "" && alltrue([for r in terraform_data.manifests : r.id != ""])
    error_message = "nothing is started or sent again"
  }
}

run "a_replaced_first_server_never_starts_a_second_cluster" {
  command = plan

  # Another id is what a replaced server looks like to whatever depends on it.
  override_resource {
    target = hcloud_server.control_plane
    values = { id = "66" }
  }

  assert {
    condition     = terraform_data.first_start.id != "" && terraform_data.first_start.triggers_replace == null
    error_message = "the first start happens once in the life of the cluster"
  }
}
