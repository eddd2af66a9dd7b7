#!/usr/bin/env python3
"""Draws what in.shear left: stress, localisation, plastic regions, D2min.

usage: plot.py [FOLDER[,FOLDER...] ...] [-o PICTURE]     (default: this folder; localisation.png)

Each argument is a sample; folders between commas are its seeds, which are averaged and shown with their spread.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

STEP, STRAIN, STRESS, T, PSI, RELATIVE, SKEWNESS, TOP, ALL, LARGEST, PART, SPANNING, D2MIN = range(13)
COLORS = ("black", "#c62828", "#3c78b4", "#2e7d32")


def stress_drop(run):
    """Highest stress less the mean of the last third of the strain, GPa; stress as the mean of five lines."""
    smooth = np.convolve(run[:, STRESS], np.ones(5) / 5, "valid")
    return smooth.max() - run[-len(run) // 3:, STRESS].mean()


def read_atoms(path):
    """D2min (A^2) of the atoms in the last frame."""
    text = path.read_text().split("ITEM: ATOMS")[-1].splitlines()
    columns = text[0].split()
    return np.array([float(line.split()[columns.index("c_d[1]")]) for line in text[1:]])


class Sample:
    """The runs of one sample: label, tables along the strain, D2min of all atoms over its mean, stress drops."""

    def __init__(self, argument):
        folders = [Path(name) for name in argument.split(",")]
        self.label = folders[0].resolve().name if len(folders) == 1 else "%s and %d more" % (folders[0].name, len(folders) - 1)
        self.runs = [np.loadtxt(folder / "shear.dat") for folder in folders]
        atoms = [read_atoms(folder / "atoms.dump") for folder in folders]
        self.atoms = len(atoms[0])
        self.d2min = np.concatenate([values / values.mean() for values in atoms])
        drops = np.array([stress_drop(run) for run in self.runs])
        self.drop = "stress drop %.2f GPa" % drops.mean()
        if len(drops) > 1:
            self.drop += " ± %.2f" % drops.std(ddof=1)

    def draw(self, axis, column, color, scale=1.0):
        strain, values = self.runs[0][:, STRAIN], scale * np.array([run[:, column] for run in self.runs])
        mean, spread = values.mean(0), values.std(0)
        label = "%s: %s" % (self.label, self.drop) if column == STRESS else None
        axis.plot(strain, mean, color=color, lw=1.2, label=label)
        if len(self.runs) > 1:
            axis.fill_between(strain, mean - spread, mean + spread, color=color, alpha=0.2, lw=0)


def draw_distribution(axis, samples):
    for sample, color in zip(samples, COLORS):
        counts, edges = np.histogram(sample.d2min, np.logspace(-2, 1.5, 40), density=True)
        axis.loglog(np.sqrt(edges[1:] * edges[:-1]), np.where(counts > 0, counts, np.nan), "o", ms=3.5, color=color)
    x = np.logspace(-2, 1.2, 100)
    axis.loglog(x, np.exp(-x), color="0.6", label="exponential")
    axis.set(xlabel=r"$D^2_\mathrm{min}/\langle D^2_\mathrm{min}\rangle$", ylabel="probability density", ylim=(1e-4, None),
             title="at strain %.2f" % samples[0].runs[0][-1, STRAIN])
    axis.legend(frameon=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", nargs="*", default=["."], help="where in.shear left its files")
    parser.add_argument("-o", "--output", default="localisation.png", help="the picture")
    options = parser.parse_args()
    samples = [Sample(argument) for argument in options.samples]

    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False,
                         "xtick.direction": "in", "ytick.direction": "in"})
    figure, axes = plt.subplots(2, 3, figsize=(14, 7.5), layout="constrained")
    panels = ((STRESS, "shear stress (GPa)", (0, None)), (PSI, r"$\psi$, SD of $\eta_\mathrm{Mises}$", (0, None)),
              (RELATIVE, r"$\Psi$, SD of $D^2_\mathrm{min}$ over its mean", (0, None)),
              (ALL, r"$S_\mathrm{all}/N$, atoms with $\Lambda > 0.25$", (0, 1.02)),
              (PART, r"$S_\mathrm{max}/S_\mathrm{all}$", (0, 1.02)))
    for axis, (column, label, limits) in zip(axes.flat, panels):
        for sample, color in zip(samples, COLORS):
            sample.draw(axis, column, color, 1.0 / sample.atoms if column == ALL else 1.0)
        axis.set(xlabel="shear strain", ylabel=label, ylim=limits)
    axes[0, 0].legend(frameon=False, fontsize=9)
    draw_distribution(axes[1, 2], samples)
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
