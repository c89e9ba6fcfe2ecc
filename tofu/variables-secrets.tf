# Secrets come from TF_VAR_* variables or a private tfvars file; none has a default and none is printed.

variable "hcloud_token" {
  type        = string
  sensitive   = true
  description = "Hetzner Cloud API token with read and write rights; also used by the cloud controller and CSI driver."

  validation {
    condition     = can(regex("^[A-Za-z0-9]{64}$", var.hcloud_token))
    error_message = "A Hetzner Cloud token has 64 letters and digits."
  }
}

variable "state_passphrase" {
  type        = string
  sensitive   = true
  description = "Passphrase that encrypts state and plans; `openssl rand -base64 32` makes one. Losing it loses the state."

  validation {
    condition     = length(var.state_passphrase) >= 24 && length(distinct(split("", var.state_passphrase))) >= 12
    error_message = "Use at least 24 characters, 12 of them different; `openssl rand -base64 32` makes a good one."
  }
}

variable "cluster_token" {
  type        = string
  sensitive   = true
  description = "Secret with which nodes join; `openssl rand -hex 32` makes one. An etcd snapshot restores only with the same token."

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.cluster_token)) && length(distinct(split("", var.cluster_token))) >= 8
    error_message = "Use 64 random hexadecimal digits: openssl rand -hex 32."
  }
}

variable "ssh_public_key" {
  type        = string
  description = "Public key that may log in as root, in OpenSSH format."

  validation {
    condition     = can(regex("^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\\.com) [A-Za-z0-9+/=]{40,}( \\S.*)?$", var.ssh_public_key))
    error_message = "Use an Ed25519 or ECDSA public key in OpenSSH format; RSA and DSA are refused."
  }
}

variable "ssh_private_key_file" {
  type        = string
  default     = null
  description = "File with the private key to ssh_public_key; null takes it from the SSH agent."

  validation {
    condition     = var.ssh_private_key_file == null || can(file(pathexpand(var.ssh_private_key_file)))
    error_message = "The private key file cannot be read."
  }
}

variable "sealing_key" {
  type = object({
    certificate = string
    private_key = string
  })
  default     = null
  sensitive   = true
  description = "Key pair of Sealed Secrets in PEM. Given, committed secrets open in a rebuilt cluster; null lets the controller make one."

  validation {
    condition = var.sealing_key == null || (
      can(regex("^-----BEGIN CERTIFICATE-----", try(var.sealing_key.certificate, ""))) &&
      can(regex("^-----BEGIN (RSA )?PRIVATE KEY-----", try(var.sealing_key.private_key, "")))
    )
    error_message = "Give certificate and private_key in PEM format."
  }
}

variable "etcd_s3" {
  type = object({
    endpoint   = string
    region     = string
    bucket     = string
    folder     = optional(string, "etcd")
    access_key = string
    secret_key = string
  })
  default     = null
  sensitive   = true
  description = "Bucket that receives every etcd snapshot; null keeps snapshots on the control planes only."

  validation {
    condition     = var.etcd_s3 == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?$", try(var.etcd_s3.endpoint, "")))
    error_message = "endpoint is a host name without a scheme, such as s3.example.org."
  }
}
