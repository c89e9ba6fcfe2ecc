# Inputs that must be refused, each by the rule that is meant to refuse it. Long, because a
# run stops at its first refusal: every input needs a run of its own.

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

run "refuses_an_even_number_of_control_planes" {
  command = plan

  variables {
    control_plane_count = 4
  }

  expect_failures = [var.control_plane_count]
}

run "refuses_a_single_control_plane" {
  command = plan

  variables {
    control_plane_count = 1
  }

  expect_failures = [var.control_plane_count]
}

run "refuses_one_worker" {
  command = plan

  variables {
    worker_count = 1
  }

  expect_failures = [var.worker_count]
}

run "refuses_more_workers_than_a_placement_group_holds" {
  command = plan

  variables {
    worker_count = 11
  }

  expect_failures = [var.worker_count]
}

run "refuses_half_a_worker" {
  command = plan

  variables {
    worker_count = 2.5
  }

  expect_failures = [var.worker_count]
}

run "refuses_a_name_that_is_no_host_name" {
  command = plan

  variables {
    cluster_name = "Alternate_Futures"
  }

  expect_failures = [var.cluster_name]
}

run "refuses_ssh_open_to_the_world" {
  command = plan

  variables {
    ssh_allowed_cidrs = ["198.51.100.7/32", "0.0.0.0/0"]
  }

  expect_failures = [var.ssh_allowed_cidrs]
}

run "refuses_ssh_open_to_half_the_world_at_a_time" {
  command = plan

  variables {
    ssh_allowed_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.ssh_allowed_cidrs]
}

run "refuses_ssh_open_over_ipv6" {
  command = plan

  variables {
    ssh_allowed_cidrs = ["::/0"]
  }

  expect_failures = [var.ssh_allowed_cidrs]
}

run "refuses_ssh_open_to_nobody" {
  command = plan

  variables {
    ssh_allowed_cidrs = []
  }

  expect_failures = [var.ssh_allowed_cidrs]
}

run "refuses_ssh_from_a_host_name" {
  command = plan

  variables {
    ssh_allowed_cidrs = ["office.example.org"]
  }

  expect_failures = [var.ssh_allowed_cidrs]
}

run "refuses_the_api_open_to_the_world" {
  command = plan

  variables {
    api_allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.api_allowed_cidrs]
}

run "refuses_a_short_passphrase" {
  command = plan

  variables {
    state_passphrase = "Tr0ub4dor&3-horse-batte"
  }

  expect_failures = [var.state_passphrase]
}

