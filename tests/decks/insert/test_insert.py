# SPDX-License-Identifier: GPL-2.0-only
"""fix insert/mask as users run it. Standard library only."""

import math
import os
import random
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import flipped, lammps, record_in, shared  # noqa: E402

HEAD = """\
units metal
atom_modify map array
read_data {name}.data
pair_style zero 6.0
pair_coeff * *
"""
BLOCK, PRISM, CRYSTAL = (HEAD.format(name=name) for name in ("block", "prism", "crystal"))


def plate(folder, name, tilt=0.0, noise=0.4):
    """A plate of bcc sites, 576 Cu and 576 Zr shuffled over them (types 2 and 3; 1 is kept for O)."""
    generator = random.Random(7)
    a, sites = 3.28, []
    for i, j, k in ((i, j, k) for i in range(12) for j in range(12) for k in range(4)):
        for half in (0.0, 0.5):
            x = [a * (n + half) for n in (i, j, k)]
            sites.append([x[0] + tilt * x[1] / (12 * a), x[1], x[2]])
    kinds = [2] * 576 + [3] * 576
    generator.shuffle(kinds)
    with open(os.path.join(folder, name + ".data"), "w") as file:
        file.write("plate\n\n1152 atoms\n3 atom types\n0 %g xlo xhi\n0 %g ylo yhi\n0 %g zlo zhi\n" % (12 * a, 12 * a, 4 * a))
        if tilt:
            file.write("%g 0 0 xy xz yz\n" % tilt)
        file.write("\nMasses\n\n1 15.999\n2 63.546\n3 91.224\n\nAtoms # atomic\n\n")
        for number, (kind, x) in enumerate(zip(kinds, sites), 1):
            file.write("%d %d %.9f %.9f %.9f\n" % (number, kind, *(u + generator.uniform(-noise, noise) for u in x)))


DUMP = "write_dump all custom after.dump id type x y z modify sort id format float %.17g\nwrite_dump all custom scaled.dump id xs ys zs modify sort id format float %.17g\n"
RESULTS = "print 'results: %s'\n" % " ".join("$(f_in[%d]:%%.15g)" % k for k in range(1, 7))


def mask(folder, rows, name="mask.npy"):
    """Strings of # and ., the last one at y = 0, as a NumPy file of bools."""
    shape = (len(rows), len(rows[0]))
    head = ("{'descr': '|b1', 'fortran_order': False, 'shape': (%d, %d), }" % shape).ljust(117) + "\n"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(b"".join(bytes(c == "#" for c in row) for row in reversed(rows)))


SPOTS = ["............",
         ".####.......",
         ".####.......",
         ".####.......",
         ".####....##.",
         ".........##.",
         "............",
         "............",
         "............",
         "#..........#",
         "#..........#",
         "............"]


def minimum_image(a, b, box):
    return math.sqrt(sum((u - v - n * round((u - v) / n)) ** 2 for u, v, n in zip(a, b, box)))


