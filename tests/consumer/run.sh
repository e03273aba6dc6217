#!/usr/bin/env bash
# Installs a build of fovea to a temporary folder, then builds and runs the projects beside this file against it.
# usage: tests/consumer/run.sh BUILD_DIR
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../../tools/lib.sh"

if (($# != 1)) || [[ ! -e $1/CMakeCache.txt ]]; then die "expected a build folder; usage: tests/consumer/run.sh BUILD_DIR"; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build PROJECT [CMAKE ARGUMENT...]: configures and builds it in $work/PROJECT.
build() {
  local project=$1
  shift
  cmake -S "tests/consumer/$project" -B "$work/$project" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
    -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF "$@" >/dev/null
  cmake --build "$work/$project"
}

# expect_none WHAT PATTERN FILE: no line of the file matches.
expect_none() {
  if grep -iE "$2" "$3" >&2; then die "expected $1 of the component attention to name only LibTorch and fovea, got the lines above"; fi
}

# photo "RED GREEN BLUE" FILE: a small picture of one colour.
photo() {
  local values pixel
  read -r -a values <<<"$1"
  pixel=$(printf '\\x%02x' "${values[@]}")
  { printf 'P6\n8 8\n255\n' && for _ in {1..64}; do printf '%b' "$pixel"; done; } >"$2"
}

cmake --install "$1" --prefix "$work/prefix" >/dev/null
if find "$work/prefix" -path '*/internal/*' | grep .; then die "internal headers are installed"; fi
if [[ $(find "$work/prefix" -name fovea.h | wc -l) != 1 ]]; then die "fovea.h is not installed once"; fi

# As on a machine that has LibTorch, with the Protobuf that it looks for itself, and none of the other packages.
hidden=(OpenCV yaml-cpp nlohmann_json ZLIB JPEG PNG TIFF PkgConfig)
disabled=("${hidden[@]/#/-DCMAKE_DISABLE_FIND_PACKAGE_}")
build attention "${disabled[@]/%/=ON}"
others='opencv|cairo|yaml|nlohmann|jpeg|libpng|libtiff|webp|libzip|isa-?l|libfovea_(config|image|draw|data|weights|policy|glimpse|models|datasets|eval|explain|train|report|run)'
ninja -C "$work/attention" -t deps >"$work/headers"
ninja -C "$work/attention" -t commands attention | tr ' ' '\n' | grep -E '^-l|\.(a|so)' >"$work/linked"
readelf -d "$work/attention/attention" | grep NEEDED >"$work/needed"
expect_none headers 'opencv|cairo|yaml|nlohmann|jpeglib|/png.h|/tiffio.h|webp|/zip.h|isa-l|google/protobuf' "$work/headers"
expect_none "the link line" "$others" "$work/linked"
expect_none "the libraries" "$others" "$work/needed"
"$work/attention/attention"

for split in train test; do
  mkdir -p "$work/photos/$split/red" "$work/photos/$split/blue"
  for level in 120 140 160 180 200 220; do
    photo "$level 20 20" "$work/photos/$split/red/$level.ppm"
    photo "20 20 $level" "$work/photos/$split/blue/$level.ppm"
  done
done
cat >"$work/colours.yaml" <<YAML
data: {name: image_folder, root: "$work/photos", validation: none}
preprocess: {resize: [16, 16], crop: 0}
model: {name: resnet8, width: 4, attention: cbam}
train: {batch_size: 6}
YAML
build application
"$work/application/train" "$work/colours.yaml" "$work/run"
"$work/application/photo" "$work/run" "$work/photos/test/red/160.ppm" "$work/overlay.png"
[[ -s $work/overlay.png ]] || die "no overlay was written"