run "refuses_a_monotonous_passphrase" {
  command = plan

  variables {
    state_passphrase = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [var.state_passphrase]
}

run "refuses_a_guessable_join_token" {
  command = plan

  variables {
    cluster_token = "secret"
  }

  expect_failures = [var.cluster_token]
}

run "refuses_a_join_token_of_one_digit" {
  command = plan

  variables {
    cluster_token = "0000000000000000000000000000000000000000000000000000000000000000"
  }

  expect_failures = [var.cluster_token]
}

run "refuses_a_cloud_token_of_the_wrong_shape" {
  command = plan

  variables {
    hcloud_token = "abc"
  }

  expect_failures = [var.hcloud_token]
}

run "refuses_an_rsa_key" {
  command = plan

  variables {
    ssh_public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhA me@example.org"
  }

  expect_failures = [var.ssh_public_key]
}

run "refuses_a_private_key_file_that_is_not_there" {
  command = plan

  variables {
    ssh_private_key_file = "/nonexistent/key"
  }

  expect_failures = [var.ssh_private_key_file]
}

run "refuses_a_channel_instead_of_a_k3s_version" {
  command = plan

  variables {
    k3s_version = "stable"
  }

  expect_failures = [var.k3s_version]
}

run "refuses_a_k3s_version_without_secretbox_support_here" {
  command = plan

  variables {
    k3s_version = "v1.30.1+k3s1"
  }

  expect_failures = [var.k3s_version]
}

run "refuses_a_checksum_that_is_none" {
  command = plan

  variables {
    k3s_install_sha256 = "latest"
  }

  expect_failures = [var.k3s_install_sha256]
}

run "refuses_a_chart_range" {
  command = plan

  variables {
    chart_versions = { ccm = "1.x" }
  }

  expect_failures = [var.chart_versions]
}

run "refuses_a_git_address_without_tls" {
  command = plan

  variables {
    gitops = { repo_url = "http://example.org/platform.git" }
  }

  expect_failures = [var.gitops]
}

run "refuses_volumes_smaller_than_their_claims" {
  command = plan

  variables {
    volumes_gb = { postgres = 10 }
  }

  expect_failures = [var.volumes_gb]
}

run "refuses_a_public_range_for_the_network" {
  command = plan

  variables {
    network_cidr = "8.8.0.0/16"
  }

  expect_failures = [var.network_cidr]
}

run "refuses_nodes_outside_the_network" {
  command = plan

  variables {
    node_cidr = "10.1.1.0/24"
  }

  expect_failures = [var.node_cidr]
}

run "refuses_a_subnet_too_small" {
  command = plan

  variables {
    node_cidr = "10.0.1.0/28"
  }

  expect_failures = [var.node_cidr]
}

run "refuses_pods_inside_the_network" {
  command = plan

  variables {
    pod_cidr = "10.0.128.0/17"
  }

  expect_failures = [var.pod_cidr]
}

run "refuses_services_among_the_pods" {
  command = plan

  variables {
    service_cidr = "10.42.0.0/20"
  }

  expect_failures = [var.service_cidr]
}

run "refuses_an_unknown_dns_mode" {
  command = plan

  variables {
    dns_mode = "all"
  }

  expect_failures = [var.dns_mode]
}

run "refuses_a_snapshot_schedule_that_is_none" {
  command = plan

  variables {
    etcd_snapshots = { schedule = "daily" }
  }

  expect_failures = [var.etcd_snapshots]
}

run "refuses_a_bucket_address_with_a_scheme" {
  command = plan

  variables {
    etcd_s3 = { endpoint = "https://s3.example.org", region = "eu", bucket = "b", access_key = "a", secret_key = "s" }
  }

  expect_failures = [var.etcd_s3]
}

run "refuses_a_sealing_key_that_is_not_pem" {
  command = plan

  variables {
    sealing_key = { certificate = "x", private_key = "y" }
  }

  expect_failures = [var.sealing_key]
}

run "refuses_a_kubeconfig_that_git_would_see" {
  command = plan

  variables {
    kubeconfig_path = "admin.conf"
  }

  expect_failures = [var.kubeconfig_path]
}

run "refuses_an_arm_worker_beside_x86_control_planes" {
  command = plan

  override_data {
    target = data.hcloud_server_type.worker
    values = { cores = 4, memory = 8, architecture = "arm", locations = [{ id = 1, name = "fsn1", available = true, is_deprecated = false, recommended = true, deprecation_announced = "", unavailable_after = "" }] }
  }

  expect_failures = [data.hcloud_server_type.worker]
}

run "refuses_arm_control_planes" {
  command = plan

  override_data {
    target = data.hcloud_server_type.control_plane
    values = { cores = 4, memory = 8, architecture = "arm", locations = [{ id = 1, name = "fsn1", available = true, is_deprecated = false, recommended = true, deprecation_announced = "", unavailable_after = "" }] }
  }

  expect_failures = [data.hcloud_server_type.control_plane]
}

run "refuses_a_control_plane_with_too_little_memory" {
  command = plan

  override_data {
    target = data.hcloud_server_type.control_plane
    values = { cores = 2, memory = 2, architecture = "x86", locations = [{ id = 1, name = "fsn1", available = true, is_deprecated = false, recommended = true, deprecation_announced = "", unavailable_after = "" }] }
  }

  expect_failures = [data.hcloud_server_type.control_plane]
}

run "refuses_a_worker_with_too_little_memory" {
  command = plan

  override_data {
    target = data.hcloud_server_type.worker
    values = { cores = 2, memory = 4, architecture = "x86", locations = [{ id = 1, name = "fsn1", available = true, is_deprecated = false, recommended = true, deprecation_announced = "", unavailable_after = "" }] }
  }

  expect_failures = [data.hcloud_server_type.worker]
}

run "refuses_a_worker_with_one_core" {
  command = plan

  override_data {
    target = data.hcloud_server_type.worker
    values = { cores = 1, memory = 8, architecture = "x86", locations = [{ id = 1, name = "fsn1", available = true, is_deprecated = false, recommended = true, deprecation_announced = "", unavailable_after = "" }] }
  }

  expect_failures = [data.hcloud_server_type.worker]
}

run "refuses_a_location_that_does_not_offer_the_type" {
  command = plan

  variables {
    location = "hel1"
  }

  expect_failures = [data.hcloud_server_type.control_plane, data.hcloud_server_type.worker]
}
