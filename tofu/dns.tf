# The records that lead to the platform: always an output, written too when Hetzner serves the domain.

locals {
  dns_records = concat(
    flatten([for host in sort(var.dns_hosts) : [
      { name = host, type = "A", value = hcloud_load_balancer.ingress.ipv4 },
      { name = host, type = "AAAA", value = hcloud_load_balancer.ingress.ipv6 },
    ]]),
    # Nobody but the authority in use may issue certificates for the domain.
    [{ name = "@", type = "CAA", value = "0 issue \"letsencrypt.org\"" }],
  )
}

resource "hcloud_zone" "platform" {
  count = var.dns_mode == "zone" ? 1 : 0

  name              = var.domain
  mode              = "primary"
  delete_protection = var.delete_protection
  labels            = local.labels
}

resource "hcloud_zone_rrset" "platform" {
  for_each = var.dns_mode == "none" ? {} : { for record in local.dns_records : "${record.name}/${record.type}" => record }

  zone    = var.dns_mode == "zone" ? hcloud_zone.platform[0].name : var.domain
  name    = each.value.name
  type    = each.value.type
  ttl     = 300
  records = [{ value = each.value.value }]
}
