#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Speed of pattern solve in cell-steps/s beside NumPy and beside what the memory allows without blocking in time.

    python3 tests/benchmark/pattern.py [--lmp build/lmp] [--size 1024] [--steps 1000] [--repeats 3]

Explicit scheme on one and two ranks, spectral scheme on one. NumPy does the same explicit steps with np.roll on one
core. The bound: a step that streams the grid reads u and v, and reads and writes the lines of the new u and v, 48 bytes a
cell; the bandwidth is that of np.add(b, c, out=a) on arrays of 128 MiB, 32 bytes an element, on one core. The explicit
scheme may be above it. Medians over repeats. Needs NumPy.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time

import numpy as np

CELL_BYTES, ADD_BYTES = 48, 32


def solve(lmp, size, steps, ranks, words=""):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "in.pattern"), "w") as file:
            file.write("pattern solve %d %d steps %d %s\n" % (size, size, steps, words))
        command = ["mpirun", "--bind-to", "core", "-np", str(ranks), lmp, "-in", "in.pattern", "-log", "none"]
        text = subprocess.run(command, cwd=folder, env=dict(os.environ, OMP_NUM_THREADS="1"), check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    return float(re.search(r"steps in \S+ s, (\S+) cell-steps/s", text).group(1))


def numpy_rate(size, steps=10, delta=0.0614, dt=0.005, dx=0.5):
    generator = np.random.default_rng(1)
    u, v = (mean * (1 + 0.01 * generator.uniform(-1, 1, (size, size))) for mean in (2.736, 1.764))

    def laplacian(w):
        return (np.roll(w, 1, 0) + np.roll(w, -1, 0) + np.roll(w, 1, 1) + np.roll(w, -1, 1) - 4 * w) / dx ** 2

    begin = time.perf_counter()
    for _ in range(steps):
        f = u * v - 4 * u / (u + 1)
        u, v = u + dt * (f + delta * laplacian(u)), v + dt * (laplacian(v) - f)
    return size * size * steps / (time.perf_counter() - begin)


def bandwidth(elements=1 << 24):
    a, b, c = (np.full(elements, x) for x in (0.0, 1.0, 2.0))
    begin = time.perf_counter()
    np.add(b, c, out=a)
    return ADD_BYTES * elements / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lmp", default="build/lmp")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    lmp, size, steps = os.path.abspath(options.lmp), options.size, options.steps

    def median(run):
        return statistics.median(run() for _ in range(options.repeats))

    one, two = (median(lambda ranks=ranks: solve(lmp, size, steps, ranks)) for ranks in (1, 2))
    spectral = median(lambda: solve(lmp, size, max(1, steps // 20), 1, "scheme spectral dt 0.05"))
    plain, bytes_per_second = median(lambda: numpy_rate(size)), median(bandwidth)
    bound = bytes_per_second / CELL_BYTES
    print("%d x %d cells, cell-steps/s" % (size, size))
    print("  explicit, 1 rank    %.3g   90,000 steps in %.0f s" % (one, 9e4 * size * size / one))
    print("  explicit, 2 ranks   %.3g   90,000 steps in %.0f s, efficiency %.2f" % (two, 9e4 * size * size / two, two / (2 * one)))
    print("  spectral, 1 rank    %.3g" % spectral)
    print("  NumPy               %.3g   explicit on 1 rank is %.1f times as fast" % (plain, one / plain))
    print("  memory bound        %.3g   (%.1f GB/s on one core); explicit on 1 rank is at %.2f of it"
          % (bound, bytes_per_second / 1e9, one / bound))


if __name__ == "__main__":
    main()
