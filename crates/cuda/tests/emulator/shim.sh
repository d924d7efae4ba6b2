#!/bin/sh
# Puts the shim into a folder, compiled, so that each source is compiled in half the time:  shim.sh COMPILER FOLDER
set -eu
compiler=$1 folder=$2
sources=$(cd "$(dirname "$0")" && pwd)
cp "$sources/shim.hpp" "$folder/shim.hpp"
"$compiler" "@$sources/flags.txt" -x c++-header "$folder/shim.hpp" -o "$folder/shim.hpp.gch"
