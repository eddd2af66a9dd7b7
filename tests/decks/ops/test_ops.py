# SPDX-License-Identifier: GPL-2.0-only
"""compute ops and fix ops/mesh as users run them. Standard library only."""

import math
import os
import random
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps, shared, write_data  # noqa: E402

FLUORITE = """\
units metal
lattice custom 5.1 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0.5 0.5 0 basis 0.5 0 0.5 basis 0 0.5 0.5 &
  basis 0.25 0.25 0.25 basis 0.75 0.25 0.25 basis 0.25 0.75 0.25 basis 0.25 0.25 0.75 &
  basis 0.75 0.75 0.25 basis 0.75 0.25 0.75 basis 0.25 0.75 0.75 basis 0.75 0.75 0.75
region box block 0 {n} 0 {n} 0 {n}
create_box 3 box
create_atoms 1 box basis 5 2 basis 6 2 basis 7 2 basis 8 2 basis 9 2 basis 10 2 basis 11 2 basis 12 2
mass 1 91
mass 2 16
mass 3 63
"""
ZERO = "pair_style zero 6.0\npair_coeff * *\n"
VECTOR = "count largest mean fraction bonds neighbors paths close spread infinite".split()
PRINT = "run 0 post no\nprint 'vector: %s'\n" % " ".join("$(c_ops[%d]:%%.15g)" % (k + 1) for k in range(len(VECTOR)))
COLUMNS = " ".join("c_ops[%d]" % k for k in range(1, 8))
ROW = "label atoms O Zr x y z gyration infinite_x infinite_y infinite_z volume area euler".split()


def row(number):
    return "print 'row%d: %s'\n" % (number, " ".join("$(c_ops[%d][%d]:%%.15g)" % (number, k + 1) for k in range(len(ROW))))


def data_file(folder, atoms, box, tilt=(0.0, 0.0, 0.0), name="atoms.data"):
    write_data(os.path.join(folder, name), atoms, box, tilt, masses=(91, 16, 63))


def minimum_image(a, b, box, tilt):
    """b - a, nearest image, and the cell vectors added to b."""
    d = [v - u for u, v in zip(a, b)]
    n = [0, 0, 0]
    for axis, vector in ((2, (tilt[1], tilt[2], box[2])), (1, (tilt[0], box[1], 0.0)), (0, (box[0], 0.0, 0.0))):
        n[axis] = -round(d[axis] / box[axis])
        d = [u + n[axis] * v for u, v in zip(d, vector)]
    return d, n


class Reference:
    """Bonds and clusters of a frame by comparing all pairs."""

    def __init__(self, atoms, box, tilt, cutoff=2.8, reach=4.2):
        self.kind = {number: kind for number, kind, _ in atoms}
        place = {number: x for number, _, x in atoms}
        self.bonds = {number: {} for number in self.kind}
        for o in (n for n, kind in self.kind.items() if kind == 2):
            for zr in (n for n, kind in self.kind.items() if kind == 1):
                d, image = minimum_image(place[o], place[zr], box, tilt)
                if math.hypot(*d) <= cutoff:
                    self.bonds[o][zr] = image
                    self.bonds[zr][o] = [-k for k in image]
        self.label, self.place, self.size, self.infinite = {}, {}, {}, {}
        for begin in sorted(self.kind):
            if not self.bonds[begin] or begin in self.label:
                continue
            images, queue, infinite = {begin: [0, 0, 0]}, [begin], [0, 0, 0]
            for atom in queue:
                for other, image in self.bonds[atom].items():
                    there = [a + b for a, b in zip(images[atom], image)]
                    if other not in images:
                        images[other] = there
                        queue.append(other)
                    infinite = [max(a, int(b != c)) for a, b, c in zip(infinite, there, images[other])]
            for atom, (a, b, c) in images.items():
                self.label[atom] = begin
                x = place[atom]
                self.place[atom] = [x[0] + a * box[0] + b * tilt[0] + c * tilt[1], x[1] + b * box[1] + c * tilt[2], x[2] + c * box[2]]
            self.size[begin] = len(images)
            self.infinite[begin] = infinite
        self.neighbors, self.paths, self.close = {}, {}, {}
        for o in (n for n, kind in self.kind.items() if kind == 2):
            ways = [other for zr in self.bonds[o] for other in self.bonds[zr] if other != o]
            self.neighbors[o], self.paths[o] = len(set(ways)), len(ways)
            self.close[o] = sum(math.hypot(*minimum_image(place[o], place[other], box, tilt)[0]) <= reach for other in set(ways))


