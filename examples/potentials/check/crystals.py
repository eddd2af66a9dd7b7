#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Crystals under a potential, and under the model that labeled its training data: cells, energies, elastic constants and
the lowest phonon. Every crystal is relaxed at zero pressure; the tables go into the model card.

    crystals.py ../ZrCuO.nnap.json [--labels "PROGRAM MODEL" [--lone E]] [--only phases|elastic]

--labels: a command that gets two more words, a file of frames (extended XYZ) and the file to write, with the energies,
forces and stress of these frames. Without it the columns of the labels stay empty. --lone: what the labels give to an
isolated atom, where 0 is right (eV). The program is build/lmp of the
checkout, or the one named by the environment variable LMP. Needs ase.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.lammps import Prism
from ase.constraints import ExpCellFilter
from ase.io import read, write
from ase.optimize import BFGS
from ase.phonons import Phonons
from ase.units import GPa

import check

sys.path.insert(0, os.path.join(check.HERE, "..", "..", "train"))
import frames  # noqa: E402

THZ = 1 / 4.135667696e-3    # of eV


class Labels(Calculator):
    implemented_properties = ["energy", "forces", "stress"]

    def __init__(self, command):
        super().__init__()
        self.command = command

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, name) for name in ("in.xyz", "out.xyz")]
            write(files[0], Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True), format="extxyz")
            subprocess.run(self.command + files, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.results = dict(read(files[1], format="extxyz").calc.results)
        stress = self.results["stress"]
        if stress.shape == (3, 3):
            self.results["stress"] = stress.flat[[0, 4, 8, 5, 2, 1]]


class Potential(Calculator):
    """LAMMPS, started once and driven through its input."""

    implemented_properties = ["energy", "forces", "stress"]

    def __init__(self, potential, elements):
        super().__init__()
        self.potential, self.elements = potential, elements
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([check.LMP, "-log", "none", "-screen", "errors"], cwd=self.folder.name,
                                        stdin=subprocess.PIPE, text=True)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        prism = Prism(atoms.cell.array)
        write(os.path.join(self.folder.name, "atoms.data"), atoms, format="lammps-data", specorder=self.elements, prismobj=prism)
        self.process.stdin.write("""clear
units metal
box tilt large
read_data atoms.data
%s
pair_style nnap extrapolation ignore
pair_coeff * * %s %s
thermo_style custom pe pxx pyy pzz pyz pxz pxy
run 0 post no
write_dump all custom forces id fx fy fz modify sort id format float %%.12g
print "$(pe:%%.14g) $(pxx:%%.10g) $(pyy:%%.10g) $(pzz:%%.10g) $(pyz:%%.10g) $(pxz:%%.10g) $(pxy:%%.10g)" file written screen no
shell mv written result
""" % ("\n".join("mass %d %g" % (n, check.MASS[e]) for n, e in enumerate(self.elements, 1)), self.potential, " ".join(self.elements)))
        self.process.stdin.flush()
        result = os.path.join(self.folder.name, "result")
        while not os.path.exists(result):
            if self.process.poll() is not None:
                with open(os.path.join(self.folder.name, "errors")) as file:
                    raise RuntimeError("LAMMPS stopped\n" + file.read()[-1000:])
            time.sleep(0.001)
        with open(result) as file:
            energy, *pressure = map(float, file.read().split())
        os.remove(result)
        xx, yy, zz, yz, xz, xy = -1e-4 * GPa * np.array(pressure)
        rotation = np.array([prism.vector_to_ase(row) for row in np.eye(3)])
        stress = rotation.T @ [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]] @ rotation
        forces = np.loadtxt(os.path.join(self.folder.name, "forces"), skiprows=9, ndmin=2)[:, 1:]
        self.results = {"energy": energy, "forces": prism.vector_to_ase(forces), "stress": stress.flat[[0, 4, 8, 5, 2, 1]]}


def crystal(structure, elements, volume=None):
    """Atoms of a structure of frames.py, scaled to the usual volumes of its elements."""
    cell, sites = structure
    cell = np.array(cell, float)
    names = [elements[s] for s, _ in sites]
    volume = volume or sum(frames.VOLUME[name] for name in names)
    cell = cell * (volume / abs(np.linalg.det(cell))) ** (1 / 3)
    return Atoms(names, scaled_positions=[x for _, x in sites], cell=cell, pbc=True)


def tetragonal_zirconia():
    atoms = crystal(frames.OXIDES["fluorite"], ["Zr", "O"], 5.13 ** 3)
    oxygen = [n for n, name in enumerate(atoms.get_chemical_symbols()) if name == "O"]
    for n in oxygen:
        x, y, z = np.round(4 * atoms.get_scaled_positions()[n]).astype(int)
        atoms.positions[n, 2] += 0.25 if (x + y) // 2 % 2 else -0.25
    return atoms


