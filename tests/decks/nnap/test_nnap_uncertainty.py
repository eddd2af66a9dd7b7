# SPDX-License-Identifier: GPL-2.0-only
"""Likely force errors in LAMMPS: compute nnap/uncertainty, the warning, the stop, ranks, nnap uncertainty."""

import csv
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402
from test_nnap_train import LABELS, labeled  # noqa: E402

TRAIN = ("nnap train data.extxyz out.nnap.json elements Cu Zr nmax 3 lmax 2 rcut 4.5 hidden 4 epochs 20 batch 2 average 0.9\n"
         "nnap test data.extxyz out.nnap.json parity data\n")

# The first configuration of the training trajectory, its cell made larger or smaller by `scale`.
CELL = LABELS.format(seed=1).split("pair_style")[0] + """
change_box all x scale {scale} y scale {scale} z scale {scale} remap
pair_style {settings}
pair_coeff * * {hybrid} out.nnap.json Cu Zr
"""
ERRORS = """
compute error all nnap/uncertainty
compute most all reduce max c_error
compute total all reduce sum c_error
variable far atom c_error>v_limit
compute far all reduce sum v_far
thermo_style custom step c_most c_total c_far
run 0 post no
print "error: $(c_most:%.12g) $(c_total:%.12g) $(c_far)"
"""
WARNING = "the likely force error of"


