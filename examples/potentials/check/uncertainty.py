#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares likely with true force errors: numbers to the screen, and a picture.

    uncertainty.py PICTURE.png LIMIT TEST.uncertainty.csv STRANGE.uncertainty.csv [CASES.uncertainty.csv]

The csv files are those of "nnap test ... parity PREFIX". TEST has frames of the kinds that the potential was trained on,
STRANGE has frames of other kinds, and CASES has a few to be listed one by one. LIMIT: eV/A, shown by "nnap info".
Needs numpy and matplotlib.
"""

import argparse
import csv
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

DENSE = ("liquid", "glass", "quench", "sheared_glass", "inherent_structure")
GROUPS = {    # of kinds, in the order of the first that fits
    "liquids, glasses": "|".join(DENSE),
    "elements, Cu-Zr phases": "phase_.*|crystal.*|disordered_lattice",
    "oxides, suboxides": "oxide_.*|zirconia|suboxide",
    "0.75 to 1.3 of the volume": "squeezed",
    "close pairs": "close_pairs",
    "surfaces": "surface.*",
    "molecules, gas": "isolated|O2|dimer|trimer|gas",
    "others": ".*",
}
COLORS = dict(zip(GROUPS, ("#c62828", "#3c78b4", "#ef8a3c", "#7a5195", "#b0a030", "#2f7f79", "black", "0.6")))


def table(path):
    with open(path) as file:
        rows = list(csv.DictReader(file))
    kinds = np.array([row["config_type"] for row in rows])
    return kinds, np.array([float(row["error"]) for row in rows]), np.array([float(row["uncertainty"]) for row in rows])


def ranks(values):
    """From 0; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]


def rank_correlation(a, b):
    return np.corrcoef(ranks(a), ranks(b))[0, 1]


def draw(axis, data, limit, title, bands):
    kinds, error, likely = data
    edges = np.geomspace(0.01, 30, 23)
    axis.plot([0.01, 30], [0.01, 30], color="0.8", lw=1, zorder=0)
    axis.axvline(limit, color="0.5", lw=1, ls=":", zorder=0)
    left = np.ones(len(kinds), bool)
    for group, pattern in GROUPS.items():
        mine = left & np.array([re.fullmatch(pattern, kind) is not None for kind in kinds])
        left &= ~mine
        points = []
        for low, high in zip(edges, edges[1:]):
            inside = mine & (likely >= low) & (likely < high)
            if inside.sum() >= 20:
                points.append((np.median(likely[inside]), *np.quantile(error[inside], (0.1, 0.5, 0.9))))
        if not points:
            continue
        x, low, middle, high = np.maximum(np.array(points).T, 1e-3)
        axis.plot(x, middle, "o-", color=COLORS[group], ms=3.5, lw=1.2, label="%s (%s)" % (group, format(mine.sum(), ",")))
        if bands:
            axis.fill_between(x, low, high, color=COLORS[group], alpha=0.08, lw=0)
    axis.set(xscale="log", yscale="log", xlim=(0.01, 30), ylim=(0.005, 30), xlabel="likely force error (eV/Å)",
             ylabel="true force error (eV/Å)", title=title)
    axis.legend(frameon=False, fontsize=8, loc="upper left", title="atoms", title_fontsize=8, alignment="left")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture")
    parser.add_argument("limit", type=float)
    parser.add_argument("test")
    parser.add_argument("strange")
    parser.add_argument("cases", nargs="?")
    options = parser.parse_args()
    test, strange = table(options.test), table(options.strange)
    both = [np.concatenate(pair) for pair in zip(test, strange)]
    for name, (kinds, error, likely) in (("test set", test), ("strange frames", strange), ("both", both)):
        print("%-15s %7d atoms, rank correlation %.3f" % (name, len(kinds), rank_correlation(error, likely)))
    ratio = test[1] / test[2]
    print("true over likely error in the test set: tenth %.2f, median %.2f, above 2: %.1f %% of the atoms" %
          (*np.quantile(ratio, (0.1, 0.5)), 100 * np.mean(ratio > 2)))
    dense = np.isin(test[0], DENSE)
    print("liquids and glasses of the test set above %.3g eV/A: %d of %d atoms" %
          (options.limit, (test[2][dense] > options.limit).sum(), dense.sum()))
    if options.cases:
        kinds, error, likely = table(options.cases)
        for kind in dict.fromkeys(kinds):
            mine = kinds == kind
            print("%-20s %5d atoms, likely error: median %7.3f, largest %7.3f; true error: median %7.3f, largest %7.3f" %
                  (kind, mine.sum(), np.median(likely[mine]), likely[mine].max(), np.median(error[mine]), error[mine].max()))
    figure, axes = plt.subplots(1, 2, figsize=(10.5, 4.8), layout="constrained", sharey=True)
    draw(axes[0], test, options.limit, "test set: the kinds of the training", True)
    draw(axes[1], strange, options.limit, "strange frames: kinds that the training never saw", False)
    axes[1].set_ylabel("")
    figure.savefig(options.picture, dpi=110)


if __name__ == "__main__":
    main()
