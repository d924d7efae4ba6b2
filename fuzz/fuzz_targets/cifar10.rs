//! Binary batches of CIFAR-10.
#![no_main]

use glorot_fuzz::read;
use glorot_io::read_cifar10;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read(bytes, |path| read_cifar10(path));
});
