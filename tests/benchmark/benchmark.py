#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Cost of pair_style nnap for the published shape, beside SNAP, POD, UF3 and EAM in the same LAMMPS run.

    python3 tests/benchmark/benchmark.py [--lmp build/lmp] [--quick] [--plot FILE]

Prints microseconds per atom and step (per core: wall time x ranks x threads), medians over repeats,
and the ratio to SNAP (Ta06A) measured in the same run. Needs the standard library alone, for the picture matplotlib.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def published_shape(path):
    """A potential of the papers' shape, 90-16-16-16-16-1, n <= 4, l <= 8, 7 A, with random weights."""
    generator = random.Random(1)

    def matrix(rows, columns):
        return [[generator.uniform(-1, 1) / columns**0.5 for _ in range(columns)] for _ in range(rows)]

    def model(symbol):
        widths = [90, 16, 16, 16, 16]
        return {"symbol": symbol, "ref_eng": -4.0, "norm_mu": [0.0] * 90, "norm_sigma": [5.0] * 90,
                "basis": {"type": "spherical_chebyshev", "nmax": 4, "lmax": 8, "rcut": 7.0, "wtype": "default"},
                "nn": {"type": "feed_forward", "input_dim": 90, "hidden_dims": widths[1:],
                       "hidden_weights": [matrix(b, a) for a, b in zip(widths, widths[1:])],
                       "hidden_biases": [matrix(1, b)[0] for b in widths[1:]],
                       "output_weight": matrix(1, 16)[0], "output_bias": 0.0}}

    with open(path, "w") as file:
        json.dump({"version": 5, "units": "metal", "models": [model("Cu"), model("Zr")]}, file)


def measure(lmp, potential, cells, steps, styles, ranks=1, threads=1, skin=2.0):
    """{style: (microseconds of one core per atom and step, neighbors of an atom in the list, megabytes)}"""
    command = [lmp, "-in", os.path.join(HERE, "in.benchmark"), "-log", "none", "-var", "n", str(cells),
               "-var", "steps", str(steps), "-var", "potential", potential, "-var", "skin", str(skin), "-var", "style", *styles]
    if ranks > 1:
        command = ["mpirun", "--bind-to", "core" if threads == 1 else "none", "-np", str(ranks), *command]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    text = subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE,
                          cwd=os.path.dirname(potential)).stdout
    runs = re.findall(r"style: (\w+)\n.*?Per MPI rank memory allocation \S+ = (\S+).*?"
                      r"Loop time of (\S+) on \d+ procs for (\d+) steps with (\d+) atoms.*?Ave neighs/atom = (\S+)",
                      text, re.DOTALL)
    return {style: (1e6 * float(time) * ranks * threads / (int(n) * int(atoms)), float(neighbors), float(memory))
            for style, memory, time, n, atoms, neighbors in runs}


def medians(repeats, *arguments, **keywords):
    """As measure(), and ratios of times to that of SNAP in the same run, if it is there."""
    runs = [measure(*arguments, **keywords) for _ in range(repeats)]
    result = {style: tuple(statistics.median(run[style][k] for run in runs) for k in range(3)) for style in runs[0]}
    ratios = {style: statistics.median(run[style][0] / run["snap"][0] for run in runs)
              for style in runs[0] if "snap" in runs[0]}
    return result, ratios


def draw(times, path, plt):
    figure, axes = plt.subplots(figsize=(5.5, 3.8), layout="constrained")
    for style in STYLES:
        axes.loglog(*zip(*((atoms, row[style][0]) for atoms, row in times.items() if style in row)), "o-", ms=4, label=LABELS[style])
    axes.set(xlabel="atoms", ylabel="core-µs per atom and step")
    axes.set_ylim(bottom=1)
    axes.legend(frameon=False, ncols=2, fontsize=8)
    figure.savefig(path, dpi=100)


STYLES = ("nnap", "mixed", "snap", "pod", "uf3", "eam")
LABELS = {"nnap": "nnap", "mixed": "nnap, mixed precision", "snap": "snap (Ta06A)", "pod": "pod (Ta)", "uf3": "uf3 (Nb)",
          "eam": "eam/fs (CuZr_mm)"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lmp", default=os.path.join(HERE, "..", "..", "build", "lmp"))
    parser.add_argument("--quick", action="store_true", help="one size, few steps")
    parser.add_argument("--cells", type=int, nargs="+", default=[8, 10, 16, 32, 80],
                        help="edges of the boxes, in cells of two atoms (default: 1,024 to 1,024,000 atoms)")
    parser.add_argument("--peers", type=int, default=20000, help="peers but EAM only up to so many atoms")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--plot", help="a picture of the first table")
    options = parser.parse_args()
    if options.plot:
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    lmp = os.path.abspath(options.lmp)
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

    with tempfile.TemporaryDirectory() as folder:
        potential = os.path.join(folder, "published_shape.nnap.json")
        published_shape(potential)

        print("one core: microseconds per atom and step, ratio to snap in the same run; then neighbors in LAMMPS's list\n"
              "(with skin, eam: half) and its memory, MB")
        print("%8s" % "atoms" + "".join("%16s" % style for style in STYLES), flush=True)
        table = {}
        for cells in [10] if options.quick else options.cells:
            atoms = 2 * cells**3
            styles = STYLES if atoms <= options.peers else ("nnap", "mixed", "eam")
            steps = 10 * max(1, min(10, 4000 // atoms))    # whole intervals between neighbor lists
            table[atoms], ratios = medians(1 if options.quick or atoms > 200000 else options.repeats, lmp, potential, cells, steps, styles)
            row = table[atoms]
            print("%8d" % atoms + "".join("%10.2f" % row[s][0] + (" %5.3f" % ratios[s] if ratios else 6 * " ") if s in row
                                          else 16 * " " for s in STYLES))
            print(8 * " " + "".join("%8.0f %7.0f" % row[s][1:] if s in row else 16 * " " for s in STYLES), flush=True)
        if options.plot:
            draw(table, options.plot, plt)
        if options.quick:
            return

        print("\nskin: nnap, 16,000 atoms, one core, microseconds per atom and step, neighbors in the list")
        for skin in (0.5, 1.0, 2.0, 3.0):
            times, _ = medians(3, lmp, potential, 20, 20, ("nnap",), skin=skin)
            print("%4.1f A %8.2f %6.0f" % (skin, *times["nnap"][:2]), flush=True)

        print("\nranks and threads: nnap, 16,000 atoms, core-microseconds per atom and step (ideal: equal)")
        one = None
        for ranks, threads in ((1, 1), (2, 1), (1, 2)):
            times, _ = medians(3, lmp, potential, 20, 20, ("nnap",), ranks=ranks, threads=threads)
            one = one or times["nnap"][0]
            print("%d rank(s) x %d thread(s) %8.2f   efficiency %.2f" % (ranks, threads, times["nnap"][0], one / times["nnap"][0]),
                  flush=True)


if __name__ == "__main__":
    main()
