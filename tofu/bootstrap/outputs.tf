output "user_data" {
  description = "cloud-init of every node; the same for all, and free of secrets."
  value       = local.user_data
}

output "install_scripts" {
  description = "Per node: the script that installs, joins or upgrades K3s. Holds the join tokens."
  value       = local.install_scripts
  sensitive   = true
}

output "manifest_script" {
  description = "The script that puts the manifests where K3s applies them. Holds the cloud token."
  value       = local.manifest_script
  sensitive   = true
}

output "node_configs" {
  description = "Per node: config.yaml as an object, for checks."
  value       = local.node_configs
}
