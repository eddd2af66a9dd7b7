#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# plugin_test.sh CASE: each function below is one case; ctest hands over the environment (see
# CMakeLists.txt here and one folder up).  Exit 77 says: skipped, with the reason printed.
set -euo pipefail

plugin=$PLUGIN_FOLDER/turingglassplugin.so

refuse() { printf 'FAILED: %s\n' "$1"; [ ! -e out ] || cat out; exit 1; }
expect() { grep -q -- "$1" out || refuse "the output lacks: $1"; }
forbid() { ! grep -q -- "$1" out || refuse "the output has: $1"; }
lammps() { "$LMP" -log none -in in.test "$@" >out 2>&1 || refuse "lmp ended with an error"; }

case_load_command() {
  unset LAMMPS_PLUGIN_PATH
  printf 'plugin load %s\nplugin list\n' "$plugin" >in.test
  lammps
  expect 'pair style plugin nnap'
  expect 'command style plugin nnap'
}

case_auto_load() {
  echo 'plugin list' >in.test
  $MPIRUN 2 "$LMP" -log none -in in.test >out 2>&1 || refuse "lmp ended with an error"
  expect "Loaded [12] plugins from $PLUGIN_FOLDER"
  expect 'pair style plugin nnap'
}

# Styles in use while `clear` unloads the shared object, three times over.
case_survives_clear() {
  cat >in.test <<'DECK'
label again
variable turn loop 3
units metal
region box block 0 10 0 10 0 10
create_box 1 box
pair_style nnap
clear
plugin list
next turn
jump SELF again
DECK
  lammps
  [ "$(grep -c 'pair style plugin nnap$' out)" -eq 3 ] || refuse "nnap is not there after each clear"
}

case_partitions() {
  printf 'plugin list\nclear\nplugin list\n' >in.test
  $MPIRUN 2 "$LMP" -partition 1 1 -log none -in in.test >out 2>&1 || refuse "lmp ended with an error"
  cat screen.0 screen.1 >out
  [ "$(grep -c 'pair style plugin nnap$' out)" -eq 4 ] || refuse "not loaded in every partition"
}

# build/lmp: from another folder, on ranks, the user's own folders kept behind ours
case_launcher() {
  unset LAMMPS_PLUGIN_PATH LAMMPS_POTENTIALS
  export LAMMPS_POTENTIALS=/somebody/elses
  cat >in.test <<'DECK'
plugin list
variable potentials getenv LAMMPS_POTENTIALS
print "potentials: ${potentials}"
DECK
  $MPIRUN 2 "$PLUGIN_FOLDER/lmp" -log none -in in.test >out 2>&1 || refuse "build/lmp ended with an error"
  expect 'pair style plugin nnap'
  expect "^potentials: $SOURCE/examples/potentials:.*/potentials:/somebody/elses\$"
}

case_one_symbol() {
  nm -D --defined-only "$plugin" | awk '{ print $NF }' >out
  [ "$(cat out)" = lammpsplugin_init ] || refuse "exported symbols are not lammpsplugin_init alone"
}

# A plugin built for another LAMMPS: says so once, registers nothing, LAMMPS goes on.
case_other_version() {
  export LAMMPS_PLUGIN_PATH=$OTHER_FOLDER/other_version
  printf 'plugin list\nprint "still alive"\n' >in.test
  $MPIRUN 2 "$LMP" -log none -in in.test >out 2>&1 || refuse "lmp ended with an error"
  expect 'plugin built for version 20200303'
  expect 'rebuild it: .*LAMMPS_SOURCE_DIR'
  [ "$(grep -c 'does not fit this LAMMPS' out)" -eq 1 ] || refuse "not said exactly once"
  forbid 'style plugin'
  expect 'still alive'
}

case_other_sizes() {
  export LAMMPS_PLUGIN_PATH=$OTHER_FOLDER/other_sizes
  printf 'plugin list\nprint "still alive"\n' >in.test
  lammps
  expect 'does not fit this LAMMPS'
  forbid 'style plugin'
  expect 'still alive'
}

