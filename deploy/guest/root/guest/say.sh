# shellcheck shell=dash
# What the guest says: a line each on the serial console.

say() { echo "hvc-guest: $*"; }

# Goes on the same line whoever reads consoles for cloud-init's warnings looks for.
warn() { echo "hvc-guest: [WARNING]: $*"; }

plural() { if [ "$1" = 1 ]; then echo "$1 $2"; else echo "$1 $2s"; fi; }
