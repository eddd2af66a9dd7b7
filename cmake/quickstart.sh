#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# One command from a bare machine to a running simulation:  bash cmake/quickstart.sh
# Runs again in seconds: only what changed is done anew.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup_lib.sh"

usage() {
  cat <<'TEXT'
usage: bash cmake/quickstart.sh [options]

Installs packages (or prints the line to do so), obtains and builds LAMMPS, builds the plugin,
writes build/lmp and runs the main job on two ranks: the quench of a Cu-Zr-O glass (examples/quench).

  --lammps-source DIR  use this LAMMPS source tree instead of the distribution's source package
  --jobs N             compile N files at a time (default: the number of cores)
  --rerun              run the main job even if its results are up to date
  --no-run             stop when build/lmp is there
TEXT
}

rerun=no
run=yes
while [ $# -gt 0 ]; do
  case $1 in
    --lammps-source | --jobs)
      [ $# -gt 1 ] || fail "$1 needs a value" "bash cmake/quickstart.sh --help"
      case $1 in
        --lammps-source) lammps_source=$2 ;;
        --jobs) jobs=$2 ;;
      esac
      shift ;;
    --rerun) rerun=yes ;;
    --no-run) run=no ;;
    -h | --help) usage; exit ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
  shift
done

# The main job keeps its results in build/quench; they are newer than all they were made from, or
# they are made again.
main_job() {
  local example=$repo/examples/quench results=$repo/build/quench
  local potential=$repo/examples/potentials/ZrCuO.nnap.json stamp=$results/complete
  local inputs=("$repo/build/turingglassplugin.so" "$potential" "$example"/*)
  if [ $rerun = no ] && [ -e "$stamp" ] && [ -z "$(find "${inputs[@]}" -newer "$stamp" -print -quit)" ]; then
    finished "up to date in $results (--rerun runs it again)"
    return
  fi
  mkdir -p "$results"
  rm -f "$stamp"
  # LAMMPS prints its own table and progress: straight to the screen
  (cd "$results" && mpi_run 2 "$repo/build/lmp" -in "$example/in.quench" -log "$results/log.lammps") ||
    fail "the main job failed" "its log: $results/log.lammps" "what to do: read its last lines (ERROR: ...)"
  # the curves are a courtesy: the job is done without them
  /usr/bin/python3 "$example/plot.py" "$results" >/dev/null ||
    echo "   no curves: $example/plot.py needs python3-matplotlib"
  touch "$stamp"
  finished "results in $results: summary.txt, glass.png, quench.png, glass.data"
}

prepare "${build_packages[@]}"
build_preset release
[ $run = no ] || { headline "Main job: Cu50Zr50 with 4.7 at.% O, melted at 2000 K, quenched to 300 K"; main_job; }
printf '\nReady: %s -in <script>\n' "$repo/build/lmp"
