#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.onset and in.fit left: enthalpy and specific heat of each series, with the construction of the onset where in.fit found
one; temperatures of the transition against the energy of the inherent structure, without oxygen and with, and against the
concentration of oxygen.

usage: plot.py [SERIES=FOLDER[,FOLDER...] ...] [-o PICTURE]     (default: sample=. ; onset.png)

A series is some samples of one kind; a folder with curve.dat among them is the fit to them. Dots: where two lines through the enthalpy
of a sample meet; squares: their mean over a series; diamonds: the onset.
"""

import argparse
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

MILLI = 1e3    # meV in eV
K_B = 8.617333e-5
BIN = 100.0    # K, of the specific heat


class Series:
    def __init__(self, text, color):
        self.name, folders = text.split("=")
        self.color = color
        folders = [Path(folder) for folder in folders.split(",")]
        self.samples = [folder for folder in folders if (folder / "summary.txt").exists()]
        self.fits = [folder for folder in folders if (folder / "curve.dat").exists()]
        texts = [(folder / "summary.txt").read_text() for folder in self.samples]
        self.percent, self.E_IS, self.T_lines = (np.array([float(re.search(what, text).group(1)) for text in texts])
                                                 for what in (r"with (\S+) at", r"E_IS\s+(\S+)", r"T_lines\s+(\S+)"))
        data = [np.loadtxt(folder / "heating.dat")[:, 1:3] for folder in self.samples]
        self.T, self.H = np.mean(data, axis=0).T

    def mean_lines(self):
        n = len(self.T_lines)
        return self.T_lines.mean(), self.T_lines.std(ddof=1) / n**0.5 if n > 1 else 0.0

    def onset(self):
        return np.loadtxt(self.fits[0] / "onset.dat") if self.fits else None


def draw_enthalpy(series, enthalpy, heat):
    # less the straight line of classical vibrations, which would hide everything
    T, H, color = series.T, series.H, series.color
    line = 3 * K_B * (T - T[0]) + H[0]
    enthalpy.plot(T, MILLI * (H - line), ".-", lw=0.5, color=color, label=series.name)
    # slopes of straight lines through the holds of each bin
    edges = np.arange(T[0], T[-1] + 1, BIN)
    inside = [(T >= a) & (T <= a + BIN) for a in edges[:-1]]
    heat.plot(edges[:-1] + BIN / 2, [np.polyfit(T[m], H[m], 1)[0] / K_B for m in inside], ".", color=color)
    for folder in series.fits:
        curve = np.loadtxt(folder / "curve.dat")
        onset, error = series.onset()
        C_p, glass = curve[:, 2] / K_B, curve[:, 3] / K_B
        heat.plot(curve[:, 0], C_p, color=color, label="%s: %.0f ± %.0f K" % (series.name, onset, error))
        heat.plot(curve[:, 0], glass, color=color, lw=0.8, ls="--")
        # the tangent at the steepest rise
        rise = np.gradient(C_p, curve[:, 0])
        k = rise.argmax()
        tangent = C_p[k] + rise[k] * (curve[:, 0] - curve[k, 0])
        shown = (tangent > glass) & (tangent < C_p.max())
        heat.plot(curve[shown, 0], tangent[shown], color=color, lw=0.8, ls=":")
        heat.plot([onset], [np.interp(onset, curve[:, 0], glass)], "D", color=color)


def draw_temperatures(series, axes, place, places):
    """Against a number: of the series, and of each sample."""
    axes.plot(places, series.T_lines, ".", color=series.color, alpha=0.6)
    mean, error = series.mean_lines()
    axes.errorbar([place], [mean], [error], fmt="s", ms=5, capsize=2, color=series.color, label=series.name)
    if series.fits:
        onset, error = series.onset()
        axes.errorbar([place], [onset], [error], fmt="D", ms=5, capsize=2, mfc="none", color=series.color)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", nargs="*", default=["sample=."], metavar="SERIES=FOLDER[,FOLDER...]")
    parser.add_argument("-o", "--output", default="onset.png", help="the picture")
    options = parser.parse_args()
    all_series = [Series(text, plt.cm.tab10(number)) for number, text in enumerate(options.series)]
    most = max(series.percent.mean() for series in all_series)
    figure, ((enthalpy, heat, legend), (free, doped, content)) = plt.subplots(2, 3, figsize=(13.0, 7.5), layout="constrained")
    for series in all_series:
        draw_enthalpy(series, enthalpy, heat)
        place = series.percent.mean()
        energies = free if place == 0 else doped
        if place in (0, most):
            draw_temperatures(series, energies, series.E_IS.mean(), series.E_IS)
        draw_temperatures(series, content, place, series.percent)
    enthalpy.set(xlabel="T (K)", ylabel="H less 3 k T (meV/atom)")
    heat.set(xlabel="T (K)", ylabel="$C_p$ (k an atom)", ylim=(2.4, 6.6))
    if heat.get_legend_handles_labels()[0]:
        heat.legend(frameon=False, fontsize=8)
    free.set(xlabel=r"$E_\mathrm{IS}$ (eV/atom)", ylabel="T (K)", title="without oxygen")
    doped.set(xlabel=r"$E_\mathrm{IS}$ (eV/atom)", ylabel="T (K)", title="%.1f at.%% oxygen" % most)
    content.set(xlabel="oxygen (at.%)", ylabel="T (K)")
    legend.axis("off")
    legend.legend(*enthalpy.get_legend_handles_labels(), frameon=False, loc="center")
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
