#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what in.train, in.check and loop.sh left in a folder: train.png and, where there is loop/, loop.png.

usage: plot.py [FOLDER]     (default: this folder)
"""

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ENERGY, FORCE, TEACHER, STUDENT = "#7a5195", "#2f7f79", "0.6", "black"
KINDS = {"liquid": "#c62828", "cooling": "#ef8a3c", "glass": "#3c78b4", "B2": "black", "compressed": "#7a5195",
         "stretched": "#2f7f79", "sheared": "#b0a030"}
PAIRS = {"Cu-Cu": (3, "#d9731f"), "Cu-Zr": (5, "#7a5195"), "Zr-Zr": (7, "#3c78b4")}


def table(path):
    """A csv file with a header as a dict of columns: numbers where all are, else text."""
    with open(path) as file:
        rows = list(csv.DictReader(file))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    for name, values in columns.items():
        try:
            columns[name] = np.array([float("nan" if value == "-" else value) for value in values])
        except ValueError:
            columns[name] = np.array(values)
    return columns


def forces(prefix):
    """Labels, predictions and kinds of the force components; frames stand in the order of the energies."""
    frames, force = table(f"{prefix}.energy.csv"), table(f"{prefix}.force.csv")
    return force["label"], force["prediction"], np.repeat(frames["config_type"], 3 * frames["atoms"].astype(int))


def draw_learning(axis, history):
    axis.plot(history["epoch"], 1e3 * history["E_mae"], color=ENERGY, label="energy (meV/atom)")
    axis.plot(history["epoch"], 1e3 * history["F_mae"], color=FORCE, label="forces (meV/Å)")
    axis.set(xlabel="epoch", ylabel="error of the validation frames (MAE)", xscale="log", yscale="log",
             xlim=(1, history["epoch"][-1]))
    axis.legend(frameon=False)


def draw_parity(axis, label, prediction, kinds, unit, what):
    low, high = min(label.min(), prediction.min()), max(label.max(), prediction.max())
    margin = 0.03 * (high - low)
    axis.plot([low, high], [low, high], color="0.8", lw=1, zorder=0)
    order = np.random.default_rng(1).permutation(len(label))    # no kind on top of all others
    axis.scatter(label[order], prediction[order], c=[KINDS.get(kind, "0.5") for kind in kinds[order]], lw=0, alpha=0.7,
                 s=25 if len(label) < 1000 else 4)
    error = np.abs(prediction - label).mean()
    axis.text(0.97, 0.05, f"MAE {1e3 * error:.{1 if error < 0.01 else 0}f} m{unit}", transform=axis.transAxes, ha="right")
    axis.set(xlabel=f"{what} by EAM ({unit})", ylabel=f"{what} by NNAP ({unit})", aspect="equal",
             xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))


def read_rdf(path):
    """Columns r (Å), then g(r) and coordination within r of all pairs, Cu-Cu, Cu-Zr, Zr-Zr."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return np.loadtxt(lines[-int(lines[0].split()[1]):])[:, 1:]


def draw_structure(axis, eam, nnap):
    for shift, (pair, (column, color)) in enumerate(reversed(PAIRS.items())):
        axis.plot(eam[:, 0], eam[:, column] + 2 * shift, color=TEACHER, lw=4, label="EAM" if shift == 0 else None)
        axis.plot(nnap[:, 0], nnap[:, column] + 2 * shift, color=color, lw=1.3)
        axis.text(5.95, 2 * shift + 1.4, pair, color=color, ha="right")
    axis.plot([], [], color=STUDENT, lw=1.3, label="NNAP")
    axis.set(xlabel="r (Å)", ylabel="g(r) of the liquid, shifted by 2", xlim=(1.6, 6), ylim=(0, None))
    axis.legend(frameon=False)


