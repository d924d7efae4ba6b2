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

/// PyTorch's values of `OneCycleLR` by its own formula, written for one step.
fn one_cycle_by_hand(step: f64, phases: &[(f64, f64, f64)], anneal: impl Fn(f64, f64, f64) -> f64) -> f64 {
    let mut start = 0.0;
    for (i, &(end, from, to)) in phases.iter().enumerate() {
        if step <= end || i + 1 == phases.len() {
            return anneal(from, to, ((step - start) / (end - start)).min(1.0));
        }
        start = end;
    }
    unreachable!("the last phase takes all steps")
}

#[test]
fn one_cycle_rises_and_falls() {
    let cos = |from: f64, to: f64, part: f64| to + 0.5 * (from - to) * ((std::f64::consts::PI * part).cos() + 1.0);
    let line = |from: f64, to: f64, part: f64| from + (to - from) * part;
    let steps: Vec<u64> = (0..25).collect();
    let config = |anneal: &str, three: bool| {
        json!({ "max_learning_rate": 0.5, "totalSteps": 20, "pctStart": 0.25, "annealStrategy": anneal,
            "divFactor": 10, "finalDivFactor": 100, "threePhase": three })
    };
    let of = |phases: &[(f64, f64, f64)], anneal: &dyn Fn(f64, f64, f64) -> f64| -> Vec<f64> {
        steps.iter().map(|&step| one_cycle_by_hand(step as f64, phases, anneal)).collect()
    };
    let two = [(4.0, 0.05, 0.5), (19.0, 0.5, 0.0005)];
    let three = [(4.0, 0.05, 0.5), (8.0, 0.5, 0.05), (19.0, 0.05, 0.0005)];
    assert_close(&values("OneCycle", config("cos", false), &steps), &of(&two, &cos), 1e-12);
    assert_close(&values("oneCycle", config("linear", false), &steps), &of(&two, &line), 1e-12);
    assert_close(&values("one_cycle", config("cos", true), &steps), &of(&three, &cos), 1e-12);
    assert_close(&values("OneCycle", config("linear", true), &steps), &of(&three, &line), 1e-12);

    let momentum = |three: bool| json!({ "total_steps": 20, "pct_start": 0.25, "three_phase": three });
    let two = [(4.0, 0.95, 0.85), (19.0, 0.85, 0.95)];
    let three = [(4.0, 0.95, 0.85), (8.0, 0.85, 0.95), (19.0, 0.95, 0.95)];
    assert_close(&values("OneCycleMomentum", momentum(false), &steps), &of(&two, &cos), 1e-12);
    assert_close(&values("oneCycleMomentum", momentum(true), &steps), &of(&three, &cos), 1e-12);
    // No rise at all, and a rise of one step.
    assert_close(
        &values("OneCycle", json!({ "max_learning_rate": 1, "total_steps": 2, "pct_start": 0.5 }), &[0]),
        &[1.0],
        1e-12,
    );
}

#[test]
fn errors_name_schedule_and_option() {
    for (json, parts) in [
        (json!("Linear"), ["Linear", "CosineDecay"]),
        (json!({ "class_name": "ExponentialDecay", "config": {} }), ["ExponentialDecay", "initialLearningRate"]),
        (
            json!({ "class_name": "CosineDecay", "config": { "initial_learning_rate": 1, "decay_steps": 0 } }),
            ["CosineDecay", "'decay_steps' must be greater than 0; received 0"],
        ),
        (
            json!({ "class_name": "OneCycle", "config": { "max_learning_rate": 1, "total_steps": 9, "pct_start": 30 } }),
            ["OneCycle", "'pct_start' must be between 0 and 1; received 30"],
        ),
        (
            json!({ "class_name": "OneCycleMomentum", "config": { "max_momentum": 1, "total_steps": 9 } }),
            ["OneCycleMomentum", "'max_momentum' must be at least 0 and less than 1; received 1"],
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
