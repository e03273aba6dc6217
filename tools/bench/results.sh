#!/usr/bin/env bash
# Trains the rows of the README's results table (tools/bench/results.tsv) that are not trained yet, and rewrites the table
# after each. Can be stopped at any time: the next call continues. Runs are in runs/results.
# usage: tools/bench/results.sh [--table] [ROW...]    --table: rewrite the table only; ROW: train only these, by their id
#        --rows FILE, --runs DIR, --readme FILE: instead of the repository's own; FOVEA_PROGRAM: another build of fovea
caller=$PWD
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
      path=$2
      if [[ $path != /* ]]; then path=$caller/$path; fi
      case $1 in
        --rows) rows_file=$path ;;
        --runs) runs=$path ;;
        --readme) readme=$path ;;
      esac
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
expect_marks "$readme" results

# In a setting, {runs} stands for the folder of the runs.
ids=() groups=() networks=() attentions=() configurations=() settings=() seeds=()
while IFS=$'\t' read -r id group network attention configuration setting seed || [[ -n $id ]]; do
  if [[ -z $id || $id == \#* ]]; then continue; fi
  [[ -n $seed ]] || die "$rows_file: row $id: expected 7 fields separated by tabs"
  if [[ $setting == - ]]; then setting=; fi
  ids+=("$id") groups+=("$group") networks+=("$network") attentions+=("$attention")
  configurations+=("$configuration") settings+=("${setting//\{runs\}/$runs}") seeds+=("$seed")
done <"$rows_file"

for row in "${wanted[@]}"; do
  [[ " ${ids[*]} " == *" $row "* ]] || die "unknown row $row; there are: ${ids[*]}"
done

# arguments_of ROW SEED: the arguments of `fovea train`, one per line.
arguments_of() {
  local row=$1 seed=$2 setting
  echo "${configurations[row]}"
  for setting in ${settings[row]}; do printf -- '--set\n%s\n' "$setting"; done
  printf -- '--seed\n%s\n' "$seed"
}

# command_of ROW: the command in the table, one for all seeds.
command_of() {
  local row=$1 setting
  local text="fovea train ${configurations[row]}"
  for setting in ${settings[row]}; do text+=" --set $setting"; done
  echo "$text --seed ${seeds[row]// / or }"
}

# Runs the program so that a signal to this script reaches it, and waits until it has saved its checkpoint.
train() {
  local process
  "$fovea" train "$@" &
  process=$!
  trap 'kill -TERM $process 2>/dev/null; wait $process; exit 130' INT TERM HUP
  wait "$process"
  trap - INT TERM HUP
}

train_row() {
  local row=$1 seed run arguments
  for seed in ${seeds[row]}; do
    run=$runs/${ids[row]}-$seed
    if [[ -e $run/summary.json ]]; then continue; fi
    mapfile -t arguments < <(arguments_of "$row" "$seed")
    say "== ${ids[row]}, seed $seed"
    train "${arguments[@]}" --out "$run" --resume
    write_table
  done
}

# The rows with their runs, as JSON.
rows_json() {
  local row seed summary
  for row in "${!ids[@]}"; do
    for seed in ${seeds[row]}; do
      summary=$runs/${ids[row]}-$seed/summary.json
      if [[ -e $summary ]]; then cat "$summary"; fi
    done | jq --slurp --arg id "${ids[row]}" --arg group "${groups[row]}" --arg network "${networks[row]}" \
      --arg attention "${attentions[row]}" --arg command "$(command_of "$row")" \
      '{$id, $group, $network, $attention, $command, runs: .}'
  done | jq --slurp '{rows: .}'
}

write_table() {
  local table
  table=$(rows_json | jq --raw-output --from-file tools/bench/results.jq)
  replace_between_marks "$readme" results "$table"
}

for row in "${!ids[@]}"; do
  for seed in ${seeds[row]}; do
    run=$runs/${ids[row]}-$seed
    if [[ ! -e $run/summary.json ]]; then continue; fi
    mapfile -t arguments < <(arguments_of "$row" "$seed")
    expect_same_configuration "$fovea" "$run" "${arguments[@]}"
  done
done
if [[ -z $table_only ]]; then
  for row in "${!ids[@]}"; do
    if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" ${ids[row]} "* ]]; then continue; fi
    train_row "$row"
  done
fi
write_table
