#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Cost of fix remd/swap beside plain molecular dynamics and LAMMPS's temper command, two partitions of EAM copper.

    python3 tests/benchmark/remd.py [--lmp build/lmp] [--repeats 5]

Prints microseconds per step and the ratios to plain dynamics, medians over repeats of the three in turn.
The temperatures are so close that nearly every attempt succeeds. Needs the standard library alone.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile

SCRIPT = """\
variable t universe 300 301
variable seed universe 4711 4811
units metal
atom_modify map array
lattice fcc 3.64
region box block 0 8 0 8 0 8
create_box 1 box
create_atoms 1 box
mass 1 63.546
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu
velocity all create $(2*v_t) ${seed} mom yes loop geom
timestep 0.002
fix heat all nvt temp $t $t 0.1
thermo 1000
run 100
"""
RUNS = {
    "dynamics": "run 1000\n",
    "remd/swap": "fix swap all remd/swap 100 4712 300 301 file none warmup 0\nrun 1000\n",
    "temper": "temper 1000 100 $t heat 0 4712\n",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmp", default="build/lmp")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    lmp = os.path.abspath(options.lmp)
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    times = {name: [] for name in RUNS}
    for _ in range(options.repeats):
        for name, command in RUNS.items():
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "in.remd"), "w") as file:
                    file.write(SCRIPT + command)
                subprocess.run(["mpirun", "--bind-to", "core", "-np", "2", lmp, "-in", "in.remd", "-partition", "2x1", "-log", "none",
                                "-plog", "none"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
                with open(os.path.join(folder, "screen.0")) as file:
                    loop = re.findall(r"Loop time of (\S+) on \d+ procs for 1000 steps", file.read())[-1]
                times[name].append(1000.0 * float(loop))
    for name, mine in times.items():
        ratio = statistics.median(a / b for a, b in zip(mine, times["dynamics"]))
        print("%-10s %8.0f us/step   %.3f x dynamics" % (name, statistics.median(mine), ratio))


if __name__ == "__main__":
    main()
