# SPDX-License-Identifier: GPL-2.0-only
"""pair_style nnap and the nnap command in LAMMPS: ranks, threads, cells, other styles, wrong use."""

import itertools
import json
import math
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import SOURCE, lammps, shared  # noqa: E402

# A Cu-Zr-O crystal pushed off its sites; three types, the last one without atoms unless asked for.
ATOMS = """
units metal
atom_modify map yes
lattice bcc 3.25
region box {shape} 0 {n} 0 {n} 0 {n} {tilt}
create_box 3 box
create_atoms 1 box
set group all type/fraction 2 0.5 4711
set group all type/fraction 3 {oxygen} 321
displace_atoms all random 0.12 0.12 0.12 99
mass * 60
"""
POTENTIAL = """
pair_style nnap
pair_coeff * * random-default.nnap.json Zr Cu O
"""
# Everything a run 0 can say, with all digits.
REPORT = """
compute e all pe/atom
compute s all stress/atom NULL virial
compute sum all reduce sum c_e c_s[1] c_s[2] c_s[3] c_s[4] c_s[5] c_s[6]
thermo_style custom step pe pxx pyy pzz pxy pxz pyz c_sum[*]
thermo_modify format float %.16g
dump d all custom 1 dump.atoms id x y z fx fy fz c_e c_s[*]
dump_modify d sort id format float %.16g
run 0 post no
variable pe equal pe
variable volume equal vol
variable esum equal c_sum[1]
print "energy: $(v_pe:%.16g) $(v_esum:%.16g)"
print "pressure: $(pxx:%.16g) $(pyy:%.16g) $(pzz:%.16g) $(pxy:%.16g) $(pxz:%.16g) $(pyz:%.16g)"
print "atoms: $(c_sum[2]:%.16g) $(c_sum[3]:%.16g) $(c_sum[4]:%.16g) $(c_sum[5]:%.16g) $(c_sum[6]:%.16g) $(c_sum[7]:%.16g)"
print "volume: $(v_volume:%.16g)"
"""


def atoms(n=4, shape="block", tilt="", oxygen=0.1):
    return ATOMS.format(n=n, shape=shape, tilt=tilt, oxygen=oxygen)


class Case(unittest.TestCase):
    def assert_close(self, a, b, relative, what=""):
        scale = max(1.0, max(abs(x) for x in b))
        for x, y in zip(a, b):
            self.assertLessEqual(abs(x - y), relative * scale, "%s: %r against %r" % (what, x, y))

    def assert_same_report(self, run, other, relative):
        for word in ("energy", "pressure", "atoms"):
            self.assert_close(run.printed(word), other.printed(word), relative, word)
        a, b = self.by_position(run), self.by_position(other)
        self.assertEqual(a.keys(), b.keys())
        for place in a:
            self.assert_close(a[place], b[place], relative, "atom at %s" % (place,))

    @staticmethod
    def by_position(run):
        """{position: fx fy fz e s1..s6}; create_atoms numbers atoms differently on other ranks."""
        return {tuple("%.6f" % x for x in row[:3]): row[3:] for row in run.dump("dump.atoms").values()}


