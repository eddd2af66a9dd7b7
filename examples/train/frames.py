# SPDX-License-Identifier: GPL-2.0-only
"""Frames of what molecular dynamics of a glass rarely visits, for the training of a potential: phases, compounds and
oxides under strain, stacking faults, surfaces with oxygen, molecules, gas, compressed and expanded cells.

    /usr/bin/python3 frames.py ZrCuO frames.extxyz [--from GLASSES.extxyz.gz] [--seed 1]

ZrCuO or TiZrHfCo names the elements. --from: labeled or unlabeled frames of liquids and glasses, of which some are
compressed to 0.75 and expanded to 1.3 of their volume. The frames have no labels: label them with your own
electronic-structure code or potential (in.relabel does it with any pair style), then add them to the training.

Each frame has a config_type of its kind. Lengths in A. The same seed gives the same file. Needs numpy.
"""

import argparse
import gzip
import itertools

import numpy as np

# A^3 per atom of the elements' ground states; that of oxygen reproduces the volume of ZrO2
VOLUME = {"O": 6.5, "Ti": 17.4, "Co": 11.1, "Cu": 12.0, "Zr": 23.0, "Hf": 22.2}
CUTOFF = 7.0                                                            # of the potentials
SCALES = (0.75, 0.82, 0.88, 0.94, 0.97, 1.0, 1.03, 1.06, 1.12, 1.2, 1.3)    # of the volume
RATTLES = (0.0, 0.0, 0.03, 0.08, 0.15, 0.25)                            # A, standard deviation


# ---- crystal structures: cell (rows a, b, c; any unit of length), sites (species 0, 1, ...; fractional) ----

def close_packed(sequence, ratio=1.633):
    """Hexagonal layers stacked as in "AB" (hcp), "ABAC" (dhcp), "ABC" (fcc), any faulted sequence; c/a of two layers."""
    n = len(sequence)
    place = {"A": (0, 0), "B": (1 / 3, 2 / 3), "C": (2 / 3, 1 / 3)}
    cell = [[1, 0, 0], [-0.5, 3 ** 0.5 / 2, 0], [0, 0, ratio * n / 2]]
    return cell, [(0, (*place[layer], k / n)) for k, layer in enumerate(sequence)]


def orthorhombic(a, b, c, sites):
    return [[a, 0, 0], [0, b, 0], [0, 0, c]], sites


def cubic(sites):
    return orthorhombic(1, 1, 1, sites)


def hexagonal(ratio, sites):
    return [[1, 0, 0], [-0.5, 3 ** 0.5 / 2, 0], [0, 0, ratio]], sites


def centered(sites, shifts):
    return [(s, tuple(np.add(x, shift) % 1)) for s, x in sites for shift in shifts]


F = ((0, 0, 0), (0, .5, .5), (.5, 0, .5), (.5, .5, 0))
I = ((0, 0, 0), (.5, .5, .5))
C = ((0, 0, 0), (.5, .5, 0))


def on(species, *places):
    return [(species, place) for place in places]


ELEMENTARY = {
    "fcc": cubic(centered(on(0, (0, 0, 0)), F)),
    "bcc": cubic(centered(on(0, (0, 0, 0)), I)),
    "hcp": close_packed("AB", 1.6),
    "dhcp": close_packed("ABAC"),
    "fault_i1": close_packed("ABABACACAC", 1.6),        # growth fault of hcp
    "fault_i2": close_packed("ABABCACACA", 1.6),        # slip in hcp
    "fault_fcc": close_packed("ABCABCBCABC"),           # intrinsic fault of fcc
    "twin_fcc": close_packed("ABCABCBACBAC"),
    "nine_r": close_packed("ABABCBCAC"),
    "omega": hexagonal(0.613, on(0, (0, 0, 0), (1 / 3, 2 / 3, .5), (2 / 3, 1 / 3, .5))),
    "simple_cubic": cubic(on(0, (0, 0, 0))),
    "diamond": cubic(centered(on(0, (0, 0, 0), (.25, .25, .25)), F)),
    "a15": cubic(on(0, (0, 0, 0), (.5, .5, .5), (.25, 0, .5), (.75, 0, .5), (.5, .25, 0), (.5, .75, 0), (0, .5, .25), (0, .5, .75))),
}

