#!/usr/bin/env bash
# Configures a project that has fovea as a part of it (subproject/CMakeLists.txt, which says what must hold); builds nothing.
# usage: tests/consumer/subproject.sh
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../../tools/lib.sh"

if (($#)); then die "takes no argument"; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake -S tests/consumer/subproject -B "$work/build" -G Ninja >/dev/null

# What links fovea::fovea finds LibTorch, which only fovea's own directory has looked for.
compilation=$(jq --raw-output '.[] | select(.file | endswith("consumer/attention/main.cpp")).command' "$work/build/compile_commands.json")
for part in /include/fovea_attention /torch/csrc/api/include -std=gnu++20; do
  [[ $compilation == *"$part"* ]] || die "a program that links fovea::fovea is compiled without $part: $compilation"
done

# Installing the parent installs nothing of fovea: it would ask for files that are not built.
cmake --install "$work/build" --prefix "$work/prefix" >/dev/null
[[ ! -e $work/prefix ]] || die "expected no file to be installed, got $(find "$work/prefix" -type f | head -n 3)"
