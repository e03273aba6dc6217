#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) on the C++ files without LibTorch that differ from BASE; a header counts as its .cpp file.
# usage: tools/tidy.sh [--short | --all] [BASE]
#   BASE     default: where this branch left origin/main, or else the commit before this one, or else everything
#   --all    every file
#   --short  stops after two minutes and says how many files it did not reach
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

read_base_arguments 120 "$@"
command -v clang-tidy-19 >/dev/null || tools/setup.sh clang-tidy-19  # Debian's default, 14, lacks parts of C++20

# A build folder of its own: clang cannot read GCC's precompiled headers, and unity builds have no entry per file.
mkdir -p build
cmake -S . -B build/tidy -G Ninja -DCMAKE_UNITY_BUILD=OFF -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DFOVEA_CCACHE=OFF \
  >build/tidy.log 2>&1 || { cat build/tidy.log >&2 && exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The files that are compiled without LibTorch: clang 15 and later refuse LibTorch 1.13's headers in C++20 (a vector of the
# incomplete c10::IValue), and clang 14 refuses C++20 that GCC 12 takes. GCC's own warnings cover the others.
awk -v root="$root/" -F'"' '
  $2 == "command" {torch = /\/include\/torch\//}
  $2 == "file" && index($4, root) == 1 && index($4, root "build/") == 0 && !torch {print substr($4, length(root) + 1)}
' build/tidy/compile_commands.json | sort >"$work/compiled"
if [[ -n $base ]]; then
  changed_sources "$base" >"$work/changed"
  grep -F -x -f "$work/changed" "$work/compiled" >"$work/files" || true
else
  mv "$work/compiled" "$work/files"
fi

# clang does not know all of GCC's warnings, and finds OpenMP's header only where GCC keeps it.
gcc_headers=$(g++ -print-file-name=include)
export gcc_headers

tidy() {
  clang-tidy-19 --quiet -p build/tidy --extra-arg=-Wno-unknown-warning-option --extra-arg=-idirafter --extra-arg="$gcc_headers" "$1"
}
check_files tidy tidy "$work/files"
