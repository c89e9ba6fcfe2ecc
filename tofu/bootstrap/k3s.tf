# /etc/rancher/k3s/config.yaml of every node. Values that must be equal on all servers
# come from one map; the join address and the interface are found on the node (files/install.sh).

locals {
  servers = [for name, node in var.nodes : name if node.role == "server"]

  # Strong suites only; the lists of the API and the kubelet are the same.
  tls_ciphers = join(",", [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  ])

  kubelet_args = [
    "cloud-provider=external",
    "container-log-max-files=5",
    "container-log-max-size=20Mi",
    "pod-max-pids=4096",
    "streaming-connection-idle-timeout=5m",
    "tls-cipher-suites=${local.tls_ciphers}",
  ]

  # Every server must start with the same of these, or it does not join.
  server_config = merge({
    "token-file"                  = "/etc/rancher/k3s/token"
    "agent-token-file"            = "/etc/rancher/k3s/agent-token"
    "tls-san"                     = concat(var.api_names, sort([for name in local.servers : var.nodes[name].ip]))
    "cluster-cidr"                = var.pod_cidr
    "service-cidr"                = var.service_cidr
    "cluster-dns"                 = cidrhost(var.service_cidr, 10)
    "flannel-backend"             = "wireguard-native"
    "disable"                     = ["local-storage"]
    "disable-cloud-controller"    = true
    "secrets-encryption"          = true
    "secrets-encryption-provider" = "secretbox"
    "protect-kernel-defaults"     = true
    "write-kubeconfig-mode"       = "0600"
    "node-taint"                  = ["node-role.kubernetes.io/control-plane=true:NoSchedule"]
    "etcd-snapshot-schedule-cron" = var.etcd_snapshots.schedule
    "etcd-snapshot-retention"     = var.etcd_snapshots.retention
    "kubelet-arg"                 = local.kubelet_args
    "kube-controller-manager-arg" = ["terminated-pod-gc-threshold=100"]
    "kube-apiserver-arg" = [
      "admission-control-config-file=/etc/rancher/k3s/admission.yaml",
      "audit-log-maxage=30",
      "audit-log-maxbackup=10",
      "audit-log-maxsize=100",
      "audit-log-path=/var/lib/rancher/k3s/server/logs/audit.log",
      "audit-policy-file=/etc/rancher/k3s/audit.yaml",
      "enable-admission-plugins=NodeRestriction,EventRateLimit",
      "request-timeout=300s",
      "service-account-extend-token-expiration=false",
      "tls-cipher-suites=${local.tls_ciphers}",
    ]
  }, local.snapshot_bucket)

  # Any further S3 setting here would make K3s ignore the Secret that holds the keys.
  snapshot_bucket = { for key, value in {
    "etcd-s3"               = true
    "etcd-s3-config-secret" = "k3s-etcd-snapshot-s3-config"
  } : key => value if local.etcd_s3_enabled }

  agent_config = {
    "token-file"              = "/etc/rancher/k3s/token"
    "server"                  = "https://${var.api_ip}:6443"
    "protect-kernel-defaults" = true
    "kubelet-arg"             = local.kubelet_args
    # Only nodes with this label get the pods that take ports 80 and 443.
    "node-label" = ["svccontroller.k3s.cattle.io/enablelb=true"]
  }

  node_configs = { for name, node in var.nodes : name => merge(
    node.role == "server" ? merge(local.server_config, { "advertise-address" = node.ip }) : null,
    node.role == "server" ? null : local.agent_config,
    { "node-name" = name, "node-ip" = node.ip },
  ) }

  # Whether there is a bucket is no secret; only what opens it is.
  etcd_s3_enabled = nonsensitive(var.etcd_s3 != null)

  # Workers get a token of their own, with which no server can join.
  server_token = sha256("server/${var.cluster_token}")
  agent_token  = sha256("agent/${var.cluster_token}")
}
