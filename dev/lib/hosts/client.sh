# shellcheck shell=bash disable=SC2154 # state, cache and self are set by dev/hosts and state.sh
# How this side reaches the hosts: a key, known host keys, and an `ssh` that uses them.

write_client_files() {
  mkdir -p "$state"/{keys,bin}
  chmod 700 "$state/keys"
  [[ -e $state/keys/id_ed25519 ]] || ssh-keygen -q -t ed25519 -N '' -C hvc-hosts -f "$state/keys/id_ed25519"
  cat >"$state/ssh_config" <<END
Host $(net).*
  IdentityFile $state/keys/id_ed25519
  IdentitiesOnly yes
  UserKnownHostsFile $state/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
  ConnectTimeout 5
Host *
  Include ~/.ssh/config
  Include /etc/ssh/ssh_config
END
  # libvirt runs the first `ssh` in PATH, and takes no other configuration than that.
  printf '#!/bin/sh\nexec /usr/bin/ssh -F "%s" "$@"\n' "$state/ssh_config" >"$state/bin/ssh"
  chmod 755 "$state/bin/ssh"
}

show_env() {
  [[ -e $state/bin/ssh ]] || fail "no hosts are up; start some with: dev/hosts up N"
  # shellcheck disable=SC2016 # expanded by the reader
  printf 'export PATH=%q:$PATH\n' "$state/bin"
  printf 'export HVC_HOSTS_DIR=%q\n' "$state"
}
