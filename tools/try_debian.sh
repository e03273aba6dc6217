#!/usr/bin/env bash
# Builds fovea and runs every suite on another release of Debian, in a root of its own below build/. Needs root and Debian's
# mirror; the second run reuses the root, its packages and its build. Not in CI: run it before a release.
# usage: tools/try_debian.sh 12|13 [CTEST ARGUMENT...]      e.g. tools/try_debian.sh 13 -R '^golden'
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

mirror=http://deb.debian.org/debian

usage="usage: tools/try_debian.sh 12|13 [CTEST ARGUMENT...]"
case ${1:-} in
  12) release=bookworm ;;
  13) release=trixie ;;
  *) die "expected the release 12 or 13, got '${1:-}'; $usage" ;;
esac
folder=$root/build/debian-$1
shift
((EUID == 0)) || die "needs root, for debootstrap and chroot"
tools/setup.sh debootstrap

system=$folder/root
if [[ ! -e $folder/complete ]]; then
  rm -rf --one-file-system -- "$system"
  mkdir -p -- "$system"
  say "making Debian $release in $system"
  debootstrap --variant=minbase --include=ca-certificates "$release" "$system" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
    die "debootstrap failed; see $folder/debootstrap.log"
  touch "$folder/complete"
fi

# The tree is seen there as /fovea, with a build folder of that release; the mounts end with this process.
mkdir -p -- "$folder/build" "$system/fovea"
# shellcheck disable=SC2016  # expanded by the inner shell
exec unshare --mount bash -euo pipefail -c '
  root=$1 folder=$2 system=$3
  shift 3
  mount --bind "$root" "$system/fovea"
  mount --bind "$folder/build" "$system/fovea/build"
  mount --rbind /dev "$system/dev"
  mount --rbind /sys "$system/sys"
  mount -t proc proc "$system/proc"
  cp --dereference /etc/resolv.conf "$system/etc/resolv.conf"
  exec chroot "$system" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    /fovea/tools/test.sh "$@"
' try_debian "$root" "$folder" "$system" "$@"
