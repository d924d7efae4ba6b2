use glorot_graph::reference::Value;
use glorot_tensor::{DType, Shape};
use serde_json::{Value as Json, json};

use super::*;
use crate::testing::{assert_close, numbers, run};

fn loss(json: Json) -> Box<dyn Loss> {
    deserialize(&json).unwrap()
}

/// Loss of a batch and its gradient with regard to the predictions.
fn value_and_grad(loss: &dyn Loss, y_true: &Value, y_pred: &Value) -> (f64, Vec<f64>) {
    let inputs = [y_true.clone(), y_pred.clone()];
    let value = run(&inputs, |s| loss.value(&s[0], &s[1], None)).unwrap();
    let grad = run(&inputs, |s| {
        let value = loss.value(&s[0], &s[1], None)?;
        Ok(s[0].tracer().gradients(&value, &[s[1].clone()])?[0].clone())
    });
    (value.data[0], grad.unwrap().data)
}

fn takes_labels(class: &str) -> bool {
    matches!(loss(class.into()).targets(), Targets::Labels { .. } | Targets::Groups)
}

/// Targets and predictions that a loss takes, away from its kinks.
fn data(class: &str) -> (Value, Value) {
    let (n, k) = (4, 3);
    let positive = |seed| -> Vec<f64> { numbers(n * k, seed).iter().map(|x| 0.55 + 0.4 * x).collect() };
    let one_hot: Vec<f64> = (0..n * k).map(|i| f64::from(u8::from(i % k == (i / k) % k))).collect();
    let y_true = match class {
        name if takes_labels(name) => return (Value::i32([n], vec![0, 2, 1, 2]), Value::f32([n, k], positive(1))),
        "Hinge" | "SquaredHinge" => one_hot.iter().map(|t| 2.0 * t - 1.0).collect(),
        "BinaryCrossentropy"
        | "BinaryFocalCrossentropy"
        | "CategoricalCrossentropy"
        | "CategoricalFocalCrossentropy"
        | "CategoricalHinge" => one_hot,
        _ => positive(2),
    };
    (Value::f32([n, k], y_true), Value::f32([n, k], positive(1)))
}

#[test]
fn every_loss_reads_what_it_writes() {
    for name in names() {
        let first = loss(name.into());
        let json = first.to_json();
        assert_eq!(json["class_name"], name);
        assert_eq!(loss(json.clone()).to_json(), json);
        assert_eq!(loss(crate::names::snake_case(name).into()).to_json(), json, "{name} in snake_case");
        let unknown = deserialize(&json!({ "class_name": name, "config": { "size": 1 } })).err().unwrap().to_string();
        assert!(unknown.contains(name) && unknown.contains("'size'") && unknown.contains("reduction"), "{unknown}");
    }
}

#[test]
fn every_gradient_is_the_limit_of_differences() {
    for name in names() {
        for config in [json!({}), json!({ "from_logits": true })] {
            let Ok(loss) = deserialize(&json!({ "class_name": name, "config": config })) else { continue };
            let (y_true, y_pred) = data(name);
            let (_, grad) = value_and_grad(loss.as_ref(), &y_true, &y_pred);
            let step = 1e-6;
            let shifted = |i: usize, by: f64| {
                let mut y_pred = y_pred.clone();
                y_pred.data[i] += by;
                value_and_grad(loss.as_ref(), &y_true, &y_pred).0
            };
            let differences: Vec<f64> =
                (0..grad.len()).map(|i| (shifted(i, step) - shifted(i, -step)) / (2.0 * step)).collect();
            assert_close(&grad, &differences, 1e-7);
            assert!(grad.iter().any(|g| g.abs() > 1e-3), "{name} has a gradient");
        }
    }
}

#[test]
fn every_loss_gives_one_number_a_sample() {
    for name in names() {
        let (y_true, y_pred) = data(name);
        let losses = run(&[y_true, y_pred], |s| loss(name.into()).per_sample(&s[0], &s[1])).unwrap();
        let all_at_once = ["Dice", "Tversky"].contains(&name);
        assert_eq!(losses.shape, if all_at_once { Shape::scalar() } else { Shape::from([4]) }, "{name}");
    }
}

