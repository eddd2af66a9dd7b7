# SPDX-License-Identifier: GPL-2.0-only
"""nnap label in LAMMPS: labels are what LAMMPS itself dumps and prints, without fixes and for nothing."""

import gzip
import itertools
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import flipped, lammps  # noqa: E402

# Sites one by one, because create_atoms numbers those of a lattice differently on other ranks.
START = """
units metal
boundary {boundary}
atom_modify map yes
region box {shape} -0.3 6.1 0.0 6.4 0.2 6.6 {tilt}
create_box 2 box
{sites}
mass * 70
pair_style morse 4.5
pair_coeff * * 0.3 1.4 2.75
pair_coeff 1 2 0.4 1.4 2.65
velocity all create 1500 4711 loop all
timestep 0.002
"""
# What LAMMPS itself says of a step, with all digits.
REPORT = """
compute virial all pressure NULL virial
thermo {every}
thermo_style custom step pe c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] c_virial[6]
thermo_modify format float %.16g format int "totals: %d"
dump d all custom {every} dump.atoms id type x y z fx fy fz
dump_modify d sort id format float %.16g
"""
AGAIN = """
undump d
reset_timestep 100
dump d all custom 100 dump.atoms id type x y z fx fy fz
dump_modify d append yes sort id format float %.16g
run 0
"""
LABEL = 'nnap label {file} elements Cu Zr'
BAR = 1.6021765e6    # per eV/A^3, in LAMMPS's units metal


def start(shape="block", tilt="", boundary="p p p"):
    xy, xz, yz = (float(word) for word in (tilt or "0 0 0").split())
    sites = []
    for a, b, c in itertools.product((0.0, 0.25, 0.5, 0.75), repeat=3):
        if a % 0.5 == b % 0.5 == c % 0.5:    # two bcc cells along each edge
            place = (6.4 * a + xy * b + xz * c - 0.3, 6.4 * b + yz * c, 6.4 * c + 0.2)
            sites.append("create_atoms %d single %.12g %.12g %.12g" % (2 if a % 0.5 else 1, *place))
    return START.format(shape=shape, tilt=tilt, boundary=boundary, sites="\n".join(sites))


TRICLINIC = {"shape": "prism", "tilt": "0.4 -0.3 0.2"}


class Frame:
    """A labeled frame: header values as text, atoms as lists [species, x, y, z, fx, fy, fz]."""

    def __init__(self, lines):
        pairs = re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', lines[0])
        self.header = {key: quoted or word for key, quoted, word in pairs}
        self.atoms = [[float(word) if k else word for k, word in enumerate(line.split())] for line in lines[1:]]

    def numbers(self, key):
        return [float(word) for word in self.header[key].split()]


def frames(path):
    with open(path, "rb") as file:
        content = file.read()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    lines = content.decode().splitlines()
    found = []
    while lines:
        atoms = int(lines[0])
        found.append(Frame(lines[1:atoms + 2]))
        lines = lines[atoms + 2:]
    return found


def reported(run, step):
    """What REPORT says of a step: energy, virial pressure, atoms by ID as [type, x, y, z, fx, fy, fz], box lines."""
    row = re.search(r"^ *totals: %d +(.*)$" % step, run.text, re.MULTILINE).group(1).split()
    with open(run.path("dump.atoms")) as file:
        text = [t for t in file.read().split("ITEM: TIMESTEP\n") if t.startswith("%d\n" % step)][-1]
    lines = text.splitlines()
    atoms = [[float(word) for word in line.split()][1:] for line in lines[8:]]
    bounds = [[float(word) for word in line.split()] for line in lines[4:7]]
    return float(row[0]), [float(word) for word in row[1:]], atoms, bounds


class Case(unittest.TestCase):
    def assert_close(self, a, b, tolerance=1e-9):
        self.assertEqual(len(a), len(b))
        for x, y in zip(a, b):
            self.assertLessEqual(abs(x - y), tolerance * max(1.0, abs(y)), "%r against %r" % (x, y))

    def assert_label(self, frame, run, step):
        """The frame is what LAMMPS reported of the step."""
        energy, pressure, atoms, bounds = reported(run, step)
        self.assert_close(frame.numbers("energy"), [energy])
        xx, yy, zz, xy, xz, yz = [-p / BAR for p in pressure]
        self.assert_close(frame.numbers("stress"), [xx, xy, xz, xy, yy, yz, xz, yz, zz], 1e-12)
        self.assertEqual([a[0] for a in frame.atoms], [("Cu", "Zr")[int(a[0]) - 1] for a in atoms])
        cell = frame.numbers("Lattice")
        for labeled, expected in zip(frame.atoms, atoms):
            self.assert_close(labeled[4:], expected[4:])
            away = [a - b for a, b in zip(labeled[1:4], expected[1:4])]
            for k in (2, 1, 0):    # a run 0 puts atoms back into the box
                periods = round(away[k] / cell[4 * k])
                away = [d - periods * edge for d, edge in zip(away, cell[3 * k:3 * k + 3])]
            self.assert_close(away, [0, 0, 0])
        tilt = [row[2] if len(row) == 3 else 0.0 for row in bounds]
        xy, xz, yz = tilt
        lx = bounds[0][1] - bounds[0][0] - (max(0, xy, xz, xy + xz) - min(0, xy, xz, xy + xz))
        ly = bounds[1][1] - bounds[1][0] - (max(0, yz) - min(0, yz))
        self.assert_close(frame.numbers("Lattice"), [lx, 0, 0, xy, ly, 0, xz, yz, bounds[2][1] - bounds[2][0]])