class Insert(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.getcwd())
        mask(self.folder, SPOTS)
        plate(self.folder, "block")
        plate(self.folder, "prism", tilt=10.0)
        plate(self.folder, "crystal", noise=0.0)

    def lammps(self, script, ranks=1, **keywords):
        return lammps(script, ranks, folder=self.folder, **keywords)

    def test_in_the_mask_alike_on_any_ranks(self):
        """Number, places and distances of the O, by an independent look at the atoms; same atoms on 1, 2, 4 ranks."""
        for head in (BLOCK, PRISM):
            frames = []
            for ranks in (1, 2, 4):
                run = self.lammps(head + "fix in all insert/mask 1 4.7 77 mask mask.npy swap 2 3 distance 1.5\nrun 0\n" + RESULTS + DUMP, ranks)
                frames.append((run.dump("after.dump"), run.printed("results")))
                self.assertEqual(frames[0], frames[-1], "%d ranks" % ranks)
            atoms, results = frames[0]
            kinds = [row[0] for row in atoms.values()]
            self.assertEqual((kinds.count(1), kinds.count(2), kinds.count(3)), (57, 576, 576))    # 56.8 of 1208.8
            self.assertEqual(results[0], 57)
            self.assertEqual(sorted(atoms)[-57:], [number for number in sorted(atoms) if atoms[number][0] == 1])
            oxygen = [n for n in atoms if atoms[n][0] == 1]
            scaled = run.dump("scaled.dump")
            pixels = [(int(scaled[n][0] * 12), int(scaled[n][1] * 12)) for n in oxygen]
            self.assertTrue(all(SPOTS[11 - y][x] == "#" for x, y in pixels))
            # patches of 16, 4 and, over the face of the cell, 4 pixels: 38, 9.5 and 9.5 O
            large = sum(1 <= x <= 4 and y >= 7 for x, y in pixels)
            self.assertEqual((large, results[2]), (38, 0))
            self.assertIn(sum(x in (0, 11) for x, y in pixels), (9, 10))
        box = (12 * 3.28, 12 * 3.28, 4 * 3.28)
        run = self.lammps(BLOCK + "fix in all insert/mask 1 4.7 77 mask mask.npy swap 2 3 distance 1.5\nrun 0\n" + RESULTS + DUMP, 2)
        atoms, results = run.dump("after.dump"), run.printed("results")
        zirconium = 0
        for n in (n for n in atoms if atoms[n][0] == 1):
            distances = {m: minimum_image(atoms[n][1:], row[1:], box) for m, row in atoms.items() if m != n}
            self.assertGreaterEqual(min(d for m, d in distances.items() if atoms[m][0] == 1), 2.8)
            self.assertGreaterEqual(min(d for m, d in distances.items() if atoms[m][0] > 1), 1.5 - 1e-7)
            zirconium += sum(d <= 2.8 for m, d in distances.items() if atoms[m][0] == 3)
        self.assertAlmostEqual(results[5], zirconium / 57, places=9)
        self.assertGreater(results[5], results[4] + 1.0)

    def test_order_of_atoms_and_seed(self):
        """Atoms read in another order get the same oxygen; another seed gives another one."""
        with open(os.path.join(self.folder, "block.data")) as file:
            head, atoms = file.read().split("Atoms # atomic\n\n")
        rows = atoms.splitlines()
        random.Random(1).shuffle(rows)
        with open(os.path.join(self.folder, "shuffled.data"), "w") as file:
            file.write(head + "Atoms # atomic\n\n" + "\n".join(rows) + "\n")
        frames = []
        for name, seed in (("block", 5), ("shuffled", 5), ("block", 6)):
            run = self.lammps(HEAD.format(name=name) + "fix in all insert/mask 1 3 %d\nrun 0\n" % seed + DUMP, 2)
            frames.append(run.dump("after.dump"))
        self.assertEqual(frames[0], frames[1])
        self.assertNotEqual(frames[0], frames[2])

    def test_seats_of_bcc(self):
        """Six tetrahedral holes an atom; no two O on neighboring ones, which are a/sqrt(8) apart."""
        run = self.lammps(CRYSTAL + "fix in all insert/mask 1 4.7 77 apart 1.1\nrun 0\n" + RESULTS, 2)
        self.assertEqual(run.printed("results")[1], 6 * 1152)
        run = self.lammps(CRYSTAL + "fix in all insert/mask 1 4.7 77 distance 1.84\nrun 0\n", expect_error=True)
        self.assertIn("there are seats for 0", run.text)

    def test_what_others_keep(self):
        """Fixes and computes that were there before know the new atoms; groups, temperature, dynamics."""
        run = self.lammps(BLOCK + "group O type 1\nvelocity all create 300 1 loop geom\nfix state all store/state 0 x y z\ncompute move all msd\n"
                          "compute t all temp\nfix mean all ave/atom 1 5 5 vx\nfix in O insert/mask 1 4.7 77 swap 2 3\nrun 0\n"
                          "print 'after: $(count(O)) $(atoms) $(temp) $(2*ke/(3*(atoms-1)*8.617343e-5))'\n"
                          "fix move all nve\nneigh_modify delay 0\nrun 10\nprint 'later: $(atoms) $(c_move[4])'\n", 4)
        oxygen, atoms, temperature, expected = run.printed("after")
        self.assertEqual((oxygen, atoms), (57, 1209))
        self.assertAlmostEqual(temperature, expected, delta=1e-6 * expected)
        self.assertEqual(run.printed("later")[0], 1209)
        # swapped atoms keep their kinetic energy, oxygen has none: 300 K of 1152 atoms
        self.assertAlmostEqual(temperature, 300 * 1151 / 1208, delta=1e-6 * 300)

    def test_restart_inserts_once(self):
        fix = "fix in all insert/mask 1 4.7 77 mask mask.npy swap 2 3\n"
        self.lammps(BLOCK + fix + "run 0\nwrite_restart with\n", 2)
        run = self.lammps("read_restart with\npair_style zero 6\npair_coeff * *\n" + fix + "run 0\nprint 'atoms: $(atoms)'\n" + RESULTS, 4)
        self.assertEqual(run.printed("atoms"), [1209])
        self.assertEqual(run.printed("results")[0], 57)
        # a second run and a minimization insert none either; a fix of another name adds to what is there
        run = self.lammps(BLOCK + fix + "run 0\nrun 0\nminimize 0 0 5 5\nprint 'atoms: $(atoms)'\n"
                          "fix more all insert/mask 1 6.0 78\nrun 0\nprint 'more: $(atoms)'\n", 2)
        self.assertEqual(run.printed("atoms"), [1209])
        self.assertEqual(run.printed("more"), [1152 + 74])    # 73.5 of 1225.5

    def test_restart_with_other_words(self):
        """The state belongs to the words and the mask of the fix; a damaged one is not restored."""
        fix = "fix in all insert/mask 1 4.7 77 mask mask.npy swap 2 3\n"
        head = "read_restart with\npair_style zero 6\npair_coeff * *\n"
        self.lammps(BLOCK + fix + "run 0\nwrite_restart with\n", 2)
        mask(self.folder, SPOTS[1:] + SPOTS[:1], "other.npy")
        for line, words in (("1 4.8 77 mask mask.npy swap 2 3", "percent 4.7, now 4.8"), ("1 4.7 78 mask mask.npy swap 2 3", "seed 77, now 78"),
                            ("1 4.7 77 mask other.npy swap 2 3", "mask mask.npy (12 x 12, "), ("1 4.7 77 swap 2 3", ", now none"),
                            ("1 4.7 77 mask mask.npy", "types of copper 2, now none")):
            with self.subTest(line):
                self.assertIn(words, self.lammps(head + "fix in all insert/mask " + line + "\n", expect_error=True).text)
        # the same words under another path
        os.mkdir(os.path.join(self.folder, "sub"))
        mask(os.path.join(self.folder, "sub"), SPOTS)
        run = self.lammps(head + fix.replace("mask.npy", "sub/mask.npy") + "run 0\nprint 'atoms: $(atoms)'\n")
        self.assertEqual(run.printed("atoms"), [1209])
        with open(os.path.join(self.folder, "with"), "rb") as file:
            data = file.read()
        record = record_in(data, "fix insert/mask")
        for place in (record[9], record[40], record[-2]):
            with open(os.path.join(self.folder, "with"), "wb") as file:
                file.write(flipped(data, place, 2))
            self.assertIn("the restart file is damaged", self.lammps(head + fix, expect_error=True).text)

    def test_type_labels(self):
        frames = []
        for types in ("1 4.7 77 swap 2 3", "O 4.7 77 swap Cu Zr"):
            run = self.lammps(BLOCK + "labelmap atom 1 O 2 Cu 3 Zr\nfix in all insert/mask %s\nrun 0\n" % types + DUMP)
            frames.append(run.dump("after.dump"))
        self.assertEqual(frames[0], frames[1])

    def test_open_boundaries(self):
        """Along an axis that is not periodic all O sit between the outermost of the other atoms, none is lost, and the
        concentration on the screen is the one that is there."""
        for boundary, ranks in (("f", 1), ("s", 2), ("m", 1), ("f", 4)):
            run = self.lammps(BLOCK + "run 0 post no\nchange_box all boundary p p %s\n" % boundary
                              + "fix in all insert/mask 1 6.0 5 distance 1.5\nthermo_style custom step atoms\nrun 1\n" + RESULTS + DUMP, ranks)
            atoms = run.dump("after.dump").values()
            oxygen, others = ([row[3] for row in atoms if (row[0] == 1) == which] for which in (True, False))
            self.assertEqual((len(oxygen), len(others)), (74, 1152))    # 73.5 of 1225.5
            self.assertGreater(min(oxygen), min(others))
            self.assertLess(max(oxygen), max(others))
            self.assertIn("74 O in %d seats, 6.036 at.%%" % run.printed("results")[1], run.text)
        # a slab in a wide box
        run = self.lammps(BLOCK + "run 0 post no\nchange_box all boundary p p f z final -30 60 units box\n"
                          "fix in all insert/mask 1 6.0 5 distance 1.5\nrun 1\n" + DUMP, 2)
        atoms = run.dump("after.dump").values()
        oxygen, others = ([row[3] for row in atoms if (row[0] == 1) == which] for which in (True, False))
        self.assertEqual(len(oxygen), 74)
        self.assertGreater(min(oxygen), min(others))
        self.assertLess(max(oxygen), max(others))

    def test_a_glass_with_open_boundaries(self):
        data = shared("cases", "insert_open_boundary", "glass.data")
        for boundary in "fs":
            run = self.lammps("units metal\nboundary p p %s\nread_data %s\npair_style zero 6.0\npair_coeff * *\n" % (boundary, data)
                              + "fix in all insert/mask 1 6.0 5\nthermo_style custom step atoms\nrun 0\n" + DUMP, 2)
            atoms = run.dump("after.dump").values()
            oxygen, others = ([row[3] for row in atoms if (row[0] == 1) == which] for which in (True, False))
            self.assertEqual((len(oxygen), len(others)), (65, 1024))
            self.assertGreater(min(oxygen), min(others))
            self.assertLess(max(oxygen), max(others))

    def test_minimized_first(self):
        """Without a run before it."""
        run = self.lammps(BLOCK + "fix in all insert/mask 1 4.7 77\nminimize 0 0 5 5\nprint 'atoms: $(atoms)'\n", 2)
        self.assertEqual(run.printed("atoms"), [1209])

    def test_window_of_the_mask(self):
        """Pixels of a given size: the plate covers the left lower part of a larger mask, and other axes."""
        rows = ["." * 60] * 38 + ["#" * 6 + "." * 54] * 2
        mask(self.folder, rows, "corner.npy")
        run = self.lammps(BLOCK + "fix in all insert/mask 1 1 77 mask corner.npy pixel 1.968 axes x z swap 2 3\nrun 0\n" + DUMP)
        # 20 x 7 pixels lie over x and z
        atoms, scaled = run.dump("after.dump"), run.dump("scaled.dump")
        places = [scaled[n] for n in atoms if atoms[n][0] == 1]
        self.assertEqual(len(places), 12)
        for x, _, z in places:
            self.assertLess(x, 6 / 20)
            self.assertLess(z, 2 / 7)

    def test_wrong_use(self):
        mask(self.folder, ["...."] * 4, "empty.npy")
        mask(self.folder, ["####"] * 2, "wide.npy")
        with open(os.path.join(self.folder, "broken.png"), "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n and no more")
        for line, words in (("1 4.7", "the seed is missing"), ("4 4.7 1", "extra/atom/types"), ("4294967297 4.7 1", "extra/atom/types"), ("'' 4.7 1", "the type of oxygen is an empty word"),
                            ("1*2 4.7 1", "must be one atom type"), ("1 0 1", "above 0 and below 100"), ("1 100 1", "above 0 and below 100"), ("1 nan 1", "above 0 and below 100"),
                            ("1 99.99999999999999 1", "no number of atoms is large enough"), ("1 4.7 0", "the seed must be an integer from 1"), ("1 4.7 1e3", "the seed must be an integer"),
                            ("1 4.7 1 size 3", "unknown keyword 'size'"), ("1 4.7 1 mask", "the file of the mask is missing"), ("1 4.7 1 mask ''", "the file of the mask is an empty word"),
                            ("1 4.7 1 apart 2 apart 3", "keyword apart is given twice"), ("1 4.7 1 apart 1e9", "100 times the height of the cell"),
                            ("1 4.7 1 pixel 3", "keyword pixel is about a mask"), ("1 4.7 1 mask wide.npy pixel 1e-300", "too small for a side"),
                            ("1 4.7 1 mask none.png", "none.png"), ("1 4.7 1 mask broken.png", "broken.png"), ("1 4.7 1 mask empty.npy", "no pixel is inside"),
                            ("1 4.7 1 mask wide.npy", "aspect ratio"), ("1 4.7 1 mask wide.npy pixel 3", "takes 13 x 13"),
                            ("1 4.7 1 axes x x", "two different"), ("1 4.7 1 axes x w", "not 'w'"), ("1 4.7 1 swap 2 2*3", "cannot be copper and zirconium"),
                            ("1 4.7 1 swap 1 3", "is oxygen"), ("1 4.7 1 swap 2 Zr", "type labels need the command labelmap"), ("1 4.7 1 reach 2", "above shell"), ("1 4.7 1 distance -1", "distance must be a number above 0"),
                            ("1 60 1", "there are seats for"), ("1 4.7 1 distance 4.5", "comm_modify cutoff")):
            with self.subTest(line):
                run = self.lammps(BLOCK + "fix in all insert/mask " + line + "\nrun 0\n", expect_error=True)
                self.assertIn(words, run.text)
        run = self.lammps(BLOCK + "fix in all insert/mask 1 4.7 1\nrun 0\nfix again all insert/mask 1 3 1\nrun 0\n", expect_error=True)
        self.assertIn("57 O among 1209 atoms already", run.text)


if __name__ == "__main__":
    unittest.main()
