#!/usr/bin/env bash
# The checks that need a GPU: builds the shim against a libtorch with CUDA, compares every operation, loss and architecture with the CPU, and measures.
# Takes no .NET SDK, only what it built elsewhere. Results, one JSON file a check, and a log go to $OUT. Exit code: 0 when nothing differs.
#   TORCH_DIR  a libtorch with CUDA; else that of python3's torch      DEVICE   cuda
#   DOTNET     the .NET host; else the one on the path                 PROGRAM  distillforge.dll; else the built one in .artifacts
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${OUT:-$root/.artifacts/gpu}
device=${DEVICE:-cuda}
program=${PROGRAM:-$root/.artifacts/bin/DistillForge.Cli/release/distillforge.dll}
dotnet=${DOTNET:-dotnet}
mkdir -p "$out"
exec > >(tee "$out/log.txt") 2>&1

say() { printf '%4ss  %s\n' "$SECONDS" "$*"; }
failed=0

if [ "${TORCH_DIR:-}" != none ]; then
  [ -n "${TORCH_DIR:-}" ] || TORCH_DIR=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))') || exit 3
  export TORCH_DIR
  say "building the shim against $TORCH_DIR"
  bash "$root/src/DistillForge.Torch/native/build.sh" "$root/.artifacts/native" || { tail -n 60 "$root/.artifacts/native/build.log"; exit 3; }
  say "built: $(ls -l "$root/.artifacts/native/libdistillforge_torch.so")"
fi

export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DISTILLFORGE_HOME=$root
[ "$device" = cpu ] || nvidia-smi -L || true

# check FILE SECONDS ARGUMENTS…
check() {
  local file=$out/$1.json limit=$2
  shift 2
  say "$*"
  if timeout "$limit" "$dotnet" exec "$program" "$@" --device "$device" --json >"$file"; then
    python3 - "$file" <<'P' || true
import json, sys
def walk(d, depth=0):
    print('  ' * depth, d['name'], d['value'], d['unit'], '' if d.get('ratio') is None else f"({d['ratio']:.3f} of {d['reference']})")
    for x in d.get('details', []): walk(x, depth + 1)
d = json.load(open(sys.argv[1]))
if d['unit'] == 'results':
    print(d['value'], d['unit'], d['reference'], 'worst:', *sorted(((x['ratio'] or 0), x['name']) for x in d['details'] if isinstance(x['ratio'] or 0, (int, float)))[-5:])
else: walk(d)
P
  else
    say "FAILED with $?: $*"
    failed=1
  fi
}

check torch 150 bench torch
grep -q '"value": 0,' "$out/torch.json" || { say "results differ"; failed=1; }
check kd-head 100 bench kd-head --rounds 3
check train 100 bench train --rounds 2
if [ "$device" != cpu ]; then
  check train-128-rows 60 bench train --rounds 2 --make c15M --parallel 128
  check train-100m 90 bench train --rounds 2 --make 100m-32k --parallel 32
fi
# The whole chain, where llama.cpp and DuckDB came along: the teacher on the processor, the student on the device (auto).
if [ -d "$root/src/engines/node_modules/@duckdb" ]; then
  say "run recipes/quickstart.yaml"
  if timeout 300 "$dotnet" exec "$program" run "$root/recipes/quickstart.yaml" >"$out/run.txt" 2>&1; then
    tail -n 45 "$out/run.txt"
    cp "$root/runs/quickstart/scores.json" "$out/"
  else
    say "FAILED with $?: run"
    tail -n 30 "$out/run.txt"
    failed=1
  fi
fi
say "done"
exit "$failed"
