#!/usr/bin/env bash
# Builds with sanitizers and runs the suites. LibTorch and the other libraries are not instrumented; the false
# reports that follow are suppressed in tools/sanitizers/.
# usage: tools/sanitize.sh [asan-ubsan | tsan] [--short] [CTEST ARGUMENT...]
#   --short  only the suites of the lower layers, which read foreign bytes or share work among threads
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

preset=asan-ubsan
short=false
while (($#)); do
  case $1 in
    asan-ubsan | tsan) preset=$1 ;;
    --short) short=true ;;
    *) break ;;
  esac
  shift
done

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
export LSAN_OPTIONS=suppressions=$root/tools/sanitizers/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$root/tools/sanitizers/tsan.supp:ignore_noninstrumented_modules=1:second_deadlock_stack=1

# GCC 12's ThreadSanitizer stops when the kernel randomises more address bits than it expects.
if [[ $preset == tsan ]] && setarch --addr-no-randomize true 2>/dev/null; then ctest=(setarch --addr-no-randomize ctest); fi

suites=()
if [[ $short == true ]]; then
  suites=(base nn weights glimpse train)
  case $preset in
    asan-ubsan) suites+=(config image datasets) ;;  # they parse what others wrote
    tsan) suites+=(data) ;;                         # its loader reads ahead on threads
  esac
fi

cmake --preset "$preset" >/dev/null
build_suites "build/$preset" "${suites[@]}"
run_suites "build/$preset" "${suites[*]}" "$@"
