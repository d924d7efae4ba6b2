//! Safetensors files.
#![no_main]

use glorot_fuzz::read;
use glorot_io::safetensors;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes, |path| safetensors::read(path));
});
