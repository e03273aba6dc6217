#!/usr/bin/env bash
# Checks that every C++ file is formatted as .clang-format says.
# usage: tools/check_format.sh [--fix]
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

mode=(--dry-run -Werror)
case ${1:-} in
  '') ;;
  --fix) mode=(-i) ;;
  *) die "unknown argument $1; usage: tools/check_format.sh [--fix]" ;;
esac
command -v clang-format >/dev/null || tools/setup.sh clang-format

find src models datasets tools tests -name '*.cpp' -print0 -o -name '*.h' -print0 |
  xargs -0 -r -n 16 -P "$(nproc)" clang-format "${mode[@]}" || {
  say "check_format.sh: the files above are not formatted; tools/check_format.sh --fix corrects them"
  exit 1
}
