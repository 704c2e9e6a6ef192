# shellcheck shell=dash disable=SC2154 # seed is set by seed.sh
# User data: a script, or of cloud-config what /guest/seed.sh and this file know. Run once an instance, as root.

# Ends with the line that cloud-init ends with.
finish() {
  [ -z "$is_new" ] || run_user_data
  read -r seconds _ </proc/uptime
  source=None
  [ -z "$seed_disk" ] || source="NoCloud [seed=$seed_disk]"
  say "v. 1 finished at $(date -u '+%a, %d %b %Y %H:%M:%S +0000'). Datasource DataSource$source.  Up $seconds seconds"
}

run_user_data() {
  case $(user_data_kind) in
    none) ;;
    script)
      cp "$seed/user-data" /run/user-data && chmod 700 /run/user-data
      run /run/user-data
      ;;
    cloud-config) run_commands ;;
    *) warn "user data is ignored: it begins neither with #! nor with #cloud-config" ;;
  esac
}

# Each of runcmd: a text goes to the shell, a list is a program with its arguments.
run_commands() {
  [ -e "$seed/user-data.values" ] || return 0
  ignored=$(cut -f 1 "$seed/user-data.values" | cut -d / -f 1 | sort -u |
    grep -vxE 'hostname|ssh_authorized_keys|runcmd' | paste -s -d ' ' -)
  [ -z "$ignored" ] || warn "user data: not known here, and ignored: $ignored"
  command=0
  while grep -qE "^runcmd/$command(/0)?	" "$seed/user-data.values"; do
    if grep -q "^runcmd/$command	" "$seed/user-data.values"; then
      run sh -c "$(value user-data "runcmd/$command")"
    else
      set --
      while grep -q "^runcmd/$command/$#	" "$seed/user-data.values"; do
        set -- "$@" "$(value user-data "runcmd/$command/$#")"
      done
      run "$@"
    fi
    command=$((command + 1))
  done
}

run() {
  (cd / && exec "$@") </dev/null
  status=$?
  [ "$status" = 0 ] || warn "user data: $1 ended with status $status"
}
