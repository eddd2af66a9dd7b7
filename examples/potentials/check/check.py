# SPDX-License-Identifier: GPL-2.0-only
"""Physics and endurance of the potentials in the folder above: prints tables, and puts them into the model cards.

    python3 check.py crystals ../ZrCuO.nnap.json             seconds
    python3 check.py survive ../ZrCuO.nnap.json [JOBS]       an hour or two: JOBS runs at a time, default 2
    python3 check.py glass ../ZrCuO.nnap.json                after survive: what its quenched glasses look like at 300 K
    python3 check.py errors ../ZrCuO.nnap.json DATA          labeled frames (extended XYZ) that were not trained on

The program is build/lmp of the checkout, or the one named by the environment variable LMP. Each run
has a folder of its own below ./runs; finished ones are not repeated. Standard library only.
"""

import concurrent.futures
import gzip
import json
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LMP = os.environ.get("LMP", os.path.join(HERE, "..", "..", "..", "build", "lmp"))
MASS = {"O": 15.999, "Ti": 47.867, "Co": 58.933, "Cu": 63.546, "Zr": 91.224, "Hf": 178.49}

# Values of the model that labeled the training data, TensorNet-MatPES-PBE, each crystal relaxed:
# a, c (A), energy (eV/atom, relative to isolated atoms). The O2 molecule is the reference of oxygen.
OXYGEN = -3.37089
LABELS = {
    ("fcc", "Cu", "Cu"): (3.6353, 3.6353, -3.50026),
    ("hcp", "Zr", "Zr"): (3.1902, 5.2108, -6.25679),
    ("hcp", "Ti", "Ti"): (2.9160, 4.7273, -5.35632),
    ("hcp", "Hf", "Hf"): (3.1529, 5.1491, -6.37172),
    ("hcp", "Co", "Co"): (2.4916, 4.0534, -5.32946),
    ("B2", "Cu", "Zr"): (3.2700, 3.2700, -4.99754),
    ("B2", "Ti", "Co"): (2.9805, 2.9805, -5.75900),
    ("B2", "Zr", "Co"): (3.1855, 3.1855, -6.13015),
    ("B2", "Hf", "Co"): (3.1570, 3.1570, -6.32150),
    ("cuprite", "Cu", "O"): (4.2746, 4.2746, -3.91532),
    ("fluorite", "Zr", "O"): (5.1162, 5.1162, -7.71224),
    ("tetragonal", "Zr", "O"): (5.1143, 5.2324, -7.72482),
}
FRACTION_OF_A = {"B2": 1 / 2, "cuprite": 2 / 3, "fluorite": 1 / 3, "tetragonal": 1 / 3}
NAMES = {"cuprite": "Cu2O", "fluorite": "cubic ZrO2", "tetragonal": "tetragonal ZrO2"}


def run(script, folder, variables):
    """Runs LAMMPS in `folder` unless it has finished there since potential and script are what they are; its output."""
    os.makedirs(folder, exist_ok=True)
    log = os.path.join(folder, "output")
    changed = max(os.path.getmtime(variables["potential"]), os.path.getmtime(os.path.join(HERE, script)))
    if os.path.exists(log) and os.path.getmtime(log) > changed:
        with open(log) as file:
            text = file.read()
        if "Total wall time" in text:
            return text
    command = [LMP, "-in", os.path.join(HERE, script), "-log", "none"]
    for name, value in variables.items():
        command += ["-var", name, str(value)]
    with open(log, "w") as file:
        subprocess.run(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, check=False)
    with open(log) as file:
        return file.read()


