#!/usr/bin/env bash
# Downloads a data set or a network's weights of datasets/downloads.tsv: resumes partial files, and keeps only files with the right checksum.
# usage: tools/download.sh NAME [--to DIR] [--mirror URL]...    --help says more
called_from=$PWD
# shellcheck source=tools/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: tools/download.sh NAME [--to DIR] [--mirror URL]..."
manifest=.download.sha256  # in an unpacked folder: the archive's checksum, then those of the files

# The machine or a server failed; mistakes of the caller are for die.
fail() {
  say "${0##*/}: $*"
  exit 1
}

inform() { say "${0##*/}: $*"; }

# An absolute path; a relative one starts at the caller's directory, which need not be the repository's root.
from_caller() {
  case $1 in
    /*) echo "$1" ;;
    *) echo "$called_from/$1" ;;
  esac
}

name=
to=data
mirrors=()
help=false
while (($#)); do
  case $1 in
    -h | --help) help=true ;;
    --to | --mirror)
      (($# > 1)) || die "$1 needs a value; $usage"
      if [[ $1 == --to ]]; then to=$(from_caller "${2%/}"); else mirrors+=("${2%/}"); fi
      shift
      ;;
    -*) die "unknown option $1; $usage" ;;
    *)
      [[ -z $name ]] || die "expected one name, got '$name' and '$1'; $usage"
      name=$1
      ;;
  esac
  shift
done
for mirror in "${mirrors[@]}"; do
  [[ $mirror =~ ^https?://[^[:space:]]+$ ]] || die "expected --mirror http://... or https://..., got '$mirror'"
done

table=datasets/downloads.tsv
if [[ -n ${FOVEA_DOWNLOADS:-} ]]; then table=$(from_caller "$FOVEA_DOWNLOADS"); fi
[[ -r $table ]] || die "cannot read $table"

names=()
rows=()
line_number=0
while IFS= read -r line || [[ -n $line ]]; do
  line_number=$((line_number + 1))
  if [[ $line == \#* ]]; then continue; fi
  IFS=$'\t' read -r row_name sha256 bytes path urls <<<"$line"
  [[ $sha256 =~ ^[0-9a-f]{64}$ && $bytes =~ ^[1-9][0-9]{0,14}$ && $path != /* && /$path/ != */../* &&
    $urls =~ ^https?://[^[:space:]]+(\ https?://[^[:space:]]+)*$ ]] ||
    die "$table:$line_number: expected a name, a sha256, a size in bytes, a path and URLs, separated by tabs"
  if [[ " ${names[*]} " != *" $row_name "* ]]; then names+=("$row_name"); fi
  if [[ $row_name == "$name" ]]; then rows+=("$line"); fi
done <"$table"

if [[ $help == true ]]; then
  cat <<HELP
Downloads a data set, or a network's weights, and checks it. Complete files are not downloaded again; partial ones are resumed.
$usage
  NAME           one of: ${names[*]}
  --to DIR       the data folder; default: data in the repository
  --mirror URL   fetch URL/<file name>, before the servers of the table; may be given several times
The table of files, sizes, checksums and servers is datasets/downloads.tsv; the environment variable FOVEA_DOWNLOADS names
another one. datasets/README.md says what each is and under which licence.
HELP
  exit 0
fi
[[ -n $name ]] || die "expected a name: ${names[*]}; $usage"
((${#rows[@]})) || die "expected one of ${names[*]}, got '$name'"
command -v curl >/dev/null || die "needs curl; install the Debian packages curl and ca-certificates, or run tools/setup.sh"

size_of() { if [[ -e $1 ]]; then stat --dereference --format=%s -- "$1"; else echo 0; fi; }

sha256_of() { sha256sum <"$1" | cut --delimiter=' ' --fields=1; }

# is_right FILE SHA256 BYTES
is_right() { [[ -f $1 && $(size_of "$1") == "$3" && $(sha256_of "$1") == "$2" ]]; }

# transfer URL PART BYTES: appends to PART what it lacks; prints curl's exit code, the HTTP status and curl's message. Not
# every server says how long its answer is, so the system's limit on file sizes stops one that does not end.
transfer() (
  verbosity=(--silent)
  if [[ -t 2 ]]; then say "$1" && verbosity=(--progress-bar); fi
  trap '' XFSZ
  ulimit -S -f $(($3 / 1024 + 1))
  exec curl "${verbosity[@]}" --fail --globoff --location --max-redirs 5 --proto =http,https --proto-redir =http,https \
    --connect-timeout 30 --speed-limit 1 --speed-time 60 --no-buffer --max-filesize "$3" --continue-at - --output "$2" \
    --write-out '%{exitcode} %{http_code} %{errormsg}' --url "$1"
)

# fetch_from URL PART SHA256 BYTES: true when PART is complete and right; otherwise says why in $failure. A part that is
# wrong is removed, one that is only short stays, and a connection that breaks off is resumed.
failure=
fetch_from() {
  local url=$1 part=$2 sha256=$3 bytes=$4 attempt before after answer code status got
  for ((attempt = 0; attempt < 5; ++attempt)); do
    before=$(size_of "$part")
    if ((before < bytes)); then
      answer=$(transfer "$url" "$part" "$bytes") || answer=${answer:-$? 0 curl was stopped}
      read -r code status failure <<<"$answer"
    fi
    after=$(size_of "$part")
    if ((after == bytes)); then
      got=$(sha256_of "$part")
      if [[ $got == "$sha256" ]]; then return 0; fi
      rm -f -- "$part"
      failure="wrong checksum: expected sha256 $sha256, got $got"
      if ((before == 0)); then return 1; fi  # else the older part may be to blame
    elif ((after > bytes || code == 63)); then  # 63: the server announces more
      if ((after > bytes)); then rm -f -- "$part"; fi
      failure="wrong size: expected $bytes bytes, got more"
      return 1
    elif ((code == 0)); then
      rm -f -- "$part"
      failure="wrong size: expected $bytes bytes, got $after"
      return 1
    elif ((code == 33 || status == 416)); then  # the server does not resume, or not there
      rm -f -- "$part"
    elif ((code == 23)); then
      fail "cannot write $part; is the disk full?"
    elif ((after == before)); then
      return 1
    fi
  done
  return 1
}

# fetch FILE SHA256 BYTES URL...: FILE appears once it is complete and right.
fetch() {
  local file=$1 sha256=$2 bytes=$3 url urls=() failures=
  shift 3
  if (($(size_of "$file.part") > bytes)); then rm -f -- "$file.part"; fi
  for url in "${mirrors[@]}"; do urls+=("$url/${file##*/}"); done
  for url in "${urls[@]}" "$@"; do
    if fetch_from "$url" "$file.part" "$sha256" "$bytes"; then
      mv --force --no-target-directory -- "$file.part" "$file"
      inform "$file: fetched from $url${failures:+ ($failures)}"
      return
    fi
    failures+="${failures:+; }$url: $failure"
  done
  if [[ -e $file.part ]]; then fail "$file: $failures; run this again to resume from byte $(size_of "$file.part")"; fi
  fail "$file: $failures; check the network, or name another server with --mirror"
}

