# SPDX-License-Identifier: GPL-2.0-only
# build/lmp: LAMMPS with the plugin and the potentials, from any folder, under mpirun and with
# -partition.  Generated, so that no path of a machine is ever committed.
if(NOT LAMMPS_BINARY)
  return()
endif()

set(launcher_preload "")
if(TURINGGLASS_SANITIZE)
  # The host program is not instrumented, so the runtime must be loaded first; LAMMPS itself leaks.
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libasan.so
                  OUTPUT_VARIABLE asan OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(launcher_preload "LD_PRELOAD='${asan}' ASAN_OPTIONS=detect_leaks=0 ")
endif()
configure_file(cmake/lmp.in lmp @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
               GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
