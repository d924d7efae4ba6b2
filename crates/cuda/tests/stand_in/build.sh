#!/bin/sh
# Builds the stand-in in a folder, under the names of the libraries that it stands in for:  build.sh COMPILER FOLDER
set -eu
compiler=$1 folder=$2
tests=$(cd "$(dirname "$0")/.." && pwd)
sh "$tests/emulator/shim.sh" "$compiler" "$folder"
"$compiler" -std=c++17 -O1 -shared -fPIC \
  "-DCOMPILER=\"$compiler\"" "-DFLAGS=\"@$tests/emulator/flags.txt\"" "-DFOLDER=\"$folder\"" \
  "$tests"/stand_in/*.cpp -o "$folder/libcuda.so.1" -ldl
for name in libcuda.so libnvrtc.so.13 libcublasLt.so.13 libcudnn.so.9 libnccl.so.2; do
  ln -s "$folder/libcuda.so.1" "$folder/$name"
done
