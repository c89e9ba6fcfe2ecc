# Puts settings, files and the script body together into one file a node, so that a single
# upload is all that has to arrive.

locals {
  # Settings that steer the script, and the files it writes; all files get mode 0600.
  install_scripts = { for name, node in var.nodes : name => templatefile("${path.module}/templates/script.sh.tftpl", {
    title = "Brings ${name} to the state its settings describe. Rendered by tofu."
    body  = file("${path.module}/files/install.sh")
    settings = {
      NODE_NAME          = name
      NODE_IP            = node.ip
      NODE_ROLE          = node.role
      K3S_VERSION        = var.k3s_version
      K3S_INSTALL_SHA256 = var.k3s_install_sha256 == null ? "" : var.k3s_install_sha256
      OTHER_SERVERS      = join(" ", [for other in local.servers : var.nodes[other].ip if other != name])
      EARLIER_SERVERS    = join(" ", [for other in slice(local.servers, 0, try(index(local.servers, name), 0)) : var.nodes[other].ip])
    }
    files = merge(
      {
        "/etc/rancher/k3s/config.yaml" = yamlencode(local.node_configs[name])
        "/etc/rancher/k3s/token"       = node.role == "server" ? local.server_token : local.agent_token
      },
      node.role == "server" ? {
        "/etc/rancher/k3s/agent-token"    = local.agent_token
        "/etc/rancher/k3s/admission.yaml" = yamlencode(local.admission)
        "/etc/rancher/k3s/audit.yaml"     = yamlencode(local.audit_policy)
      } : {},
    )
  }) }

  manifest_folder = "/var/lib/rancher/k3s/server/manifests"

  manifest_script = templatefile("${path.module}/templates/script.sh.tftpl", {
    title    = "Puts the manifests where K3s applies them. Rendered by tofu."
    body     = file("${path.module}/files/manifests.sh")
    settings = { MANIFESTS = local.manifest_folder, NAMES = join(" ", keys(local.manifests)) }
    files    = { for name, content in local.manifests : "${local.manifest_folder}/${name}" => content }
  })
}
