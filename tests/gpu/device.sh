#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything about pair style nnap/gpu that only a device can tell, in four minutes:
#
#     tests/gpu/device.sh BUILD [REPORT]
#
# BUILD: a build folder with unit_gpu_device, benchmark_gpu and turingglassgpuplugin.so in it (made with
# TURINGGLASS_TESTS=ON; targets of these names), and LMP, or BUILD/lmp, a LAMMPS that loads its plugins. REPORT: where the
# report goes (default: gpu_report in the present folder). Needs python3; what else it uses (compute-sanitizer, ncu, MPS) is
# left out where it is not installed.
set -u
cores=$(nproc)    # before OMP_NUM_THREADS, which it obeys
build=$(cd "$1" && pwd) || exit 2
report=${2:-gpu_report}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$report" && report=$(cd "$report" && pwd)
export LMP=${LMP:-$build/lmp} OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export LAMMPS_PLUGIN_PATH=$build LAMMPS_POTENTIALS=$here/../../examples/potentials
potential=$here/../../examples/potentials/ZrCuO.nnap.json
launch="mpirun --oversubscribe --bind-to none -np"
failed=0

say() { echo "$@" | tee -a "$report/summary.txt"; }
part() { say; say "== $* ($(date +%T))"; }
find_program() { find "$build" -name "$1" -type f -perm -u+x | head -1; }

: >"$report/summary.txt"
part "machine"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | tee -a "$report/summary.txt"
say "$cores cores: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2)"

part "kernels against the processor's"
unit=$(find_program unit_gpu_device)
if "$unit" >"$report/unit.txt" 2>&1; then say "passed"; else say "FAILED: unit.txt"; failed=1; fi
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    if timeout 60 compute-sanitizer --tool $tool --error-exitcode 9 "$unit" \
        --gtest_filter='*ForcesAddUp*:*PointsThatDoNotCount*' >"$report/$tool.txt" 2>&1
    then say "$tool: no error"; else say "$tool: FAILED, $tool.txt"; failed=1; fi
  done
fi

# lammps NAME RANKS ARGUMENTS: rate in M atom-steps/s from the loop time
lammps()
{
  local name=$1 ranks=$2; shift 2
  mkdir -p "$report/$name"
  (cd "$report/$name" && timeout 60 $launch "$ranks" "$LMP" -in "$here/in.speed" -log none "$@" >out.txt 2>&1) ||
    { say "$name: FAILED"; tail -3 "$report/$name/out.txt"; failed=1; return; }
  awk -v name="$name" '/^measured:/ {share = ""} /^Loop time of/ {time = $4; steps = $9; atoms = $12}
    /^(Pair|Neigh|Comm|Modify) / {share = share sprintf("  %s %s%%", $1, $NF)}
    END {printf "%-28s %7d atoms, %8.1f us a step, %7.3f M atom-steps/s %s\n", name, atoms, 1e6 * time / steps, 1e-6 * atoms * steps / time, share}' \
    "$report/$name/out.txt" | tee -a "$report/summary.txt"
}

part "forces of LAMMPS: nnap/gpu against nnap"
for precision in double mixed; do
  lammps forces-gpu-$precision 1 -var precision $precision -var n 10 -var steps 1 -var warm 50 -var check yes
done
lammps forces-nnap 1 -var style nnap -var precision double -var n 10 -var steps 1 -var warm 50 -var check yes
python3 - "$report" <<'PYTHON' | tee -a "$report/summary.txt"
import sys
def forces(name):
    with open("%s/%s/forces.dump" % (sys.argv[1], name)) as file:
        rows = [line.split() for line in file]
    return {int(r[0]): [float(x) for x in r[1:]] for r in rows if len(r) == 4 and r[0].isdigit()}
try:
    a = forces("forces-nnap")
    for name in ("forces-gpu-double", "forces-gpu-mixed"):
        b = forces(name)
        print("%s: largest difference %.2g eV/A" % (name, max(abs(x - y) for i in a for x, y in zip(a[i], b[i]))))
