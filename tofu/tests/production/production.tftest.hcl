# The plan of envs/production.tfvars.example, printed into docs/infrastructure-plan.md.

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
    defaults = { id = "7", ipv4 = "203.0.113.7", ipv6 = "2001:db8::7", network_zone = "eu-central" }
  }
  mock_resource "hcloud_volume" {
    defaults = { id = "8" }
  }
}

variables {
  hcloud_token     = "0000000000000000000000000000000000000000000000000000000000000000"
  state_passphrase = "a passphrase for tests, 0123456789"
  cluster_token    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
}

run "the_production_example" {
  command = plan

  assert {
    condition     = length(output.nodes) == 5 && alltrue([for v in hcloud_volume.data : v.delete_protection])
    error_message = "three control planes and two workers; volumes are protected"
  }
}
