# SPDX-License-Identifier: GPL-2.0-only
"""The frames that examples/train/frames.py makes (crystals are what their names say, cells are sound, seeds count), and how
gather.py joins labeled ones."""

import gzip
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ImportError:
    np = None

SCRIPT = os.path.join(os.environ["SOURCE"], "examples", "train", "frames.py")


def distances(cell, x, center, others):
    """Sorted distances from one atom to all images of `others` in a cell that may be small."""
    steps = np.array([(a, b, c) for a in range(-3, 4) for b in range(-3, 4) for c in range(-3, 4)]) @ cell
    d = (x[others][:, None] + steps[None] - x[center]).reshape(-1, 3)
    r = np.sort(np.linalg.norm(d, axis=1))
    return r[r > 1e-6]


@unittest.skipIf(np is None, "numpy is not installed")
class Frames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        spec = importlib.util.spec_from_file_location("frames", SCRIPT)
        cls.module = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode = True
        spec.loader.exec_module(cls.module)

    def shell(self, structure, center=0, other=None, within=1.02):
        """Number of nearest neighbors of the first atom of kind `center` that are of kind `other`, and their distance."""
        cell, sites = structure
        cell = np.array(cell, float)
        kinds = [kind for kind, _ in sites]
        x = np.array([place for _, place in sites]) @ cell
        chosen = [n for n, kind in enumerate(kinds) if other is None or kind == other]
        r = distances(cell, x, kinds.index(center), chosen)
        return int(np.sum(r < within * r[0])), r[0], abs(np.linalg.det(cell)) / len(sites)

    def test_close_packings(self):
        m = self.module
        for sequence in ("AB", "ABC", "ABAC", "ABABCBCAC"):
            count, r, volume = self.shell(m.close_packed(sequence))
            self.assertEqual(count, 12, sequence)
            self.assertAlmostEqual(volume / r ** 3, 0.5 ** 0.5, delta=1e-3)
        self.assertEqual(self.shell(m.ELEMENTARY["bcc"])[0], 8)
        self.assertEqual(self.shell(m.ELEMENTARY["diamond"])[0], 4)
        self.assertEqual(self.shell(m.ELEMENTARY["simple_cubic"])[0], 6)

    def test_compounds(self):
        """Ideal Laves phases: 6 B at sqrt(2)/4 a around B, 12 B at sqrt(11)/8 a and 4 A at sqrt(3)/4 a around A."""
        c = self.module.COMPOUND
        self.assertEqual(self.shell(c["B2"], 0, 1)[0], 8)
        self.assertEqual(self.shell(c["B1"], 0, 1)[0], 6)
        self.assertEqual(self.shell(c["B3"], 0, 1)[0], 4)
        self.assertEqual(self.shell(c["L1_2"], 1, 0)[0], 12)
        for pair, count, distance in (((0, 0), 6, 2 ** 0.5 / 4), ((1, 0), 12, 11 ** 0.5 / 8), ((1, 1), 4, 3 ** 0.5 / 4)):
            found, r, _ = self.shell(c["C15"], *pair)
            self.assertEqual(found, count, pair)
            self.assertAlmostEqual(r, distance, places=6)
        self.assertEqual([self.shell(c["C14"], 1, other, 1.06)[0] for other in (0, 1)], [12, 4])

    def test_oxides(self):
        o = self.module.OXIDES
        self.assertEqual((self.shell(o["fluorite"], 0, 1)[0], self.shell(o["fluorite"], 1, 0)[0]), (8, 4))
        self.assertEqual((self.shell(o["cuprite"], 0, 1)[0], self.shell(o["cuprite"], 1, 0)[0]), (2, 4))
        # baddeleyite: seven O around Zr between 2.05 and 2.29 A
        cell, sites = self.module.MONOCLINIC
        x = np.array([place for _, place in sites]) @ np.array(cell)
        r = distances(np.array(cell), x, 0, list(range(4, 12)))
        self.assertEqual(int(np.sum(r < 2.4)), 7)
        self.assertGreater(r[0], 2.03)
        self.assertLess(r[6], 2.32)

    def made(self, elements, seed):
        frames = self.module.Frames(seed)
        self.module.phases(frames, elements)
        if "O" in elements:
            self.module.oxides(frames, ["Zr", "Cu"])
            self.module.zirconia(frames)
            self.module.suboxides(frames)
        self.module.molecules(frames, elements)
        self.module.surfaces(frames, elements)
        return frames

    def test_frames_are_sound_and_repeatable(self):
        for elements in (["Zr", "Cu", "O"], ["Ti", "Zr", "Hf", "Co"]):
            frames = self.made(elements, 3)
            for kind, cell, species, x in frames.list:
                self.assertGreater(np.linalg.det(cell), 1.0, kind)
                self.assertEqual(x.shape, (len(species), 3), kind)
                self.assertTrue(np.isfinite(x).all(), kind)
                self.assertLessEqual(set(species), set(elements), kind)
            self.assertEqual(self.text(frames), self.text(self.made(elements, 3)))
            self.assertNotEqual(self.text(frames), self.text(self.made(elements, 4)))

    def text(self, frames):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "frames.extxyz")
            self.module.write(frames, path)
            with open(path, encoding="ascii") as file:
                return file.read()


@unittest.skipIf(np is None, "numpy is not installed")
class Gather(unittest.TestCase):
    def test_weights_lone_atoms_and_violent_frames(self):
        def frame(kind, length, energy, atoms, force=0.1):
            rows = "".join("%s %g %g %g %g 0 0\n" % (*atom, force) for atom in atoms)
            return ('%d\nLattice="%g 0 0 0 %g 0 0 0 %g" Properties=species:S:1:pos:R:3:forces:R:3 energy=%g config_type=%s\n%s'
                    % (len(atoms), length, length, length, energy, kind, rows))
        text = (frame("gas", 20, -4.0, [("Zr", 0, 0, 0), ("Cu", 1, 1, 19), ("Cu", 9, 9, 9)])    # the first two are neighbors
                + frame("isolated", 30, -0.6, [("O", 3, 3, 3)])
                + frame("glass", 3, -9.0, [("Zr", 0, 0, 0), ("Cu", 1.5, 1.5, 1.5)])
                + frame("glass", 3, -9.0, [("Zr", 0, 0, 0), ("Cu", 1.5, 1.5, 0.5)], force=151))
        with tempfile.TemporaryDirectory() as folder:
            data, out = os.path.join(folder, "data.extxyz"), os.path.join(folder, "out.extxyz.gz")
            with open(data, "w", encoding="ascii") as file:
                file.write(text)
            subprocess.run([sys.executable, os.path.join(os.path.dirname(SCRIPT), "gather.py"), out, data, "--lone", "-0.6"],
                           check=True, stdout=subprocess.DEVNULL)
            with gzip.open(out, "rt") as file:
                found = re.findall(r" energy=(\S+) config_type=(\S+) weight=(\S+)", file.read())
        self.assertEqual([(kind, float(energy)) for energy, kind, _ in found], [("gas", -3.4), *[("isolated", 0.0)] * 20, ("glass", -9.0)])
        self.assertEqual([float(weight) for *_, weight in found], [0.3, *[1.0] * 20, 1.0])


if __name__ == "__main__":
    unittest.main()
