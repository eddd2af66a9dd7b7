# SPDX-License-Identifier: GPL-2.0-only
"""Faults in the words of an input line: the same sentence in every style, on the screen of the run."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402

BOX = """
units metal
region box block 0 10 0 10 0 10
create_box 2 box
create_atoms 1 single 1 1 1
create_atoms 2 single 3 3 3
mass * 60
pair_style zero 4.0
pair_coeff * *
labelmap atom 1 O 2 Zr
"""

# a line of each style that reads an integer, with a value that wraps to a small one in 32 or in 64 bits
TOO_LARGE = (
    "compute 1 all fsd 1 q 2.7 origins 4294967297",
    "compute 1 all sq 10 4294967297",
    "compute 1 all dmin2 cutoff 5.0 reference lag 18446744073709551617",
    "fix 1 all insert/mask 1 4.7 18446744073709551617",
    "pattern solve 16 16 steps 18446744073709551617",
    "onset h.dat seed 4294967297",
    "nnap train data.xyz p.json elements Cu epochs 4294967297",
)

REPEATED = (
    "compute 1 all fsd 1 q 2.7 origins 4 origins 5",
    "compute 1 all sq 10 20 vectors 10 vectors 20",
    "compute 1 all dmin2 cutoff 5.0 cutoff 6.0",
    "compute 1 all ops 1 2 cutoff 2.8 cutoff 3.0",
    "pattern solve 16 16 tau 4.5 tau 3",
    "onset h.dat seed 1 seed 2",
    "nnap train data.xyz p.json elements Cu epochs 2 epochs 3",
    "pair_style nnap precision mixed precision double",
)

EMPTY = (
    'compute 1 all fsd "" q 2.7',
    'compute 1 all sq "" 10',
    'compute 1 all dmin2 cutoff ""',
    'compute 1 all ops "" 2',
    'pattern solve 16 16 file ""',
    'onset ""',
    'fsd vft ""',
    'nnap info ""',
    'remd demux "" a b',
    'pair_style nnap precision ""',
)


class Words(unittest.TestCase):
    def refused(self, lines, *sentences):
        for line in lines:
            with self.subTest(line=line):
                text = lammps(BOX + line + "\n", expect_error=True).text
                error = [words for words in text.splitlines() if words.startswith("ERROR")]
                self.assertTrue(error, text[-500:])
                self.assertTrue(any(sentence in error[0] for sentence in sentences), error[0])

    def test_integers_do_not_wrap(self):
        self.refused(TOO_LARGE, "must be an integer from")

    def test_keywords_come_once(self):
        self.refused(REPEATED, "is given twice")

    def test_no_word_is_empty(self):
        self.refused(EMPTY, "is an empty word")

    def test_types_have_labels(self):
        run = lammps(BOX + "compute 1 all ops O Zr\nrun 0\nprint \"types: 1\"\n")
        self.assertEqual(run.printed("types"), [1.0])

    def test_errors_of_one_partition_reach_the_screen(self):
        line = 'partition yes 2 compute 1 all fsd 1 q none\n'
        run = lammps(BOX + line + "run 0\n", ranks=2, arguments=("-partition", "1", "1"), expect_error=True)
        self.assertIn("ERROR in partition 2: Compute fsd: ", run.text)

    def test_errors_of_all_partitions_come_once(self):
        run = lammps(BOX + "compute 1 all fsd 1 q none\n", ranks=2, arguments=("-partition", "1", "1"), expect_error=True)
        self.assertEqual(run.text.count("Compute fsd: "), 1, run.text)


if __name__ == "__main__":
    unittest.main()