class Uncertainty(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.getcwd())
        labeled(1, os.path.join(cls.folder, "data.extxyz"))
        lammps(TRAIN, folder=cls.folder)
        with open(os.path.join(cls.folder, "out.nnap.json")) as file:
            cls.limit = json.load(file)["uncertainty_limit"]

    def run_cell(self, scale, settings="", script=ERRORS, ranks=1, threads=1, style="nnap", hybrid="", **options):
        cell = CELL.format(scale=scale, settings=style + " " + settings, hybrid=hybrid)
        return lammps("variable limit index %.10g\n" % self.limit + cell + script, ranks, threads, folder=self.folder, **options)

    def test_inside_and_outside(self):
        inside = self.run_cell(1.0)
        most, total, far = inside.printed("error")
        self.assertGreater(most, 0.0)
        self.assertGreater(total, most)
        self.assertEqual(far, 0)
        self.assertNotIn(WARNING, inside.text)
        for scale, least in ((0.75, 1), (4.0, 16)):    # strong compression; a gas of atoms without neighbors: all of them
            outside = self.run_cell(scale)
            most, _, far = outside.printed("error")
            self.assertGreater(most, 2 * self.limit)
            self.assertGreaterEqual(far, least)
            self.assertIn("step 0: %s %d of 16 atoms is above %.3g eV/A" % (WARNING, far, self.limit), outside.text)
            self.assertIn("with %.3g eV/A" % most, outside.text)

    def test_the_same_as_nnap_test(self):
        """Two ways to the same numbers: frame 1 of the data in LAMMPS, and in nnap test."""
        with open(os.path.join(self.folder, "data.uncertainty.csv")) as file:
            rows = [row for row in csv.DictReader(file) if row["frame"] == "1"]
        self.assertEqual(len(rows), 16)
        run = self.run_cell(1.0, script="compute error all nnap/uncertainty\ndump 1 all custom 1 error.dump id c_error\nrun 0 post no\n")
        atoms = run.dump("error.dump")
        for number, row in enumerate(rows, start=1):
            self.assertAlmostEqual(atoms[number][0], float(row["uncertainty"]), delta=2e-4 * atoms[number][0])

    def test_ranks_and_threads_agree(self):
        one = self.run_cell(0.9).printed("error")
        for ranks, threads in ((2, 1), (4, 1), (1, 3)):
            for a, b in zip(self.run_cell(0.9, ranks=ranks, threads=threads).printed("error"), one):
                self.assertAlmostEqual(a, b, delta=1e-8 * b)
        for a, b in zip(self.run_cell(0.9, "precision mixed").printed("error"), one):
            self.assertAlmostEqual(a, b, delta=1e-4 * b)

    def test_fresh_in_each_run(self):
        """Repeated 'run 0' after atoms have been moved."""
        again = ERRORS + "change_box all x scale 0.8 y scale 0.8 z scale 0.8 remap\n" + ERRORS[ERRORS.index("run 0"):]
        self.assertEqual(self.run_cell(1.0, script=again).printed("error")[:2], self.run_cell(0.8).printed("error")[:2])

    def test_groups_and_hybrid(self):
        script = "group zr type 2\n" + ERRORS.replace("error all", "error zr")
        whole, part = self.run_cell(1.0).printed("error"), self.run_cell(1.0, script=script).printed("error")
        self.assertTrue(0.0 < part[1] < whole[1])
        hybrid = self.run_cell(1.0, "zbl 0.5 1.0", style="hybrid/overlay nnap", hybrid="nnap",
                               script="pair_coeff 1 1 zbl 29 29\npair_coeff 1 2 zbl 29 40\npair_coeff 2 2 zbl 40 40\n" + ERRORS)
        self.assertEqual(hybrid.printed("error"), whole)

    def test_limit_ignore_and_stop(self):
        for settings in ("extrapolation ignore", "limit 1e6"):
            self.assertNotIn(WARNING, self.run_cell(0.75, settings).text)
        self.assertIn("16 of 16 atoms is above 1e-06 eV/A", self.run_cell(1.0, "limit 1e-6").text)
        for ranks in (1, 2):
            text = self.run_cell(0.75, "extrapolation stop", ranks=ranks, expect_error=True, timeout=60).text
            self.assertRegex(text, r"ERROR.*step 0: %s \d+ of 16 atoms .*that of atom \d+ of type [12] with" % WARNING)

    def test_warns_again_when_twice_as_many_are_beyond(self):
        """A cell that shrinks: a few warnings, not one for each neighbor list."""
        text = self.run_cell(1.0, script="neigh_modify delay 0 every 1 check no\nfix 1 all deform 1 x scale 0.75 "
                             "y scale 0.75 z scale 0.75 remap x\nrun 200 post no\n").text
        self.assertTrue(1 <= text.count(WARNING) <= 5, text.count(WARNING))

    def test_positions_that_are_not_finite(self):
        """An atom that flies away to infinity, with neighbor lists that are never made anew: an error, not a run without it."""
        script = ("neigh_modify every 1000 delay 1000 check no\ngroup one id 5\nfix 1 all nve\n"
                  "fix 2 one addforce 1e308 0 0\ntimestep 10\nthermo 1000\nrun 500\n")
        for settings in ("extrapolation stop", "", "extrapolation ignore"):
            for ranks in (1, 2):
                text = self.run_cell(1.0, settings, script, ranks=ranks, expect_error=True, timeout=60).text
                self.assertRegex(text, r"ERROR.*Pair style nnap(/gpu)?: the position of atom 5 is not finite at step \d+")

    def test_what_is_refused(self):
        for name in ("gamma", "uncertainty"):
            text = self.run_cell(1.0, script="fix 1 all pair 1 %s %s 1\nrun 0\n" % (os.environ.get("PAIR_NNAP", "nnap"), name), expect_error=True).text
            self.assertIn("compute ID all nnap/uncertainty", text)
        text = self.run_cell(1.0, script=ERRORS.replace("nnap/uncertainty", "nnap/uncertainty 3"), expect_error=True).text
        self.assertIn("Compute nnap/uncertainty: '3' is one word too many", text)
        text = self.run_cell(1.0, script="pair_style zero 5\npair_coeff * *\n" + ERRORS, expect_error=True).text
        self.assertIn("Compute nnap/uncertainty: needs pair style nnap", text)

    def test_potentials_without_uncertainty(self):
        with open(os.path.join(self.folder, "out.nnap.json")) as file:
            potential = json.load(file)
        for model in potential["models"]:
            del model["uncertainty"]
        del potential["uncertainty_limit"]
        with open(os.path.join(self.folder, "plain.nnap.json"), "w") as file:
            json.dump(potential, file)

        def run_plain(settings, script, **options):
            cell = CELL.format(scale=1.0, settings="nnap " + settings, hybrid="").replace("out.nnap", "plain.nnap")
            return lammps("variable limit index 1\n" + cell + script, folder=self.folder, **options)
        run_plain("", "run 0 post no\n")
        for settings in ("extrapolation warn", "limit 1"):
            self.assertIn("does not say how large its errors are", run_plain(settings, "run 0\n", expect_error=True).text)
        self.assertIn("'nnap uncertainty' adds it", run_plain("", ERRORS, expect_error=True).text)

        # which it does: the same fit as that of nnap train, but for what the validation frames are
        text = lammps("nnap uncertainty data.extxyz again.nnap.json plain.nnap.json seed 2 validation 0.2\n"
                      "nnap info again.nnap.json\nnnap test data.extxyz again.nnap.json parity again\n",
                      2, folder=self.folder).text
        self.assertIn("likely force error of one training atom in 1000", text)
        for name in ("data", "again"):
            with open(os.path.join(self.folder, name + ".uncertainty.csv")) as file:
                rows = list(csv.DictReader(file))
            ratios = sorted(float(row["error"]) / float(row["uncertainty"]) for row in rows)
            self.assertTrue(0.7 < ratios[len(ratios) // 2] < 1.4, ratios[len(ratios) // 2])
        for words, expected in (("data.extxyz again.nnap.txt plain.nnap.json", "must end in .json"),
                                ("data.extxyz again.nnap.json", "a potential file"),
                                ("data.extxyz again.nnap.json plain.nnap.json validation 2", "0.9")):
            self.assertIn(expected, lammps("nnap uncertainty %s\n" % words, folder=self.folder, expect_error=True).text)


if __name__ == "__main__":
    unittest.main()
