#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.pattern left: pattern, oxygen put into the plate, relaxed plate with its pinned structures, the mask made of
it, and radii of patches.

usage: plot.py [FOLDER ...] [-o PICTURE]     (default: this folder; pattern.png)

A row for each folder.
"""

import argparse
import importlib.util
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

# the sample seen from above is drawn as in the example of compute ops
spec = importlib.util.spec_from_file_location("ops_plot", Path(__file__).resolve().parent.parent / "ops" / "plot.py")
ops = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ops)


def draw_pattern(axes, folder):
    u = np.load(folder / "pattern.u.npy")
    mask = plt.imread(folder / "mask.png")[::-1]
    axes.imshow(u, origin="lower", cmap="viridis")
    axes.contour(mask, levels=[0.5], colors="white", linewidths=0.8)
    axes.set(xticks=[], yticks=[], title="u, and the mask's outline")


def draw_oxygen(axes, folder):
    """All atoms from above, oxygen drawn last, over the mask."""
    frame = (folder / "inserted.lammpstrj").read_text().split("ITEM: ")
    bounds = np.array([line.split()[:2] for line in frame[3].splitlines()[1:4]], dtype=float)
    atoms = np.array([line.split()[1:5] for line in frame[4].splitlines()[1:]], dtype=float)
    atoms[:, 1:] -= bounds[:, 0]
    cell = bounds[:, 1] - bounds[:, 0]
    mask = plt.imread(folder / "mask.png")[::-1]
    axes.imshow(mask, origin="lower", extent=(0, cell[0], 0, cell[1]), cmap="Greys", vmin=-0.2, vmax=3.0)
    for kind, color, size in ((2, ops.COPPER, 3.0), (3, ops.ZIRCONIUM, 4.0), (1, ops.OXYGEN, 14.0)):
        mine = atoms[atoms[:, 0] == kind]
        axes.scatter(mine[:, 1] % cell[0], mine[:, 2] % cell[1], s=size, color=color, lw=0.0)
    axes.set(xlim=(0, cell[0]), ylim=(0, cell[1]), xticks=[], yticks=[], aspect="equal", title="oxygen inserted (red)")


def draw_map(axes, folder):
    u = np.load(folder / "map.npy")
    mask = plt.imread(folder / "map.png")[::-1]
    axes.imshow(u, origin="lower", cmap="viridis")
    axes.contour(np.kron(mask, np.ones((8, 8))), levels=[0.5], colors="white", linewidths=0.8,
                 extent=(-0.5, u.shape[1] - 0.5, -0.5, u.shape[0] - 0.5))
    axes.set(xticks=[], yticks=[], title="density of pinned atoms, and its mask")


def draw_radii(axes, folder):
    bounds = (folder / "sample.lammpstrj").read_text().split("ITEM: ")[3].splitlines()[1].split()
    plate = float(bounds[1]) - float(bounds[0])
    # the mask has been scaled to the plate; radii of its patches are in pixels
    scaled = plate / plt.imread(folder / "mask.png").shape[1]
    for name, unit, color, label in (("patches_mask.dat", scaled, "0.5", "mask"),
                                     ("patches_map.dat", 1.0, ops.OXYGEN, "sample")):
        table = np.loadtxt(folder / name, ndmin=2)
        radii, density, curve = table[:, 0] * unit, table[:, 2] / unit, table[:, 3] / unit
        axes.bar(radii, density, 0.9 * radii[0], color=color, alpha=0.5, label=label)
        axes.plot(radii, curve, color=color, lw=1.2, ls="--")
    axes.set(xlabel="radius of a patch (Å)", ylabel="density of probability (1/Å)", title="patches; dashed: LSW")
    axes.legend(frameon=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", default=["."], type=Path, help="where in.pattern left its files")
    parser.add_argument("-o", "--output", default="pattern.png", help="the picture")
    options = parser.parse_args()
    rows = len(options.folders)
    figure, axes = plt.subplots(rows, 5, figsize=(20.0, 4.0 * rows), squeeze=False, layout="constrained")
    for row, folder in zip(axes, options.folders):
        draw_pattern(row[0], folder)
        draw_oxygen(row[1], folder)
        ops.draw_surfaces(row[2], folder)
        row[2].set_title("relaxed, pinned structures yellow")
        draw_map(row[3], folder)
        draw_radii(row[4], folder)
        row[0].set_ylabel(folder.name)
    figure.savefig(options.output, dpi=80)


if __name__ == "__main__":
    main()
