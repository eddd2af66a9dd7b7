# SPDX-License-Identifier: GPL-2.0-only
# The style folders, one a family; a new family is one word here and its rows in src/lammps/plugin/styles.cpp.
set(TURINGGLASS_STYLE_FOLDERS pair_nnap fix_remd_swap compute_ops fix_insert_mask compute_fsd compute_dmin2
    onset_command)

set(TURINGGLASS_ROOT ${CMAKE_CURRENT_LIST_DIR}/..)
get_filename_component(TURINGGLASS_ROOT ${TURINGGLASS_ROOT} ABSOLUTE)

# turing_glass_glue(<sources> <include folders>): what the folders and what they share (src/lammps) hold, for plugin and
# in-tree alike
function(turing_glass_glue sources folders)
  list(TRANSFORM TURINGGLASS_STYLE_FOLDERS PREPEND ${TURINGGLASS_ROOT}/ OUTPUT_VARIABLE paths)
  list(TRANSFORM paths APPEND /*.cpp OUTPUT_VARIABLE patterns)
  file(GLOB found CONFIGURE_DEPENDS ${patterns} ${TURINGGLASS_ROOT}/src/lammps/*.cpp)
  set(${sources} ${found} PARENT_SCOPE)
  set(${folders} ${paths} PARENT_SCOPE)
endfunction()

# turing_glass_lammps_version(<version.h> <date> <integer>): "4 Feb 2025" and 20250204, the form in
# which lammps_version() returns it
function(turing_glass_lammps_version header date integer)
  file(STRINGS ${header} line REGEX "LAMMPS_VERSION" LIMIT_COUNT 1)
  if(NOT line MATCHES "\"(([0-9]+) ([A-Z][a-z][a-z])[a-z]* ([0-9]+))\"")
    message(FATAL_ERROR "no LAMMPS version in ${header}")
  endif()
  set(${date} ${CMAKE_MATCH_1} PARENT_SCOPE)
  set(day ${CMAKE_MATCH_2})
  set(year ${CMAKE_MATCH_4})
  set(months Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)
  list(FIND months ${CMAKE_MATCH_3} month)
  math(EXPR value "${year} * 10000 + (${month} + 1) * 100 + ${day}")
  set(${integer} ${value} PARENT_SCOPE)
endfunction()
