# SPDX-License-Identifier: GPL-2.0-only
"""fix remd/swap and remd demux as users run them: statistics, exactness, manners. Standard library only."""

import math
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import flipped, lammps, record_in  # noqa: E402

KB = 8.617333262e-5    # eV/K

# Atoms tethered to their places: harmonic, 3N modes, whose exchanges have a known rate.
EINSTEIN = """\
variable t universe {temperatures}
variable seed universe 4711 4811 4911 5011
units metal
atom_modify map array
lattice sc 3.0
region box block 0 4 0 4 0 2
create_box 1 box
create_atoms 1 box
mass 1 63.546
pair_style zero 4.0
pair_coeff * *
neigh_modify delay 10
fix tether all spring/self 2.0
fix_modify tether energy yes
velocity all create ${{t}} ${{seed}} loop geom
compute_modify thermo_temp extra/dof 0
timestep 0.002
fix integrate all nve
fix heat all langevin 1000 1000 0.05 ${{seed}}
"""

# Crystalline copper, four temperatures or as many as there are partitions.
COPPER = """\
variable t universe 300 345 397 456
variable seed universe 4711 4811 4911 5011
variable world universe 1 2 3 4
units metal
atom_modify map array
lattice fcc {lattice}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
mass 1 63.546
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu
velocity all create $(2*v_t) ${{seed}} mom yes loop geom
timestep 0.002
"""
THERMOSTATS = {
    "nvt": "fix heat all nvt temp 300 300 0.1",
    "npt": "fix heat all npt temp 300 300 0.1 iso 0 0 0.5",
    "csvr": "fix integrate all nve\nfix heat all temp/csvr 300 300 0.1 ${seed}",
    "berendsen": "fix integrate all nve\nfix heat all temp/berendsen 300 300 0.1",
    "langevin": "fix integrate all nve\nfix heat all langevin 300 300 0.1 ${seed}",
    "nph": "fix integrate all nph iso 0 0 0.5\nfix heat all langevin 300 300 0.1 ${seed}",
}


def copper(thermostat="nvt", lattice=3.64, cells=3):
    return COPPER.format(lattice=lattice, cells=cells) + THERMOSTATS[thermostat] + "\n"


def exchange_log(run, name="remd.log"):
    """The lines of the file of fix remd/swap: (step, levels of the replicas, energies, pairs)."""
    with open(run.path(name)) as file:
        lines = [line.split() for line in file if line[0] != "#"]
    n = (len(lines[0]) - 2) // 2
    return [(int(w[0]), [int(x) for x in w[1:n + 1]], [float(x) for x in w[n + 1:2 * n + 1]], w[-1]) for w in lines]


def partitions(script, shape="4x1", **options):
    replicas, ranks = (int(x) for x in shape.split("x"))
    options["arguments"] = ["-partition", shape, "-plog", "none", "-pscreen", "screen", *options.pop("arguments", [])]
    return lammps(script, ranks=replicas * ranks, **options)


def screen(run, world):
    with open(run.path("screen.%d" % world)) as file:
        return file.read()


def binomial(accepted, attempts, expected):
    """By how many standard deviations a rate differs from the expected one."""
    return (accepted / attempts - expected) / math.sqrt(expected * (1.0 - expected) / attempts)


def kolmogorov_smirnov(a, b):
    """Probability that two samples of one distribution differ by as much as these (asymptotic)."""
    both = sorted([(x, 0) for x in a] + [(x, 1) for x in b])
    counts, largest = [0, 0], 0.0
    for _, which in both:
        counts[which] += 1
        largest = max(largest, abs(counts[0] / len(a) - counts[1] / len(b)))
    n = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    z = (n + 0.12 + 0.11 / n) * largest
    return 1.0 if z < 0.3 else 2.0 * sum((-1) ** (k - 1) * math.exp(-2.0 * (k * z) ** 2) for k in range(1, 100))


