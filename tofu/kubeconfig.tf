# Fetches the administrator's kubeconfig from the first control plane, and removes it again
# on destroy: it is the one file this configuration leaves on the operator's machine.

resource "terraform_data" "kubeconfig" {
  input = abspath(pathexpand(var.kubeconfig_path))

  triggers_replace = [terraform_data.first_start.id, local.public_ips[local.first_control_plane]]

  provisioner "local-exec" {
    command = "bash ${path.module}/bin/kubeconfig.sh"

    environment = {
      SSH_HOST     = local.public_ips[local.first_control_plane]
      SSH_KEY_FILE = var.ssh_private_key_file == null ? "" : pathexpand(var.ssh_private_key_file)
      TARGET       = abspath(pathexpand(var.kubeconfig_path))
      CONTEXT      = var.cluster_name
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "rm -f -- \"$TARGET\""

    environment = { TARGET = self.input }
  }

  depends_on = [terraform_data.install]
}