class Labels(Case):
    def labels(self, cell, ranks, name):
        """Labels during a run, and of atoms displaced after it, are what LAMMPS reports of the same steps."""
        label = LABEL.format(file=name)
        run = lammps(start(**cell) + REPORT.format(every=20) + "fix 1 all nvt temp 1500 1500 0.05\n" +
                     'run 60 every 20 "%s traj 7 weight 0.5 config_type \'melt a\'"\n' % label +
                     "displace_atoms all random 0.3 0.3 0.3 99\n" + label + AGAIN, ranks)
        found = frames(run.path(name))
        self.assertEqual(len(found), 4)
        for frame, step in zip(found, (20, 40, 60, 100)):
            self.assert_label(frame, run, step)
        for key, value in (("traj", "7"), ("weight", "0.5"), ("config_type", "melt a")):
            self.assertEqual([f.header.get(key) for f in found], [value, value, value, None])
        self.assertNotIn("temperature", found[0].header)
        return found

    def test_labels_of_an_orthogonal_box(self):
        for ranks, name in ((1, "data.extxyz"), (2, "data.extxyz.gz")):
            self.assertEqual(self.labels({}, ranks, name)[0].header["pbc"], "T T T")

    def test_labels_of_a_triclinic_box(self):
        for ranks, name in ((1, "data.extxyz.gz"), (2, "data.extxyz")):
            self.labels(TRICLINIC, ranks, name)

    def test_labels_of_open_boundaries(self):
        for ranks in (1, 2):
            found = self.labels({"boundary": "p s m"}, ranks, "data.extxyz")
            self.assertEqual(found[0].header["pbc"], "T F F")

    def test_labels_of_other_force_fields(self):
        """Tail corrections, sub-styles, Ewald sums and threads are part of the force field."""
        for style in (
            "pair_style lj/cut 4.5\npair_coeff * * 0.2 2.4\npair_modify tail yes",
            "pair_style hybrid/overlay morse 4.5 zbl 2.0 3.0\npair_coeff * * morse 0.3 1.4 2.75\npair_coeff 1 1 zbl 29 29\n"
            "pair_coeff 1 2 zbl 29 40\npair_coeff 2 2 zbl 40 40",
            "pair_style hybrid/overlay morse 4.5 coul/long 4.5\npair_coeff * * morse 0.3 1.4 2.75\n"
            "pair_coeff * * coul/long\nkspace_style pppm 1e-5",
            "suffix omp\npair_style morse 4.5\npair_coeff * * 0.3 1.4 2.75",
        ):
            deck = re.sub(r"pair_style(.|\n)*pair_coeff 1 2[^\n]*", style, start())
            if "omp" in style:
                deck = "package omp 2\n" + deck
            if "coul" in style:
                deck = deck.replace("units metal\n", "units metal\natom_style charge\n")
                deck += "set type 1 charge 0.4\nset type 2 charge -0.4\n"
            label = LABEL.format(file="data.extxyz")
            run = lammps(deck + REPORT.format(every=10) + "fix 1 all nve\n" + label +
                         '\nrun 20 every 10 "%s"\n' % label, 2)
            for frame, step in zip(frames(run.path("data.extxyz")), (0, 10, 20)):
                self.assert_label(frame, run, step)

    def test_labels_of_a_moving_box(self):
        """A fix moves box and atoms at the end of the step: the label belongs to where they are then."""
        label = LABEL.format(file="data.extxyz")
        for pre in ("yes", "no"):
            for ranks in (1, 2):
                run = lammps(start(**TRICLINIC) + REPORT.format(every=1) + "fix 1 all nve\n"
                             "fix 2 all deform 1 x erate 5.0 xy erate 3.0\n"
                             'run 20 pre %s every 20 "%s"\n' % (pre, label) +
                             "unfix 2" + AGAIN, ranks)
                self.assert_label(frames(run.path("data.extxyz"))[0], run, 100)

    def test_atoms_changed_by_a_command_before(self):
        label = LABEL.format(file="data.extxyz")
        for change in ("displace_atoms all random 0.3 0.3 0.3 99", "delete_atoms group fifth",
                       "change_box all x scale 1.1 remap"):
            run = lammps(start() + REPORT.format(every=20) +
                         'fix 1 all nve\ngroup fifth id 5\nrun 20 every 20 "%s" "%s"\n' % (change, label) + AGAIN, 2)
            self.assert_label(frames(run.path("data.extxyz"))[0], run, 100)

    def test_a_label_of_each_kind_of_file(self):
        """append no leaves one frame; append adds to a file as it is, whatever its name."""
        run = lammps(start() + "nnap label a.extxyz elements Cu Zr append no\n" * 2 +
                     "nnap label b.extxyz.gz elements Cu Cu\n" * 2 + "shell mv b.extxyz.gz b.extxyz\n"
                     "nnap label b.extxyz elements Cu Zr\n")
        self.assertEqual(len(frames(run.path("a.extxyz"))), 1)
        found = frames(run.path("b.extxyz"))
        self.assertEqual([sum(a[0] == "Zr" for a in f.atoms) for f in found], [0, 0, 8])

    def test_labels_of_nnap_have_no_error(self):
        """nnap label and nnap test evaluate a potential by different code."""
        cell = start(**TRICLINIC).replace("create_box 2", "create_box 3")
        deck = re.sub(r"pair_style(.|\n)*pair_coeff 1 2[^\n]*",
                      "pair_style nnap\npair_coeff * * random-default.nnap.json Zr Cu O", cell)
        run = lammps(deck + 'fix 1 all nve\nrun 20 every 5 "nnap label data.extxyz.gz elements Zr Cu O"\n'
                     "nnap test data.extxyz.gz random-default.nnap.json\n", 2)
        row = re.search(r"^all frames +(.*)$", run.text, re.MULTILINE).group(1).split()
        self.assertEqual(row, ["4", "0.00", "0.00", "0.0000", "0.0000", "0.000"])


