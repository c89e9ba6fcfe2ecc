# What the API server admits and records (CIS benchmark), as files beside config.yaml.

locals {
  admission = {
    apiVersion = "apiserver.config.k8s.io/v1"
    kind       = "AdmissionConfiguration"
    plugins = [
      {
        name = "PodSecurity"
        configuration = {
          apiVersion = "pod-security.admission.config.k8s.io/v1"
          kind       = "PodSecurityConfiguration"
          # Every namespace gets the strictest profile unless its own labels say otherwise.
          defaults = {
            enforce           = "restricted"
            "enforce-version" = "latest"
            audit             = "restricted"
            "audit-version"   = "latest"
            warn              = "restricted"
            "warn-version"    = "latest"
          }
          # CSI, ServiceLB and K3s's own jobs need the host.
          exemptions = { usernames = [], runtimeClasses = [], namespaces = ["kube-system"] }
        }
      },
      {
        name = "EventRateLimit"
        configuration = {
          apiVersion = "eventratelimit.admission.k8s.io/v1alpha1"
          kind       = "Configuration"
          limits     = [{ type = "Server", qps = 5000, burst = 20000 }]
        }
      },
    ]
  }

  # Who did what to which object, without bodies: bodies of Secrets must never reach a log.
  audit_policy = {
    apiVersion = "audit.k8s.io/v1"
    kind       = "Policy"
    omitStages = ["RequestReceived"]
    rules = [
      { level = "None", nonResourceURLs = ["/healthz*", "/livez*", "/readyz*", "/version"] },
      { level = "None", resources = [{ group = "coordination.k8s.io", resources = ["leases"] }] },
      { level = "None", verbs = ["get", "list", "watch"], users = ["system:kube-proxy", "system:apiserver"] },
      { level = "Metadata" },
    ]
  }
}
