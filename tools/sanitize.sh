#!/usr/bin/env bash
# Builds with sanitizers and runs the suites. LibTorch and the other libraries are not instrumented; the false
# reports that follow are suppressed in tools/sanitizers/.
# usage: tools/sanitize.sh [asan-ubsan | tsan] [--short] [CTEST ARGUMENT...]
#   --short  asan-ubsan: the suites of nn, weights, glimpse and train, and those that read foreign bytes;
#            tsan: those of what shares work among threads, which nn and weights do not
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
  case $preset in
    asan-ubsan) suites=(base config image datasets weights nn glimpse train) ;;
    tsan) suites=(base data glimpse train) ;;
  esac
fi

cmake --preset "$preset" >/dev/null
build_suites "build/$preset" "${suites[@]}"
run_suites "build/$preset" "${suites[*]}" "$@"
