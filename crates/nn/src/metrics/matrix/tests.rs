use glorot_graph::reference::Value as Numbers;
use serde_json::{Value, json};

use crate::metrics::deserialize;
use crate::metrics::tests::stream;
use crate::testing::assert_close;

fn of(class: &str, config: Value, batch: Vec<Numbers>) -> Vec<f64> {
    stream(deserialize(&json!({ "class_name": class, "config": config })).unwrap().as_ref(), &[batch])
}

fn ids(values: &[i32]) -> Numbers {
    Numbers::i32([values.len()], values.to_vec())
}

fn floats(values: &[f64]) -> Numbers {
    Numbers::f32([values.len()], values.to_vec())
}

#[test]
fn intersection_over_union_of_class_numbers() {
    let data = |weights: &[f64]| {
        let mut batch = vec![ids(&[0, 0, 1, 1]), ids(&[0, 1, 0, 1])];
        batch.extend((!weights.is_empty()).then(|| floats(weights)));
        batch
    };
    let weights = [0.3, 0.3, 0.3, 0.1];
    let all = json!({ "num_classes": 2 });
    assert_close(&of("MeanIoU", all.clone(), data(&[])), &[1.0 / 3.0], 1e-6);
    assert_close(&of("MeanIoU", all, data(&weights)), &[(0.3 / 0.9 + 0.1 / 0.7) / 2.0], 1e-6);
    let one = json!({ "num_classes": 2, "target_class_ids": [1] });
    assert_close(&of("IoU", one, data(&weights)), &[0.1 / 0.7], 1e-6);
    // A class that nobody has does not count.
    assert_close(&of("MeanIoU", json!({ "num_classes": 5 }), data(&[])), &[1.0 / 3.0], 1e-6);
}

#[test]
fn labels_that_are_no_class_or_are_ignored_do_not_count() {
    let batch = || vec![ids(&[0, 0, 1, 1, 2, 255, 1]), ids(&[0, 1, 0, 1, 0, 1, -1])];
    let config = json!({ "num_classes": 3, "ignore_class": 2 });
    assert_close(&of("MeanIoU", config, batch()), &[1.0 / 3.0], 1e-6);
    let matrix = of("ConfusionMatrix", json!({ "num_classes": 3 }), vec![ids(&[0, 2, 7]), floats(&[0.1, 0.9, 0.9])]);
    assert_eq!(matrix, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn intersection_over_union_of_probabilities() {
    let (y_true, y_pred) = (floats(&[0.0, 1.0, 0.0, 1.0]), floats(&[0.1, 0.3, 0.4, 0.7]));
    let config = json!({ "threshold": 0.3 });
    // 0.3 is at least 0.3: three yeses, of which two are right.
    let want = (1.0 / 2.0 + 2.0 / 3.0) / 2.0;
    assert_close(&of("BinaryIoU", config, vec![y_true, y_pred]), &[want], 1e-6);

    let y_true = vec![0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
    let y_pred = vec![0.2, 0.3, 0.5, 0.1, 0.2, 0.7, 0.5, 0.3, 0.1, 0.1, 0.4, 0.5];
    let data = || {
        let weights = floats(&[0.1, 0.2, 0.3, 0.4]);
        vec![Numbers::f32([4, 3], y_true.clone()), Numbers::f32([4, 3], y_pred.clone()), weights]
    };
    let two = json!({ "num_classes": 3, "target_class_ids": [0, 2] });
    assert_close(&of("OneHotIoU", two, data()), &[(0.1 / 0.7) / 2.0], 1e-6);
    assert_close(&of("OneHotMeanIoU", json!({ "num_classes": 3 }), data()), &[(0.1 / 0.7) / 3.0], 1e-6);
    let sparse = json!({ "num_classes": 3, "sparse_y_true": false, "sparse_y_pred": false, "axis": 1 });
    assert_close(&of("MeanIoU", sparse, data()), &[(0.1 / 0.7) / 3.0], 1e-6);
}

#[test]
fn confusion_matrix_has_targets_in_rows() {
    let y_pred = Numbers::f32([3, 3], vec![0.2, 0.3, 0.5, 0.8, 0.1, 0.1, 0.1, 0.2, 0.7]);
    let want = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(of("ConfusionMatrix", json!({}), vec![ids(&[0, 1, 2]), y_pred.clone()]), want);
    let column = Numbers::i32([3, 1], vec![0, 1, 2]);
    assert_eq!(of("ConfusionMatrix", json!({}), vec![column, y_pred.clone()]), want);
    let one_hot = Numbers::f32([3, 3], vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(of("ConfusionMatrix", json!({}), vec![one_hot, y_pred]), want);

    let (y_true, y_pred) = (ids(&[0, 1, 1, 1]), Numbers::f32([4, 1], vec![0.9, 0.1, 0.6, 0.5]));
    let weights = floats(&[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(of("ConfusionMatrix", json!({}), vec![y_true, y_pred, weights]), [0.0, 1.0, 6.0, 3.0]);
}

#[test]
fn errors_name_metric_and_option() {
    for (class, config, part) in [
        ("MeanIoU", json!({}), "'numClasses' is missing"),
        ("IoU", json!({ "num_classes": 3 }), "'target_class_ids' must be a list of class numbers from 0 to 2"),
        ("IoU", json!({ "num_classes": 3, "target_class_ids": [3] }), "received [3]"),
        ("BinaryIoU", json!({ "target_class_ids": [2] }), "from 0 to 1"),
        ("OneHotIoU", json!({ "num_classes": 2, "target_class_ids": [0], "sparse_y_true": true }), "'sparse_y_true'"),
    ] {
        let error = deserialize(&json!({ "class_name": class, "config": config })).err().unwrap().to_string();
        assert!(error.contains(class) && error.contains(part), "{error}");
    }
    let metric = deserialize(&json!({ "class_name": "MeanIoU", "config": { "num_classes": 2 } })).unwrap();
    let batch = [ids(&[0, 1, 1]), ids(&[0, 1])];
    let step = |ctx: &crate::Context, s: &[glorot_graph::Sym]| metric.update(ctx, &s[0], &s[1], None).map(|()| vec![]);
    let error = crate::testing::Machine::default().step(&batch, step).unwrap_err().to_string();
    assert!(error.contains("MeanIoU") && error.contains("received [3]"), "{error}");
}
