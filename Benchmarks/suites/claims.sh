# shellcheck shell=bash disable=SC2154 # folder, release, rounds and seconds are set by run and the pieces
# From the queue to a place: workers' looks, plans and claims, without what they do then, on 1,000 PMs.
#
# Beside it the claim script alone, with everything planned beforehand: what Redis allows, with the same persistence.

prepare_claims() { build_helper Claims; }

measure_claims() {
  local round workers
  for ((round = 1; round <= rounds; round++)); do
    for workers in 0 1 2 4; do
      say "claims: round $round of $rounds, $workers workers"
      start_empty_redis
      "$release/Claims" "$HVC_REDIS_URL" $((seconds * 2000)) "$workers" 1000 2>"$folder/claims.log" |
        awk '{ print $2 }' >>"$folder/claims-$workers" || fail "$(tail -n 3 "$folder/claims.log")"
      stop redis
    done
  done
  figure claims "the script alone" "$(quantile 0.5 <"$folder/claims-0")" /s
  for workers in 1 2 4; do
    figure claims "$workers workers" "$(quantile 0.5 <"$folder/claims-$workers")" /s
    figure claims "$workers workers to the script alone" \
      "$(calculate "$(quantile 0.5 <"$folder/claims-$workers") / $(quantile 0.5 <"$folder/claims-0")")" ratio '>= 0.5'
  done
}
