# First boot: makes the host fit for K3s and hard to log in to. It holds no secret,
# because every pod of a node could read it from the metadata service.

locals {
  cloud_init = {
    package_update  = true
    package_upgrade = true
    packages        = ["ca-certificates", "curl", "open-iscsi", "unattended-upgrades", "wireguard-tools"]

    # Root logs in with a key or not at all.
    ssh_pwauth   = false
    disable_root = false

    write_files = [
      {
        path        = "/etc/sysctl.d/90-kubelet.conf"
        permissions = "0644"
        # What the kubelet would set itself; protect-kernel-defaults makes it check instead.
        content = <<-EOT
          vm.panic_on_oom=0
          vm.overcommit_memory=1
          kernel.panic=10
          kernel.panic_on_oops=1
          kernel.keys.root_maxbytes=25000000
          kernel.keys.root_maxkeys=1000000
          fs.inotify.max_user_instances=1024
          fs.inotify.max_user_watches=524288
        EOT
      },
      {
        path        = "/etc/modules-load.d/k3s.conf"
        permissions = "0644"
        content     = "br_netfilter\noverlay\nwireguard\n"
      },
      {
        path        = "/etc/ssh/sshd_config.d/10-hardening.conf"
        permissions = "0600"
        content     = <<-EOT
          PasswordAuthentication no
          KbdInteractiveAuthentication no
          PermitRootLogin prohibit-password
          MaxAuthTries 3
          AllowAgentForwarding no
          X11Forwarding no
        EOT
      },
      {
        path        = "/etc/apt/apt.conf.d/52-security-upgrades"
        permissions = "0644"
        # Security fixes install by themselves; a reboot is somebody's decision, one node at a time.
        content = <<-EOT
          APT::Periodic::Update-Package-Lists "1";
          APT::Periodic::Unattended-Upgrade "1";
          Unattended-Upgrade::Automatic-Reboot "false";
        EOT
      },
      {
        path        = "/etc/systemd/journald.conf.d/size.conf"
        permissions = "0644"
        content     = "[Journal]\nSystemMaxUse=1G\n"
      },
    ]

    runcmd = [
      ["systemctl", "restart", "systemd-modules-load.service", "systemd-journald.service"],
      ["sysctl", "--system"],
      ["sh", "-c", "systemctl restart ssh.service || systemctl restart sshd.service"],
    ]
  }

  user_data = "#cloud-config\n${yamlencode(local.cloud_init)}"
}
