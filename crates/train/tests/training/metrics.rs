//! Metrics with several values, and metrics whose variables depend on the data.

use std::rc::Rc;

use crate::support::{Bench, classifier, corners, never, part, quiet};
use glorot_nn::metrics::{self, Metric};
use glorot_train::{FitOptions, MetricChoice, Progress, Target};
use serde_json::json;

#[test]
fn each_value_of_a_metric_is_a_log() {
    let target = Target {
        loss: Target::named("categoricalCrossentropy", &[]).loss,
        metrics: vec![
            MetricChoice::Named(json!({ "class_name": "Precision", "config": { "thresholds": [0.3, 0.6] } })),
            MetricChoice::Named("f1_score".into()),
            MetricChoice::Named("auc".into()),
        ],
        ..Target::default()
    };
    let bench = Bench::of(classifier(3, json!({})), vec![target]);
    let mut data = corners(10);
    data.y[0] = one_hot(data.y[0].as_u8().unwrap());
    let validation = glorot_train::Validation::Data(part(&data, 0..7));
    let history = bench.fit(data, FitOptions { epochs: 3, batch_size: 4, validation, ..FitOptions::default() });
    let names: Vec<&str> = history.series.iter().map(|(name, _)| name.as_str()).collect();
    let plain = ["loss", "precision_0", "precision_1", "f1_score_0", "f1_score_1", "f1_score_2", "auc"];
    let all: Vec<String> =
        plain.iter().map(|name| name.to_string()).chain(plain.map(|name| format!("val_{name}"))).collect();
    assert_eq!(names, all);
    assert!(history.series.iter().all(|(_, values)| values.len() == 3 && values.iter().all(|x| x.is_finite())));
}

/// The metric is read through its own variables, which hold the last pass.
#[test]
fn a_confusion_matrix_is_read_after_an_evaluation() {
    let matrix: Rc<dyn Metric> = metrics::deserialize(&"confusionMatrix".into()).unwrap().into();
    let target = Target { metrics: vec![MetricChoice::Given(matrix.clone())], ..Target::named("crossentropy", &[]) };
    let bench = Bench::of(classifier(3, json!({})), vec![target]);
    bench.fit(corners(30), FitOptions { epochs: 30, batch_size: 8, ..FitOptions::default() });
    let data = corners(11);
    let mut job = bench.trainer.prepare_evaluate(data.clone(), 4, Progress::Never).unwrap();
    let logs = job.run(&never(), &mut quiet()).unwrap();
    assert_eq!(logs[1].0, "confusion_matrix_0x0");
    assert_eq!(logs[9].0, "confusion_matrix_2x2");
    let counts = matrix.variables()[0].value();
    let counts = counts.as_f32().unwrap();
    assert_eq!(counts, logs[1..].iter().map(|(_, value)| *value).collect::<Vec<_>>());
    let mut rows = [0.0; 3];
    data.y[0].as_u8().unwrap().iter().for_each(|&label| rows[label as usize] += 1.0);
    let sums: Vec<f32> = counts.chunks(3).map(|row| row.iter().sum()).collect();
    assert_eq!(sums, rows);
}

fn one_hot(labels: &[u8]) -> glorot_tensor::Tensor {
    let values = labels.iter().flat_map(|&label| (0..3).map(move |class| f32::from(u8::from(class == label))));
    glorot_tensor::Tensor::f32([labels.len(), 3], values.collect()).unwrap()
}
