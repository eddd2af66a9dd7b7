#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Melting points by coexistence of crystal and liquid in a small bar (in.melting), for the model card.

    melting.py ../ZrCuO.nnap.json [RANKS]

Each crystal is run from two guesses, below and above. The point is the mean of both, its error the larger one of the
difference to the mean and of the standard error of the blocks. A run in which one side has eaten the other tells only a bound. The program
is build/lmp of the checkout, or the one named by the environment variable LMP. Standard library only.
"""

import os
import re
import statistics
import subprocess
import sys

import check

# structure, elements, lattice constant (A) and guess (K); of the guesses only the first steps depend
CRYSTALS = [("fcc", "Cu", "Cu", 3.71, 1250, "n=5 long=14"), ("bcc", "Zr", "Zr", 3.63, 2000, "n=6 long=16"),
            ("B2", "Cu", "Zr", 3.34, 1250, "n=6 long=16")]


def run(potential, crystal, temperature, work, ranks):
    structure, a, b, lattice, _, size = crystal
    folder = os.path.join(work, "%s_%s%s_%d" % (structure, a, b, temperature))
    os.makedirs(folder, exist_ok=True)
    output = os.path.join(folder, "output")
    if not os.path.exists(output) or "Total wall time" not in open(output).read():
        values = dict(potential=potential, structure=structure, A=a, B=b, a=lattice, T=temperature, massA=check.MASS[a], massB=check.MASS[b],
                      **dict(word.split("=") for word in size.split()))
        command = ["mpirun", "-np", ranks] * (ranks != "1") + [check.LMP, "-in", os.path.join(check.HERE, "in.melting"), "-log", "none"]
        for name, value in values.items():
            command += ["-var", name, str(value)]
        with open(output, "w") as file:
            subprocess.run(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, check=True)
    with open(output) as file:
        text = file.read()
    solid = float(re.search(r"^melting: solid (\S+)", text, re.MULTILINE).group(1))
    with open(os.path.join(folder, "temperature.dat")) as file:
        blocks = [float(line.split()[1]) for line in file if not line.startswith("#")]
    second = blocks[len(blocks) // 2:]
    fives = [statistics.fmean(second[k::5]) for k in range(5)]
    return statistics.fmean(second), statistics.stdev(fives) / 5 ** 0.5, solid, int(re.search(r"Created (\d+) atoms", text).group(1))


def main(potential, ranks="1"):
    potential = os.path.abspath(potential)
    elements = check.elements_of(potential)
    work = os.path.join(check.HERE, "runs", check.name_of(potential), "melting")
    lines = ["| crystal | atoms | melting point (K) | error (K) | runs from | solid at the end |", "|---|---|---|---|---|---|"]
    for crystal in CRYSTALS:
        if not {crystal[1], crystal[2]} <= set(elements):
            continue
        guesses = [0.92 * crystal[4], 1.08 * crystal[4]]
        runs = [run(potential, crystal, round(guess), work, ranks) for guess in guesses]
        point = statistics.fmean(t for t, *_ in runs)
        error = max(abs(runs[0][0] - point), *(e for _, e, *_ in runs))
        both = all(0.1 < solid < 0.9 for *_, solid, _ in runs)
        name = "%s %s" % (crystal[0], "".join(dict.fromkeys(crystal[1:3])))
        lines.append("| %s | %d | %s | %s | %s | %s |" % (
            name, runs[0][3], "%.0f" % point if both else "none", "%.0f" % error if both else "", ", ".join("%.0f K" % g for g in guesses),
            ", ".join("%.2f" % solid for *_, solid, _ in runs)))
        print(lines[-1], flush=True)
    check.put_into_card(potential, "melting", lines)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
