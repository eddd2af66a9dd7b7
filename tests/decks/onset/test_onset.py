"""The onset command as users run it. Standard library only."""

import math
import os
import random
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402


def enthalpy(temperature, center=820.0, width=30.0):
    """Straight branches that cross at the centre, joined by a logistic function; eV/atom."""
    s = 1 / (1 + math.exp(-(temperature - center) / width))
    return -5 + 2.6e-4 * temperature + 1.2e-4 * s * (temperature - center)


def heating(blocks=10, noise=1e-3, step=20, **transition):
    """Lines of fix ave/time: a header, then blocks of stays from 300 to 1300 K, the coarse ones first."""
    generator = random.Random(5)
    lines = ["# Time-averaged data for fix blocks", "# TimeStep v_T_set v_H"]
    temperatures = [*range(300, 1301, step), *range(750, 900, step)]
    for number, temperature in enumerate(temperatures):
        for block in range(blocks):
            value = enthalpy(temperature, **transition) + generator.gauss(0, noise)
            lines.append("%d %d %.8f" % (100 * (number * blocks + block), temperature, value))
    return "\n".join(lines) + "\n"


class Onset(unittest.TestCase):

    def run_on(self, data, words="", ranks=1, more="", **options):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        with open(os.path.join(folder, "heating.dat"), "w") as file:
            file.write(data)
        return lammps("onset heating.dat %s\n%s" % (words, more), ranks, folder=folder, **options)

    def number(self, run, name):
        return [float(x) for x in re.search(r"^  %s = (\S+) \+- ([^,\s]+)" % re.escape(name), run.text, re.M).groups()]

    def test_crossing_lines(self):
        """Of straight branches the onset is a width below their crossing."""
        run = self.run_on(heating(), "degree 1 curve c.dat value v.dat", 2,
                          "variable T file v.dat\nprint 'read: ${T}'\n")
        onset, error = self.number(run, "T_onset")
        self.assertTrue(0.5 < error < 12, error)
        self.assertAlmostEqual(onset, 790.0, delta=4 * error)
        self.assertAlmostEqual(run.printed("read")[0], onset, places=2)
        center, error = self.number(run, "centre")
        self.assertAlmostEqual(center, 820.0, delta=4 * error)
        with open(run.path("c.dat")) as file:
            rows = [[float(x) for x in line.split()] for line in file if not line.startswith("#")]
        self.assertEqual(len(rows), 401)
        for (t, h, _, _), (t_next, h_next, _, _) in zip(rows, rows[1:]):
            self.assertGreater(t_next, t)
            self.assertGreater(h_next, h)
        # C_p is the derivative of H
        for before, here, after in zip(rows, rows[1:], rows[2:]):
            self.assertAlmostEqual((after[1] - before[1]) / (after[0] - before[0]), here[2], delta=2e-6)

    def test_lines(self):
        """Where two straight lines meet, of few stays; the corner of a pair of straight lines is exactly that."""
        run = self.run_on(heating(step=100, noise=0.0, width=1.0), "lines yes value v.dat", 2)
        self.assertAlmostEqual(self.number(run, "lines")[0], 820.0, places=3)
        with open(run.path("v.dat")) as file:
            self.assertAlmostEqual(float(file.read().split()[0]), 820.0, places=3)

    def test_seed(self):
        """The same seed, the same error; another seed another."""
        errors = [self.number(self.run_on(heating(), "degree 1 bootstrap 50 seed %d" % seed), "T_onset") for seed in (3, 3, 4)]
        self.assertEqual(errors[0], errors[1])
        self.assertNotEqual(errors[0][1], errors[2][1])
        self.assertEqual(errors[0][0], errors[2][0])

    def test_refused(self):
        good = heating()
        cases = (
            (heating(center=2000.0), "", "no transition lies within the stays, 300 K to 1300 K"),
            (heating(step=150), "", "stays at least"),
            (good + "1 two 3\n", "", "heating.dat, line %d" % (good.count("\n") + 1)),
            (good, "degree 3", "degree is 1 or 2"),
            (good, "bootstrap -1", "at least 0"),
            (good, "lines yes curve c.dat", "no curve of two lines"),
            (good, "curve", "keyword curve needs a value"),
            (good, "curves x", "unknown keyword 'curves'"),
            (good, "degree 1 curve no/such/folder", "cannot be written"),
        )
        for data, words, message in cases:
            with self.subTest(message):
                self.assertIn(message, self.run_on(data, words, 2, expect_error=True).text)
        self.assertIn("nothing.dat", lammps("onset nothing.dat\n", expect_error=True).text)


if __name__ == "__main__":
    unittest.main()
