#!/usr/bin/env python3
"""Draws what in.shear left in one folder or several (seeds): stress, localisation, plastic regions, D2min.

usage: plot.py [FOLDER ...] [-o PICTURE]     (default: this folder, localisation.png in the first)
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

STEP, STRAIN, STRESS, T, PSI, RELATIVE, SKEWNESS, TOP, ALL, LARGEST, PART, SPANNING, D2MIN = range(13)
BLACK, RED, BLUE = "black", "#c62828", "#3c78b4"


def stress_drop(run):
    """Highest stress less the mean of the last third of the strain, GPa; stress as the mean of five lines."""
    smooth = np.convolve(run[:, STRESS], np.ones(5) / 5, "valid")
    return smooth.max() - run[-len(run) // 3:, STRESS].mean()


def read_atoms(path):
    """D2min (A^2) of the atoms in the last frame."""
    text = path.read_text().split("ITEM: ATOMS")[-1].splitlines()
    columns = text[0].split()
    return np.array([float(line.split()[columns.index("c_d[1]")]) for line in text[1:]])


def curve(axis, runs, column, label, color):
    """The mean over runs, with its spread where there are several."""
    strain, values = runs[0][:, STRAIN], np.array([run[:, column] for run in runs])
    axis.plot(strain, values.mean(0), color=color, label=label)
    if len(runs) > 1:
        axis.fill_between(strain, values.mean(0) - values.std(0), values.mean(0) + values.std(0), color=color, alpha=0.2, lw=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(".")], help="where in.shear left its files")
    parser.add_argument("-o", "--output", type=Path, help="the picture (default: localisation.png in the first folder)")
    options = parser.parse_args()
    runs = [np.loadtxt(folder / "shear.dat") for folder in options.folders]
    d2min = np.concatenate([read / read.mean() for read in (read_atoms(f / "atoms.dump") for f in options.folders)])
    drops = np.array([stress_drop(run) for run in runs])
    print("stress drop %.3f GPa, spread over %d seeds %.3f GPa" % (drops.mean(), len(runs), drops.std(ddof=len(runs) > 1)))

    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False,
                         "xtick.direction": "in", "ytick.direction": "in"})
    figure, ((stress, local), (plastic, shares)) = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    curve(stress, runs, STRESS, "", BLACK)
    stress.set(xlabel="shear strain", ylabel="shear stress (GPa)", ylim=(0, None), title="stress drop %.2f GPa" % drops.mean())
    curve(local, runs, PSI, r"$\psi$, SD of $\eta_\mathrm{Mises}$", BLUE)
    local.set(xlabel="shear strain", ylabel=r"$\psi$", ylim=(0, None))
    other = local.twinx()
    curve(other, runs, RELATIVE, r"$\Psi$", RED)
    other.set_ylabel(r"$\Psi$ of $D^2_\mathrm{min}$", color=RED)
    other.set_ylim(0, None)
    curve(plastic, runs, PART, r"$S_\mathrm{max}/S_\mathrm{all}$", BLACK)
    atoms = len(d2min) / len(runs)
    shared = [np.column_stack([run[:, :ALL], run[:, ALL] / atoms, run[:, ALL + 1:]]) for run in runs]
    curve(plastic, shared, ALL, r"$S_\mathrm{all}/N$", BLUE)
    plastic.set(xlabel="shear strain", ylabel=r"atoms with $\Lambda > 0.25$", ylim=(0, 1.02))
    plastic.legend(frameon=False)
    counts, edges = np.histogram(d2min, np.logspace(-2, 1.5, 50), density=True)
    shares.loglog(np.sqrt(edges[1:] * edges[:-1]), np.where(counts > 0, counts, np.nan), "o", ms=4, color=BLACK)
    x = np.logspace(-2, 1.2, 100)
    shares.loglog(x, np.exp(-x), color="0.6", label="exponential")
    shares.set(xlabel=r"$D^2_\mathrm{min}/\langle D^2_\mathrm{min}\rangle$", ylabel="probability density", ylim=(1e-5, None),
               title="at strain %.2f" % runs[0][-1, STRAIN])
    shares.legend(frameon=False)
    output = options.output or options.folders[0] / "localisation.png"
    figure.savefig(output, dpi=110)
    print(output)


if __name__ == "__main__":
    main()
