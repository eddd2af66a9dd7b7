# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx configuration; needs Sphinx alone:  sphinx-build -W -b html docs build/docs/html"""

import importlib.util
import pathlib
import re

_cmake = (pathlib.Path(__file__).parent / "../CMakeLists.txt")

project = "TuringGlass"
author = "The TuringGlass developers"
copyright = author
# The installed copy of these pages has no CMakeLists.txt beside it.
release = re.search(r"VERSION ([0-9.]+) LANGUAGES", _cmake.read_text()).group(1) if _cmake.exists() else ""
version = release

# Formulas are set by MathJax in the reader's browser, so the build needs no LaTeX and no network.
# A browser without network shows their TeX source.
extensions = ["sphinx.ext.mathjax"]
math_eqref_format = "eq. {number}"

exclude_patterns = ["_build"]
highlight_language = "none"
html_theme = "sphinx_rtd_theme" if importlib.util.find_spec("sphinx_rtd_theme") else "alabaster"
html_show_copyright = False
