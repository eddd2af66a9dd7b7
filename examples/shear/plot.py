#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.shear left (stress, localization, plastic regions, D2min) and prints the stress drop.

usage: plot.py [FOLDER[,FOLDER...] ...] [-o PICTURE]     (default: this folder; localization.png)

Each argument is a sample; folders between commas are its seeds, which are averaged and shown with their spread.

The stress of a few hundred atoms fluctuates, and the maximum of a fluctuating curve is above its mean. Therefore the
stress is averaged over a window of strain first. The peak is the first maximum of the averaged stress, the drop the peak
less the flow stress, the mean over an interval of strain. The error is that of the peak (standard deviation of the averaged
stress in the flow) and of the flow stress (block averages) together. "Noise" is what the same procedure gives beyond the
peak, where the glass flows: the mean of the later maxima of the averaged stress, less the flow stress. A drop means something
where it is above the noise by two errors or more.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

STEP, STRAIN, STRESS, T, PSI, RELATIVE, SKEWNESS, TOP, ALL, LARGEST, PART, SPANNING, D2MIN = range(13)
COLORS = ("black", "#c62828", "#3c78b4", "#2e7d32")
WINDOW = 0.02         # strain over which the stress is averaged; also the blocks of the flow, and how far a maximum reaches
FLOW = (0.2, 0.3)     # strains of the flow
STRAINS = (0.1, 0.2, 0.3)    # at which psi is printed


def lines_of(run, strain):
    return max(1, round(strain / (run[1, STRAIN] - run[0, STRAIN])))


def averaged(run, column):
    """Running mean over the window; strains at its center."""
    weights = np.ones(lines_of(run, WINDOW))
    weights /= len(weights)
    return np.convolve(run[:, STRAIN], weights, "valid"), np.convolve(run[:, column], weights, "valid")


def maxima(values, reach):
    """Where no other value within `reach` is larger, the ends left out."""
    return [k for k in range(1, len(values) - 1) if values[k] == values[max(0, k - reach):k + reach + 1].max()]


class StressDrop:
    """Strain and stress of the first peak, flow stress, drop, its error, and the drop that noise alone would give, GPa."""

    def __init__(self, run):
        reach = lines_of(run, WINDOW)
        strain, stress = averaged(run, STRESS)
        plateau = run[(run[:, STRAIN] > FLOW[0]) & (run[:, STRAIN] <= FLOW[1] + 1e-9), STRESS]
        in_flow = stress[(strain > FLOW[0] + WINDOW / 2) & (strain <= FLOW[1])]
        peaks = maxima(stress, reach)
        self.flow = plateau.mean()
        self.strain, self.peak = (strain[peaks[0]], stress[peaks[0]]) if peaks else (np.nan, self.flow)
        self.drop = self.peak - self.flow
        blocks = plateau[:len(plateau) // reach * reach].reshape(-1, reach).mean(1)
        self.error = np.hypot(in_flow.std(ddof=1), blocks.std(ddof=1) / np.sqrt(len(blocks)))
        later = peaks[1:]
        self.noise = (stress[later].mean() if later else in_flow.max()) - self.flow


def psi_at(run, strain):
    """Of the lines closest to this strain."""
    at, psi = averaged(run, PSI)
    return psi[np.abs(at - strain).argmin()]


def read_atoms(path):
    """D2min (A^2) of the atoms in the last frame."""
    text = path.read_text().split("ITEM: ATOMS")[-1].splitlines()
    columns = text[0].split()
    return np.array([float(line.split()[columns.index("c_d[1]")]) for line in text[1:]])


def with_error(values, error):
    """Mean and error; of several seeds their standard deviation."""
    values = np.array(values)
    return values.mean(), values.std(ddof=1) if len(values) > 1 else error


class Sample:
    """The runs of one sample: label, tables along the strain, D2min of all atoms over its mean, stress drops."""

    def __init__(self, argument):
        folders = [Path(name) for name in argument.split(",")]
        self.label = folders[0].resolve().name if len(folders) == 1 else "%s and %d more" % (folders[0].name, len(folders) - 1)
        self.runs = [np.loadtxt(folder / "shear.dat") for folder in folders]
        atoms = [read_atoms(folder / "atoms.dump") for folder in folders]
        self.atoms = len(atoms[0])
        self.d2min = np.concatenate([values / values.mean() for values in atoms])
        drops = [StressDrop(run) for run in self.runs]
        self.drop = with_error([d.drop for d in drops], drops[0].error)
        self.noise = np.mean([d.noise for d in drops])
        psi = ["psi at %.2f %.3f" % (strain, np.mean([psi_at(run, strain) for run in self.runs])) for strain in STRAINS]
        print("%s: peak %.2f GPa at a strain of %.2f, flow %.2f GPa, drop %.2f +- %.2f GPa, of noise alone %.2f; %s" %
              (self.label, np.mean([d.peak for d in drops]), np.mean([d.strain for d in drops]), np.mean([d.flow for d in drops]),
               *self.drop, self.noise, "; ".join(psi)))

    def draw(self, axis, column, color, scale=1.0):
        strain, values = self.runs[0][:, STRAIN], scale * np.array([run[:, column] for run in self.runs])
        mean, spread = values.mean(0), values.std(0)
        if column == STRESS:
            axis.plot(strain, mean, color=color, lw=0.6, alpha=0.35)
            strain, mean = np.mean([averaged(run, column) for run in self.runs], 0)
            label = "%s: drop %.2f ± %.2f, noise %.2f" % (self.label, *self.drop, self.noise)
            axis.plot(strain, mean, color=color, lw=1.8, label=label)
            return
        axis.plot(strain, mean, color=color, lw=1.2)
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
    parser.add_argument("-o", "--output", default="localization.png", help="the picture")
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
    axes[0, 0].legend(frameon=False, fontsize=9, title="GPa; bold: mean over %g" % WINDOW, title_fontsize=9)
    axes[0, 0].axvspan(*FLOW, color="0.93", lw=0, zorder=0)
    draw_distribution(axes[1, 2], samples)
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
