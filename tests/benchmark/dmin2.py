#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Cost of compute dmin2 beside a step of pair_style nnap with the shipped Zr-Cu-O potential.

    python3 tests/benchmark/dmin2.py [--lmp build/lmp] [--repeats 3] [--largest 131072] [--cutoff 5.0]

A disordered Cu-Zr lattice: milliseconds for each call on one rank, microseconds for each atom, on two ranks, with
the model of second gradients, of a new reference (lag 1), memory of the neighbors kept, and in percent of 100 steps
of pair nnap, whose time per atom is that of 16,384 atoms. Medians over repeats of runs with and without the compute,
of atoms in free flight. Needs the standard library alone.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile

SCRIPT = """\
units metal
lattice bcc 3.28
region cell block 0 {x} 0 {y} 0 {z}
create_box 3 cell
create_atoms 2 box
mass * 60
set group all type/fraction 3 0.5 1
displace_atoms all random 0.3 0.3 0.3 1
pair_style {pair}
velocity all create 300 1
fix move all nve
timestep 0.002
{compute}
thermo_style custom step
run {steps}
"""
SIZES = {2048: (16, 8, 8), 16384: (32, 16, 16), 65536: (32, 32, 32), 131072: (64, 32, 32)}
CALL = "\nfix call all ave/time 1 1 1 c_d[1] mode scalar"


def seconds(lmp, atoms, steps, compute="", pair="zero 5.0\npair_coeff * *", ranks=1):
    """Loop time of a step of a run that asks for the compute every step; Mbytes a rank."""
    x, y, z = SIZES[atoms]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "in.dmin2"), "w") as file:
            file.write(SCRIPT.format(x=x, y=y, z=z, pair=pair, compute=compute, steps=steps))
        command = ["mpirun", "--bind-to", "core", "-np", str(ranks), lmp, "-in", "in.dmin2", "-log", "none"]
        text = subprocess.run(command, cwd=folder, env=dict(os.environ, OMP_NUM_THREADS="1"), check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    memory = float(re.search(r"Per MPI rank memory.* = .* \| .* \| (\S+) Mbytes", text).group(1))
    return float(re.search(r"Loop time of (\S+)", text).group(1)) / steps, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmp", default="build/lmp")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=int, default=131072)
    parser.add_argument("--cutoff", type=float, default=5.0)
    options = parser.parse_args()
    lmp = os.path.abspath(options.lmp)

    def median(*words, **keywords):
        return statistics.median(seconds(lmp, *words, **keywords)[0] for _ in range(options.repeats))

    step = median(16384, 3, pair="nnap extrapolation ignore\npair_coeff * * ZrCuO.nnap.json O Cu Zr") / 16384
    for atoms in (n for n in SIZES if n <= options.largest):
        compute = "compute d all dmin2 cutoff %g%%s" % options.cutoff + CALL

        def cost(keywords, without, ranks=1):
            return median(atoms, 10, compute % keywords, ranks=ranks) - without

        one, two = median(atoms, 10), median(atoms, 10, ranks=2)
        call, call2, gradient = cost("", one), cost("", two, 2), cost(" gradient yes", one)
        reference = cost(" reference lag 1", one) - call
        memory = seconds(lmp, atoms, 1, compute % "")[1] - seconds(lmp, atoms, 1)[1]
        print("%7d atoms   %8.2f ms   %.3f us/atom   2 ranks %8.2f ms (efficiency %.2f)   gradient %8.2f ms   "
              "reference %8.2f ms   %6.1f MB   %.2f %% (gradient %.2f %%) of 100 steps of pair nnap (%.0f ms)" %
              (atoms, 1e3 * call, 1e6 * call / atoms, 1e3 * call2, call / (2 * call2), 1e3 * gradient, 1e3 * reference,
               memory, call / atoms / step, gradient / atoms / step, 1e3 * step * atoms), flush=True)


if __name__ == "__main__":
    main()