_laves_small = ((.625, .625, .625), (.625, .875, .875), (.875, .625, .875), (.875, .875, .625))
COMPOUND = {
    "B2": cubic(on(0, (0, 0, 0)) + on(1, (.5, .5, .5))),
    "B1": cubic(centered(on(0, (0, 0, 0)) + on(1, (.5, .5, .5)), F)),
    "B3": cubic(centered(on(0, (0, 0, 0)) + on(1, (.25, .25, .25)), F)),
    "L1_0": orthorhombic(1, 1, 1.0, on(0, (0, 0, 0), (.5, .5, 0)) + on(1, (.5, 0, .5), (0, .5, .5))),
    "B33": orthorhombic(3.27, 9.93, 4.11, centered(on(0, (0, .361, .25), (0, .639, .75)) + on(1, (0, .082, .25), (0, .918, .75)), C)),
    "B19": orthorhombic(4.76, 3.15, 4.86, on(0, (.25, .5, .812), (.75, .5, .188)) + on(1, (.25, 0, .313), (.75, 0, .687))),
    "B8": hexagonal(1.4, on(0, (0, 0, 0), (0, 0, .5)) + on(1, (1 / 3, 2 / 3, .25), (2 / 3, 1 / 3, .75))),
    "B11": orthorhombic(3.11, 3.11, 5.92, on(0, (0, .5, .65), (.5, 0, .35)) + on(1, (0, .5, .1), (.5, 0, .9))),
    "L1_2": cubic(on(1, (0, 0, 0)) + on(0, (0, .5, .5), (.5, 0, .5), (.5, .5, 0))),
    "D0_3": cubic(centered(on(1, (0, 0, 0)) + on(0, (.25, .25, .25), (.75, .75, .75), (.5, .5, .5)), F)),
    "A15": cubic(on(1, (0, 0, 0), (.5, .5, .5)) + on(0, (.25, 0, .5), (.75, 0, .5), (.5, .25, 0), (.5, .75, 0), (0, .5, .25), (0, .5, .75))),
    "C11b": orthorhombic(1, 1, 3.45, centered(on(1, (0, 0, 0)) + on(0, (0, 0, 1 / 3), (0, 0, 2 / 3)), I)),
    "C15": cubic(centered(on(1, (0, 0, 0), (.25, .25, .25)) + on(0, *_laves_small), F)),
    "C14": hexagonal(1.633, on(1, (1 / 3, 2 / 3, .062), (2 / 3, 1 / 3, .562), (2 / 3, 1 / 3, .938), (1 / 3, 2 / 3, .438))
                     + on(0, (0, 0, 0), (0, 0, .5), (.830, .660, .25), (.340, .170, .25), (.830, .170, .25),
                          (.170, .340, .75), (.660, .830, .75), (.170, .830, .75))),
    "C15b": cubic(centered(on(1, (0, 0, 0)) + on(0, (.25, .25, .25), *_laves_small), F)),
    "D2d": hexagonal(0.8, on(1, (0, 0, 0)) + on(0, (1 / 3, 2 / 3, 0), (2 / 3, 1 / 3, 0), (.5, 0, .5), (0, .5, .5), (.5, .5, .5))),
    "C16": orthorhombic(1, 1, 0.8, centered(on(1, (0, 0, .25), (0, 0, .75))
                        + on(0, (.158, .658, 0), (.842, .342, 0), (.342, .158, 0), (.658, .842, 0)), I)),
}


def oxide(a, b, c, beta, sites):
    """Monoclinic cell, unique axis b, angle in degrees."""
    angle = np.radians(beta)
    return [[a, 0, 0], [0, b, 0], [c * np.cos(angle), 0, c * np.sin(angle)]], sites


def _p21c(species, x, y, z):
    return on(species, (x, y, z), (-x, y + .5, .5 - z), (-x, -y, -z), (x, .5 - y, z + .5))