# is_unpacked FOLDER SHA256: it contains the unchanged files of the archive with this checksum.
is_unpacked() {
  [[ -f $1/$manifest && $(head -n 1 -- "$1/$manifest") == "# $2" ]] &&
    (cd -- "$1" && sha256sum --check --strict --status "$manifest")
}

# unpack ARCHIVE FOLDER SHA256: FOLDER appears once it is complete. An archive with anything but files and folders below
# the folder's name is not unpacked.
unpacking=
trap 'if [[ -n $unpacking ]]; then rm -rf -- "$unpacking"; fi' EXIT
unpack() {
  local archive=$1 folder=$2 sha256=$3 top=${2##*/} members member path
  local plain='^[-d][rwx-]{9} [0-9]+/[0-9]+ +[0-9]+ [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} (\./)?'
  members=$(LC_ALL=C tar --list --verbose --numeric-owner --absolute-names --quoting-style=escape --gzip --file=- <"$archive") ||
    fail "$archive: tar cannot read it"
  while IFS= read -r member; do
    if [[ $member =~ $plain ]]; then
      path=${member#"${BASH_REMATCH[0]}"}/
      if [[ $path == "$top"/* && $path != */../* ]]; then continue; fi
    fi
    fail "$archive: not unpacked: expected only files and folders below $top/, got '$member'"
  done <<<"$members"

  unpacking=$folder.part
  rm -rf -- "$unpacking"
  mkdir -- "$unpacking"
  tar --extract --gzip --file=- --directory="$unpacking" --no-same-owner --no-same-permissions <"$archive" ||
    fail "$archive: cannot be unpacked into $unpacking; is the disk full?"
  (cd -- "$unpacking/$top" && echo "# $sha256" && find . -type f -print0 | sort --zero-terminated | xargs -0 sha256sum) \
    >"$unpacking/manifest"
  mv -- "$unpacking/manifest" "$unpacking/$top/$manifest"
  if [[ -e $folder ]]; then mv --no-target-directory -- "$folder" "$unpacking/replaced"; fi
  mv --no-target-directory -- "$unpacking/$top" "$folder"
  rm -rf -- "$unpacking"
  inform "$folder: unpacked from $archive, which may be removed"
}

mkdir -p -- "$to" || die "cannot create the folder $to; give another one with --to"
exec {lock}<"$to"
flock --nonblock "$lock" || { inform "waiting for another download into $to" && flock "$lock"; }

for row in "${rows[@]}"; do
  IFS=$'\t' read -r _ sha256 bytes path urls <<<"$row"
  read -r -a urls <<<"$urls"
  target=$to/${path%/}
  mkdir -p -- "${target%/*}" || die "cannot create the folder ${target%/*}; give another one with --to"
  if [[ $path != */ ]]; then
    data_root=${target%/*}
    is_right "$target" "$sha256" "$bytes" || fetch "$target" "$sha256" "$bytes" "${urls[@]}"
  else
    data_root=$target
    if is_unpacked "$target" "$sha256"; then continue; fi
    if [[ -e $target && ! -e $target/$manifest ]]; then
      die "$target exists, but not from this script, which cannot check it; move it away to download the data set"
    fi
    archive=${target%/*}/${urls[0]##*/}
    is_right "$archive" "$sha256" "$bytes" || fetch "$archive" "$sha256" "$bytes" "${urls[@]}"
    unpack "$archive" "$target" "$sha256"
  fi
done
inform "$name: everything is there; data.root: $data_root"
