#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every suite. Run it again as often as you like.
# usage: tools/test.sh [CTEST ARGUMENT...]      e.g. tools/test.sh -R attention
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

tools/setup.sh
cmake --preset release
build build/release
ctest --preset release --no-tests=error --parallel "$(nproc)" "$@"
