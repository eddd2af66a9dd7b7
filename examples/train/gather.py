# SPDX-License-Identifier: GPL-2.0-only
"""Labeled frames of several files into one, for the training of a potential: how much each kind counts, and how many of
them are kept.

    /usr/bin/python3 gather.py out.extxyz.gz DATA.extxyz.gz [DATA ...] [--lone E] [--reach R] [--seed 1]

The kind of a frame is its config_type; RULES below has how often a frame is written (0.3: three of ten frames once) and its
weight, the first rule that fits applies. Frames with a force above 150 eV/A are left out. --lone E: the labeling model gives E (eV) to an atom
without a neighbor within its reach R (A, default 5), where the energy should be zero; E is subtracted for each of them.
Needs numpy.
"""

import argparse
import collections
import gzip
import re

import numpy as np

# (kinds, highest part of oxygen, copies, weight)
RULES = [
    ("isolated", 1.0, 20.0, 1.0),
    ("O2", 1.0, 1.0, 0.5),
    ("dimer", 1.0, 1.0, 1.0),
    ("trimer|gas", 1.0, 1.0, 0.3),
    ("suboxide|phase_.*|close_pairs", 1.0, 1.0, 0.5),
    ("zirconia|squeezed|surface_oxygen", 1.0, 1.0, 0.3),
    ("oxide_.*", 1.0, 1.0, 0.1),
    ("dense_random", 0.055, 0.5, 0.3),
    ("dense_random", 0.40, 0.15, 0.03),
    ("dense_random", 1.0, 0.1, 0.015),
    ("surface|inserted_oxygen", 0.055, 1.0, 1.0),
    ("surface|inserted_oxygen", 1.0, 1.0, 0.1),
    (".*", 0.055, 1.0, 1.0),
    (".*", 0.40, 0.3, 0.1),
    (".*", 1.0, 0.2, 0.05),
]
LARGEST_FORCE = 150.0


def frames(path):
    with (gzip.open if path.endswith("gz") else open)(path, "rt") as file:
        while count := file.readline():
            yield file.readline().rstrip("\n"), [file.readline() for _ in range(int(count))]


def key(header, name):
    found = re.search(r'(?:^|\s)%s=("([^"]*)"|\S+)' % name, header)
    return found and (found[2] if found[2] is not None else found[1])


def lone_atoms(header, rows, reach):
    """Number of atoms with no other atom, and no image, within `reach`."""
    cell = np.array(key(header, "Lattice").split(), float).reshape(3, 3)
    if abs(np.linalg.det(cell)) < 40 * len(rows):    # A^3, twice the volume of the largest atom: none, without a search
        return 0
    places = np.array([row.split()[1:4] for row in rows], float)
    heights = abs(np.linalg.det(cell)) / np.linalg.norm(np.cross(cell[[1, 2, 0]], cell[[2, 0, 1]]), axis=1)
    images = [np.arange(-n, n + 1) for n in np.ceil(reach / heights).astype(int)]
    shifts = np.stack(np.meshgrid(*images), -1).reshape(-1, 3) @ cell
    lone = 0
    for place in places:
        distance = np.linalg.norm(places[:, None] + shifts - place, axis=-1)
        distance[distance < 1e-6] = np.inf
        lone += distance.min() > reach
    return lone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("data", nargs="+")
    parser.add_argument("--lone", type=float, default=0.0)
    parser.add_argument("--reach", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    kept, atoms = collections.Counter(), 0
    with gzip.open(options.out, "wt", compresslevel=3) as out:
        for path in options.data:
            for header, rows in frames(path):
                kind = key(header, "config_type") or ""
                oxygen = sum(row.startswith("O ") for row in rows) / len(rows)
                often, weight = next(rule[2:] for rule in RULES if re.fullmatch(rule[0], kind) and oxygen <= rule[1])
                copies = int(often + random.random())
                if copies == 0:
                    continue
                if max(abs(float(f)) for row in rows for f in row.split()[4:7]) > LARGEST_FORCE:
                    continue
                if options.lone and (lone := lone_atoms(header, rows, options.reach)):
                    energy = float(key(header, "energy")) - options.lone * lone
                    header = re.sub(r"(^|\s)energy=\S+", r"\g<1>energy=%.6f" % energy, header)
                out.write(copies * ("%d\n%s weight=%g\n%s" % (len(rows), header, weight, "".join(rows))))
                kept[kind] += copies
                atoms += copies * len(rows)
    for kind, number in kept.items():
        print("%6d %s" % (number, kind))
    print("%6d frames, %d atoms in %s" % (sum(kept.values()), atoms, options.out))


if __name__ == "__main__":
    main()
