#!/usr/bin/env bash
# Compiles the C++ files that differ from BASE, each on its own: a unity build compiles many as one and so hides the #include
# that one of them lacks. A header counts as its .cpp file. No code is generated, so this takes seconds per file.
# usage: tools/compile_alone.sh [--short | --all] [BASE]
#   BASE     default: where this branch left origin/main, or else the commit before this one, or else everything
#   --all    every file
#   --short  stops after two minutes of files and says how many it did not reach
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

read_base_arguments 120 "$@"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --preset dev >"$work/log" 2>&1 || { cat "$work/log" >&2 && exit 1; }

# One line per file, "FILE<tab>COMMAND".
export commands=$work/commands
jq --raw-output --arg root "$root/" '
  .[] | select(.file | startswith($root) and (startswith($root + "build/") | not)) |
  "\(.file | ltrimstr($root))\t\(.command)"' build/dev/compile_commands.json | sort -u >"$commands"
cut -f 1 "$commands" | sort -u >"$work/files"
if [[ -n $base ]]; then
  changed_sources "$base" >"$work/changed"
  grep -F -x -f "$work/changed" "$work/files" >"$work/chosen" || true
  mv "$work/chosen" "$work/files"
fi
if [[ ! -s $work/files ]]; then say "compiled alone: no file changed since $base" && exit; fi

# What a file includes and the build makes: precompiled headers, messages of protobuf.
build build/dev fovea_torch_precompiled fovea_test_precompiled fovea_train_messages >"$work/log" 2>&1 ||
  { cat "$work/log" >&2 && exit 1; }
SECONDS=0  # the limit is for the files

compile() {
  local command
  command=$(awk -F'\t' -v file="$1" '$1 == file {print $2; exit}' "$commands")
  (cd build/dev && eval "$command -fsyntax-only")
}
check_files "compiled alone" compile "$work/files"
