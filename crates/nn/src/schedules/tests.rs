use serde_json::json;

use super::*;
use crate::testing::assert_close;

fn values(class: &str, config: Value, steps: &[u64]) -> Vec<f64> {
    let schedule = deserialize(&json!({ "class_name": class, "config": config })).unwrap();
    assert_eq!(deserialize(&schedule.to_json()).unwrap().to_json(), schedule.to_json());
    steps.iter().map(|&step| value_at(schedule.as_ref(), step).unwrap()).collect()
}

#[test]
fn exponential_and_inverse_time() {
    let config = |staircase: bool| json!({ "initialLearningRate": 0.1, "decaySteps": 10, "decayRate": 0.5, "staircase": staircase });
    assert_close(&values("ExponentialDecay", config(false), &[0, 5, 20]), &[0.1, 0.1 * 0.5f64.sqrt(), 0.025], 1e-12);
    assert_close(&values("exponentialDecay", config(true), &[9, 10]), &[0.1, 0.05], 1e-12);
    assert_close(&values("InverseTimeDecay", config(false), &[0, 5, 20]), &[0.1, 0.1 / 1.25, 0.05], 1e-12);
    assert_close(&values("inverse_time_decay", config(true), &[9, 10]), &[0.1, 0.1 / 1.5], 1e-12);
}

#[test]
fn piecewise_constant_changes_after_a_boundary() {
    let config = json!({ "boundaries": [10, 20], "values": [0.1, 0.05, 0.01] });
    let rates = values("PiecewiseConstantDecay", config, &[0, 10, 11, 20, 21, 1000]);
    assert_close(&rates, &[0.1, 0.1, 0.05, 0.05, 0.01, 0.01], 1e-12);
}

#[test]
fn polynomial_stays_or_cycles() {
    let config = |cycle: bool| json!({ "initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.02, "power": 2.0, "cycle": cycle });
    let rates = values("PolynomialDecay", config(false), &[0, 5, 10, 15]);
    assert_close(&rates, &[0.1, 0.04, 0.02, 0.02], 1e-12);
    let rates = values("PolynomialDecay", config(true), &[0, 5, 10, 15]);
    assert_close(&rates, &[0.1, 0.04, 0.02, 0.08 * 0.0625 + 0.02], 1e-12);
}

#[test]
fn cosine_with_warm_up() {
    let plain = json!({ "initial_learning_rate": 0.1, "decay_steps": 8, "alpha": 0.1 });
    assert_close(&values("CosineDecay", plain, &[0, 4, 8, 100]), &[0.1, 0.055, 0.01, 0.01], 1e-12);
    let warm = json!({ "initial_learning_rate": 0.02, "decay_steps": 8, "warmup_target": 0.1, "warmup_steps": 4 });
    assert_close(&values("CosineDecay", warm, &[0, 2, 4, 8, 12, 13]), &[0.02, 0.06, 0.1, 0.05, 0.0, 0.0], 1e-12);
}

#[test]
fn cosine_restarts_on_time() {
    let config = |t_mul: f64| json!({ "initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": t_mul, "m_mul": 0.5, "alpha": 0.1 });
    let rate = |height: f64| 0.1 * (0.9 * height + 0.1);
    let rates = values("CosineDecayRestarts", config(2.0), &[0, 5, 10, 20, 30, 70]);
    assert_close(&rates, &[rate(1.0), rate(0.5), rate(0.5), rate(0.25), rate(0.25), rate(0.125)], 1e-12);
    let rates = values("CosineDecayRestarts", config(1.0), &[0, 5, 10, 25]);
    assert_close(&rates, &[rate(1.0), rate(0.5), rate(0.5), rate(0.125)], 1e-12);
}

#[test]
fn errors_name_schedule_and_option() {
    for (json, parts) in [
        (json!("Linear"), ["Linear", "CosineDecay"]),
        (json!({ "class_name": "ExponentialDecay", "config": {} }), ["ExponentialDecay", "initial_learning_rate"]),
        (
            json!({ "class_name": "CosineDecay", "config": { "initial_learning_rate": 1, "decay_steps": 0 } }),
            ["CosineDecay", "'decay_steps' must be greater than 0; received 0"],
        ),
        (
            json!({ "class_name": "PiecewiseConstantDecay", "config": { "boundaries": [1], "values": [1] } }),
            ["PiecewiseConstantDecay", "one entry more"],
        ),
        (
            json!({ "class_name": "PiecewiseConstantDecay", "config": { "boundaries": [2, 1], "values": [1, 2, 3] } }),
            ["PiecewiseConstantDecay", "ascending"],
        ),
    ] {
        let error = deserialize(&json).err().unwrap().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
}
