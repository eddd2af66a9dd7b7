# SPDX-License-Identifier: GPL-2.0-only
"""The other examples with less of everything: their scripts run to the end and leave what their pages say."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import SOURCE, lammps  # noqa: E402


def example(topic, name, ranks, options=(), expect_error=False, folder=None, **values):
    with open(os.path.join(SOURCE, "examples", topic, name)) as file:
        potentials = os.path.join(SOURCE, "examples", "potentials") + ":" + os.environ.get("LAMMPS_POTENTIALS", "")
        words = [word for key, value in values.items() for word in ("-var", key, *str(value).split())]
        return lammps(file.read(), ranks, arguments=[*options, *words], environment={"LAMMPS_POTENTIALS": potentials},
                      expect_error=expect_error, folder=folder)


def numbers(path):
    with open(path) as file:
        return [[float(x) for x in line.split()] for line in file if line.strip() and not line.startswith("#")]


class Short(unittest.TestCase):

    def test_remd(self):
        run = example("remd", "in.remd", 4, ("-partition", "4x1"), t_melt=0.05, t_dynamics=0.2, t_exchange=1.0, t_run=1.2, data="last")
        with open(run.path("remd.log")) as file:
            lines = [line for line in file if not line.startswith("#")]
        self.assertEqual(int(lines[-1].split()[0]), 600)    # of 625 steps, with an attempt every 100
        # a sample for example onset
        run = example("onset", "in.onset", 1, folder=run.folder, expect_error=True, start="last.1000.data", quench=20000,
                      heat=500, T_last=350)
        with open(run.path("state.in")) as file:
            self.assertIn("variable next string 2\n", file.read())

    def test_ops(self):
        run = example("ops", "in.ops", 2, nx=6, ny=6, n_O=14, t_melt=0.1, t_relax=0.4, t_mean=0.2)
        rows = numbers(run.path("ops.dat"))
        self.assertEqual(rows[-1][0], 200)
        with open(run.path("summary.txt")) as file:
            self.assertIn("%d structures" % rows[-1][3], file.read())
        # the table of the structures, and their surfaces
        sizes = list(run.tables("clusters.dat").values())[-1]
        self.assertEqual(len(sizes), rows[-1][3])
        with open(run.path("surface.200.obj")) as file:
            self.assertEqual(file.read().count("\ng "), sum(size[-1] > 0 for size in sizes))
        for name in ("k_O-Zr", "k_O-Zr-O", "close"):
            self.assertEqual(sum(row[1] for row in run.tables("histogram_%s.dat" % name)[200]), 14 * 50)

    def test_pattern(self):
        run = example("pattern", "in.pattern", 2, nx=8, ny=8, t_melt=0.1, t_quench=0.1, t_relax=0.4)
        atoms = run.dump("inserted.lammpstrj")
        self.assertEqual(sum(row[0] == 1 for row in atoms.values()), 16)    # 3 % of 528
        self.assertEqual(len(run.dump("sample.lammpstrj")), 528)
        for name in ("mask.png", "map.png", "map.npy", "patches_mask.dat", "patches_map.dat", "summary.txt"):
            self.assertTrue(os.path.getsize(run.path(name)) > 0, name)

    def test_mobility(self):
        run = example("pattern", "in.mobility", 2, nx=5, ny=5, nz=5, t_melt=0.1, t_watch=0.4)
        self.assertRegex(run.text, r"pattern solve 256 256 tau 4.5 start homogeneous 0\.\d+ delta 0\.\d+ file")

    def test_dynamics(self):
        for oxygen in ("dispersed", "clustered"):
            run = example("dynamics", "in.dynamics", 2, oxygen=oxygen, nx=7, ny=7, nz=5, pixels=12, t_melt=0.1, t_relax=0.1,
                          t_watch=0.4, t_last=0.2, mincount=5)
            rows = numbers(run.path("dynamics.dat"))
            self.assertTrue(all(0.5 < row[5] <= 1.0 for row in rows[:3]), rows[:3])    # F soon after the origins
            self.assertEqual(len(list(run.tables("sq.dat").values())[-1]), 80)

    def test_vft(self):
        """Two temperatures, at which nothing has relaxed, so that the fit, the last line, has none; their tables are there."""
        run = example("dynamics", "in.vft", 2, expect_error=True, T="2200 1800", t_melt=0.1, t_relax=0.02, t_watch=0.2, t_last=0.04)
        self.assertIn("tau.dat: no row has a relaxation time (2 rows", run.text)
        self.assertEqual([row[0] for row in numbers(run.path("tau.dat"))], [2200, 1800])
        for _, tau, error, density in numbers(run.path("tau.dat")):
            self.assertEqual((tau, error), (0, 0))    # not reached in 0.04 ps
            self.assertTrue(7.0 < density < 9.0, density)
        for temperature in (2200, 1800):
            self.assertTrue(0.9 < numbers(run.path("F_%d.dat" % temperature))[0][5] <= 1.0)

    def test_onset(self):
        """A run that ends after three holds; another goes on with the fourth, then finer around where two lines meet; then
        the fit to all of them, which are too few."""
        words = dict(nx=4, ny=4, nz=4, t_melt=0.05, quench=20000, heat=500, fine=40, around=20)
        run = example("onset", "in.onset", 2, expect_error=True, T_last=400, **words)
        self.assertIn("two straight lines need at least 6 isothermal holds, there are 3", run.text)
        with open(run.path("state.in")) as file:
            self.assertIn("variable next string 3\n", file.read())
        run = example("onset", "in.onset", 2, folder=run.folder, T_last=550, **words)
        rows = numbers(run.path("heating.dat"))
        self.assertEqual([row[1] for row in rows[:6]], list(range(300, 551, 50)))
        self.assertGreater(len(rows), 6)
        with open(run.path("summary.txt")) as file:
            self.assertIn("E_IS      -4.", file.read())
        os.mkdir(run.path("more"))
        shutil.copy(run.path("heating.dat"), run.path("more"))
        run = example("onset", "in.fit", 1, expect_error=True, folder=run.folder, samples=". more")
        self.assertIn("polynomials of degree 1 need at least 9 isothermal holds, there are %d" % len(rows), run.text)
        with open(run.path("more/heating.dat"), "w") as file:
            file.write("# as of a sample that has only begun\n")
        run = example("onset", "in.fit", 1, expect_error=True, folder=run.folder, samples=". more")
        self.assertIn("the samples differ in the temperatures", run.text)

    def test_shear(self):
        """In a running box, and with oxygen step by step."""
        run = example("shear", "in.shear", 2, nx=5, ny=10, nz=5, t_melt=0.1, t_quench=0.1, rate=2.0)
        rows = numbers(run.path("shear.dat"))
        self.assertEqual(len(rows), 151)
        self.assertAlmostEqual(rows[-1][1], 2.0 * 0.002 * 1500, places=6)    # rate times time
        run = example("shear", "in.shear", 2, potential="nnap", percent=3, protocol="aqs", strain_end=0.002, nx=5, ny=10,
                      t_melt=0.1, t_quench=0.1)
        self.assertEqual([row[1] for row in numbers(run.path("shear.dat"))], [0.001, 0.002])
        self.assertEqual(len(run.dump("atoms.dump")), 412)    # 3 % O to 400 metal atoms

    def test_isoconfigurational(self):
        """Propensities and displacement factors; their definition, from the dump alone."""
        run = example("dynamics", "in.isoconfigurational", 2, nx=5, ny=5, nz=5, n_O=12, t_melt=0.1, t_relax=0.1, t_run=0.1, runs=2)
        rows = list(run.dump("factor.lammpstrj").values())
        mean = sum(row[4] for row in rows) / len(rows)
        self.assertGreater(mean, 0.1)
        for row in rows:
            self.assertAlmostEqual(row[5], 1 - min(row[4], mean) / mean, places=4)


if __name__ == "__main__":
    unittest.main()