def random_frame(seed, box, tilt=(0.0, 0.0, 0.0), oxygen=90, zirconium=160, copper=60):
    generator = random.Random(seed)
    atoms = []
    for number, kind in enumerate([2] * oxygen + [1] * zirconium + [3] * copper, 1):
        a, b, c = (generator.random() for _ in range(3))
        atoms.append((number, kind, [a * box[0] + b * tilt[0] + c * tilt[1], b * box[1] + c * tilt[2], c * box[2]]))
    generator.shuffle(atoms)
    return [(3 * k + 5, kind, x) for k, (_, kind, x) in enumerate(atoms)]


class Clusters(unittest.TestCase):

    def vector(self, run):
        return dict(zip(VECTOR, run.printed("vector")))

    def row(self, run, number):
        return dict(zip(ROW, run.printed("row%d" % number)))

    def test_fluorite(self):
        """Zr around an O, O that share a Zr with it, ways to them: 4, 22, 28; all in one infinite cluster."""
        for ranks in (1, 2, 4):
            run = lammps(FLUORITE.format(n=3) + ZERO + "compute ops all ops 2 1 hull 3.0\n" + PRINT + row(1), ranks)
            v, r = self.vector(run), self.row(run, 1)
            self.assertEqual((v["bonds"], v["neighbors"], v["paths"]), (4.0, 22.0, 28.0))
            # within 4.2 A: 6 at a/2 and 12 at a/sqrt(2) of the simple cubic lattice of O
            self.assertEqual((v["close"], v["spread"]), (18.0, 0.0))
            self.assertEqual((v["count"], v["largest"], v["fraction"], v["infinite"]), (1, 324, 1, 1))
            self.assertEqual((r["label"], r["O"], r["Zr"], r["infinite_x"], r["infinite_y"], r["infinite_z"]), (1, 216, 108, 1, 1, 1))
            self.assertAlmostEqual(r["volume"], 15.3 ** 3, delta=1e-4 * 15.3 ** 3)
            self.assertEqual((r["area"], r["euler"]), (0.0, 0.0))

    def test_chains_through_faces(self):
        """A chain O-Zr-O-Zr that leaves the cell is put together; closed over the cell it is infinite."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        box = (12.0, 12.0, 12.0)
        chain = [(4, 2, (10.0, 11.5, 6.0)), (9, 1, (11.9, 11.5, 6.0)), (2, 2, (1.8, 0.5, 6.0)), (7, 1, (3.8, 0.5, 6.0))]
        data_file(folder, chain, box)
        script = "units metal\nread_data atoms.data\n" + ZERO + "compute ops all ops 2 1\n" + PRINT + row(1)
        for ranks in (1, 2):
            run = lammps(script, ranks, folder=folder)
            r = self.row(run, 1)
            self.assertEqual((r["label"], r["atoms"], r["infinite_x"], r["infinite_y"]), (2, 4, 0, 0))
            places = [(-2.0, -0.5, 6.0), (-0.1, -0.5, 6.0), (1.8, 0.5, 6.0), (3.8, 0.5, 6.0)]
            center = [sum(p[k] for p in places) / 4 for k in range(3)]
            for k, axis in enumerate("xyz"):
                self.assertAlmostEqual(r[axis], center[k], places=9)
            gyration = math.sqrt(sum((p[k] - center[k]) ** 2 for p in places for k in range(3)) / 4)
            self.assertAlmostEqual(r["gyration"], gyration, places=9)
        closed = [(k + 1, 2 - k % 2, (2.0 * k + 0.5, 3.0, 3.0)) for k in range(6)]
        data_file(folder, closed, box)
        run = lammps(script, 2, folder=folder)
        r = self.row(run, 1)
        self.assertEqual((r["atoms"], r["infinite_x"], r["infinite_y"], r["infinite_z"]), (6, 1, 0, 0))

    def test_random_frames_against_all_pairs(self):
        for seed, box, tilt in ((1, (17.0, 15.0, 16.0), (0.0, 0.0, 0.0)), (2, (17.0, 15.0, 16.0), (4.0, -3.0, 2.5)),
                                (3, (34.0, 16.0, 15.0), (0.0, 0.0, 0.0))):
            folder = tempfile.mkdtemp(dir=os.getcwd())
            atoms = random_frame(seed, box, tilt)
            reference = Reference(atoms, box, tilt)
            frames = []
            for ranks, order in ((1, atoms), (2, atoms), (4, atoms), (2, atoms[::-1])):
                data_file(folder, order, box, tilt)
                run = lammps("units metal\nread_data atoms.data\n" + ZERO + "compute ops all ops 2 1 hull 3.0\n"
                             "dump d all custom 1 ops.dump id " + COLUMNS + "\ndump_modify d sort id format float %.15g\n" + PRINT + row(1) + row(2),
                             ranks, folder=folder)
                v = self.vector(run)
                frames.append((run.dump("ops.dump"), v, self.row(run, 1), self.row(run, 2)))
                for number, values in frames[-1][0].items():
                    label = reference.label.get(number, 0)
                    role = {2: 1, 1: 2}[reference.kind[number]] if label else 0
                    expected = [label, role, reference.size.get(label, 0), len(reference.bonds[number]), reference.neighbors.get(number, 0),
                                reference.paths.get(number, 0), reference.close.get(number, 0)]
                    self.assertEqual(values, expected, number)
                self.assertEqual(v["count"], len(reference.size))
                self.assertEqual(v["largest"], max(reference.size.values()))
                self.assertAlmostEqual(v["mean"], sum(reference.size.values()) / len(reference.size), places=9)
                oxygen = [n for n, kind in reference.kind.items() if kind == 2]
                self.assertAlmostEqual(v["fraction"], sum(n in reference.label for n in oxygen) / len(oxygen), places=12)
                self.assertAlmostEqual(v["bonds"], sum(len(reference.bonds[n]) for n in oxygen) / len(oxygen), places=12)
                mean = sum(reference.close.values()) / len(oxygen)
                self.assertAlmostEqual(v["spread"], math.sqrt(sum((x - mean) ** 2 for x in reference.close.values()) / len(oxygen)), places=9)
                self.assertEqual(v["infinite"], sum(any(axes) for axes in reference.infinite.values()))
                for r in frames[-1][2:]:
                    label = int(r["label"])
                    self.assertEqual(r["atoms"], reference.size[label])
                    self.assertEqual([r["infinite_x"], r["infinite_y"], r["infinite_z"]], reference.infinite[label])
                    if not any(reference.infinite[label]):
                        places = [reference.place[n] for n, mine in reference.label.items() if mine == label]
                        # the atom with the lowest ID may have been wrapped into the cell
                        center = [sum(p[k] for p in places) / len(places) for k in range(3)]
                        self.assertAlmostEqual(r["gyration"], math.sqrt(sum((p[k] - center[k]) ** 2 for p in places for k in range(3)) / len(places)), places=6)
            for other in frames[1:]:
                for a, b in zip(frames[0][1:], other[1:]):
                    for key, value in a.items():
                        self.assertAlmostEqual(value, b[key], delta=1e-6 * max(1.0, abs(value)), msg=key)

    def test_moving_atoms(self):
        """In a run, between rebuilds of the lists and after atoms have changed ranks: as from the frame alone."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        box = (17.0, 15.0, 16.0)
        data_file(folder, random_frame(4, box), box)
        head = "units metal\nread_data %s\n" + ZERO + "compute ops all ops 2 1\n"
        run = lammps(head % "atoms.data" + "velocity all create 3000 1 loop geom\nfix 1 all nve\ntimestep 0.002\n"
                     "dump d all custom 37 ops.dump id " + COLUMNS + "\nrun 370\nwrite_data end.data nocoeff\n", 4, folder=folder)
        alone = lammps(head % "end.data" + "dump d all custom 1 alone.dump id " + COLUMNS + "\nrun 0\n", folder=folder)
        self.assertEqual(run.dump("ops.dump"), alone.dump("alone.dump"))

    def test_output_fixes(self):
        """The array through fix ave/time while the number of its rows changes, histograms of per-atom values."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        box = (17.0, 15.0, 16.0)
        data_file(folder, random_frame(4, box), box)
        run = lammps("units metal\nread_data atoms.data\n" + ZERO + "compute ops all ops 2 1\n"
                     "velocity all create 3000 1 loop geom\nfix 1 all nve\ntimestep 0.002\ngroup O type 2\n"
                     "dump d all custom 100 ops.dump id type " + COLUMNS + "\n"
                     "fix rows all ave/time 100 1 100 c_ops[*] mode vector file rows.dat\n"
                     "fix k O ave/histo 100 1 100 -0.5 40.5 41 c_ops[4] mode vector kind peratom file k.dat\nrun 300\n", 2, folder=folder)
        tables = run.tables("rows.dat")
        self.assertGreater(len({len(rows) for rows in tables.values()}), 1)
        frames = run.dumps("ops.dump")
        self.assertEqual(sorted(tables), sorted(frames))
        for step, rows in tables.items():
            members = {}
            for values in frames[step].values():
                if values[1]:
                    members.setdefault(int(values[1]), []).append(values)
            self.assertEqual([(int(r[0]), int(r[1])) for r in rows], sorted(((m, len(a)) for m, a in members.items()), key=lambda x: (-x[1], x[0])))
        last = run.tables("k.dat")[300]
        bonds = [values[4] for values in frames[300].values() if values[0] == 2]
        self.assertEqual([r[1] for r in last], [bonds.count(k) for k in range(41)])
        run = lammps("units metal\nread_data atoms.data\n" + ZERO + "compute ops all ops 2 1\n"
                     "fix rows all ave/time 10 2 100 c_ops[*] mode vector file rows.dat\nrun 100\n", folder=folder, expect_error=True)
        self.assertIn("fix rows averages the array over steps", run.text)

    def test_type_labels(self):
        vectors = []
        for types in ("2 1", "O Zr"):
            run = lammps(FLUORITE.format(n=3) + ZERO + "labelmap atom 1 Zr 2 O 3 Cu\ncompute ops all ops %s\n" % types + PRINT)
            vectors.append(self.vector(run))
        self.assertEqual(vectors[0], vectors[1])
        self.assertEqual(vectors[0]["bonds"], 4.0)

    def test_positions_that_are_not_finite(self):
        """An error names step and atom, for what the compute looks at; other atoms may be anywhere."""
        script = (FLUORITE.format(n=3) + "pair_style lj/cut 6.0\npair_coeff * * 0.0 2.6\ncomm_modify cutoff 8\ngroup Zr type 1\n"
                  "compute ops %s ops 2 1 hull 3.0\nfix nve all nve\nthermo 1\nthermo_style custom step c_ops\n"
                  "velocity all set 0 0 0\nrun 3\nvariable v atom 1e200*1e200-1e200*1e200\ngroup lost id 7\nvelocity lost set v_v v_v v_v units box\nrun 3\n")
        for ranks in (1, 2):
            run = lammps(script % "all", ranks, expect_error=True, timeout=120)
            self.assertIn("Compute ops: the position of atom 7 is not finite at step 4", run.text)

    def test_nothing_there(self):
        for types in ("3 1", "2 3"):    # no O; no Zr
            run = lammps(FLUORITE.format(n=2) + ZERO + "compute ops all ops %s hull 3\n" % types
                         + "thermo_style custom step c_ops\n" + PRINT, 2)
            self.assertEqual(self.vector(run)["count"], 0)
        run = lammps(FLUORITE.format(n=2) + ZERO + "group O type 2\ncompute ops O ops 2 1\n" + PRINT)
        self.assertEqual(self.vector(run)["count"], 0)

    def test_wrong_use(self):
        good = FLUORITE.format(n=2) + ZERO
        for line, words in (("compute ops all ops 2", "the type of Zr is missing"), ("compute ops all ops 2 4", "atom types are from 1 to 3"),
                            ("compute ops all ops '' 1", "the type of O is an empty word"), ("compute ops all ops 2 1 hull ''", "hull is an empty word"),
                            ("compute ops all ops 4294967297 1", "atom types are from 1 to 3"), ("compute ops all ops 2 Zr", "type labels need the command labelmap"),
                            ("compute ops all ops 2 1 cutoff 2 reach 4 cutoff 3", "keyword cutoff is given twice"),
                            ("compute ops all ops 2 1 cutoff nan", "cutoff must be a number above 0"), ("compute ops all ops 2 1 cutoff inf", "cutoff must be a number above 0"),
                            ("fix m all ops/mesh 4294967297 c_ops a.*.vtk", "N must be an integer from 1"), ("fix m all ops/mesh 1 c_ops ''", "is an empty word"),
                            ("fix m all ops/mesh 1 c_ops a.*.vtk 5", "'5' is one word too many"), ("fix m all ops/mesh 1 c_ops a.*.*.vtk", "needs one *"),
                            ("compute ops all ops 2 2*3", "type 2 cannot be O (2) and Zr (2*3)"),
                            ("compute ops all ops 2 1 cutoff", "cutoff is missing"), ("compute ops all ops 2 1 cutoff -1", "above 0"),
                            ("compute ops all ops 2 1 size 3", "unknown keyword 'size'"),
                            ("compute ops all ops 2 1 cutoff 4.5\nrun 0\nprint '$(c_ops)'", "comm_modify cutoff 9.5"),
                            ("fix m all ops/mesh 1 c_ops a.*.vtk\nrun 0", "no compute ops of style ops"),
                            ("compute ops all ops 2 1\nfix m all ops/mesh 1 c_ops a.*.vtk\nrun 0", "needs the keyword hull"),
                            ("fix m all ops/mesh 1 ops a.*.vtk", "is no compute"), ("fix m all ops/mesh 1 c_ops a.*.stl", ".vtk or .obj"),
                            ("fix m all ops/mesh 1 c_ops a.vtk", "needs one *"), ("fix m all ops/mesh 0 c_ops a.*.vtk", "N must be an integer from 1"),
                            ("compute ops all ops 2 1 hull 3\nfix m all ops/mesh 1 c_ops a.*.vtk\nrun 0", "shorter than four radii"),
                            ("compute ops all ops 2 1 hull 2.5\nfix m all ops/mesh 1 c_ops no/folder/a.*.vtk\nrun 0", "cannot be written")):
            with self.subTest(line):
                run = lammps(good + line + "\nrun 0\n", expect_error=True)
                self.assertIn(words, run.text)


def surfaces(path):
    """Points, triangles and the cluster of each triangle in a file of fix ops/mesh in VTK's format."""
    with open(path) as file:
        words = file.read().split()
    n = int(words[words.index("POINTS") + 1])
    at = words.index("POINTS") + 3
    points = [[float(w) for w in words[at + 3 * k:at + 3 * k + 3]] for k in range(n)]
    triangles = int(words[words.index("POLYGONS") + 1])
    at = words.index("POLYGONS") + 3
    corners = [[int(w) for w in words[at + 4 * k + 1:at + 4 * k + 4]] for k in range(triangles)]
    return points, corners, [int(w) for w in words[len(words) - triangles:]]


