# SPDX-License-Identifier: GPL-2.0-only
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
    """Straight branches that cross at the center, joined by a logistic function; eV/atom."""
    s = 1 / (1 + math.exp(-(temperature - center) / width))
    return -5 + 2.6e-4 * temperature + 1.2e-4 * s * (temperature - center)


def heating(blocks=10, noise=1e-3, step=20, **transition):
    """Lines of fix ave/time: a header, then blocks of isothermal holds from 300 to 1300 K, the coarse ones first."""
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
        center, error = self.number(run, "center")
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
        """Where two straight lines meet, of few holds; the corner of a pair of straight lines is exactly that."""
        run = self.run_on(heating(step=100, noise=0.0, width=1.0), "lines yes value v.dat", 2)
        self.assertAlmostEqual(self.number(run, "lines")[0], 820.0, places=3)
        with open(run.path("v.dat")) as file:
            self.assertAlmostEqual(float(file.read().split()[0]), 820.0, places=3)

    def test_refusal_lets_the_script_go_on(self):
        """Variables for the script: of a fit, and of data that are refused."""
        after = """
print "found: ${on_T} $(v_on_T-v_on_error)"
print "status ${on_status}, reason ${on_reason}"
onset heating.dat degree 2 curve c.dat value v.dat refuse warn result on
if "${on_status} == refused" then "print 'again: $(v_on_T) ${on_error}'"
print "reason ${on_reason}"
"""
        data = heating(step=130)    # enough for degree 1 alone
        run = self.run_on(data, "degree 1 curve c.dat value v.dat result on refuse warn", 2, after)
        onset, error = self.number(run, "T_onset")
        found = run.printed("found")
        self.assertAlmostEqual(found[0], onset, delta=0.01)
        self.assertAlmostEqual(found[0] - found[1], error, delta=0.1 * error)
        self.assertIn("status found, reason none", run.text)
        self.assertEqual(run.printed("again"), [0, 0])
        reason = "polynomials of degree 2 need at least 11 isothermal holds"
        self.assertIn("\nreason " + reason, run.text)
        self.assertIn("WARNING: Command onset: " + reason, run.text)
        with open(run.path("v.dat")) as file:
            self.assertEqual(file.read(), "0 # T_onset, refused\n0 # its error\n")
        with open(run.path("c.dat")) as file:
            self.assertEqual(file.read(), "# T H C_p glass; no T_onset\n")
        # a file that cannot be read is no refusal
        self.assertIn("cannot be opened", lammps("onset no.dat refuse warn\n", 2, expect_error=True).text)

    def test_resumed_run(self):
        """Lines that a resumed run writes again count once."""
        good = heating()
        lines = good.splitlines(True)
        torn = "".join(lines[:207]) + "".join(lines[202:])
        runs = [self.run_on(data, "degree 1") for data in (good, torn)]
        self.assertIn("5 lines are replaced by later ones", runs[1].text)
        self.assertEqual(*(self.number(run, "T_onset") for run in runs))

    def test_exact_data(self):
        """Equal blocks are not correlated: the onset is a width below the center, whatever the degree."""
        data = heating(noise=0, center=700.0)
        for words in ("", "degree 1", "degree 2"):
            with self.subTest(words):
                run = self.run_on(data, words)
                self.assertAlmostEqual(self.number(run, "T_onset")[0], 670.0, delta=0.1)
                self.assertIn("errors from the scatter around the fit", run.text)

    def test_degree_as_the_data_need(self):
        """Straight branches have degree 1; strongly bent ones degree 2, with the onset of the formula."""
        self.assertIn("polynomials of degree 1,", self.run_on(heating()).text)
        lines = []
        for number, line in enumerate(heating(noise=1e-4).splitlines()[2:]):
            step, temperature, value = (float(word) for word in line.split())
            lines.append("%d %g %.8f\n" % (step, temperature, value + 1e-7 * (temperature - 820) ** 2))
        run = self.run_on("".join(lines))
        self.assertIn("polynomials of degree 2,", run.text)
        onset, error = self.number(run, "T_onset")
        self.assertAlmostEqual(onset, 790.0, delta=4 * error)

    def test_seed(self):
        """The same seed, the same error; another seed another."""
        errors = [self.number(self.run_on(heating(), "degree 1 bootstrap 50 seed %d" % seed), "T_onset") for seed in (3, 3, 4)]
        self.assertEqual(errors[0], errors[1])
        self.assertNotEqual(errors[0][1], errors[2][1])
        self.assertEqual(errors[0][0], errors[2][0])

    def test_refused(self):
        good = heating()
        cases = (
            (heating(center=2000.0), "", "no transition lies within the isothermal holds, 300 to 1300"),
            (heating(step=150), "", "at least 9 isothermal holds"),
            (good + "1 two 3\n", "", "heating.dat, line %d" % (good.count("\n") + 1)),
            (good + "9999999 500 -4", "", "the last line has no end"),
            (good.replace("-4.", "-4e300", 1), "", "is not a number of at most 1e100"),
            (good, "degree 3", "degree must be one of 1, 2, auto, not '3'"),
            (good, "degree 1 degree 2", "keyword degree is given twice"),
            (good, "bootstrap -1", "bootstrap must be an integer from 0 to 1000000, not '-1'"),
            (good, "bootstrap 3000000000", "bootstrap must be an integer"),
            (good, "seed 1.5", "seed must be an integer"),
            (good, "curve ''", "the file of keyword curve is an empty word"),
            (good, "with heating.dat", "file heating.dat is given twice"),
            (good, "value heating.dat", "file heating.dat is given twice"),
            (good, "result a-b", "only letters, digits and underscores, not 'a-b'"),
            (good, "refuse no", "refuse must be one of stop, warn, not 'no'"),
            (good, "lines yes curve c.dat", "no curve of two lines"),
            (good, "curve", "the file of keyword curve is missing"),
            (good, "curves x", "unknown keyword 'curves'"),
            (good, "degree 1 curve no/such/folder", "cannot be written"),
        )
        for data, words, message in cases:
            with self.subTest(message):
                self.assertIn(message, self.run_on(data, words, 2, expect_error=True).text)
        self.assertIn("nothing.dat", lammps("onset nothing.dat\n", expect_error=True).text)


if __name__ == "__main__":
    unittest.main()
