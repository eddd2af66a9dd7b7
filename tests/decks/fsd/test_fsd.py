# SPDX-License-Identifier: GPL-2.0-only
"""compute fsd as users run it. Standard library only."""

import math
import os
import random
import re
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import flipped, lammps, record_in, write_data  # noqa: E402

Q = 2.71
TYPE, SLICE, DISTANCE, ATOMS, ORIGINS, TIME, MSD, MSD_ERROR, ALPHA_2, F, F_ERROR = range(11)
MASSES = {1: 16.0, 2: 64.0, 3: 91.0}
STORE = ("dump store all custom {every} all.dump id type x y z ix iy iz\n"
         "dump_modify store sort id format float %.17g\n")


def cartesian(s, box, tilt):
    return [s[0] * box[0] + s[1] * tilt[0] + s[2] * tilt[1], s[1] * box[1] + s[2] * tilt[2], s[2] * box[2]]


def fractional(x, box, tilt):
    c = x[2] / box[2]
    b = (x[1] - c * tilt[2]) / box[1]
    return [(x[0] - b * tilt[0] - c * tilt[1]) / box[0], b, c]


class Analysis:
    """What compute fsd measures, from stored frames by comparing all pairs.

    frames: {step: {id: [type, x, y, z, ix, iy, iz]}}
    """

    def __init__(self, frames, box, tilt, lags, spacing, every, group=None, com=True, thickness=0.75, slices=20,
                 oxygen=(1,)):
        steps = sorted(frames)
        place, types = {}, {}
        for step in steps:
            for number, (kind, x, y, z, a, b, c) in frames[step].items():
                s = fractional([x, y, z], box, tilt)
                place[step, number] = [u + n for u, n in zip(s, (a, b, c))]
                types[number] = int(kind)
        members = [n for n in types if group is None or types[n] in group]
        self.sums = {}    # (type, slice, lag) -> [[atoms, r^2, r^4, sin(qr)/qr] of each origin]
        self.origins = {lag: 0 for lag in lags}
        for begin in steps:
            if (begin - steps[0]) % (spacing * every):
                continue
            slices_of = self.label(place, types, begin, box, tilt, thickness, slices, oxygen)
            for lag in lags:
                end = begin + lag * every
                if (end, members[0]) not in place:
                    continue
                self.origins[lag] += 1
                moved = {n: [v - u for u, v in zip(place[begin, n], place[end, n])] for n in members}
                if com:
                    mass = sum(MASSES[types[n]] for n in members)
                    drift = [sum(MASSES[types[n]] * d[k] for n, d in moved.items()) / mass for k in range(3)]
                    moved = {n: [u - v for u, v in zip(d, drift)] for n, d in moved.items()}
                found = {}
                for n, d in moved.items():
                    r = math.hypot(*cartesian(d, box, tilt))
                    terms = (1.0, r ** 2, r ** 4, math.sin(Q * r) / (Q * r) if r else 1.0)
                    for kind in (0, types[n]):
                        for layer in {0, slices_of[n]}:
                            found[kind, layer] = [a + b for a, b in zip(found.get((kind, layer), [0.0] * 4), terms)]
                for (kind, layer), sums in found.items():
                    self.sums.setdefault((kind, layer, lag), []).append(sums)

    @staticmethod
    def label(place, types, begin, box, tilt, thickness, slices, oxygen):
        images = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
        targets = [place[begin, n] for n, kind in types.items() if kind in oxygen]
        labels = {}
        for n in types:
            s = place[begin, n]
            nearest = math.inf
            for target in targets:
                d = [u - v - round(u - v) for u, v in zip(s, target)]
                for image in images if any(tilt) else images[13:14]:
                    nearest = min(nearest, math.hypot(*cartesian([u + v for u, v in zip(d, image)], box, tilt)))
            layer = int(nearest / thickness) + 1
            labels[n] = layer if layer <= slices else 0
        return labels

    def row(self, kind, layer, lag):
        """MSD and its error, alpha_2, F and its error; none without atoms."""
        origins = self.sums.get((kind, layer, lag))
        if not origins:
            return None
        weight = sum(o[0] for o in origins)
        r2, r4, f = (sum(o[k] for o in origins) / weight for k in (1, 2, 3))

        def error(k, mean):
            if len(origins) < 2:
                return 0.0
            return math.sqrt(sum(o[0] * (o[k] / o[0] - mean) ** 2 for o in origins) / weight / (len(origins) - 1))
        return [r2, error(1, r2), 3 * r4 / (5 * r2 ** 2) - 1, f, error(3, f)]

    def count(self, kind, layer, first):
        return sum(o[0] for o in self.sums.get((kind, layer, first), [])) / max(1, self.origins[first])


def crossing(times, values):
    """Time at which a curve linear in log t between `times` meets 1/e; 0 if it does not."""
    for (t0, f0), (t1, f1) in zip(zip(times, values), zip(times[1:], values[1:])):
        if f0 >= math.exp(-1) > f1:
            return t0 * (t1 / t0) ** ((f0 - math.exp(-1)) / (f0 - f1))
    return 0.0


def data_file(folder, atoms, box, tilt=(0.0, 0.0, 0.0)):
    write_data(os.path.join(folder, "atoms.data"), atoms, box, tilt, masses=(16, 64, 91))


