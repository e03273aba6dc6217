#!/usr/bin/env bash
# Checks that `fovea overlay` needs no more memory for a long folder than for a short one: at most a tenth more.
# usage: tools/bench/overlay_memory.sh MODEL PHOTO... [--photos N]    default: 2000 photos, against 100
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

photos=2000
arguments=()
while (($#)); do
  case $1 in
    --photos) photos=${2:?a number of photos is missing} && shift ;;
    *) arguments+=("$(realpath -- "$1")") ;;
  esac
  shift
done
if ((${#arguments[@]} < 2)); then die "usage: tools/bench/overlay_memory.sh MODEL PHOTO... [--photos N]"; fi
model=${arguments[0]}
sources=("${arguments[@]:1}")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Largest resident memory in MiB, and seconds, of an overlay over COUNT links to the photos.
measure() {
  local count=$1 folder=$work/$1 i source
  mkdir "$folder"
  for ((i = 0; i < count; ++i)); do
    source=${sources[i % ${#sources[@]}]}
    ln -s "$source" "$folder/$i.${source##*.}"
  done
  local start=$SECONDS peak=0 now process
  build/release/fovea overlay "$model" "$folder" --out "$work/out" >/dev/null &
  process=$!
  while now=$(awk '/^VmHWM:/ {print int($2 / 1024)}' "/proc/$process/status" 2>/dev/null) && [[ -n $now ]]; do
    peak=$now
    sleep 0.05
  done
  wait "$process"
  echo "$peak $((SECONDS - start))"
}

read -r few_memory few_seconds < <(measure 100)
read -r many_memory many_seconds < <(measure "$photos")
printf '%8s %12s %10s\n' photos "memory MiB" seconds 100 "$few_memory" "$few_seconds" "$photos" "$many_memory" "$many_seconds"
awk -v few="$few_memory" -v many="$many_memory" 'BEGIN {printf "ratio %.3f\n", many / few; exit many > 1.1 * few}'