# of four formula units, atom by atom in the order of the cubic form, so that the forms can be interpolated
MONOCLINIC = oxide(5.1505, 5.2116, 5.3173, 99.23, _p21c(0, .2754, .0395, .2083) + _p21c(1, .0700, .3317, .3447) + _p21c(1, .4496, .7569, .4792))
OXIDES = {
    "fluorite": cubic(centered(on(0, (0, 0, 0)) + on(1, (.25, .25, .25), (.75, .75, .75)), F)),
    "antifluorite": cubic(centered(on(1, (0, 0, 0)) + on(0, (.25, .25, .25), (.75, .75, .75)), F)),
    "cuprite": cubic(centered(on(0, (.25, .25, .25)), F) + on(1, (0, 0, 0), (.5, .5, .5))),
    "rutile": orthorhombic(1, 1, 0.65, on(0, (0, 0, 0), (.5, .5, .5)) + on(1, (.305, .305, 0), (.695, .695, 0), (.195, .805, .5), (.805, .195, .5))),
    "tenorite": oxide(4.6837, 3.4226, 5.1288, 99.54, centered(on(0, (.25, .25, 0), (.75, .25, .5)) + on(1, (0, .4184, .25), (0, .5816, .75)), C)),
    "B1": COMPOUND["B1"],
    "B2": COMPOUND["B2"],
}


# ---- frames ----

class Frames:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.list = []

    def add(self, kind, cell, species, x):
        self.list.append((kind, np.array(cell, float), list(species), np.array(x, float)))

    def crystal(self, kind, structure, elements, volume=None, scales=SCALES, repeats=1, atoms=16, rattles=RATTLES):
        """Supercells of at least `atoms` atoms at the volumes `scales`, sheared and stretched a little, and rattled."""
        cell, sites = structure
        cell = np.array(cell, float)
        species = [elements[s] for s, _ in sites]
        places = np.array([x for _, x in sites])
        if volume is None:
            volume = sum(VOLUME[s] for s in species)
        cell = cell * (volume / abs(np.linalg.det(cell))) ** (1 / 3)
        repeat = np.ones(3, int)
        while repeat.prod() * len(species) < atoms:
            repeat[np.argmin(repeat * np.linalg.norm(cell, axis=1))] += 1
        shifts = np.array(list(itertools.product(*map(range, repeat))))
        fractions = ((places[None] + shifts[:, None]) / repeat).reshape(-1, 3)
        big, names = cell * repeat[:, None], species * len(shifts)
        for scale in np.repeat(scales, repeats):
            strain = self.random.normal(0, 0.02, (3, 3)) if rattles is RATTLES else np.zeros((3, 3))
            deformed = big @ (np.eye(3) + (strain + strain.T) / 2) * scale ** (1 / 3)
            x = fractions @ deformed
            x = x + self.random.normal(0, self.random.choice(rattles), x.shape)
            self.add(kind, deformed, names, x)

    def vacuum_cell(self, extent):
        return np.eye(3) * (extent + CUTOFF + 1.0)


def phases(frames, elements):
    metals = [e for e in elements if e != "O"]
    for metal in metals:
        for name, structure in ELEMENTARY.items():
            frames.crystal("phase_" + name, structure, [metal], repeats=2 if name in ("fcc", "bcc", "hcp", "dhcp", "omega") else 1)
    for a, b in itertools.permutations(metals, 2):
        for name, structure in COMPOUND.items():
            frames.crystal("phase_" + name, structure, [a, b])


def oxides(frames, metals):
    for metal in metals:
        for name, structure in OXIDES.items():
            frames.crystal("oxide_" + name, structure, [metal, "O"], repeats=2)


