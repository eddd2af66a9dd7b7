#!/usr/bin/env python3
"""Draws what in.onset left: enthalpy of the stays with the fit, specific heat with the construction of the onset, and, of
several samples, the onset against the energy of their inherent structures.

usage: plot.py [FOLDER ...] [-o PICTURE]     (default: this folder; onset.png)
"""

import argparse
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

MILLI = 1e3    # meV in eV


def stays_of(path):
    """Temperature and mean enthalpy of each stay: lines with one temperature after each other."""
    rows = np.loadtxt(path)
    begins = np.flatnonzero(np.diff(rows[:, 1], prepend=np.nan) != 0)
    means = [part.mean(0)[1:3] for part in np.split(rows, begins[1:])]
    return np.array(sorted(map(tuple, means)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", default=["."], type=Path, help="where in.onset left its files")
    parser.add_argument("-o", "--output", default="onset.png", help="the picture")
    options = parser.parse_args()
    figure, (enthalpy, heat, stability) = plt.subplots(1, 3, figsize=(14.0, 4.0), layout="constrained")
    for number, folder in enumerate(options.folders):
        color = plt.cm.tab10(number)
        stays, curve = stays_of(folder / "heating.dat"), np.loadtxt(folder / "curve.dat")
        onset, error = np.loadtxt(folder / "onset.dat")
        energy = float(re.search(r"E_IS\s+(\S+)", (folder / "summary.txt").read_text()).group(1))
        # less a straight line, which would hide everything
        slope = curve[0, 3]
        enthalpy.plot(stays[:, 0], MILLI * (stays[:, 1] - stays[0, 1] - slope * (stays[:, 0] - stays[0, 0])), ".", color=color)
        enthalpy.plot(curve[:, 0], MILLI * (curve[:, 1] - stays[0, 1] - slope * (curve[:, 0] - stays[0, 0])), color=color)
        heat.plot(curve[:, 0], MILLI * curve[:, 2], color=color, label="%s: %.0f ± %.0f K" % (folder.resolve().name, onset, error))
        heat.plot(curve[:, 0], MILLI * curve[:, 3], color=color, lw=0.8, ls="--")
        # the tangent at the steepest rise
        rise = np.gradient(curve[:, 2], curve[:, 0])
        k = rise.argmax()
        tangent = curve[k, 2] + rise[k] * (curve[:, 0] - curve[k, 0])
        shown = (tangent > curve[:, 3]) & (tangent < curve[:, 2].max())
        heat.plot(curve[shown, 0], MILLI * tangent[shown], color=color, lw=0.8, ls=":")
        heat.plot([onset], [MILLI * np.interp(onset, curve[:, 0], curve[:, 3])], "o", color=color)
        stability.errorbar([energy], [onset], [error], marker="o", color=color, capsize=2)
    enthalpy.set(xlabel="T (K)", ylabel="H less the glass's slope (meV/atom)")
    heat.set(xlabel="T (K)", ylabel="$C_p$ (meV/atom/K)")
    heat.legend(frameon=False, fontsize=8)
    stability.set(xlabel=r"$E_\mathrm{IS}$ (eV/atom)", ylabel=r"$T_\mathrm{onset}$ (K)")
    figure.savefig(options.output, dpi=90)


if __name__ == "__main__":
    main()
