# SPDX-License-Identifier: GPL-2.0-only
"""examples/train from the labels to the end of the loop, with less of everything."""

import csv
import gzip
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import SOURCE, lammps  # noqa: E402

EXAMPLE = os.path.join(SOURCE, "examples", "train")
FRAMES, TRAJECTORIES = 4, 21
SHORT = {"t_melt": 0.6, "t_cool": 0.6, "t_watch": 1}    # ps


def variables(**values):
    return [word for name, value in values.items() for word in ("-var", name, str(value))]


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


class Train(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=os.getcwd())
        for name in ("in.label", "in.train", "in.explore", "in.relabel", "loop.sh"):
            shutil.copy(os.path.join(EXAMPLE, name), cls.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run_script(self, name, ranks, **values):
        with open(self.path(name)) as file:
            return lammps(file.read(), ranks, folder=self.folder, arguments=variables(**values))

    def test_from_labels_to_the_end_of_the_loop(self):
        self.run_script("in.label", 1, seed=1, frames=FRAMES, **SHORT)
        self.run_script("in.label", 1, set="test", seed=2, frames=1, **SHORT)
        with gzip.open(self.path("CuZr-train.extxyz.gz"), "rt") as file:
            self.assertEqual(file.read().count("energy="), FRAMES * TRAJECTORIES)

        # against a potential that knows no forces at all
        self.run_script("in.train", 2, epochs=20)
        forces = rows(self.path("test.force.csv"))
        self.assertEqual(len(forces), 3 * 54 * TRAJECTORIES)
        labels = [float(row["label"]) for row in forces]
        errors = [float(row["prediction"]) - float(row["label"]) for row in forces]
        self.assertLess(math.hypot(*errors), 0.4 * math.hypot(*labels))

        # one rank: LMP of the environment
        command = ["bash", "loop.sh", *variables(epochs=20, t_explore=3, **SHORT)]
        done = subprocess.run(command, cwd=self.folder, env=dict(os.environ, ROUNDS="2"), timeout=900, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        print(done.stdout)
        rounds = rows(self.path("loop", "loop.csv"))
        self.assertGreater(int(rounds[1]["frames"]), 0)
        trained = [row for row in rounds if row["squeezed_F"] != "-"]
        first, last = trained[0], trained[-1]
        self.assertLess(float(last["squeezed_F"]), 0.95 * float(first["squeezed_F"]))
        self.assertLess(float(last["squeezed_E"]), 0.5 * float(first["squeezed_E"]))

        def likely_error(row):
            atoms = rows(self.path("loop", row["round"], "squeezed.uncertainty.csv"))
            return math.hypot(*(float(atom["uncertainty"]) for atom in atoms)) / len(atoms) ** 0.5

        self.assertLess(likely_error(last), 0.8 * likely_error(first))


if __name__ == "__main__":
    unittest.main()
