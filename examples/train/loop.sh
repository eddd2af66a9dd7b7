#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Active learning: molecular dynamics goes where the potential was not trained, configurations that are
# new to it are labeled, and it is trained again, until nothing is new any more.
#
#   bash loop.sh [-var NAME VALUE]...        the words are handed on to all LAMMPS scripts
set -euo pipefail

lmp=${LMP:-mpirun -np 2 ../../build/lmp}    # how to start LAMMPS
rounds=${ROUNDS:-3}                         # at most
data=loop/CuZr.extxyz.gz                    # labeled frames, more in each round
known=CuZr-test.extxyz.gz                   # test set of the states that the first potential was made for
squeezed=loop/CuZr-squeezed.extxyz.gz       # test set of those that it is to learn
words=("$@")

# run LOG SCRIPT [-var NAME VALUE]...
run() {
  $lmp -in "$2" -log "$1" -screen none "${@:3}" ${words[@]+"${words[@]}"} ||
    { echo "loop.sh: $2 has failed, see $1" >&2; exit 1; }
}

# train ROUND [-var NAME VALUE]...: training and both tests
train() {
  run loop/$1/train.log in.train -var test $known $squeezed -var parity loop/$1/known loop/$1/squeezed "${@:2}"
}

# errors ROUND: of both test sets, mean absolute errors of energy (meV/atom) and forces (eV/A)
errors() { awk '/^all frames/ { printf "%s %s ", $4, $6 }' loop/$1/train.log; }

# record ROUND FRAMES LIKELY SQUEEZED ERRORS
record() {
  printf '%5s %7s %7s %9s  %8s %8s  %8s %8s\n' "$@"
  (IFS=,; echo "$*" >> loop/loop.csv)
}

rm -rf loop
mkdir -p loop/0
echo "               likely  squeezed     known: error of     squeezed: error of"
echo "round  frames F (eV/A)  by (%)  E (meV/atom) F (eV/A)  E (meV/atom) F (eV/A)"
echo "round,frames,likely_F,squeezed_by,known_E,known_F,squeezed_E,squeezed_F" > loop/loop.csv

# a test set, made with the potential that gives the labels; the loop learns nothing from it
run loop/label.log in.label -var set squeezed -var seed 3 -var out $squeezed

# the first potential, which in.train makes
cp CuZr.nnap.json loop/0
cp CuZr-train.extxyz.gz $data
train 0 -var out loop/0/CuZr.nnap.json -var epochs 0
record 0 - - - $(errors 0)

for ((round = 1; round <= rounds; ++round)); do
  mkdir loop/$round
  potential=loop/$((round - 1))/CuZr.nnap.json
  run loop/$round/explore.log in.explore -var potential $potential -var seed $round -var out loop/$round
  explored=$(awk '!/#/ { if (!start) start = $2; end = $2; if ($3 > most) most = $3 }
                  END { printf "%.1f %.0f", most, 100 * (1 - end / start) }' loop/$round/error.dat)
  steps=$(awk '/TIMESTEP/ { getline; print }' loop/$round/new.dump)
  if [ -z "$steps" ]; then
    record $round 0 $explored - - - -
    break
  fi
  run loop/$round/relabel.log in.relabel -var step $steps -var dump loop/$round/new.dump -var data $data
  train $round -var start $potential -var data $data -var out loop/$round/CuZr.nnap.json
  record $round $(wc -w <<< "$steps") $explored $(errors $round)
done