def zirconia(frames):
    """Monoclinic, tetragonal and cubic ZrO2, and the straight paths between them."""
    cell_m, sites_m = MONOCLINIC
    species = ["Zr" if s == 0 else "O" for s, _ in sites_m]
    x_m = np.array([x for _, x in sites_m])
    cell_m = np.array(cell_m)

    def matched(places):
        """The sites of the cubic or tetragonal form in the order of the nearest ones of the monoclinic form."""
        shift = x_m[0] - places[0]
        left, order = list(range(len(places))), []
        for n, x in enumerate(x_m):
            allowed = [k for k in left if (k < 4) == (n < 4)]
            best = min(allowed, key=lambda k: np.sum(((x - places[k] - shift + .5) % 1 - .5) ** 2))
            left.remove(best)
            order.append(x - ((x - places[best] - shift + .5) % 1 - .5))
        return np.array(order)

    zr = [np.add((0, 0, 0), f) for f in F]
    oxygen = [np.add(p, f) for p in ((.25, .25, .25), (.75, .75, .75)) for f in F]
    cubic_x = matched(np.array(zr + oxygen))
    d = 0.05
    moved = [o + (0, 0, d if round(4 * (o[0] + o[1])) % 4 == 2 and round(4 * o[0]) % 4 == 1 else -d) for o in oxygen]
    tetragonal_x = matched(np.array(zr + moved))
    forms = {"m": (cell_m, x_m), "c": (np.eye(3) * 5.116, cubic_x), "t": (np.diag([5.114, 5.114, 5.232]), tetragonal_x)}
    for first, second in (("m", "t"), ("m", "c"), ("t", "c")):
        for weight in np.linspace(0, 1, 9):
            cell = (1 - weight) * forms[first][0] + weight * forms[second][0]
            x = (1 - weight) * forms[first][1] + weight * forms[second][1]
            structure = (cell, [(0 if s == "Zr" else 1, p) for s, p in zip(species, x)])
            frames.crystal("zirconia", structure, ["Zr", "O"], abs(np.linalg.det(cell)), (0.88, 0.94, 0.97, 1.0, 1.0, 1.0, 1.03, 1.06, 1.12), 1, 12)
    for scale in (1.0,) * 20:    # larger cells, rattled more
        structure = (cell_m, [(0 if s == "Zr" else 1, p) for s, p in zip(species, x_m)])
        frames.crystal("zirconia", structure, ["Zr", "O"], abs(np.linalg.det(cell_m)), (scale,), 1, 48)


def suboxides(frames):
    """Oxygen in octahedral and tetrahedral holes of hcp Zr: Zr6O, Zr3O, Zr2O and dilute, ordered and not."""
    cell, sites = close_packed("AB", 1.6)
    cell = np.array(cell) * 3.2
    octahedra = [(2 / 3, 1 / 3, .25), (2 / 3, 1 / 3, .75)]
    tetrahedra = [(0, 0, .375), (0, 0, .625)]
    for count in range(120):
        repeat = (3, 3, 2)
        shifts = np.array(list(itertools.product(*map(range, repeat))))
        zr = ((np.array([x for _, x in sites])[None] + shifts[:, None]) / repeat).reshape(-1, 3)
        holes = ((np.array(octahedra)[None] + shifts[:, None]) / repeat).reshape(-1, 3)
        others = ((np.array(tetrahedra)[None] + shifts[:, None]) / repeat).reshape(-1, 3)
        number = frames.random.choice((1, 2, 6, 12, 18))
        chosen = holes[frames.random.permutation(len(holes))[:number]]
        if count % 6 == 0:
            chosen = np.vstack([chosen[:-1], others[frames.random.integers(len(others))]])
        strain = frames.random.normal(0, 0.015, (3, 3))
        big = cell * np.array(repeat)[:, None] @ (np.eye(3) + (strain + strain.T) / 2) * frames.random.choice((0.97, 1.0, 1.0, 1.02))
        x = np.vstack([zr, chosen]) @ big
        x = x + frames.random.normal(0, frames.random.choice((0.0, 0.03, 0.08, 0.15)), x.shape)
        frames.add("suboxide", big, ["Zr"] * len(zr) + ["O"] * len(chosen), x)


