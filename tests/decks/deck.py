# SPDX-License-Identifier: GPL-2.0-only
"""Runs LAMMPS scripts as a user would and reads what they leave. Standard library only.

The environment (see CMakeLists.txt here) gives LMP, MPIRUN and SOURCE.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["SOURCE"]
SHARED = os.path.join(SOURCE, "..", "shared")


def shared(*path):
    """A file or folder beside the checkout; the test skips where it is absent."""
    full = os.path.join(SHARED, *path)
    if not os.path.exists(full):
        raise unittest.SkipTest("no %s beside the checkout" % os.path.join(*path))
    return full


class Run:
    """One finished LAMMPS run: its exit status, its output, the folder with what it wrote."""

    def __init__(self, status, text, folder):
        self.status, self.text, self.folder = status, text, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def printed(self, word):
        """Numbers the script printed as 'word: a b c'."""
        for line in reversed(self.text.splitlines()):
            if line.startswith(word + ":"):
                return [float(x) for x in line.split(":")[1].split()]
        raise AssertionError("the script did not print '%s:'\n%s" % (word, self.text[-2000:]))

    def dumps(self, name):
        """All frames of a text dump by step, each {id: [the other columns as numbers]}."""
        frames = {}
        with open(self.path(name)) as file:
            for frame in file.read().split("ITEM: TIMESTEP")[1:]:
                head, atoms = frame.split("ITEM: ATOMS")
                rows = [line.split() for line in atoms.splitlines()[1:]]
                frames[int(head.split()[0])] = {int(row[0]): [float(x) for x in row[1:]] for row in rows}
        return frames

    def dump(self, name):
        """The last frame."""
        return list(self.dumps(name).values())[-1]

    def tables(self, name):
        """A file of fix ave/time or ave/histo, mode vector: the rows of each step, without their numbers."""
        tables = {}
        with open(self.path(name)) as file:
            lines = [line.split() for line in file if not line.startswith("#")]
        while lines:
            step, rows = int(lines[0][0]), int(lines[0][1])
            tables[step] = [[float(x) for x in line[1:]] for line in lines[1:rows + 1]]
            lines = lines[rows + 1:]
        return tables


def with_style_of_test(script):
    """The script with another variant of pair nnap where the environment asks for it (PAIR_NNAP=nnap/gpu)."""
    return re.sub(r"(?m)^(pair_(?:style|coeff) .*?)\bnnap(?=\s|$)", r"\1" + os.environ.get("PAIR_NNAP", "nnap"), script)


def lammps(script, ranks=1, threads=1, arguments=(), folder=None, timeout=600, expect_error=False,
           environment=None):
    """Runs `script` on so many ranks and threads. A hang is a failure (timeout, s)."""
    folder = folder or tempfile.mkdtemp(dir=os.getcwd())
    with open(os.path.join(folder, "in.deck"), "w") as file:
        file.write(with_style_of_test(script))
    command = os.environ["MPIRUN"].split() + [str(ranks), os.environ["LMP"], "-in", "in.deck", "-log", "none", *arguments]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **(environment or {}))
    done = subprocess.run(command, cwd=folder, env=environment, timeout=timeout, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    failed = done.returncode != 0
    if failed != expect_error:
        raise AssertionError("LAMMPS %s\n%s" % ("failed" if failed else "should have stopped", done.stdout[-4000:]))
    return Run(done.returncode, done.stdout, folder)


def record_in(restart, kind):
    """Where the record of a fix is in the bytes of a restart file, by the name of its kind: a range."""
    name = restart.index(kind.encode())
    begin = restart.rindex(b"TGstate1", 0, name)
    return range(begin, begin + int.from_bytes(restart[begin + 8:begin + 16], sys.byteorder))


def flipped(content, place, bit):
    """The bytes with one bit changed."""
    damaged = bytearray(content)
    damaged[place] ^= 1 << bit % 8
    return bytes(damaged)


def write_data(path, atoms, box, tilt, masses):
    """A data file of LAMMPS; atoms: (id, type, position), in the order given."""
    with open(path, "w") as file:
        file.write("atoms\n\n%d atoms\n%d atom types\n" % (len(atoms), len(masses)))
        for axis, length in zip("xyz", box):
            file.write("0 %.10g %slo %shi\n" % (length, axis, axis))
        if any(tilt):
            file.write("%.10g %.10g %.10g xy xz yz\n" % tilt)
        file.write("\nMasses\n\n")
        for kind, mass in enumerate(masses, start=1):
            file.write("%d %g\n" % (kind, mass))
        file.write("\nAtoms # atomic\n\n")
        for number, kind, x in atoms:
            file.write("%d %d %.15f %.15f %.15f\n" % (number, kind, *x))
