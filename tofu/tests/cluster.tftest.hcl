# The machines, their placement, network, firewall, load balancers, volumes and DNS: planned
# with the real provider's schema and a mocked API. Names begin with the acceptance id.
# Long, because test files cannot share their mocks and every claim is an assert of its own.

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

override_resource {
  target = hcloud_firewall.api
  values = { id = "22" }
}

override_resource {
  target = hcloud_placement_group.worker
  values = { id = "44" }
}

run "a1_1_three_control_planes_on_different_hardware" {
  command = plan

  assert {
    condition     = toset(keys(hcloud_server.control_plane)) == toset([for i in [1, 2, 3] : "alternate-futures-control-${i}"])
    error_message = "the default is three control planes"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.control_plane : s.placement_group_id == tonumber(hcloud_placement_group.control_plane.id)])
    error_message = "every control plane belongs to the group"
  }

  assert {
    condition     = hcloud_placement_group.control_plane.type == "spread"
    error_message = "the group spreads over hardware"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.control_plane : s.server_type == "cx23" && s.labels.role == "control-plane"])
    error_message = "type and label"
  }
}

run "a1_2_two_workers_by_default" {
  command = plan

  assert {
    condition     = toset(keys(hcloud_server.worker)) == toset([for i in [1, 2] : "alternate-futures-worker-${i}"])
    error_message = "the default is two workers"
  }

  assert {
    condition     = hcloud_placement_group.worker.type == "spread"
    error_message = "workers spread over hardware too"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.worker : s.server_type == "cx33" && s.labels.role == "worker"])
    error_message = "type and label"
  }
}

run "a1_2_more_nodes_leave_the_others_as_they_are" {
  command = plan

  variables {
    control_plane_count = 5
    worker_count        = 10
  }

  assert {
    condition     = length(hcloud_server.control_plane) == 5 && length(hcloud_server.worker) == 10
    error_message = "the counts follow the variables"
  }

  assert {
    condition     = one(hcloud_server.control_plane["alternate-futures-control-1"].network).ip == "10.0.1.11" && one(hcloud_server.worker["alternate-futures-worker-2"].network).ip == "10.0.1.102"
    error_message = "addresses of earlier nodes stay"
  }

  assert {
    condition     = length(distinct([for node in output.nodes : node.private])) == 15
    error_message = "no address is given twice"
  }
}

run "a1_3_nodes_share_one_private_subnet" {
  command = plan

  assert {
    condition     = hcloud_network.private.ip_range == "10.0.0.0/16" && hcloud_network_subnet.nodes.ip_range == "10.0.1.0/24" && hcloud_network_subnet.nodes.type == "cloud"
    error_message = "network and subnet"
  }

  assert {
    condition     = alltrue([for s in merge(hcloud_server.control_plane, hcloud_server.worker) : one(s.network).subnet_id == hcloud_network_subnet.nodes.id && length(one(s.network).alias_ips) == 0])
    error_message = "every node is attached to the subnet"
  }

  assert {
    condition     = alltrue([for node in output.nodes : cidrcontains("10.0.1.0/24", node.private)])
    error_message = "addresses lie in the subnet"
  }
}

run "a1_3_nothing_but_ssh_api_and_icmp_reaches_a_node" {
  command = plan

  assert {
    condition     = toset([for r in hcloud_firewall.nodes.rule : "${r.direction} ${r.protocol} ${try(coalesce(r.port), "-")} ${join(" ", sort(r.source_ips))}"]) == toset(["in tcp 22 198.51.100.7/32", "in icmp - 0.0.0.0/0 ::/0"])
    error_message = "nodes open SSH to named addresses and ICMP, nothing else"
  }

  assert {
    condition     = [for r in hcloud_firewall.api.rule : "${r.direction} ${r.protocol} ${r.port} ${join(" ", sort(r.source_ips))}"] == ["in tcp 6443 198.51.100.7/32 2001:db8:7::/48"]
    error_message = "control planes add the API for named addresses, nothing else"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.control_plane : toset(s.firewall_ids) == toset([2, 22])])
    error_message = "both firewalls guard control planes"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.worker : toset(s.firewall_ids) == toset([2])])
    error_message = "workers never open the API"
  }

  assert {
    condition     = alltrue([for s in merge(hcloud_server.control_plane, hcloud_server.worker) : one(s.public_net).ipv6_enabled == false])
    error_message = "no second way in over IPv6"
  }
}

run "a1_3_the_api_is_closed_when_nobody_is_named" {
  command = plan

  variables {
    api_allowed_cidrs = []
  }

  assert {
    condition     = length(hcloud_firewall.api.rule) == 0
    error_message = "no rule opens 6443"
  }
}

