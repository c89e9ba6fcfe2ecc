output "kubeconfig_path" {
  description = "The administrator's kubeconfig."
  value       = terraform_data.kubeconfig.output
}

output "load_balancer" {
  description = "Addresses of the public load balancer, and the private one of the API."
  value = {
    ipv4        = hcloud_load_balancer.ingress.ipv4
    ipv6        = hcloud_load_balancer.ingress.ipv6
    api_private = local.api_private_ip
  }
}

output "nodes" {
  description = "Every node with its role, its address in the private network and its public one."
  value = {
    for name, node in local.nodes : name => {
      role    = node.role == "server" ? "control-plane" : "worker"
      private = node.ip
      public  = local.public_ips[name]
    }
  }
}

output "volumes" {
  description = "Volume ids by purpose, for backups and for moving data by hand."
  value       = { for name, volume in hcloud_volume.data : name => volume.id }
}

output "dns_records" {
  description = "Records to set at the domain's name servers; already set unless dns_mode is none."
  value       = [for record in local.dns_records : merge(record, { name = record.name == "@" ? var.domain : "${record.name}.${var.domain}" })]
}

output "name_servers" {
  description = "Name servers to enter at the registrar when dns_mode is zone."
  value       = flatten([for zone in hcloud_zone.platform : zone.authoritative_nameservers.assigned])
}
