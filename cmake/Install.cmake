# SPDX-License-Identifier: GPL-2.0-only
# cmake --install: plugin, pages, examples with their potentials, and an environment module.
include(GNUInstallDirs)
set(plugin_folder ${CMAKE_INSTALL_LIBDIR}/turingglass)
set(data_folder ${CMAKE_INSTALL_DATADIR}/turingglass)
set(module_folder ${CMAKE_INSTALL_DATADIR}/modulefiles/turingglass)

install(TARGETS turingglassplugin LIBRARY DESTINATION ${plugin_folder})
if(TURINGGLASS_CUDA)
  install(TARGETS turingglassgpuplugin LIBRARY DESTINATION ${plugin_folder})
endif()
install(DIRECTORY examples DESTINATION ${data_folder})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/pages PATTERN "_build" EXCLUDE)
# there once the documentation has been built
install(DIRECTORY ${PROJECT_BINARY_DIR}/docs/html DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(FILES README.md LICENSE CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Written at installation, for only then the prefix is certain (cmake --install --prefix).
install(CODE "
  set(PROJECT_VERSION ${PROJECT_VERSION})
  set(LAMMPS_DATE \"${LAMMPS_DATE}\")
  set(plugin_path \${CMAKE_INSTALL_PREFIX}/${plugin_folder})
  set(potentials_path \${CMAKE_INSTALL_PREFIX}/${data_folder}/examples/potentials)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/modulefile.in
    \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${module_folder}/${PROJECT_VERSION} @ONLY)
  message(STATUS \"Environment module: \${CMAKE_INSTALL_PREFIX}/${module_folder}/${PROJECT_VERSION}\")
")