class Parallel(Case):
    def test_ranks_and_threads_agree(self):
        for cell in (atoms(), atoms(shape="prism", tilt="0.9 -0.6 0.7")):
            one = lammps(cell + POTENTIAL + REPORT)
            for ranks, threads in ((2, 1), (4, 1), (1, 2), (1, 3), (2, 2)):
                self.assert_same_report(lammps(cell + POTENTIAL + REPORT, ranks, threads), one, 1e-10)

    def test_fewer_threads_than_asked_for(self):
        """OpenMP may grant fewer threads than LAMMPS counts on; no atom may be left out."""
        one = lammps(atoms() + POTENTIAL + REPORT)
        two = lammps(atoms() + POTENTIAL + REPORT, threads=2, environment={"OMP_THREAD_LIMIT": "1"})
        self.assertIn("using 2 OpenMP thread(s)", two.text)
        self.assert_same_report(two, one, 1e-10)

    def test_per_atom_values_add_up(self):
        run = lammps(atoms() + POTENTIAL + REPORT, 2, 2)
        total, summed = run.printed("energy")
        self.assertAlmostEqual(total, summed, delta=1e-10 * abs(total))
        volume = run.printed("volume")[0]
        # stress/atom is minus pressure times volume
        self.assert_close([-s / volume for s in run.printed("atoms")], run.printed("pressure"), 1e-10)

    def test_empty_ranks(self):
        # all atoms at one end of a long vacuum: three of four ranks own none
        cell = atoms() + "change_box all x delta 0 60 boundary p p p\n"
        one = lammps(cell + POTENTIAL + REPORT)
        four = lammps("processors 4 1 1\n" + cell + POTENTIAL + REPORT, 4)
        self.assert_same_report(four, one, 1e-10)

    def test_trajectories_agree(self):
        deck = atoms() + POTENTIAL + """
velocity all create 300 4321 loop geom
fix 1 all nve
timestep 0.0005
run 100 post no
print "energy: $(pe:%.16g) $(ke:%.16g)"
"""
        one = lammps(deck)
        for ranks, threads in ((2, 1), (4, 1), (2, 2)):
            self.assert_close(lammps(deck, ranks, threads).printed("energy"), one.printed("energy"), 1e-9)


