# SPDX-License-Identifier: GPL-2.0-only
# Whether the plugin for CUDA devices is built: TURINGGLASS_GPU=auto (where nvcc is found), ON or OFF. Sets
# TURINGGLASS_CUDA. Machine code for the devices in CMAKE_CUDA_ARCHITECTURES, by default those of the A100 and the H100,
# and with it what newer devices compile for themselves.
set(TURINGGLASS_GPU auto CACHE STRING "plugin with pair nnap/gpu for CUDA devices: auto, ON or OFF")
set_property(CACHE TURINGGLASS_GPU PROPERTY STRINGS auto ON OFF)

set(TURINGGLASS_CUDA OFF)
if(NOT TURINGGLASS_GPU STREQUAL "OFF")
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90 CACHE STRING "CUDA devices that machine code is made for")
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    set(CMAKE_CUDA_STANDARD 17)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(TURINGGLASS_CUDA ON)
  elseif(TURINGGLASS_GPU STREQUAL "auto")
    message(STATUS "No CUDA compiler found: no plugin for devices (on clusters: 'module load cuda'; or -D CMAKE_CUDA_COMPILER=.../nvcc)")
  else()
    message(FATAL_ERROR "TURINGGLASS_GPU is ON, but no CUDA compiler was found: 'module load cuda' on clusters, or "
                        "-D CMAKE_CUDA_COMPILER=<prefix>/bin/nvcc")
  endif()
endif()
