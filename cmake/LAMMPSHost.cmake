# SPDX-License-Identifier: GPL-2.0-only
# The LAMMPS the plugin is for.  A plugin must be compiled with the headers and integer sizes of the
# very LAMMPS that loads it, so the two are compared here rather than at the first crash.
#
#   LAMMPS_SOURCE_DIR  the source tree (the folder with src/; its src/ itself will do)
#   LAMMPS_BINARY      the program; optional, but without it the integer sizes are taken on trust
# sets
#   LAMMPS_DATE, LAMMPS_VERSION_INTEGER, LAMMPS_SIZES; target TuringGlass::lammps_headers

include(StyleFolders)

set(LAMMPS_SOURCE_DIR "" CACHE PATH "LAMMPS source tree, the folder that holds src/ and cmake/")
set(LAMMPS_BINARY "" CACHE FILEPATH "the LAMMPS program that will load the plugin")
set(LAMMPS_SIZES SMALLBIG CACHE STRING "SMALLBIG or BIGBIG; read from LAMMPS_BINARY where that is given")

if(EXISTS ${LAMMPS_SOURCE_DIR}/version.h)
  get_filename_component(LAMMPS_SOURCE_DIR ${LAMMPS_SOURCE_DIR} DIRECTORY)
endif()
if(NOT EXISTS ${LAMMPS_SOURCE_DIR}/src/version.h)
  message(FATAL_ERROR "No LAMMPS source tree at LAMMPS_SOURCE_DIR='${LAMMPS_SOURCE_DIR}'.\n"
    "Give the tree your LAMMPS was built from:  -D LAMMPS_SOURCE_DIR=<folder with src/ and cmake/>\n"
    "or let the project obtain and build one:   bash cmake/quickstart.sh")
endif()
turing_glass_lammps_version(${LAMMPS_SOURCE_DIR}/src/version.h LAMMPS_DATE LAMMPS_VERSION_INTEGER)

if(LAMMPS_BINARY)
  execute_process(COMMAND ${LAMMPS_BINARY} -h OUTPUT_VARIABLE help ERROR_VARIABLE error RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "LAMMPS_BINARY='${LAMMPS_BINARY}' does not run:\n${error}")
  endif()

  string(REGEX MATCH "Simulator - ([0-9]+ [A-Z][a-z]+ [0-9]+)" matched "${help}")
  if(NOT CMAKE_MATCH_1 STREQUAL LAMMPS_DATE)
    message(FATAL_ERROR "LAMMPS_BINARY is of ${CMAKE_MATCH_1}, LAMMPS_SOURCE_DIR of ${LAMMPS_DATE}.\n"
      "Give the source tree that this program was built from.")
  endif()
  if(help MATCHES "-DLAMMPS_(SMALLBIG|BIGBIG|SMALLSMALL)")
    set(LAMMPS_SIZES ${CMAKE_MATCH_1})
  endif()
  if(NOT help MATCHES "PLUGIN")
    message(FATAL_ERROR "LAMMPS_BINARY='${LAMMPS_BINARY}' has no PLUGIN package.\n"
      "Build LAMMPS with -D PKG_PLUGIN=on -D BUILD_SHARED_LIBS=on, or run bash cmake/quickstart.sh")
  endif()
  # "MPI v3.1: Open MPI v4.1.4, ..." against what find_package(MPI) found: one vendor for both
  if(help MATCHES "MPI v[0-9.]+: ([^\n]*)")
    set(host_mpi "${CMAKE_MATCH_1}")
    string(REGEX MATCH "STUBS|Open MPI|MPICH|Intel|MVAPICH" host_vendor "${host_mpi}")
    if(host_vendor STREQUAL "STUBS")
      message(FATAL_ERROR "LAMMPS_BINARY was built without MPI; build LAMMPS with -D BUILD_MPI=on")
    endif()
    if(MPI_CXX_LIBRARY_VERSION_STRING AND NOT MPI_CXX_LIBRARY_VERSION_STRING MATCHES "${host_vendor}")
      message(FATAL_ERROR "LAMMPS_BINARY uses ${host_mpi},\nCMake found ${MPI_CXX_LIBRARY_VERSION_STRING}\n"
        "Choose the same MPI with -D MPI_CXX_COMPILER=<its mpicxx>")
    endif()
  endif()
  if(help MATCHES "OpenMP not enabled")
    message(WARNING "LAMMPS_BINARY was built without OpenMP: styles will run one thread a rank")
  endif()
else()
  message(STATUS "LAMMPS_BINARY not given: assuming integer sizes ${LAMMPS_SIZES}")
endif()
if(LAMMPS_SIZES STREQUAL SMALLSMALL)
  message(FATAL_ERROR "LAMMPS built with SMALLSMALL cannot load TuringGlass; build it with SMALLBIG or BIGBIG")
endif()
message(STATUS "LAMMPS ${LAMMPS_DATE} (${LAMMPS_VERSION_INTEGER}), ${LAMMPS_SIZES}, in ${LAMMPS_SOURCE_DIR}")

# Headers only, and as SYSTEM: LAMMPS's own warnings are not ours to fix.
add_library(turing_glass_lammps_headers INTERFACE)
add_library(TuringGlass::lammps_headers ALIAS turing_glass_lammps_headers)
target_include_directories(turing_glass_lammps_headers SYSTEM INTERFACE ${LAMMPS_SOURCE_DIR}/src)
