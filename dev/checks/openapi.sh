# shellcheck shell=bash
# What the gateway says of its calls is a valid OpenAPI document.
check() {
  local program gateway='' document status=0
  for program in .build/release/hvc-gateway .build-debug/debug/hvc-gateway; do
    [[ ! -x $program ]] || gateway=$program
  done
  [[ -n $gateway ]] || { echo "no gateway is built; run: make build" && return 1; }
  validator || return 1
  document=$(mktemp)
  "$gateway" --openapi >"$document" || { echo "$gateway --openapi fails" && status=1; }
  ((status)) || "$HVC_PROJECT/.build-debug/python/bin/python" -m openapi_spec_validator --schema 3.1 "$document" || status=1
  rm -f "$document"
  return "$status"
}

# Installs the validator from PyPI where it is missing; Debian has none.
validator() {
  local folder=$HVC_PROJECT/.build-debug/python
  [[ ! -x $folder/bin/openapi-spec-validator ]] || return 0
  need python3 python3
  { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet openapi-spec-validator==0.9.0; } >/dev/null 2>&1 ||
    { echo "openapi-spec-validator is missing and cannot be installed: apt-get install python3-venv, and let pip reach PyPI" && return 1; }
}

sample() {
  local version=3.1.0
  [[ $1 == good ]] || version=none
  put .build/release/hvc-gateway <<EOF
#!/bin/sh
echo '{"openapi": "$version", "info": {"title": "a", "version": "1"}, "paths": {}}'
EOF
  chmod +x .build/release/hvc-gateway
}
