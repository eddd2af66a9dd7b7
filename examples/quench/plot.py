#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.quench left in a folder: g(r) of liquid and glass, and the job along time.

usage: plot.py [FOLDER] [-o PICTURE]     (default: this folder, quench.png in it)
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

LIQUID, GLASS, COPPER, MIXED, ZIRCONIUM, OXYGEN = "0.6", "black", "#d9731f", "#7a5195", "#3c78b4", "#c62828"
PAIRS = {"Cu-Cu": (3, COPPER), "Cu-Zr": (5, MIXED), "Zr-Zr": (7, ZIRCONIUM), "O-Zr": (9, OXYGEN)}


def read_rdf(path):
    """Columns r (Å), then g(r) and coordination within r of all pairs, Cu-Cu, Cu-Zr, Zr-Zr, O-Zr, O-Cu, O-O."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    rows = int(lines[0].split()[1])
    return np.loadtxt(lines[-rows:])[:, 1:]


def draw_pairs(total, partial, liquid, glass):
    r = glass[:, 0]
    total.plot(liquid[:, 0], liquid[:, 1], color=LIQUID, label="liquid")
    total.plot(r, glass[:, 1], color=GLASS, label="glass")
    peak = np.argmax(glass[:, 1])
    total.annotate(f"{r[peak]:.2f} Å", (r[peak], glass[peak, 1]), xytext=(10, -6), textcoords="offset points")
    total.set(ylabel="g(r), all pairs", xlim=(1.6, r[-1]), ylim=(0, None))
    total.tick_params(labelbottom=False)
    total.legend(frameon=False)

    for name, (column, color) in PAIRS.items():
        partial.plot(r, glass[:, column], color=color, label=name)
    partial.set(xlabel="r (Å)", ylabel="g(r) of the glass", xlim=(1.6, r[-1]), ylim=(0, None))
    partial.legend(frameon=False)


def draw_history(axes, history):
    """history: columns step, time (ps), T (K), energy (eV/atom), density (1/Å³)."""
    time = history[:, 1]
    labels = {2: "T (K)", 3: "energy (eV/atom)", 4: "density (Å$^{-3}$)"}
    for axis, (column, label) in zip(axes, labels.items()):
        axis.plot(time, history[:, column], color=GLASS, lw=1.3)
        axis.set(ylabel=label, xlim=(0, time[-1]))
        axis.tick_params(labelbottom=axis is axes[-1])
    axes[0].set_ylim(0, None)
    axes[-1].set_xlabel("time (ps)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("."), help="where in.quench left its files")
    parser.add_argument("-o", "--output", type=Path, help="the picture (default: quench.png in the folder)")
    options = parser.parse_args()

    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False,
                         "xtick.direction": "in", "ytick.direction": "in"})
    figure = plt.figure(figsize=(10, 6), layout="constrained")
    grid = figure.add_gridspec(6, 2, width_ratios=(1.1, 1))
    total, partial = (figure.add_subplot(grid[rows, 0]) for rows in (slice(0, 3), slice(3, 6)))
    history = [figure.add_subplot(grid[rows, 1]) for rows in (slice(0, 2), slice(2, 4), slice(4, 6))]

    draw_pairs(total, partial, read_rdf(options.folder / "rdf_liquid.dat"), read_rdf(options.folder / "rdf_glass.dat"))
    draw_history(history, np.loadtxt(options.folder / "quench.dat"))
    figure.align_ylabels()
    output = options.output or options.folder / "quench.png"
    figure.savefig(output, dpi=110)
    print(output)


if __name__ == "__main__":
    main()
