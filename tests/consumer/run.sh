#!/usr/bin/env bash
# Installs a build of fovea to a temporary folder, then builds and runs the project beside this file against it.
# usage: tests/consumer/run.sh BUILD_DIR
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../../tools/lib.sh"

if (($# != 1)) || [[ ! -e $1/CMakeCache.txt ]]; then die "expected a build folder; usage: tests/consumer/run.sh BUILD_DIR"; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$1" --prefix "$work/prefix" >/dev/null
cmake -S tests/consumer -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
  -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF >/dev/null
cmake --build "$work/build"
"$work/build/consumer"
