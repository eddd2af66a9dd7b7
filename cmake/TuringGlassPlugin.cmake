# SPDX-License-Identifier: GPL-2.0-only
# The shared object LAMMPS loads.  It takes LAMMPS's headers and no library: its undefined symbols
# are resolved by the program that opens it.

turing_glass_glue(glue_sources glue_folders)
add_library(turing_glass_glue OBJECT ${glue_sources})
target_include_directories(turing_glass_glue PUBLIC ${glue_folders})
target_compile_definitions(turing_glass_glue PRIVATE LAMMPS_${LAMMPS_SIZES})
target_link_libraries(turing_glass_glue PUBLIC TuringGlass::lammps_headers TuringGlass::core
                                               MPI::MPI_CXX OpenMP::OpenMP_CXX)

# of which a plugin takes what it needs
add_library(turing_glass_glue_archive STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:turing_glass_glue>)
target_link_libraries(turing_glass_glue_archive PUBLIC TuringGlass::lammps_headers TuringGlass::core
                                                       MPI::MPI_CXX OpenMP::OpenMP_CXX)

set(plugin_symbols ${PROJECT_BINARY_DIR}/plugin_symbols.map)
# CONFIGURE writes only what has changed; a newer file would link the plugin anew
file(CONFIGURE OUTPUT ${plugin_symbols} CONTENT "{ global: lammpsplugin_init; local: *; };\n")

# add_turing_glass_plugin(<target> [VERSION <integer>] [SIZES <sizes>] [GPU <engine>])
# VERSION and SIZES other than the host's serve the tests of the ABI guard. GPU: the plugin with pair nnap/gpu on an
# engine, turing_glass_gpu or turing_glass_gpu_host.
function(add_turing_glass_plugin target)
  cmake_parse_arguments(PARSE_ARGV 1 host "" "VERSION;SIZES;GPU" "")
  if(NOT host_VERSION)
    set(host_VERSION ${LAMMPS_VERSION_INTEGER})
  endif()
  if(NOT host_SIZES)
    set(host_SIZES ${LAMMPS_SIZES})
  endif()
  set(folder ${PROJECT_SOURCE_DIR}/src/lammps/plugin)
  add_library(${target} MODULE ${folder}/plugin.cpp)
  target_compile_definitions(${target} PRIVATE LAMMPS_${host_SIZES}
                             TURINGGLASS_LAMMPS_VERSION=${host_VERSION})
  if(host_GPU)
    target_sources(${target} PRIVATE ${folder}/styles_gpu.cpp ${PROJECT_SOURCE_DIR}/pair_nnap/gpu/pair_nnap_gpu.cpp
      ${PROJECT_SOURCE_DIR}/pair_nnap/gpu/fix_package_gpu.cpp)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/pair_nnap/gpu ${glue_folders})
    target_link_libraries(${target} PRIVATE turing_glass_glue_archive ${host_GPU})
  else()
    target_sources(${target} PRIVATE ${folder}/styles.cpp)
    target_link_libraries(${target} PRIVATE turing_glass_glue)
  endif()
  target_link_options(${target} PRIVATE LINKER:--version-script=${plugin_symbols})
  set_target_properties(${target} PROPERTIES PREFIX "" LINK_DEPENDS ${plugin_symbols})
endfunction()
