# SPDX-License-Identifier: GPL-2.0-only
"""compute dmin2 as users run it. Standard library only."""

import itertools
import math
import os
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import flipped, lammps, record_in  # noqa: E402

HEAD = """\
units metal
boundary {boundary}
lattice fcc 4.0
region box prism 0 {n} 0 {n} 0 {n} 0 0 0
create_box 2 box
create_atoms 1 region box
set group all type/fraction 2 0.3 5
mass * 60
displace_atoms all random 0.4 0.4 0.4 7 units box
pair_style zero 6.0
pair_coeff * *
"""
KEYS = ("psi Psi skewness d2min mises top_d2min top_mises strained largest part spanning atoms undetermined "
        "no_gradient reference scatter").split()
PRINT = "print 'vector: %s'\n" % " ".join("$(c_d[%d]:%%.17g)" % (k + 1) for k in range(len(KEYS)))
# columns of the dump, from 0: after the id those of the compute
D2MIN, F, E, MISES, VOLUMETRIC, ROTATION, NONAFFINE, NEIGHBORS, DETERMINED = 0, 1, 10, 16, 17, 18, 19, 22, 23
G, ETA, LAMBDA, XI_S, XI_D, XI_R, GRADIENT_DETERMINED, SCATTER = 24, 42, 43, 44, 45, 46, 47, 48
DUMP = "dump %s all custom %d %s id c_d[*]\ndump_modify %s sort id format float %%.17g\n"


def head(n=4, boundary="p p p"):
    return HEAD.format(n=n, boundary=boundary)


def data_file():
    """A folder with the same atoms in a file: create_atoms numbers them by ranks."""
    return lammps(head() + "write_data atoms.data nocoeff\n").folder


DATA = "units metal\nread_data atoms.data\npair_style zero 6.0\npair_coeff * *\n"


def dump(name="d.dump", every=1, label="w"):
    return DUMP % (label, every, name, label)


def vector(run):
    return dict(zip(KEYS, run.printed("vector")))


# ---- the formulas once more, by comparing all pairs -------------------------------------------------------------

class Frame:
    """One frame of a dump with id x y z: ids, positions, cell vectors."""

    def __init__(self, path):
        with open(path) as file:
            lines = file.read().splitlines()
        first = next(k for k, line in enumerate(lines) if line.startswith("ITEM: BOX"))
        rows = [[float(x) for x in line.split()] for line in lines[first + 1:first + 4]]
        xy, xz, yz = (row[2] if len(row) > 2 else 0.0 for row in rows)
        lx = rows[0][1] - max(0, xy, xz, xy + xz) - rows[0][0] + min(0, xy, xz, xy + xz)
        ly = rows[1][1] - max(0, yz) - rows[1][0] + min(0, yz)
        self.cell = [(lx, 0.0, 0.0), (xy, ly, 0.0), (xz, yz, rows[2][1] - rows[2][0])]
        atoms = next(k for k, line in enumerate(lines) if line.startswith("ITEM: ATOMS"))
        self.x = {int(row[0]): [float(v) for v in row[1:4]] for row in (line.split() for line in lines[atoms + 1:])}

    def vector(self, i, j):
        """The shortest of the images."""
        d = [b - a for a, b in zip(self.x[i], self.x[j])]
        for axis in (2, 1, 0):
            n = round(d[axis] / self.cell[axis][axis])
            d = [a - n * b for a, b in zip(d, self.cell[axis])]
        best, image = None, None
        for n in itertools.product((-1, 0, 1), repeat=3):
            t = [d[k] + sum(n[a] * self.cell[a][k] for a in range(3)) for k in range(3)]
            square = t[0] * t[0] + t[1] * t[1] + t[2] * t[2]
            if best is None or square < best:
                best, image = square, t
        return image


