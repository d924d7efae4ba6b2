use glorot_graph::reference::Value;
use glorot_tensor::{DType, Shape};
use serde_json::json;

use super::*;
use crate::testing::{Machine, assert_close, numbers};

pub(super) fn metric(id: &str) -> Box<dyn Metric> {
    deserialize(&id.into()).unwrap()
}

/// A metric by its class, with the options that must be given.
fn of_class(class: &str) -> Box<dyn Metric> {
    let config = match class {
        "IoU" => json!({ "num_classes": 4, "target_class_ids": [0, 2] }),
        "MeanIoU" | "OneHotMeanIoU" => json!({ "num_classes": 4 }),
        "OneHotIoU" => json!({ "num_classes": 4, "target_class_ids": [1, 2] }),
        "PrecisionAtRecall" => json!({ "recall": 0.5 }),
        "RecallAtPrecision" => json!({ "precision": 0.2 }),
        "SensitivityAtSpecificity" => json!({ "specificity": 0.4 }),
        "SpecificityAtSensitivity" => json!({ "sensitivity": 0.4 }),
        _ => json!({}),
    };
    deserialize(&json!({ "class_name": class, "config": config })).unwrap()
}

/// Streams batches of targets, predictions and perhaps weights; the results after each, one after another.
pub(super) fn stream(metric: &dyn Metric, batches: &[Vec<Value>]) -> Vec<f64> {
    let machine = Machine::default();
    let step = |batch: &Vec<Value>| {
        let result = machine.step(batch, |ctx, s| {
            metric.update(ctx, &s[0], &s[1], s.get(2))?;
            Ok(vec![metric.result(ctx)?])
        });
        result.unwrap().remove(0).data
    };
    batches.iter().flat_map(step).collect()
}

/// `n` samples of targets and predictions that a metric takes.
fn data(class: &str, n: usize) -> (Value, Value) {
    let k = 4;
    let positive = |seed| -> Vec<f64> { numbers(n * k, seed).iter().map(|x| 0.55 + 0.4 * x).collect() };
    let y_pred = Value::f32([n, k], positive(7));
    let labels: Vec<i32> = numbers(n, 8).iter().map(|x| ((x + 1.0) * 2.0) as i32).collect();
    if class.ends_with("IoU") && !class.starts_with("OneHot") {
        let classes = if class == "BinaryIoU" { 2 } else { 4 };
        let ids = |seed| numbers(n, seed).iter().map(|x| ((x + 1.0) * 2.0) as i32 % classes).collect();
        return (Value::i32([n], ids(8)), Value::i32([n], ids(9)));
    }
    if class.starts_with("Sparse") {
        return (Value::i32([n], labels), y_pred);
    }
    let one_hot = (0..n * k).map(|i| f64::from(u8::from(labels[i / k] as usize == i % k))).collect();
    (Value::f32([n, k], one_hot), y_pred)
}

/// Samples `start .. end` of a batch.
fn rows(value: &Value, start: usize, end: usize) -> Value {
    let row: usize = value.shape[1..].iter().product();
    let shape: Vec<usize> = std::iter::once(end - start).chain(value.shape[1..].iter().copied()).collect();
    Value::new(shape, value.dtype, value.data[start * row..end * row].to_vec())
}

#[test]
fn every_metric_reads_what_it_writes() {
    for name in names() {
        let json = of_class(name).to_json();
        assert_eq!(json["class_name"], name);
        assert_eq!(deserialize(&json).unwrap().to_json(), json);
        let snake = json!({ "class_name": crate::names::snake_case(name), "config": json["config"] });
        assert_eq!(deserialize(&snake).unwrap().to_json(), json);
        let mut config = json["config"].clone();
        config["limit"] = json!(1);
        let error = deserialize(&json!({ "class_name": name, "config": config })).err().unwrap().to_string();
        assert!(error.contains(name) && error.contains("'limit'"), "{error}");
    }
}

/// Unequal batches, a remainder among them, count by their samples.
#[test]
fn every_metric_of_batches_is_that_of_all_samples() {
    for name in names() {
        let (y_true, y_pred) = data(name, 11);
        let weight = Value::f32([11], numbers(11, 9).iter().map(|x| 1.0 + 0.9 * x).collect());
        for weighted in [false, true] {
            let mut all = vec![y_true.clone(), y_pred.clone()];
            if weighted {
                all.push(weight.clone());
            }
            let cut = |from: usize, to: usize| all.iter().map(|value| rows(value, from, to)).collect::<Vec<_>>();
            let at_once = stream(of_class(name).as_ref(), std::slice::from_ref(&all));
            let in_parts = stream(of_class(name).as_ref(), &[cut(0, 5), cut(5, 10), cut(10, 11)]);
            assert_close(&in_parts[2 * at_once.len()..], &at_once, 1e-12);
            assert!(weighted || name == "Accuracy" || at_once.iter().any(|x| *x != 0.0), "{name} is not trivial");
        }
    }
}

