# SPDX-License-Identifier: GPL-2.0-only
"""Example onset, killed at every kind of moment and resumed, leaves what it leaves in one run: the same bytes."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from deck import SOURCE  # noqa: E402

WORDS = dict(nx=4, ny=4, nz=4, t_melt=0.05, quench=20000, heat=500, T_last=550, fine=40, around=20, blocks=3)

# In front of a program that the script calls: kills LAMMPS before or after a call of it. Its failure ends the line of the shell,
# which would otherwise go on beside the next run.
SHIM = """#!/bin/sh
name=$(basename "$0")
echo >> "$name.calls"
call="$name $(wc -l < "$name.calls")"
if [ "$MOMENT" = "$call before" ]; then kill -9 "$(cat pid)"; exit 1; fi
PATH=$PROGRAMS "$name" "$@"
if [ "$MOMENT" = "$call after" ]; then kill -9 "$(cat pid)"; exit 1; fi
"""


def content(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


class Killed(unittest.TestCase):

    def setUp(self):
        self.shims = tempfile.mkdtemp(dir=os.getcwd())
        for name in ("head", "tail", "mv", "cp"):
            path = os.path.join(self.shims, name)
            with open(path, "w") as file:
                file.write(SHIM)
            os.chmod(path, stat.S_IRWXU)

    def onset(self, folder, moment="", watch=lambda: False):
        """Runs the example; kills it at the moment, or as soon as `watch` says so. Returns whether it was killed."""
        for name in os.listdir(folder):
            if name.endswith(".calls"):
                os.remove(os.path.join(folder, name))
        potentials = os.path.join(SOURCE, "examples", "potentials") + ":" + os.environ.get("LAMMPS_POTENTIALS", "")
        environment = dict(os.environ, LAMMPS_POTENTIALS=potentials, OMP_NUM_THREADS="1", MOMENT=moment,
                           PROGRAMS=os.environ["PATH"], PATH=self.shims + ":" + os.environ["PATH"])
        words = [word for key, value in WORDS.items() for word in ("-var", key, str(value))]
        script = os.path.join(SOURCE, "examples", "onset", "in.onset")
        with open(os.path.join(folder, "screen"), "w") as screen:
            command = ["sh", "-c", "echo $$ > pid; exec \"$@\"", "sh", os.environ["LMP"], "-in", script, "-log", "none", *words]
            with subprocess.Popen(command, cwd=folder, env=environment, stdout=screen, stderr=screen) as run:
                try:
                    while run.poll() is None:
                        if watch():
                            run.kill()
                            break
                    status = run.wait(timeout=300)
                finally:
                    run.kill()
        self.assertIn(status, (0, -signal.SIGKILL), content(folder, "screen").decode()[-2000:])
        return status != 0

    def test_same_as_in_one_run(self):
        whole, killed = (tempfile.mkdtemp(dir=os.getcwd()) for _ in range(2))
        self.assertFalse(self.onset(whole))
        reference = content(whole, "heating.dat")
        self.assertEqual(reference.count(b"\n") % WORDS["blocks"], 1)    # a header, then complete holds
        self.assertGreater(reference.count(b"\n"), 1 + 6 * WORDS["blocks"])

        def in_a_hold():
            """Blocks of a hold are there, not all of them."""
            path = os.path.join(killed, "hold.dat")
            return os.path.exists(path) and content(path).count(b"\n") in (3, 4)

        # the sample is made, and probably not named in state.in yet
        self.assertTrue(self.onset(killed, watch=lambda: os.path.exists(os.path.join(killed, "coarse.0.restart"))))
        self.assertTrue(self.onset(killed, "tail 1 before"))    # the first hold is over
        self.assertTrue(self.onset(killed, watch=in_a_hold))
        for moment in ("tail 1 after",    # its blocks are appended, and it is not in state.in
                       "head 1 before", "head 1 after", "mv 1 before", "mv 1 after",    # the cut of a resumed run
                       "head 2 before",    # the first hold is in state.in
                       "tail 2 after"):    # the third is not
            with self.subTest(moment):
                self.assertTrue(self.onset(killed, moment))
        os.remove(os.path.join(killed, "hold.dat"))
        self.assertTrue(self.onset(killed, watch=in_a_hold))
        for moment in ("tail 1 after", "cp 1 before", "cp 1 after",    # to finer holds
                       "tail 1 after"):
            with self.subTest(moment):
                self.assertTrue(self.onset(killed, moment))
        self.assertFalse(self.onset(killed))
        for name in ("heating.dat", "state.in", "summary.txt"):
            self.assertEqual(content(killed, name), content(whole, name), name)


if __name__ == "__main__":
    unittest.main()
