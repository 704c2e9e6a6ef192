# shellcheck shell=bash disable=SC2154 # root, var, log_dir and work are set by settings.sh and run
# Builds what is measured, and what measures.

# Where the helpers of Benchmarks/Package.swift are built.
readonly helpers=$root/Benchmarks/.build

# build_helper PRODUCT: with the same versions of packages as the programs have.
build_helper() {
  as_builder cp "$root/Package.resolved" "$root/Benchmarks/Package.resolved"
  own_build_folder "$helpers"
  long "build $1 (the first time takes minutes)" "$log_dir/build-$1.log" \
    as_builder swift build -c release --package-path "$root/Benchmarks" --scratch-path "$helpers" --product "$1"
}

# The C loop, by the compiler that comes with Swift.
build_bare_create() {
  local flags
  read -ra flags <<<"$(pkg-config --cflags --libs libvirt)"
  clang -O2 -Wall -Wextra -Werror -pthread "$root/Benchmarks/libvirt/create.c" -o "$work/create" "${flags[@]}"
}

# Flask, gunicorn and redis-py from PyPI.
make_venv() {
  local wanted=$root/Benchmarks/flask/requirements.txt
  cmp -s "$wanted" "$var/bench-venv/installed" && return
  long "install Flask, gunicorn and redis-py" "$log_dir/bench-venv.log" install_python "$wanted"
}

install_python() {
  python3 -m venv --clear "$var/bench-venv"
  "$var/bench-venv/bin/pip" install --disable-pip-version-check -r "$1"
  cp "$1" "$var/bench-venv/installed"
}
