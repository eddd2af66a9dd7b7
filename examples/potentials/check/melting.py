#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Melting points by coexistence of crystal and liquid in a small bar (in.melting), for the model card.

    melting.py ../ZrCuO.nnap.json [JOBS]     JOBS runs at a time, default 2

Each crystal is run from two guesses, below and above. The point is the mean of both. Its error is the larger one of their
distance to the mean and of the standard error of five blocks of a run. If one side has eaten the other, there is no point.
The program is build/lmp of the checkout, or the one named by the environment variable LMP. Standard library only.
"""

import concurrent.futures
import os
import re
import statistics
import sys

import check

# structure, elements, lattice constant (A) and guess (K); of the guesses only the first steps depend
CRYSTALS = [("fcc", "Cu", "Cu", 3.71, 1250, {"n": 5, "long": 14}), ("bcc", "Zr", "Zr", 3.63, 2000, {"n": 6, "long": 16}),
            ("B2", "Cu", "Zr", 3.34, 1250, {"n": 6, "long": 16})]
GUESSES = (0.92, 1.08)    # of the guess


def run(potential, crystal, temperature, work):
    """Melting point and its standard error (K), solid part at the end, number of atoms."""
    structure, a, b, lattice, _, size = crystal
    folder = os.path.join(work, "%s_%s%s_%d" % (structure, a, b, temperature))
    text = check.run("in.melting", folder, {"potential": potential, "structure": structure, "A": a, "B": b, "a": lattice, "T": temperature,
                                            "massA": check.MASS[a], "massB": check.MASS[b], **size})
    solid = re.search(r"^melting: solid (\S+)", text, re.MULTILINE)
    if not solid:
        raise SystemExit("%s: LAMMPS stopped\n%s" % (folder, text[-1000:]))
    with open(os.path.join(folder, "temperature.dat")) as file:
        values = [float(line.split()[1]) for line in file if not line.startswith("#")]
    second = values[len(values) // 2:]
    size = len(second) // 5
    blocks = [statistics.fmean(second[k * size:(k + 1) * size]) for k in range(5)]
    return statistics.fmean(second), statistics.stdev(blocks) / 5 ** 0.5, float(solid.group(1)), int(re.search(r"Created (\d+) atoms", text).group(1))


def main(potential, jobs="2"):
    potential = os.path.abspath(potential)
    elements = check.elements_of(potential)
    work = os.path.join(check.HERE, "runs", check.name_of(potential), "melting")
    chosen = [crystal for crystal in CRYSTALS if {crystal[1], crystal[2]} <= set(elements)]
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        results = {(crystal[:3], guess): pool.submit(run, potential, crystal, round(guess * crystal[4]), work) for crystal in chosen for guess in GUESSES}
    lines = ["| crystal | atoms | melting point (K) | error (K) | runs from | solid at the end |", "|---|---|---|---|---|---|"]
    for crystal in chosen:
        runs = [results[crystal[:3], guess].result() for guess in GUESSES]
        point = statistics.fmean(t for t, *_ in runs)
        error = max(abs(runs[0][0] - point), *(e for _, e, *_ in runs))
        both = all(0.1 < solid < 0.9 for *_, solid, _ in runs)
        lines.append("| %s %s | %d | %s | %s | %s | %s |" % (
            crystal[0], "".join(dict.fromkeys(crystal[1:3])), runs[0][3], "%.0f" % point if both else "none", "%.0f" % error if both else "",
            ", ".join("%.0f K" % (guess * crystal[4]) for guess in GUESSES), ", ".join("%.2f" % solid for *_, solid, _ in runs)))
    print("\n".join(lines))
    check.put_into_card(potential, "melting", lines)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
