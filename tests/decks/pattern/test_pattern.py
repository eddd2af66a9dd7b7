# SPDX-License-Identifier: GPL-2.0-only
"""The pattern command as users run it. Standard library only."""

import ast
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import lammps  # noqa: E402

SOLVE = "pattern solve 48 40 steps 3000 file mask.png fields f clusters c.dat "


def content(run, name):
    with open(run.path(name), "rb") as file:
        return file.read()


def npy(path):
    """Shape and values of an array of doubles, row by row, as numpy.lib.format describes the file."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", path
    length = struct.unpack("<H", data[8:10])[0]
    head = ast.literal_eval(data[10:10 + length].decode())
    assert head["descr"] == "<f8" and not head["fortran_order"], head
    return head["shape"], struct.unpack("<%dd" % (head["shape"][0] * head["shape"][1]), data[10 + length:])


def gray_picture(path):
    """Rows of an 8-bit gray PNG, the upper one first."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
            assert (depth, color) == (8, 0)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, rows, above = zlib.decompress(packed), [], [0] * width
    for y in range(height):
        kind, row = raw[y * (width + 1)], list(raw[y * (width + 1) + 1:(y + 1) * (width + 1)])
        for x in range(width):
            a, b, c = row[x - 1] if x else 0, above[x], above[x - 1] if x else 0
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            row[x] = (row[x] + (0, a, b, (a + b) // 2, paeth)[kind]) % 256
        rows.append(row)
        above = row
    return rows


def patches(rows):
    """Sizes of the clusters of true pixels by the periodic von Neumann neighborhood, largest first."""
    inside = {(x, y) for y, row in enumerate(rows) for x, pixel in enumerate(row) if pixel}
    nx, ny, sizes = len(rows[0]), len(rows), []
    while inside:
        queue = [inside.pop()]
        for x, y in queue:
            for other in (((x + 1) % nx, y), ((x - 1) % nx, y), (x, (y + 1) % ny), (x, (y - 1) % ny)):
                if other in inside:
                    inside.remove(other)
                    queue.append(other)
        sizes.append(len(queue))
    return sorted(sizes, reverse=True)


def reported(run, name):
    return float(re.search("%s +(\\S+)\n" % name, run.text).group(1))


class PatternSolve(unittest.TestCase):

    def test_same_files_on_any_ranks(self):
        runs = [lammps(SOLVE, ranks) for ranks in (1, 2, 4)]
        for name in ("f.u.npy", "f.v.npy", "mask.png", "c.dat"):
            for run in runs[1:]:
                self.assertEqual(content(run, name), content(runs[0], name), name)

    def test_files_agree(self):
        """Mask, picture, table and report against the fields."""
        run = lammps("pattern solve 60 50 tau 6 steps 10000 start fixed noise 0.1 file mask.png fields f clusters c.dat "
                     "structure s.dat\npattern solve 60 50 tau 6 steps 10000 start fixed noise 0.1 file mask.npy\n")
        (ny, nx), u = npy(run.path("f.u.npy"))
        shape, v = npy(run.path("f.v.npy"))
        self.assertEqual((nx, ny, shape), (60, 50, (50, 60)))
        self.assertLess(abs(sum(u) + sum(v) - 6 * nx * ny), 1e-11 * 6 * nx * ny)
        self.assertLess(abs(reported(run, "mass drift")), 1e-12)
        self.assertAlmostEqual(reported(run, "largest u"), max(u), places=4)
        rows = [[value > 4.37 for value in u[y * nx:(y + 1) * nx]] for y in range(ny)]
        self.assertTrue(0 < sum(map(sum, rows)) < nx * ny)
        self.assertAlmostEqual(reported(run, "area fraction"), sum(map(sum, rows)) / (nx * ny), places=5)
        # y upwards
        self.assertEqual(gray_picture(run.path("mask.png")), [[255 * pixel for pixel in row] for row in rows[::-1]])
        self.assertEqual(content(run, "mask.npy")[-nx * ny:], bytes(int(pixel) for row in rows for pixel in row))
        with open(run.path("c.dat")) as file:
            table = [line.split() for line in file if not line.startswith("#")]
        self.assertEqual([int(row[1]) for row in table], patches(rows))
        self.assertEqual(reported(run, "patches"), len(table))
        with open(run.path("s.dat")) as file:
            shells = [[float(x) for x in line.split()] for line in file if not line.startswith("#")]
        mean = sum(u) / len(u)
        variance = sum((x - mean) ** 2 for x in u) / len(u)
        self.assertAlmostEqual(sum(s[1] * s[2] for s in shells) / len(u), variance, delta=1e-6 * variance)

    def test_goes_on_after_a_kill(self):
        whole = lammps("pattern solve 128 128 steps 40000 fields f\n")
        folder = tempfile.mkdtemp(dir=os.getcwd())
        script = "pattern solve 128 128 steps 40000 fields f checkpoint 500 run.checkpoint\n"
        with open(os.path.join(folder, "in.deck"), "w") as file:
            file.write(script)
        checkpoint = os.path.join(folder, "run.checkpoint")
        run = subprocess.Popen([os.environ["LMP"], "-in", "in.deck", "-log", "none", "-screen", "none"], cwd=folder,
                               env=dict(os.environ, OMP_NUM_THREADS="1"))
        while not os.path.exists(checkpoint) and run.poll() is None:
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
        self.assertEqual(run.wait(), -signal.SIGKILL, "killed before its end")
        self.assertFalse(os.path.exists(os.path.join(folder, "f.u.npy")))
        # on another number of ranks; and once more, when there is nothing left to do
        for ranks in (2, 1):
            rest = lammps(script, ranks, folder=folder)
            step = int(re.search(r"going on from run.checkpoint at step (\d+)", rest.text).group(1))
            self.assertTrue(0 < step < 40000 if ranks == 2 else step == 40000, step)
            for name in ("f.u.npy", "f.v.npy"):
                self.assertEqual(content(rest, name), content(whole, name))
        for words, message in (("steps 40000 tau 4", "was written with other parameters (tau 4.5, now 4)"),
                               ("steps 40000 seed 2", "(seed 1, now 2)"), ("steps 20000", "beyond steps 20000")):
            other = lammps("pattern solve 128 128 %s checkpoint 500 run.checkpoint\n" % words, 2, folder=folder, expect_error=True)
            self.assertIn(message, other.text)
        with open(checkpoint, "rb") as file:
            whole = file.read()
        at = len(whole) // 3
        for other, message in ((whole[:100000], "was cut off"), (b"", "is empty"), (whole + b"x", "is followed by other data"),
                               (whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1:], "is damaged")):
            with open(checkpoint, "wb") as file:
                file.write(other)
            self.assertIn("run.checkpoint: the checkpoint " + message, lammps(script, 2, folder=folder, expect_error=True).text)

    def test_an_empty_mask_is_told(self):
        """A pattern without a pixel above the threshold has a warning, on one line of the screen."""
        run = lammps("pattern solve 16 16 steps 10 threshold 100 file mask.npy\n", 2)
        self.assertEqual(run.text.count("WARNING: pattern solve: the mask is empty"), 1)
        self.assertEqual(reported(run, "patches"), 0)
        self.assertNotIn("WARNING", lammps("pattern solve 16 16 steps 10 threshold 1\n").text)

    def test_schemes(self):
        """The spectral scheme on several ranks: as on one, to rounding; mass stays."""
        fields = []
        for ranks in (1, 2, 3):
            run = lammps("pattern solve 32 30 scheme spectral dt 0.05 steps 400 fields f\n", ranks)
            self.assertLess(abs(reported(run, "mass drift")), 1e-12)
            fields.append(npy(run.path("f.u.npy"))[1])
        for other in fields[1:]:
            self.assertLess(max(abs(a - b) for a, b in zip(fields[0], other)), 1e-9)

    def test_partitions(self):
        """Each partition solves its own."""
        run = lammps("variable tau world 4.5 6\npattern solve 32 32 tau ${tau} steps 100 fields f.${tau}\n", 4,
                     arguments=["-partition", "2x2", "-plog", "none", "-pscreen", "none"])
        for tau in (4.5, 6):
            u, v = (npy(run.path("f.%g.%s.npy" % (tau, name)))[1] for name in "uv")
            self.assertAlmostEqual((sum(u) + sum(v)) / 1024, tau, places=11)

    def test_wrong_use(self):
        for words, message in (("", "the first word is missing"), ("paint 8 8", "not 'paint'"), ("solve 8", "NY is missing"),
                               ("'' 8 8", "the first word is an empty word"), ("solve 8 '' tau 3", "NY is an empty word"), ("solve 8 8 file ''", "the file of the mask is an empty word"),
                               ("solve 8 8 fields ''", "the file of keyword fields is an empty word"), ("solve 8 4294967299", "NY must be an integer from 3 to 32768"),
                               ("solve 8 8 steps 18446744073709551617", "steps must be an integer"), ("solve 8 8 tau 3 dt 0.001 tau 4", "keyword tau is given twice"),
                               ("solve 8 2", "NY must be an integer from 3 to 32768, not '2'"),
                               ("solve 8 x", "NY must be an integer"), ("solve 8 8 tua 3", "unknown keyword 'tua'"),
                               ("solve 8 8 tau", "tau is missing"), ("solve 8 8 tau -1", "tau must be a number above 0, not '-1'"),
                               ("solve 8 8 delta nan", "delta must be a number"), ("solve 8 8 dt 1e999", "dt must be a number"),
                               ("solve 8 8 steps 1.5", "steps must be an integer"), ("solve 8 8 noise 2", "noise must be a number from 0 to 1"),
                               ("solve 8 8 start random", "not 'random'"), ("solve 8 8 start homogeneous 1.5", "slow fraction must be"),
                               ("solve 8 8 start fixed tau 2.9", "tau must be at least 3"), ("solve 8 8 scheme implicit", "not 'implicit'"),
                               ("solve 8 8 dt 0.1", "dt 0.1 is not below the limit"), ("solve 8 8 file mask.jpg", "must end in .png or .npy"),
                               ("solve 8 8 file no/mask.png", "there is no folder 'no'"), ("solve 8 8 checkpoint 0 c", "between checkpoints must be an integer from 1"),
                               ("solve 8 8 checkpoint 100", "file of the checkpoint is missing")):
            with self.subTest(words):
                self.assertIn(message, lammps("pattern %s\n" % words, 2, expect_error=True).text)
        self.assertIn("use fewer", lammps("pattern solve 8 3\n", 4, expect_error=True).text)


class Plate(unittest.TestCase):
    """From atoms to masks, and the sizes of patches."""

    # types 1 and 2, the second one slow, in a cell that is not a square; atoms leave it on all sides
    ATOMS = """\
units metal
region box {shape}
create_box 2 box
create_atoms 1 random 1500 11 box
mass * 1
region left block 5 25 INF INF INF INF
set region left type 2
displace_atoms all random 3 3 3 5
group slow type 2
pair_style zero 5
pair_coeff * *
run 0
"""

    def test_density_of_a_group(self):
        """Field and mask against a count of the dumped atoms; the same on any ranks."""
        for shape, axes, sides in (("block 0 41 0 30 0 12", "x y", (41, 30)), ("prism 0 41 0 30 0 12 6 0 0", "x y", (41, 30)),
                                   ("block 0 41 0 30 0 12", "z x", (12, 41))):
            for ranks in (1, 4):
                run = lammps(self.ATOMS.format(shape=shape)
                             + "write_dump all custom a.dump id type xs ys zs modify format float %%.15g\n"
                             "pattern map slow map.png axes %s mean 3.0 threshold 4.0 field u.npy\n" % axes, ranks)
                nx, ny = (round(side / 5.0) for side in sides)
                counts = [0.0] * (nx * ny)
                slow = [scaled for kind, *scaled in run.dump("a.dump").values() if kind == 2]
                for scaled in slow:
                    a, b = (scaled["xyz".index(axis)] % 1.0 for axis in axes.split())
                    counts[int(a * nx) + nx * int(b * ny)] += 3.0 * nx * ny / len(slow)
                shape_read, u = npy(run.path("u.npy"))
                self.assertEqual(shape_read, (ny, nx))
                for mine, read in zip(counts, u):
                    self.assertAlmostEqual(mine, read, places=12)
                self.assertEqual(gray_picture(run.path("map.png"))[::-1],
                                 [[255 if counts[x + nx * y] > 4.0 else 0 for x in range(nx)] for y in range(ny)])

    def test_an_empty_map_is_told(self):
        atoms = self.ATOMS.format(shape="block 0 41 0 30 0 12")
        self.assertEqual(lammps(atoms + "pattern map slow m.png threshold 1e9\n", 2).text.count("WARNING: pattern map: the mask is empty"), 1)

    def test_positions_that_are_not_finite(self):
        """An error names step and atom of the group."""
        script = (self.ATOMS.format(shape="block 0 41 0 30 0 12") + "group one id 9\nreset_timestep 12\nfix nve all nve\n"
                  "variable v atom 1e200*1e200-1e200*1e200\nvelocity one set v_v v_v v_v units box\n"
                  "neigh_modify delay 100 every 100 check no\nrun 1\npattern map all m.npy\n")
        self.assertIn("pattern map: the position of atom 9 is not finite at step 13", lammps(script, 2, expect_error=True, timeout=120).text)

    def test_radii_of_patches(self):
        """A square of four pixels, one over a face, and a single pixel: radii 2, sqrt(3), 1 times the pixel."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        rows = ["##....", "......", "...##.", "...##.", "......", "#....."]
        head = "{'descr': '|b1', 'fortran_order': False, 'shape': (6, 6), }".ljust(117) + "\n"
        with open(os.path.join(folder, "m.npy"), "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
            file.write(b"".join(bytes(c == "#" for c in row) for row in rows))
        run = lammps("pattern radii m.npy r.dat pixel 5\n", 2, folder=folder)
        found = re.search(r"(\d+) patches; mean radius (\S+) .*, (\S+) \(sqrt\(N_c/pi\)\); LSW mean (\S+)", run.text)
        mean = 5.0 * (2.0 + 3.0 ** 0.5) / 2
        self.assertEqual(found.group(1), "2")
        self.assertAlmostEqual(float(found.group(2)), mean, delta=1e-3 * mean)
        self.assertAlmostEqual(float(found.group(3)), mean / 3.14159265 ** 0.5, delta=1e-3 * mean)
        with open(run.path("r.dat")) as file:
            table = [[float(x) for x in line.split()] for line in file if not line.startswith("#")]
        self.assertEqual([row[1] for row in table][:2], [0, 2])    # sqrt(3) and 2 are nearest to 2
        self.assertEqual([row[0] for row in table][:2], [5, 10])
        self.assertGreater(float(found.group(4)), 2.0 / 3.0 * 10.0)

    def test_wrong_use_of_plates(self):
        atoms = self.ATOMS.format(shape="block 0 40 0 30 0 12")
        for line, words in (("pattern map slow", "the file of the mask is missing"), ("pattern map '' m.png", "the group is an empty word"), ("pattern map slow ''", "the file of the mask is an empty word"),
                            ("pattern map slow m.png pixel 1e-300", "too small for a side of 40"), ("pattern map slow m.png pixel 0.001", "too small for a side of 40"),
                            ("pattern map slow m.png pixel 4 pixel 5", "keyword pixel is given twice"), ("pattern map slow m.png mean inf", "mean must be a number above 0"),
                            ("pattern radii '' r.dat", "the file of the mask is an empty word"), ("pattern radii m.png r.dat threshold nan", "threshold must be a number"),
                            ("pattern map none m.png", "no group 'none'"), ("pattern map slow m.jpg", "m.jpg"),
                            ("pattern map slow m.png pixel 0", "above 0"), ("pattern map slow m.png axes x x", "different"),
                            ("pattern map slow m.png axes x w", "not 'w'"), ("pattern map slow m.png size 3", "unknown keyword 'size'"),
                            ("pattern map slow m.png field", "the file of the density is missing"), ("pattern map slow no/where.png", "no/where.png"),
                            ("pattern radii none.png r.dat", "none.png"), ("pattern radii none.png r.dat pixel", "pixel is missing"),
                            ("pattern map slow m.png threshold 1e9\npattern radii m.png r.dat", "no pixel is inside"),
                            ("pattern map slow m.png threshold 0\npattern radii m.png no/r.dat", "cannot be written"), ("pattern draw", "radii, not 'draw'")):
            with self.subTest(line):
                self.assertIn(words, lammps(atoms + line + "\n", 2, expect_error=True).text)
        self.assertIn("no simulation box", lammps("pattern map all m.png\n", expect_error=True).text)


if __name__ == "__main__":
    unittest.main()
