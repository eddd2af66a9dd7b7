# SPDX-License-Identifier: GPL-2.0-only
"""Pair style nnap/gpu with its kernels on the processor: what is its own, beside the tests of pair style nnap."""

import glob
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402
from test_nnap import POTENTIAL, REPORT, Case, atoms  # noqa: E402


class style:
    """Another variant of pair nnap than the environment asks for."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.before = os.environ["PAIR_NNAP"]
        os.environ["PAIR_NNAP"] = self.name

    def __exit__(self, *_):
        os.environ["PAIR_NNAP"] = self.before


class GPU(Case):
    def test_gives_what_nnap_gives(self):
        for shape, tilt in (("block", ""), ("prism", "1.2 0.4 -0.7")):
            cell = atoms(shape=shape, tilt=tilt)
            with style("nnap"):
                expected = lammps(cell + POTENTIAL + REPORT)
            self.assertIn("Pair style nnap:", expected.text)
            double = lammps(cell + POTENTIAL + REPORT, 2)
            self.assertIn("Pair style nnap/gpu:", double.text)
            self.assert_same_forces(double, expected, 1e-12)
            # stresses of a few meV, in units of 1.4e-14 eV for each bond
            self.assert_same_report(double, expected, 1e-10)
            mixed = lammps(cell + POTENTIAL.replace("pair_style nnap", "pair_style nnap precision mixed") + REPORT)
            self.assertIn("in mixed precision", mixed.text)
            self.assert_same_forces(mixed, expected, 1e-6)

    def assert_same_forces(self, run, other, relative):
        """And energies, in all and of each atom."""
        self.assert_close(run.printed("energy"), other.printed("energy"), relative)
        a, b = self.by_position(run), self.by_position(other)
        self.assertEqual(a.keys(), b.keys())
        for place in a:
            self.assert_close(a[place][:4], b[place][:4], relative, "atom at %s" % (place,))

    def test_the_suffix_chooses_it(self):
        cell = atoms() + POTENTIAL + "run 0\n"
        ways = {"suffix": ("suffix gpu\n" + cell, ()), "package": ("package gpu 1\nsuffix gpu\n" + cell, ()), "-sf": (cell, ("-sf", "gpu")),
                "-pk": (cell, ("-sf", "gpu", "-pk", "gpu", "1", "newton", "on")), "clear": (cell + "clear\n" + cell, ("-sf", "gpu"))}
        with style("nnap"):
            for way, (script, arguments) in ways.items():
                with self.subTest(way):
                    run = lammps(script, arguments=arguments)
                    self.assertEqual(run.text.count("Pair style nnap/gpu:"), script.count("run 0"))
                    self.assertNotIn("Pair style nnap:", run.text)

    def test_number_of_devices(self):
        """The processor is the only device here: one is enough for any number of ranks, two are too many."""
        lammps("package gpu 1\n" + atoms() + POTENTIAL + "run 0\n", 4)
        run = lammps("package gpu 2\n" + atoms() + POTENTIAL + "run 0\n", expect_error=True)
        self.assertIn("2 devices of a node were asked for, but this process sees 1", run.text)

    def test_wrong_words_of_package(self):
        for words, message in (("gpu", "number of devices of a node"), ("gpu -1", "from 0 to 1024"), ("gpu 1 split 0.5", "split"),
                               ("gpu 1 newton maybe", "maybe")):
            run = lammps("package " + words + "\n", expect_error=True)
            self.assertIn("Package gpu: ", run.text)
            self.assertIn(message, run.text)
        run = lammps("package gpu 1 newton off\n" + atoms() + POTENTIAL + "run 0\n", expect_error=True)
        self.assertIn("newton pair on", run.text)

    def test_the_same_bits_on_every_run(self):
        deck = atoms() + POTENTIAL + """
velocity all create 1000 4321 loop geom
fix 1 all nve
dump d all custom 1 dump.atoms id x y z fx fy fz
dump_modify d sort id format float %.17g
run 30 post no
"""
        first, second = (lammps(deck, 2).dump("dump.atoms") for _ in range(2))
        self.assertEqual(first, second)

    def test_partitions(self):
        run = lammps(atoms() + POTENTIAL + "run 5 post no\n", 2, arguments=("-partition", "2x1"))
        for k in (0, 1):
            with open(run.path("screen.%d" % k)) as file:
                self.assertIn("Pair style nnap/gpu:", file.read())

    def test_forces_that_do_not_fit_the_sums(self):
        """A billion times the energies: forces beyond 2048 eV/A are an error, not a wrong number."""
        with open(os.path.join(os.environ["LAMMPS_POTENTIALS"].split(":")[0], "random-default.nnap.json")) as file:
            potential = json.load(file)
        for model in potential["models"]:
            model["norm_sigma_eng"] = 1e9
        path = os.path.join(tempfile.mkdtemp(dir=os.getcwd()), "large.json")
        with open(path, "w") as file:
            json.dump(potential, file)
        run = lammps(atoms() + POTENTIAL.replace("random-default.nnap.json", path) + "run 0\n", expect_error=True)
        self.assertIn("(2048 eV/A of one neighbor) at step 0: do atoms lie on each other?", run.text)

    def test_no_device(self):
        """The plugin for devices, where there is none."""
        folder = os.environ["LAMMPS_PLUGIN_PATH"].split(":")[1]
        if not os.path.exists(os.path.join(folder, "turingglassgpuplugin.so")):
            self.skipTest("built without a CUDA compiler")
        if glob.glob("/dev/nvidia[0-9]*"):
            self.skipTest("there is a device")
        run = lammps(atoms() + POTENTIAL + "run 0\n", environment={"LAMMPS_PLUGIN_PATH": folder}, expect_error=True)
        self.assertIn("Pair style nnap/gpu:", run.text)
        self.assertIn("use pair style nnap", run.text)


if __name__ == "__main__":
    unittest.main()