def draw_training(folder):
    figure, ((learning, energy), (structure, force)) = plt.subplots(2, 2, figsize=(10, 9), layout="constrained")
    draw_learning(learning, table(folder / "CuZr.nnap.json.csv"))
    frames = table(folder / "test.energy.csv")
    draw_parity(energy, frames["label"], frames["prediction"], frames["config_type"], "eV/atom", "energy")
    for kind, color in KINDS.items():
        energy.plot([], [], "o", color=color, ms=5, label=kind)
    energy.legend(frameon=False, fontsize=10)
    draw_parity(force, *forces(folder / "test"), "eV/Å", "force")
    if (folder / "rdf.eam.dat").exists() and (folder / "rdf.nnap.dat").exists():
        draw_structure(structure, read_rdf(folder / "rdf.eam.dat"), read_rdf(folder / "rdf.nnap.dat"))
    else:
        structure.set_axis_off()
    return figure


def draw_exploration(axis, rounds, colors, select, limit):
    for (number, folder), color in zip(rounds, colors):
        volume, error = np.loadtxt(folder / "error.dat").T[1:]
        axis.plot(100 * (1 - volume / volume[0]), error, color=color, lw=1.2, label=f"round {number}")
    for value, name in ((select, "select"), (limit, "break")):
        axis.axhline(value, color="0.7", lw=0.8, ls="--", zorder=0)
        axis.text(0.3, 1.04 * value, name, color="0.5", fontsize=10)
    axis.set(xlabel="squeezed by (% of the volume)", ylabel="largest likely force error (eV/Å)", yscale="log", xlim=(0, None))
    axis.set_yticks([0.5, 1, 2, 4], minor=False)
    axis.yaxis.set_minor_formatter("")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.legend(frameon=False)


def draw_errors(axis, loop):
    done = ~np.isnan(loop["squeezed_F"])
    for test, style in (("squeezed", "o-"), ("known", "o:")):
        for column, color, scale, unit in (("E", ENERGY, 1, "energy (meV/atom)"), ("F", FORCE, 1e3, "forces (meV/Å)")):
            error = scale * loop[f"{test}_{column}"][done]
            axis.plot(loop["round"][done], error, style, color=color, ms=5)
            above = error[-1] > 0.9 * error[0]    # the free side of the line's end
            axis.annotate(f"{test}: {unit}", (loop["round"][done][-1], error[-1]), xytext=(4, 8 if above else -16),
                          textcoords="offset points", ha="right", color=color, fontsize=10)
    axis.set(xlabel="round", ylabel="error of the test set (MAE)", yscale="log", xticks=loop["round"][done])


def draw_likely_errors(axis, folders, colors):
    for (number, folder), color in zip(folders, colors):
        atoms = table(folder / "squeezed.uncertainty.csv")
        axis.plot(atoms["uncertainty"], atoms["error"], "o", color=color, ms=2.5, mew=0, alpha=0.4,
                  label="before" if number == 0 else f"after round {number}")
    axis.plot([0.05, 5], [0.05, 5], color="0.7", lw=1, zorder=0)
    axis.set(xlabel="likely force error (eV/Å)", ylabel="true force error (eV/Å)", xscale="log", yscale="log", ylim=(0.01, None))
    axis.legend(frameon=False)


def draw_loop(folder):
    figure, (exploration, errors, likely) = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
    loop = table(folder / "loop.csv")
    numbers = loop["round"].astype(int)
    colors = plt.cm.plasma(np.linspace(0.05, 0.8, len(numbers)))
    settings = dict(line.split()[1:4:2] for line in (Path(__file__).parent / "in.explore").read_text().splitlines()
                    if line.startswith("variable") and line.split()[2] == "index")
    draw_exploration(exploration, [(n, folder / str(n)) for n in numbers[1:]], colors[1:], float(settings["select"]),
                     float(settings["break"]))
    draw_errors(errors, loop)
    trained = numbers[~np.isnan(loop["squeezed_F"])]
    draw_likely_errors(likely, [(n, folder / str(n)) for n in (trained[0], trained[-1])], colors[[trained[0], trained[-1]]])
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("."), help="where the files are")
    folder = parser.parse_args().folder

    plt.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False,
                         "xtick.direction": "in", "ytick.direction": "in"})
    pictures = {"train.png": draw_training(folder)}
    if (folder / "loop" / "loop.csv").exists():
        pictures["loop.png"] = draw_loop(folder / "loop")
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=110)
        print(folder / name)


if __name__ == "__main__":
    main()
