#!/usr/bin/env bash
# Trains a small network with each attention mechanism on the same few images (configs/blocks.yaml) and prints a table in
# Markdown: test top-1, time per image, parameters. The time comes from a dry run of each, one after another, when all are
# trained: leave the machine idle for it. Can be stopped at any time: the next call continues. Runs are in runs/blocks.
# usage: tools/bench/blocks.sh [--table] [MECHANISM...]   --table: measure nothing; MECHANISM: only these ("none": without)
#        --set KEY=VALUE: also change the configuration, e.g. --set train.epochs=1 --runs DIR; FOVEA_PROGRAM: another build
caller=$PWD
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

runs=runs/blocks
measure=yes
wanted=()
settings=()
while (($#)); do
  case $1 in
    --table) measure= ;;
    --set | --runs)
      (($# > 1)) || die "$1 needs a value"
      if [[ $1 == --set ]]; then settings+=(--set "$2"); elif [[ $2 == /* ]]; then runs=$2; else runs=$caller/$2; fi
      shift
      ;;
    -*) die "unknown option $1; see the head of this script" ;;
    *) wanted+=("$1") ;;
  esac
  shift
done

fovea=${FOVEA_PROGRAM:-build/release/fovea}
[[ -x $fovea ]] || die "there is no $fovea: run tools/quickstart.sh, or build it"
command -v jq >/dev/null || die "needs jq: run tools/setup.sh"

mapfile -t mechanisms < <(echo none && "$fovea" list blocks --json | jq --raw-output '.[].name')
declare -A options=() recipes=()
while IFS=$'\t' read -r name option recipe; do
  if [[ -z $name || $name == \#* ]]; then continue; fi
  [[ " ${mechanisms[*]} " == *" $name "* ]] || die "tools/bench/blocks.tsv: there is no mechanism $name"
  if [[ $option == - ]]; then option=; fi
  options[$name]=$option
  recipes[$name]=${recipe:-}
done <tools/bench/blocks.tsv
for name in "${wanted[@]}"; do
  [[ " ${mechanisms[*]} " == *" $name "* ]] || die "unknown mechanism $name; see fovea list blocks"
done
if ((${#wanted[@]} == 0)); then wanted=("${mechanisms[@]}"); fi

# arguments_of NAME: the arguments of `fovea train`, one per line.
arguments_of() {
  local attention=none
  if [[ $1 != none ]]; then attention="{name: $1${options[$1]:+, ${options[$1]}}}"; fi
  printf '%s\n' configs/blocks.yaml --set "model.attention=$attention"
  if [[ -n ${recipes[$1]:-} ]]; then printf '%s\n' --set "${recipes[$1]}"; fi
  if ((${#settings[@]})); then printf '%s\n' "${settings[@]}"; fi
}

failed=()
for name in "${wanted[@]}"; do
  mapfile -t arguments < <(arguments_of "$name")
  if [[ -e $runs/$name/summary.json ]]; then
    expect_same_configuration "$fovea" "$runs/$name" "${arguments[@]}"
  elif [[ -n $measure ]]; then
    say "== $name"
    "$fovea" train "${arguments[@]}" --out "$runs/$name" --resume || failed+=("$name")
  fi
done
for name in "${wanted[@]}"; do
  if [[ -z $measure || -e $runs/$name/speed.json || ! -e $runs/$name/summary.json ]]; then continue; fi
  mapfile -t arguments < <(arguments_of "$name")
  "$fovea" train "${arguments[@]}" --dry-run --json --quiet >"$runs/$name/speed.json.new"
  mv "$runs/$name/speed.json.new" "$runs/$name/speed.json"
done

echo "| mechanism | options | test top-1 | ms per image in training | parameters |"
echo "|---|---|---:|---:|---:|"
for name in "${wanted[@]}"; do
  if [[ ! -e $runs/$name/speed.json ]]; then continue; fi
  jq --slurp --raw-output --arg name "$name" --arg options "${options[$name]:-}${recipes[$name]:+ ${recipes[$name]}}" \
    'def rounded($digits): (. * pow(10; $digits) | round) / pow(10; $digits);
     "| `\($name)` | \($options) | \(.[0].test.top1 | rounded(4)) | \(1000 / .[1].images_per_second | rounded(2)) | \(.[0].parameters) |"' \
    "$runs/$name/summary.json" "$runs/$name/speed.json"
done
((${#failed[@]} == 0)) || die "not trained: ${failed[*]}"
