# shellcheck shell=bash
# Functions of the scripts. Sourcing it moves to the repository's root, so every path below it is relative to that.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root"

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE: the caller must fix something.
die() {
  say "${0##*/}: $*"
  exit 2
}

# One compiler process per core, but no more than fit in memory: one that includes LibTorch takes 1.5 GB.
parallel_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
  if ((memory < 1)); then memory=1; fi
  echo $((memory < cores ? memory : cores))
}

# build BUILD_DIR [TARGET...]: everything, or these targets.
build() {
  local directory=$1
  shift
  cmake --build "$directory" --parallel "$(parallel_jobs)" ${1:+--target "$@"}
}

# build_suites BUILD_DIR [SUITE...]: these suites, or everything.
build_suites() {
  local directory=$1
  shift
  build "$directory" "${@/#/test_}"
}

# run_suites BUILD_DIR "SUITE..." [CTEST ARGUMENT...]: these suites, or with "" all, in a build with extra compiler flags. An
# installed fovea does not pass those on, and a project around fovea has its own: so the consumers are not among them.
ctest=(ctest)
run_suites() {
  local directory=$1 suites=$2 filter=(--exclude-regex '^consumer')
  shift 2
  if [[ -n $suites ]]; then filter=(--tests-regex "^(${suites// /|})\$"); fi
  "${ctest[@]}" --test-dir "$directory" --output-on-failure --no-tests=error --parallel "$(nproc)" "${filter[@]}" "$@"
}

# The checkout may belong to another user than the one who checks it.
git_here() { git -c safe.directory="$root" "$@"; }

expect_commit() { git_here rev-parse --verify --quiet "$1^{commit}" >/dev/null || die "no commit is called $1"; }

# The commit that a change starts from: where this branch left origin/main, or else the commit before this one, or else nothing.
default_base() {
  local head fork
  head=$(git_here rev-parse --verify --quiet HEAD) || return 0
  fork=$(git_here merge-base origin/main HEAD 2>/dev/null) || fork=$head
  if [[ $fork == "$head" ]]; then fork=$(git_here rev-parse --verify --quiet HEAD~1) || return 0; fi
  echo "$fork"
}

# read_base_arguments SHORT_SECONDS [--short | --all] [BASE]: sets `base`, empty for every file, and the limit `seconds`.
# shellcheck disable=SC2034  # used by the scripts
read_base_arguments() {
  local short=$1 argument all=false
  shift
  base=
  seconds=86400
  for argument in "$@"; do
    case $argument in
      --short) seconds=$short ;;
      --all) all=true ;;
      -*) die "unknown option $argument; usage: ${0##*/} [--short | --all] [BASE]" ;;
      *) base=$argument ;;
    esac
  done
  if [[ $all == false && -z $base ]]; then base=$(default_base); fi
  if [[ -n $base ]]; then expect_commit "$base"; fi
}

# check_files NAME CHECK LIST: runs the function CHECK on every file that LIST names, until `seconds` have passed since the script
# began. Prints what CHECK says where it fails, and then the counts.
check_files() {
  local name=$1 list=$3 total clean skipped
  export check=$2 deadline=$((EPOCHSECONDS - SECONDS + seconds)) results=$3.results
  : >"$results"
  export -f check_file "${2?}"
  # shellcheck disable=SC2016  # the inner shell's argument
  xargs -r -d '\n' -n 1 -P "$(parallel_jobs)" bash -c 'check_file "$1"' _ <"$list" || true  # $results says it per file
  total=$(wc -l <"$list")
  clean=$(grep -c '^clean ' "$results" || true)
  skipped=$(grep -c '^skipped ' "$results" || true)
  say "$name: $total files ${base:+changed since $base}: $clean clean, $((total - clean - skipped)) with findings, $skipped not reached in time"
  ((clean + skipped == total))
}

# check_file FILE: one file of check_files.
check_file() {
  local left=$((deadline - EPOCHSECONDS)) status=124 output=  # timeout's exit status for a command that took too long
  # shellcheck disable=SC2016  # the inner shell's variables
  if ((left > 0)); then
    status=0
    output=$(timeout "$left" bash -c '"$check" "$1"' _ "$1" 2>&1) || status=$?
  fi
  case $status in
    0) echo "clean $1" >>"$results" ;;
    124) echo "skipped $1" >>"$results" ;;
    *) echo "found $1" >>"$results" && printf '%s\n' "$output" ;;
  esac
}

# changed_sources BASE: the C++ files that differ from BASE, each once, a header as its .cpp.
changed_sources() {
  { git_here diff --name-only "$1" -- && git_here ls-files --others --exclude-standard; } |
    sed -n 's/\.\(cpp\|h\)$/.cpp/p' | sort -u
}

# expect_marks FILE NAME: FILE holds the lines <!-- NAME: begin --> and <!-- NAME: end -->, in this order and each once.
expect_marks() {
  local marks
  marks=$(grep -x "<!-- $2: \(begin\|end\) -->" "$1" | tr '\n' ' ') || true
  [[ $marks == "<!-- $2: begin --> <!-- $2: end --> " ]] ||
    die "$1: expected the mark <!-- $2: begin --> and then <!-- $2: end -->, each once"
}

# replace_between_marks FILE NAME TEXT: replaces the text between those marks, atomically.
replace_between_marks() {
  # shellcheck disable=SC2016  # awk's dollars
  name=$2 text=$3 awk '$0 == "<!-- " ENVIRON["name"] ": begin -->" {print $0 "\n\n" ENVIRON["text"] "\n"; old = 1; next}
                       $0 == "<!-- " ENVIRON["name"] ": end -->" {old = 0}
                       !old' "$1" >"$1.new"
  mv "$1.new" "$1"
}

# expect_same_configuration FOVEA RUN ARGUMENT...: a finished run is the result of `fovea train ARGUMENT...` only while its
# configuration, as the program reads it now, is the same: an option that is new since then changes nothing by its default.
expect_same_configuration() {
  local fovea=$1 run=$2 says did
  shift 2
  says=$("$fovea" train "$@" --print-config) || die "$run: the configuration to train it with cannot be read"
  did=$("$fovea" train "$run/config.yaml" --print-config) || die "$run: its configuration cannot be read"
  [[ $says == "$did" ]] || die "$run was trained with another configuration than the present one; remove it to train it again"
}

# stage NAME COMMAND...: runs one command and remembers its time and outcome for print_stages.
stages=()
stage() {
  local name=$1 start=$SECONDS status=0
  shift
  say "== $name"
  "$@" || status=$?
  stages+=("$(printf '%5d s  %s%s' $((SECONDS - start)) "$name" "$( ((status == 0)) || echo " FAILED (exit $status)")")")
  return "$status"
}

print_stages() { printf '%s\n' "${stages[@]}"; }
