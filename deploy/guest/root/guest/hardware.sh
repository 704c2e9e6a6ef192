# shellcheck shell=dash
# Drivers, the power button, and what there is.

load_drivers() {
  while read -r module; do
    insmod "/modules/$module.ko" 2>/dev/null
  done </modules/order
}

# MiB of memory that the firmware offers; /proc/meminfo would leave out what the kernel took for itself.
memory_mib() {
  bytes=0
  for range in /sys/firmware/memmap/*; do
    [ "$(cat "$range/type")" = "System RAM" ] || continue
    bytes=$((bytes + $(cat "$range/end") - $(cat "$range/start") + 1))
  done
  echo $(((bytes + 1048575) / 1048576))
}

# disk_size NAME: in MiB, or in KiB where it is less than one.
disk_size() {
  sectors=$(cat "/sys/block/$1/size")
  if [ "$sectors" -ge 2048 ]; then echo "$((sectors / 2048)) MiB"; else echo "$((sectors / 2)) KiB"; fi
}

say_hardware() {
  read -r seconds _ </proc/uptime
  say "booted in ${seconds%?} s, $(plural "$(nproc)" cpu), $(memory_mib) MiB"
  for disk in /sys/block/vd*; do
    [ ! -e "$disk/size" ] || say "disk ${disk##*/} $(disk_size "${disk##*/}")"
  done
}

watch_power_button() {
  tries=0
  while [ ! -e /dev/input/event0 ] && [ "$tries" -lt 20 ]; do
    usleep 50000
    tries=$((tries + 1))
  done
  acpid -d -f >/dev/null 2>&1 </dev/null &
}

# The kernel makes devices by itself; what is to be done beyond that, /guest/hotplug does.
watch_hotplug() { uevent /guest/hotplug >/dev/null 2>&1 </dev/null & }
