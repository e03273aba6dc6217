#!/usr/bin/env bash
# Compiles the C++ files that differ from BASE, each on its own: a unity build compiles many as one and so hides the #include
# that one of them lacks. A header counts as its .cpp file.
# usage: tools/compile_alone.sh [--short | --all] [BASE]
#   BASE     default: where this branch left origin/main, or else the commit before this one, or else everything
#   --all    every file
#   --short  stops after three minutes and says how far it came
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

read_base_arguments 180 "$@"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --preset dev >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }
awk -v root="$root/" -F'"' '
  $2 == "file" && index($4, root) == 1 && index($4, root "build/") == 0 {print substr($4, length(root) + 1)}
' build/dev/compile_commands.json | sort -u >"$work/files"
if [[ -n $base ]]; then
  changed_sources "$base" >"$work/changed"
  grep -F -x -f "$work/changed" "$work/files" >"$work/chosen" || true
  mv "$work/chosen" "$work/files"
fi

# FILE^ is Ninja's name for what is made of FILE.
mapfile -t objects < <(sed "s|.*|$root/&^|" "$work/files")
if ((${#objects[@]} == 0)); then say "compiled alone: no file changed since $base" && exit; fi
status=0
timeout "$seconds" ninja -C build/dev -k 0 -j "$(parallel_jobs)" "${objects[@]}" >"$work/log" 2>&1 || status=$?
failed=$(grep -c '^FAILED: ' "$work/log" || true)
summary="compiled alone: ${#objects[@]} files ${base:+changed since $base}: $failed with errors"
# timeout's exit status for a command that took too long.
if ((status == 124)); then
  reached=$(grep -o '^\[[0-9]*/[0-9]*\]' "$work/log" | tail -n 1)
  summary+=", stopped after $seconds s at step $reached"
  status=0
fi
if ((failed + status > 0)); then cat "$work/log"; fi
say "$summary"
((failed + status == 0))
