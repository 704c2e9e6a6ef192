# shellcheck shell=bash
# The queue as a script sees it, through its own `redis COMMAND…`.

# No job is queued, under way or deferred.
is_quiet() {
  [[ $(redis EXISTS hvc:queue hvc:queue:returned hvc:queue:direct hvc:leases hvc:delayed) == 0 ]] &&
    [[ -z $(redis --scan --pattern 'hvc:processing:*') ]]
}
