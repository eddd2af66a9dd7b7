#!/usr/bin/env python3
"""Draws what in.onset and in.fit left: enthalpy of the stays, specific heat with the construction of the onset where
in.fit found one, and, of single samples, where two lines through the enthalpy meet against the energy of the inherent structure.

usage: plot.py [SERIES=FOLDER[,FOLDER...] ...] [-o PICTURE]     (default: sample=. ; onset.png)

A series is some samples of one kind; a folder with curve.dat among them is the fit to them.
"""

import argparse
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

MILLI = 1e3    # meV in eV
BIN = 100.0    # K, of the specific heat


def enthalpies(folders):
    """Temperature, mean and its error over all rows of all samples."""
    rows = np.vstack([np.loadtxt(folder / "heating.dat")[:, 1:3] for folder in folders])
    temperatures = np.unique(rows[:, 0])
    values = [rows[rows[:, 0] == T, 1] for T in temperatures]
    return temperatures, np.array([v.mean() for v in values]), np.array([v.std() / max(len(v) - 1, 1)**0.5 for v in values])


def summary(folder):
    text = (folder / "summary.txt").read_text()
    return [float(re.search(word + r"\s+(\S+)", text).group(1)) for word in ("E_IS", "T_lines")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", nargs="*", default=["sample=."], metavar="SERIES=FOLDER[,FOLDER...]")
    parser.add_argument("-o", "--output", default="onset.png", help="the picture")
    options = parser.parse_args()
    figure, (enthalpy, heat, stability) = plt.subplots(1, 3, figsize=(14.0, 4.0), layout="constrained")
    for number, series in enumerate(options.series):
        color = plt.cm.tab10(number)
        name, folders = series.split("=")
        folders = [Path(folder) for folder in folders.split(",")]
        samples = [folder for folder in folders if (folder / "summary.txt").exists()]
        T, H, error = enthalpies(samples)
        # less the straight line of classical vibrations, which would hide everything
        line = 3 * 8.617333e-5 * (T - T[0]) + H[0]
        enthalpy.errorbar(T, MILLI * (H - line), MILLI * error, fmt=".", color=color, label=name)
        # slopes of straight lines through the stays of each bin
        edges = np.arange(T[0], T[-1] + 1, BIN)
        inside = [(T >= a) & (T <= a + BIN) for a in edges[:-1]]
        heat.plot(edges[:-1] + BIN / 2, [MILLI * np.polyfit(T[m], H[m], 1)[0] for m in inside], ".", color=color)
        for folder in folders:
            if not (folder / "curve.dat").exists():
                continue
            curve = np.loadtxt(folder / "curve.dat")
            onset, scatter = np.loadtxt(folder / "onset.dat")
            enthalpy.plot(curve[:, 0], MILLI * (curve[:, 1] - H[0] - 3 * 8.617333e-5 * (curve[:, 0] - T[0])), color=color)
            heat.plot(curve[:, 0], MILLI * curve[:, 2], color=color, label="%s: %.0f ± %.0f K" % (name, onset, scatter))
            heat.plot(curve[:, 0], MILLI * curve[:, 3], color=color, lw=0.8, ls="--")
            # the tangent at the steepest rise
            rise = np.gradient(curve[:, 2], curve[:, 0])
            k = rise.argmax()
            tangent = curve[k, 2] + rise[k] * (curve[:, 0] - curve[k, 0])
            shown = (tangent > curve[:, 3]) & (tangent < curve[:, 2].max())
            heat.plot(curve[shown, 0], MILLI * tangent[shown], color=color, lw=0.8, ls=":")
            heat.plot([onset], [MILLI * np.interp(onset, curve[:, 0], curve[:, 3])], "o", color=color)
        stability.plot(*zip(*(summary(folder) for folder in samples)), "o", color=color, label=name)
    enthalpy.set(xlabel="T (K)", ylabel="H less 3 k T (meV/atom)")
    enthalpy.legend(frameon=False, fontsize=8)
    heat.set(xlabel="T (K)", ylabel="$C_p$ (meV/atom/K)")
    if heat.get_legend_handles_labels()[0]:
        heat.legend(frameon=False, fontsize=8)
    stability.set(xlabel=r"$E_\mathrm{IS}$ (eV/atom)", ylabel="two lines meet at (K)")
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
