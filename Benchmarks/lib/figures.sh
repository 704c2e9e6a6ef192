# shellcheck shell=bash disable=SC2154 # folder, root, rounds and seconds are set by run and settings.sh
# Figures: how they come out of many measures, and how they are shown.

calculate() { awk "BEGIN { printf \"%.6g\", $1 }"; }

# figure SUITE WHAT VALUE UNIT [AIM]: notes one. AIM is `>= N` or `<= N`.
figure() { printf '%s\t%s\t%.6g\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" >>"$folder/figures"; }

# "met" or "missed", for a line of figures that has an aim.
judge='function verdict(value, aim, part) {
  if (split(aim, part, " ") != 2) return ""
  return (part[1] == ">=" ? value + 0 >= part[2] + 0 : value + 0 <= part[2] + 0) ? "met" : "missed"
}'
readonly judge

print_table() {
  machine | awk -F'\t' '{ printf "%-10s %s\n", $1, $2 }'
  awk -F'\t' "$judge"'
    $1 != suite { suite = $1; printf "\n%-52s %12s %-5s %-9s\n", suite, "measured", "", "aim" }
    { printf "  %-50s %12.6g %-5s %-9s %s\n", $2, $3, $4, $5, verdict($3, $5) }' "$folder/figures"
}

print_json() {
  printf '{"machine":{'
  machine | awk -F'\t' '{ printf "%s\"%s\":\"%s\"", (NR > 1 ? "," : ""), $1, $2 }'
  printf '},"rounds":%d,"seconds":%d,"figures":[' "$rounds" "$seconds"
  awk -F'\t' "$judge"'
    {
      printf "%s{\"suite\":\"%s\",\"what\":\"%s\",\"value\":%s,\"unit\":\"%s\"", (NR > 1 ? "," : ""), $1, $2, $3, $4
      if ($5) printf ",\"aim\":\"%s\",\"met\":%s", $5, verdict($3, $5) == "met" ? "true" : "false"
      printf "}"
    }' "$folder/figures"
  printf ']}\n'
}

# What the figures were measured on: NAME, TAB, VALUE.
machine() {
  printf 'date\t%s\n' "$(date -u +%FT%TZ)"
  printf 'commit\t%s\n' "$(git -c safe.directory='*' -C "$root" describe --always --dirty)"
  printf 'cpu\t%s x %s\n' "$(nproc)" "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)"
  printf 'load\t%s\n' "$load_before"
  printf 'system\t%s, Linux %s\n' "$(. /etc/os-release && echo "$PRETTY_NAME")" "$(uname -r)"
  printf 'disk\t%s\n' "$(findmnt -no FSTYPE -T "$folder")"
  printf 'swift\t%s\n' "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')"
  printf 'redis\t%s\n' "$(redis-server --version | sed 's/.*v=\([0-9.]*\).*/\1/')"
  printf 'libvirt\t%s\n' "$(libvirtd --version | sed 's/.* //')"
}
