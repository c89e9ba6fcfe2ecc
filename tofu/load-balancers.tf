# Two load balancers, both entirely in this state: the cloud controller is told not to
# manage any, so nothing can appear that `tofu destroy` does not know.
#
# ingress: public, 80 and 443 to the workers with the PROXY protocol, so Traefik sees the
#          client's address. On the workers K3s's ServiceLB hands the ports to Traefik.
# api:     private, 6443 to the control planes: the fixed address that nodes join through.
#          A Hetzner load balancer has no firewall, so the API is never put on a public one;
#          administrators reach it on the control planes, behind their firewall.

resource "hcloud_load_balancer" "ingress" {
  name               = var.cluster_name
  load_balancer_type = var.load_balancer_type
  location           = var.location
  delete_protection  = var.delete_protection
  labels             = local.labels

  algorithm {
    type = "least_connections"
  }
}

resource "hcloud_load_balancer_network" "ingress" {
  load_balancer_id        = hcloud_load_balancer.ingress.id
  subnet_id               = hcloud_network_subnet.nodes.id
  ip                      = local.ingress_private_ip
  enable_public_interface = true
}

resource "hcloud_load_balancer_target" "workers" {
  load_balancer_id = hcloud_load_balancer.ingress.id
  type             = "label_selector"
  label_selector   = "cluster=${var.cluster_name},role=worker"
  use_private_ip   = true

  depends_on = [hcloud_load_balancer_network.ingress]
}

resource "hcloud_load_balancer_service" "ingress" {
  for_each = { http = 80, https = 443 }

  load_balancer_id = hcloud_load_balancer.ingress.id
  protocol         = "tcp"
  listen_port      = each.value
  destination_port = each.value
  proxyprotocol    = true

  health_check {
    protocol = "tcp"
    port     = each.value
    interval = 5
    timeout  = 3
    retries  = 2
  }
}

resource "hcloud_load_balancer" "api" {
  name               = "${var.cluster_name}-api"
  load_balancer_type = var.load_balancer_type
  location           = var.location
  labels             = local.labels

  algorithm {
    type = "round_robin"
  }
}

resource "hcloud_load_balancer_network" "api" {
  load_balancer_id        = hcloud_load_balancer.api.id
  subnet_id               = hcloud_network_subnet.nodes.id
  ip                      = local.api_private_ip
  enable_public_interface = false
}

resource "hcloud_load_balancer_target" "control_planes" {
  load_balancer_id = hcloud_load_balancer.api.id
  type             = "label_selector"
  label_selector   = "cluster=${var.cluster_name},role=control-plane"
  use_private_ip   = true

  depends_on = [hcloud_load_balancer_network.api]
}

resource "hcloud_load_balancer_service" "api" {
  load_balancer_id = hcloud_load_balancer.api.id
  protocol         = "tcp"
  listen_port      = 6443
  destination_port = 6443

  health_check {
    protocol = "tcp"
    port     = 6443
    interval = 5
    timeout  = 3
    retries  = 2
  }
}
