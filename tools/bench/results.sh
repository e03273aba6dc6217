#!/usr/bin/env bash
# Trains the rows of the README's results table (tools/bench/results.tsv) that are not trained yet, and rewrites the table
# after each. Can be stopped at any time: what is there is kept, and the next call goes on. Runs are in runs/results.
# usage: tools/bench/results.sh [--table] [ROW...]    --table: rewrite the table only; ROW: train only these, by their id
#        --rows FILE, --runs DIR, --readme FILE: instead of the repository's own
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

rows_file=tools/bench/results.tsv
runs=runs/results
readme=README.md
table_only=
wanted=()
while (($#)); do
  case $1 in
    --table) table_only=yes ;;
    --rows | --runs | --readme)
      (($# > 1)) || die "$1 needs a value"
      case $1 in
        --rows) rows_file=$2 ;;
        --runs) runs=$2 ;;
        --readme) readme=$2 ;;
      esac
      shift
      ;;
    -*) die "unknown option $1; see the head of this script" ;;
    *) wanted+=("$1") ;;
  esac
  shift
done

fovea=build/release/fovea
command -v jq >/dev/null || die "needs jq: run tools/setup.sh"

ids=() groups=() networks=() attentions=() configurations=() settings=() seeds=()
while IFS=$'\t' read -r id group network attention configuration setting seed; do
  if [[ -z $id || $id == \#* ]]; then continue; fi
  [[ -n $seed ]] || die "$rows_file: row $id: expected 7 fields separated by tabs"
  ids+=("$id") groups+=("$group") networks+=("$network") attentions+=("$attention")
  configurations+=("$configuration") settings+=("${setting#-}") seeds+=("$seed")
done <"$rows_file"

for row in "${wanted[@]}"; do
  [[ " ${ids[*]} " == *" $row "* ]] || die "unknown row $row; there are: ${ids[*]}"
done

# arguments_of ROW SEED: what `fovea train` is called with, one argument a line.
arguments_of() {
  local row=$1 seed=$2 setting
  echo "${configurations[row]}"
  for setting in ${settings[row]}; do printf -- '--set\n%s\n' "$setting"; done
  printf -- '--seed\n%s\n' "$seed"
}

# command_of ROW: for the table. Several seeds are named as one.
command_of() {
  local row=$1 setting
  local text="fovea train ${configurations[row]}"
  for setting in ${settings[row]}; do text+=" --set $setting"; done
  echo "$text --seed ${seeds[row]// / or }"
}

# A finished run is a row's result only while its configuration, as the program reads it now, is what the row says: an
# option that is new since then changes nothing by its default.
expect_same_configuration() {
  local run=$1
  shift
  if diff -q <("$fovea" train "$@" --print-config) <("$fovea" train "$run/config.yaml" --print-config) >/dev/null; then
    return
  fi
  die "$run was trained with another configuration than the row says now; remove it to train it again"
}

train_row() {
  local row=$1 seed run arguments
  for seed in ${seeds[row]}; do
    run=$runs/${ids[row]}-$seed
    mapfile -t arguments < <(arguments_of "$row" "$seed")
    if [[ -e $run/summary.json ]]; then
      expect_same_configuration "$run" "${arguments[@]}"
      continue
    fi
    say "== ${ids[row]}, seed $seed"
    "$fovea" train "${arguments[@]}" --out "$run" --resume
    write_table
  done
}

# The rows with their runs, as JSON.
rows_json() {
  local row seed summary
  for row in "${!ids[@]}"; do
    for seed in ${seeds[row]}; do
      summary=$runs/${ids[row]}-$seed/summary.json
      if [[ -e $summary ]]; then jq --argjson seed "$seed" '. + {seed: $seed}' "$summary"; fi
    done | jq --slurp --arg id "${ids[row]}" --arg group "${groups[row]}" --arg network "${networks[row]}" \
      --arg attention "${attentions[row]}" --arg command "$(command_of "$row")" \
      '{$id, $group, $network, $attention, $command, runs: .}'
  done | jq --slurp '{rows: .}'
}

# Replaces what stands between the marks in the README, all or nothing.
write_table() {
  local table
  table=$(rows_json | jq --raw-output --from-file tools/bench/results.jq)
  [[ $(grep -c '<!-- results: \(begin\|end\) -->' "$readme") == 2 ]] || die "$readme: expected the marks <!-- results: begin --> and end"
  awk -v table="$table" '/<!-- results: begin -->/ {print; print ""; print table; print ""; old = 1; next}
                         /<!-- results: end -->/ {old = 0}
                         !old' "$readme" >"$readme.new"
  mv "$readme.new" "$readme"
}

if [[ -z $table_only ]]; then
  [[ -x $fovea ]] || die "there is no $fovea: run tools/quickstart.sh, or build it"
  for row in "${!ids[@]}"; do
    if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" ${ids[row]} "* ]]; then continue; fi
    train_row "$row"
  done
fi
write_table
