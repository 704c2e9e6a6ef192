# shellcheck shell=bash disable=SC2154 # root, var, log_dir and folder are set by settings.sh and run
# Builds what is measured, and what measures.

# build_helper PRODUCT: one of Benchmarks/Sources, which are targets of the package.
build_helper() {
  long "build $1 (the first time takes minutes)" "$log_dir/build-$1.log" \
    as_builder swift build -c release --package-path "$root" --scratch-path "$root/.build" --product "$1"
}

# The C loop, by the compiler that comes with Swift.
build_bare_create() {
  local flags
  read -ra flags <<<"$(pkg-config --cflags --libs libvirt)"
  clang -O2 -Wall -Wextra -Werror -pthread "$root/Benchmarks/libvirt/create.c" -o "$folder/create" "${flags[@]}"
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
