use glorot_graph::reference::Value as Numbers;
use serde_json::{Value, json};

use crate::metrics::deserialize;
use crate::metrics::tests::stream;
use crate::testing::{assert_close, numbers};

/// The result of one batch; without weights they are all 1.
fn of(class: &str, config: Value, y_true: &[f64], y_pred: &[f64], weights: &[f64]) -> Vec<f64> {
    let metric = deserialize(&json!({ "class_name": class, "config": config })).unwrap();
    let column = |values: &[f64]| Numbers::f32([values.len(), 1], values.to_vec());
    let mut batch = vec![column(y_true), column(y_pred)];
    if !weights.is_empty() {
        batch.push(Numbers::f32([weights.len()], weights.to_vec()));
    }
    stream(metric.as_ref(), &[batch])
}

/// One sample with several classes.
fn of_row(class: &str, config: Value, y_true: &[f64], y_pred: &[f64]) -> Vec<f64> {
    let metric = deserialize(&json!({ "class_name": class, "config": config })).unwrap();
    let row = |values: &[f64]| Numbers::f32([1, values.len()], values.to_vec());
    stream(metric.as_ref(), &[vec![row(y_true), row(y_pred)]])
}

fn error_of(class: &str, config: Value, y_true: Numbers, y_pred: Numbers) -> String {
    let batch = [y_true, y_pred];
    let metric = match deserialize(&json!({ "class_name": class, "config": config })) {
        Ok(metric) => metric,
        Err(error) => return error.to_string(),
    };
    let step = |ctx: &crate::Context, s: &[glorot_graph::Sym]| {
        metric.update(ctx, &s[0], &s[1], None)?;
        Ok(vec![metric.result(ctx)?])
    };
    crate::testing::Machine::default().step(&batch, step).unwrap_err().to_string()
}

const TRUTH: [f64; 4] = [0.0, 1.0, 1.0, 1.0];
const GUESS: [f64; 4] = [1.0, 0.0, 1.0, 1.0];

#[test]
fn counts_are_those_of_the_confusion_matrix() {
    for (class, plain, weighted) in [
        ("TruePositives", 2.0, 7.0),
        ("FalsePositives", 1.0, 1.0),
        ("FalseNegatives", 1.0, 2.0),
        ("TrueNegatives", 0.0, 0.0),
    ] {
        assert_eq!(of(class, json!({}), &TRUTH, &GUESS, &[]), [plain], "{class}");
        assert_eq!(of(class, json!({}), &TRUTH, &GUESS, &[1.0, 2.0, 3.0, 4.0]), [weighted], "{class}");
    }
    assert_eq!(of("TrueNegatives", json!({}), &[0.0, 1.0, 0.0], &[0.2, 0.9, 0.5], &[]), [2.0], "0.5 is not above 0.5");
}

#[test]
fn a_list_of_thresholds_gives_a_list_in_its_order() {
    let (y_true, y_pred) = ([0.0, 0.0, 1.0, 1.0], [0.1, 0.6, 0.4, 0.8]);
    let thresholds = json!({ "thresholds": [0.7, 0.05, 0.5, 0.5] });
    assert_eq!(of("TruePositives", thresholds.clone(), &y_true, &y_pred, &[]), [1.0, 2.0, 1.0, 1.0]);
    assert_eq!(of("FalsePositives", thresholds, &y_true, &y_pred, &[]), [0.0, 2.0, 1.0, 1.0]);
    // At equal distances they are found by a multiplication.
    let even = json!({ "thresholds": [0.0, 0.25, 0.5, 0.75, 1.0] });
    assert_eq!(of("TruePositives", even.clone(), &y_true, &y_pred, &[]), [2.0, 2.0, 1.0, 1.0, 0.0]);
    assert_eq!(of("TrueNegatives", even, &y_true, &y_pred, &[]), [0.0, 1.0, 1.0, 2.0, 2.0]);
    assert_eq!(of("TruePositives", json!({ "thresholds": 0.3 }), &y_true, &y_pred, &[]), [2.0]);
}

#[test]
fn precision_and_recall() {
    assert_close(&of("Precision", json!({}), &TRUTH, &GUESS, &[]), &[2.0 / 3.0], 1e-12);
    assert_close(&of("Recall", json!({}), &TRUTH, &GUESS, &[]), &[2.0 / 3.0], 1e-12);
    assert_close(&of("Precision", json!({}), &TRUTH, &GUESS, &[0.0, 0.0, 1.0, 0.0]), &[1.0], 1e-12);
    assert_eq!(of("Precision", json!({}), &[1.0, 1.0], &[0.1, 0.2], &[]), [0.0], "no yes at all");
}

