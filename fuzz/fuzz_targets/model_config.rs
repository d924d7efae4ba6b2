//! Configurations of models, and of how they are compiled.
#![no_main]

use glorot_nn::model::Model;
use glorot_nn::{losses, metrics, optimizers, with_weight_limit};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(config) = serde_json::from_slice::<Value>(bytes) else { return };
    if let Ok(model) = with_weight_limit(1 << 16, || Model::from_json(&config)) {
        let json = model.to_json();
        let again = with_weight_limit(1 << 16, || Model::from_json(&json));
        assert_eq!(again.expect("a model that was loaded can be saved").to_json(), json);
    }
    let compile = &config["compile_config"];
    let _ = optimizers::deserialize(&compile["optimizer"]);
    let _ = losses::deserialize(&compile["loss"]);
    for metric in compile["metrics"].as_array().into_iter().flatten() {
        let _ = metrics::deserialize(metric);
    }
});