run "a1_5_web_traffic_goes_to_the_workers_with_the_client_address" {
  command = plan

  assert {
    condition     = toset([for s in hcloud_load_balancer_service.ingress : "${s.protocol} ${s.listen_port} ${s.destination_port} ${s.proxyprotocol}"]) == toset(["tcp 80 80 true", "tcp 443 443 true"])
    error_message = "80 and 443, TCP, PROXY protocol"
  }

  assert {
    condition     = hcloud_load_balancer_network.ingress.enable_public_interface && hcloud_load_balancer_network.ingress.ip == "10.0.1.2"
    error_message = "reachable from outside"
  }

  assert {
    condition     = hcloud_load_balancer_target.workers.label_selector == "cluster=alternate-futures,role=worker" && hcloud_load_balancer_target.workers.use_private_ip
    error_message = "to the workers, over the private network"
  }

  assert {
    condition     = alltrue([for s in hcloud_load_balancer_service.ingress : tostring(s.load_balancer_id) == hcloud_load_balancer.ingress.id])
    error_message = "on the public load balancer"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.worker : s.labels.cluster == "alternate-futures" && s.labels.role == "worker"])
    error_message = "the selector finds every worker"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.control_plane : s.labels.role != "worker"])
    error_message = "and no control plane"
  }
}

run "a1_5_the_api_goes_to_the_control_planes_and_is_not_public" {
  command = plan

  assert {
    condition     = "${hcloud_load_balancer_service.api.listen_port} ${hcloud_load_balancer_service.api.destination_port}" == "6443 6443" && tostring(hcloud_load_balancer_service.api.load_balancer_id) == hcloud_load_balancer.api.id
    error_message = "6443 on the API load balancer"
  }

  assert {
    condition     = hcloud_load_balancer_target.control_planes.label_selector == "cluster=alternate-futures,role=control-plane"
    error_message = "to the control planes"
  }

  assert {
    condition     = hcloud_load_balancer_network.api.enable_public_interface == false && hcloud_load_balancer_network.api.ip == "10.0.1.3"
    error_message = "reachable inside the network only"
  }
}

run "a1_6_volumes_belong_to_no_server" {
  command = plan

  assert {
    condition     = { for name, v in hcloud_volume.data : name => "${v.size} ${v.format} ${v.location} ${v.labels.claim}" } == { postgres = "20 ext4 fsn1 data-postgres-0", redis = "10 ext4 fsn1 data-redis-0", backup = "10 ext4 fsn1 postgres-backup" }
    error_message = "three volumes in the nodes' location, each with its claim"
  }

  assert {
    condition     = alltrue([for v in hcloud_volume.data : v.automount == null])
    error_message = "the CSI driver attaches them"
  }
}

run "a1_7_outputs" {
  command = plan

  assert {
    condition     = output.load_balancer == { ipv4 = "203.0.113.7", ipv6 = "2001:db8::7", api_private = "10.0.1.3" }
    error_message = "load balancer"
  }

  assert {
    condition     = output.nodes["alternate-futures-control-2"] == { role = "control-plane", private = "10.0.1.12", public = "203.0.113.5" } && output.nodes["alternate-futures-worker-1"].public == "203.0.113.6"
    error_message = "nodes"
  }

  assert {
    condition     = toset([for r in output.dns_records : "${r.name} ${r.type} ${r.value}"]) == toset(concat(["alternatefutures.ai CAA 0 issue \"letsencrypt.org\""], flatten([for h in ["www", "api", "auth", "argocd", "traefik"] : ["${h}.alternatefutures.ai A 203.0.113.7", "${h}.alternatefutures.ai AAAA 2001:db8::7"]])))
    error_message = "DNS records"
  }

  assert {
    condition     = endswith(terraform_data.kubeconfig.input, "/kubeconfig.yaml") && startswith(terraform_data.kubeconfig.input, "/")
    error_message = "path of the kubeconfig"
  }
}

run "a1_7_dns_is_left_alone_unless_asked_for" {
  command = plan

  assert {
    condition     = length(hcloud_zone_rrset.platform) == 0 && length(hcloud_zone.platform) == 0
    error_message = "no record is written"
  }
}

run "a1_7_dns_records_in_an_existing_zone" {
  command = plan

  variables {
    dns_mode  = "records"
    dns_hosts = ["www", "@"]
  }

  assert {
    condition     = toset(keys(hcloud_zone_rrset.platform)) == toset(["www/A", "www/AAAA", "@/A", "@/AAAA", "@/CAA"]) && length(hcloud_zone.platform) == 0
    error_message = "records, no zone"
  }

  assert {
    condition     = one(hcloud_zone_rrset.platform["www/AAAA"].records).value == "2001:db8::7" && hcloud_zone_rrset.platform["www/AAAA"].zone == "alternatefutures.ai"
    error_message = "records lead to the load balancer"
  }
}

