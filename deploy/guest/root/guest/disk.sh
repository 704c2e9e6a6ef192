# shellcheck shell=dash
# The disk's second partition, /data: what outlives the guest's power. All else is in memory.

readonly disk_of_data=/dev/vda partition=2

# Gives the partition what the disk has grown by, then the file system.
mount_data() {
  grow_partition || warn "partition $partition of $disk_of_data could not be grown"
  if mount -t ext4 -o noatime "$disk_of_data$partition" /data; then
    resize2fs "$disk_of_data$partition" >/dev/null 2>&1 || warn "/data could not be grown"
    say "data $(df -m /data | awk 'END { print $2 }') MiB"
  else
    warn "$disk_of_data$partition cannot be mounted: /data is in memory and goes with the power"
  fi
  mkdir -p /data/.guest && chmod 700 /data/.guest
}

# Writes the entry's number of sectors, 4 bytes little-endian, while nothing of the disk is in use.
grow_partition() {
  start=$(cat "/sys/class/block/${disk_of_data##*/}$partition/start") || return
  size=$(($(cat "/sys/class/block/${disk_of_data##*/}/size") - start))
  # What an entry can hold is 2 TiB.
  [ "$size" -le 4294967295 ] || size=4294967295
  [ "$size" -gt "$(cat "/sys/class/block/${disk_of_data##*/}$partition/size")" ] || return 0
  bytes=''
  for shift in 0 8 16 24; do bytes="$bytes\\$(printf %03o $((size >> shift & 255)))"; done
  # shellcheck disable=SC2059 # the bytes
  printf "$bytes" | dd of="$disk_of_data" bs=1 seek=$((446 + (partition - 1) * 16 + 12)) conv=notrunc 2>/dev/null
  blockdev --rereadpt "$disk_of_data"
}
