# SPDX-License-Identifier: GPL-2.0-only
"""Endurance and errors of the potentials in the folder above: prints tables, and puts them into the model cards.

    python3 check.py survive ../ZrCuO.nnap.json [JOBS]       half an hour on two cores: JOBS runs at a time, default 2
    python3 check.py explore ../ZrCuO.nnap.json SEED OUT     the same runs with another seed; frames in which a force is likely
                                                             to be wrong are written to OUT (extended XYZ), to be labeled
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


def random_start(path, numbers, seed, volume=16.0, closest=1.7):
    """A LAMMPS data file: numbers[element] atoms at random places, `volume` (A^3) for each."""
    generator = random.Random(seed)
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


def endured(potential, numbers, test, temperature, work, seed):
    """One run of in.survive as a row of the table."""
    composition = " ".join("%s%d" % item for item in numbers.items() if item[1])
    folder = os.path.join(work, "_".join((composition.replace(" ", ""), test, str(temperature))))
    os.makedirs(folder, exist_ok=True)
    random_start(os.path.join(folder, "start.data"), numbers, seed)
    text = run("in.survive", folder, {"seed": seed, "potential": potential, "elements": " ".join(numbers), "T": temperature, "test": test,
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


def survive(potential, elements, work, jobs, seed=1):
    mixed = mixtures(elements)
    bad = ["compress", "shear", "surface"] + ["insert"] * ("O" in elements)
    runs = [(mixed["O" in elements], test, 300) for test in bad]
    runs += [(mixture, "hold", temperature) for temperature in (300, 1000, 2500) for mixture in mixed]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        rows = list(pool.map(lambda r: endured(potential, *r, work, seed), runs))
    lines = ["| test | atoms | T (K) | density (1/A^3) | drift at constant energy (eV/atom/ps) | largest likely force error (eV/A) |",
             "|---|---|---|---|---|---|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def explore(potential, elements, work, seed, out):
    """Frames of endurance runs with an atom above the limit, at most five of a run: those that are farthest above."""
    work = "%s_%d" % (work, seed)
    survive(potential, elements, work, os.cpu_count(), seed)
    with open(potential) as file:
        limit = json.load(file)["uncertainty_limit"]
    kinds, total = list(mixtures(elements)[0]), 0
    with open(out, "w") as file:
        for name in sorted(os.listdir(work)):
            found = []
            for frame in dumped_frames(os.path.join(work, name, "frames.dump")):
                worst = max(float(atom[5]) for atom in frame[1])
                if worst > limit:
                    found.append((worst, frame))
            for worst, (cell, atoms) in sorted(found, key=lambda f: -f[0])[:5]:
                file.write('%d\nLattice="%s" Properties=species:S:1:pos:R:3 config_type=explored pbc="T T T"\n' % (
                    len(atoms), " ".join("%.9g" % v for row in cell for v in row)))
                file.write("".join("%s %s %s %s\n" % (kinds[int(atom[1]) - 1], *atom[2:5]) for atom in atoms))
                total += 1
    return ["%d frames with an atom above %.3g eV/A in %s" % (total, limit, out)]


def dumped_frames(path):
    """Cell vectors (A) and the columns of the atoms of each frame of a text dump, orthogonal or triclinic."""
    if not os.path.exists(path):
        return
    with open(path) as file:
        for frame in file.read().split("ITEM: TIMESTEP\n")[1:]:
            lines = frame.splitlines()
            bounds = [[float(word) for word in line.split()] for line in lines[4:7]]
            xy, xz, yz = [b[2] if len(b) > 2 else 0.0 for b in bounds]
            lx = bounds[0][1] - max(0.0, xy, xz, xy + xz) - bounds[0][0] + min(0.0, xy, xz, xy + xz)
            ly = bounds[1][1] - max(0.0, yz) - bounds[1][0] + min(0.0, yz)
            yield [[lx, 0, 0], [xy, ly, 0], [xz, yz, bounds[2][1] - bounds[2][0]]], [line.split() for line in lines[8:8 + int(lines[2])]]


def frames(path):
    """Box lengths (A) and (type, position) of the atoms of each frame of a text dump with an orthogonal box."""
    for cell, atoms in dumped_frames(path):
        yield [cell[k][k] for k in range(3)], [(int(w[1]), [float(x) for x in w[2:5]]) for w in atoms]


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


def elements_of(potential):
    with open(potential) as file:
        return [model["symbol"] for model in json.load(file)["models"]]


def name_of(potential):
    return os.path.basename(potential).split(".")[0]


def put_into_card(potential, what, lines):
    """Replaces the table `what` of the model card beside the potential, where there is a card."""
    card = os.path.join(os.path.dirname(potential), name_of(potential) + ".md")
    if os.path.exists(card):
        with open(card) as file:
            text = file.read()
        table = "<!-- %s -->\n%s\n<!-- end -->" % (what, "\n".join(lines))
        with open(card, "w") as file:
            file.write(re.sub("<!-- %s -->.*?<!-- end -->" % what, lambda _: table, text, flags=re.DOTALL))


def main(what, potential, argument="2", out=None):
    potential = os.path.abspath(potential)
    elements = elements_of(potential)
    work = os.path.join(HERE, "runs", name_of(potential), what)
    if what == "survive":
        lines = survive(potential, elements, work, int(argument))
    elif what == "explore" and out:
        lines = explore(potential, elements, work, int(argument), out)
    elif what == "glass":
        lines = glass(potential, elements, work)
    elif what == "errors":
        lines = errors(potential, elements, argument, work)
    else:
        raise SystemExit(__doc__)
    print("\n".join(lines))
    put_into_card(potential, what, lines)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
