# shellcheck shell=bash
# The Dockerfile: pinned bases, small layers, no root, a health check, and its files are let through by .dockerignore.
check() {
  local status=0 text
  text=$(instructions <deploy/Dockerfile)
  [[ -n $text ]] || { echo "deploy/Dockerfile is empty" && return 1; }
  awk "$rules" <<<"$text" || status=1
  copied_files "$text" || status=1
  targets "$text" || status=1
  return "$status"
}

# One instruction a line, without comments.
instructions() { sed -e '/^[[:space:]]*#/d' | sed -e ':join' -e '/\\$/ { N; s/\\\n */ /; b join' -e '}' | sed '/^ *$/d'; }

# A stage that no other begins with or copies from is an image of its own; it inherits from the stage that it begins with.
# shellcheck disable=SC2016 # awk's own
readonly rules='
  function wrong(text) { print "deploy/Dockerfile: " text ": " substr($0, 1, 80); bad = 1 }
  $1 == "FROM" {
    if (NF != 4 || $3 != "AS") wrong("a stage has no name")
    stage = $4; from[stage] = $2; names[++count] = stage
    if ($2 in from) used[$2] = 1
    else if ($2 !~ /:[^:]+$/ || $2 ~ /:latest$/) wrong("a base image has no tag, or one that moves")
  }
  $1 == "COPY" && $2 ~ /^--from=/ { used[substr($2, 8)] = 1 }
  $1 == "ADD" { wrong("COPY does it") }
  $1 == "USER" { user[stage] = $2 }
  $1 == "HEALTHCHECK" { health[stage] = 1 }
  $1 == "CMD" || $1 == "ENTRYPOINT" {
    if ($2 !~ /^\[/) wrong("a program is not started directly, so that it gets no signals")
    command[stage] = 1
  }
  $1 == "MAINTAINER" { wrong("out of date") }
  ($1 == "ENV" || $1 == "ARG") && /(PASSWORD|TOKEN|SECRET|KEY)[A-Z_]*=/ { wrong("a secret stands in an image") }
  $1 == "RUN" && /apt-get install/ {
    if (!/apt-get update/) wrong("apt-get install with an old list")
    if (!/--no-install-recommends/) wrong("apt-get install without --no-install-recommends")
    if (!/rm -rf \/var\/lib\/apt\/lists/) wrong("package lists stay in the layer")
  }
  $1 == "RUN" && /(^| )(sudo|chmod 777|curl [^|]*\| *(ba)?sh)( |$)/ { wrong("not here") }
  END {
    $0 = ""
    for (i = 1; i <= count; i++) {
      stage = names[i]
      if (stage in used) continue
      if (user[stage] == "" || user[stage] == "root" || user[stage] == "0") wrong("image " stage " runs as root")
      if (!health[stage]) wrong("image " stage " has no HEALTHCHECK")
      if (!command[stage]) wrong("image " stage " has no CMD")
    }
    exit bad
  }'

# What is copied from the project must be there, and be let through.
copied_files() {
  local file status=0
  while IFS= read -r file; do
    [[ $file == *'*' || -e $file ]] || { echo "deploy/Dockerfile copies $file, which is not there" && status=1; }
    let_through "${file%\*}" || { echo ".dockerignore keeps $file out" && status=1; }
  done < <(awk '$1 == "COPY" && $2 !~ /^--from=/ { for (i = 2; i < NF; i++) if ($i !~ /^--/) print $i }' <<<"$1")
  return "$status"
}

# .dockerignore keeps all out but what it names.
let_through() {
  local line
  while IFS= read -r line; do
    [[ $line == '!'* && $1/ == "${line:1}"/* ]] && return
  done <.dockerignore
  return 1
}

# docker-compose.yml builds stages that are there.
targets() {
  local target status=0
  while IFS= read -r target; do
    grep -qE "^FROM .* AS $target\$" <<<"$1" || { echo "docker-compose.yml wants stage $target" && status=1; }
  done < <(sed -nE 's/.*target: ([a-z]+).*/\1/p' docker-compose.yml | sort -u | grep -vE '^$' || true)
  return "$status"
}

sample() {
  put a <<<'a'
  printf '*\n!a\n' | put .dockerignore
  put docker-compose.yml <<<'{services: {a: {build: {context: ., target: a}}}}'
  put deploy/Dockerfile <<'EOT'
FROM debian:bookworm-slim AS base
# A comment.
RUN apt-get update \
    && apt-get install --no-install-recommends a \
    && rm -rf /var/lib/apt/lists/*
FROM base AS a
COPY a /
USER a
HEALTHCHECK CMD ["true"]
CMD ["a"]
EOT
  [[ $1 == good ]] || sed -i 's/^USER a/USER root/' deploy/Dockerfile
}