except Exception as e:
    print("FAILED:", e)
PYTHON

part "LAMMPS, one rank"
for precision in mixed double; do
  for n in 8 20 40; do
    lammps $precision-$n-1rank 1 -var precision $precision -var n $n -var steps 400
  done
done

partitions()
{
  local name=$1; shift
  mkdir -p "$report/$name"
  (cd "$report/$name" && timeout 60 $launch 16 "$LMP" -partition 16x1 -in "$here/in.speed" -log none -screen screen -var n 8 \
    -var steps 1000 "$@" >out.txt 2>&1) || { say "$name: FAILED"; tail -3 "$report/$name"/out.txt; failed=1; return; }
  awk -v name="$name" '/^measured/ {on = 1} on && /^Loop time of/ {sum += 1e-6 * $9 * $12 / $4; ++n; on = 0}
    END {printf "%-28s %7d partitions of 1024 atoms together: %.2f M atom-steps/s\n", name, n, sum}' "$report/$name"/screen.* |
    tee -a "$report/summary.txt"
}
part "several ranks or partitions on the device"
lammps mixed-20-4ranks 4 -var precision mixed -var n 20 -var steps 200
partitions partitions-mixed -var precision mixed -var steps 300
if command -v nvidia-cuda-mps-control >/dev/null; then
  export CUDA_MPS_PIPE_DIRECTORY=$(mktemp -d) CUDA_MPS_LOG_DIRECTORY=$report
  nvidia-cuda-mps-control -d && sleep 1
  for precision in mixed double; do
    partitions partitions-$precision-MPS -var precision $precision
    for ranks in 4 8; do
      lammps $precision-20-${ranks}ranks-MPS $ranks -var precision $precision -var n 20 -var steps 400
    done
    lammps $precision-40-8ranks-MPS 8 -var precision $precision -var n 40 -var steps 300
  done
  echo quit | nvidia-cuda-mps-control
fi

part "drift of the energy"
for precision in double mixed; do
  lammps drift-$precision 1 -var precision $precision -var n 8 -var steps 20000
  awk '/^Step|^ *Step/ {on = 0} /^measured/ {after = 1} after && $1 ~ /^[0-9]+$/ && NF == 4 {t = $1 * 0.001; n++; st += t; se += $4; stt += t * t; ste += t * $4}
    END {printf "  %.1e eV/atom/ps over %d samples\n", (n * ste - st * se) / (n * stt - st * st) / 1024, n}' "$report/drift-$precision/out.txt" |
    tee -a "$report/summary.txt"
done

part "engine without LAMMPS"
"$(find_program benchmark_gpu)" "$potential" both 1024 16384 131072 1048576 2>&1 | tee -a "$report/summary.txt"

part "LAMMPS without the device: one core, all cores"
for precision in double mixed; do
  lammps core-$precision 1 -var style nnap -var precision $precision -var n 8 -var steps 20 -var warm 10
  lammps cores-$precision $cores -var style nnap -var precision $precision -var n 20 -var steps 50 -var warm 50
done

if command -v ncu >/dev/null; then
  part "kernels one by one"
  for precision in mixed double; do
    ncu --clock-control none --kernel-name-base demangled --kernel-name 'regex:nnap.*(SumKernel<|NetworkKernel<|ForceKernel<|ListKernel)' \
      --launch-count 5 --section SpeedOfLight --section Occupancy --section LaunchStats --section SchedulerStats \
      "$(find_program benchmark_gpu)" "$potential" $precision 16384 >"$report/ncu-$precision.txt" 2>&1
    grep -E "run_kernel|Duration|Registers Per|Achieved Active|One or More Eligible" "$report/ncu-$precision.txt" |
      sed 's/(T1, int, int).*//' | tee -a "$report/summary.txt"
  done
fi
say
[ $failed = 0 ] && say "all passed ($(date +%T))" || say "something FAILED ($(date +%T))"
exit $failed
