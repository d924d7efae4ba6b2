//! `.keras`, `.h5` and `.weights.h5`, as models and as weights.
#![no_main]

use glorot_fuzz::{allow_caught_panics, read};
use glorot_io::keras::{read_model, read_weights};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: allow_caught_panics(), |bytes: &[u8]| {
    let model = read(bytes, |path| read_model(path));
    if let (Some(model), Some(weights)) = (model, read(bytes, |path| read_weights(path))) {
        weights.layers(&model.config);
    }
});