#[test]
fn only_the_largest_predictions_can_be_yeses() {
    let y_true = [0.0, 0.0, 1.0, 1.0];
    // Of equal predictions the first count.
    assert_eq!(of_row("Precision", json!({ "top_k": 2 }), &y_true, &[1.0; 4]), [0.0]);
    assert_eq!(of_row("Precision", json!({ "top_k": 4 }), &y_true, &[1.0; 4]), [0.5]);
    // Their value does not matter, unless there is a threshold.
    assert_eq!(of_row("Recall", json!({ "top_k": 1 }), &y_true, &[-3.0, -2.0, -1.0, -4.0]), [0.5]);
    let both = json!({ "top_k": 2, "thresholds": 0.5 });
    assert_eq!(of_row("Precision", both, &y_true, &[0.1, 0.2, 0.9, 0.4]), [1.0]);
    assert_eq!(of_row("Recall", json!({ "class_id": 3, "thresholds": 0.3 }), &y_true, &[0.1, 0.2, 0.2, 0.4]), [1.0]);
}

#[test]
fn the_best_value_under_a_constraint() {
    let (y_true, y_pred) = ([0.0, 0.0, 0.0, 1.0, 1.0], [0.0, 0.3, 0.8, 0.3, 0.8]);
    for (class, config, plain, weights, weighted) in [
        ("SensitivityAtSpecificity", json!({ "specificity": 0.5 }), 0.5, [1.0, 1.0, 2.0, 2.0, 1.0], 1.0 / 3.0),
        ("SpecificityAtSensitivity", json!({ "sensitivity": 0.5 }), 2.0 / 3.0, [1.0, 1.0, 2.0, 2.0, 2.0], 0.5),
        ("PrecisionAtRecall", json!({ "recall": 0.5 }), 0.5, [2.0, 2.0, 2.0, 1.0, 1.0], 1.0 / 3.0),
    ] {
        assert_close(&of(class, config.clone(), &y_true, &y_pred, &[]), &[plain], 1e-12);
        assert_close(&of(class, config, &y_true, &y_pred, &weights), &[weighted], 1e-12);
    }
    let (y_true, y_pred) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9]);
    let config = json!({ "precision": 0.8 });
    assert_close(&of("RecallAtPrecision", config.clone(), &y_true, &y_pred, &[]), &[0.5], 1e-12);
    assert_close(&of("RecallAtPrecision", config, &y_true, &y_pred, &[1.0, 0.0, 0.0, 1.0]), &[1.0], 1e-12);
    // No threshold reaches it.
    assert_eq!(of("RecallAtPrecision", json!({ "precision": 1 }), &[0.0, 1.0], &[0.9, 0.1], &[]), [0.0]);
}

#[test]
fn area_of_few_thresholds() {
    let (y_true, y_pred) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9]);
    // Points (1, 1), (0, 0.5), (0, 0).
    assert_close(&of("AUC", json!({ "num_thresholds": 3 }), &y_true, &y_pred, &[]), &[0.75], 1e-12);
    let weights = [1.0, 0.0, 0.0, 1.0];
    assert_close(&of("AUC", json!({ "num_thresholds": 3 }), &y_true, &y_pred, &weights), &[1.0], 1e-12);
    let config = |method: &str| json!({ "num_thresholds": 3, "summation_method": method });
    assert_close(&of("AUC", config("minoring"), &y_true, &y_pred, &[]), &[0.5], 1e-12);
    assert_close(&of("AUC", config("majoring"), &y_true, &y_pred, &[]), &[1.0], 1e-12);
    let thresholds = json!({ "thresholds": [0.6, 0.4] });
    // Points (1, 1), (0.5, 0.5), (0, 0.5), (0, 0).
    assert_close(&of("AUC", thresholds, &y_true, &y_pred, &[]), &[0.625], 1e-12);
}

/// The area under ROC is the probability that a positive is ranked above a negative.
#[test]
fn area_is_the_probability_of_the_right_order() {
    let n = 60;
    let y_pred: Vec<f64> = numbers(n, 3).iter().map(|x| (0.5 + 0.5 * x).clamp(0.0, 1.0)).collect();
    let y_true: Vec<f64> =
        y_pred.iter().zip(numbers(n, 4)).map(|(p, noise)| f64::from(p + 0.5 * noise > 0.5)).collect();
    let (mut right, mut pairs) = (0.0, 0.0);
    for i in (0..n).filter(|&i| y_true[i] == 1.0) {
        for j in (0..n).filter(|&j| y_true[j] == 0.0) {
            right += f64::from(y_pred[i] > y_pred[j]);
            pairs += 1.0;
        }
    }
    let config = json!({ "num_thresholds": 20_000 });
    assert_close(&of("AUC", config, &y_true, &y_pred, &[]), &[right / pairs], 1e-9);
    // A logit is as good as its probability.
    let logits: Vec<f64> = y_pred.iter().map(|p| (p / (1.0 - p)).ln()).collect();
    let (of_logits, of_p) = (json!({ "from_logits": true }), json!({}));
    assert_close(&of("AUC", of_logits, &y_true, &logits, &[]), &of("AUC", of_p, &y_true, &y_pred, &[]), 1e-9);
}

