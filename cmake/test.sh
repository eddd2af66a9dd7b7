#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# All tests from a bare machine on:  bash cmake/test.sh [--lammps-source DIR] [--jobs N]
# Sets up what quickstart.sh sets up, builds with warnings as errors, runs every test, then the
# core's unit tests once more under the sanitizers.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup_lib.sh"

while [ $# -gt 1 ]; do
  case $1 in
    --lammps-source) lammps_source=$2 ;;
    --jobs) jobs=$2 ;;
    *) break ;;
  esac
  shift 2
done
[ $# -eq 0 ] || fail "unknown or incomplete option $1" "usage: bash cmake/test.sh [--lammps-source DIR] [--jobs N]"

prepare "${build_packages[@]}" "${test_packages[@]}"
for preset in ci debug; do
  build_preset $preset
  headline "Tests ($preset)"
  (cd "$repo" && ctest --preset $preset -j "$jobs") ||
    fail "tests failed" "again, alone: ctest --preset $preset --rerun-failed"
  finished
done
printf '\nAll tests passed.\n'
