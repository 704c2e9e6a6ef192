# shellcheck shell=dash
# Who this guest is: its instance, name, host key and who may log in. Kept in /data/.guest, for a boot without its seed.

readonly kept=/data/.guest

# Another instance-id is another machine, as for a clone: it gets a host key of its own, and runs its user data.
take_identity() {
  instance=$(value meta-data instance-id)
  [ -n "$instance" ] || instance=$(cat "$kept/instance-id" 2>/dev/null)
  is_new=''
  [ -s "$kept/host_key" ] && [ "${instance:-none}" = "$(cat "$kept/instance-id" 2>/dev/null)" ] || is_new=yes
  if [ -n "$is_new" ]; then
    rm -f "$kept"/*
    dropbearkey -t ed25519 -f "$kept/host_key" >/dev/null 2>&1 || warn "no host key could be made"
    echo "${instance:-none}" >"$kept/instance-id"
  fi
  take_name
  take_keys
  sync
}

take_name() {
  name=$(value user-data hostname)
  [ -n "$name" ] || name=$(value meta-data local-hostname)
  [ -n "$name" ] || name=$(cat "$kept/hostname" 2>/dev/null)
  case ${name:-guest} in
    *[!A-Za-z0-9.-]* | -* | .*)
      warn "seed: the host name has signs that none may have; it is guest"
      name=guest
      ;;
  esac
  name=${name:-guest}
  # As cloud-init does: the domain is for /etc/hosts alone.
  hostname "${name%%.*}"
  echo "$name" >"$kept/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s %s\n' "$name" "${name%%.*}" >/etc/hosts
  say "host $name"
}

take_keys() {
  { values meta-data public-keys && values user-data ssh_authorized_keys; } | grep . >"$kept/new_keys"
  if [ -s "$kept/new_keys" ]; then mv "$kept/new_keys" "$kept/authorized_keys"; else rm -f "$kept/new_keys"; fi
  [ -e "$kept/authorized_keys" ] || : >"$kept/authorized_keys"
  (umask 077 && cp "$kept/authorized_keys" /root/.ssh/authorized_keys)
  say "$(plural "$(grep -c . /root/.ssh/authorized_keys)" key) for root"
}
