# shellcheck shell=bash
# The units of systemd pass systemd-analyze, with other programs in place of ours, which need not be installed.
check() {
  local units folder unit said
  need systemd-analyze systemd
  mapfile -t units < <(files '*.service')
  ((${#units[@]} > 0)) || return 0
  folder=$(mktemp -d)
  for unit in "${units[@]}"; do
    sed -E 's#^(Exec[A-Za-z]+=)(/usr/local/bin/[^ ]+|/usr/bin/redis-server)#\1/bin/true#' "$unit" >"$folder/${unit##*/}"
  done
  # A template is checked through one of its units.
  for unit in "$folder"/*@.service; do [[ ! -e $unit ]] || cp "$unit" "${unit/@.service/@1.service}"; done
  said=$(SYSTEMD_UNIT_PATH=$folder: systemd-analyze verify --recursive-errors=no --man=no "$folder"/*[!@].service 2>&1) || true
  rm -rf "$folder"
  [[ -z $said ]] || { echo "$said" && return 1; }
}

sample() {
  printf '[Service]\nExecStart=/usr/local/bin/ours --flag\n' | put deploy/a.service
  [[ $1 == good ]] || printf '[Service]\nExecStart=relative\nRestat=always\n' | put deploy/b.service
}