# The core is a library of its own: no header of LAMMPS below src/, but for the plugin's two files.
# A name counts as LAMMPS's if src/ there has it and we have no such file.
case_core_without_lammps() {
  local file header
  find "$SOURCE/src" -name '*.h' -o -name '*.cpp' | grep -v -e /src/lammps/ >files
  while read -r file; do
    sed -nE 's/^ *# *include *["<]([^">]+)[">].*/\1/p' "$file" | while read -r header; do
      [ ! -e "$LAMMPS_TREE/src/$header" ] || [ -e "$SOURCE/src/$header" ] ||
        [ -e "$(dirname "$file")/$header" ] || echo "$file includes LAMMPS's $header"
    done
  done <files >out
  [ ! -s out ] || refuse "the core includes LAMMPS"
}

# Configuring against a source tree of another version stops with the reason.
case_configure_mismatch() {
  rm -rf tree build
  mkdir -p tree/src
  echo '#define LAMMPS_VERSION "3 Mar 2020"' >tree/src/version.h
  ! "$CMAKE" -S "$SOURCE" -B build -D LAMMPS_SOURCE_DIR="$PWD/tree" -D LAMMPS_BINARY="$LMP" >out 2>&1 ||
    refuse "cmake accepted another version's source"
  expect 'LAMMPS_SOURCE_DIR of 3 Mar 2020'
  ! "$CMAKE" -S "$SOURCE" -B build -D LAMMPS_SOURCE_DIR="$PWD/nowhere" >out 2>&1 ||
    refuse "cmake accepted a folder that is no LAMMPS"
  expect 'quickstart.sh'
}

# What an administrator does: install under a prefix, offer a module, users load it.
case_install() {
  unset LAMMPS_PLUGIN_PATH LAMMPS_POTENTIALS
  local module
  prefix=$(mktemp -d)    # away from the build, so that a path into the build stands out
  trap 'rm -rf "$prefix"' EXIT
  "$CMAKE" --install "$PLUGIN_FOLDER" --prefix "$prefix" >out
  module=$(echo "$prefix"/share/modulefiles/turingglass/*)
  [ -e "$module" ] || refuse "no module file"
  ! grep -q -e "$SOURCE" -e "$PLUGIN_FOLDER/" "$module" || refuse "the module file points into the build"
  eval "$(sed -nE 's/^prepend-path ([A-Z_]+) (.*)/export \1="\2"/p' "$module")"
  [ -d "$LAMMPS_POTENTIALS" ] || refuse "no potentials at $LAMMPS_POTENTIALS"
  printf 'plugin list\n' >in.test
  lammps
  expect "Loaded [12] plugins from $prefix"
  expect 'pair style plugin nnap'
}

# A whole LAMMPS with our styles compiled in; optimization off, for only names are asked for.
case_in_tree() {
  "$CMAKE" -S "$LAMMPS_TREE/cmake" -B build -G Ninja -D CMAKE_PROJECT_lammps_INCLUDE="$SOURCE/cmake/in_tree.cmake" \
    -D CMAKE_CXX_COMPILER="$CXX" -D CMAKE_BUILD_TYPE=None -D CMAKE_CXX_FLAGS=-O0 -D BUILD_MPI=on -D BUILD_OMP=on \
    -D WITH_JPEG=off -D WITH_PNG=off >out 2>&1 || refuse "configuring LAMMPS failed"
  "$CMAKE" --build build >out 2>&1 || refuse "building LAMMPS failed"
  unset LAMMPS_PLUGIN_PATH
  printf 'info styles pair\ninfo styles command\n' >in.test
  build/lmp -log none -in in.test >out 2>&1 || refuse "lmp ended with an error"
  [ "$(grep -cw nnap out)" -ge 2 ] || refuse "pair style and command nnap are not built in"
}

# The plugin compiles against the newest LAMMPS the distribution's development suite offers.
case_newest_lammps() {
  source "$SOURCE/cmake/setup_lib.sh"
  if ! debian_lammps_source sid 7 >out 2>&1; then
    echo "SKIPPED: the development suite's LAMMPS source package is out of reach"
    exit 77
  fi
  echo "against LAMMPS $(lammps_date "$debian_source")"
  "$CMAKE" -S "$SOURCE" -B build -G Ninja -D CMAKE_CXX_COMPILER="$CXX" -D TURINGGLASS_WERROR=on \
    -D LAMMPS_SOURCE_DIR="$debian_source" >out 2>&1 || refuse "configuring failed"
  "$CMAKE" --build build >out 2>&1 || refuse "compiling failed"
}

"case_$1"
