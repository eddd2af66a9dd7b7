#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.vft measured: scattering functions, relaxation times with the fitted law, Angell's plot (vft.png).

usage: plot_vft.py [FOLDER] [--log LOG]     (default: this folder, log.lammps in it)
"""

import argparse
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def law_of(log):
    """tau0, B, T0, Tg, m as fsd vft wrote them."""
    text = log.read_text().split("fsd vft:")[-1]
    return {name: float(value) for name, value in re.findall(r"^\s+(tau0|B|T0|Tg|m) = (\S+)", text, re.M)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=".", type=Path, help="where in.vft left its files")
    parser.add_argument("--log", type=Path, help="the log with the result of fsd vft (default: log.lammps in the folder)")
    options = parser.parse_args()
    times = np.loadtxt(options.folder / "tau.dat", ndmin=2)
    reached = times[times[:, 1] > 0]
    law = law_of(options.log or options.folder / "log.lammps")

    def tau(temperature):
        return law["tau0"] * np.exp(law["B"] * law["T0"] / (temperature - law["T0"]))

    figure, (curves, relaxation, angell) = plt.subplots(1, 3, figsize=(13.5, 3.8), layout="constrained")
    for k, temperature in enumerate(times[:, 0]):
        rows = np.array([line.split() for line in (options.folder / ("F_%g.dat" % temperature)).read_text().split("\n\n\n")[1]
                         .strip().splitlines()[1:]], dtype=float)
        curves.plot(rows[:, 0], rows[:, 5], color=plt.cm.plasma(1 - k / len(times)), label="%g K" % temperature)
    curves.axhline(np.exp(-1), color="0.6", lw=0.8, ls=":")
    curves.set(xscale="log", xlabel="t (ps)", ylabel="$F_s(q, t)$", ylim=(0, 1))
    curves.legend(frameon=False, fontsize=8)
    line = np.linspace(law["Tg"], reached[:, 0].max(), 300)
    relaxation.errorbar(1e4 / reached[:, 0], reached[:, 1], reached[:, 2], fmt="o", color="black")
    relaxation.semilogy(1e4 / line, tau(line), color="#c62828")
    relaxation.set(xlabel=r"$10^4/T$ (1/K)", ylabel=r"$\tau_\alpha$ (ps)", title="VFT: $T_0$ %.0f K" % law["T0"])
    angell.errorbar(law["Tg"] / reached[:, 0], reached[:, 1], reached[:, 2], fmt="o", color="black")
    angell.semilogy(law["Tg"] / line, tau(line), color="#c62828")
    angell.set(xlabel="$T_g/T$", ylabel=r"$\tau_\alpha$ (ps)", title="$T_g$ %.0f K, m %.0f" % (law["Tg"], law["m"]))
    figure.savefig(options.folder / "vft.png", dpi=90)


if __name__ == "__main__":
    main()
