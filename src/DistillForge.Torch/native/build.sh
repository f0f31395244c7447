#!/bin/bash
# Builds the shim into the folder $1. Several builds at once wait for one another; a reader never sees a half-written library.
# Errors have the form that MSBuild reports as errors.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=${1%/}
mkdir -p "$out"
exec 9>"$out/.lock"
flock 9

say() { echo "DistillForge.Torch : error DF1001: $1" >&2; exit 1; }
need() { command -v "$1" >/dev/null || say "$1 is missing. Run ./distillforge setup, or: apt-get install $2"; }
need cmake cmake
command -v ninja >/dev/null || need make make
need g++ g++

torch=${TORCH_DIR:-}
layout=
if [ -n "$torch" ] && [ -f "$torch/include/ATen/ATen.h" ] && [ -f "$torch/lib/libtorch_cpu.so" ]; then
    layout=$torch
elif [ -n "$torch" ] && [ -z "$(find "$torch/" -maxdepth 5 -name TorchConfig.cmake -print -quit 2>/dev/null)" ]; then
    say "TORCH_DIR=$torch holds no TorchConfig.cmake. Point it at the folder of a libtorch (the torch folder of a Python environment does), or unset it."
fi
if [ -z "$torch" ] && [ -z "${CMAKE_PREFIX_PATH:-}" ] && ! compgen -G '/usr/lib/*/cmake/Torch/TorchConfig.cmake' >/dev/null; then
    say "libtorch is missing. Run ./distillforge setup, or: apt-get install libtorch-dev libopenblas0-pthread. Another libtorch: set TORCH_DIR to its folder."
fi

# A build folder remembers the libtorch that it was configured with, and where it lay itself: a copied one is of no use.
remembers() { [ "$(realpath -m "$(sed -n "s/^$1:INTERNAL=//p" "$out/build/CMakeCache.txt")")" = "$(realpath -m "$2")" ]; }
if [ ! -f "$out/build/torch-dir" ] || [ "$(cat "$out/build/torch-dir")" != "$torch" ] || ! remembers CMAKE_HOME_DIRECTORY "$here" || ! remembers CMAKE_CACHEFILE_DIR "$out/build"; then
    rm -rf "$out/build"
fi
log="$out/build.log"
{
    cmake -S "$here" -B "$out/build" -DCMAKE_BUILD_TYPE=Release $(command -v make >/dev/null || echo -G Ninja) ${torch:+-DCMAKE_PREFIX_PATH="$torch"} ${layout:+-DTORCH_LAYOUT="$layout"} &&
        printf '%s' "$torch" >"$out/build/torch-dir" &&
        cmake --build "$out/build" -j "$(nproc)"
} >"$log" 2>&1 9>&- || {
    grep -m 5 -E 'error|Error' "$log" >&2
    say "the libtorch shim did not build. The whole story is in $log"
}
cp "$out/build/libdistillforge_torch.so" "$out/.new.so" && mv -f "$out/.new.so" "$out/libdistillforge_torch.so"