def molecules(frames, elements):
    """Isolated atoms, pairs from 0.8 A to bonds that begin to break, triples."""
    for element in elements:
        for _ in range(4):
            frames.add("isolated", frames.vacuum_cell(CUTOFF + frames.random.uniform(0, 3)), [element], [[0, 0, 0]])
    for a, b in itertools.combinations_with_replacement(elements, 2):
        close = 0.8 if "O" in (a, b) else 1.3
        for r in np.geomspace(close, 3.3, 30):
            direction = frames.random.normal(size=3)
            frames.add("dimer", frames.vacuum_cell(8.0), [a, b], [[0, 0, 0], r * direction / np.linalg.norm(direction)])
    for a, b, c in itertools.combinations_with_replacement(elements, 3):
        for _ in range(12):
            frames.add("trimer", *cluster(frames, [a, b, c]))
    for _ in range(40 * ("O" in elements)):    # the molecule near its length
        r = frames.random.uniform(1.05, 1.5)
        direction = frames.random.normal(size=3)
        frames.add("O2", frames.vacuum_cell(8.0), ["O", "O"], [[0, 0, 0], r * direction / np.linalg.norm(direction)])


def closest(a, b):
    """How close two atoms of these elements come in a frame (A)."""
    return 1.1 if a == b == "O" else 1.5 if "O" in (a, b) else 1.9


def cluster(frames, species, spread=3.0):
    while True:
        x = frames.random.uniform(-spread, spread, (len(species), 3))
        if all(np.linalg.norm(x[i] - x[j]) > closest(species[i], species[j]) for i in range(len(x)) for j in range(i)):
            return frames.vacuum_cell(2 * spread + 3), species, x


def scattered(frames, species, cell, x, count, elements):
    """`count` more atoms at random places of the cell that are not too close to others."""
    names, places = list(species), [np.array(p) for p in x]
    inverse = np.linalg.inv(cell)
    while count > 0:
        name, new = frames.random.choice(elements), frames.random.random(3) @ cell
        d = (np.array(places) - new) @ inverse if places else np.zeros((0, 3))
        r = np.linalg.norm((d - np.round(d)) @ cell, axis=1)
        if all(distance > closest(name, other) for distance, other in zip(r, names)):
            names.append(str(name))
            places.append(new)
            count -= 1
    return names, places


def gas(frames, elements):
    for _ in range(80):
        cell = np.eye(3) * frames.random.uniform(10, 20)
        names, x = scattered(frames, [], cell, [], int(frames.random.integers(6, 30)), elements)
        frames.add("gas", cell, names, x)


def surfaces(frames, elements):
    """Slabs of the metals and of a compound with vacuum, and with atoms and molecules of oxygen above and in them."""
    metals = [e for e in elements if e != "O"]
    slabs = [(close_packed("ABC"), [m]) for m in metals] + [(ELEMENTARY["bcc"], [m]) for m in metals]
    slabs += [(COMPOUND["B2"], list(pair)) for pair in itertools.combinations(metals, 2)]
    for (cell, sites), names in slabs:
        for count in range(16):
            species = [names[s] for s, _ in sites]
            unit = np.array(cell, float)
            unit = unit * (sum(VOLUME[s] for s in species) / abs(np.linalg.det(unit))) ** (1 / 3)
            repeat = np.maximum(1, np.round(np.array([9, 9, 8]) / np.linalg.norm(unit, axis=1))).astype(int)
            shifts = np.array(list(itertools.product(*map(range, repeat))))
            x = ((np.array([p for _, p in sites])[None] + shifts[:, None]).reshape(-1, 3)) @ unit
            big = unit * repeat[:, None]
            big[2, 2] += frames.random.uniform(8, 14)
            x = x + frames.random.normal(0, frames.random.choice((0.03, 0.1, 0.2)), x.shape)
            all_species = species * len(shifts)
            if "O" in elements and count % 4:
                top = x[:, 2].max()
                for _ in range(int(frames.random.integers(1, 8))):
                    for _ in range(100):
                        new = np.append(frames.random.random(2) @ big[:2, :2], top + frames.random.uniform(-1.0, 2.5))
                        d = (x - new) @ np.linalg.inv(big)
                        if all(r > closest("O", s) for r, s in zip(np.linalg.norm((d - np.round(d)) @ big, axis=1), all_species)):
                            x, all_species = np.vstack([x, new]), all_species + ["O"]
                            break
            frames.add("surface_oxygen" if "O" in all_species else "surface", big, all_species, x)


