//! IDX files, compressed or not.
#![no_main]

use glorot_fuzz::read;
use glorot_io::read_idx;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes, |path| read_idx(path));
});
