#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# registers.sh NVCC SOURCE: kernels of known shape stay in registers. More than these would leave fewer warps on a
# processor than its shared memory holds; what is spilled goes through memory in the innermost loops.
nvcc=$1 source=$2 failed=0
for device in sm_80 sm_90; do
  log=$("$nvcc" -std=c++17 -O3 -arch=$device -Xptxas -v -I"$source/src" -cubin -o /dev/null "$source/src/nnap/gpu/engine_cuda.cu" 2>&1) ||
    { echo "$log"; exit 1; }
  echo "$log" | grep -iE "warning" && failed=1
  # SumKernelIfLi5ELi8: numbers of float (f) or double (d), 5 radial functions, degree 8
  echo "$log" | awk -v device=$device '
    /Compiling entry function/ {
      kernel = ""
      if (match($0, /run_kernelINS1_[0-9]*/)) {kernel = substr($0, RSTART + RLENGTH); sub(/E+v.*/, "", kernel)}
    }
    /bytes spill stores/ {spilled = $5 + $9}
    /Used [0-9]+ registers/ {
      match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5) + 0
      if (kernel == "" || kernel ~ /Li0ELi0/) next
      most = kernel ~ /KernelId/ ? 176 : 112
      printf "%s %-24s %4d registers (at most %d), %4d bytes spilled (at most 512)\n", device, kernel, registers, most, spilled
      if (registers > most || spilled > 512) bad = 1
      ++count
    }
    END {if (bad || count < 10) exit 1}' || failed=1
done
exit $failed
