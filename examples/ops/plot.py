#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws the pinned structures of in.ops: growth and histograms (ops.png), surfaces over the atoms (surface.png).

usage: plot.py [FOLDER]     (where in.ops left its files; default: this one)
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PolyCollection

OXYGEN, COPPER, ZIRCONIUM, SURFACE = "#d62728", "#d98540", "#4d7fb3", "#f2c81f"


def tables(path):
    """The tables of a file of fix ave/histo (mode vector) by step."""
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    found = {}
    while lines:
        rows = int(lines[0][1])
        found[int(lines[0][0])] = np.array(lines[1:rows + 1], dtype=float)
        lines = lines[rows + 1:]
    return found


def draw_growth(axes, folder):
    rows = np.loadtxt(folder / "ops.dat")
    time, number, largest = rows[:, 1], rows[:, 3], rows[:, 4]
    axes.plot(time, number, color="black", lw=1.2, label="number of structures")
    axes.plot(time, largest, color=OXYGEN, lw=1.2, label="atoms in the largest")
    axes.set(xlabel="time (ps)", ylabel="number", ylim=(0, None))
    axes.legend(frameon=False)


def draw_histograms(axes, path, label, fit=False):
    """Shares of the O over the first and over the last interval; with their normal distributions."""
    found = tables(path)
    for step, color, name in ((min(found), "0.6", "first"), (max(found), OXYGEN, "last")):
        k, share = found[step][:, 1], found[step][:, 3]
        mean = np.sum(k * share)
        sd = np.sqrt(np.sum((k - mean) ** 2 * share))
        axes.bar(k + (0.2 if name == "last" else -0.2), share, 0.4, color=color, label="%s: %.2f ± %.2f" % (name, mean, sd))
        if fit:
            x = np.linspace(-0.5, k[share > 0].max() + 1.5, 200)
            axes.plot(x, np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi)), color=color, lw=1.0)
        top = max(axes.get_xlim()[1] if name == "last" else 0.0, k[share > 1e-3].max() + 1.0)
        axes.set_xlim(-1.0, top)
    axes.set(xlabel=label, ylabel="share of O")
    axes.legend(frameon=False)


def read_sample(path):
    """Cell lengths and the columns type, x, y, z, label, role of the last frame of a text dump."""
    frame = path.read_text().split("ITEM: TIMESTEP")[-1].split("ITEM: ")
    bounds = np.array([line.split()[:2] for line in frame[2].splitlines()[1:4]], dtype=float)
    atoms = np.array([line.split()[1:] for line in frame[3].splitlines()[1:]], dtype=float)
    atoms[:, 1:4] -= bounds[:, 0]
    return bounds[:, 0], bounds[:, 1] - bounds[:, 0], atoms


def read_mesh(path):
    rows = [line.split() for line in path.read_text().splitlines()]
    vertices = np.array([row[1:] for row in rows if row and row[0] == "v"], dtype=float).reshape(-1, 3)
    triangles = np.array([row[1:] for row in rows if row and row[0] == "f"], dtype=int).reshape(-1, 3) - 1
    return vertices[triangles]


def draw_surfaces(axes, folder):
    """The sample from above, the surfaces of its pinned structures in yellow over Zr (blue) and Cu (orange)."""
    origin, cell, atoms = read_sample(folder / "sample.lammpstrj")
    mesh = max(folder.glob("surface.*.obj"), key=lambda p: int(p.name.split(".")[1]))
    triangles = read_mesh(mesh) - origin
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    up = normals[:, 2] > 0
    triangles, normals = triangles[up], normals[up] / np.linalg.norm(normals[up], axis=1)[:, None]

    # painter's algorithm: all that is seen, from the lowest to the highest, with its periodic images
    light = np.array([-0.4, 0.5, 0.77])
    circle = np.exp(2j * np.pi * np.arange(24) / 24)
    shapes, heights, faces = [], [], []
    for a in (-1, 0, 1):
        for b in (-1, 0, 1):
            shift = np.array([a * cell[0], b * cell[1]])
            for kind, x, y, z in atoms[:, :4]:
                radius, color = ((0.9, OXYGEN), (1.2, COPPER), (1.5, ZIRCONIUM))[int(kind) - 1]
                center = np.array([x, y]) + shift
                if np.all(center > -2.0) and np.all(center < cell[:2] + 2.0):
                    shapes.append(center + radius * np.column_stack([circle.real, circle.imag]))
                    heights.append(z % cell[2])
                    shade = 0.45 + 0.55 * (z % cell[2]) / cell[2]
                    faces.append(1.0 - shade * (1.0 - np.array(matplotlib.colors.to_rgb(color))))
            for corners, normal in zip(triangles, normals):
                shapes.append(corners[:, :2] + shift)
                heights.append(corners[:, 2].mean() + cell[2])
                faces.append(np.array(matplotlib.colors.to_rgb(SURFACE)) * (0.55 + 0.45 * max(0.0, normal @ light)))
    order = np.argsort(heights)
    axes.add_collection(PolyCollection([shapes[i] for i in order], facecolors=[faces[i] for i in order],
                                       edgecolors="black", linewidths=0.15))
    axes.set(xlim=(0, cell[0]), ylim=(0, cell[1]), xticks=[], yticks=[], aspect="equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=".", type=Path, help="where in.ops left its files")
    folder = parser.parse_args().folder

    figure, axes = plt.subplots(1, 4, figsize=(17.0, 3.8), layout="constrained")
    draw_growth(axes[0], folder)
    draw_histograms(axes[1], folder / "histogram_k_O-Zr.dat", "Zr bonded to an O")
    draw_histograms(axes[2], folder / "histogram_k_O-Zr-O.dat", "O that share a Zr with an O")
    draw_histograms(axes[3], folder / "histogram_close.dat", "those within 4.2 Å", fit=True)
    figure.savefig(folder / "ops.png", dpi=100)

    figure, axes = plt.subplots(figsize=(7.0, 7.0), layout="constrained")
    draw_surfaces(axes, folder)
    figure.savefig(folder / "surface.png", dpi=110)


if __name__ == "__main__":
    main()