#[test]
fn areas_of_labels_are_averaged() {
    let y_pred: Vec<f64> = numbers(24, 5).iter().map(|x| 0.5 + 0.5 * x).collect();
    let y_true: Vec<f64> = numbers(24, 6).iter().map(|x| f64::from(*x > 0.0)).collect();
    let label = |values: &[f64], label: usize| values.iter().skip(label).step_by(3).copied().collect::<Vec<f64>>();
    for curve in ["ROC", "PR", "PRGAIN"] {
        let one = |i: usize| of("AUC", json!({ "curve": curve }), &label(&y_true, i), &label(&y_pred, i), &[])[0];
        let areas = [one(0), one(1), one(2)];
        let all = |config: Value| {
            let metric = deserialize(&json!({ "class_name": "AUC", "config": config })).unwrap();
            let table = |values: &[f64]| Numbers::f32([8, 3], values.to_vec());
            stream(metric.as_ref(), &[vec![table(&y_true), table(&y_pred)]])
        };
        let plain = json!({ "multi_label": true, "curve": curve });
        assert_close(&all(plain), &[areas.iter().sum::<f64>() / 3.0], 1e-12);
        let weighed = json!({ "multi_label": true, "num_labels": 3, "label_weights": [1, 0, 3], "curve": curve });
        assert_close(&all(weighed), &[(areas[0] + 3.0 * areas[2]) / 4.0], 1e-12);
    }
}

/// Between two thresholds with true positives 0 to a and yeses 0 to b, precision is a / b.
#[test]
fn precision_is_interpolated_by_counts() {
    let (y_true, y_pred) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9]);
    // From (1 yes, 1 right) to (4 yeses, 2 right): slope 1/3, intercept 2/3.
    let first = (1.0 / 3.0) * (1.0 + (2.0 / 3.0) * 4f64.ln()) / 2.0;
    let second = 1.0 * 1.0 / 2.0;
    let config = json!({ "num_thresholds": 3, "curve": "PR" });
    assert_close(&of("AUC", config, &y_true, &y_pred, &[]), &[first + second], 1e-12);
}

#[test]
fn errors_name_metric_and_option() {
    let pair = |y_true: [usize; 2], y_pred: [usize; 2]| {
        (Numbers::f32(y_true, vec![0.0; y_true[0] * y_true[1]]), Numbers::f32(y_pred, vec![0.5; y_pred[0] * y_pred[1]]))
    };
    let (one, table) = (pair([4, 1], [4, 1]), pair([4, 3], [4, 3]));
    for (class, config, data, part) in [
        ("Precision", json!({ "thresholds": [0.5, 2] }), &one, "'thresholds' must be a number or a list"),
        ("Precision", json!({ "thresholds": [] }), &one, "'thresholds' must be a number or a list"),
        ("Recall", json!({ "top_k": 0 }), &one, "'top_k' must be a whole number of at least 1; received 0"),
        ("Recall", json!({ "top_k": 5 }), &table, "'top_k' is 5, but the predictions have only 3 classes"),
        ("Recall", json!({ "class_id": 3 }), &table, "'class_id' is 3, but the predictions have shape [4, 3]"),
        ("Precision", json!({}), &pair([4, 1], [4, 3]), "Precision: targets must have the shape of the predictions"),
        ("PrecisionAtRecall", json!({}), &one, "'recall' must be a number between 0 and 1; received nothing"),
        ("PrecisionAtRecall", json!({ "recall": 1.5 }), &one, "between 0 and 1; received 1.5"),
        ("AUC", json!({ "num_thresholds": 1 }), &one, "'num_thresholds' must be between 2 and"),
        ("AUC", json!({ "curve": "area" }), &one, "'curve' must be one of 'ROC', 'PR', 'PRGAIN'"),
        ("AUC", json!({ "num_labels": 3 }), &table, "only if 'multi_label' is true"),
        ("AUC", json!({ "label_weights": [1, 2] }), &table, "one entry a class, 3; received 2"),
        ("AUC", json!({ "multi_label": true, "label_weights": [1] }), &table, "one entry a label, 3; received 1"),
        ("AUC", json!({ "multi_label": true, "num_labels": 2 }), &table, "must have 2 classes, as before; received 3"),
    ] {
        let error = error_of(class, config, data.0.clone(), data.1.clone());
        assert!(error.contains(class) && error.contains(part), "{error}");
    }
}
