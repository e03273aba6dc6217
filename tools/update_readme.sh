#!/usr/bin/env bash
# Rewrites the table of mechanisms in src/attention/README.md with `fovea list blocks --markdown`. (tools/bench/results.sh
# rewrites the table of results.) FOVEA_PROGRAM: another build of fovea
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

fovea=${FOVEA_PROGRAM:-build/release/fovea}
[[ -x $fovea ]] || die "there is no $fovea: run tools/quickstart.sh, or build it"
expect_marks src/attention/README.md blocks
table=$("$fovea" list blocks --markdown)
replace_between_marks src/attention/README.md blocks "$table"
