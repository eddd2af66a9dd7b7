#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws the exchanges of in.remd: the walk of each replica, the energies of each temperature, and along time.

usage: plot.py [FILE ...] [-o PICTURE] [--dt PS]     (default: remd.log; remd.png)

Several files are drawn below each other.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def read(path):
    """Temperatures, steps, levels (from 0) and energies (eV) of all replicas by step, and the pairs' results."""
    lines = Path(path).read_text().splitlines()
    ladder = np.array(lines[0].split("temperatures")[1].split(), dtype=float)
    n = len(ladder)
    rows = [line.split() for line in lines if not line.startswith("#")]
    steps = np.array([int(row[0]) for row in rows])
    levels = np.array([[int(word) - 1 for word in row[1:n + 1]] for row in rows])
    energies = np.array([row[n + 1:2 * n + 1] for row in rows], dtype=float)
    return ladder, steps, levels, energies, [row[-1] for row in rows]


def draw(axes, path, dt):
    ladder, steps, levels, energies, pairs = read(path)
    time = dt * (steps - steps[0])
    colors = plt.cm.plasma(np.linspace(0.0, 0.85, len(ladder)))
    walk, histogram, history = axes

    for replica, color in enumerate(plt.cm.tab10(range(len(ladder)))):
        walk.step(time, ladder[levels[:, replica]], where="post", color=color, lw=1.0)
    tried = sum(p.count("+") + p.count("-") for p in pairs)
    walk.set(xlabel="time (ps)", ylabel="temperature of a replica (K)", yticks=ladder,
             title="%s: %d of %d attempts" % (Path(path).stem, sum(p.count("+") for p in pairs), tried))

    # energies of a line belong to the temperatures before its exchange
    at = np.vstack([levels[:1], levels[:-1]])
    bins = np.linspace(energies[1:].min(), energies[1:].max(), 40)
    for level, color in enumerate(colors):
        mine = energies[1:][at[1:] == level]
        here = time[1:][np.nonzero(at[1:] == level)[0]]
        histogram.hist(mine[len(mine) // 10:], bins, color=color, alpha=0.6, label="%.0f K" % ladder[level])
        history.plot(here, mine, color=color, lw=0.8)
    histogram.set(xlabel="potential energy (eV)", ylabel="attempts")
    histogram.legend(frameon=False)
    history.set(xlabel="time (ps)", ylabel="potential energy (eV)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", default=["remd.log"], help="what fix remd/swap wrote")
    parser.add_argument("-o", "--output", default="remd.png", help="the picture")
    parser.add_argument("--dt", type=float, default=0.002, help="time step (ps)")
    options = parser.parse_args()
    rows = len(options.files)
    figure, axes = plt.subplots(rows, 3, figsize=(13.0, 3.6 * rows), squeeze=False, layout="constrained")
    for row, path in zip(axes, options.files):
        draw(row, path, options.dt)
    figure.savefig(options.output, dpi=110)


if __name__ == "__main__":
    main()
