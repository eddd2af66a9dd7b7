# SPDX-License-Identifier: GPL-2.0-only
"""nnap train and nnap test in LAMMPS: data labeled by another pair style, ranks, resume, bad data."""

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import flipped, lammps, shared  # noqa: E402

# Labels from a pair style of LAMMPS: short runs of a Cu-Zr crystal that melts.
LABELS = """
units metal
atom_modify map yes sort 0 0
lattice bcc 3.2
region box prism 0 2 0 2 0 2 0.4 -0.3 0.2
create_box 2 box
create_atoms 1 box basis 2 2
mass * 70
pair_style morse 4.5
pair_coeff * * 0.3 1.4 2.75
pair_coeff 1 2 0.4 1.4 2.65
pair_modify shift yes
velocity all create 3000 {seed} loop geom
fix 1 all nvt temp 2500 2500 0.05
timestep 0.002
"""


def labeled(seed, path, damage=None):
    """Runs LABELS and labels its frames; `damage` may change the text of each frame of a .gz file."""
    folder, name = os.path.split(path)
    label = "nnap label %s elements Cu Zr config_type morse traj $(%d+floor(step/100):%%.0f)" % (name, 1000 * seed)
    lammps(LABELS.format(seed=seed) + '%s\nrun 1000 every 25 "%s"\n' % (label, label), folder=folder)
    if damage:
        with gzip.open(path, "rt") as file:
            lines = file.readlines()
        with gzip.open(path, "wt") as file:
            file.writelines(damage(k // 18, "".join(lines[k:k + 18])) for k in range(0, len(lines), 18))


class Training(unittest.TestCase):
    train = ("nnap train data.extxyz.gz out.nnap.json elements Cu Zr nmax 4 lmax 3 rcut 4.5 hidden 8 8 "
             "batch 2 average 0.99 %s\n")

    def folder(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        labeled(1, os.path.join(folder, "data.extxyz.gz"))
        return folder

    @staticmethod
    def weights(folder):
        with open(os.path.join(folder, "out.nnap.json")) as file:
            return file.read()

    def test_learns_a_pair_style_and_runs_it(self):
        """Train on labels of LAMMPS's morse, then compare forces on a configuration of another run."""
        folder = self.folder()
        labeled(2, os.path.join(folder, "unseen.extxyz"))
        text = lammps(self.train % "epochs 150" + "nnap test unseen.extxyz out.nnap.json parity unseen\n", 2,
                      folder=folder).text
        row = re.search(r"^all frames +41 +(\S+) +(\S+) +(\S+) +(\S+)", text, re.MULTILINE)
        self.assertIsNotNone(row, text[-2000:])
        with open(os.path.join(folder, "unseen.force.csv")) as file:
            pairs = [[float(w) for w in line.split(",")] for line in file.readlines()[1:]]
        self.assertEqual(len(pairs), 41 * 16 * 3)
        rms = (sum(label * label for label, _ in pairs) / len(pairs)) ** 0.5
        error = (sum((a - b) ** 2 for a, b in pairs) / len(pairs)) ** 0.5
        self.assertAlmostEqual(float(row.group(4)), error, delta=1e-4)    # the table is the parity file's
        self.assertLess(error, 0.1 * rms)
        # pair style nnap gives the energy that nnap test predicted for the first frame
        with open(os.path.join(folder, "unseen.energy.csv")) as file:
            rows = [line.strip().split(",") for line in file.readlines()[1:]]
        predicted = {int(r[0]): float(r[4]) for r in rows}[1]
        start = LABELS.format(seed=2).split("pair_style")[0]
        run = lammps(start + 'pair_style nnap\npair_coeff * * out.nnap.json Cu Zr\nrun 0 post no\n'
                     'print "energy: $(pe/atoms:%.16g)"\n', folder=folder)
        self.assertAlmostEqual(run.printed("energy")[0], predicted, delta=1e-7)

    def test_same_seed_same_weights_and_resume(self):
        deck = self.train % "epochs 6 seed 5"
        whole, again = self.folder(), self.folder()
        lammps(deck, 2, folder=whole)
        lammps(deck, 2, folder=again)
        self.assertEqual(self.weights(again), self.weights(whole))
        finished = lammps(deck, 2, folder=whole).text    # nothing left to do
        self.assertIn("going on from", finished)
        self.assertEqual(self.weights(again), self.weights(whole))
        refused = lammps(self.train % "epochs 6 seed 6", 2, folder=again, expect_error=True).text
        self.assertIn("of another training", refused)
        other = deck.replace("rcut 4.5", "rcut 4.4")
        self.assertIn("of another training", lammps(other, 2, folder=again, expect_error=True).text)
        lammps(self.train % "epochs 2 seed 6 resume no", 2, folder=again)
        self.assertNotEqual(self.weights(again), self.weights(whole))

    def test_kept_descriptors_train_alike(self):
        losses = []
        for memory in ("0", "0.001", "1"):    # nothing, a part, all
            folder = self.folder()
            text = lammps(self.train % ("epochs 1 memory " + memory), 2, folder=folder).text
            self.assertEqual("frames are kept" in text, memory != "0")
            with open(os.path.join(folder, "out.nnap.json.csv")) as file:
                losses.append([float(word) for word in file.readlines()[1].split(",")[1:3]])
        for loss in losses[1:]:
            for a, b in zip(loss, losses[0]):
                self.assertAlmostEqual(a, b, delta=1e-2 * b)

    def test_kept_descriptors_keep_type_weights(self):
        """With memory only the networks go on learning."""
        folder = self.folder()
        first = self.train % "wtype rfuse 2 epochs 4"
        text = lammps(first.replace("epochs", "memory 1 epochs"), folder=folder, expect_error=True).text
        self.assertIn("go on from that potential with 'start' and 'memory'", text)
        lammps(first, folder=folder)
        lammps("nnap train data.extxyz.gz next.nnap.json start out.nnap.json epochs 3 batch 2 memory 1\n", folder=folder)
        potentials = []
        for name in ("out.nnap.json", "next.nnap.json"):
            with open(os.path.join(folder, name)) as file:
                potentials.append(json.load(file))
        for before, after in zip(*(p["models"] for p in potentials)):
            self.assertEqual(before["basis"], after["basis"])
            self.assertNotEqual(before["nn"], after["nn"])

    def test_start_from_a_potential(self):
        """Going on from what was learned begins where that ended, and keeps elements and shape."""
        folder = self.folder()
        lammps(self.train % "epochs 30", folder=folder)
        lammps("nnap train data.extxyz.gz next.json start out.nnap.json epochs 2 batch 2 rate 1e-4 1e-5\n", folder=folder)
        with open(os.path.join(folder, "out.nnap.json.csv")) as file:
            curve = [float(line.split(",")[2]) for line in file.readlines()[1:]]
        with open(os.path.join(folder, "next.json.csv")) as file:
            first = float(file.readlines()[1].split(",")[2])
        self.assertLess(first, 2.0 * min(curve))
        self.assertLess(first, 0.5 * curve[0])
        text = lammps("nnap train data.extxyz.gz a.json start out.nnap.json rcut 4.0\n", folder=folder, expect_error=True).text
        self.assertIn("leave out 'rcut'", text)

    def test_killed_and_started_again(self):
        """kill -9 after the first checkpoint loses nothing: the end is that of an undisturbed run."""
        deck = self.train % "epochs 60 seed 5"
        whole, killed = self.folder(), self.folder()
        lammps(deck, folder=whole)
        with open(os.path.join(killed, "in.deck"), "w") as file:
            file.write(deck)
        process = subprocess.Popen([os.environ["LMP"], "-in", "in.deck", "-log", "none"], cwd=killed,
                                   stdout=subprocess.DEVNULL, env=dict(os.environ, OMP_NUM_THREADS="1"))
        deadline = time.monotonic() + 60
        while not os.path.exists(os.path.join(killed, "out.nnap.json.checkpoint")):
            self.assertLess(time.monotonic(), deadline, "no checkpoint was written")
            time.sleep(0.01)
        process.kill()
        process.wait()
        self.assertIn("going on from", lammps(deck, folder=killed).text)
        self.assertEqual(self.weights(killed), self.weights(whole))
        # the curve has every epoch; the one under way when it was killed may stand there twice
        with open(os.path.join(killed, "out.nnap.json.csv")) as file:
            epochs = {int(line.split(",")[0]) for line in file.readlines()[1:]}
        self.assertEqual(epochs, set(range(1, 61)))

    def test_checkpoints_of_other_labels_or_damaged_are_refused(self):
        """Each is an error, and result and checkpoint stay as they are; a training at its end is left alone."""
        deck = self.train % "epochs 3"
        folder = self.folder()
        lammps(deck, folder=folder)
        names = ["out.nnap.json" + end for end in ("", ".checkpoint", ".csv")]
        paths = [os.path.join(folder, name) for name in names]

        def contents():
            found = []
            for path in paths:
                with open(path, "rb") as file:
                    found.append((file.read(), os.stat(path).st_mtime_ns))
            return found

        before = contents()
        self.assertIn("had come to its end", lammps(deck, folder=folder).text)
        self.assertEqual(contents(), before)
        with open(paths[1], "rb") as file:
            sound = file.read()
        for damaged in (b"", flipped(sound, len(sound) // 3, 0), sound + b"\n", sound[:-8], b"text"):
            with open(paths[1], "wb") as file:
                file.write(damaged)
            before = contents()
            for ranks in (1, 2):
                text = lammps(deck, ranks, folder=folder, expect_error=True, timeout=60).text
                self.assertIn("ERROR: nnap train: out.nnap.json.checkpoint ", text)
                self.assertIn("remove it", text)
            self.assertEqual(contents(), before)
        with open(paths[1], "wb") as file:
            file.write(sound)

        # the last digit of one force; its sign; a weight
        path = os.path.join(folder, "data.extxyz.gz")
        with gzip.open(path, "rt") as file:
            text = file.read()
        lines = text.splitlines()
        cases = [text.replace(lines[2], lines[2][:-1] + ("1" if lines[2][-1] != "1" else "2")),
                 text.replace(lines[2], re.sub(r" (-?)(\S+)$", lambda m: " " + ("" if m[1] else "-") + m[2], lines[2])),
                 text.replace(lines[1], lines[1] + " weight=0.5")]
        before = contents()
        for case in cases:
            self.assertNotEqual(case, text)
            with gzip.open(path, "wt") as file:
                file.write(case)
            refused = lammps(deck, folder=folder, expect_error=True).text
            self.assertIn("of another training (frames and labels", refused)
            self.assertEqual(contents(), before)

    def test_what_is_said_of_stress(self):
        quiet = ("have a stress", "no frame has a stress", "GPa, kbar or bar")
        def text(damage, words=""):
            folder = tempfile.mkdtemp(dir=os.getcwd())
            labeled(1, os.path.join(folder, "data.extxyz.gz"), damage=damage)
            return lammps(self.train % ("epochs 1 " + words), folder=folder).text
        def scaled(k, frame):
            return re.sub(r'stress="([^"]*)"', lambda m: 'stress="%s"' % " ".join(
                repr(160.2176634 * float(x)) for x in m[1].split()), frame)
        for damage, words, expected in (
            (lambda k, f: f, "stress 1", None),
            (lambda k, f: f.replace(" stress=", " note="), "", None),
            (lambda k, f: f.replace(" stress=", " note="), "stress 1", "a weight of the stress is given, but no frame has a stress"),
            (lambda k, f: f.replace(" stress=", " REF_stress="), "", "0 of 41 frames have a stress; others have 'REF_stress'"),
            (lambda k, f: f.replace(" stress=", " dft_virial=") if k % 2 else f, "", "21 of 41 frames have a stress; others have 'dft_virial'"),
            (lambda k, f: f.replace(" stress=", " virials="), "stress 0", None),
            (scaled, "", "is it in GPa, kbar or bar?"),
        ):
            said = text(damage, words)
            if expected:
                self.assertEqual(said.count(expected), 1, said)
            else:
                for phrase in quiet:
                    self.assertNotIn(phrase, said)

    def test_bad_data_is_named(self):
        cases = (
            (lambda k, f: f.replace(" energy=", " no_energy=") if k == 6 else f, ("frame 7", "energy")),
            (lambda k, f: f.replace(" energy=", " energy=nan") if k == 6 else f, ("frame 7", "energy")),
            (lambda k, f: f.replace("\nZr ", "\nXx ", 1) if k == 6 else f, ("frame 7", "Xx")),
            (lambda k, f: f.replace("\nZr ", "\nZr 1.0 ", 1) if k == 6 else f, ("frame 7", "line")),
            (lambda k, f: re.sub('Lattice="[^ ]*', 'Lattice="0.03', f) if k == 6 else f, ("frame 7", "too thin")),
        )
        for damage, words in cases:
            folder = tempfile.mkdtemp(dir=os.getcwd())
            labeled(1, os.path.join(folder, "data.extxyz.gz"), damage=damage)
            for ranks in (1, 2):
                text = lammps(self.train % "epochs 2", ranks, folder=folder, expect_error=True, timeout=60).text
                for word in ("data.extxyz.gz",) + words:
                    self.assertIn(word, text)

        folder = self.folder()
        path = os.path.join(folder, "data.extxyz.gz")
        with open(path, "rb") as file:
            content = file.read()
        with open(path, "wb") as file:
            file.write(content[:len(content) // 2])
        text = lammps(self.train % "epochs 2", 2, folder=folder, expect_error=True, timeout=60).text
        self.assertIn("data.extxyz.gz", text)

    def test_a_wrong_label_is_pointed_out(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        labeled(1, os.path.join(folder, "data.extxyz.gz"),
                 damage=lambda k, f: re.sub(" energy=[^ ]*", " energy=900", f) if k == 6 else f)
        text = lammps(self.train % "epochs 1", 2, folder=folder).text
        self.assertRegex(text, r"data.extxyz.gz: line \d+, frame 7: energy is")

    def test_wrong_words(self):
        folder = self.folder()
        short = "nnap train data.extxyz.gz out.nnap.json elements Cu Zr %s\n"
        for words, expected in (("epochs ten", "'ten'"), ("bake 5", "'bake'"), ("hidden", "hidden is missing"),
                                ("nmax 21", "from 0 to 20"), ("wtype some", "'some'"), ("epochs", "epochs is missing"),
                                ("epochs 4294967297", "'4294967297'"), ("hidden 8 4294967300", "'4294967300'"),
                                ("epochs 2 epochs 3", "epochs is given twice"), ("Cu", "Cu is given twice"),
                                ('batch ""', "batch is an empty word"), ("rate nan 1", "'nan'"), ('start ""', "empty word")):
            text = lammps(short % words, folder=folder, expect_error=True, timeout=60).text
            self.assertIn(expected, text)
        text = lammps("nnap train data.extxyz.gz out.txt elements Cu Zr\n", folder=folder, expect_error=True).text
        self.assertIn("'out.txt'", text)
        text = lammps("nnap train data.extxyz.gz out.json\n", folder=folder, expect_error=True).text
        self.assertIn("'elements'", text)


class Peer(unittest.TestCase):
    def test_errors_of_the_peers_copper_potential(self):
        """2.9 meV/atom on the peer's own test frames, a number known from an independent evaluation."""
        data = shared("datasets", "Cu-test.extxyz.gz")
        potential = shared("potentials", "jsex-NNAP-Cu", "Cu.json")
        text = lammps("nnap test %s %s\n" % (data, potential), 2).text
        row = re.search(r"^all frames +200 +(\S+)", text, re.MULTILINE)
        self.assertAlmostEqual(float(row.group(1)), 2.9, delta=0.05)


if __name__ == "__main__":
    unittest.main()