def solve(matrix, right):
    """matrix a = right for several columns of right, with pivots."""
    n = len(matrix)
    rows = [list(a) + list(b) for a, b in zip(matrix, right)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda r: abs(rows[r][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for r in range(n):
            if r != k:
                factor = rows[r][k]
                rows[r] = [v - factor * w for v, w in zip(rows[r], rows[k])]
    return [row[n:] for row in rows]


def least_squares(x, y):
    """a[p][i] of y_i = sum_p a[p][i] x_p."""
    p = range(len(x[0]))
    return solve([[sum(v[a] * v[b] for v in x) for b in p] for a in p],
                 [[sum(v[a] * w[i] for v, w in zip(x, y)) for i in range(3)] for a in p])


def scatter_of(quadratic, old, new, b):
    """Root mean square of eta where the atoms and their center scatter as the residuals do."""
    p, n = range(9), len(quadratic)
    rows = [[sum(v[r] * v[c] for v in quadratic) for c in p] for r in p]
    inverse = solve(rows, [[float(r == c) for c in p] for r in p])
    sums = [sum(v[r] for v in quadratic) for r in p]
    center = [sum(inverse[r][c] * sums[c] for c in p) for r in p]
    squares = sum((sum(b[r][k] * v[r] for r in p) - w[k]) ** 2 for v, w in zip(quadratic, new) for k in range(3))
    s2 = squares / (3 * (n - 9 + n - sum(a * c for a, c in zip(sums, center))))
    return math.sqrt(0.75 * s2 * sum((1 if r < 6 else 2) * (inverse[r][r] + center[r] ** 2) for r in range(3, 9)))


def strains(a):
    """eta_Mises, tr E/3 of F_ij = a[j][i]."""
    c = [[sum(a[i][k] * a[j][k] for k in range(3)) for j in range(3)] for i in range(3)]
    e = [[0.5 * (c[i][j] - (i == j)) for j in range(3)] for i in range(3)]
    trace = sum(e[k][k] for k in range(3)) / 3
    return e, math.sqrt(0.5 * sum((e[i][j] - (i == j) * trace) ** 2 for i in range(3) for j in range(3))), trace


class Expected:
    """Of each atom D2min, F, E, eta_Mises, nonaffine, eta, xi_S; of all of them the vector."""

    def __init__(self, before, after, cutoff, link, threshold=0.25):
        self.atoms, nearest = {}, []
        ids = sorted(before.x)
        for i in ids:
            pairs = [(before.vector(i, j), j) for j in ids if j != i]
            pairs = [(d, j) for d, j in pairs if math.hypot(*d) <= cutoff]
            nearest.append(min(math.hypot(*d) for d, _ in pairs))
            old, new = [d for d, _ in pairs], [after.vector(i, j) for _, j in pairs]
            a = least_squares(old, new)
            residuals = [[sum(a[k][c] * u[k] for k in range(3)) - v[c] for c in range(3)] for u, v in zip(old, new)]
            e, mises, trace = strains(a)
            quadratic = [[*u, u[0] ** 2 / 2, u[1] ** 2 / 2, u[2] ** 2 / 2, u[0] * u[1], u[0] * u[2], u[1] * u[2]] for u in old]
            b = least_squares(quadratic, new)
            g = [[b[p][c] for p in range(3, 9)] for c in range(3)]
            eta = 0.5 * math.sqrt(sum((1 if p < 3 else 2) * row[p] ** 2 for row in g for p in range(6)))
            self.atoms[i] = {
                D2MIN: sum(v * v for r in residuals for v in r), MISES: mises, VOLUMETRIC: trace, ETA: eta,
                SCATTER: scatter_of(quadratic, old, new, b), NEIGHBORS: len(pairs), XI_S: strains(b[:3])[1], XI_D: abs(strains(b[:3])[2])}
            for c in range(3):
                self.atoms[i][NONAFFINE + c] = sum(r[c] for r in residuals) / len(pairs)
                for k in range(3):
                    self.atoms[i][F + 3 * c + k] = a[k][c]
                for p in range(6):
                    self.atoms[i][G + 6 * c + p] = g[c][p]
            for n, (p, q) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))):
                self.atoms[i][E + n] = e[p][q]
        self.length = sum(nearest) / len(nearest)
        for values in self.atoms.values():
            values[LAMBDA] = math.hypot(values[XI_S], self.length * values[ETA])
            values[SCATTER] *= self.length
        d2min = sorted(v[D2MIN] for v in self.atoms.values())
        mises = [v[MISES] for v in self.atoms.values()]
        n = len(ids)
        mean = sum(d2min) / n
        deviation = math.sqrt(sum((v - mean) ** 2 for v in d2min) / n)
        top = -(-n // 100)
        self.vector = {
            "psi": math.sqrt(sum(v * v for v in mises) / n - (sum(mises) / n) ** 2), "Psi": deviation / mean,
            "skewness": sum((v - mean) ** 3 for v in d2min) / n / deviation ** 3, "d2min": mean, "mises": sum(mises) / n,
            "top_d2min": sum(d2min[-top:]) / top / mean, "atoms": n, "undetermined": 0, "no_gradient": 0}
        # clusters by a search in breadth
        strained = {i for i, v in self.atoms.items() 
                    if v[XI_S] ** 2 + max(0, (self.length * v[ETA]) ** 2 - 2 * v[SCATTER] ** 2) > threshold ** 2}
        self.vector["strained"] = len(strained)
        self.vector["scatter"] = sum(v[LAMBDA] > threshold for v in self.atoms.values()) - len(strained)
        sizes, left = [0], set(strained)
        while left:
            queue = [left.pop()]
            for i in queue:
                near = {j for j in left if math.hypot(*after.vector(i, j)) <= link}
                left -= near
                queue.extend(near)
            sizes.append(len(queue))
        self.vector["largest"] = max(sizes)


class Deformation(unittest.TestCase):

    def close(self, frame, other, tolerance=1e-10):
        self.assertEqual(frame.keys(), other.keys())
        for atom, values in frame.items():
            for column, (a, b) in enumerate(zip(values, other[atom])):
                self.assertAlmostEqual(a, b, delta=tolerance * max(1.0, abs(a)), msg="atom %d, column %d" % (atom, column))

    def check(self, script, ranks, cutoff, link):
        """A script that dumps before.dump, after.dump and d.dump, against the formulas."""
        run = lammps(script, ranks)
        expected = Expected(Frame(run.path("before.dump")), Frame(run.path("after.dump")), cutoff, link)
        for atom, values in run.dump("d.dump").items():
            for column, value in expected.atoms[atom].items():
                self.assertAlmostEqual(values[column], value, delta=1e-8 * max(1.0, abs(value)), msg="atom %d, column %d" % (atom, column))
        v = vector(run)
        for key, value in expected.vector.items():
            self.assertAlmostEqual(v[key], value, delta=1e-8 * max(1.0, abs(value)), msg=key)
        return run

    def test_affine(self):
        """All of a change of box: no residual, and F is that of the cell."""
        run = lammps(head() + "compute d all dmin2 cutoff 5.0 gradient yes\nrun 0\n"
                     "change_box all x scale 1.06 y scale 0.95 xy final 1.7 xz final -2.0 yz final 0.9 remap units box\n"
                     + dump() + "run 0\n" + PRINT, 2)
        a, b, c = (16.0 * 1.06, 0.0, 0.0), (1.7, 16.0 * 0.95, 0.0), (-2.0, 0.9, 16.0)
        deformation = [[(a, b, c)[k][i] / 16.0 for k in range(3)] for i in range(3)]
        _, mises, volumetric = strains([[deformation[i][k] for i in range(3)] for k in range(3)])
        for values in run.dump("d.dump").values():
            self.assertLess(values[D2MIN], 1e-24)
            self.assertLess(values[ETA], 1e-12)
            for k in range(9):
                self.assertAlmostEqual(values[F + k], deformation[k // 3][k % 3], places=12)
            self.assertAlmostEqual(values[MISES], mises, places=12)
            self.assertAlmostEqual(values[LAMBDA], mises, places=12)
            self.assertAlmostEqual(values[VOLUMETRIC], volumetric, places=12)
            self.assertEqual((values[DETERMINED], values[GRADIENT_DETERMINED]), (1, 1))
        v = vector(run)
        self.assertLess(v["psi"], 1e-13)
        self.assertEqual((v["atoms"], v["undetermined"], v["strained"]), (256, 0, 0))

    def test_simple_shear(self):
        run = lammps(head() + "compute d all dmin2 cutoff 5.0\nrun 0\nchange_box all xy final 1.6 remap units box\n"
                     + dump() + "run 0\n" + PRINT)
        for values in run.dump("d.dump").values():
            self.assertAlmostEqual(values[MISES], 0.05008, delta=5e-6)
            self.assertAlmostEqual(values[E + 3], 0.05, places=12)
            self.assertAlmostEqual(values[ROTATION], math.atan(0.05), places=12)
        self.assertAlmostEqual(vector(run)["mises"], 0.05008, delta=5e-6)

    def test_rotation(self):
        """A cluster in open boundaries, turned as a whole, is not strained; some ranks have no atoms."""
        run = lammps(head(6, "f f f").replace("boundary", "processors 1 1 4\nboundary").replace(
            "create_atoms 1 region box", "region ball sphere 2 2 2 1.4\ncreate_atoms 1 region ball")
                     + "compute d all dmin2 cutoff 4.5 gradient yes\nrun 0\ndisplace_atoms all rotate 8 8 8 1 2 -1 40 units box\n"
                     + dump() + "run 0\n" + PRINT, 4)
        frame = run.dump("d.dump")
        self.assertGreater(len(frame), 40)
        for values in frame.values():
            self.assertAlmostEqual(values[MISES], 0.0, places=12)
            self.assertLess(values[D2MIN], 1e-24)
            self.assertAlmostEqual(values[ROTATION], math.radians(40), places=10)
            self.assertAlmostEqual(values[XI_R], math.radians(40) if values[GRADIENT_DETERMINED] else 0.0, places=8)
            self.assertLess(values[ETA], 1e-8)

    def test_formulas(self):
        """Random displacements in a sheared cell, some beyond what other ranks know, against all pairs."""
        script = (head() + "comm_modify cutoff 3.0\nneighbor 0.0 bin\n"
                  "change_box all xy final 3.0 xz final -4.0 yz final 5.0 remap units box\n"
                  "compute d all dmin2 cutoff 5.0 gradient yes link 3.2\n"
                  "run 0\nwrite_dump all custom before.dump id x y z modify format float %.17g\n"
                  "group two type 2\nregion half block INF INF INF 4 INF INF units box\ngroup half region half\n"
                  "displace_atoms all random 0.5 0.5 0.5 3 units box\ndisplace_atoms half move 1.0 0.0 0.7 units box\n"
                  "displace_atoms two move 6.5 0.0 0.0 units box\n"
                  "change_box all x scale 1.05 xy final -7.5 remap units box\n" + dump() + "run 0\n" + PRINT
                  + "write_dump all custom after.dump id x y z modify format float %.17g\n")
        self.check(script, 4, 5.0, 3.2)

    def test_npt(self):
        """A barostat that lets the cell grow and tilt while atoms move, against all pairs."""
        script = (head() + "compute d all dmin2 cutoff 5.0 gradient yes link 3.2\n"
                  "run 0\nwrite_dump all custom before.dump id x y z modify format float %.17g\n"
                  "velocity all create 2000 1 loop geom\ntimestep 0.002\nneighbor 0.5 bin\n"
                  "fix 1 all npt temp 2000 2000 0.1 tri 0.0 0.0 0.2\nrun 150\nunfix 1\n" + dump() + "run 0\n" + PRINT
                  + "write_dump all custom after.dump id x y z modify format float %.17g\nprint 'cell: $(lx) $(xy)'\n")
        length, tilt = self.check(script, 2, 5.0, 3.2).printed("cell")
        self.assertGreater(length, 16.0 * 1.01)
        self.assertGreater(abs(tilt), 0.0)

    def test_ranks(self):
        """1, 2 and 4 ranks agree."""
        folder = data_file()
        runs = [lammps(DATA + "compute d all dmin2 cutoff 5.0 gradient yes threshold 0.2\nrun 0\n"
                       "displace_atoms all random 0.2 0.2 0.2 3 units box\nregion half block INF INF INF 8 INF INF units box\n"
                       "group half region half\ndisplace_atoms half move 2.0 0.0 0.0 units box\n"
                       "change_box all xy final 4.0 remap units box\n" + dump("%d.dump" % ranks) + "run 0\n" + PRINT, ranks,
                       folder=folder) for ranks in (1, 2, 4)]
        self.assertGreater(vector(runs[0])["strained"], 50)
        self.assertLess(vector(runs[0])["strained"], 200)
        for run, name in zip(runs[1:], ("2.dump", "4.dump")):
            self.close(runs[0].dump("1.dump"), run.dump(name))
            for key, value in vector(runs[0]).items():
                self.assertAlmostEqual(vector(run)[key], value, delta=1e-10 * max(1.0, abs(value)), msg=key)

    def test_group(self):
        """Atoms outside the group have zeros and are no neighbors."""
        run = lammps(head() + "group one type 1\ncompute d one dmin2 cutoff 5.0\ncompute all all dmin2 cutoff 5.0\nrun 0\n"
                     "displace_atoms all random 0.3 0.3 0.3 3 units box\ndump w all custom 1 d.dump id type c_d[*] c_all[23]\n"
                     "dump_modify w sort id\nrun 0\n" + PRINT, 2)
        frame = run.dump("d.dump")
        ones = [values for values in frame.values() if values[0] == 1]
        self.assertEqual(vector(run)["atoms"], len(ones))
        for values in frame.values():
            if values[0] == 2:
                self.assertEqual(set(values[1:25]), {0.0})
        self.assertTrue(all(values[1 + NEIGHBORS] < values[-1] for values in ones))

    def test_box_flips(self):
        """A shear to 1.4, with the flips of fix deform and without: the same."""
        frames = []
        for flip in ("yes", "no"):
            run = lammps(head(5) + "compute d all dmin2 cutoff 3.4\nrun 0\ndisplace_atoms all random 0.2 0.2 0.2 3 units box\n"
                         "fix 1 all deform 1 xy erate 1.0 remap x flip %s\ntimestep 0.01\n" % flip + dump(every=20) + "thermo 20\nrun 140\n" + PRINT
                         + "print 'tilt: $(xy/lx)'\n", 2)
            frames.append(run.dumps("d.dump"))
            tilt = run.printed("tilt")[0]
            self.assertAlmostEqual(tilt, 0.4 if flip == "yes" else 1.4, places=6)
        for step, frame in frames[0].items():
            self.close(frame, frames[1][step], 1e-9)
        # the change of the cell is what F is on average
        last = frames[0][140].values()
        self.assertAlmostEqual(sum(values[F + 1] for values in last) / len(last), 1.4, delta=0.01)

    MOTION = ("velocity all create 3000 1 loop geom\nfix 1 all nve\nfix 2 all deform 1 xz erate 0.4 remap v\ntimestep 0.002\n"
              "neighbor 0.5 bin\n")

    def test_restart(self):
        """Halfway stopped and continued on another number of ranks: as if not."""
        folder = data_file()
        for reference in ("first", "lag 30"):
            compute = "compute d all dmin2 cutoff 5.0 reference %s\n" % reference
            whole = lammps(DATA + compute + self.MOTION + "run 100\nrun 120\n" + dump("whole.dump") + "run 0\n" + PRINT, 2, folder=folder)
            lammps(DATA + compute + self.MOTION + "run 100\nwrite_restart half.restart\n", 4, folder=folder)
            rest = lammps("read_restart half.restart\npair_style zero 6.0\npair_coeff * *\n" + compute
                          + self.MOTION.split("\n", 1)[1] + "run 120\n" + dump() + "run 0\n" + PRINT, 2, folder=folder)
            self.assertIn("fix style: DMIN2/REFERENCE, fix ID: d_REFERENCE", rest.text)
            self.close(whole.dump("whole.dump"), rest.dump("d.dump"), 1e-9)
            self.assertEqual(vector(rest)["reference"], 0 if reference == "first" else 180)
            for key, value in vector(whole).items():    # regions, too: their link is kept
                self.assertAlmostEqual(vector(rest)[key], value, delta=1e-8 * max(1.0, abs(value)), msg=key)

    READ = "read_restart %s\npair_style zero 6.0\npair_coeff * *\n"

    def test_restart_of_another(self):
        """References go on only in a compute of the same group, cutoff and reference; of a file its content counts."""
        begin = "write_dump all custom %s.dump id x y z\n"
        run = lammps(head(3) + "group two id <= 60\n" + begin % "before" + "displace_atoms all random 0.1 0.1 0.1 9 units box\n"
                     + begin % "after" + "compute d two dmin2 cutoff 5.0\ncompute f all dmin2 cutoff 5.0 reference file before.dump\n"
                     "compute lag all dmin2 cutoff 5.0 reference lag 20\nrun 0\nwrite_restart r.restart\n")
        os.link(run.path("before.dump"), run.path("copy.dump"))
        read = self.READ % "r.restart"
        for words, message in (
                ("d two dmin2 cutoff 5.0", None), ("d two dmin2 cutoff 5.0 gradient yes d2min mean", None),
                ("f all dmin2 cutoff 5.0 reference file before.dump", None), ("f all dmin2 cutoff 5.0 reference file copy.dump", None),
                ("lag all dmin2 cutoff 5.0 reference lag 20", None),
                ("d all dmin2 cutoff 5.0", "group two, now all"), ("d two dmin2 cutoff 4.5", "cutoff 5, now 4.5"),
                ("d two dmin2 cutoff 5.0 reference lag 20", "reference first, now lag 20"),
                ("d two dmin2 cutoff 5.0 reference file before.dump", "reference first, now file"),
                ("lag all dmin2 cutoff 5.0 reference lag 10", "reference lag 20, now lag 10"),
                ("f all dmin2 cutoff 5.0 reference file after.dump", "reference file with checksum"),
                ("f all dmin2 cutoff 5.0 reference file none.dump", "none.dump"),
                ("f all dmin2 cutoff 5.0", "now first")):
            again = lammps(read + "compute %s\nthermo_style custom step c_%s[4] c_%s[12]\nrun 0\n" % (words, *[words.split()[0]] * 2),
                           2, folder=run.folder, expect_error=message is not None)
            self.assertIn(message or "Loop time", again.text, words)
            self.assertIn("Compute dmin2", again.text if message else "Compute dmin2", words)

    def test_damaged_restart(self):
        """A flipped bit anywhere in the record of the fix or in those of its atoms is an error, never a crash or another number."""
        run = lammps(head(3).replace("displace_atoms", "#") + "compute d all dmin2 cutoff 5.0 reference lag 20\nrun 0\nwrite_restart r.restart\n")
        with open(run.path("r.restart"), "rb") as file:
            whole = file.read()
        # of an atom with 42 neighbors: size, number of neighbors, none in the second reference
        record = record_in(whole, "compute dmin2")
        atom = struct.pack("dd", 2 + 2 + 4 * 42, 42.0)
        self.assertEqual(whole.count(atom), 108)
        places = [*record[::9], *record[:32:3]]
        for n in (1, 50, 108):
            start = -1
            for _ in range(n):
                start = whole.index(atom, start + 1)
            one = range(start, start + 8 * (2 + 2 + 4 * 42))
            places += [one[6], one[7], one[14], one[15], one[16], *one[20::211], one[-9], one[-2]]
        line = self.READ % "bad.restart" + "compute d all dmin2 cutoff 5.0 reference lag 20\nrun 0\n"
        lammps(line.replace("bad", "r"), folder=run.folder)
        for n, place in enumerate(places):
            with open(run.path("bad.restart"), "wb") as file:
                file.write(flipped(whole, place, n))
            again = lammps(line, folder=run.folder, expect_error=True)
            self.assertRegex(again.text, "ERROR.*Compute dmin2: .*restart file", "byte %d" % place)

    def test_lag(self):
        """The newest reference that is at least the lag old."""
        run = lammps(head() + self.MOTION + "run 7\ncompute d all dmin2 cutoff 5.0 reference lag 20\nthermo_style custom step c_d[15]\n"
                     "thermo 5\nrun 83\n")
        rows = [line.split() for line in run.text.splitlines()]
        steps = [(int(row[0]), int(row[1])) for row in rows if len(row) == 2 and all(word.isdigit() for word in row)]
        self.assertIn((7, 7), steps)
        for step, reference in steps:
            if step >= 7:
                self.assertEqual(reference, max([7] + [20 * k for k in range(1, 5) if 20 * k <= step - 20]), step)
        # one lag is the same as a reference at its beginning
        lag = lammps(head() + self.MOTION + "compute d all dmin2 cutoff 5.0 reference lag 40\n" + dump(every=40) + "run 80\n", 2)
        first = lammps(head() + self.MOTION + "run 40\ncompute d all dmin2 cutoff 5.0\n" + dump(every=40) + "run 40\n", 2)
        self.close(lag.dumps("d.dump")[80], first.dumps("d.dump")[80], 1e-9)

    def test_rerun_and_file(self):
        """From a dump, or with the reference from one: as during the run."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        kinds = {"first": "first", "lag": "lag 40", "file": "file all.dump"}
        computes = "compute d all dmin2 cutoff 5.0 reference %s\n"
        run = lammps(head() + self.MOTION + computes % "lag 40" + "compute e all dmin2 cutoff 5.0\n" + dump(every=20)
                     + dump("e.dump", 20, "v").replace("c_d", "c_e")
                     + "dump all all custom 20 all.dump id type x y z\ndump_modify all format float %.17g\nrun 100\n", 4, folder=folder)
        for name, kind in kinds.items():
            lammps(head() + computes % kind + dump(name + ".dump", 20) + "rerun all.dump dump x y z box yes\n", 2, folder=folder)
            for step, frame in run.dumps("d.dump" if name == "lag" else "e.dump").items():
                self.close(frame, run.dumps(name + ".dump")[step], 1e-9)

    def test_against_lammps(self):
        """fix nonaffine/displacement in a crystal whose current neighbors are still those of the reference."""
        run = lammps(head().replace("displace_atoms all", "#") + "velocity all create 3000 1 loop geom\nfix 1 all nve\n"
                     "compute d all dmin2 cutoff 3.4 d2min mean\nfix f all nonaffine/displacement 10 d2min custom 3.4 fixed 0\n"
                     "comm_modify cutoff 8.0\ndump w all custom 10 d.dump id c_d[1] c_d[17] c_d[18] f_f[*] c_d[23]\n"
                     "dump_modify w sort id format float %.17g first no\nrun 10\n", 2)
        for values in run.dump("d.dump").values():
            d2min, mises, volumetric, root, twice_volumetric, twice_mises, neighbors = values
            self.assertEqual(neighbors, 12)
            self.assertGreater(d2min, 0.0)
            self.assertAlmostEqual(d2min, root ** 2, delta=1e-10 * d2min)
            self.assertAlmostEqual(mises, twice_mises / 2, places=10)
            self.assertAlmostEqual(volumetric, twice_volumetric / 2, places=10)

    def test_lost_and_new_atoms(self):
        """Deleted neighbors are left out; atoms that came later have no reference and are counted."""
        run = lammps(head() + "compute d all dmin2 cutoff 5.0\nrun 0\ngroup gone id 1:20\ndelete_atoms group gone compress no\n"
                     "create_atoms 1 single 2.2 2.2 2.2\ncreate_atoms 1 single 1.2 2.2 1.2\n" + dump() + "run 0\n" + PRINT, 2)
        v = vector(run)
        self.assertEqual((v["atoms"], v["undetermined"]), (236, 2))
        for atom, values in run.dump("d.dump").items():
            self.assertEqual(values[DETERMINED], atom <= 256)
            self.assertLess(values[D2MIN], 1e-24)

    def test_few_neighbors(self):
        """A cutoff within the first shell of a simple cubic lattice: F, but no gradient of it."""
        script = head().replace("lattice fcc", "lattice sc").replace("displace_atoms all", "#")
        run = lammps(script + "compute d all dmin2 cutoff 4.5 gradient yes\n" + dump() + "run 0\n" + PRINT)
        v = vector(run)
        self.assertEqual((v["atoms"], v["undetermined"], v["no_gradient"]), (64, 0, 64))
        run = lammps(script + "compute d all dmin2 cutoff 3.9 gradient yes\n" + dump() + "run 0\n" + PRINT)
        v = vector(run)
        self.assertEqual((v["atoms"], v["undetermined"], v["no_gradient"], v["psi"], v["Psi"]), (0, 64, 64, 0, 0))

    def test_minimize(self):
        """The reference of a minimization is what it begins with."""
        run = lammps(head().replace("zero 6.0", "lj/cut 6.0").replace("pair_coeff * *", "pair_coeff * * 0.1 2.5")
                     + "compute d all dmin2 cutoff 5.0 d2min mean\ncompute s all dmin2 cutoff 5.0\nthermo_style custom step pe c_d[4]\n"
                     "minimize 0 1e-3 50 500\nrun 0\n" + PRINT + dump() + "dump s all custom 1 s.dump id c_s[*]\n"
                     "dump_modify s sort id format float %.17g\nrun 0\n", 2)
        self.assertGreater(vector(run)["d2min"], 1e-3)
        for atom, values in run.dump("d.dump").items():
            other = run.dump("s.dump")[atom]
            self.assertAlmostEqual(values[D2MIN], other[D2MIN] / other[NEIGHBORS], places=12)

    def test_renumbered_atoms(self):
        """LAMMPS does not renumber atoms while neighbors are known by their IDs."""
        run = lammps(head() + "compute d all dmin2 cutoff 5.0\nrun 0\ngroup one id 7\ndelete_atoms group one compress no\nreset_atoms id\n",
                     2, expect_error=True)
        self.assertIn("reset_atoms id", run.text)
        self.assertIn("DMIN2/REFERENCE", run.text)
        lammps(head() + "compute d all dmin2 cutoff 5.0\nrun 0\nuncompute d\nreset_atoms id\ncompute d all dmin2 cutoff 5.0\nrun 0\n", 2)

    def test_new_atoms_are_told(self):
        """A rerun that makes all atoms anew has none in the reference: said once, as of single ones."""
        run = lammps(head() + "compute d all dmin2 cutoff 5.0\nthermo_style custom step c_d[1]\n"
                     "dump all all custom 1 all.dump id type x y z\nrun 3\n", 2)
        self.assertNotIn("WARNING: Compute dmin2", run.text)
        again = lammps(head() + "compute d all dmin2 cutoff 5.0\nthermo_style custom step c_d[13]\n"
                       "rerun all.dump dump x y z box yes replace no purge yes add keep\n" + PRINT, 2, folder=run.folder)
        self.assertEqual(again.text.count("WARNING: Compute dmin2: 256 of 256 atoms are not in the reference"), 1)
        self.assertIn("purge no replace yes", again.text)
        self.assertEqual(vector(again)["undetermined"], 256)
        right = lammps(head() + "compute d all dmin2 cutoff 5.0\nthermo_style custom step c_d[13]\nrerun all.dump dump x y z box yes\n" + PRINT,
                       2, folder=run.folder)
        self.assertNotIn("WARNING: Compute dmin2", right.text)
        self.assertEqual(vector(right)["atoms"], 256)
        one = lammps(head() + "compute d all dmin2 cutoff 5.0\nthermo_style custom step c_d[13]\nrun 0\ncreate_atoms 1 single 2.2 2.2 2.2\nrun 0\nrun 0\n", 2)
        self.assertEqual(one.text.count("WARNING: Compute dmin2: 1 of 257 atoms are not in the reference"), 1)

    def test_neighbors_beyond_half_the_cell(self):
        """Neighbors half a cell apart could be either of two images: said once."""
        script = (head() + "compute d all dmin2 cutoff 5.0\nthermo_style custom step c_d[1]\nrun 0\ngroup one id 7\n"
                  "displace_atoms one move %g 0 0 units box\nrun 0\nrun 0\n")
        self.assertNotIn("WARNING: Compute dmin2", lammps(script % 2.0, 2).text)
        self.assertEqual(lammps(script % 6.0, 2).text.count("at least half a cell away"), 1)

    def test_scatter_is_no_strain(self):
        """Thermal motion about the places of a crystal: Lambda is above the threshold, but no atom is strained, whatever the cutoff."""
        for cutoff, told in ((5.0, "3.4"), (4.5, "3.4"), (3.2, "3.2")):
            run = lammps(head(6).replace("displace_atoms all random 0.4 0.4 0.4", "displace_atoms all random 0.05 0.05 0.05")
                         + "compute d all dmin2 cutoff %g gradient yes\nrun 0\ndisplace_atoms all random 0.4 0.4 0.4 5 units box\n" % cutoff
                         + dump() + "run 0\n" + PRINT, 2)
            v = vector(run)
            self.assertIn("up to %s" % told, run.text)
            self.assertLess(v["strained"], 0.01 * 864)
            self.assertEqual(v["spanning"], 0)
            if cutoff == 3.2:    # 12 neighbors do not determine 9 unknowns
                self.assertEqual((v["no_gradient"], v["scatter"]), (864, 0))
            if cutoff == 4.5:    # 18
                self.assertEqual(v["no_gradient"], 0)
                self.assertGreater(v["scatter"], 0.3 * 864)
                above = [values for values in run.dump("d.dump").values() if values[LAMBDA] > 0.25]
                self.assertEqual(len(above), v["scatter"] + v["strained"])
            # the same neighbors, bent on top: strained
            bent = lammps(head(6).replace("displace_atoms all random 0.4 0.4 0.4", "displace_atoms all random 0.05 0.05 0.05")
                          + "compute d all dmin2 cutoff %g\nrun 0\nchange_box all xy final 14.0 remap units box\n"
                          "displace_atoms all random 0.2 0.2 0.2 5 units box\n" % cutoff + "run 0\n" + PRINT, 2)
            self.assertEqual((vector(bent)["strained"], vector(bent)["spanning"]), (864, 1))

    def test_bent(self):
        """An imposed quadratic map, x = X + g Y^2/2: F, G and Lambda of it, and as many strained atoms as beyond the threshold."""
        g, l = 0.08, 2.5
        run = lammps(head(6, "s s s").replace("displace_atoms", "#") + "variable dx atom %g*y*y/2\nvariable y0 atom y\nfix y0 all store/state 0 y\n" % g
                     + "compute d all dmin2 cutoff 5.0 gradient yes length %g threshold 0.6\nrun 0\ndisplace_atoms all move v_dx 0 0 units box\n" % l
                     + "dump w all custom 1 d.dump id c_d[*] f_y0\ndump_modify w sort id format float %.17g\nrun 0\n" + PRINT, 2)
        expected, determined = 0, 0
        for values in run.dump("d.dump").values():
            if not values[GRADIENT_DETERMINED]:
                continue
            determined += 1
            shear = g * values[-1]
            # F = 1 + shear e_x e_y: E_xy = shear/2, E_yy = shear^2/2; G_x,yy = g, eta = g/2
            mises = math.sqrt(shear ** 2 / 4 + shear ** 4 / 12)
            self.assertAlmostEqual(values[G + 1], g, places=10)
            self.assertAlmostEqual(values[ETA], g / 2, places=10)
            self.assertAlmostEqual(values[XI_S], mises, places=9)
            self.assertAlmostEqual(values[LAMBDA], math.hypot(mises, l * g / 2), places=9)
            self.assertLess(values[SCATTER], 1e-10)
            expected += math.hypot(mises, l * g / 2) > 0.6
        v = vector(run)
        self.assertGreater(determined, 400)
        self.assertEqual((v["strained"], v["scatter"]), (expected, 0))
        self.assertGreater(expected, 100)

    def test_no_positions(self):
        """Overlapping atoms or a cell without volume: an error that names step and atom, or the box."""
        overlap = head(4, "s s s").replace("zero 6.0", "lj/cut 6.0").replace("pair_coeff * *", "pair_coeff * * 0.1 2.5")
        run = lammps(overlap + "compute d all dmin2 cutoff 5.0\nthermo 1\nthermo_style custom step c_d[1]\nfix 1 all nve\nrun 0\n"
                     "create_atoms 1 single 1 1 1\ncreate_atoms 1 single 1 1 1\nneigh_modify delay 100 every 100 check no\nrun 3\n",
                     2, expect_error=True)
        self.assertRegex(run.text, "Compute dmin2: the position of atom [0-9]+ is not finite at step 1")
        for end in ("1e-300", "1e-12", "0.0"):
            run = lammps(head().replace("6.0", "0.1") + "comm_modify cutoff 0.2\nneighbor 0.0 bin\ncompute d all dmin2 cutoff 5.0\nthermo 10\n"
                         "thermo_style custom step lx c_d[1]\nfix 1 all deform 1 x final 0 %s remap x units box\nrun 10\n" % end, expect_error=True)
            self.assertRegex(run.text, "ERROR: Compute dmin2: (the cell is .* wide|the box is 0 x)", end)

    def test_clear(self):
        """The compute and its fix leave with clear, and come again."""
        lammps(head() + "compute d all dmin2 cutoff 5.0\nrun 0\nuncompute d\ncompute d all dmin2 cutoff 4.0\nrun 0\nclear\n" + head()
               + "compute d all dmin2 cutoff 5.0\nrun 0\n" + PRINT, 2)

    def test_helper(self):
        """Fix DMIN2/REFERENCE is part of the compute: there and gone with it, and not to be taken from it."""
        compute = "compute d all dmin2 cutoff 5.0\nthermo_style custom step c_d[1]\nrun 0\n"
        run = lammps(head() + compute + "info fixes\nthermo_style one\nuncompute d\nprint gone\ninfo fixes\n")
        there, gone = run.text.split("\ngone\n")
        self.assertRegex(there, r"d_REFERENCE, +style = DMIN2/REFERENCE, +group = all")
        self.assertNotIn("DMIN2/REFERENCE", gone)
        by_hand = "fix d_REFERENCE all DMIN2/REFERENCE "
        for line in ("unfix d_REFERENCE", "unfix d_REFERENCE\nfix d_REFERENCE all nve", by_hand + "3.0 first"):
            run = lammps(head() + compute + line + "\nrun 0\n", 2, expect_error=True)
            self.assertIn("fix d_REFERENCE was removed or replaced", run.text, line)
        for words, message in (("5.0", "reference is missing"), ("5.0 last", "one of first, lag, file"), ("5.0 lag", "reference lag is missing"),
                               ("5.0 file", "reference file is missing"), ("5.0 first 3", "'3' is one word too many")):
            self.assertIn(message, lammps(head() + by_hand + words + "\n", expect_error=True).text, words)

    def test_wrong_use(self):
        for words, message in (("", "cutoff is missing"), ("cutoff", "cutoff is missing"), ("cutoff -1", "cutoff must be a number above 0"),
                               ("cutoff nan", "cutoff must be a number above 0"), ("cutoff inf", "cutoff must be a number above 0"),
                               ("cutoff 9.0", "less than two cutoffs"), ("cutoff 5 reference last", "one of first, lag, file"),
                               ("cutoff 5 reference lag 0", "integer from 1 to 2147483647"),
                               ("cutoff 5 reference lag 2147483648", "integer from 1 to 2147483647"),
                               ("cutoff 5 reference lag 99999999999999999999", "integer from 1 to 2147483647"),
                               ("cutoff 5 reference lag 1.5", "integer from 1 to 2147483647"), ("cutoff 5 reference", "reference is missing"),
                               ("cutoff 5 reference file ''", "reference file is an empty word"), ("cutoff ''", "cutoff is an empty word"),
                               ("cutoff 5 d2min max", "one of sum, mean"), ("cutoff 5 gradient maybe", "yes or no"),
                               ("cutoff 5 cutoff 4", "keyword cutoff is given twice"), ("cutoff 5 link 3 link 3", "keyword link is given twice"),
                               ("cutoff 5 reference first reference lag 3", "keyword reference is given twice"),
                               ("cutoff 5 threshold x", "threshold must be a number above 0"), ("cutoff 5 link 1e400", "link must be a number above 0"),
                               ("cutoff 5 length 3", "gradient yes"), ("cutoff 5 radius 3", "unknown keyword 'radius'"),
                               ("cutoff 5 link 8.5", "less than two links"), ("cutoff 5 reference file none.dump", "none.dump")):
            run = lammps(head() + "compute d all dmin2 %s\nthermo_style custom step c_d[1]\nrun 0\n" % words, expect_error=True)
            self.assertIn(message, run.text, words)
            self.assertIn("Compute dmin2: ", run.text, words)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        with open(os.path.join(folder, "few.dump"), "w") as file:
            file.write("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 16\n0 16\n0 16\nITEM: ATOMS id x y z\n1 0 0 0\n")
        run = lammps(head() + "compute d all dmin2 cutoff 5.0 reference file few.dump\nrun 0\n", folder=folder, expect_error=True)
        self.assertIn("255 atoms of the group are not in few.dump", run.text)
        with open(os.path.join(folder, "few.dump")) as file:
            twice = file.read().replace("ATOMS\n1", "ATOMS\n2") + "1 1 1 1\n"
        with open(os.path.join(folder, "twice.dump"), "w") as file:
            file.write(twice)
        run = lammps(head() + "compute d all dmin2 cutoff 5.0 reference file twice.dump\nrun 0\n", 2, folder=folder, expect_error=True)
        self.assertIn("Compute dmin2: twice.dump, line 11: atom ID 1 comes twice", run.text)


if __name__ == "__main__":
    unittest.main()
