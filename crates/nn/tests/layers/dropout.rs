use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::{Context, LayerRef, StateTable};
use glorot_tensor::{DType, Shape};
use serde_json::json;

use crate::common::{layer, normal, run};

/// The fraction of zeros; the others must be 1 / (1 - rate) times the input, which is all ones.
fn dropped(dropout: &LayerRef, shape: &[usize], rate: f64, seed: u64) -> Vec<bool> {
    let ones = Value::f32(shape, vec![1.0; Shape::from(shape).numel()]);
    let y = run(dropout, &[ones], true, seed).outputs.remove(0);
    let kept = 1.0 / (1.0 - rate);
    assert!(y.data.iter().all(|&value| value == 0.0 || (value - kept).abs() < 1e-6), "values are 0 or {kept}");
    y.data.iter().map(|&value| value == 0.0).collect()
}

#[test]
fn dropout_drops_the_rate_and_scales_the_rest() {
    for rate in [0.1, 0.5, 0.8] {
        let zeros = dropped(&layer("Dropout", json!({ "rate": rate })), &[100, 100], rate, 58);
        let fraction = zeros.iter().filter(|&&zero| zero).count() as f64 / 10_000.0;
        // Five standard errors.
        assert!((fraction - rate).abs() < 5.0 * (rate * (1.0 - rate) / 10_000.0).sqrt(), "{fraction} for rate {rate}");
    }
}

#[test]
fn dropout_is_the_identity_in_inference_and_at_rate_0() {
    let x = normal(&[3, 4], 1);
    for (rate, training) in [(0.5, false), (0.0, true)] {
        let y = run(&layer("Dropout", json!({ "rate": rate })), std::slice::from_ref(&x), training, 58);
        assert_eq!(y.outputs[0], x);
    }
    let all = run(&layer("Dropout", json!({ "rate": 1 })), &[x], true, 58);
    assert_eq!(all.outputs[0].data, [0.0; 12]);
}

#[test]
fn dropout_depends_on_the_model_s_seed_or_its_own() {
    let free = layer("Dropout", json!({ "rate": 0.5 }));
    assert_eq!(dropped(&free, &[20, 20], 0.5, 1), dropped(&free, &[20, 20], 0.5, 1));
    assert_ne!(dropped(&free, &[20, 20], 0.5, 1), dropped(&free, &[20, 20], 0.5, 2));
    let seeded = layer("Dropout", json!({ "rate": 0.5, "seed": 3 }));
    assert_eq!(dropped(&seeded, &[20, 20], 0.5, 1), dropped(&seeded, &[20, 20], 0.5, 2));
    let other = layer("Dropout", json!({ "rate": 0.5, "seed": 4 }));
    assert_ne!(dropped(&seeded, &[20, 20], 0.5, 1), dropped(&other, &[20, 20], 0.5, 1));
}

#[test]
fn dropout_shares_fates_by_its_noise_shape() {
    let shared = layer("Dropout", json!({ "rate": 0.5, "noiseShape": [null, 1, 4] }));
    let zeros = dropped(&shared, &[10, 3, 4], 0.5, 58);
    for sample in 0..10 {
        for j in 0..4 {
            let at = |i: usize| zeros[sample * 12 + i * 4 + j];
            assert!(at(0) == at(1) && at(1) == at(2));
        }
    }
    assert!(zeros.iter().any(|&zero| zero) && zeros.iter().any(|&zero| !zero));
    let wrong = layer("Dropout", json!({ "rate": 0.5, "noise_shape": [null, 2], "name": "drop" }));
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let x = ctx.tracer().input([10, 3], DType::F32);
    let message = wrong.call(&ctx, &[x], None).unwrap_err().to_string();
    assert!(message.starts_with("layer 'drop' (Dropout): option 'noise_shape' must have one entry"), "{message}");
}