class Statistics(unittest.TestCase):

    def test_harmonic_solid_exchanges_as_often_as_the_formula_says(self):
        run = partitions(EINSTEIN.format(temperatures="1000 1500 2000 2500") +
                         "fix swap all remd/swap 100 4712 1000 1500 2000 2500\nthermo 400000\nrun 400000\n"
                         "print 'rates: $(f_swap[1][5]) $(f_swap[2][5]) $(f_swap[3][5])'\n"
                         "print 'predicted: $(f_swap[1][6]) $(f_swap[2][6]) $(f_swap[3][6])'\n")
        for predicted, known in zip(self.printed(run, "predicted"), (0.048, 0.161, 0.276)):
            self.assertAlmostEqual(predicted, known, delta=5e-4)
        lines = exchange_log(run)
        self.assertEqual(len(lines), 4001)
        levels = [1, 2, 3, 4]
        accepted = [0, 0, 0]
        for k, (step, now, energies, pairs) in enumerate(lines):
            self.assertEqual(step, 100 * k)
            self.assertEqual(sorted(now), [1, 2, 3, 4])
            tried = [i for i in range(3) if pairs[i] != "."]
            self.assertEqual(tried, ([] if k == 0 else [0, 2] if k % 2 else [1]))
            for i in tried:
                accepted[i] += pairs[i] == "+"
                if pairs[i] == "+":
                    a, b = levels.index(i + 1), levels.index(i + 2)
                    levels[a], levels[b] = levels[b], levels[a]
            self.assertEqual(levels, now)
        for i, rate in enumerate(self.printed(run, "rates")):
            self.assertAlmostEqual(rate, accepted[i] / 2000, places=4)
            self.assertLess(abs(binomial(accepted[i], 2000, (0.0483, 0.1605, 0.2761)[i])), 4.0, (i, rate))
        # potential energies of each temperature: 3N/2 kT on average, variance 3N/2 (kT)^2
        for level, temperature in enumerate((1000, 1500, 2000, 2500)):
            # the line tells the levels after the exchange; the energies belong to those before
            energies = [lines[k][2][lines[k - 1][1].index(level + 1)] for k in range(100, len(lines))]
            mean = sum(energies) / len(energies)
            variance = sum((e - mean) ** 2 for e in energies) / len(energies)
            self.assertAlmostEqual(mean / (48 * KB * temperature), 1.0, delta=0.02)
            self.assertAlmostEqual(variance / (48 * (KB * temperature) ** 2), 1.0, delta=0.15)

    def printed(self, run, word):
        for line in reversed(screen(run, 0).splitlines()):
            if line.startswith(word + ":"):
                return [float(x) for x in line.split(":")[1].split()]
        raise AssertionError(screen(run, 0)[-1000:])

    def test_energies_as_in_independent_runs(self):
        """At each temperature exchanged and independent replicas have the same distribution of energies."""
        ladder = "300 380 480 610"
        sample = "thermo 4000\nrun 4000\nfix energies all print 200 '$(pe:%.8g)' file energies.${world} screen no\nrun 40000\n"
        script = copper("langevin", cells=2).replace("300 345 397 456", ladder)
        exchanged = partitions(script + "fix swap all remd/swap 100 4712 %s\n" % ladder + sample)
        alone = partitions(script + "unfix heat\nfix heat all langevin $t $t 0.1 $(v_seed+7)\n" + sample)
        lines = exchange_log(exchanged)
        self.assertGreater(sum(pairs.count("+") for *_, pairs in lines), len(lines) // 20)
        # energies belong to the levels of the line before, for the levels of a line are those after the exchange
        walks = [[lines[k][2][lines[k - 1][1].index(level)] for k in range(42, len(lines), 2)] for level in (1, 2, 3, 4)]
        for level, walk in enumerate(walks, 1):
            with open(alone.path("energies.%d" % level)) as file:
                independent = [float(line) for line in file if line[0] != "#"]
            self.assertEqual(len(walk), 200)
            self.assertGreaterEqual(len(independent), 200)
            self.assertGreater(kolmogorov_smirnov(walk, independent), 1e-4, "level %d" % level)
        self.assertLess(kolmogorov_smirnov(walks[0], walks[1]), 1e-6, "the test can tell temperatures apart")

    def test_as_often_as_temper(self):
        """Acceptances of the stock commands on the same system, at constant volume and at constant pressure."""
        steps, every = 30000, 50
        ladder = "300 380 480 610"
        for thermostat, new, stock in (("langevin", "fix heat all langevin $t $t 0.1 ${seed}", "temper %d %d $t heat 0 4712"),
                                       ("npt", "fix heat all npt temp $t $t 0.1 iso 1e4 1e4 0.5", "temper/npt %d %d $t heat 0 4712 1e4")):
            script = copper(thermostat, cells=2).replace("300 345 397 456", ladder) + "unfix heat\n%s\nrun 5000\nthermo 30000\n" % new
            ours = partitions(script + "fix swap all remd/swap %d 4712 %s\nrun %d\n" % (every, ladder, steps))
            pairs = [p for *_, p in exchange_log(ours)]
            theirs = partitions(script + stock % (steps, every) + "\n")
            # level of each replica, from 0; a pair has exchanged when both levels are the other's
            maps = [[int(x) for x in line.split()[1:]] for line in theirs.text.splitlines()
                    if len(line.split()) == 5 and line.split()[0].isdigit()]
            self.assertEqual(len(maps), steps // every + 1)
            for i in range(3):
                attempts = [p[i] for p in pairs if p[i] != "."]
                self.assertEqual(len(attempts), steps // every // 2)
                exchanges = sum(after[before.index(i)] == i + 1 for before, after in zip(maps, maps[1:]))
                rate, other = attempts.count("+") / len(attempts), exchanges / len(attempts)
                self.assertGreater(rate, 0.02)
                self.assertLess(abs(rate - other), 4.0 * math.sqrt(2.0 * rate * (1.0 - rate) / len(attempts)),
                                "%s, pair %d" % (thermostat, i))


class Exactness(unittest.TestCase):

    def test_same_exchanges_on_other_ranks(self):
        script = copper() + "fix swap all remd/swap 10 4712 300 345\nrun 100\n"
        one, two = exchange_log(partitions(script, "2x1")), exchange_log(partitions(script, "2x2"))
        self.assertEqual(len(one), 11)
        for a, b in zip(one, two):
            self.assertEqual((a[0], a[1], a[3]), (b[0], b[1], b[3]))
            for x, y in zip(a[2], b[2]):
                self.assertAlmostEqual(x, y, delta=1e-6 * abs(x))

    def test_same_exchanges_with_threads(self):
        script = copper() + "fix swap all remd/swap 10 4712 300 345\nrun 50\n"
        plain = exchange_log(partitions(script, "2x1"))
        run = partitions(script, "2x1", threads=2, arguments=("-sf", "omp", "-pk", "omp", "2"))
        self.assertIn("eam/fs/omp", screen(run, 0))
        self.same_exchanges(plain, exchange_log(run), 1e-6)

    def same_exchanges(self, one, other, relative):
        """Steps, levels and decisions are the same, energies agree."""
        self.assertEqual(len(one), len(other))
        for a, b in zip(one, other):
            self.assertEqual((a[0], a[1], a[3]), (b[0], b[1], b[3]))
            for x, y in zip(a[2], b[2]):
                self.assertAlmostEqual(x, y, delta=relative * abs(x))

    def test_nnap_beside_threads(self):
        script = """\
variable seed universe 1 2
units metal
lattice bcc 3.25
region box block 0 4 0 4 0 4
create_box 3 box
create_atoms 1 box
set group all type/fraction 2 0.5 4711
set group all type/fraction 3 0.1 321
displace_atoms all random 0.12 0.12 0.12 ${seed}
mass * 60
pair_style hybrid/overlay nnap zbl 2.0 3.0
pair_coeff * * nnap random-default.nnap.json Zr Cu O
pair_coeff * * zbl 40 40
velocity all create 300 ${seed}
fix heat all nvt temp 300 300 0.1
timestep 0.0002
fix swap all remd/swap 2 77 300 330
run 6
"""
        plain = exchange_log(partitions(script, "2x1"))
        threads = exchange_log(partitions(script, "2x1", arguments=("-sf", "omp", "-pk", "omp", "1")))
        self.assertEqual([line[0] for line in plain], [0, 2, 4, 6])
        self.same_exchanges(plain, threads, 1e-8)

    def test_energy_of_the_force_field(self):
        """The energy by which potentials are compared is that of a run: all parts of a hybrid style, the tail, all threads."""
        script = """\
variable well universe 1.0 1.1
variable seed universe 1 2
variable world universe 1 2
lattice fcc 0.8
region box prism 0 4 0 4 0 4 1 0.5 -0.5
create_box 2 box
create_atoms 1 box
set group all type/fraction 2 0.5 1
mass * 1
pair_style hybrid/overlay lj/cut 2.5 morse 2.0
pair_coeff * * lj/cut ${well} 1.0
pair_coeff * 2 morse 0.5 3.0 1.2
pair_modify pair lj/cut tail yes
displace_atoms all random 0.1 0.1 0.1 ${seed}
velocity all create 1.0 ${seed}
fix heat all nvt temp 1 1 0.1
thermo_modify norm no
run 0 post no
print '$(pe:%.12g) $(etail)' file energy.${world}
fix swap all remd/swap 10 4712 1.0 1.1
run 10
"""
        for arguments in ((), ("-sf", "omp", "-pk", "omp", "2")):
            run = partitions(script, "2x1", threads=2, arguments=arguments, expect_error=True)
            with open(run.path("energy.1")) as file:
                energy, tail = [float(x) for x in file.read().split()]
            self.assertLess(tail, -1.0)
            told = run.text.split("configuration has the energy ")[1].split()
            self.assertAlmostEqual(float(told[0]), energy, delta=1e-6 * abs(energy))
            self.assertGreater(abs(float(told[3]) - energy), 1e-3 * abs(energy))

    def test_restarts_make_the_same_decisions(self):
        for thermostat in ("nvt", "npt", "csvr"):
            swap = "fix swap all remd/swap 10 4712 300 345 397 456\n"
            tail = "thermo 10\nthermo_style custom step pe etotal econserve f_swap[1]\nrun 100\n"
            went_on = partitions(copper(thermostat) + swap + "run 100\nwrite_restart restart.${world}\n" + tail)
            begin = copper(thermostat).replace("${seed}", "99")
            head = begin[:begin.index("units metal")]
            rest = begin[begin.index("timestep"):]
            restarted = partitions(head + "read_restart restart.${world}\npair_style eam/fs\npair_coeff * * CuZr_mm.eam.fs Cu\n" + rest + swap + tail,
                                   folder=went_on.folder)
            lines = exchange_log(restarted)
            self.assertEqual([line[0] for line in lines], [10 * k for k in range(21)])
            for world in range(4):
                self.assertEqual(len(self.thermo(screen(restarted, world))), 11)
            # the file was gone on with; what the uninterrupted run wrote is in its screens
            first = partitions(copper(thermostat) + swap + "run 100\nwrite_restart restart.${world}\n" + tail)
            self.assertEqual([line[1] for line in exchange_log(first)], [line[1] for line in lines], thermostat)
            self.assertEqual([line[3] for line in exchange_log(first)], [line[3] for line in lines], thermostat)
            self.assertIn("+", "".join(line[3] for line in lines[11:]), thermostat)
            for world in range(4):
                for a, b in zip(self.thermo(screen(first, world))[-11:], self.thermo(screen(restarted, world))):
                    self.assertEqual((a[0], a[4]), (b[0], b[4]))
                    for x, y in zip(a[1:4], b[1:4]):
                        self.assertAlmostEqual(x, y, delta=1e-10 * abs(x), msg=thermostat)

    @staticmethod
    def thermo(text):
        rows = []
        for line in text.splitlines():
            words = line.split()
            try:
                if len(words) == 5:
                    rows.append([float(word) for word in words])
            except ValueError:
                pass
        return rows

    def test_conserved_quantity_stays_one(self):
        """Forced exchanges move much energy; the thermostat's conserved quantity does not notice."""
        for thermostat in ("nvt", "npt", "csvr"):
            run = partitions(copper(thermostat) + "timestep 0.001\nrun 1000\nfix swap all remd/swap 50 4712 300 345 397 456 force yes\n"
                             "thermo 50\nthermo_style custom step ke pe econserve temp\nrun 500\n")
            for world in range(4):
                rows = self.thermo(screen(run, world))[-11:]
                kinetic = [row[1] for row in rows]
                conserved = [row[3] for row in rows]
                self.assertGreater(max(kinetic) - min(kinetic), 1.0)
                jumps = [abs(b - a) for a, b in zip(conserved, conserved[1:])]
                self.assertLess(max(jumps), 0.02, "%s %s" % (thermostat, conserved))


class Manners(unittest.TestCase):

    def test_hybrid_stages(self):
        run = partitions(copper() + "fix swap all remd/swap 10 4712 300 345 397 456 hybrid 40 60\nrun 250\n")
        self.assertEqual([line[0] for line in exchange_log(run)],
                         [0] + [s for s in range(10, 251, 10) if (s - 1) % 100 >= 40])

    def test_force_says_so(self):
        run = partitions(copper() + "fix swap all remd/swap 10 4712 300 600 1200 2400 force yes\nrun 100\n")
        self.assertIn("do NOT sample the canonical ensemble", run.text)
        self.assertNotIn("-", "".join(line[3] for line in exchange_log(run)))

    def test_hopeless_ladders_are_told(self):
        run = partitions(copper(cells=6) + "fix swap all remd/swap 10 4712 300 600 1200 2400\nrun 0\n")
        self.assertIn("hardly ever exchange", run.text)
        self.assertIn("temperatures would give 20 % or more", run.text)
        run = partitions(copper() + "fix swap all remd/swap 10 4712 300 324 ladder auto\nrun 0\n"
                         "print 'ladder: $(f_swap[1][1]) $(f_swap[1][2]) $(f_swap[2][2]) $(f_swap[3][2])'\n")
        self.assertNotIn("hardly ever exchange", run.text)
        ladder = [float(x) for x in screen(run, 0).split("ladder: ")[-1].split()[:4]]
        for k in range(4):
            self.assertAlmostEqual(ladder[k], 300 * 1.08 ** (k / 3), places=4)

    def test_copies_of_one_random_stream_are_told(self):
        run = partitions(EINSTEIN.format(temperatures="1000 1500 2000 2500").replace("4811 4911 5011", "4711 4711 4711") +
                         "fix swap all remd/swap 20 4712 1000 1500 2000 2500\nrun 400\n")
        self.assertIn("the energies of replicas 1 and 2 go up and down together", run.text)

    def test_a_replica_that_stops_early_stops_the_others(self):
        halt = "variable now equal step\nvariable end universe 1000 57 1000 1000\nfix stop all halt 1 v_now >= ${end} error %s\n"
        swap = "fix swap all remd/swap 20 4712 300 345 397 456\n"
        for order in (0, 1):    # fix halt before and after
            for kind, runs in (("soft", 1), ("continue", 1)):
                parts = [halt % kind, swap]
                run = partitions(copper() + "".join(parts[::1 - 2 * order]) + "run 200\nprint 'here: $(step)'\n", timeout=120)
                self.assertIn("replica 2 has ended its run early, at step 57; the others end theirs", run.text)
                self.assertIn("here: 57", screen(run, 1))
                self.assertIn("here: 60", screen(run, 0))
        run = partitions(copper() + halt % "hard" + swap + "run 200\n", timeout=120, expect_error=True)
        self.assertIn("met on step 57", screen(run, 1))
        # between the last attempt and the end of the run
        run = partitions(copper() + halt % "soft" + swap + "run 59\nprint 'here: $(step)'\n", timeout=120)
        self.assertIn("here: 57", screen(run, 1))
        self.assertIn("here: 59", screen(run, 0))

    def test_time_out(self):
        run = partitions(copper() + "variable limit universe off 0:00:02 off off\ntimer timeout ${limit} every 10\n"
                         "fix swap all remd/swap 20 4712 300 345 397 456\nrun 10000000\nrun 1000\nprint 'all there'\n", timeout=120)
        self.assertIn("replica 2 has ended its run", run.text)
        for world in range(4):
            self.assertIn("all there", screen(run, world))

    def test_other_runs_are_refused(self):
        run = partitions(copper() + "variable steps universe 100 100 200 100\n"
                         "fix swap all remd/swap 20 4712 300 345 397 456\nrun ${steps}\nrun 100\n", timeout=120, expect_error=True)
        self.assertIn("all need the same runs", run.text)

    def test_wrong_use(self):
        swap = "fix swap all remd/swap 20 4712 300 345 397 456 %s\nrun 20\n"
        good = copper()
        for script, words in (
                (good + "fix swap all remd/swap 20 4712 300 345 397\nrun 0\n", "3 temperatures for 4 partitions"),
                (good + "fix swap all remd/swap 20 4712 300 345 345 400\nrun 0\n", "ascend"),
                (good + "fix swap all remd/swap 20 4712 -300 345 350 400\nrun 0\n", "above 0"),
                (good + "fix swap all remd/swap 0 4712 300 345 350 400\nrun 0\n", "must be an integer from 1 to 2147483647, not '0'"),
                (good + "fix swap all remd/swap 4294967316 4712 300 345 350 400\nrun 0\n", "not '4294967316'"),
                (good + "fix swap all remd/swap 20 0 300 345 350 400\nrun 0\n", "seed must be an integer from 1"),
                (good + "fix swap all remd/swap 20 18446744073709551620 300 345 350 400\nrun 0\n", "not '18446744073709551620'"),
                (good + "fix swap all remd/swap 20 4712 300 345 350 1e999\nrun 0\n", "a temperature must be a number above 0, not '1e999'"),
                (good + 'fix swap all remd/swap 20 4712 300 345 350 ""\nrun 0\n', "empty"),
                (good + swap % 'file ""', "the value of keyword file is an empty word"),
                (good + swap % "force yes force no", "force"),
                (good + swap % "warmup 9223372036854775807", "not '9223372036854775807'"),
                (good + "fix swap all remd/swap 20 4712 300 320 350 ladder auto\nrun 0\n", "3 are given"),
                (good + swap % "ladder maybe", "must be one of given, auto, not 'maybe'"),
                (good + swap % "force", "the value of keyword force is missing"),
                (good + swap % "force maybe", "must be yes or no, not 'maybe'"),
                (good + swap % "hybrid 10 5", "with attempts, N or more, must be an integer from 20"),
                (good + swap % "acceptance 1.5", "above 0 and below 1, not '1.5'"),
                (good + swap % "walk 5", "'walk'"),
                (good + "variable s universe 1 1 2 1\n" + (swap % "").replace("4712", "$s"), "replica 3 has N 20, seed 2"),
                (good + "variable f universe yes yes yes no\n" + swap % "force $f", "replica 4 has N 20, seed 4712, force no"),
                (good + swap % "file no/such/folder", "No such file"),
                (good + "unfix heat\nfix heat all nve\n" + swap % "", "no thermostat"),
                (good + "fix more all langevin 300 300 0.1 5\n" + swap % "", "both control the temperature"),
                (good + "unfix heat\nfix heat all nve\nvariable T equal 300\nfix h all langevin v_T 300 0.1 5\n" + swap % "",
                 "must not be a variable"),
                (good + "group half id 1:50\nunfix heat\nfix heat half nvt temp 300 300 0.1\n" + swap % "", "give both the same group"),
                (good + "unfix heat\nfix heat all npt temp 300 300 0.1 x 0 0 0.5\n" + swap % "", "constant pressure in all directions"),
                (good + "variable p universe 0 0 1000 0\nunfix heat\nfix heat all npt temp 300 300 0.1 iso $p $p 0.5\n" + swap % "",
                 "only temperatures are exchanged"),
                (good + "fix b all press/berendsen iso 0 0 1\n" + swap % "", "changes the box"),
                (good + "variable d universe 1 1 2 1\ngroup gone id <= ${d}\ndelete_atoms group gone\n" + swap % "", "replica 3 has 106 atoms"),
                (good + "variable m universe 63 63 63 64\nmass 1 ${m}\n" + swap % "", "replica 4 has 108 atoms of type 1 and mass 64"),
                (good + "variable e universe Cu Zr Cu Cu\npair_coeff * * CuZr_mm.eam.fs ${e}\nmass 1 63.546\n" + swap % "",
                 "same potential energy function")):
            with self.subTest(words):
                run = partitions(script, expect_error=True, timeout=120)
                self.assertIn("Fix remd/swap", run.text)
                self.assertIn(words, run.text)
                if script[len(good):].startswith("fix swap"):    # the same words in all partitions
                    self.assertEqual(run.text.count("ERROR"), 1, run.text)
        alone = "\n".join(line for line in copper().splitlines() if " universe " not in line).replace("${seed}", "1").replace("v_t", "300")
        run = lammps(alone + "\nfix swap all remd/swap 20 4712 300 345\n", expect_error=True)
        self.assertIn("-partition", run.text)

    @staticmethod
    def restarted(other, swap, lattice=3.64):
        """Reads the restart file of the partition that variable `other` names for each."""
        begin = copper(lattice=lattice)
        head, rest = begin[:begin.index("units metal")], begin[begin.index("timestep"):]
        return (head + "variable other universe %s\nread_restart restart.${other}\npair_style eam/fs\n"
                "pair_coeff * * CuZr_mm.eam.fs Cu\n" % other + rest + swap + "run 20\n")

    def test_restart_files_of_others(self):
        swap = "fix swap all remd/swap 10 4712 300 345 397 456 %s\n"
        run = partitions(copper() + swap % "" + "run 20\nwrite_restart restart.${world}\n")
        for other, fix, words in (("2 1 3 4", swap % "", "replica 2, now 1"),
                                  ("1 2 3 4", (swap % "").replace("345", "346"), "temperatures 300 345 397 456, now 300 346 397 456"),
                                  ("1 2 3 4", swap % "force yes", "force no, now yes")):
            again = partitions(self.restarted(other, fix), folder=run.folder, expect_error=True, timeout=120)
            self.assertIn(words, again.text)
        again = partitions(self.restarted("1 2 1 2", "fix swap all remd/swap 10 4712 300 345\n"), "2x1", folder=run.folder, expect_error=True)
        self.assertIn("number of replicas 4, now 2", again.text)
        # attempts more often, and by other random numbers, are no less valid; they are told
        again = partitions(self.restarted("1 2 3 4", "fix swap all remd/swap 5 4713 300 345 397 456\n"), folder=run.folder)
        self.assertEqual(again.text.count("goes on with N 5, seed 4713"), 1)
        self.assertEqual([line[0] for line in exchange_log(run)], [0, 10, 20, 25, 30, 35, 40])

    def test_restart_files_of_different_runs(self):
        swap = "fix swap all remd/swap 10 %d 300 345 397 456 force %s\n"
        run = partitions(copper() + swap % (4712, "yes") + "run 20\nwrite_restart restart.${world}\n")
        partitions(copper() + swap % (4712, "yes") + "run 20\nwrite_restart restart.2${world}\n" + "run 20\n", folder=run.folder)
        # the exchange of the second run has gone on; at another step with the same number of steps
        partitions(copper() + "run 10\nreset_timestep 0\n" + (swap % (4712, "yes")).replace("remd/swap 10", "remd/swap 20") +
                   "run 20\nwrite_restart restart.3${world}\n", folder=run.folder)
        mixed = partitions(self.restarted("1 2 33 4", swap % (4712, "yes")), folder=run.folder, expect_error=True, timeout=120)
        self.assertIn("do not agree on the exchanges so far", mixed.text)
        # a file of exchanges that is not of this run
        again = partitions(self.restarted("31 32 33 34", swap % (4712, "yes")), folder=run.folder)
        self.assertNotIn("ERROR", again.text)
        other = partitions(self.restarted("1 2 3 4", swap % (4712, "yes")), folder=run.folder, expect_error=True, timeout=120)
        self.assertIn("remd.log: has the replicas at other temperatures at step 20", other.text)

    def test_flipped_bits_in_restart_files(self):
        """Whatever byte of our part is another one: an error, neither a crash nor a run."""
        swap = "fix swap all remd/swap 10 4712 300 345\n"
        run = partitions(copper() + swap + "run 20\nwrite_restart restart.${world}\n", "2x1")
        with open(run.path("restart.2"), "rb") as file:
            whole = file.read()
        record = record_in(whole, "fix remd/swap")
        self.assertGreater(len(record), 300)
        places = [record[k] for k in (0, 7, 8, 10, 12, 15, 16, 23, 24, 31, -1)] + list(record[32::len(record) // 5])
        for k, place in enumerate(places):
            with open(run.path("restart.2"), "wb") as file:
                file.write(flipped(whole, place, k))
            again = partitions(self.restarted("1 2 1 2", swap), "2x1", folder=run.folder, expect_error=True, timeout=120)
            self.assertIn("Fix remd/swap: the restart file is damaged", again.text, place)
            self.assertNotIn("Signal", again.text, place)
        with open(run.path("restart.2"), "wb") as file:
            file.write(whole)
        partitions(self.restarted("1 2 1 2", swap), "2x1", folder=run.folder)

    def test_energies_that_are_no_numbers(self):
        for keywords, step in (("warmup 0", 20), ("force yes", 20), ("", 16), ("", 0)):
            script = copper("langevin") + ("variable huge universe 0 1e200 0 0\nvariable none atom 0\n"
                                           "variable energy atom ${huge}*(step>=%d)*1e200*1e200\n"
                                           "fix add all addforce v_none v_none v_none energy v_energy\nfix_modify add energy yes\n"
                                           "fix swap all remd/swap 20 4712 300 345 397 456 %s\nrun 60\n" % (step - 1, keywords))
            run = partitions(script, expect_error=True, timeout=120)
            self.assertIn("Fix remd/swap: the potential energy of replica 2 at the temperature 345 is inf", run.text)
            self.assertIn("at step %d:" % step, run.text)

    def test_fixes_whose_energy_is_forgotten(self):
        run = partitions(EINSTEIN.format(temperatures="1000 1500 2000 2500").replace("fix_modify tether energy yes", "") +
                         "fix swap all remd/swap 20 4712 1000 1500 2000 2500\nrun 0\n")
        self.assertIn("fix_modify tether energy yes", screen(run, 0))


class Demux(unittest.TestCase):

    def test_one_trajectory_per_temperature(self):
        """Kinetic energies of the sorted frames belong to their temperature, of the replicas they do not."""
        run = partitions(copper("langevin") + "fix swap all remd/swap 20 4712 300 345 397 456 force yes\n"
                         "variable mark atom v_world\ndump all all custom 10 dump.${world} id vx vy vz v_mark\ndump_modify all sort id\n"
                         "run 200\nrun 200\n")
        lammps("remd demux remd.log dump.* temperature.*\n", folder=run.folder)
        lines = exchange_log(run)
        for level in range(4):
            with open(run.path("temperature.%d" % (level + 1))) as file:
                frames = file.read().split("ITEM: TIMESTEP\n")[1:]
            self.assertEqual(len(frames), 41)
            for frame in frames:
                step = int(frame.split()[0])
                levels = [now for at, now, *_ in lines if at <= step][-1]
                marks = {int(line.split()[4]) for line in frame.splitlines()[8:]}
                self.assertEqual(marks, {levels.index(level + 1) + 1})

    LIQUID = """\
variable w world 0 1
variable T world 1.0 1.06
variable s world 111 222
units lj
%s
pair_style lj/cut 2.3
pair_coeff * * 1 1
fix n all nve
fix 1 all langevin $T $T 0.5 $s zero yes
fix x all remd/swap 50 777 1.0 1.06 warmup 0
dump d all custom %d %s.$w id type x y z vx vy vz
dump_modify d append yes sort id
"""
    CREATE = """\
lattice fcc 0.9
region b block 0 3 0 3 0 3
create_box 1 b
create_atoms 1 box
mass 1 1.0
velocity all create $T $s"""

    def test_a_run_that_was_killed_and_continued_from_an_earlier_step(self):
        """What stays in the results are the frames of the run whose exchanges remd.log holds, wherever they were written."""
        for first, second, every in (("d", "d", 50), ("d", "e", 50), ("d", "d", 100)):
            run = partitions(self.LIQUID % (self.CREATE, 50, first) + "run 520\nwrite_restart r.$w\nrun 480\n", "2x1")
            partitions(self.LIQUID % ("read_restart r.$w", every, second) + "run 280\n", "2x1", folder=run.folder)
            names = "d.* e.*" if second == "e" else "d.*"
            steps = list(range(0, 501, 50)) + [step for step in range(550, 801, 50) if step % every == 0]
            demux = lammps("remd demux remd.log %s T.*\n" % names, folder=run.folder)
            self.assertIn("remd demux: %d frames for each of 2 temperatures" % len(steps), demux.text)
            self.assertIn("  20 frames discarded", demux.text)
            levels = {step: now for step, now, *_ in exchange_log(run)}
            self.assertEqual(max(levels), 800)
            written = []    # (step, replica, atoms) in the order of writing
            for replica in (0, 1):
                for name in dict.fromkeys((first, second)):
                    written += [(step, replica, atoms) for step, atoms in self.frames(run.path("%s.%d" % (name, replica)))]
            results = {level: dict(self.frames(run.path("T.%d" % level))) for level in (1, 2)}
            for level in (1, 2):
                self.assertEqual(list(results[level]), steps)
                for step in steps:
                    replica = levels[step].index(level)
                    both = [atoms for at, of, atoms in written if (at, of) == (step, replica)]
                    self.assertEqual(len(both), 1 if step <= 500 else 2)
                    self.assertEqual(results[level][step], both[-1], (step, level))
                    if step > 500:
                        self.assertNotEqual(*both)

    @staticmethod
    def frames(path):
        with open(path) as file:
            lines = file.read().split("\n")
        frames = []
        while len(lines) > 8:
            atoms = int(lines[3])
            frames.append((int(lines[1]), lines[9:9 + atoms]))
            lines = lines[9 + atoms:]
        return frames

    def test_demux_in_the_script_of_the_run(self):
        """By all partitions at once, or by one of them."""
        script = self.LIQUID % (self.CREATE, 50, "d") + "run 200\n"
        run = partitions(script + "remd demux remd.log d.* T.*\npartition yes 2 remd demux remd.log d.* S.*\n", "2x1")
        self.assertEqual(run.text.count("remd demux: 5 frames for each of 2 temperatures"), 1)
        lammps("remd demux remd.log d.* R.*\n", folder=run.folder)
        self.assertEqual([name for name in os.listdir(run.folder) if name.endswith(".part")], [])
        for level in (1, 2):
            texts = [self.frames(run.path("%s.%d" % (name, level))) for name in "RST"]
            self.assertEqual(len(texts[0]), 5)
            self.assertEqual(texts[0], texts[1])
            self.assertEqual(texts[0], texts[2])
        failed = partitions(script + "partition yes 2 remd demux none d.* T.*\n", "2x1", expect_error=True)
        self.assertIn("ERROR in partition 2: Command remd: none: cannot be opened", failed.text)

    def test_demux_refuses(self):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        for command, words in (("remd", "the first word is missing"), ("remd sort a b* c*", "must be one of demux, not 'sort'"),
                               ("remd demux a", "the name of dumps is missing"), ("remd demux a b*", "the name of results is missing"),
                               ("remd demux a b c*", "needs one * for the number, 'b' has 0"),
                               ("remd demux a b* c*/d*", "'c*/d*' has 2"), ('remd demux "" b* c*', "is an empty word"),
                               ("remd demux a b* c*", "a: cannot be opened")):
            run = lammps(command + "\n", folder=folder, expect_error=True)
            self.assertIn(words, run.text)


if __name__ == "__main__":
    unittest.main()