class Undisturbed(Case):
    STATE = """
    write_dump all custom end.dump id xu yu zu vx vy vz modify sort id format float %.17g
    """

    def end(self, deck, run_commands, ranks, cell=TRICLINIC):
        run = lammps(start(**cell) + deck + run_commands + self.STATE, ranks)
        return [x for _, atom in sorted(run.dump("end.dump").items()) for x in atom]

    FIXES = (
        "fix 1 all nve\nfix 2 all langevin 1500 1500 0.05 321\n",    # random numbers
        "fix 1 all nvt temp 1500 1500 0.05\nfix 2 all spring/self 2.0\n",
        "fix 1 all npt temp 1500 1500 0.05 aniso 0 0 0.5\n",
        "fix 1 all nve\nfix 2 all deform 1 x erate 0.5 xy erate 0.3\n",
    )

    def test_segments_of_a_run(self):
        """`run N every M` goes the same way to the last bit, with and without labels between."""
        for ranks in (1, 2):
            for fixes in self.FIXES:
                for pre in ("yes", "no"):
                    run = "run 200 pre %s every 20 " % pre
                    self.assertEqual(self.end(fixes, run + '"%s"\n' % LABEL.format(file="data.extxyz"), ranks),
                                     self.end(fixes, run + "NULL\n", ranks), fixes + run)

    def test_between_runs(self):
        label = LABEL.format(file="data.extxyz") + "\n"
        for ranks in (1, 2):
            for fixes in self.FIXES[:3]:
                runs = "run 50\n%srun 50\n"
                self.assertEqual(self.end(fixes, runs % label, ranks, {}), self.end(fixes, runs % "", ranks, {}))
                # a tilted box rounds positions at each setup, new neighbor lists sum in another order
                for runs in runs, "run 50\n%srun 50 pre no\n":
                    if "langevin" in fixes and "no" in runs and ranks == 2:
                        continue    # atoms stand in another order, and get other random numbers
                    self.assert_close(self.end(fixes, runs % label, ranks), self.end(fixes, runs % "", ranks), 1e-10)


class ForceFieldAlone(Case):
    def test_without_what_fixes_add(self):
        """Labels under fixes that change forces, add energy and virial are those of a run 0 without them."""
        fixes = ("fix 2 all langevin 1500 1500 0.05 321\nfix 3 all spring/self 2.0\nfix_modify 3 energy yes\n"
                 "group some id 1:5\nfix 4 some setforce 0 0 1.5\nfix 5 all addforce 0.1 0.2 0.3\n"
                 "fix_modify 5 energy yes virial yes\n")
        label = LABEL.format(file="data.extxyz")
        report = REPORT.format(every=100)
        for ranks in (1, 2):
            run = lammps(start() + report + "fix 1 all nve\n" + fixes + 'run 30 every 30 "%s"\n' % label + label +
                         "\nunfix 2\nunfix 3\nunfix 4\nunfix 5" + AGAIN, ranks)
            during, after = frames(run.path("data.extxyz"))
            self.assert_label(after, run, 100)
            self.assert_close(during.numbers("energy") + during.numbers("stress"),
                              after.numbers("energy") + after.numbers("stress"))
            for a, b in zip(during.atoms, after.atoms):    # positions may differ by periods
                self.assert_close(a[4:], b[4:])