/// The example in the documentation of Keras's `dice`.
#[test]
fn overlaps_along_axes() {
    let y_true = Value::f32([2, 2, 2, 1], vec![1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    let y_pred = Value::f32([2, 2, 2, 1], vec![0.0, 1.0, 0.0, 1.0, 0.4, 0.0, 0.0, 0.9]);
    for (class, config) in [("Dice", json!({})), ("Tversky", json!({ "alpha": 0.5, "beta": 0.5 }))] {
        let overlap = |axis: Json| {
            let mut config = config.clone();
            config["axis"] = axis;
            let loss = loss(json!({ "class_name": class, "config": config }));
            run(&[y_true.clone(), y_pred.clone()], |s| loss.per_sample(&s[0], &s[1]))
        };
        assert_close(&overlap(json!([1, 2, 3])).unwrap().data, &[0.5, 0.75757575], 1e-6);
        assert_close(&overlap(Json::Null).unwrap().data, &[0.6164384], 1e-6);
        let error = overlap(json!([1, 1])).unwrap_err().to_string();
        assert!(error.contains(class) && error.contains("'axis'") && error.contains("[1, 1]"), "{error}");
        assert!(overlap(json!(4)).is_err());
    }
}

#[test]
fn sparse_crossentropy_of_logits() {
    let ce = loss(json!({ "class_name": "SparseCategoricalCrossentropy", "config": { "fromLogits": true } }));
    let logits = Value::f32([2, 3], vec![1.0, 2.0, 3.0, 500.0, 0.0, -500.0]);
    let (value, grad) = value_and_grad(ce.as_ref(), &Value::i32([2], vec![2, 1]), &logits);
    let softmax = [0.09003057, 0.24472847, 0.66524096];
    assert_close(&[value], &[(0.40760596 + 500.0) / 2.0], 1e-8);
    assert_close(&grad, &[softmax[0] / 2.0, softmax[1] / 2.0, (softmax[2] - 1.0) / 2.0, 0.5, -0.5, 0.0], 1e-8);
}

#[test]
fn labels_have_any_integer_dtype_and_may_be_a_column() {
    let ce = loss("sparseCategoricalCrossentropy".into());
    let p = Value::f32([3, 2], vec![0.5, 0.5, 0.25, 0.75, 0.9, 0.1]);
    let want = [0.5f64.ln(), 0.75f64.ln(), 0.9f64.ln()].map(|log| -log);
    for dtype in [DType::I32, DType::U8, DType::F32] {
        for shape in [Shape::from([3]), Shape::from([3, 1])] {
            let labels = Value::new(shape, dtype, vec![1.0, 1.0, 0.0]);
            let losses = run(&[labels, p.clone()], |s| ce.per_sample(&s[0], &s[1])).unwrap();
            assert_close(&losses.data, &want, 1e-12);
        }
    }
    let error = run(&[Value::i32([3, 2], vec![0; 6]), p], |s| ce.per_sample(&s[0], &s[1])).unwrap_err();
    assert!(error.to_string().contains("[3, 2]") && error.to_string().contains("categoricalCrossentropy"), "{error}");
}

#[test]
fn a_label_that_is_no_class_gives_nan() {
    let p = Value::f32([3, 2], vec![0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    let losses = run(&[Value::i32([3], vec![0, 2, -1]), p], |s| {
        loss("sparse_categorical_crossentropy".into()).per_sample(&s[0], &s[1])
    });
    assert_close(&losses.unwrap().data, &[2f64.ln(), f64::NAN, f64::NAN], 1e-12);
}

#[test]
fn an_ignored_class_does_not_count() {
    let class = json!({ "class_name": "SparseCategoricalCrossentropy", "config": { "ignore_class": -1 } });
    let p = Value::f32([3, 2], vec![0.5, 0.5, 0.1, 0.9, 0.25, 0.75]);
    let (value, grad) = value_and_grad(loss(class).as_ref(), &Value::i32([3], vec![0, -1, 1]), &p);
    assert_close(&[value], &[-(0.5f64.ln() + 0.75f64.ln()) / 2.0], 1e-12);
    assert_eq!(&grad[2..4], [0.0, 0.0]);
}

#[test]
fn probabilities_of_a_softmax_or_sigmoid_are_judged_by_their_logits() {
    let z = Value::f32([1, 2], vec![300.0, 0.0]);
    let softmax = |z: &Sym| -> Result<Sym> {
        let exp = z.sub(&z.max(&[1], true)?)?.exp()?;
        let p = exp.div(&exp.sum(&[1], true)?)?;
        p.remember_logits(z);
        Ok(p)
    };
    let sigmoid = |z: &Sym| -> Result<Sym> {
        let p = z.sigmoid()?;
        p.remember_logits(z);
        Ok(p)
    };
    let (label, one_hot) = (Value::i32([1], vec![1]), Value::f32([1, 2], vec![0.0, 1.0]));
    let sparse =
        run(&[label, z.clone()], |s| loss("sparseCategoricalCrossentropy".into()).value(&s[0], &softmax(&s[1])?, None));
    let judge = |name: &'static str, activation: &dyn Fn(&Sym) -> Result<Sym>| {
        run(&[one_hot.clone(), z.clone()], |s| loss(name.into()).value(&s[0], &activation(&s[1])?, None)).unwrap().data
            [0]
    };
    assert_close(&sparse.unwrap().data, &[300.0], 1e-12);
    assert_close(&[judge("categoricalCrossentropy", &softmax)], &[300.0], 1e-12);
    assert_close(&[judge("binaryCrossentropy", &sigmoid)], &[(300.0 + 2f64.ln()) / 2.0], 1e-12);
    // The logits of the other kind are not those of these losses: probabilities are clipped.
    let floor = -(1e-7f64.ln());
    assert!(judge("binaryCrossentropy", &softmax) < floor);
    assert!(judge("categoricalCrossentropy", &sigmoid) < floor);
}

#[test]
fn reductions_and_weights() {
    let inputs = [Value::f32([3], vec![1.0, 2.0, 6.0]), Value::f32([3, 1], vec![1.0, 0.0, 0.5])];
    let reduced = |reduction, weighted: bool| {
        run(&inputs, |s| reduce(&s[0], weighted.then_some(&s[1]), None, reduction)).unwrap().data
    };
    assert_eq!(reduced(Reduction::SumOverBatchSize, false), [3.0]);
    assert_eq!(reduced(Reduction::SumOverBatchSize, true), [4.0 / 3.0]);
    assert_eq!(reduced(Reduction::Mean, true), [4.0 / 3.0]);
    assert_eq!(reduced(Reduction::Sum, true), [4.0]);
    assert_eq!(reduced(Reduction::MeanWithSampleWeight, true), [4.0 / 1.5]);
    assert_eq!(reduced(Reduction::MeanWithSampleWeight, false), [3.0]);
    assert_eq!(reduced(Reduction::None, true), [1.0, 0.0, 3.0]);

    let zeros = [inputs[0].clone(), Value::f32([3], vec![0.0; 3])];
    let nothing = run(&zeros, |s| reduce(&s[0], Some(&s[1]), None, Reduction::MeanWithSampleWeight));
    assert_eq!(nothing.unwrap().data, [0.0]);

    let wrong = [inputs[0].clone(), Value::f32([2], vec![1.0; 2])];
    let error = run(&wrong, |s| reduce(&s[0], Some(&s[1]), None, Reduction::Sum)).unwrap_err().to_string();
    assert!(error.contains("[3]") && error.contains("[2]"), "{error}");
    let error = deserialize(&json!({ "class_name": "mse", "config": { "reduction": "max" } })).err().unwrap();
    assert!(error.to_string().contains("sum_over_batch_size"), "{error}");
}

#[test]
fn label_smoothing() {
    let smooth = |class: &str| loss(json!({ "class_name": class, "config": { "labelSmoothing": 0.2 } }));
    let inputs = [Value::f32([1, 2], vec![1.0, 0.0]), Value::f32([1, 2], vec![0.7, 0.3])];
    let (yes, no) = (-(0.7f64.ln()), -(0.3f64.ln()));
    for class in ["CategoricalCrossentropy", "BinaryCrossentropy"] {
        let value = run(&inputs, |s| smooth(class).value(&s[0], &s[1], None)).unwrap();
        assert_close(&value.data, &[0.9 * yes + 0.1 * no], 1e-12);
    }
    let error = deserialize(&json!({ "class_name": "bce", "config": { "label_smoothing": 2 } })).err().unwrap();
    assert!(error.to_string().contains("'label_smoothing' must be between 0 and 1; received 2"), "{error}");
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let inputs = [Value::f32([4, 2], vec![0.0; 8]), Value::f32([4, 3], vec![0.5; 12])];
    for name in names().filter(|&name| !takes_labels(name)) {
        let error = run(&inputs, |s| loss(name.into()).value(&s[0], &s[1], None)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("[4, 2]") && error.contains("[4, 3]"), "{error}");
    }
}

#[test]
fn crossentropy_means_the_one_that_fits() {
    for (y_true, y_pred, name) in [
        (Shape::from([8, 1]), Shape::from([8, 1]), "binary_crossentropy"),
        (Shape::from([8]), Shape::from([8, 1]), "binary_crossentropy"),
        (Shape::from([8]), Shape::from([8, 5]), "sparse_categorical_crossentropy"),
        (Shape::from([8, 1]), Shape::from([8, 5]), "sparse_categorical_crossentropy"),
        (Shape::from([8, 5]), Shape::from([8, 5]), "categorical_crossentropy"),
    ] {
        assert_eq!(deserialize_for(&"crossentropy".into(), &y_true, &y_pred).unwrap().name(), name);
    }
    assert_eq!(
        deserialize_for(&"mse".into(), &Shape::from([8]), &Shape::from([8, 5])).unwrap().name(),
        "mean_squared_error"
    );
}
