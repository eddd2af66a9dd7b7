# SPDX-License-Identifier: GPL-2.0-only
# Shell functions shared by quickstart.sh and test.sh: packages, LAMMPS, the plugin, the launcher.
# Sourced, never run.  Every step prints one headline and its time; what a tool prints goes into a
# log, its progress to the screen.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/turingglass
jobs=${jobs:-$(nproc)}
lammps_source=${lammps_source:-}      # --lammps-source: the user's own tree; empty: the distribution's
reference_suite=trixie                # carries 4Feb2025, the version every log in examples/ is made with

# Debian's names.  voro++ and the image libraries keep LAMMPS from downloading anything itself.
build_packages=(g++ cmake ninja-build xz-utils libopenmpi-dev openmpi-bin nlohmann-json3-dev libqhull-dev
  libeigen3-dev libfftw3-dev libfftw3-mpi-dev liblapack-dev voro++-dev libpng-dev libjpeg-dev zlib1g-dev
  python3-matplotlib)
test_packages=(libgtest-dev libgmock-dev libyaml-dev clang libclang-rt-14-dev
  python3-sphinx python3-sphinx-rtd-theme)

# What LAMMPS is built with; the cache is keyed by this list, so a change here builds anew.
lammps_options=(-D CMAKE_BUILD_TYPE=Release -D BUILD_SHARED_LIBS=on -D BUILD_MPI=on -D BUILD_OMP=on
  -D DOWNLOAD_VORO=off -D DOWNLOAD_POTENTIALS=off -D FFT=FFTW3)
lammps_packages=(PLUGIN MANYBODY VORONOI REPLICA EXTRA-COMPUTE EXTRA-FIX EXTRA-DUMP EXTRA-PAIR
  MC MISC ML-SNAP ML-POD ML-UF3 OPENMP PHONON KSPACE)

# ---- telling the user -------------------------------------------------------------------------

