#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Cost of compute fsd beside a step of pair_style nnap with the shipped Zr-Cu-O potential.

    python3 tests/benchmark/fsd.py [--lmp build/lmp] [--repeats 3] [--last 100 1000 10000]

16,384 atoms of a disordered Cu-Zr lattice with 4.7 at.% O in its holes, on one rank: milliseconds a step, and
percent of a step of pair nnap, of 32 origins with 10 times a decade from one step to the last, all origins
being followed. The shorter the last time, the more is measured in a step. Medians over repeats of runs with
and without the compute, of atoms in free flight. Needs the standard library alone.
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
region cell block 0 32 0 16 0 16
create_box 3 cell
create_atoms 2 box
mass 1 15.999
mass 2 63.546
mass 3 91.224
set group all type/fraction 3 0.5 1
lattice sc 3.28 origin 0.5 0.25 0
create_atoms 1 box subset 808 1
displace_atoms all random 0.2 0.2 0.2 1
pair_style {pair}
neighbor 1.0 bin
velocity all create 1000 1
fix move all nve
timestep 0.002
thermo_style custom step
{compute}
run {before}
run {steps}
"""


def seconds(lmp, steps, pair="zero 5.0\npair_coeff * *", compute="", before=0):
    """Loop time of a step of the second run."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "in.fsd"), "w") as file:
            file.write(SCRIPT.format(pair=pair, compute=compute, before=before, steps=steps))
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        text = subprocess.run([lmp, "-in", "in.fsd", "-log", "none"], cwd=folder, env=environment, check=True,
                              text=True, stdout=subprocess.PIPE).stdout
    return float(re.findall(r"Loop time of (\S+)", text)[-1]) / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmp", default="build/lmp")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--last", type=int, nargs="*", default=[100, 1000, 10000])
    options = parser.parse_args()
    lmp = os.path.abspath(options.lmp)

    def median(*words, **keywords):
        return statistics.median(seconds(lmp, *words, **keywords) for _ in range(options.repeats))

    step = median(3, pair="nnap extrapolation ignore\npair_coeff * * ZrCuO.nnap.json O Cu Zr")
    for last in options.last:
        compute = "compute s all fsd 1 q 2.71 times 1 %d 10" % last
        with_it, without = median(last, compute=compute, before=last), median(last, before=last)
        print("times to %6d steps: %7.3f ms a step, %.2f %% of a step of pair nnap (%.0f ms)" %
              (last, 1e3 * (with_it - without), 100 * (with_it - without) / step, 1e3 * step), flush=True)


if __name__ == "__main__":
    main()
