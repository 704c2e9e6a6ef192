# shellcheck shell=bash
# The files of the project.

# files [PATTERN…]: prints those of the current folder that are, or could be, committed, and match one of the patterns.
# Root may read a project of somebody else.
# shellcheck disable=SC2120 # all files where there is no pattern
files() {
  local file
  git -c safe.directory='*' -c core.quotePath=off ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
    [[ ! -f $file ]] || echo "$file"
  done
}

# copy_project FROM TO: as it would be committed.
copy_project() {
  mkdir -p "$2"
  # shellcheck disable=SC2119
  (cd "$1" && files | tar --verbatim-files-from --files-from=- -cf -) | tar -xf - -C "$2"
}
