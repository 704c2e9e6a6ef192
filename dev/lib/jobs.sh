# shellcheck shell=bash
# The queue as a script sees it, through its own `redis COMMAND…`.

# No job is queued, under way or put off.
is_quiet() {
  [[ $(redis LLEN hvc:queue) == 0 && $(redis ZCARD hvc:leases) == 0 && $(redis ZCARD hvc:delayed) == 0 ]] &&
    [[ -z $(redis --scan --pattern 'hvc:processing:*') ]]
}