def crystals(potential, elements, work):
    energies = {"O": OXYGEN}
    references = dict(energies)
    rows = []
    for (structure, a, b), (la, lc, le) in LABELS.items():
        if a not in elements or b not in elements:
            continue
        text = run("in.crystal", os.path.join(work, "%s_%s_%s" % (structure, a, b)),
                   {"potential": potential, "structure": structure, "A": a, "B": b, "a": la})
        found = re.search(r"^crystal: (\S+) (\S+) (\S+)", text, re.MULTILINE)
        if not found:
            raise SystemExit("%s %s: LAMMPS stopped\n%s" % (structure, a, text[-1000:]))
        pa, pc, pe = (float(word) for word in found.groups())
        if a == b:
            energies[a], references[a] = pe, le
            rows.append(("%s %s" % (structure, a), pa, pc, la, lc, None, None))
        else:
            x = FRACTION_OF_A[structure]
            formation = pe - x * energies[a] - (1 - x) * energies[b]
            label = le - x * references[a] - (1 - x) * references[b]
            rows.append((NAMES.get(structure, "B2 " + a + b), pa, pc, la, lc, formation, label))
    lines = ["| crystal | a (A) | labels | c (A) | labels | formation (eV/atom) | labels |", "|---|---|---|---|---|---|---|"]
    for name, pa, pc, la, lc, formation, label in rows:
        cells = [name, "%.3f (%+.1f %%)" % (pa, 100 * (pa / la - 1)), "%.3f" % la]
        cells += ["%.3f (%+.1f %%)" % (pc, 100 * (pc / lc - 1)), "%.3f" % lc] if la != lc else ["", ""]
        cells += ["%.3f (%+.0f %%)" % (formation, 100 * (formation / label - 1)), "%.3f" % label] if label else ["", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def errors(potential, elements, data, work):
    """The table of nnap test; for potentials with oxygen also of the frames with at most 5 at.% of it."""
    parts = {"all frames": os.path.abspath(data)}
    if "O" in elements:
        parts = {"at most 5 at.% O, without dense_random": os.path.join(work, "little_oxygen.extxyz.gz"), **parts}
        os.makedirs(work, exist_ok=True)
        with gzip.open(data, "rt") as file, gzip.open(os.path.join(work, "little_oxygen.extxyz.gz"), "wt") as out:
            while first := file.readline():
                frame = [file.readline() for _ in range(int(first) + 1)]
                oxygen = sum(line.startswith("O ") for line in frame[1:])
                if oxygen <= 0.05 * int(first) and "config_type=dense_random" not in frame[0]:
                    out.write(first + "".join(frame))
    lines = ["| frames | number | energy MAE | RMSE (meV/atom) | force MAE | RMSE (eV/A) | stress MAE (GPa) |", "|---|---|---|---|---|---|---|"]
    for name, path in parts.items():
        command = "nnap test %s %s" % (path, potential)
        done = subprocess.run([LMP, "-log", "none"], input=command + "\n", stdout=subprocess.PIPE, text=True, check=False)
        rows = re.findall(r"^(\S.*?) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+|-)$", done.stdout, re.MULTILINE)
        if not rows:
            raise SystemExit("%s: LAMMPS stopped\n%s" % (command, done.stdout[-1000:]))
        for kind, *numbers in rows:
            lines.append("| " + " | ".join(["**%s**" % name if kind == "all frames" else kind, *numbers]) + " |")
    return lines


def random_start(path, numbers, volume=16.0, closest=1.7):
    """A LAMMPS data file: numbers[element] atoms at random places, `volume` (A^3) for each."""
    generator = random.Random(1)
    count = sum(numbers.values())
    size = (count * volume) ** (1 / 3)
    places = []
    while len(places) < count:
        new = [size * generator.random() for _ in range(3)]
        if all(sum(((a - b + size / 2) % size - size / 2) ** 2 for a, b in zip(new, old)) > closest ** 2 for old in places):
            places.append(new)
    types = [t for t, n in enumerate(numbers.values(), 1) for _ in range(n)]
    with open(path, "w") as file:
        file.write("random positions\n\n%d atoms\n%d atom types\n" % (count, len(numbers)))
        file.write("".join("0 %.6f %slo %shi\n" % (size, axis, axis) for axis in "xyz") + "\nMasses\n\n")
        file.write("".join("%d %g\n" % (t, MASS[element]) for t, element in enumerate(numbers, 1)))
        file.write("\nAtoms # atomic\n\n")
        for number, (t, place) in enumerate(zip(types, places), 1):
            file.write("%d %d %.6f %.6f %.6f\n" % (number, t, *place))


def endured(potential, numbers, test, temperature, work):
    """One run of in.survive as a row of the table."""
    composition = " ".join("%s%d" % item for item in numbers.items() if item[1])
    folder = os.path.join(work, "_".join((composition.replace(" ", ""), test, str(temperature))))
    os.makedirs(folder, exist_ok=True)
    random_start(os.path.join(folder, "start.data"), numbers)
    text = run("in.survive", folder, {"potential": potential, "elements": " ".join(numbers), "T": temperature, "test": test,
                                      "last": len(numbers), "dt": 0.001 if temperature > 1000 else 0.002})
    found = re.search(r"^survived: (\S+) (\S+)", text, re.MULTILINE)
    error = re.search(r"^ERROR.*", text, re.MULTILINE)
    result = found.groups() if found else ("", "**%s**" % (error.group(0) if error else "cut off"))
    errors = []
    if os.path.exists(os.path.join(folder, "frames.dump")):
        with open(os.path.join(folder, "frames.dump")) as file:
            errors = [float(line.split()[5]) for line in file if len(line.split()) == 6 and line[0].isdigit()]
    row = [test, composition, str(temperature), *result, "%.2f" % max(errors, default=0.0)]
    print("| " + " | ".join(row) + " |", flush=True)
    return row


def mixtures(elements):
    if "O" in elements:
        return [{"Zr": 54, "Cu": 54, "O": 0}, {"Zr": 51, "Cu": 51, "O": 5}, {"Zr": 38, "Cu": 38, "O": 32}]
    return [{"Ti": 27, "Zr": 27, "Hf": 27, "Co": 27}]


def survive(potential, elements, work, jobs):
    mixed = mixtures(elements)
    bad = ["compress", "shear", "surface"] + ["insert"] * ("O" in elements)
    runs = [(mixed["O" in elements], test, 300) for test in bad]
    runs += [(mixture, "hold", temperature) for temperature in (300, 1000, 2500) for mixture in mixed]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        rows = list(pool.map(lambda r: endured(potential, *r, work), runs))
    lines = ["| test | atoms | T (K) | density (1/A^3) | drift at constant energy (eV/atom/ps) | largest likely force error (eV/A) |",
             "|---|---|---|---|---|---|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def frames(path):
    """Box lengths (A) and (type, position) of the atoms of each frame of a text dump."""
    with open(path) as file:
        for frame in file.read().split("ITEM: TIMESTEP\n")[1:]:
            lines = frame.splitlines()
            count = int(lines[2])
            box = [float(high) - float(low) for low, high in (line.split()[:2] for line in lines[4:7])]
            yield box, [(int(w[1]), [float(x) for x in w[2:5]]) for w in (line.split() for line in lines[8:8 + count])]


def pair_distribution(path, ntypes, width=0.05, last=6.0):
    """Density (1/A^3), and g[a, b]: the mean number of b in each shell around an a, and g(r) there."""
    shells = int(last / width)
    counts = {(a, b): [0] * shells for a in range(1, ntypes + 1) for b in range(1, ntypes + 1)}
    total, atoms, volumes = [0] * (ntypes + 1), 0, 0.0
    for box, places in frames(path):
        volumes += box[0] * box[1] * box[2]
        atoms += len(places)
        for i, (a, x) in enumerate(places):
            total[a] += 1
            for b, y in places[:i]:
                r = sum((abs(u - v) - length * round(abs(u - v) / length)) ** 2 for u, v, length in zip(x, y, box)) ** 0.5
                if r < last:
                    counts[a, b][int(r / width)] += 1
                    counts[b, a][int(r / width)] += 1
    density = atoms / volumes
    result = {}
    for (a, b), count in counts.items():
        if not total[a] or not total[b]:
            continue
        around = [n / total[a] for n in count]
        ideal = [density * total[b] / atoms * 4.18879 * width ** 3 * ((k + 1) ** 3 - k ** 3) for k in range(shells)]
        result[a, b] = (around, [n / m for n, m in zip(around, ideal)])
    return density, result


def glass(potential, elements, work):
    """Density, highest peaks of the pair distribution functions, and neighbors up to the minimum behind them."""
    survived = os.path.join(os.path.dirname(work), "survive")
    lines = ["| glass at 300 K | density (1/A^3) | (g/cm^3) | pair | highest peak of g(r) (A) | neighbors |", "|---|---|---|---|---|---|"]
    for mixture in mixtures(elements):
        composition = "".join("%s%d" % item for item in mixture.items() if item[1])
        names = list(mixture)
        density, pairs = pair_distribution(os.path.join(survived, composition + "_hold_300", "frames.dump"), len(names))
        mass = sum(MASS[e] * n for e, n in mixture.items()) / sum(mixture.values())
        first = [composition, "%.4f" % density, "%.2f" % (density * mass * 1.66054)]
        for (a, b), (around, g) in sorted(pairs.items()):
            if a > b:
                continue
            smooth = [sum(g[max(0, k - 1):k + 2]) / 3 for k in range(len(g))]
            top = max(range(len(g)), key=lambda k: smooth[k])
            bottom = min(range(top, min(top + 30, len(g))), key=lambda k: smooth[k])
            lines.append("| " + " | ".join([*first, "%s-%s" % (names[a - 1], names[b - 1]), "%.2f" % (0.05 * (top + 0.5)),
                                            "%.1f" % sum(around[:bottom])]) + " |")
            first = [""] * 3
    return lines


def main(what, potential, argument="2"):
    potential = os.path.abspath(potential)
    with open(potential) as file:
        elements = [model["symbol"] for model in json.load(file)["models"]]
    name = os.path.basename(potential).split(".")[0]
    work = os.path.join(HERE, "runs", name, what)
    if what == "crystals":
        lines = crystals(potential, elements, work)
    elif what == "survive":
        lines = survive(potential, elements, work, int(argument))
    elif what == "glass":
        lines = glass(potential, elements, work)
    elif what == "errors":
        lines = errors(potential, elements, argument, work)
    else:
        raise SystemExit(__doc__)
    print("\n".join(lines))
    card = os.path.join(os.path.dirname(potential), name + ".md")
    if os.path.exists(card):
        with open(card) as file:
            text = file.read()
        table = "<!-- %s -->\n%s\n<!-- end -->" % (what, "\n".join(lines))
        with open(card, "w") as file:
            file.write(re.sub("<!-- %s -->.*?<!-- end -->" % what, lambda _: table, text, flags=re.DOTALL))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
