#!/bin/sh
# run_attention_cases.sh TEST_GOLDEN: makes the cases of attention_cases.py and compares them. FOVEA_PYTHON names a Python with
# torch and torchvision; by default Debian's.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${FOVEA_PYTHON:-/usr/bin/python3}" "$(dirname "$0")/attention_cases.py" "$folder"
FOVEA_GOLDEN=$folder "$1"
