#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Energy of the inherent structure and density of glasses against the quench rate (in.quench), for the model card.

    quench.py ../ZrCuO.nnap.json [JOBS]      JOBS runs at a time, default 2

Three glasses of 500 atoms for each rate. The program is build/lmp of the checkout, or the one named by the environment variable LMP.
Finished runs are not repeated. Standard library only.
"""

import concurrent.futures
import os
import re
import statistics
import sys

import check

RATES = (1e14, 3e13, 1e13, 3e12, 1e12)    # K/s
SEEDS = (1, 2, 3)
MIXTURES = {"Cu": {"Zr": 250, "Cu": 250}, "Co": {"Ti": 125, "Zr": 125, "Hf": 125, "Co": 125}}


def run(potential, mixture, rate, seed, work):
    """Energy of the inherent structure (eV/atom) and density (1/A^3)."""
    folder = os.path.join(work, "%.0e_%d" % (rate, seed))
    os.makedirs(folder, exist_ok=True)
    check.random_start(os.path.join(folder, "start.data"), mixture, seed)
    text = check.run("in.quench", folder, {"potential": potential, "elements": " ".join(mixture), "rate": rate, "seed": seed})
    found = re.search(r"^quench: (\S+) (\S+)", text, re.MULTILINE)
    if not found:
        raise SystemExit("%s: LAMMPS stopped\n%s" % (folder, text[-1000:]))
    return [float(word) for word in found.groups()]


def main(potential, jobs="2"):
    potential = os.path.abspath(potential)
    elements = check.elements_of(potential)
    mixture = MIXTURES["Cu" if "Cu" in elements else "Co"]
    work = os.path.join(check.HERE, "runs", check.name_of(potential), "quench")
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        runs = {(rate, seed): pool.submit(run, potential, mixture, rate, seed, work) for rate in RATES for seed in SEEDS}
    lines = ["| rate (K/s) | inherent structure (eV/atom) | density at 300 K (1/A^3) |", "|---|---|---|"]
    for rate in RATES:
        columns = zip(*(runs[rate, seed].result() for seed in SEEDS))
        lines.append("| %.0e | %s |" % (rate, " | ".join("%.*f +- %.*f" % (digits, statistics.fmean(values), digits, statistics.stdev(values) / len(values) ** 0.5)
                                                         for digits, values in zip((4, 5), columns))))
    print("\n".join(lines))
    check.put_into_card(potential, "quench", lines)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