run "a1_7_dns_with_a_zone_of_our_own" {
  command = plan

  variables {
    dns_mode = "zone"
  }

  assert {
    condition     = one(hcloud_zone.platform).name == "alternatefutures.ai" && length(hcloud_zone_rrset.platform) == 11
    error_message = "the zone and its records"
  }
}

run "a1_8_nothing_resists_destroy_unless_asked_for" {
  command = plan

  assert {
    condition     = alltrue([for v in hcloud_volume.data : !v.delete_protection]) && !hcloud_load_balancer.ingress.delete_protection
    error_message = "no lock by default"
  }
}

run "a1_8_locks_when_asked_for" {
  command = plan

  variables {
    delete_protection = true
  }

  assert {
    condition     = alltrue([for v in hcloud_volume.data : v.delete_protection]) && hcloud_load_balancer.ingress.delete_protection
    error_message = "volumes and the public address are locked"
  }
}

run "a1_9_user_data_holds_no_secret" {
  command = plan

  assert {
    condition     = alltrue([for s in merge(hcloud_server.control_plane, hcloud_server.worker) : !strcontains(s.user_data, var.hcloud_token) && !strcontains(s.user_data, var.cluster_token) && !strcontains(s.user_data, sha256("server/${var.cluster_token}"))])
    error_message = "any pod could read it from the metadata service"
  }

  assert {
    condition     = alltrue([for s in hcloud_server.worker : startswith(s.user_data, "#cloud-config\n") && length(s.user_data) < 32768])
    error_message = "cloud-init accepts it"
  }
}

run "a_replaced_control_plane_keeps_its_address" {
  command = plan

  assert {
    condition     = alltrue([for ip in hcloud_primary_ip.control_plane : !ip.auto_delete && ip.type == "ipv4"]) && alltrue([for s in hcloud_server.control_plane : one(s.public_net).ipv4 == 5])
    error_message = "the address outlives the server"
  }
}

run "a1_4_each_node_is_installed_again_only_when_its_server_is_new" {
  command = plan

  assert {
    condition     = terraform_data.first_start.triggers_replace == null
    error_message = "the first start has no trigger"
  }

  assert {
    condition     = alltrue([for name, r in terraform_data.install : r.triggers_replace == [local.server_ids[name]]]) && toset(keys(terraform_data.install)) == toset(keys(local.nodes))
    error_message = "every node is installed, and its server's id is the only trigger"
  }

  assert {
    condition     = alltrue([for r in terraform_data.manifests : r.triggers_replace[1] == sha256(nonsensitive(module.bootstrap.manifest_script))])
    error_message = "manifests are sent again when they change"
  }
}

run "a1_4_root_passes_the_settings_on" {
  command = plan

  variables {
    k3s_version = "v1.37.2+k3s1"
    pod_cidr    = "10.52.0.0/16"
  }

  assert {
    condition     = strcontains(nonsensitive(module.bootstrap.install_scripts["alternate-futures-control-1"]), "readonly K3S_VERSION='v1.37.2+k3s1'")
    error_message = "the K3s version reaches the script"
  }

  assert {
    condition     = module.bootstrap.node_configs["alternate-futures-control-3"]["cluster-cidr"] == "10.52.0.0/16" && module.bootstrap.node_configs["alternate-futures-control-3"]["node-ip"] == "10.0.1.13"
    error_message = "ranges and addresses reach the configuration"
  }

  assert {
    condition     = module.bootstrap.node_configs["alternate-futures-control-1"]["tls-san"] == tolist(["10.0.1.3", "203.0.113.5", "203.0.113.5", "203.0.113.5", "10.0.1.11", "10.0.1.12", "10.0.1.13"])
    error_message = "the API's certificate is valid for the load balancer and every control plane"
  }

  assert {
    condition     = module.bootstrap.node_configs["alternate-futures-worker-1"].server == "https://10.0.1.3:6443"
    error_message = "workers join through the load balancer"
  }
}

run "a3_1_the_root_application_comes_from_the_repository_that_was_asked_for" {
  command = plan

  variables {
    gitops = { repo_url = "https://git.example.org/fork.git", revision = "stage" }
  }

  assert {
    condition     = length(regexall("https://git.example.org/fork.git", local.root_manifest)) == 2 && length(regexall("targetRevision: stage\n", local.root_manifest)) == 1
    error_message = "project and Application name the repository, the Application its branch"
  }

  assert {
    condition     = !strcontains(local.root_manifest, "alternatefutures/platform")
    error_message = "nothing of the default is left"
  }
}