class WrongUse(Case):
    def assert_error(self, deck, *words, ranks=1):
        text = lammps(deck, ranks, expect_error=True, timeout=60).text
        for word in ("nnap label",) + words:
            self.assertIn(word, text)

    def test_wrong_words(self):
        for words, expected in (
            ("", "'elements'"), ("elements Cu", "is missing at the end"), ("elements Cu NULL", "not 'NULL'"),
            ("elements Cu weight 2", "not 'weight'"), ("elements Cu Zr O", "unknown keyword 'O'"),
            ("elements Cu \"\"", "empty word"), ("elements Cu Zr traj \"\"", "traj is an empty word"),
            ("elements Cu Zr weight 1 weight 2", "keyword weight is given twice"), ("elements Cu Zr weight inf", "'inf'"),
            ("elements Cu Zr bake 5", "unknown keyword 'bake'"), ("elements Cu Zr weight heavy", "'heavy'"),
            ("elements Cu Zr weight -1", "of at least 0, not '-1'"), ("elements Cu Zr append maybe", "maybe"),
            ("elements Cu Zr traj", "traj is missing"),
        ):
            self.assert_error(start() + "nnap label data.extxyz %s\n" % words, expected)

    def test_wrong_settings(self):
        label = LABEL.format(file="data.extxyz") + "\n"
        self.assert_error("units metal\n" + label, "create or read a box first")
        self.assert_error(start().replace("units metal", "units real") + label, "units metal, not real")
        self.assert_error(start().replace("map yes", "id no").split("velocity")[0] + label, "atom_modify id yes")
        self.assert_error(start().split("pair_style")[0] + label, "pair_style and pair_coeff")
        self.assert_error(start() + "run_style respa 2 2\n" + label, "run_style verlet")
        self.assert_error(start().replace("units metal", "units metal\natom_style sphere").replace("mass *", "#") + label, "not sphere")

    def test_not_finite(self):
        for ranks in (1, 2):
            self.assert_error(start() + "pair_style lj/cut 4.0\npair_coeff * * 0.2 2.4\n"
                              "create_atoms 1 single -0.3 0 0.2\n" + LABEL.format(file="data.extxyz") + "\n",
                              "potential energy of step 0 is", "lie on each other", ranks=ranks)

    def test_files_that_cannot_be_continued(self):
        for ranks in (1, 2):
            self.assert_error(start() + LABEL.format(file="no/such/folder") + "\n", "no/such/folder", ranks=ranks)
        folder = tempfile.mkdtemp(dir=os.getcwd())
        with open(os.path.join(folder, "data.extxyz"), "w") as file:
            file.write("2\nLattice=")
        text = lammps(start() + LABEL.format(file="data.extxyz") + "\n", 2, folder=folder, expect_error=True).text
        self.assertIn("nnap label: data.extxyz: no frame can be appended", text)

    def test_damaged_gzip_files_are_not_continued(self):
        """A file cut off, with a flipped bit or followed by zeros is refused, and stays as it is."""
        label = LABEL.format(file="data.extxyz.gz") + "\n"
        with open(lammps(start() + label).path("data.extxyz.gz"), "rb") as file:
            whole = file.read()
        for damaged in (whole[:-1], whole[:len(whole) // 2], whole[:2], flipped(whole, len(whole) // 2, 0), whole + bytes(512)):
            folder = tempfile.mkdtemp(dir=os.getcwd())
            path = os.path.join(folder, "data.extxyz.gz")
            with open(path, "wb") as file:
                file.write(damaged)
            text = lammps(start() + label, folder=folder, expect_error=True).text
            self.assertIn("nnap label: data.extxyz.gz: no frame can be appended", text)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), damaged)

    def test_excluded_neighbors(self):
        """A label of a force field that leaves out pairs is none; a rule that concerns no atom does no harm."""
        label = LABEL.format(file="data.extxyz") + "\n"
        for rule in ("type 1 2", "group some some", "group some all"):
            for ranks in (1, 2):
                self.assert_error(start() + "group some id 1:5\nneigh_modify exclude %s\n" % rule + label,
                                  "neigh_modify exclude none", ranks=ranks)
        lammps(start() + "group some subtract all all\nneigh_modify exclude group some all\n" + label)


if __name__ == "__main__":
    unittest.main()
