# shellcheck shell=bash
# Figures of many measures.

# quantile Q: of the numbers on standard input, one a line (nearest rank).
quantile() {
  sort -g | awk -v q="$1" '
    { value[NR] = $1 }
    END { if (!NR) exit 1; rank = int(q * NR); if (rank < q * NR) rank++; print value[rank < 1 ? 1 : rank] }'
}