class Cells(Case):
    def test_small_cell_equals_its_replica(self):
        # edges of 3.25 to 6.5 A against a cutoff of 5 A: an atom meets its own images
        small = atoms(n=1) + POTENTIAL
        one = lammps(small + REPORT)
        large = lammps(small + "replicate 4 3 2\n" + REPORT, 2)
        self.assertAlmostEqual(large.printed("energy")[0], 24 * one.printed("energy")[0],
                               delta=1e-9 * abs(large.printed("energy")[0]))
        self.assert_close(large.printed("pressure"), one.printed("pressure"), 1e-10)

    def test_oracles_through_lammps(self):
        """Cells smaller than twice the cutoff, through LAMMPS's own ghost atoms."""
        oracles = (("nnap_90_16x4_random_open.json", [shared("reference", "nnap_90_16x4_random_open.nnap.json")], 1e-6),
                   ("aenet_open.json", [shared("potentials", "NNP-CuZrO", e + ".nn") for e in ("Zr", "Cu", "O")], 1e-6))
        for oracle, files, tolerance in oracles:
            with open(shared("reference", oracle)) as file:
                structures = json.load(file)["structures"]
            for structure in structures:
                self.compare_with_oracle(structure, files, tolerance)

    def compare_with_oracle(self, structure, files, tolerance):
        a, b, c = structure["cell"]    # already LAMMPS's orientation: a along x, b in the xy plane
        symbols = ["Cu", "Zr", "O"]
        deck = "units metal\nbox tilt large\nregion box prism 0 %.17g 0 %.17g 0 %.17g %.17g %.17g %.17g\n" % (
            a[0], b[1], c[2], b[0], c[0], c[1])
        deck += "create_box 3 box\nmass * 60\n"
        for symbol, x in zip(structure["symbols"], structure["positions"]):
            deck += "create_atoms %d single %.17g %.17g %.17g units box\n" % (symbols.index(symbol) + 1, *self.wrapped(x, a, b, c))
        deck += "pair_style nnap\npair_coeff * * %s Cu Zr O\n" % " ".join(files)
        run = lammps(deck + REPORT)
        energy = structure["energy"]
        self.assertAlmostEqual(run.printed("energy")[0], energy, delta=1e-9 * abs(energy), msg=structure["name"])
        atoms_out = run.dump("dump.atoms")
        for i, (force, e) in enumerate(zip(structure["forces"], structure["atom_energies"])):
            self.assert_close(atoms_out[i + 1][3:6], force, tolerance, structure["name"])
            self.assertAlmostEqual(atoms_out[i + 1][6], e, delta=1e-9 * abs(e))
        bar = 1602176.634    # bar per eV/A^3, LAMMPS's nktv2p
        virial = [structure["virial_eV"][k] for k in ("xx", "yy", "zz", "xy", "xz", "yz")]
        volume = run.printed("volume")[0]
        measured = [p * volume / bar for p in run.printed("pressure")]
        self.assert_close(measured, virial, 1e-6 if tolerance < 1e-5 else tolerance, structure["name"])

    @staticmethod
    def wrapped(x, a, b, c):
        """x moved into the cell, for create_atoms drops what lies outside."""
        w = x[2] / c[2]
        v = (x[1] - w * c[1]) / b[1]
        u = (x[0] - v * b[0] - w * c[0]) / a[0]
        u, v, w = (f - (f // 1) for f in (u, v, w))
        return [u * a[0] + v * b[0] + w * c[0], v * b[1] + w * c[1], w * c[2]]

    def test_alone_close_and_absent(self):
        box = "units metal\nregion box block 0 20 0 20 0 20\ncreate_box 3 box\nmass * 60\n"
        for positions in ([(1, 1, 1)], [(1, 1, 1), (1, 1, 1.3)], [(1, 1, 1), (1, 1, 1)], []):
            deck = box + "".join("create_atoms 1 single %g %g %g\n" % x for x in positions) + POTENTIAL + REPORT
            for ranks in (1, 4):
                run = lammps(deck, ranks)
                for word in ("energy", "pressure"):
                    for value in run.printed(word):
                        self.assertEqual(value, value, "NaN in %s of %r" % (word, positions))
                        self.assertLess(abs(value), 1e12)


class OtherStyles(Case):
    def test_minimize(self):
        run = lammps(atoms(n=3) + POTENTIAL + """
run 0
print "before: $(pe:%.16g)"
min_style cg
minimize 0 1e-3 200 2000
print "after: $(pe:%.16g) $(fmax)"
""", 2)
        self.assertLess(run.printed("after")[0], run.printed("before")[0] - 1e-3)

    def test_overlay_adds_zbl(self):
        nnap = lammps(atoms() + POTENTIAL + REPORT)
        zbl_terms = "29 29 40 40 8 8"
        coefficients = "\n".join("pair_coeff %d %d zbl %s %s" % (i, j, zbl_terms.split()[2 * i - 2], zbl_terms.split()[2 * j - 2])
                                 for i in (1, 2, 3) for j in (1, 2, 3) if i <= j)
        alone = lammps(atoms() + "pair_style zbl 2.0 4.0\n" + coefficients.replace(" zbl", "") + REPORT)
        both = lammps(atoms() + "pair_style hybrid/overlay nnap zbl 2.0 4.0\n"
                      "pair_coeff * * nnap random-default.nnap.json Zr Cu O\n" + coefficients + REPORT, 2, 2)
        for word in ("energy", "pressure", "atoms"):
            self.assert_close(both.printed(word), [a + b for a, b in zip(nnap.printed(word), alone.printed(word))], 1e-10, word)
        a, b, c = (self.by_position(run) for run in (both, nnap, alone))
        self.assertEqual(a.keys(), b.keys())
        for place in a:
            self.assert_close(a[place], [x + y for x, y in zip(b[place], c[place])], 1e-10)

    def test_threads_beside_the_openmp_package(self):
        """Its styles leave forces in the threads' copies of f until the last of them has run."""
        overlay = """
pair_style hybrid/overlay zbl 2.0 3.0 nnap morse 4.0
pair_coeff * * zbl 40 40
pair_coeff * * nnap random-default.nnap.json Zr Cu O
pair_coeff * * morse 0.3 1.5 2.8
"""
        plain = lammps(atoms() + overlay + REPORT)
        threaded = lammps(atoms() + overlay + REPORT, threads=2, arguments=("-sf", "omp", "-pk", "omp", "2"))
        self.assertIn("/omp style morse", threaded.text)
        self.assert_same_report(threaded, plain, 1e-10)

    def test_hybrid_leaves_null_types_to_the_other_style(self):
        # type 3 belongs to lj alone and lies far enough away to meet nobody: nnap must not see it
        cell = atoms(oxygen=0.0)
        without = lammps(cell + POTENTIAL + REPORT)
        hybrid = """
pair_style hybrid nnap lj/cut 2.0
pair_coeff * * nnap random-default.nnap.json Zr Cu NULL
pair_coeff * 3 lj/cut 0.0 1.0
"""
        with_third = lammps(cell + "create_atoms 3 single 0.25 0.25 0.25\n" + hybrid + REPORT, 2)
        self.assertAlmostEqual(with_third.printed("energy")[0], without.printed("energy")[0], delta=1e-9)
        a, b = self.by_position(with_third), self.by_position(without)
        self.assertEqual(len(a), len(b) + 1)
        for place in b:
            self.assert_close(a[place], b[place], 1e-10)

    def test_restart_continues(self):
        start = atoms(n=3) + POTENTIAL + "velocity all create 300 4321 loop geom\n"
        dynamics = "fix 1 all nve\ntimestep 0.0005\n"
        end = 'run 20 post no\nprint "energy: $(pe:%.16g) $(ke:%.16g)"\n'
        whole = lammps(start + dynamics + "run 20 post no\nwrite_restart half.restart\n" + end, 2)
        resumed = lammps("read_restart half.restart\n" + POTENTIAL + dynamics + end, 2, folder=whole.folder)
        self.assert_close(resumed.printed("energy"), whole.printed("energy"), 1e-10)

    def test_clear_and_use_again(self):
        report = 'run 0 post no\nprint "energy: $(pe:%.16g)"\n'
        other = POTENTIAL.replace("default", "exfull")
        once = lammps(atoms() + POTENTIAL + report).printed("energy")
        run = lammps(atoms() + POTENTIAL + report + "clear\n" + atoms() + other + report +
                     "clear\n" + atoms() + POTENTIAL + report)
        self.assertEqual(run.printed("energy"), once)

    def test_new_pair_coeff_replaces_the_old(self):
        report = 'run 0 post no\nprint "energy: $(pe:%.16g)"\n'
        other = POTENTIAL.replace("default", "radial")
        expected = lammps(atoms() + other + report).printed("energy")
        run = lammps(atoms() + POTENTIAL + report + other.split("\n")[2] + "\n" + report)
        self.assertEqual(run.printed("energy"), expected)

    def test_element_order_is_free(self):
        swapped = "pair_style nnap\npair_coeff * * random-default.nnap.json Cu Zr O\n"
        # exchanging both the types of the atoms and the elements of the types changes nothing
        exchange = """
group one type 1
group two type 2
set group one type 2
set group two type 1
"""
        self.assert_same_report(lammps(atoms() + exchange + swapped + REPORT), lammps(atoms() + POTENTIAL + REPORT), 1e-12)

    def test_elements_that_are_not_there(self):
        """Neighbors of up to four elements are counted in one register, of more in memory."""
        four, five = (lammps(atoms() + "pair_style nnap\npair_coeff * * random-%s.nnap.json Zr Cu O\n" % name + REPORT)
                      for name in ("four", "five"))
        self.assert_same_report(five, four, 1e-12)


class ExcludedNeighbors(Case):
    """neigh_modify exclude: an atom without any pair is not there; other exclusions change descriptors."""

    # atoms 4 and 7, if they are not of the third type, or all of the third type
    FEW = "group gone id 4 7\ngroup rest subtract all gone\n"
    OXYGEN = "group gone type 3\ngroup rest subtract all gone\n"

    def test_an_atom_excluded_from_all_others_is_not_there(self):
        """Energy, pressure, forces and stresses are those after delete_atoms; of the atom itself all is zero."""
        for groups, rules in (
            (self.FEW, "exclude group gone all"), (self.FEW, "exclude group all gone"),
            (self.FEW, "exclude group gone rest exclude group gone gone"),
            (self.OXYGEN, "exclude type 3 1 exclude type 2 3 exclude type 3 3"),
        ):
            cell = atoms() + POTENTIAL + groups
            deleted = lammps(cell + "delete_atoms group gone compress no\n" + REPORT)
            self.assertGreater(abs(lammps(cell + REPORT).printed("energy")[0] - deleted.printed("energy")[0]), 1e-3)
            for ranks, threads in ((1, 1), (2, 1), (1, 2)):
                excluded = lammps(cell + "neigh_modify %s\n" % rules + REPORT, ranks, threads)
                self.assertNotIn("removes neighbors", excluded.text)
                for word in ("energy", "pressure", "atoms"):
                    self.assert_close(excluded.printed(word), deleted.printed(word), 1e-10, word)
                there, left = self.by_position(excluded), self.by_position(deleted)
                gone = set(there) - set(left)
                self.assertEqual(len(there), len(left) + len(gone))
                self.assertGreater(len(gone), 0)
                for place in left:
                    self.assert_close(there[place], left[place], 1e-10)
                for place in gone:
                    self.assertEqual(set(there[place]), {0.0})

    def test_an_atom_alone_in_vacuum_is_there(self):
        """Also the only atom of a group that is excluded from itself; with the group excluded from all, it is gone."""
        report = "neigh_modify exclude %s\nrun 0 post no\nprint 'energy: $(pe:%%.16g)'\n"
        box = "units metal\nregion box block 0 20 0 20 0 20\ncreate_box 3 box\nmass * 60\ncreate_atoms 1 single 1 1 1\n"
        one = box + POTENTIAL + "group lone id 1\ngroup other type 2\n"
        alone = lammps(one + report % "none").printed("energy")
        self.assertGreater(abs(alone[0]), 1e-3)
        self.assertEqual(lammps(one + report % "group lone other").printed("energy"), alone)
        two = one.replace("single 1 1 1", "single 1 1 1\ncreate_atoms 2 single 9 9 9")
        both = lammps(two + report % "none").printed("energy")
        self.assertEqual(lammps(two + report % "group lone lone").printed("energy"), both)
        for ranks in (1, 2):
            self.assertEqual(lammps(one + report % "group lone all", ranks).printed("energy"), [0.0])

    def test_other_exclusions_are_pointed_out(self):
        """One warning a run, whichever rule; none where the rule concerns no atom, or none of the potential."""
        cell = atoms(n=2) + POTENTIAL + "region low block INF INF INF INF 0 1\ngroup frozen region low\ngroup none type 1\n" \
            "group none subtract none none\n"
        def warnings(rule, runs="run 0 post no\n", cell=cell, ranks=1):
            return lammps(cell + "neigh_modify exclude %s\n" % rule + runs, ranks).text.count("removes neighbors")
        for ranks in (1, 2):
            self.assertEqual(warnings("group frozen frozen", ranks=ranks), 1)
            self.assertEqual(warnings("type 1 2", "fix 1 all nve\nrun 5\nrun 5\n", ranks=ranks), 2)
        for rule in ("none", "group none frozen", "group none all"):
            self.assertEqual(warnings(rule), 0, rule)
        hybrid = cell.replace(POTENTIAL, "pair_style hybrid nnap lj/cut 2.0\npair_coeff * * nnap random-default.nnap.json Zr Cu NULL\n"
                              "pair_coeff * 3 lj/cut 0.0 1.0\n")
        self.assertEqual(warnings("type 3 3", cell=hybrid), 0)
        self.assertEqual(warnings("type 3 1", cell=hybrid), 0)
        self.assertEqual(warnings("type 1 1", cell=hybrid), 1)

    def test_fix_gcmc_keeps_an_ideal_gas(self):
        """O atoms so far apart that they are an ideal gas: with p = 10 kT/V exp(E/kT), E the energy of one atom, there are
        10 on average. (If the atom that fix gcmc excludes to try its deletion keeps E, there is one.)"""
        T, edge = 6000.0, 120.0
        kT, bar = 8.617333262e-5 * T, 1.6021766e6
        deck = """
units metal
atom_modify map array
region box block 0 {0} 0 {0} 0 {0}
create_box 3 box
mass 1 15.999
mass 2 63.546
mass 3 91.224
pair_style nnap extrapolation ignore
pair_coeff * * ZrCuO.nnap.json O Cu Zr
neighbor 2 bin
neigh_modify binsize 40
compute_modify thermo_temp dynamic/dof yes
""".format(edge)
        lone = lammps(deck + "create_atoms 1 single 9 9 9\nrun 0\nprint 'energy: $(pe:%.12g)'\n").printed("energy")[0]
        self.assertLess(lone, -2.0 * kT)
        pressure = 10.0 * kT / edge**3 * math.exp(lone / kT) * bar
        text = lammps(deck + """
create_atoms 1 random 10 4711 NULL
group gas type 1
fix 1 gas gcmc 1 100 0 1 29494 {0} 0 0 pressure {1:.10g} full_energy group gas
variable n equal atoms
fix n all ave/time 1 300 300 v_n
thermo_style custom step atoms f_n
thermo 300
run 300
print "mean: $(f_n)"
""".format(T, pressure))
        # 30,000 attempts, of which about every twentieth is independent: standard deviation below 0.15
        self.assertAlmostEqual(text.printed("mean")[0], 10.0, delta=0.8)


class Settings(Case):
    def test_settings_are_those_of_the_last_pair_style(self):
        """LAMMPS keeps style and coefficients if pair_style names the same one again; settings begin anew."""
        report = 'run 0 post no\nprint "energy: $(pe:%.16g)"\n'
        cell = atoms(n=3)
        double = lammps(cell + POTENTIAL + report)
        mixed = lammps(cell + POTENTIAL.replace("pair_style nnap", "pair_style nnap precision mixed") + report)
        self.assertNotEqual(mixed.printed("energy"), double.printed("energy"))
        run = lammps(cell + POTENTIAL + "pair_style nnap precision mixed\n" + report)
        self.assertEqual(run.printed("energy"), mixed.printed("energy"))
        run = lammps(cell + POTENTIAL.replace("pair_style nnap", "pair_style nnap precision mixed") + "pair_style nnap\n" + report)
        self.assertEqual(run.printed("energy"), double.printed("energy"))


class Dynamics(Case):
    def test_energy_is_conserved(self):
        self.drift("double")

    def test_energy_is_conserved_in_mixed_precision(self):
        self.drift("mixed")

    def drift(self, precision):
        """Cu-Zr at 1000 K, 20 ps at 1 fs: drift below 1e-6 eV/atom/ps (least squares over the run)."""
        folder = shared("potentials", "NNP-CuZrO")
        run = lammps("""
units metal
lattice bcc 3.28
region box block 0 5 0 5 0 5
create_box 2 box
create_atoms 1 box basis 2 2
mass 1 63.546
mass 2 91.224
pair_style nnap precision {1}
pair_coeff * * {0}/Cu.nn {0}/Zr.nn {0}/O.nn Cu Zr
velocity all create 2000 4321 loop geom
timestep 0.001
fix 1 all nve
fix 2 all temp/csvr 1000 1000 0.1 77
run 2000 post no
unfix 2
variable total equal etotal/atoms
variable T equal temp
fix 3 all ave/time 20 1 20 v_total v_T file energy.txt
run 20000 post no
""".format(folder, precision), 2, timeout=1800)
        with open(run.path("energy.txt")) as file:
            rows = [[float(x) for x in line.split()] for line in file if not line.startswith("#")]
        time = [row[0] * 0.001 for row in rows]
        energy = [row[1] for row in rows]
        mean_t, mean_e = sum(time) / len(time), sum(energy) / len(energy)
        drift = sum((t - mean_t) * (e - mean_e) for t, e in zip(time, energy)) / sum((t - mean_t) ** 2 for t in time)
        temperature = sum(row[2] for row in rows) / len(rows)
        print("drift %.2e eV/atom/ps at %.0f K" % (drift, temperature))
        self.assertLess(abs(drift), 1e-6)
        self.assertTrue(800 < temperature < 1200, temperature)


class MixedPrecision(Case):
    def test_forces_are_those_of_double(self):
        """A liquid at 2000 K, and a glass of it whose atoms are displaced, with the shipped potential and with the published
        one: within 1e-5 of the root mean square force, or 1e-5 eV/A where that is larger, and 1e-6 eV/atom."""
        published = [shared("potentials", "NNP-CuZrO", e + ".nn") for e in ("Zr", "Cu", "O")]
        shipped = [os.path.join(SOURCE, "examples", "potentials", "ZrCuO.nnap.json")]
        glass = "min_style cg\nminimize 0 0.1 30 60\ndisplace_atoms all random {0} {0} {0} 55"
        for files, change in itertools.product((shipped, published), ("", glass.format(0.1), glass.format(0.5))):
            deck = """
units metal
lattice bcc 3.28
region box block 0 5 0 5 0 5
create_box 3 box
create_atoms 1 box basis 2 2
set type 1 type/fraction 3 0.02 77
mass 1 91.224
mass 2 63.546
mass 3 15.999
pair_style nnap precision double
pair_coeff * * {0} Zr Cu O
velocity all create 4000 4321 loop geom
fix 1 all nve
run 500 post no
{2}
pair_style nnap precision {1}
pair_coeff * * {0} Zr Cu O
dump d all custom 1 dump.forces id fx fy fz
dump_modify d format float %.10g
run 0 post no
print "energy: $(pe/atoms:%.12g)"
"""
            full, mixed = (lammps(deck.format(" ".join(files), precision, change)) for precision in ("double", "mixed"))
            self.assertIn("in mixed precision", mixed.text)
            a, b = full.dump("dump.forces"), mixed.dump("dump.forces")
            farthest = max(abs(x - y) for atom in a for x, y in zip(a[atom], b[atom]))
            typical = (sum(x * x for f in a.values() for x in f) / (3 * len(a))) ** 0.5
            print("rms force %.2g eV/A, mixed precision off by up to %.2g" % (typical, farthest))
            self.assertLess(farthest, 1e-5 * (max(1.0, typical) if change else 1.0))
            self.assertGreater(farthest, 0)
            self.assertAlmostEqual(full.printed("energy")[0], mixed.printed("energy")[0], delta=1e-6)


class Command(Case):
    def test_info(self):
        text = lammps("nnap info random-default.nnap.json\n", 2).text
        for word in ("elements Cu Zr O", "nmax 3, lmax 4", "rcut 5 A", "wtype default", "40-8-8-1"):
            self.assertIn(word, text)

    def test_convert_keeps_the_energies(self):
        files = [shared("potentials", "NNP-CuZrO", e + ".nn") for e in ("Cu", "Zr", "O")]
        deck = atoms() + "pair_style nnap\npair_coeff * * %s Zr Cu O\n"
        direct = lammps(deck % " ".join(files) + REPORT)
        through = lammps("nnap convert %s CuZrO.nnap.json\n" % " ".join(files) + deck % "CuZrO.nnap.json" + REPORT, 2)
        self.assert_same_report(through, direct, 1e-12)


class WrongUse(Case):
    """Each stops with an error that says what is wrong; none hangs, on one rank or two."""

    def refused(self, script, *words, files=None):
        folder = tempfile.mkdtemp(dir=os.getcwd())
        for name, content in (files or {}).items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(content)
        for ranks in (1, 2):
            text = lammps(script, ranks, folder=folder, expect_error=True, timeout=60).text
            for word in words:
                self.assertIn(word, text)

    def test_settings_and_coefficients(self):
        cell = atoms(n=2)
        self.refused(cell + "pair_style nnap 5.0\n", "unknown keyword", "'5.0'")
        self.refused(cell + "pair_style nnap limit\n", "limit is missing at the end")
        self.refused(cell + "pair_style nnap limit 0\n", "limit must be a number above 0, not '0'")
        self.refused(cell + "pair_style nnap limit nan\n", "limit must be a number above 0, not 'nan'")
        self.refused(cell + "pair_style nnap limit 2 limit 3\n", "keyword limit is given twice")
        self.refused(cell + "pair_style nnap precision \"\"\n", "precision is an empty word")
        self.refused(cell + "pair_style nnap precision single\n", "'single'", "double, mixed")
        self.refused(cell + "pair_style nnap extrapolation halt\n", "'halt'", "ignore, warn, stop")
        self.refused(cell + "pair_style nnap\npair_coeff * * Zr Cu O\n", "Pair style nnap: pair_coeff needs", "3 atom types")
        self.refused(cell + "pair_style nnap\npair_coeff * * \"\" Zr Cu O\n", "a potential file is an empty word")
        self.refused(cell + "pair_style nnap\npair_coeff * * random-default.nnap.json Zr \"\" O\n", "an element is an empty word")
        self.refused(cell + "pair_style nnap\npair_coeff 1 2 random-default.nnap.json Zr Cu O\n", "must start with * *")
        self.refused(cell + "pair_style nnap\npair_coeff * * random-default.nnap.json Zr Cu Xx\n", "'Xx'", "Cu Zr O")
        self.refused(cell + "pair_style nnap\npair_coeff * * nowhere.json Zr Cu O\n", "nowhere.json", "LAMMPS_POTENTIALS")
        self.refused(cell + "pair_style nnap\nrun 0\n", "pair coeff")

    def test_units_and_newton(self):
        self.refused("newton off\n" + atoms(n=2) + POTENTIAL + "run 0\n", "newton pair on")
        self.refused(atoms(n=2).replace("units metal", "units real") + POTENTIAL + "run 0\n", "units metal")

    def test_files(self):
        cell = atoms(n=2) + "pair_style nnap\npair_coeff * * broken.json Zr Cu O\n"
        valid = {"version": 5, "units": "metal", "models": []}
        for word, content in (("units 'real'", json.dumps(dict(valid, units="real"))),
                              ("version 99", json.dumps(dict(valid, version=99))),
                              ("'models' is empty", json.dumps(valid)),
                              ("not valid JSON", "not a potential"),
                              ("not valid JSON", "")):
            self.refused(cell, "broken.json", word, files={"broken.json": content})
        self.refused(cell.replace("broken.json", "broken.json broken.json"), "broken.json", "not an aenet network",
                     files={"broken.json": json.dumps(valid)})

    def test_command(self):
        self.refused("nnap\n", "nnap")
        self.refused("nnap bake x\n", "'bake'", "info, convert, label, train, uncertainty, test")
        self.refused("nnap \"\"\n", "empty word")
        self.refused("nnap info\n", "nnap info: a potential file is missing")
        self.refused("nnap info \"\"\n", "nnap info: a potential file is an empty word")
        self.refused("nnap convert random-default.nnap.json \"\"\n", "the file to write is an empty word")
        self.refused("nnap test \"\" random-default.nnap.json\n", "the file of labeled frames is an empty word")
        self.refused("nnap test a.xyz random-default.nnap.json parity\n", "parity is missing")
        self.refused("nnap test a.xyz random-default.nnap.json parity a parity b\n", "one word too many")
        self.refused("nnap info nowhere.json\n", "nowhere.json")
        self.refused("nnap convert random-default.nnap.json out.txt\n", "'out.txt'", ".json")
        self.refused("nnap convert random-default.nnap.json no/such/folder/out.json\n", "no/such/folder/out.json: cannot be written")


if __name__ == "__main__":
    unittest.main()
