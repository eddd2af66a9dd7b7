#!/usr/bin/env python3
"""Cost of pair_style nnap for the published shape, beside SNAP and EAM in the same LAMMPS run.

    python3 tests/benchmark/benchmark.py [--lmp build/lmp] [--quick]

Prints microseconds per atom and step (per core: wall time x ranks x threads), medians over repeats,
and the ratio to SNAP (Ta06A) measured in the same run. Needs the standard library alone.
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


def measure(lmp, potential, cells, steps, styles, ranks=1, threads=1):
    """{style: microseconds of one core per atom and step}"""
    command = [lmp, "-in", os.path.join(HERE, "in.benchmark"), "-log", "none", "-var", "n", str(cells),
               "-var", "steps", str(steps), "-var", "potential", potential, "-var", "style", *styles]
    if ranks > 1:
        command = ["mpirun", "--bind-to", "core" if threads == 1 else "none", "-np", str(ranks), *command]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    text = subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE,
                          cwd=os.path.dirname(potential)).stdout
    loops = re.findall(r"style: (\w+)\n.*?Loop time of (\S+) on \d+ procs for (\d+) steps with (\d+) atoms", text, re.DOTALL)
    return {style: 1e6 * float(time) * ranks * threads / (int(n) * int(atoms)) for style, time, n, atoms in loops}


def medians(repeats, *arguments, **keywords):
    runs = [measure(*arguments, **keywords) for _ in range(repeats)]
    times = {style: statistics.median(run[style] for run in runs) for style in runs[0]}
    ratios = {style: statistics.median(run["nnap"] / run[style] for run in runs) for style in runs[0]}
    return times, ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lmp", default=os.path.join(HERE, "..", "..", "build", "lmp"))
    parser.add_argument("--quick", action="store_true", help="one size, few steps")
    options = parser.parse_args()
    lmp = os.path.abspath(options.lmp)
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

    with tempfile.TemporaryDirectory() as folder:
        potential = os.path.join(folder, "published_shape.nnap.json")
        published_shape(potential)

        print("one core: microseconds per atom and step")
        print("%8s %8s %8s %8s   %s" % ("atoms", "nnap", "snap", "eam", "nnap/snap (median of pairs)"))
        times, ratios = medians(1 if options.quick else 5, lmp, potential, 10, 20, ("nnap", "snap", "eam"))
        print("%8d %8.2f %8.2f %8.2f   %.3f" % (2000, times["nnap"], times["snap"], times["eam"], ratios["snap"]), flush=True)
        if options.quick:
            return

        print("\nsize: nnap, one core")
        for cells in (10, 16, 20, 32):
            times, _ = medians(3, lmp, potential, cells, 10, ("nnap",))
            print("%8d %8.2f" % (2 * cells**3, times["nnap"]), flush=True)

        print("\nranks and threads: nnap, 16,000 atoms, core-microseconds per atom and step (ideal: equal)")
        one = None
        for ranks, threads in ((1, 1), (2, 1), (1, 2)):
            times, _ = medians(3, lmp, potential, 20, 20, ("nnap",), ranks=ranks, threads=threads)
            one = one or times["nnap"]
            print("%d rank(s) x %d thread(s) %8.2f   efficiency %.2f" % (ranks, threads, times["nnap"], one / times["nnap"]),
                  flush=True)


if __name__ == "__main__":
    main()
