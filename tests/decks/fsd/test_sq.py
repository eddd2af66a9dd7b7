# SPDX-License-Identifier: GPL-2.0-only
"""compute sq as users run it. Standard library only."""

import math
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402

FCC = """\
units metal
lattice fcc 4.0
region box block 0 4 0 4 0 4
create_box 2 box
create_atoms 1 box
mass * 60
set group all type/fraction 2 0.5 3
pair_style zero 4.0
pair_coeff * *
"""
GAS = """\
units metal
region box {shape}
create_box 2 box
create_atoms 1 random 600 {seed} box
create_atoms 2 random 200 {seed}1 box
mass * 60
pair_style zero 4.0
pair_coeff * *
"""
OUT = "fix out all ave/time 1 1 1 c_s[*] mode vector file sq.dat format ' %.16g'\nrun 0\n"


class StructureFactor(unittest.TestCase):

    def rows(self, script, ranks=1):
        return lammps(script, ranks).tables("sq.dat")[0]

    def test_bragg_peaks(self):
        """fcc, 256 atoms: S = N at the vectors of the reciprocal lattice, hkl all even or all odd, 0 at all others."""
        rows = self.rows(FCC + "compute s all sq 4.6 2000 vectors 1000\n" + OUT, 2)
        peaks = {}
        for h in range(-3, 4):
            for k in range(-3, 4):
                for l in range(-3, 4):
                    if h % 2 == k % 2 == l % 2 and (h, k, l) != (0, 0, 0):
                        peaks[int(2 * math.pi / 4 * math.hypot(h, k, l) / 4.6 * 2000)] = h * h + k * k + l * l
        self.assertEqual(sorted(set(n for n in peaks.values() if n < 9)), [3, 4, 8])
        found = 0
        for number, (_, vectors, total, *_) in enumerate(rows):
            if not vectors:
                continue
            if number not in peaks:
                self.assertAlmostEqual(total, 0.0, delta=1e-9)
                continue
            found += 1
            # in units of 2 pi over the box: 16 (hkl)^2; some other vectors have the same length
            length = 16 * peaks[number]
            reach = range(-12, 13)
            ways = [(a, b, c) for a in reach for b in reach for c in reach if a * a + b * b + c * c == length]
            bragg = sum(all(x % 4 == 0 for x in w) and len({x // 4 % 2 for x in w}) == 1 for w in ways)
            self.assertEqual(2 * vectors, len(ways))
            self.assertAlmostEqual(total, 256 * bragg / len(ways), delta=1e-8)
        self.assertEqual(found, 3)

    def test_ideal_gas(self):
        """All are 1; the variance of |rho|^2/N is 1 for each vector, that of S_ab 1/(c_a c_b), unlike half."""
        sums, runs = {}, 0
        block, prism = "block 0 25 0 30 0 28", "prism 0 25 0 30 0 28 8 -5 4"
        for seed, shape in ((31, block), (57, prism), (83, block)):
            rows = self.rows(GAS.format(seed=seed, shape=shape) + "compute s all sq 6 6 vectors 600\n" + OUT, 2)
            runs += 1
            for number, row in enumerate(rows):
                sums[number] = [a + b for a, b in zip(sums.get(number, [0.0] * 6), row)]
        for number in range(1, 6):
            _, vectors, *values = sums[number]
            for value, variance in zip(values, (1.0, 1 / 0.75 ** 2, 0.5 / (0.75 * 0.25), 1 / 0.25 ** 2)):
                variance = variance if number else 0.0
                self.assertAlmostEqual(value / runs, 1.0, delta=4.5 * math.sqrt(variance / vectors))

    def test_ranks_agree(self):
        script = GAS.format(seed=31, shape="prism 0 25 0 30 0 28 8 -5 4")
        script += "group some type 1\ncompute s some sq 5 50\n" + OUT
        first, *others = [self.rows(script, ranks) for ranks in (1, 2, 4)]
        for rows in others:
            for a, b in zip(first, rows):
                for u, v in zip(a, b):
                    self.assertAlmostEqual(u, v, delta=1e-10 * max(1.0, abs(u)))

    def test_grid(self):
        """The transform of a grid gives what the sums over all vectors give, on any number of ranks."""
        head = GAS.format(seed=31, shape="prism 0 25 0 30 0 28 8 -5 4")
        exact = self.rows(head + "compute s all sq 6 60 vectors 100000\n" + OUT)
        for ranks in (1, 2, 4):
            grid = self.rows(head + "compute s all sq 6 60 grid yes\n" + OUT, ranks)
            self.assertEqual([row[:2] for row in grid], [row[:2] for row in exact])
            for a, b in zip(exact, grid):
                for u, v in zip(a, b):
                    self.assertAlmostEqual(u, v, delta=1e-4 * max(1.0, abs(u)))

    def test_wrong_use(self):
        cases = (
            ("sq 5", "the number of bins is missing"),
            ("sq '' 10", "the largest q is an empty word"),
            ("sq 0 10", "the largest q must be a number above 0"),
            ("sq nan 10", "the largest q must be a number above 0, not 'nan'"),
            ("sq 5 0", "the number of bins must be an integer from 1 to 2147483647, not '0'"),
            ("sq 5 4294967297", "not '4294967297'"),
            ("sq 5 2147483647", "the number of bins, 2147483647, would need"),
            ("sq 5 10 vectors", "vectors is missing"),
            ("sq 5 10 vectors 0", "vectors must be an integer from 1"),
            ("sq 5 10 vectors 5 vectors 6", "keyword vectors is given twice"),
            ("sq 5 10 grid perhaps", "perhaps"),
            ("sq 500 10 grid yes\nfix f all ave/time 1 1 1 c_s[1] mode vector", "wave vectors: lower it"),
            ("sq 5 10 most 3", "unknown keyword 'most'"),
            ("sq 5 10\nchange_box all boundary p p f", "periodic along three axes"),
        )
        for line, words in cases:
            with self.subTest(line):
                self.assertIn(words, lammps(FCC + "compute s all %s\nrun 0\n" % line, expect_error=True).text)


if __name__ == "__main__":
    unittest.main()
