# SPDX-License-Identifier: GPL-2.0-only
"""The extrapolation grade in LAMMPS: fix pair, the warning, the stop, ranks."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402
from test_nnap_train import LABELS, labeled  # noqa: E402

TRAIN = "nnap train data.extxyz out.nnap.json elements Cu Zr nmax 3 lmax 2 rcut 4.5 hidden 4 epochs 1 batch 2 average 0.9\n"

# The first configuration of the training trajectory, its cell made larger or smaller by `scale`.
CELL = LABELS.format(seed=1).split("pair_style")[0] + """
change_box all x scale {scale} y scale {scale} z scale {scale} remap
pair_style nnap {settings}
pair_coeff * * out.nnap.json Cu Zr
"""
GRADES = """
fix gamma all pair 1 nnap gamma 1
compute most all reduce max f_gamma
compute total all reduce sum f_gamma
variable far atom f_gamma>2
compute far all reduce sum v_far
thermo_style custom step c_most c_total c_far
run 0 post no
print "gamma: $(c_most:%.12g) $(c_total:%.12g) $(c_far)"
"""


class Grade(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.getcwd())
        labeled(1, os.path.join(cls.folder, "data.extxyz"))
        lammps(TRAIN, folder=cls.folder)

    def run_cell(self, scale, settings="", script=GRADES, ranks=1, threads=1, **options):
        return lammps(CELL.format(scale=scale, settings=settings) + script, ranks, threads, folder=self.folder, **options)

    def test_inside_and_outside(self):
        inside = self.run_cell(1.0)
        most, total, far = inside.printed("gamma")
        self.assertGreater(most, 0.0)
        self.assertLess(most, 1.2)    # the first frame itself, or one of its trajectory, is in the training set
        self.assertGreater(total, most)
        self.assertEqual(far, 0)
        self.assertNotIn("outside the potential's training range", inside.text)
        self.assertGreater(self.run_cell(1.3).printed("gamma")[0], 1.5)
        for scale in (0.85, 0.8):
            outside = self.run_cell(scale)
            most, _, far = outside.printed("gamma")
            self.assertGreater(most, 2.0)
            self.assertIn("step 0: %d of 16 atoms are outside the potential's training range" % far, outside.text)
            self.assertIn("with %.3g " % most, outside.text)

    def test_ranks_and_threads_agree(self):
        one = self.run_cell(0.9).printed("gamma")
        for ranks, threads in ((2, 1), (4, 1), (1, 3)):
            for a, b in zip(self.run_cell(0.9, ranks=ranks, threads=threads).printed("gamma"), one):
                self.assertAlmostEqual(a, b, delta=1e-8 * b)

    def test_limit_ignore_and_stop(self):
        text = self.run_cell(0.85, "extrapolation ignore").text
        self.assertNotIn("outside the potential's training range", text)
        text = self.run_cell(0.85, "limit 1e6").text
        self.assertNotIn("outside the potential's training range", text)
        for ranks in (1, 2):
            text = self.run_cell(0.85, "extrapolation stop", ranks=ranks, expect_error=True, timeout=60).text
            self.assertRegex(text, r"ERROR.*step 0: \d+ of 16 atoms are outside .*farthest atom \d+ of type [12] with")

    def test_warns_again_when_twice_as_many_are_outside(self):
        """A cell that shrinks: a few warnings, not one for each neighbor list."""
        text = self.run_cell(1.0, script="neigh_modify delay 0 every 1 check no\nfix 1 all deform 1 x scale 0.8 "
                             "y scale 0.8 z scale 0.8 remap x\nrun 200 post no\n").text
        warnings = text.count("outside the potential's training range")
        self.assertTrue(1 <= warnings <= 5, warnings)

    def test_positions_that_are_not_finite(self):
        """An atom that flies away to infinity, with neighbor lists that are never made anew: an error, not a run without it."""
        script = ("neigh_modify every 1000 delay 1000 check no\ngroup one id 5\nfix 1 all nve\n"
                  "fix 2 one addforce 1e308 0 0\ntimestep 10\nthermo 1000\nrun 500\n")
        for settings in ("extrapolation stop", "", "extrapolation ignore"):
            for ranks in (1, 2):
                text = self.run_cell(1.0, settings, script, ranks=ranks, expect_error=True, timeout=60).text
                self.assertRegex(text, r"ERROR.*Pair style nnap: the position of atom 5 is not finite at step \d+")

    def test_no_grades_of_another_step(self):
        """Without the flag nobody asks for grades; after a step without, there are none to be had."""
        text = self.run_cell(1.0, "extrapolation ignore", GRADES.replace("gamma 1", "gamma 0"), expect_error=True).text
        self.assertIn("cannot extract property gamma", text)

    def test_potentials_without_a_range(self):
        cell = CELL.format(scale=1.0, settings="%s").replace("out.nnap.json", "random-default.nnap.json")
        lammps(cell % "" + "run 0 post no\n", folder=self.folder)
        text = lammps(cell % "extrapolation warn" + "run 0\n", folder=self.folder, expect_error=True).text
        self.assertIn("does not say what it was trained on", text)
        text = lammps(cell % "" + GRADES, folder=self.folder, expect_error=True).text
        self.assertIn("gamma_flag", text)


if __name__ == "__main__":
    unittest.main()
