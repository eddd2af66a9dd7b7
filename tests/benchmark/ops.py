#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Cost of compute ops beside a step of pair_style nnap with the shipped Zr-Cu-O potential.

    python3 tests/benchmark/ops.py [--lmp build/lmp] [--repeats 3] [--largest 131072]

A disordered Cu-Zr lattice with 4.7 at.% O in its holes: milliseconds for each call on one rank, microseconds
for each atom, on two ranks, with surfaces, and in percent of a step of pair nnap (16,384 atoms of metal).
Medians over repeats. Needs the standard library alone.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile

SCRIPT = """\
units metal
atom_modify map array
lattice bcc 3.28
region cell block 0 {x} 0 {y} 0 {z}
create_box 3 cell
create_atoms 2 box
mass 1 15.999
mass 2 63.546
mass 3 91.224
set group all type/fraction 3 0.5 1
variable n equal ceil(0.0493*atoms)
lattice sc 3.28 origin 0.5 0.25 0
create_atoms 1 box subset $(v_n:%.0f) 1
displace_atoms all random 0.2 0.2 0.2 1
pair_style {style}
pair_coeff * * {coeff}
neighbor 1.0 bin
compute ops all ops 1 3 {hull}
{fix}
thermo_style custom step
run {steps}
"""
SIZES = {2048: (16, 8, 8), 16384: (32, 16, 16), 65536: (32, 32, 32), 131072: (64, 32, 32)}


def seconds(lmp, atoms, steps, fix, style="zero 8.0", coeff="", hull="", ranks=1):
    """Loop time of a run that writes every step."""
    x, y, z = SIZES[atoms]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "in.ops"), "w") as file:
            file.write(SCRIPT.format(x=x, y=y, z=z, style=style, coeff=coeff, hull=hull, fix=fix, steps=steps))
        command = ["mpirun", "--bind-to", "core", "-np", str(ranks), lmp, "-in", "in.ops", "-log", "none"]
        text = subprocess.run(command, cwd=folder, env=dict(os.environ, OMP_NUM_THREADS="1"), check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    return float(re.search(r"Loop time of (\S+)", text).group(1)) / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmp", default="build/lmp")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=int, default=131072)
    options = parser.parse_args()
    lmp = os.path.abspath(options.lmp)
    call = "fix call all ave/time 1 1 1 c_ops mode scalar"
    rows = "fix call all ave/time 1 1 1 c_ops[2] mode vector"

    def cost(atoms, steps=20, **keywords):
        fix = rows if "hull" in keywords else call
        return statistics.median(seconds(lmp, atoms, steps, fix, **keywords) - seconds(lmp, atoms, steps, "", ranks=keywords.get("ranks", 1))
                                 for _ in range(options.repeats))

    step = statistics.median(seconds(lmp, 16384, 5, "", "nnap extrapolation ignore", "ZrCuO.nnap.json O Cu Zr") for _ in range(options.repeats))
    for atoms in (n for n in SIZES if n <= options.largest):
        one, two, surfaces = cost(atoms), cost(atoms, ranks=2), cost(atoms, steps=3, hull="hull 3.2")
        print("%7d atoms   %7.2f ms   %.3f us/atom   2 ranks %7.2f ms (efficiency %.2f)   with surfaces %7.1f ms%s" %
              (atoms, 1e3 * one, 1e6 * one / atoms, 1e3 * two, one / (2 * two), 1e3 * surfaces,
               "   %.1f %% of a step of pair nnap (%.0f ms)" % (100 * one / step, 1e3 * step) if atoms == 16384 else ""), flush=True)


if __name__ == "__main__":
    main()