def random_atoms(seed, count, box, tilt=(0.0, 0.0, 0.0), oxygen=12):
    generator = random.Random(seed)
    numbers = generator.sample(range(1, 3 * count), count)
    return [(n, 1 if k < oxygen else 2 + k % 2, cartesian([generator.random() for _ in range(3)], box, tilt))
            for k, n in enumerate(numbers)]


def array(run, name, step=None):
    """Rows of the compute's array, as fix ave/time wrote them, by (type, slice)."""
    tables = run.tables(name)
    sets = {}
    for row in tables[max(tables) if step is None else step]:
        sets.setdefault((int(row[TYPE]), int(row[SLICE])), []).append(row)
    return sets


HEAD = "units metal\nread_data atoms.data\npair_style zero 4.0\npair_coeff * *\n"
GAS = HEAD + "velocity all create 2500 7 loop geom mom no\nfix move all nve\ntimestep 0.002\nneighbor 1.0 bin\n"
OUT = "fix out all ave/time {every} 1 {every} c_s[*] mode vector file out.dat format ' %.16g'\n"
TAU = "print 'tau: %s'\n"


class Dynamics(unittest.TestCase):

    def compare(self, sets, analysis, lags, dt, slices, places=1e-10):
        for kind in range(4):
            for layer in range(slices + 1):
                rows = sets[kind, layer]
                self.assertEqual([r[ORIGINS] for r in rows], [analysis.origins[lag] for lag in lags])
                self.assertAlmostEqual(rows[0][ATOMS], analysis.count(kind, layer, lags[0]), delta=1e-9)
                for row, lag in zip(rows, lags):
                    self.assertAlmostEqual(row[TIME], lag * dt, delta=1e-9)
                    expected = analysis.row(kind, layer, lag) or [0.0] * 5
                    for mine, theirs in zip(row[MSD:], expected):
                        within = places * max(1.0, abs(theirs))
                        self.assertAlmostEqual(mine, theirs, delta=within, msg=(kind, layer, lag))

    def test_against_a_stored_trajectory(self):
        """Atoms that wrap, change ranks and are sorted; orthogonal and tilted; group; with and without drift."""
        lags = [1, 2, 3, 4, 6, 10, 16, 24]
        for tilt, ranks, group, com in (((0.0, 0.0, 0.0), 4, None, True), ((5.0, -4.0, 3.0), 2, None, False),
                                        ((0.0, 0.0, 0.0), 1, (1, 3), True)):
            folder = tempfile.mkdtemp(dir=os.getcwd())
            box = (17.0, 14.0, 15.0)
            data_file(folder, random_atoms(5, 150, box, tilt), box, tilt)
            run = lammps(GAS + "atom_modify sort 15 3.0\ngroup g type %s\n" % ("1 2 3" if group is None else "1 3")
                         + "compute s g fsd 1 q 2.71 times 10 240 5 origins 5 slices 8 mincount 0 com "
                         + ("yes\n" if com else "no\n")
                         + OUT.format(every=600) + STORE.format(every=10) + "run 250\nrun 350\n", ranks, folder=folder)
            frames = run.dumps("all.dump")
            self.assertTrue(any(abs(v[4]) >= 1 for v in frames[600].values()), "atoms should have left the cell")
            analysis = Analysis(frames, box, tilt, lags, 5, 10, group, com, slices=8)
            self.compare(array(run, "out.dat"), analysis, lags, 0.02, 8)

    def test_ranks_agree(self):
        box = (19.0, 16.0, 18.0)
        runs = []
        for ranks in (1, 2, 4):
            folder = tempfile.mkdtemp(dir=os.getcwd())
            data_file(folder, random_atoms(6, 400, box), box)
            run = lammps(GAS + "compute s all fsd 1 q 1.0 2.71 times 5 200 10 origins 8 mincount 5 file t.dat\n"
                         + OUT.format(every=300) + "run 300\n", ranks, folder=folder)
            runs.append(array(run, "out.dat"))
        for other in runs[1:]:
            for key, rows in runs[0].items():
                for a, b in zip(rows, other[key]):
                    for u, v in zip(a, b):
                        self.assertAlmostEqual(u, v, delta=1e-10 * max(1.0, abs(u)), msg=key)

    def test_without_oxygen(self):
        """Of 'none' there are no slices; what all atoms do is the same, for oxygen has no part in it."""
        box = (19.0, 16.0, 18.0)
        rows = []
        for oxygen in ("1", "none"):
            folder = tempfile.mkdtemp(dir=os.getcwd())
            data_file(folder, random_atoms(6, 200, box), box)
            run = lammps(GAS + "compute s all fsd %s q 2.71 times 5 50 10 origins 8 mincount 5\n" % oxygen
                         + OUT.format(every=100) + "run 100\n", 2, folder=folder)
            rows.append({key: values for key, values in array(run, "out.dat").items() if key[1] == 0})
        self.assertEqual(len(rows[0]), 4)
        self.assertEqual(rows[0].keys(), rows[1].keys())
        for key in rows[0]:
            for a, b in zip(rows[0][key], rows[1][key]):
                for u, v in zip(a, b):
                    self.assertAlmostEqual(u, v, delta=1e-10 * max(1.0, abs(u)), msg=key)

    def test_brownian_layers(self):
        """Two layers of different D: F = exp(-q^2 D t), tau = 1/(q^2 D), MSD = 6 D t, alpha_2 = 0 in each."""
        generator = random.Random(11)
        box = (40.0, 40.0, 60.0)
        step, frames, diffusion = 0.1, 60, {2: 0.02, 3: 0.1}    # ps, A^2/ps
        places = [[generator.uniform(0, 40), generator.uniform(0, 40), 30.0] for _ in range(100)]
        kinds = [1] * 100
        for kind, height in ((2, 8.0), (3, 20.0)):    # layers of a plane of O; atoms stay in their slice
            places += [[generator.uniform(0, 40), generator.uniform(0, 40), 30.0 + height] for _ in range(1200)]
            kinds += [kind] * 1200
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, [(k + 1, kind, x) for k, (kind, x) in enumerate(zip(kinds, places))], box)
        with open(os.path.join(folder, "walk.dump"), "w") as file:
            for frame in range(frames + 1):
                file.write("ITEM: TIMESTEP\n%d\nITEM: NUMBER OF ATOMS\n%d\n" % (100 * frame, len(kinds)))
                file.write("ITEM: BOX BOUNDS pp pp pp\n")
                file.write("".join("0 %g\n" % length for length in box) + "ITEM: ATOMS id type xu yu zu\n")
                order = list(range(len(kinds)))
                generator.shuffle(order)
                for k in order:
                    file.write("%d %d %.12g %.12g %.12g\n" % (k + 1, kinds[k], *places[k]))
                for k, kind in enumerate(kinds):
                    if kind > 1:
                        sigma = math.sqrt(2 * diffusion[kind] * step)
                        places[k] = [x + generator.gauss(0.0, sigma) for x in places[k]]
        run = lammps(HEAD + "timestep 0.001\ncompute s all fsd 1 q 2.71 times 100 4000 10 origins 20 thickness 14 "
                     "slices 2 com no file f.dat\n" + OUT.format(every=6000)
                     + "rerun walk.dump dump x y z box yes\n" + TAU % "$(c_s[2]:%.15g) $(c_s[3]:%.15g)", 2,
                     folder=folder)
        sets = array(run, "out.dat")
        for kind, layer in ((2, 1), (3, 2)):
            d = diffusion[kind]
            for row in sets[kind, layer]:
                t, q2 = row[TIME], Q * Q
                self.assertEqual(row[ATOMS], 1200)
                # of N independent displacements; origins overlap, so that at long times one origin counts for a few
                independent = 1200 * max(1.0, 6.0 / t)
                spread = (1 + math.exp(-4 * q2 * d * t)) / 2 - math.exp(-2 * q2 * d * t) + 1e-6
                spread = math.sqrt(spread / independent)
                self.assertAlmostEqual(row[F], math.exp(-q2 * d * t), delta=5 * spread)
                self.assertAlmostEqual(row[MSD], 6 * d * t, delta=5 * 6 * d * t * math.sqrt(2 / 3 / independent))
                self.assertAlmostEqual(row[ALPHA_2], 0.0, delta=5 * math.sqrt(8 / 3 / independent))
        taus = run.printed("tau")
        # slice 1 holds O, too, which does not move
        mobile = crossing([r[TIME] for r in sets[3, 2]], [r[F] for r in sets[3, 2]])
        self.assertAlmostEqual(taus[1], mobile, delta=1e-9)
        self.assertAlmostEqual(taus[1], 1 / (Q * Q * diffusion[3]), delta=0.03 * taus[1])
        with open(run.path("f.dat")) as file:
            text = file.read()
        self.assertIn("# type 3, slice 2, distance 14 to 28, atoms 1200, tau(q=2.71)", text)
        line = [line for line in text.splitlines() if line.startswith("# type 3, slice 2")][0]
        self.assertAlmostEqual(float(line.split(", D ")[1]), diffusion[3], delta=0.05 * diffusion[3])

    def test_restart(self):
        """A restarted run goes on with the origins of the first; free flight, so that the places are the same."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 300, box), box)
        compute = "compute s all fsd 1 q 2.71 times 10 200 5 origins 4 mincount 0 file t.dat\n"
        whole = lammps(GAS + compute + OUT.format(every=500) + "run 170\nrun 330\n", 2, folder=folder)
        lammps(GAS + compute + "run 170\nwrite_restart half\n", 2, folder=folder)
        again = ("units metal\nread_restart half\npair_style zero 4.0\npair_coeff * *\n"
                 "fix move all nve\ntimestep 0.002\n")
        for ranks in (1, 4):
            out = OUT.format(every=500).replace("out.dat", "rest.dat")
            rest = lammps(again + compute + out + "run 330\n", ranks, folder=folder)
            self.assertIn("fix style: FSD/ORIGINS, fix ID: s_ORIGINS", rest.text)
            a, b = array(whole, "out.dat"), array(rest, "rest.dat")
            for key, rows in a.items():
                for u, v in zip(rows, b[key]):
                    for x, y in zip(u, v):
                        self.assertAlmostEqual(x, y, delta=1e-10 * max(1.0, abs(x)), msg=key)
            # one every 50 steps from 0; at 500 those up to 450 are over the first time, those up to 300 over the last
            self.assertEqual((b[0, 0][0][ORIGINS], b[0, 0][-1][ORIGINS]), (10, 7))
        run = lammps(again + compute.replace("2.71", "2.5") + "run 10\n", 1, folder=folder, expect_error=True)
        self.assertIn("written with other settings (q 2.71, now 2.5)", run.text)

    def test_restart_of_another(self):
        """State goes on for the group, its atoms and the settings that it was measured with, and for nothing else."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 60, box), box)
        compute = "compute s %s fsd 1 q 2.71 times 10 200 5 origins 4 mincount 0\n"
        groups = "group some type 1 2\ngroup other type 1 2\n"
        lammps(GAS + groups + compute % "some" + "run 170\nwrite_restart half\n", 2, folder=folder)
        again = ("units metal\nread_restart half\npair_style zero 4.0\npair_coeff * *\n"
                 "fix move all nve\ntimestep 0.002\n")
        given = compute % "some"
        cases = (
            (compute % "all", "(group some, now all)"),
            (compute % "other", "(group some, now other)"),    # the same atoms
            (given.replace("fsd 1", "fsd 1*2"), "(types of oxygen 1, now 1 2)"),
            (given.replace("fsd 1", "fsd none"), "types of oxygen 1, now none"),
            (given.replace("2.71", "2.71 3"), "(q 2.71, now 2.71 3)"),
            (given.replace("200 5", "200 6"), "(times 10 200 5, now 10 200 6)"),
            (given.replace("200 5", "300 5"), "(times 10 200 5, now 10 300 5)"),
            (given.replace("10 200", "20 200"), "(times 10 200 5, now 20 200 5)"),
            (given.replace("origins 4", "origins 5"), "(origins 4, now 5)"),
            (given.replace("mincount", "thickness 0.8 mincount"), "(thickness 0.75, now 0.8)"),
            (given.replace("mincount", "slices 21 mincount"), "(slices 20, now 21)"),
            (given.replace("mincount", "com no mincount"), "(com yes, now no)"),
            ("group some id 1:100\n" + given, "atoms joined or left group some"),
            ("group some clear\ngroup some type 2\n" + given, "12 atoms joined or left group some"),
        )
        for line, words in cases:
            with self.subTest(line):
                run = lammps(again + line + "run 10\n", 2, folder=folder, expect_error=True)
                self.assertIn(words, run.text)
        self.assertNotIn("WARNING: Compute fsd", lammps(again + given.replace("mincount 0", "mincount 1 file f.dat")
                                                       + "run 10\n", 2, folder=folder).text)
        # within one script as well; new atoms may come
        run = lammps(GAS + groups + given + "run 20\ngroup some id 1:100\nrun 10\n", 2, folder=folder,
                     expect_error=True)
        self.assertIn("joined or left group some", run.text)
        lammps(GAS + compute % "all" + "run 100\ncreate_atoms 3 single 1 1 1 units box\nrun 100\n", 2, folder=folder)

    def test_damaged_restart(self):
        """One changed bit anywhere in what the compute has in a restart file is an error; never taken, never a crash."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 12, box, oxygen=3), box)
        compute = "compute s all fsd 1 q 2.71 times 10 40 3 origins 2 slices 1 mincount 0\n"
        lammps(GAS + compute + "run 70\nwrite_restart half\n", folder=folder)
        again = ("units metal\nread_restart half.flipped\npair_style zero 4.0\npair_coeff * *\n"
                 "fix move all nve\ntimestep 0.002\n" + compute + "run 10\n")
        with open(os.path.join(folder, "half"), "rb") as file:
            whole = file.read()
        record = record_in(whole, "compute fsd")
        self.assertLess(record.stop, len(whole))
        # of each atom: size, four numbers of each origin and of the last frame, seal
        numbers = 4 * 3 + 2
        places = [m.start() for m in re.finditer(re.escape(struct.pack("=d", numbers)), whole)
                  if m.start() > record.stop]
        self.assertEqual(len(places), 12)
        generator = random.Random(3)
        flips = [record[k] for k in (0, 8, 13, 20, 30)]    # of the head
        flips += generator.sample(record[32:], 9)
        flips += [places[0], places[1] + 6, places[2] + 7] + [places[k] + generator.randrange(8 * numbers) for k in range(12)]

        def text(data):
            with open(os.path.join(folder, "half.flipped"), "wb") as file:
                file.write(data)
            return lammps(again, folder=folder, expect_error=data != whole).text
        self.assertNotIn("damaged", text(whole))
        for place in flips:
            with self.subTest(place - record.start):
                damaged = flipped(whole, place, generator.randrange(8))
                self.assertIn("Compute fsd: the restart file is damaged", text(damaged))

    def test_rerun_without_image_flags(self):
        """Positions that were wrapped give no displacements: an error. With image flags a rerun gives what the run gave."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(5, 150, box), box)
        compute = "compute s all fsd 1 q 2.71 times {first} 600 10 origins 1 mincount 0\n"
        direct = lammps(GAS + compute.format(first=10) + OUT.format(every=600) + STORE.format(every=10) + "run 600\n",
                        2, folder=folder)
        expected = array(direct, "out.dat")
        rerun = "rerun all.dump every {first} dump {fields}\n"
        for first in (10, 100, 300):
            for fields in ("x y z", "x y z ix iy", "x y z iz"):
                with self.subTest(fields=fields, first=first):
                    run = lammps(HEAD + "timestep 0.002\n" + (compute + rerun).format(first=first, fields=fields), 2,
                                 folder=folder, expect_error=True)
                    axis = "z" if fields == "x y z ix iy" else "x"
                    self.assertIn("Compute fsd: positions jump by whole cells along %s between steps 0 and %d"
                                  % (axis, first), run.text)
            run = lammps(HEAD + "timestep 0.002\n" + compute.format(first=first) + OUT.format(every=600)
                         + rerun.format(first=first, fields="x y z ix iy iz"), 2, folder=folder)
            sets = array(run, "out.dat")
            for key, rows in expected.items():
                last = {row[TIME]: row for row in rows}
                for row in sets[key]:
                    if row[TIME] in last:
                        for a, b in zip(row[ATOMS:], last[row[TIME]][ATOMS:]):
                            self.assertAlmostEqual(a, b, delta=1e-7 * max(1.0, abs(b)))
        run = lammps(HEAD + "timestep 0.002\n" + compute.format(first=10)
                     + "rerun all.dump dump x y z ix iy iz purge yes replace no add yes\n", 2, folder=folder, expect_error=True)
        self.assertIn("are new at step 10", run.text)

    def test_atoms_moved_between_runs(self):
        """What commands do to positions between runs is no displacement: origins begin anew, with a warning."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(5, 100, box), box)
        # free flight: MSD(t) = MSD(1) t^2 for all origins
        compute = "compute s all fsd none q 2.71 times 10 100 10 origins 10 mincount 0 com no\n" + OUT.format(every=600)
        for line in ("set group all image 0 0 0", "displace_atoms all random 3 3 3 5",
                     "displace_atoms all move 20 0 0 units box", "change_box all x final 0 30 units box"):
            with self.subTest(line):
                run = lammps(GAS + compute + "run 305\n" + line + "\nrun 295\n", 2, folder=folder)
                self.assertRegex(run.text, "[0-9]+ atoms were moved at step 305 before this run: its origins begin anew")
                rows = array(run, "out.dat")[0, 0]
                for row in rows:
                    self.assertAlmostEqual(row[MSD], rows[0][MSD] * (row[TIME] / rows[0][TIME]) ** 2,
                                           delta=1e-9 * row[MSD])
        run = lammps(GAS + compute + "run 305\nchange_box all x scale 1.2 remap units box\nrun 95\nrun 0\nrun 200\n", 2,
                     folder=folder)
        self.assertNotIn("WARNING: Compute fsd", run.text)

    def test_open_boundaries(self):
        """A box whose faces follow the atoms: displacements are those of the atoms, also of a few that fly away."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(5, 100, box), box)
        for boundary in ("s s s", "m p f", "p s m"):
            with self.subTest(boundary):
                run = lammps(GAS.replace("read_data", "boundary %s\nread_data" % boundary).replace("fix move", "%sfix move")
                             % ("fix wall all wall/reflect zlo EDGE zhi EDGE\n" if "f" in boundary else "")
                             + "thermo_modify lost ignore\n"
                             "compute s all fsd 1 q 2.71 times 10 100 50 origins 10 mincount 0 com no\n"
                             "compute m all msd\nvariable m equal c_m[4]\nfix m all ave/time 10 1 10 v_m file m.dat format ' %.16g'\n"
                             + OUT.format(every=100) + "run 100\n", 2, folder=folder)
                with open(run.path("m.dat")) as file:
                    msd = [float(line.split()[1]) for line in file if not line.startswith("#")][1:]
                rows = array(run, "out.dat")[0, 0]
                self.assertEqual(len(rows), 10)
                for row, expected in zip(rows, msd):
                    if row[ORIGINS] == 1:    # from step 0, as compute msd
                        self.assertAlmostEqual(row[MSD], expected, delta=1e-9 * expected)

    def test_positions_that_are_none(self):
        """Atoms on one site, and a box that is pressed to nothing: errors with step and atom."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        atoms = random_atoms(5, 60, box)
        atoms[20] = (atoms[20][0], atoms[20][1], atoms[10][2])
        data_file(folder, atoms, box)
        # no new neighbors, for LAMMPS looks at positions there
        pair = GAS.replace("pair_style zero 4.0\npair_coeff * *", "pair_style lj/cut 4.0\npair_coeff * * 0.02 2.6") \
            + "neigh_modify delay 20\n"
        first = min(atoms[10][0], atoms[20][0])
        for oxygen in ("1", "none"):
            run = lammps(pair + "compute s all fsd %s q 2.71 times 1 8 5\nrun 5\n" % oxygen, folder=folder, expect_error=True)
            self.assertRegex(run.text, "Compute fsd: the position of atom %d is not finite at step [01]:" % first)
        press = "fix press all deform 1 x %s remap x\n"
        for how, words in (("vel -1e5", "is -[0-9]+ x 14 x 15 at step 1:"), ("final 0 0", "is 0 x 14 x 15 at step 5:")):
            run = lammps(HEAD + "timestep 0.001\n" + press % how + "compute s all fsd 1 q 2.71 times 1 8 5\nrun 5\n", folder=folder,
                         expect_error=True)
            self.assertRegex(run.text, "Compute fsd: the box " + words)
        run = lammps(pair + "compute s all sq 5 10\nfix s all ave/time 1 1 1 c_s[3] mode vector\nrun 5\n", folder=folder,
                     expect_error=True)
        self.assertRegex(run.text, "Compute sq: the position of atom [0-9]+ is not finite at step [01]:")

    def test_fast_decay(self):
        """F below 1/e at the first time: tau is shorter, not longer than what is measured."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(5, 300, box), box)
        run = lammps(GAS + "compute s all fsd 1 q 2.71 0.001 times 100 200 2 mincount 10 com no file f.dat\n"
                     "run 300\n" + TAU % "$(c_s[1]:%.15g) $(c_s[8]:%.15g) $(c_s[22]:%.15g) $(c_s[29]:%.15g)"
                     + "fsd slices f.dat bulk 0\n", 2, folder=folder, expect_error=True)
        # 0.2 ps at 10 A/ps; all atoms and slice 7, of both q
        self.assertEqual(run.printed("tau"), [-0.2, -0.2, 0.0, 0.0])
        with open(run.path("f.dat")) as file:
            text = file.read()
        self.assertIn("tau(q=2.71) shorter than 0.2, tau(q=0.001) not reached, D ", text)
        self.assertRegex(text, "\n4.875 -0.2 0 0 0\n")
        self.assertIn("f.dat: no row has a relaxation time", run.text)

    def test_box_changes(self):
        """A box that grows with its atoms moves none; in a fixed one the same atoms at rest do not move."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 100, box), box)
        run = lammps(HEAD + "timestep 0.002\nfix grow all deform 1 x scale 1.1 y scale 1.2 z scale 0.9 remap x\n"
                     "compute s all fsd 1 q 2.71 times 10 100 5 mincount 0\n" + OUT.format(every=100) + "run 100\n",
                     2, folder=folder)
        for row in array(run, "out.dat")[0, 0]:
            self.assertAlmostEqual(row[F], 1.0, delta=1e-12)
            self.assertAlmostEqual(row[MSD], 0.0, delta=1e-12)
        run = lammps(HEAD + "change_box all triclinic\nfix tilt all deform 1 xy erate 0.1 remap x\n"
                     "compute s all fsd 1 q 2.71\nrun 1\n",
                     folder=folder, expect_error=True)
        self.assertIn("a fix changes the tilt", run.text)

    def test_interruptions(self):
        """After a minimization and missing frames origins begin anew; atoms that come later are in later ones alone."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 100, box), box)
        compute = "compute s all fsd 1 q 2.71 times 10 50 5 origins 1 mincount 0\n"
        run = lammps(GAS + compute + STORE.format(every=10) + "run 90\nmin_style cg\nminimize 0 0 7 7\n"
                     "create_atoms 3 single 1.0 1.0 1.0 units box\nvelocity all create 2500 7 loop geom mom no\n"
                     + OUT.format(every=200) + "run 109\n", 2, folder=folder)
        rows = array(run, "out.dat")[0, 0]
        # from 0, (50), then from 100 and 150; of 1, 2, 3, 4, 5 samples
        self.assertEqual([r[ORIGINS] for r in rows], [4, 4, 4, 4, 3])
        self.assertAlmostEqual(rows[0][ATOMS], (100 + 100 + 101 + 101) / 4, delta=1e-9)
        run = lammps(HEAD + "timestep 0.002\n" + compute + OUT.format(every=90)
                     + "rerun all.dump first 0 last 30 dump x y z ix iy iz\n"
                     "rerun all.dump first 60 last 90 dump x y z ix iy iz\n", 2, folder=folder)
        self.assertIn("no sample between steps 30 and 60", run.text)
        self.assertEqual([r[ORIGINS] for r in array(run, "out.dat")[0, 0]], [2, 2, 2, 0, 0])

    def test_helper(self):
        """Fix FSD/ORIGINS is part of the compute: there and gone with it, and not to be taken from it."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 100, box), box)
        compute = GAS + "compute s all fsd 1 q 2.71 times 1 10 5\nthermo_style custom step c_s[1]\nrun 10\n"
        run = lammps(compute + "info fixes\nthermo_style one\nuncompute s\nprint gone\ninfo fixes\n", folder=folder)
        there, gone = run.text.split("\ngone\n")
        self.assertRegex(there, r"s_ORIGINS, +style = FSD/ORIGINS, +group = all")
        self.assertNotIn("FSD/ORIGINS", gone)
        # more wave numbers than the compute has room for
        by_hand = "fix s_ORIGINS all FSD/ORIGINS 1 q 1 2 3 4 5 6 7 8 times 1 1000 10 slices 100"
        for line in ("unfix s_ORIGINS", "unfix s_ORIGINS\nfix s_ORIGINS all momentum 1 linear 1 1 1", by_hand):
            with self.subTest(line):
                run = lammps(compute + line + "\nrun 10\n", 2, folder=folder, expect_error=True)
                self.assertIn("fix s_ORIGINS was removed or replaced", run.text)

    def test_wrong_use(self):
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 50, box, oxygen=0), box)
        cases = (
            ("fsd", "the types of oxygen is missing"),
            ("fsd ''", "the types of oxygen is an empty word"),
            ("fsd 1", "no wave number"),
            ("fsd 1 times 1 10 10", "no wave number"),
            ("fsd 1 q", "q is missing"),
            ("fsd 1 q 2.71 0", "q must be a number above 0 and up to 10000000000, not '0'"),
            ("fsd 1 q -1", "not '-1'"),
            ("fsd 1 q 2.71 q 3", "keyword q is given twice"),
            ("fsd 1 q 2.71 com no slices 3 com no", "keyword com is given twice"),
            ("fsd 4 q 2.71", "atom types are from 1 to 3"),
            ("fsd O q 2.71", "labelmap"),
            ("fsd 1 q 2.71 thickness 0", "thickness must be a number above 0"),
            ("fsd 1 q 2.71 thickness nan", "not 'nan'"),
            ("fsd 1 q 2.71 mincount -1", "mincount must be a number of at least 0"),
            ("fsd 1 q 2.71 times 3 10 5", "multiple of the first"),
            ("fsd 1 q 2.71 times 1 10", "the number of times a decade of keyword times is missing"),
            ("fsd 1 q 2.71 times 1 3e9 10", "integer from 1 to 1000000000000000, not '3e9'"),
            ("fsd 1 q 2.71 times 4294967297 4294967297 10", "not '4294967297'"),
            ("fsd 1 q 2.71 times 1 100 3000000000", "not '3000000000'"),
            ("fsd 1 q 2.71 origins 0", "the number of origins must be an integer from 1 to"),
            ("fsd 1 q 2.71 origins 4294967297", "not '4294967297'"),
            ("fsd 1 q 2.71 origins 500000000", "origins 500000000 would need"),
            ("fsd 1 q 2.71 slices 3e9", "not '3e9'"),
            ("fsd 1 q 2.71 slices -1", "not '-1'"),
            ("fsd 1 q 2.71 slices 2000000000", "slices 2000000000 of 3 atom types at 38 times for 1 q would need"),
            ("fsd 1 q 2.71 slides 3", "unknown keyword 'slides'"),
            ("fsd 1 q 2.71 ''", "a keyword is an empty word"),
            ("fsd 1 q 2.71 file ''", "the file is an empty word"),
            ("fsd 1 q 2.71 file no/folder/f", "cannot open"),
            ("fsd 1 q 2.71", "there is no oxygen at step 0"),
            ("fsd none q 2.71 slices 3", "slices need oxygen"),
            ("fsd 2 q 2.71\nrun 1\nreset_timestep 1000", "Cannot reset timestep"),
            ("fsd 2 q 2.71 times 10 100 5\nrun 10\ntimestep 0.003\nrun 10", "the time step was"),
        )
        for line, words in cases:
            with self.subTest(line):
                run = lammps(GAS + "compute s all %s\nrun 0\n" % line, folder=folder, expect_error=True)
                self.assertIn(words, run.text)
                self.assertIn("ERROR: Compute fsd: " if "reset" not in line else "ERROR", run.text)
        run = lammps(GAS + "compute s all fsd 2 q 2.71 times 1 10 5\nrun 1\nuncompute s\nrun 1\nclear\n"
                     + GAS + "compute s all fsd 2 q 2.71\nrun 1\n",
                     folder=folder)
        self.assertIn("WARNING: Compute fsd: fewer atoms than mincount 100, thus not shown: oxygen, type 2 (25 atoms), "
                      "type 3 (25 atoms), all slices, the largest (", run.text)


class Fits(unittest.TestCase):

    def value(self, run, name):
        """Value and error that the command fsd has printed."""
        words = [line.split() for line in run.text.splitlines() if line.startswith("  %s = " % name)][-1]
        return float(words[-3]), float(words[-1])

    def write(self, folder, name, rows):
        with open(os.path.join(folder, name), "w") as file:
            file.write("# x tau error\n" + "".join("%.10g %.10g %.10g\n" % row for row in rows))

    def test_vft(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        taus = [(t, 0.02 * math.exp(3.1 * 640 / (t - 640))) for t in range(800, 1200, 50)]
        rows = [(t, tau, 0.05 * tau) for t, tau in taus]
        self.write(folder, "tau.dat", rows)
        run = lammps("fsd vft tau.dat glass 1e6\n", 2, folder=folder)
        tg = 640 * (1 + 3.1 / math.log(1e6 / 0.02))
        fragility = 3.1 * 640 * tg / (math.log(10) * (tg - 640) ** 2)
        for name, expected in (("tau0", 0.02), ("B", 3.1), ("T0", 640), ("Tg", tg), ("m", fragility)):
            value, error = self.value(run, name)
            self.assertAlmostEqual(value, expected, delta=1e-4 * expected)
            self.assertGreater(error, 0.0)

    def test_slices(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        one = [(d, 3.6 * max(1.0, math.exp((9 - d) / 2.2)), 0.01) for d in (0.375 + 0.75 * k for k in range(20))]
        two = [(d, tau * math.exp(0.3 * (d - 3.75)), 0.02) for d, tau, _ in one]
        self.write(folder, "one.dat", one)
        self.write(folder, "two.dat", two)
        run = lammps("fsd slices one.dat bulk 9.5 range 3.75 8.7 cross two.dat\n", folder=folder)
        for name, expected in (("tau_bulk", 3.6), ("d0", 3.75), ("d1 - d0", 2.2), ("d1", 5.95)):
            self.assertAlmostEqual(self.value(run, name)[0], expected, delta=1e-4 * expected)
        run = lammps("fsd slices one.dat bulk 9.5 range 3.75 8.7 d0 3.5\n", folder=folder)
        self.assertAlmostEqual(self.value(run, "d1")[0], 5.7, delta=1e-3)

    def test_order_of_rows(self):
        """ln(tau_b/tau_a) = 0.3 tanh(d - 3.6) crosses at 3.6 alone, whatever the order of rows."""
        folder = tempfile.mkdtemp(dir=os.getcwd())
        distances = [0.375 + 0.75 * k for k in range(20)]
        random.Random(4).shuffle(distances)
        one = [(d, 10 + 110 * math.exp(-d / 1.3), 0.2) for d in distances]
        two = [(d, tau * math.exp(0.3 * math.tanh(d - 3.6)), 0.2) for d, tau, _ in one]
        two.sort(key=lambda row: math.sin(7 * row[0]))
        self.write(folder, "one.dat", one)
        self.write(folder, "two.dat", two)
        self.write(folder, "sorted.dat", sorted(one))
        texts = []
        for name in ("one", "sorted"):
            run = lammps("fsd slices %s.dat range 1 6 bulk 10 cross two.dat\n" % name, folder=folder)
            texts.append(run.text[run.text.index("  tau_bulk"):])
            value, error = self.value(run, "d0")
            self.assertAlmostEqual(value, 3.6, delta=0.02)
            self.assertGreater(error, 0.0)
        self.assertEqual(*texts)

    def test_rows_without_tau(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        rows = [(t, 0.02 * math.exp(3.1 * 640 / (t - 640)), 0.01) for t in (1200, 800, 1000, 900, 1100)]
        self.write(folder, "tau.dat", rows + [(700, 0, 0), (1500, -0.2, 0), (1600, -0.2, 0)])
        run = lammps("fsd vft tau.dat\n", 2, folder=folder)
        self.assertIn("tau.dat: 1 rows without tau (0: not reached) are left out", run.text)
        self.assertIn("tau.dat: 2 rows with tau below the first time (negative) are left out", run.text)
        self.assertAlmostEqual(self.value(run, "T0")[0], 640, delta=0.1)

    def test_table_of_the_compute(self):
        """tau of the slices as fsd slices reads it from the file of compute fsd."""
        box = (17.0, 14.0, 15.0)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        data_file(folder, random_atoms(8, 300, box, oxygen=3), box)
        run = lammps(GAS + "compute s all fsd 1 q 2.71 times 10 200 10 mincount 10 file t.dat\n"
                     + OUT.format(every=400) + "run 400\nprint 'tau: $(c_s[10]:%.15g)'\nfsd slices t.dat bulk 0\n",
                     folder=folder)
        with open(run.path("t.dat")) as file:
            block = file.read().split("# all types by distance")[1].splitlines()[1:]
        rows = {float(line.split()[0]): float(line.split()[1]) for line in block}
        self.assertGreater(rows[6.375], 0.0)
        self.assertAlmostEqual(rows[6.375], run.printed("tau")[0], delta=1e-8)
        value, _ = self.value(run, "tau_bulk")
        self.assertTrue(min(rows.values()) <= value <= max(rows.values()))

    def test_wrong_fits(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        self.write(folder, "tau.dat", [(900, 1, 0), (950, 0.5, 0), (1000, 0.3, 0)])
        self.write(folder, "vft.dat", [(t, 0.02 * math.exp(3.1 * 640 / (t - 640)), 0) for t in (800, 850, 900, 950, 1000)])
        self.write(folder, "same.dat", [(1, 3, 0), (2, 2, 0), (1, 2.5, 0)])
        self.write(folder, "rising.dat", [(1, 1, 0), (2, 2, 0), (3, 4, 0)])
        self.write(folder, "other.dat", [(1.5, 1, 0), (2.5, 2, 0)])
        self.write(folder, "empty.dat", [])
        self.write(folder, "below.dat", [(1, 2, -1)])
        with open(os.path.join(folder, "nan.dat"), "w") as file:
            file.write("1 2\n2 nan\n")
        with open(os.path.join(folder, "block.dat"), "w") as file:
            file.write("# all types by distance\n1 2\n2 3\n3 4\n4 5\n5 6\n")
        cases = (
            ("fsd", "the first word is missing"),
            ("fsd vtf tau.dat", "the first word must be one of vft, slices, not 'vtf'"),
            ("fsd vft", "the file is missing"),
            ("fsd vft ''", "the file is an empty word"),
            ("fsd vft none.dat", "none.dat"),
            ("fsd vft tau.dat", "four temperatures"),
            ("fsd vft vft.dat Tg 1", "unknown keyword 'Tg'"),
            ("fsd vft vft.dat glass 0", "the time of keyword glass must be a number above 0, not '0'"),
            ("fsd vft vft.dat glass 1 glass 2", "keyword glass is given twice"),
            ("fsd vft vft.dat glass 1e-300", "above tau0 = 0.02 at all temperatures: T_g needs a longer tau than 1e-300"),
            ("fsd vft nan.dat", "nan.dat, line 2: the second column (tau) must be a number, not 'nan'"),
            ("fsd vft below.dat", "below.dat, line 2: the error of tau, -1, is below 0"),
            ("fsd vft block.dat", "block.dat: a file of compute fsd has distances"),
            ("fsd vft empty.dat", "empty.dat: no row has a relaxation time"),
            ("fsd slices tau.dat range 1", "the second distance of keyword range is missing"),
            ("fsd slices tau.dat range 9 4", "the second distance of keyword range must be a number above 9, not '4'"),
            ("fsd slices tau.dat range 4 4", "not '4'"),
            ("fsd slices tau.dat bulk 2000", "distances of the bulk"),
            ("fsd slices tau.dat cross tau.dat", "do not cross"),
            ("fsd slices tau.dat cross empty.dat", "empty.dat: no row has a relaxation time"),
            ("fsd slices tau.dat cross tau.dat d0 3", "give one of them"),
            ("fsd slices tau.dat d0 0", "above 0, not '0'"),
            ("fsd slices same.dat bulk 0", "same.dat: the distance 1 comes twice"),
            ("fsd slices rising.dat bulk 0 cross same.dat", "same.dat: the distance 1 comes twice"),
            ("fsd slices rising.dat bulk 0 cross other.dat", "0 distances in common"),
            ("fsd slices rising.dat bulk 0 range 0 5", "do not fall with distance"),
        )
        for line, words in cases:
            with self.subTest(line):
                self.assertIn(words, lammps(line + "\n", 2, folder=folder, expect_error=True).text)


if __name__ == "__main__":
    unittest.main()
