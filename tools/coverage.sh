#!/usr/bin/env bash
# Runs the suites in an instrumented build and prints the line coverage of each folder.
# usage: tools/coverage.sh [--short]    --short: only the suites that need no LibTorch, and the folders they test
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

suites=()
case ${1:-} in
  '') ;;
  --short) suites=(base config image draw) ;;
  *) die "unknown argument $1; usage: tools/coverage.sh [--short]" ;;
esac
command -v gcovr >/dev/null || tools/setup.sh gcovr

directory=build/coverage
cmake -S . -B "$directory" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS='--coverage -O1 -fprofile-update=atomic' >/dev/null
build_suites "$directory" "${suites[@]}"
find "$directory" -name '*.gcda' -delete  # counts of earlier runs would add up
run_suites "$directory" "${suites[*]}"

gcovr --root . --object-directory "$directory" --filter 'src/' --filter 'models/' --filter 'datasets/' --filter 'tools/' \
  --exclude-directories '.*CompilerId.*' --gcov-ignore-parse-errors -j "$(nproc)" \
  --csv "$directory/coverage.csv" --html-details "$directory/coverage.html"
# A header is listed where it was found: build/coverage/include/fovea_base/fovea/base/error.h belongs to src/base.
awk -F, '
  NR > 1 {
    path = $1
    if (sub(/^.*\/include\/fovea_[a-z]+\/fovea\//, "", path) && path !~ /^(models|datasets)\//) path = "src/" path
    split(path, part, "/")
    folder = part[1] == "src" ? part[1] "/" part[2] : part[1]
    lines[folder] += $2; covered[folder] += $3
    lines["total"] += $2; covered["total"] += $3
  }
  END {
    if (!lines["total"]) { print "coverage.sh: no line was measured" > "/dev/stderr"; exit 1 }
    for (folder in lines) printf "%-16s %6d lines  %5.1f %%\n", folder, lines[folder], 100 * covered[folder] / lines[folder]
  }
' "$directory/coverage.csv" | sort -k 1,1
echo "by line: $directory/coverage.html"
