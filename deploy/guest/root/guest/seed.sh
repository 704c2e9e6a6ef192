# shellcheck shell=dash
# The NoCloud seed: a disk labelled cidata with meta-data, user-data and network-config, as cloud-init takes it.
# /run/seed has its files, and beside each that is YAML or JSON what /guest/yaml.awk made of it, `<name>.values`.

readonly seed=/run/seed

read_seed() {
  mkdir -p "$seed" /mnt
  seed_disk=$(find_seed)
  if [ -z "$seed_disk" ]; then
    say "seed none"
    return
  fi
  if ! mount -t iso9660 -o ro "$seed_disk" /mnt 2>/dev/null && ! mount -t vfat -o ro "$seed_disk" /mnt; then
    warn "seed: $seed_disk cannot be mounted, going on without"
    return
  fi
  for name in meta-data user-data network-config; do
    [ ! -e "/mnt/$name" ] || cp "/mnt/$name" "$seed/$name" || warn "seed: $name cannot be read"
  done
  umount /mnt
  read_values meta-data
  read_values network-config
  [ "$(user_data_kind)" != cloud-config ] || read_values user-data
  instance=$(value meta-data instance-id)
  say "seed $seed_disk: instance ${instance:-unknown}, user data $(user_data_kind)"
}

# The first disk with that label: of ISO 9660 at byte 32808, of FAT16 at 43, of FAT32 at 71.
find_seed() {
  for device in /sys/class/block/vd*; do
    device=/dev/${device##*/}
    for offset in 32808 43 71; do
      label=$(dd if="$device" bs=1 skip="$offset" count=11 2>/dev/null | tr '[:upper:]\0' '[:lower:] ')
      case $label in "cidata     ") echo "$device" && return ;; esac
    done
  done
}

# read_values NAME: what cannot be read counts as not there.
read_values() {
  [ -s "$seed/$1" ] || return 0
  problem=$(awk -f /guest/yaml.awk "$seed/$1" 2>&1 >"$seed/$1.values") && return
  warn "seed: $1 is ignored: $problem"
  rm -f "$seed/$1.values"
}

# value NAME PATH: prints one value; nothing where there is none.
value() {
  [ ! -e "$seed/$1.values" ] ||
    printf '%b' "$(awk -F '\t' -v path="$2" '$1 == path { print $2; exit }' "$seed/$1.values")"
}

# values NAME PREFIX: prints all whose path is PREFIX or below, one a line.
values() {
  [ ! -e "$seed/$1.values" ] ||
    awk -F '\t' -v path="$2" '$1 == path || index($1, path "/") == 1 { print $2 }' "$seed/$1.values" |
    while IFS= read -r text; do printf '%b\n' "$text"; done
}

user_data_kind() {
  [ -s "$seed/user-data" ] || { echo none && return; }
  case $(head -c 15 "$seed/user-data" | tr -d '\0' | head -n 1) in
    '#!'*) echo script ;;
    '#cloud-config'*) echo cloud-config ;;
    *) echo 'of an unknown kind' ;;
  esac
}
