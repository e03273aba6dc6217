#!/usr/bin/env bash
# From a fresh checkout to a trained classifier: installs what is missing, builds the program, trains on Fashion-MNIST,
# scores the test split, classifies four images and draws where the network looked at them. Finished steps are not
# repeated.
# usage: tools/quickstart.sh
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

if (($#)); then die "takes no argument"; fi
fovea=build/release/fovea
run=runs/quickstart
images=(tests/data/fashion_mnist/*.png)

stage "set up" tools/setup.sh
stage "configure" cmake --preset release
stage "build" build build/release fovea_executable
if [[ ! -e $run/summary.json ]]; then stage "train" "$fovea" train configs/quickstart.yaml --resume; fi
stage "score the test split" "$fovea" eval "$run"
stage "classify four images" "$fovea" predict "$run" "${images[@]}"
stage "draw its attention" "$fovea" overlay "$run" "${images[@]}" --layer all

cat <<END

Time
$(print_stages)

Where things are, in $run
  model.safetensors   the trained model
  summary.json        the result
  metrics.jsonl       loss and accuracy of every epoch
  config.yaml         the complete configuration
  curves.png          learning curves; confusion_test.png and calibration_test.png are beside it
  overlays/attention  where the network looked: start with contact_sheet.attention.all.png

Next steps
  classify your own image     $fovea predict $run IMAGE
  see what it looked at       $fovea overlay $run IMAGE
  list the mechanisms         $fovea list blocks
  train with another one      $fovea train configs/quickstart.yaml --set model.attention=eca --out runs/eca
END