/// A sample of weight 2 counts like two samples.
#[test]
fn every_metric_counts_samples_by_weight() {
    for name in names() {
        let (y_true, y_pred) = data(name, 3);
        let weights = Value::f32([3], vec![2.0, 1.0, 0.0]);
        let twice = |value: &Value| {
            let mut doubled = rows(value, 0, 1);
            doubled.data.extend(rows(value, 0, 2).data);
            Value::new(value.shape.clone(), value.dtype, doubled.data)
        };
        let weighted = stream(of_class(name).as_ref(), &[vec![y_true.clone(), y_pred.clone(), weights]]);
        let repeated = stream(of_class(name).as_ref(), &[vec![twice(&y_true), twice(&y_pred)]]);
        assert_close(&weighted, &repeated, 1e-12);
    }
}

#[test]
fn accuracies() {
    let p = Value::f32([4, 3], vec![0.1, 0.8, 0.1, 0.4, 0.4, 0.2, 0.2, 0.3, 0.5, 0.6, 0.3, 0.1]);
    // Of equal predictions the first counts: the second sample is of class 0.
    let labels = Value::new([4, 1], DType::U8, vec![1.0, 0.0, 1.0, 2.0]);
    let one_hot = Value::f32([4, 3], vec![0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(stream(metric("sparse_categorical_accuracy").as_ref(), &[vec![labels.clone(), p.clone()]]), [0.5]);
    assert_eq!(stream(metric("categoricalAccuracy").as_ref(), &[vec![one_hot.clone(), p.clone()]]), [0.5]);
    let top = |class: &str| deserialize(&json!({ "class_name": class, "config": { "k": 2 } })).unwrap();
    assert_eq!(stream(top("SparseTopKCategoricalAccuracy").as_ref(), &[vec![labels, p.clone()]]), [0.75]);
    assert_eq!(stream(top("TopKCategoricalAccuracy").as_ref(), &[vec![one_hot, p]]), [0.75]);

    let answers = Value::f32([4], vec![0.5, 0.51, 0.2, 0.9]);
    let truth = Value::i32([4, 1], vec![1, 1, 0, 0]);
    let column = Value::f32([4, 1], answers.data.clone());
    assert_eq!(stream(metric("BinaryAccuracy").as_ref(), &[vec![truth.clone(), column.clone()]]), [0.5]);
    let low = deserialize(&json!({ "class_name": "BinaryAccuracy", "config": { "threshold": 0.3 } })).unwrap();
    assert_eq!(stream(low.as_ref(), &[vec![truth, column]]), [0.75]);
    assert_eq!(stream(metric("Accuracy").as_ref(), &[vec![answers.clone(), answers]]), [1.0]);
}

#[test]
fn accuracy_means_the_one_that_fits() {
    for (y_true, y_pred, class) in [
        (Shape::from([8, 1]), Shape::from([8, 1]), "BinaryAccuracy"),
        (Shape::from([8]), Shape::from([8, 5]), "SparseCategoricalAccuracy"),
        (Shape::from([8, 1]), Shape::from([8, 5]), "SparseCategoricalAccuracy"),
        (Shape::from([8, 5]), Shape::from([8, 5]), "CategoricalAccuracy"),
    ] {
        for id in ["accuracy", "acc"] {
            let metric = deserialize_for(&id.into(), &y_true, &y_pred).unwrap();
            assert_eq!((metric.name(), &metric.to_json()["class_name"]), (id, &json!(class)));
        }
    }
    let mse = deserialize_for(&"mse".into(), &Shape::from([8, 1]), &Shape::from([8, 1])).unwrap();
    assert_eq!((mse.name(), mse.variables().len()), ("mse", 2));
    assert_eq!(metric("mse").name(), "mean_squared_error");
}

#[test]
fn nothing_seen_is_zero() {
    let machine = Machine::default();
    let accuracy = metric("binaryAccuracy");
    let result = machine.step(&[], |ctx, _| Ok(vec![accuracy.result(ctx)?])).unwrap();
    assert_eq!(result[0].data, [0.0]);
}

#[test]
fn weights_that_do_not_fit_are_errors() {
    let batch = [Value::f32([4, 3], vec![0.5; 12]), Value::f32([4, 3], vec![0.5; 12]), Value::f32([3], vec![1.0; 3])];
    let error = Machine::default().step(&batch, |ctx, s| {
        metric("mae").update(ctx, &s[0], &s[1], Some(&s[2]))?;
        Ok(vec![])
    });
    let message = error.unwrap_err().to_string();
    assert!(message.contains("[4]") && message.contains("[3]"), "{message}");
}

#[test]
fn f_scores() {
    let y_true = Value::f32([3, 3], vec![1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    let y_pred = Value::f32([3, 3], vec![0.2, 0.6, 0.7, 0.2, 0.6, 0.6, 0.6, 0.8, 0.0]);
    let of = |class: &str, config: serde_json::Value| {
        let metric = deserialize(&json!({ "class_name": class, "config": config })).unwrap();
        stream(metric.as_ref(), &[vec![y_true.clone(), y_pred.clone()]])
    };
    let by_class = of("FBetaScore", json!({ "beta": 2, "threshold": 0.5 }));
    assert_close(&by_class, &[0.384_615_4, 0.909_090_9, 0.833_333_3], 1e-6);
    let f1 = of("F1Score", json!({ "threshold": 0.5 }));
    assert_close(&f1, &[0.5, 0.8, 2.0 / 3.0], 1e-6);
    let of_average = |average: &str| of("F1Score", json!({ "threshold": 0.5, "average": average }));
    assert_close(&of_average("macro"), &[(0.5 + 0.8 + 2.0 / 3.0) / 3.0], 1e-6);
    assert_close(&of_average("weighted"), &[(3.0 * 0.5 + 2.0 * 0.8 + 2.0 / 3.0) / 6.0], 1e-6);
    // In all classes together 4 yeses are right and 2 wrong, and 2 are missing.
    assert_close(&of_average("micro"), &[4.0 / 6.0], 1e-6);
    let error = deserialize(&json!({ "class_name": "F1Score", "config": { "average": "mean" } })).err().unwrap();
    assert!(error.to_string().contains("one of 'micro', 'macro', 'weighted'"), "{error}");
}

#[test]
fn r2_scores() {
    let y_true = Value::f32([4, 2], vec![1.0, 2.0, 4.0, 4.0, 3.0, 6.0, 2.0, 9.0]);
    let y_pred = Value::f32([4, 2], vec![2.0, 2.0, 4.0, 5.0, 4.0, 6.0, 2.0, 8.0]);
    let of = |config: serde_json::Value| {
        let metric = deserialize(&json!({ "class_name": "R2Score", "config": config })).unwrap();
        assert_eq!(deserialize(&metric.to_json()).unwrap().to_json(), metric.to_json());
        stream(metric.as_ref(), &[vec![y_true.clone(), y_pred.clone()]])
    };
    // Squared deviations from the means 2.5 and 5.25.
    let totals = [5.0, 26.75];
    let scores = totals.map(|total| 1.0 - 2.0 / total);
    assert_close(&of(json!({ "class_aggregation": null })), &scores, 1e-9);
    let mean = (scores[0] + scores[1]) / 2.0;
    assert_close(&of(json!({})), &[mean], 1e-9);
    let weighted = (scores[0] * totals[0] + scores[1] * totals[1]) / (totals[0] + totals[1]);
    assert_close(&of(json!({ "class_aggregation": "variance_weighted_average" })), &[weighted], 1e-9);
    assert_close(&of(json!({ "num_regressors": 3 })), &[1.0 - (1.0 - mean) * 7.0 / 4.0], 1e-9);
    assert_close(&of(json!({ "num_regressors": 7 })), &[mean], 1e-9);
}

#[test]
fn correlations() {
    let y_true = Value::f32([2, 3], vec![0.0, 1.0, 0.5, 1.0, 1.0, 0.2]);
    let y_pred = Value::f32([2, 3], vec![0.1, 0.9, 0.5, 1.0, 0.9, 0.2]);
    let batch = [vec![y_true, y_pred]];
    assert_close(&stream(metric("pearsonCorrelation").as_ref(), &batch), &[0.996_699_6], 1e-6);
    assert_close(&stream(metric("concordance_correlation").as_ref(), &batch), &[0.981_632_0], 1e-6);
}

#[test]
fn means_and_sums_of_values() {
    let values = Value::f32([4], vec![1.0, 3.0, 5.0, 7.0]);
    let weights = Value::f32([4], vec![1.0, 1.0, 0.0, 0.0]);
    for (id, plain, weighted) in [("mean", 4.0, 2.0), ("sum", 16.0, 4.0)] {
        assert_eq!(stream(metric(id).as_ref(), &[vec![values.clone(), values.clone()]]), [plain]);
        assert_eq!(stream(metric(id).as_ref(), &[vec![values.clone(), values.clone(), weights.clone()]]), [weighted]);
    }
}

#[test]
fn a_metric_that_depends_on_the_data_has_no_result_before_it() {
    for id in ["F1Score", "R2Score", "ConfusionMatrix"] {
        let metric = metric(id);
        let error = Machine::default().step(&[], |ctx, _| Ok(vec![metric.result(ctx)?])).unwrap_err().to_string();
        assert!(error.contains(id) && error.contains("before the first batch"), "{error}");
        let (y_true, y_pred) = data(id, 5);
        assert_eq!(
            stream(metric.as_ref(), &[vec![y_true, y_pred]]).len(),
            metric.variables()[0].spec().shape.numel().max(1)
        );
    }
}
