#!/usr/bin/env python3
"""Draws what in.dynamics measured: mobility by element, F_s by distance to oxygen, tau(d), S(q) (dynamics.png).

usage: plot.py [FOLDER]     (where in.dynamics left its files; default: this one)
"""

import argparse
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

COLORS = {1: "#d62728", 2: "#d98540", 3: "#4d7fb3"}
NAMES = {1: "O", 2: "Cu", 3: "Zr"}


def blocks(path):
    """The tables of compute fsd: (comment before it, rows) of each."""
    found = []
    for part in re.split(r"\n\n\n", path.read_text())[1:]:
        comment, *lines = part.strip().splitlines()
        found.append((comment, np.array([line.split() for line in lines], dtype=float)))
    return found


def draw_mobility(axes, tables):
    for comment, rows in tables:
        kind = re.match(r"# type (\d), all slices", comment)
        if kind:
            number = int(kind.group(1))
            axes.loglog(rows[:, 0], rows[:, 2], color=COLORS[number], label=NAMES[number])
    axes.set(xlabel="t (ps)", ylabel="MSD (Å$^2$)")
    axes.legend(frameon=False)


def draw_scattering(axes, tables):
    curves = [(re.search(r"distance (\S+) to (\S+),", comment), rows) for comment, rows in tables
              if re.match("# all types, slice", comment)]
    for k, (ends, rows) in enumerate(curves):
        color = plt.cm.plasma(k / max(1, len(curves)))
        axes.errorbar(rows[:, 0], rows[:, 5], rows[:, 6], color=color, lw=1.2, label="%s–%s Å" % ends.groups())
    axes.axhline(np.exp(-1), color="0.6", lw=0.8, ls=":")
    axes.set(xlabel="t (ps)", ylabel="$F_{s,d}(q, t)$", xscale="log", ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)


def draw_times(axes, tables):
    rows = tables[-1][1]
    reached = rows[:, 1] > 0
    axes.errorbar(rows[reached, 0], rows[reached, 1], rows[reached, 2], color="black", marker="o", ms=4, capsize=2)
    axes.set(xlabel="distance to oxygen (Å)", ylabel=r"$\tau_\alpha$ (ps)", yscale="log")


def draw_structure(axes, path):
    rows = np.array([line.split() for line in path.read_text().splitlines() if not line.startswith("#")][1:], dtype=float)
    rows = rows[rows[:, 2] > 0]
    axes.plot(rows[:, 1], rows[:, 3], color="black", lw=1.2)
    axes.set(xlabel="q (1/Å)", ylabel="S(q)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=".", type=Path, help="where in.dynamics left its files")
    folder = parser.parse_args().folder
    tables = blocks(folder / "dynamics.dat")
    figure, axes = plt.subplots(1, 4, figsize=(17.0, 3.8), layout="constrained")
    draw_mobility(axes[0], tables)
    draw_scattering(axes[1], tables)
    draw_times(axes[2], tables)
    draw_structure(axes[3], folder / "sq.dat")
    figure.savefig(folder / "dynamics.png", dpi=100)


if __name__ == "__main__":
    main()
