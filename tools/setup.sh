#!/usr/bin/env bash
# Installs what the build and the tests need on Debian 12 and 13, and only what is missing.
# usage: tools/setup.sh [--dev] [PACKAGE...]    --dev adds the tools of the checks; PACKAGE: further Debian packages
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

packages=(
  g++ cmake ninja-build ccache git
  libtorch-dev libopenblas0-openmp libopencv-dev libyaml-cpp-dev libcli11-dev nlohmann-json3-dev zlib1g-dev
  libjpeg-dev libpng-dev libtiff-dev libwebp-dev libcairo2-dev libprotobuf-dev protobuf-compiler libisal-dev libzip-dev pkgconf fonts-dejavu-core curl ca-certificates jq
  libgtest-dev libgmock-dev dataset-fashion-mnist python3-torch python3-torchvision
)
for argument in "$@"; do
  case $argument in
    --dev) packages+=(clang-format clang-tidy-19 gcovr shellcheck) ;;
    -*) die "unknown option $argument; usage: tools/setup.sh [--dev] [PACKAGE...]" ;;
    *) packages+=("$argument") ;;
  esac
done

if [[ ! -e /etc/debian_version ]] || ! command -v apt-get dpkg-query >/dev/null; then
  die "installs on Debian only; elsewhere install the contents of these Debian packages, then run cmake --preset release: ${packages[*]}"
fi

installed=" $(dpkg-query --show --showformat '${db:Status-Status}:${Package} ' "${packages[@]}" 2>/dev/null || true)"
missing=()
for package in "${packages[@]}"; do
  [[ $installed == *" installed:$package "* ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || die "needs root or sudo to install: ${missing[*]}"
  as_root=(sudo)
fi

# Silent, unless it fails.
apt() {
  local output
  if ! output=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet --quiet --option Dpkg::Use-Pty=0 --option DPkg::Lock::Timeout=120 "$@" 2>&1 </dev/null); then
    say "$output"
    return 1
  fi
}

say "setup: installing ${missing[*]}"
apt update || { sleep 5 && apt update; } || die "apt-get update failed (above); check the network and /etc/apt"
apt install --yes --no-install-recommends "${missing[@]}" || die "apt-get install failed (above); Debian 12 and 13 have every package"
