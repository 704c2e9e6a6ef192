# shellcheck shell=bash disable=SC2154 # root is set by settings.sh
# Who runs what: installing, libvirt and the services as root; builds as the owner of the project's folder.

# become_root WHY ARGUMENT…: starts the script again with sudo where it has not enough rights. Values stay in the
# environment, where `ps` does not show them; PATH, which sudo replaces, goes under another name.
become_root() {
  local why=$1 kept
  shift
  [[ $(id -u) != 0 ]] || return 0
  command -v sudo >/dev/null || fail "$why needs root, and there is no sudo; run this as root"
  say "$why needs root: going on with sudo"
  export HVC_CALLER_PATH=$PATH
  kept=$(compgen -e HVC_ | paste -sd,)
  exec sudo --preserve-env="$kept,http_proxy,https_proxy,no_proxy" bash "$0" "$@"
}

# Prints the user that builds: the owner of the project's folder, so that root leaves nothing there that he cannot remove.
builder() { stat -c %U "$root"; }

home_of() { getent passwd "$1" | cut -d: -f6; }

builds_as_other() {
  [[ $(id -u) == 0 && $(builder) != root ]] && getent passwd "$(builder)" >/dev/null
}

# as_builder COMMAND…
as_builder() {
  local user
  if builds_as_other; then
    user=$(builder)
    runuser -u "$user" -- env HOME="$(home_of "$user")" PATH="$PATH" "$@"
  else
    "$@"
  fi
}