def read(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        while first := file.readline():
            header = file.readline()
            cell = np.array(header.split('Lattice="')[1].split('"')[0].split(), float).reshape(3, 3)
            kind = header.split("config_type=")[1].split()[0] if "config_type=" in header else ""
            rows = [file.readline().split()[:4] for _ in range(int(first))]
            yield kind, cell, [row[0] for row in rows], np.array([row[1:] for row in rows], float)


def squeezed(frames, path, count=240):
    """Liquids and glasses of a file at other volumes; distances shrink with the cell."""
    pool = [f for f in read(path) if f[0] in ("liquid", "glass", "quench", "inherent_structure", "sheared_glass")]
    for index in frames.random.permutation(len(pool))[:count]:
        _, cell, species, x = pool[index]
        scale = frames.random.choice((0.75, 0.8, 0.85, 0.9, 1.1, 1.2, 1.3)) ** (1 / 3)
        frames.add("squeezed", cell * scale, species, x * scale)


def close_pairs(frames, path, count=700):
    """Frames of a file in which up to three pairs of neighbors are pulled together, or an O is added beside another."""
    pool = [f for f in read(path) if f[0] not in ("dense_random", "crystal")]
    for index in frames.random.permutation(len(pool))[:count]:
        _, cell, species, x = pool[index]
        x, species, inverse = x.copy(), list(species), np.linalg.inv(cell)
        for _ in range(int(frames.random.integers(1, 4))):
            i = int(frames.random.integers(len(x)))
            d = (x - x[i]) @ inverse
            d = (d - np.round(d)) @ cell
            r = np.linalg.norm(d, axis=1)
            near = np.flatnonzero((r > 0) & (r < 4.0))
            if len(near) == 0:
                continue
            j = int(frames.random.choice(near))
            target = frames.random.uniform(shortest(species[i], species[j]), r[j])
            x[j] = x[i] + d[j] * target / r[j]
        oxygen = [k for k, s in enumerate(species) if s == "O"]
        if oxygen and frames.random.random() < 0.3:
            direction = frames.random.normal(size=3)
            x = np.vstack([x, x[frames.random.choice(oxygen)] + frames.random.uniform(0.95, 2.2) * direction / np.linalg.norm(direction)])
            species.append("O")
        frames.add("close_pairs", cell, species, x)


def shortest(a, b):
    """Below this distance the labels are no guide (A): a fraction of the sum of the metals' radii."""
    radius = {s: 0.5 * (VOLUME[s] ** (1 / 3)) for s in VOLUME}
    return 0.95 if a == b == "O" else 0.55 * (radius[a] + radius[b]) if "O" not in (a, b) else 0.5 * (radius[a] + radius[b])


def write(frames, path):
    with (gzip.open if path.endswith(".gz") else open)(path, "wt") as file:
        for kind, cell, species, x in frames.list:
            lattice = " ".join("%.9g" % v for v in cell.ravel())
            file.write('%d\nLattice="%s" Properties=species:S:1:pos:R:3 config_type=%s pbc="T T T"\n' % (len(species), lattice, kind))
            file.write("".join("%s %.6f %.6f %.6f\n" % (s, *p) for s, p in zip(species, x)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("elements", choices=("ZrCuO", "TiZrHfCo"))
    parser.add_argument("out")
    parser.add_argument("--from", dest="glasses", metavar="FRAMES", help="liquids and glasses to compress and expand")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    elements = {"ZrCuO": ["Zr", "Cu", "O"], "TiZrHfCo": ["Ti", "Zr", "Hf", "Co"]}[options.elements]
    frames = Frames(options.seed)
    phases(frames, elements)
    if "O" in elements:
        oxides(frames, [e for e in elements if e != "O"])
        zirconia(frames)
        suboxides(frames)
    molecules(frames, elements)
    gas(frames, elements)
    surfaces(frames, elements)
    if options.glasses:
        squeezed(frames, options.glasses)
        close_pairs(frames, options.glasses)
    write(frames, options.out)
    kinds = [kind for kind, *_ in frames.list]
    for kind in dict.fromkeys(kinds):
        print("%6d %s" % (kinds.count(kind), kind))
    print("%6d frames, %d atoms in %s" % (len(kinds), sum(len(f[2]) for f in frames.list), options.out))


if __name__ == "__main__":
    main()
