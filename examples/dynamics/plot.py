#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.dynamics measured: mobility by element, F_s by distance to oxygen, tau(d), S(q).

usage: plot.py [FOLDER ...] [-o PICTURE]     (default: this folder; dynamics.png)

A row for each folder; tau(d) of the others is there in gray.
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
    scale = plt.cm.ScalarMappable(plt.Normalize(0.0, float(curves[-1][0].group(2))), "plasma")
    for ends, rows in curves:
        middle = sum(map(float, ends.groups())) / 2
        axes.errorbar(rows[:, 0], rows[:, 5], rows[:, 6], color=scale.to_rgba(middle), lw=1.2)
    axes.figure.colorbar(scale, ax=axes, label="distance to oxygen (Å)")
    axes.axhline(np.exp(-1), color="0.6", lw=0.8, ls=":")
    axes.set(xlabel="t (ps)", ylabel="$F_{s,d}(q, t)$", xscale="log", ylim=(0, 1))


def draw_times(axes, all_tables, mine):
    for tables in all_tables:
        rows = tables[-1][1]
        rows = rows[rows[:, 1] > 0]
        look = {"color": "black", "zorder": 2} if tables is mine else {"color": "0.75", "zorder": 1}
        axes.errorbar(rows[:, 0], rows[:, 1], rows[:, 2], marker="o", ms=4, capsize=2, **look)
    axes.set(xlabel="distance to oxygen (Å)", ylabel=r"$\tau_\alpha$ (ps)", yscale="log")


def draw_structure(axes, path):
    rows = np.array([line.split() for line in path.read_text().splitlines() if not line.startswith("#")][1:], dtype=float)
    rows = rows[rows[:, 2] > 0]
    axes.plot(rows[:, 1], rows[:, 3], color="black", lw=1.2)
    axes.set(xlabel="q (1/Å)", ylabel="S(q)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", default=["."], type=Path, help="where in.dynamics left its files")
    parser.add_argument("-o", "--output", default="dynamics.png", help="the picture")
    options = parser.parse_args()
    all_tables = [blocks(folder / "dynamics.dat") for folder in options.folders]
    rows = len(options.folders)
    figure, axes = plt.subplots(rows, 4, figsize=(17.0, 3.8 * rows), squeeze=False, layout="constrained")
    for row, folder, tables in zip(axes, options.folders, all_tables):
        draw_mobility(row[0], tables)
        draw_scattering(row[1], tables)
        draw_times(row[2], all_tables, tables)
        draw_structure(row[3], folder / "sq.dat")
        row[0].set_title(folder.name, loc="left")
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
