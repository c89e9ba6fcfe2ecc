# Exact versions, and the rule that nothing lands on disk unencrypted.

terraform {
  required_version = "~> 1.12.0"

  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "1.68.0"
    }
  }

  # State and saved plans hold the join token, the sealing key and every address.
  # `enforced` makes tofu refuse to read or write them in the clear, so a lost
  # setting is an error and not a leak.
  encryption {
    key_provider "pbkdf2" "passphrase" {
      passphrase = var.state_passphrase
    }

    method "aes_gcm" "state" {
      keys = key_provider.pbkdf2.passphrase
    }

    state {
      method   = method.aes_gcm.state
      enforced = true
    }

    plan {
      method   = method.aes_gcm.state
      enforced = true
    }
  }
}
