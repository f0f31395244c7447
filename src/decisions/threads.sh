#!/bin/bash
# Rounds of every setting, interleaved, and the median of each: a busy machine then disturbs all alike.
#   src/decisions/threads.sh [rounds] [seconds a measurement]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-5} seconds=${2:-6}
dotnet build -c Release -v q --nologo src/decisions/threads.cs >&2
program=.artifacts/bin/release/threads.dll
results=$(mktemp)
trap 'rm -f "$results"' EXIT

measure() { # name, then the environment, then -- and the arguments
    local name=$1 environment=()
    shift
    while [ "$1" != -- ]; do environment+=("$1") && shift; done
    shift
    printf '%s\t%s\n' "$name" "$(env "${environment[@]}" dotnet "$program" "$@" "$seconds")" >>"$results"
}

left=DISTILLFORGE_TORCH_DEFAULTS
for _ in $(seq "$rounds"); do
    measure 'gemm float32, core detected' $left=coretype -- gemm float32
    measure 'gemm float32, Haswell' OPENBLAS_CORETYPE=Haswell -- gemm float32
    measure 'gemm float32, SkylakeX (ours)' -- gemm float32
    measure 'gemm float32, one thread' THREADS=1 -- gemm float32
    measure 'gemm bfloat16 (ours)' -- gemm bfloat16
    for type in float32 bfloat16; do
        measure "4M $type, all of ours" -- step 4M $type fused
        measure "4M $type, core detected" $left=coretype -- step 4M $type fused
        measure "4M $type, waiting active" OMP_WAIT_POLICY=ACTIVE -- step 4M $type fused
        measure "4M $type, waiting as OpenMP likes" $left=waiting -- step 4M $type fused
        measure "4M $type, malloc as installed" $left=malloc -- step 4M $type fused
        measure "4M $type, one thread" THREADS=1 -- step 4M $type fused
        measure "4M $type, none of ours" $left=coretype,waiting,malloc -- step 4M $type fused
        measure "4M $type, plain operations" -- step 4M $type plain
        measure "1M $type, all of ours" -- step 1M $type fused
        measure "1M $type, plain operations" -- step 1M $type plain
    done
done
echo "load $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors, $rounds rounds of $seconds s"
sort -t "$(printf '\t')" -k1,1 -k2,2n "$results" | awk -F'\t' '
    function say() { if (n) printf "%-40s %8d   (%d .. %d)\n", last, v[int((n + 1) / 2)], v[1], v[n] }
    $1 != last { say(); n = 0; last = $1 }
    { v[++n] = $2 + 0 }
    END { say() }'
