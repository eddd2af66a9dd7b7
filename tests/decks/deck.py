"""Runs LAMMPS scripts as a user would and reads what they leave. Standard library only.

The environment (see CMakeLists.txt here) gives LMP, MPIRUN and SOURCE.
"""

import os
import subprocess
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

    def dump(self, name):
        """Last frame of a text dump: {id: [the other columns as numbers]}."""
        with open(self.path(name)) as file:
            frames = file.read().split("ITEM: ATOMS")
        atoms = {}
        for line in frames[-1].splitlines()[1:]:
            if line.startswith("ITEM"):
                break
            words = line.split()
            atoms[int(words[0])] = [float(x) for x in words[1:]]
        return atoms


def lammps(script, ranks=1, threads=1, arguments=(), folder=None, timeout=600, expect_error=False,
           environment=None):
    """Runs `script` on so many ranks and threads. A hang is a failure (timeout, s)."""
    folder = folder or tempfile.mkdtemp(dir=os.getcwd())
    with open(os.path.join(folder, "in.deck"), "w") as file:
        file.write(script)
    command = os.environ["MPIRUN"].split() + [str(ranks), os.environ["LMP"], "-in", "in.deck", "-log", "none", *arguments]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **(environment or {}))
    done = subprocess.run(command, cwd=folder, env=environment, timeout=timeout, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    failed = done.returncode != 0
    if failed != expect_error:
        raise AssertionError("LAMMPS %s\n%s" % ("failed" if failed else "should have stopped", done.stdout[-4000:]))
    return Run(done.returncode, done.stdout, folder)