headline() { step_start=$SECONDS; printf '\n== %s\n' "$*"; }
finished() { printf '   %s (%d s)\n' "${*:-done}" $((SECONDS - step_start)); }
fail() { printf '\nSTOPPED: %s\n' "$1" >&2; shift; [ $# -eq 0 ] || printf '   %s\n' "$@" >&2; exit 1; }

# On a terminal the latest line overwrites itself; elsewhere one line every five percent.
# Reads ninja's and make's own progress: [12/700] or [ 12%].
show_progress() {
  local terminal=0
  [ -t 1 ] && terminal=1
  awk -v terminal=$terminal '
    match($0, /^\[[0-9]+\/[0-9]+\]/) { split(substr($0, 2, RLENGTH - 2), n, "/"); percent = 100 * n[1] / n[2] }
    match($0, /^\[ *[0-9]+%\]/)      { percent = substr($0, 2, RLENGTH - 3) + 0 }
    !/^\[/                           { next }
    terminal                         { printf "\r\033[K   %3d%%  %.60s", percent, $0; fflush(); next }
    percent >= due                   { printf "   %3d%%\n", percent; fflush(); due = percent - percent % 5 + 5 }
    END                              { if (terminal && NR) printf "\r\033[K" }'
}

# logged LOG REMEDY COMMAND...: runs COMMAND, keeps its output in LOG, stops with REMEDY if it fails
logged() {
  local log=$1 remedy=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  if ! "$@" 2>&1 | tee "$log" | show_progress; then
    tail -n 25 "$log" >&2
    fail "$(basename "$log" .log) failed" "its output: $log" "what to do: $remedy"
  fi
}

# ---- packages ---------------------------------------------------------------------------------

# install_packages NAME...: installs those that dpkg does not know; needs no root where nothing is missing
install_packages() {
  local missing=() name as_root=()
  if ! command -v dpkg-query >/dev/null; then
    echo "   not a Debian system: expecting compiler, cmake, MPI and libraries in place (docs/install)"
    return
  fi
  for name; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || { finished "all there"; return; }
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || fail "packages are missing and this user may not install them" \
      "run, as root:  apt-get install --no-install-recommends ${missing[*]}" "then start again"
    as_root=(sudo -n)
  fi
  echo "   installing ${missing[*]}"
  # A third-party source that does not answer must not stop us: the install decides.
  "${as_root[@]}" apt-get update >"$cache/logs/apt-update.log" 2>&1 || true
  logged "$cache/logs/apt-install.log" "check the network and the apt sources, then start again" \
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  finished
}

# ---- LAMMPS -----------------------------------------------------------------------------------

# The machine's own Debian mirror: deb822 files first, then the older one-line format.
debian_mirror() {
  local uri
  uri=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
  [ -n "$uri" ] || uri=$(sed -n 's/^deb \(\[.*\] \)\?\([^ ]*\) .*main.*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
  [ -n "$uri" ] && echo "$uri"
}

# debian_lammps_source SUITE [DAYS]: downloads and unpacks SUITE's lammps source package, once, or
# again when the copy is older than DAYS; sets debian_source.  A private apt configuration leaves the
# machine's own untouched and needs no root; apt checks the signature and the tarball's checksum.
debian_lammps_source() {
  local suite=$1 days=${2:-} mirror work header status
  debian_source=$cache/source/$suite
  if [ -e "$debian_source/src/version.h" ] &&
    [ -z "${days:+$(find "$debian_source" -maxdepth 0 -mtime "+$days")}" ]; then
    return 0
  fi
  mirror=$(debian_mirror) || return 1
  work=$(mktemp -d)
  mkdir -p "$work"/{lists,archives}/partial "$work"/{parts,tar,tree} "$cache/source"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/list"
  local apt=(apt-get -o Dir::Etc::SourceList="$work/list" -o Dir::Etc::SourceParts="$work/parts"
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root)
  # Some releases of the tarball have a top folder, some have not: the tree is where src/version.h
  # is.  It appears under its final name only when complete.
  "${apt[@]}" update && (cd "$work/tar" && "${apt[@]}" --only-source --tar-only --download-only source lammps) &&
    tar -C "$work/tree" -xf "$work"/tar/lammps_*.orig.tar.* &&
    header=$(find "$work/tree" -maxdepth 3 -path '*/src/version.h') && [ -n "$header" ] &&
    rm -rf "$debian_source" && mv "${header%/src/version.h}" "$debian_source" && touch "$debian_source"
  status=$?
  rm -rf "$work"
  # an old copy still serves where the mirror is out of reach
  [ $status -eq 0 ] || [ -e "$debian_source/src/version.h" ]
}

# lammps_date DIR: the version as LAMMPS writes it, for example "4 Feb 2025"
lammps_date() { sed -n 's/.*LAMMPS_VERSION "\(.*\)"/\1/p' "$1/src/version.h"; }

# Obtains the source where the user gave none; sets lammps_source, lammps_build, lammps_binary.
prepare_lammps() {
  if [ -z "$lammps_source" ]; then
    if [ ! -e "$cache/source/$reference_suite/src/version.h" ]; then
      echo "   downloading LAMMPS (130 MB) from the distribution's source package"
      debian_lammps_source $reference_suite >"$cache/logs/lammps-source.log" 2>&1 ||
        fail "LAMMPS could not be downloaded" "its output: $cache/logs/lammps-source.log" \
          "what to do: check the network, or unpack any LAMMPS of 2025 or later and give --lammps-source DIR"
    fi
    lammps_source=$cache/source/$reference_suite
  fi
  [ -e "$lammps_source/src/version.h" ] ||
    fail "$lammps_source is not a LAMMPS source tree" "what to do: give the folder that holds src/ and cmake/"
  lammps_source=$(cd "$lammps_source" && pwd)

  local options=("${lammps_options[@]}") name date key
  for name in "${lammps_packages[@]}"; do options+=(-D "PKG_$name=on"); done
  # dump image moved into a package of its own in 2026
  [ ! -d "$lammps_source/src/GRAPHICS" ] || options+=(-D PKG_GRAPHICS=on)
  date=$(lammps_date "$lammps_source")
  key=$(printf '%s\n' "$lammps_source" "${options[@]}" | sha256sum | cut -c 1-8)
  lammps_build=$cache/lammps-${date// /}-$key
  lammps_binary=$lammps_build/lmp

  if [ ! -x "$lammps_binary" ] || [ ! -e "$lammps_build/complete" ]; then
    echo "   LAMMPS $date: building it once, about 6 minutes on two cores"
    logged "$cache/logs/lammps-configure.log" "read the log's last lines; a missing library is installed by its -dev package" \
      cmake -S "$lammps_source/cmake" -B "$lammps_build" -G Ninja "${options[@]}"
    logged "$cache/logs/lammps-build.log" "read the log; start again with --jobs 1 if memory ran out" \
      cmake --build "$lammps_build" -j "$jobs"
    touch "$lammps_build/complete"
  fi
}

# ---- the plugin -------------------------------------------------------------------------------

# prepare PACKAGE...: the steps every command begins with
prepare() {
  mkdir -p "$cache/logs"
  exec 9>"$cache/lock"
  flock -n 9 || { echo "waiting for another set-up on this machine to finish"; flock 9; }
  headline "Packages"
  install_packages "$@"
  headline "LAMMPS"
  prepare_lammps
  exec 9>&-
  finished "LAMMPS $(lammps_date "$lammps_source")"
}

# build_preset NAME: configures and builds one of CMakePresets.json; for release that is build/
build_preset() {
  local preset=$1
  headline "TuringGlass ($preset)"
  logged "$cache/logs/$preset-configure.log" "the log's last lines name what is missing and the remedy" \
    in_repo cmake --preset "$preset" -D LAMMPS_SOURCE_DIR="$lammps_source" -D LAMMPS_BINARY="$lammps_binary"
  logged "$cache/logs/$preset-build.log" "read the first error in the log" \
    in_repo cmake --build --preset "$preset" -j "$jobs"
  finished
}
in_repo() { (cd "$repo" && "$@"); }

# mpi_run N PROGRAM...: Open MPI refuses root unless told twice, and more ranks than cores; it is
# told only where that is so.
mpi_run() {
  local ranks=$1 flags=()
  shift
  if mpirun --version 2>/dev/null | grep -q 'Open MPI' && [ "$ranks" -gt "$(nproc)" ]; then
    flags+=(--oversubscribe)
  fi
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  mpirun "${flags[@]}" -np "$ranks" "$@"
}