def suboxide(holes):
    """Oxygen in `holes` of the 6 octahedral ones of hcp Zr, in a cell of 6 atoms (sqrt(3) x sqrt(3))."""
    a, c = 3.23, 5.2
    cell = [[1.5 * a, 3 ** 0.5 / 2 * a, 0], [-1.5 * a, 3 ** 0.5 / 2 * a, 0], [0, 0, c]]
    hcp = [[0, 0, 0], [0, a / 3 ** 0.5, c / 2]]
    lattice = [[0, 0, 0], [a, 0, 0], [0.5 * a, 3 ** 0.5 / 2 * a, 0]]
    octahedra = [np.add(shift, [0, -a / 3 ** 0.5, z * c]) for z in (0.25, 0.75) for shift in lattice]
    zr = [np.add(shift, site) for shift in lattice for site in hcp]
    return Atoms(["Zr"] * 6 + ["O"] * len(holes), positions=zr + [octahedra[k] for k in holes], cell=cell, pbc=True)


def phases(elements):
    """{composition: {name: atoms}}, polymorphs together."""
    out = {}
    metals = [e for e in elements if e != "O"]
    for metal in metals:
        out[metal] = {name: crystal(frames.ELEMENTARY[name], [metal]) for name in ("fcc", "hcp", "dhcp", "bcc", "omega")}

    def compounds(words):
        for word in words.split():
            name, many, few = word.split(":")
            atoms = crystal(frames.COMPOUND[name], [many, few])
            out.setdefault(atoms.get_chemical_formula("metal", empirical=True), {})[name] = atoms
    if "Cu" in elements:
        compounds("B2:Cu:Zr B33:Zr:Cu B19:Cu:Zr L1_0:Cu:Zr C11b:Zr:Cu C16:Zr:Cu C15:Cu:Zr C14:Cu:Zr C15b:Cu:Zr")
    if "Co" in elements:
        for metal in ("Ti", "Zr", "Hf"):
            compounds("B2:Co:{0} B33:{0}:Co C15:Co:{0} C14:Co:{0} C16:{0}:Co C11b:{0}:Co".format(metal))
    if "O" in elements:
        out["Cu2O"] = {"cuprite": crystal(frames.OXIDES["cuprite"], ["Cu", "O"], 4.27 ** 3)}
        out["CuO"] = {"tenorite": crystal(frames.OXIDES["tenorite"], ["Cu", "O"], 81.1)}
        out["ZrO2"] = {"monoclinic": crystal(frames.MONOCLINIC, ["Zr", "O"], 140.9), "tetragonal": tetragonal_zirconia(),
                       "cubic": crystal(frames.OXIDES["fluorite"], ["Zr", "O"], 5.12 ** 3)}
        out["Zr6O"] = {"": suboxide([0])}
        out["Zr3O"] = {"": suboxide([0, 4])}
    return out


def relaxed(atoms, calculator):
    atoms = atoms.copy()
    atoms.calc = calculator
    optimizer = BFGS(ExpCellFilter(atoms), logfile=None, maxstep=0.05)
    if not optimizer.run(fmax=2e-3, steps=300):
        print("%s: not relaxed within 300 steps" % atoms.get_chemical_formula(), file=sys.stderr)
    return atoms


def alone(species, distance, calculator):
    """Energy (eV) of an atom, or of two at a distance (A), in a large box."""
    atoms = Atoms(species, positions=[[0, 0, distance * n] for n in range(len(species))], cell=[20, 21, 22], pbc=True)
    atoms.calc = calculator
    return atoms.get_potential_energy()


def lengths(atoms):
    """Different lengths of the cell as text."""
    return ", ".join(dict.fromkeys("%.3f" % length for length in atoms.cell.lengths()))


def table_of_phases(calculators, elements, lone):
    """A row for each phase, polymorphs together in the order of the labels (without labels, of the potential)."""
    lines = ["| phase | cell (A) | labels | energy minus labels (meV/atom) | formation (eV/atom) | labels | above the lowest form (meV/atom) | labels |",
             "|---|---|---|---|---|---|---|---|"]
    oxygen = [alone(["O", "O"], 1.23, calculator) / 2 if "O" in elements else 0.0 for calculator in calculators]
    references = [{"O": energy} for energy in oxygen]

    def add(*columns):
        lines.append("| " + " | ".join(columns) + " |")
        print(lines[-1], flush=True)

    def both(texts):
        return [*texts, *[""] * (2 - len(texts))]

    def difference(potential, labels=None):
        return "" if labels is None else "%+.1f" % (1e3 * (potential - labels))

    for formula, forms in phases(elements).items():
        atoms = [{name: relaxed(start, calculator) for name, start in forms.items()} for calculator in calculators]
        energies = [{name: a.get_potential_energy() / len(a) for name, a in of.items()} for of in atoms]
        for reference, of in zip(references, energies):
            if formula in elements:
                reference[formula] = min(of.values())
        for name in sorted(forms, key=energies[-1].get):
            symbols = forms[name].get_chemical_symbols()
            formation = ["%.3f" % (of[name] - np.mean([reference[s] for s in symbols])) if len(set(symbols)) > 1 else ""
                         for of, reference in zip(energies, references)]
            above = ["%.1f" % (1e3 * (of[name] - min(of.values()))) if len(forms) > 1 else "" for of in energies]
            add((formula + " " + name).strip(), *both([lengths(of[name]) for of in atoms]),
                difference(*(of[name] for of in energies)), *both(formation), *both(above))
    for element in elements:
        add(element + " atom", "", "", difference(*(alone([element], 0, calculator) - zero for calculator, zero in zip(calculators, (0.0, lone)))),
            *[""] * 4)
    if "O" in elements:
        add("O2 molecule, 1.23 A", "", "", difference(*oxygen), *[""] * 4)
    return lines