class Mesh(unittest.TestCase):

    def check_manifold(self, corners):
        """Each edge belongs to two triangles, which have it in opposite directions; the Euler number."""
        edges = [edge for a, b, c in corners for edge in ((a, b), (b, c), (c, a))]
        self.assertEqual(len(edges), len(set(edges)))
        self.assertEqual(set(edges), {(b, a) for a, b in edges})
        return len({v for triangle in corners for v in triangle}) - len(edges) // 2 + len(corners)

    def test_parts_that_touch(self):
        """Two tetrahedra of Zr around an O with a Zr in common: one body, whose surfaces are apart at that Zr."""
        a = 1.2124355653
        first = [(a, a, a), (a, -a, -a), (-a, a, -a), (-a, -a, a)]
        places = first + [tuple(2 * a - u for u in x) for x in first[1:]]
        folder = tempfile.mkdtemp(dir=os.getcwd())
        atoms = [(k, 1, x) for k, x in enumerate(places, 3)] + [(1, 2, (0, 0, 0)), (2, 2, (2 * a, 2 * a, 2 * a))]
        data_file(folder, [(number, kind, [u + 10 for u in x]) for number, kind, x in atoms], (30, 30, 30))
        run = lammps("units metal\nread_data atoms.data\n" + ZERO + "compute ops all ops 2 1 hull 3.2\n"
                     "fix m all ops/mesh 1 c_ops m.*.vtk\n" + PRINT + row(1), 2, folder=folder)
        r = dict(zip(ROW, run.printed("row1")))
        self.assertEqual(r["euler"], 2.0)
        self.assertAlmostEqual(r["volume"], 2 * (2 * a) ** 3 / 3, delta=1e-3)
        self.assertEqual(self.check_manifold(surfaces(run.path("m.0.vtk"))[1]), 4)

    def test_clusters_of_a_glass(self):
        """Twice the Euler numbers that scipy's Delaunay tetrahedra have; the meshes of finite clusters are manifolds."""
        for name, label, euler in (("o5", 33, 2), ("t16", 5, 62)):
            data = shared("cases", "ops_euler_pinched", name + ".data")
            folder = tempfile.mkdtemp(dir=os.getcwd())
            run = lammps("units metal\nread_data %s\n" % data + "pair_style zero 7.0\npair_coeff * *\ncompute c all ops 3 2 hull 3.2\n"
                         "fix a all ave/time 1 1 1 c_c[*] mode vector file c.dat\nfix m all ops/mesh 1 c_c m.*.vtk\nrun 0\n", 2, folder=folder)
            rows = {int(r[0]): dict(zip(ROW, r)) for r in run.tables("c.dat")[0]}
            self.assertEqual(rows[label]["euler"], euler)
            _, corners, labels = surfaces(run.path("m.0.vtk"))
            for cluster in set(labels):
                mine = [t for t, other in zip(corners, labels) if other == cluster]
                if not any(rows[cluster]["infinite_" + axis] for axis in "xyz"):
                    self.assertGreaterEqual(self.check_manifold(mine), rows[cluster]["euler"])
                edges = [edge for a, b, c in mine for edge in ((a, b), (b, c), (c, a))]
                self.assertEqual(len(edges), len(set(edges)))

    def test_surfaces_are_closed_and_hold_the_volume(self):
        """A ball of fluorite over a face of the cell: the VTK and OBJ files, and the columns of the compute."""
        script = (FLUORITE.format(n=8) + "region ball sphere 0.0 20.0 20.0 12.0 side out units box\n"
                  "region image sphere 40.8 20.0 20.0 12.0 side out units box\nregion rest intersect 2 ball image\n"
                  "delete_atoms region rest\n" + ZERO + "compute ops all ops 2 1 hull 3.0\nfix vtk all ops/mesh 10 c_ops m.*.vtk\n"
                  "fix obj all ops/mesh 10 c_ops m.*.obj\n" + PRINT + row(1))
        run = lammps(script, 2)
        r = dict(zip(ROW, run.printed("row1")))
        points, corners, _ = surfaces(run.path("m.0.vtk"))
        n, triangles = len(points), len(corners)
        edges = {}
        volume = area = 0.0
        for a, b, c in corners:
            for edge in ((a, b), (b, c), (c, a)):
                edges[edge] = edges.get(edge, 0) + 1
            p, q, s = points[a], points[b], points[c]
            volume += (p[0] * (q[1] * s[2] - q[2] * s[1]) - p[1] * (q[0] * s[2] - q[2] * s[0]) + p[2] * (q[0] * s[1] - q[1] * s[0])) / 6
            u, v = [x - y for x, y in zip(q, p)], [x - y for x, y in zip(s, p)]
            area += 0.5 * math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
        for (a, b), count in edges.items():
            self.assertEqual(count, edges.get((b, a)), "each edge once in each direction")
        self.assertAlmostEqual(volume, r["volume"], delta=2e-3 * volume)
        self.assertAlmostEqual(area, r["area"], delta=2e-3 * area)
        self.assertEqual(r["euler"], 2.0)
        self.assertAlmostEqual(r["volume"], 4 / 3 * math.pi * 11.3 ** 3, delta=0.1 * r["volume"])
        with open(run.path("m.0.obj")) as file:
            text = file.read()
        self.assertEqual((len(re.findall("^v ", text, re.M)), len(re.findall("^f ", text, re.M))), (n, triangles))
        self.assertEqual(re.findall("^g (.*)", text, re.M), ["cluster_%d" % r["label"]])


if __name__ == "__main__":
    unittest.main()
