# SPDX-License-Identifier: GPL-2.0-only
# Builds TuringGlass into LAMMPS itself, without a patch:
#
#   cmake -S <lammps>/cmake -B build -D CMAKE_PROJECT_lammps_INCLUDE=<here>/cmake/in_tree.cmake
#
# CMake reads this file right after LAMMPS's own project() call.  The core is added at once (CMake
# takes no new folder later); the styles when LAMMPS's CMakeLists.txt has been read to its end, for
# only then its target and its helper functions exist.

include(${CMAKE_CURRENT_LIST_DIR}/StyleFolders.cmake)
add_subdirectory(${TURINGGLASS_ROOT}/src ${CMAKE_BINARY_DIR}/turingglass)

function(turing_glass_add_to_lammps)
  turing_glass_glue(sources folders)
  target_sources(lammps PRIVATE ${sources})
  target_include_directories(lammps PRIVATE ${folders})
  target_link_libraries(lammps PRIVATE TuringGlass::core)
  foreach(folder ${folders})
    RegisterStyles(${folder})
  endforeach()
  # LAMMPS wrote its style headers before it knew of ours; write them again.
  GenerateStyleHeaders(${LAMMPS_STYLE_HEADERS_DIR})
endfunction()

cmake_language(DEFER DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} CALL turing_glass_add_to_lammps)