def elastic_constants(atoms, strain=0.004):
    """The matrix C (GPa) by central differences of the stress, with the atoms relaxed under each strain."""
    matrix = np.zeros((6, 6))
    for k, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))):
        for sign in (1, -1):
            deformed = atoms.copy()
            deformed.calc = atoms.calc
            tensor = np.eye(3)
            tensor[i, j] += sign * strain / (1 if i == j else 2)
            tensor[j, i] = tensor[i, j]
            deformed.set_cell(atoms.cell @ tensor, scale_atoms=True)
            BFGS(deformed, logfile=None).run(fmax=2e-3, steps=200)
            matrix[k] += sign * deformed.get_stress() / (2 * strain) / GPa
    return matrix


def lowest_phonon(atoms, size=10.0):
    """The lowest frequency (THz, negative where unstable) over the wave vectors that fit a supercell of at least `size` (A)."""
    repeat = tuple(int(np.ceil(size / length)) for length in atoms.cell.lengths())
    with tempfile.TemporaryDirectory() as folder:
        phonons = Phonons(atoms, atoms.calc, supercell=repeat, delta=0.02, name=os.path.join(folder, "phonons"))
        phonons.run()
        phonons.read(acoustic=True)
        points = [(i / repeat[0], j / repeat[1], k / repeat[2]) for i in range(repeat[0]) for j in range(repeat[1]) for k in range(repeat[2])]
        omega = phonons.band_structure(points[1:], modes=False, verbose=False)
    return float(np.min(np.real(omega) - np.abs(np.imag(omega)))) * THZ


def table_of_constants(calculators, elements):
    cubic, hexagonal = [((0, 0), (0, 1), (3, 3)), ((0, 0), (0, 1), (0, 2), (2, 2), (3, 3))]
    chosen = {"Cu": [("Cu", "fcc", cubic), ("Zr", "hcp", hexagonal), ("CuZr", "B2", cubic), ("ZrO2", "cubic", cubic)],
              "Co": [("Ti", "hcp", hexagonal), ("Zr", "hcp", hexagonal), ("Hf", "hcp", hexagonal), ("Co", "hcp", hexagonal),
                     ("CoTi", "B2", cubic), ("CoZr", "B2", cubic), ("CoHf", "B2", cubic)]}["Cu" if "Cu" in elements else "Co"]
    everything = {"".join(sorted(formula)): forms for formula, forms in phases(elements).items()}
    lines = ["| crystal | by | C11 | C12 | C13 | C33 | C44 (GPa) | lowest phonon (THz) |", "|---|---|---|---|---|---|---|---|"]
    for formula, name, constants in chosen:
        for who, calculator in zip(("potential", "labels"), calculators):
            atoms = relaxed(everything["".join(sorted(formula))][name], calculator)
            matrix = elastic_constants(atoms)
            cells = {index: "%.0f" % ((matrix[index] + matrix[index[::-1]]) / 2) for index in constants}
            lines.append("| %s %s | %s | %s | %.2f |" % (formula, name, who, " | ".join(
                cells.get(index, "") for index in ((0, 0), (0, 1), (0, 2), (2, 2), (3, 3))), lowest_phonon(atoms)))
            print(lines[-1], flush=True)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("potential")
    parser.add_argument("--labels", help="program and words before the two files")
    parser.add_argument("--lone", type=float, default=0.0, help="what the labels give to an isolated atom, where 0 is right (eV)")
    parser.add_argument("--only", choices=("phases", "elastic"))
    options = parser.parse_args()
    potential = os.path.abspath(options.potential)
    elements = check.elements_of(potential)
    calculators = [Potential(potential, elements)]
    if options.labels:
        calculators.append(Labels(options.labels.split()))
    if options.only != "elastic":
        check.put_into_card(potential, "phases", table_of_phases(calculators, elements, options.lone))
    if options.only != "phases":
        check.put_into_card(potential, "elastic", table_of_constants(calculators, elements))


if __name__ == "__main__":
    main()
