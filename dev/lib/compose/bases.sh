# shellcheck shell=bash disable=SC2154 # project, folder and cache are set by dev/compose-test
# The base images, under the tags that the files use, made of this machine's Debian packages and Swift toolchain. Who has
# a registry pulls them from there; the files know nothing of this.

# What Swift's own image has, as far as a build needs it.
readonly swift_packages=(
  binutils ca-certificates g++ git libc6-dev libcurl4 libedit2 libncurses6 libsqlite3-0 libxml2 tzdata zlib1g-dev
)

make_bases() {
  local tag
  # Before the first update apt does not know whose its sources are.
  [[ -n $(debian_sources) ]] || long "apt-get update" "$folder/log/apt.log" apt update -qq
  while IFS= read -r tag; do
    case $tag in
      debian:bookworm-slim) make_base "$tag" make_debian ;;
      swift:*-bookworm) make_base "$tag" make_swift ;;
      redis:7) make_base "$tag" make_redis ;;
      *) fail "the files use the image $tag, and dev/lib/compose/bases.sh does not know how to make it" ;;
    esac
  done < <(used_tags)
}

# In the order in which one needs the other.
used_tags() {
  {
    sed -nE 's/^FROM ([^ ]+:[^ ]+)( .*)?$/\1/p' "$project/deploy/Dockerfile"
    sed -nE 's/^ *image: ([^ ]+:[^ ]+)$/\1/p' "$project/docker-compose.yml"
  } | sort -u
}

# make_base TAG COMMAND: unless the engine has it from an earlier run, made of the same things.
make_base() {
  local tag=$1 command=$2 stamp
  stamp=$({ declare -f "$command" bootstrap slim_down; ingredients; } | cksum | tr -d ' ')
  if [[ $(docker image inspect --format '{{index .Config.Labels "made-of"}}' "$tag" 2>/dev/null) == "$stamp" ]]; then
    say "$tag: is there from an earlier run"
    return
  fi
  long "$tag" "$folder/log/${tag//[:\/]/-}.log" "$command" "$tag" "$stamp"
}

ingredients() {
  printf '%s\n' "${swift_packages[@]}"
  debian_sources
  apt_settings
  git_settings
  swift --version 2>/dev/null
}

make_debian() {
  bootstrap "$folder/debian"
  tar -C "$folder/debian" -c . | import_base "$1" "$2"
  rm -rf "$folder/debian"
}

# The toolchain lies in /usr there, as in Swift's own image. Where this machine's git is told to fetch packages from
# elsewhere, the image's is told so too, and folders it is sent to come along.
make_swift() {
  local tree=$folder/swift toolchain key place
  toolchain=$(swiftc -print-target-info | sed -nE 's|.*"runtimeResourcePath": "(.*)/usr/lib/swift".*|\1|p')
  [[ -n $toolchain ]] || { echo "the toolchain must lie in a folder of its own, as in /opt/swift/usr" && return 1; }
  bootstrap "$tree" "${swift_packages[@]}"
  while read -r key place; do
    git config --file "$tree/etc/gitconfig" --add "$key" "$place"
    key=${key#url.} key=${key%.*}
    [[ $key != /* || -e $tree$key ]] || { mkdir -p "$tree$key" && copy "$key/." "$tree$key/"; }
  done < <(git_settings)
  git config --file "$tree/etc/gitconfig" --add safe.directory '*'
  copy "$toolchain/usr/." "$tree/usr/"
  tar -C "$tree" -c . | import_base "$1" "$2"
  rm -rf "$tree"
}

copy() { cp -a --no-preserve=ownership "$@"; }

git_settings() { git config --get-regexp '^url\..*\.insteadof$' || true; }

make_redis() {
  docker build --tag "$1" --label "made-of=$2" - <<'END'
FROM debian:bookworm-slim
RUN groupadd --gid 999 redis && useradd --uid 999 --gid redis --home-dir /data --create-home redis \
    && apt-get update -qq \
    && apt-get install -qqy --no-install-recommends redis-server redis-tools \
    && rm -rf /var/lib/apt/lists/*
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
END
}

import_base() { docker import --change "LABEL made-of=$2" --change 'CMD ["bash"]' - "$1"; }

# bootstrap FOLDER PACKAGE…
bootstrap() {
  local tree=$1 include mirror
  shift
  include=$(IFS=, && echo "$*")
  mirror=$(debian_sources | sed -n 's/^deb \([^ ]*\) bookworm main$/\1/p' | head -n 1)
  [[ -n $mirror ]] || { echo "apt's sources on this machine have no Debian bookworm main: add it" && return 1; }
  mkdir -p "$cache/debs"
  debootstrap --variant=minbase --cache-dir="$cache/debs" ${include:+--include="$include"} bookworm "$tree" "$mirror"
  debian_sources >"$tree/etc/apt/sources.list"
  apt_settings >"$tree/etc/apt/apt.conf.d/90machine"
  # As in Debian's own image, apt keeps nothing that it could make again.
  cat >"$tree/etc/apt/apt.conf.d/docker-clean" <<'END'
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb"; };
END
  slim_down "$tree"
}

slim_down() {
  rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* "$1"/usr/share/{doc,info,locale,man}/*
}

# Where this machine has its Debian packages from, by its apt alone, which reads sources of both formats.
debian_sources() {
  # shellcheck disable=SC2016 # apt's own
  local format='$(ORIGIN)|$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)'
  apt-get indextargets --format "$format" 'Created-By: Packages' |
    sed -nE 's/^Debian\|bookworm[^|]*\|(deb [^ ]+ [^ ]+ main)$/\1/p'
}

# How this machine's apt gets there: proxies, and whether dates are checked.
apt_settings() { apt-config dump | grep -E '^Acquire::(Check-|https?::)' || true; }
