# shellcheck shell=bash disable=SC2154 # folder, release and seconds are set by run and the pieces
# The pure core: decisions without Redis, by one thread.

prepare_placement() { build_helper PlacementDecisions; }

measure_placement() {
  local policy size aims
  say "placement: one decision, and 1,000 in one plan"
  "$release/PlacementDecisions" $((seconds * 200)) >"$folder/placement"
  for policy in seed spread pack random; do
    for size in 100 1000 10000 100000; do
      aims=('' '')
      ((size != 10000)) || aims=('<= 100' '<= 1000')
      figure placement "$policy, $size PMs, median" "$(decision "$policy" "$size" 4)" us "${aims[0]}"
      figure placement "$policy, $size PMs, p99" "$(decision "$policy" "$size" 5)" us "${aims[1]}"
    done
    figure placement "$policy, 10000 PMs, 1,000 in one plan" "$(awk -v p="$policy" '$1 == "batch" && $2 == p { print $4 }' "$folder/placement")" ms '<= 50'
  done
}

# decision POLICY PMS FIELD
decision() { awk -v p="$1" -v n="$2" -v f="$3" '$1 == "one" && $2 == p && $3 == n { print $f }' "$folder/placement"; }
