//! Evaluation, prediction, single batches, weights of samples and classes.

use crate::support::reference_device::ReferenceDevice;
use crate::support::{Bench, classifier, corners, never, part, quiet, rows};
use glorot_graph::RandomKind;
use glorot_nn::context::random_state;
use glorot_nn::{Context, StateTable, Variable};
use glorot_tensor::{DType, Tensor};
use glorot_train::{Dataset, Eager, Error, Event, FitOptions, Flow, MetricChoice, Progress, Target, Trainer};
use serde_json::json;
use std::sync::Arc;

fn predict(bench: &Bench, x: &Tensor, batch_size: usize) -> Vec<f32> {
    let mut job = bench.trainer.prepare_predict(vec![x.clone()], batch_size, Progress::Never).unwrap();
    let [output] = <[Tensor; 1]>::try_from(job.run(&never(), &mut quiet()).unwrap()).unwrap();
    assert_eq!(output.shape()[..], [x.shape()[0], 3]);
    output.as_f32().unwrap().to_vec()
}

fn evaluate(bench: &Bench, data: Dataset, batch_size: usize) -> Vec<(String, f32)> {
    bench.trainer.prepare_evaluate(data, batch_size, Progress::Never).unwrap().run(&never(), &mut quiet()).unwrap()
}

#[test]
fn predictions_do_not_depend_on_the_batch_size() {
    let bench = Bench::new();
    let x = corners(11).x.remove(0);
    let whole = predict(&bench, &x, 32);
    assert_eq!(predict(&bench, &x, 4), whole);
    assert_eq!(predict(&bench, &x, 1), whole);
    assert!(whole.chunks(3).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-6));
}

#[test]
fn predictions_give_loss_and_metrics() {
    let bench = Bench::new();
    let data = corners(11);
    let probabilities = predict(&bench, &data.x[0], 32);
    let labels = data.y[0].as_u8().unwrap();
    let (mut loss, mut right) = (0.0, 0.0);
    for (row, &label) in probabilities.chunks(3).zip(labels) {
        let p = row[label as usize];
        loss -= p.ln() / 11.0;
        right += if row.iter().all(|&q| q <= p) { 1.0 } else { 0.0 };
    }
    let logs = evaluate(&bench, data, 4);
    assert_eq!(logs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["loss", "accuracy"]);
    assert!((logs[0].1 - loss).abs() < 1e-6 && (logs[1].1 - right / 11.0).abs() < 1e-6, "{logs:?} {loss} {right}");
}

#[test]
fn a_model_predicts_without_being_compiled() {
    let trainer = Trainer::new(classifier(3, json!({})), Arc::new(ReferenceDevice), None);
    let mut job = trainer.prepare_predict(corners(2).x, 32, Progress::Never).unwrap();
    assert_eq!(job.run(&never(), &mut quiet()).unwrap()[0].shape()[..], [2, 3]);
    let error = trainer.prepare_fit(corners(2), FitOptions::default()).err().unwrap();
    assert_eq!(error.to_string(), "model 'tiny' must be compiled before fit(): call compile({ optimizer, loss })");
}

#[test]
fn evaluation_tells_progress_and_can_be_stopped() {
    let bench = Bench::new();
    let mut job = bench.trainer.prepare_evaluate(corners(20), 8, Progress::EveryStep).unwrap();
    let mut steps = Vec::new();
    let result = job.run(&never(), &mut |event, _| {
        if let Event::Progress { step, steps: of, .. } = event {
            steps.push((step, of));
        }
        if steps.len() == 2 { Flow::Stop } else { Flow::Continue }
    });
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(steps, [(0, 3), (1, 3)]);
    let cancelled = std::sync::atomic::AtomicBool::new(true);
    assert!(matches!(job.run(&cancelled, &mut quiet()), Err(Error::Cancelled)));
}

#[test]
fn weights_of_samples_count_in_loss_and_weighted_metrics_only() {
    let target = Target { weighted_metrics: vec![MetricChoice::Named("mse".into())], ..Target::named("mse", &["mse"]) };
    let bench = Bench::of(classifier(3, json!({})), vec![target]);
    let mut data = corners(9);
    data.y[0] = rows(&data.x[0], 0..9);
    // The last five samples count nothing, the first four double.
    let weights = [2.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let weighted = data.clone().with_sample_weights(Tensor::from_f64([9], DType::F32, &weights).unwrap());
    let (all, first) = (evaluate(&bench, data.clone(), 4), evaluate(&bench, part(&data, 0..4), 4));
    let got = evaluate(&bench, weighted, 9);
    let names: Vec<&str> = got.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["loss", "mse", "weighted_mse"]);
    // The loss is divided by the number of samples, not by the sum of weights.
    let expected = [first[0].1 * 2.0 * 4.0 / 9.0, all[1].1, first[1].1];
    for ((name, got), want) in got.iter().zip(expected) {
        assert!((got - want).abs() < 1e-6, "{name}: {got}, expected {want}");
    }
}

#[test]
fn class_weights_are_weights_of_samples() {
    let options = || FitOptions { epochs: 2, batch_size: 4, ..FitOptions::default() };
    let (by_class, by_sample) = (Bench::new(), Bench::new());
    let data = corners(10);
    let class_weight = vec![(0, 0.5), (2, 3.0)];
    let mut job = by_class
        .trainer
        .prepare_fit(data.clone(), FitOptions { class_weight: class_weight.clone(), ..options() })
        .unwrap();
    job.run(&never(), &mut quiet()).unwrap();
    let weights = data.y[0].as_u8().unwrap().iter().map(|&label| [0.5, 1.0, 3.0][label as usize]).collect();
    let weighted = data.clone().with_sample_weights(Tensor::f32([10], weights).unwrap());
    by_sample.trainer.prepare_fit(weighted.clone(), options()).unwrap().run(&never(), &mut quiet()).unwrap();
    assert_eq!(by_class.weights(), by_sample.weights());
    let both = by_class.trainer.prepare_fit(weighted, FitOptions { class_weight, ..options() }).err().unwrap();
    assert!(both.to_string().starts_with("classWeight: cannot be combined with sampleWeight"), "{both}");
}

#[test]
fn single_batches_train_like_fit() {
    let (fitted, by_hand) = (Bench::new(), Bench::new());
    let data = corners(12);
    let options = FitOptions { batch_size: 4, shuffle: false, ..FitOptions::default() };
    fitted.trainer.prepare_fit(data.clone(), options).unwrap().run(&never(), &mut quiet()).unwrap();
    for start in [0, 4, 8] {
        let batch = part(&data, start..start + 4);
        let before = by_hand.trainer.prepare_test_batch(batch.clone(), true).unwrap().run().unwrap();
        let logs = by_hand.trainer.prepare_train_batch(batch, &[], true).unwrap().run().unwrap();
        assert_eq!(logs, before, "values are those before the update");
    }
    assert_eq!(fitted.weights(), by_hand.weights());
}

#[test]
fn eager_runs_reuse_programs_and_write_variables() {
    let mut eager = Eager::new(Arc::new(ReferenceDevice));
    for (step, expected) in [(1.0, 6.0), (2.0, 13.0)] {
        // Another variable each time: the program is the same, the value is not.
        let total = Variable::new("total", Tensor::scalar_f32(step));
        let ctx = Context::new(StateTable::new(), random_state(1), false);
        let x = ctx.tracer().input([2], DType::F32);
        let sum = ctx.read(&total).add(&x.sum_all().unwrap()).unwrap();
        ctx.assign(&total, &sum).unwrap();
        ctx.tracer().output(&sum.mul_scalar(10.0).unwrap());
        let x = Tensor::f32([2], vec![2.0 * step, expected as f32 - 3.0 * step]).unwrap();
        let outputs = eager.run(&ctx, &[x]).unwrap();
        assert_eq!(outputs[0].as_f32().unwrap(), [10.0 * expected as f32]);
        assert_eq!(total.value().as_f32().unwrap(), [expected as f32]);
    }
    let ctx = Context::new(StateTable::new(), random_state(1), false);
    ctx.tracer().output(&ctx.random(RandomKind::Uniform, [2], None).unwrap());
    let error = eager.run(&ctx, &[Tensor::scalar_f32(1.0)]).unwrap_err();
    assert!(error.to_string().starts_with("expected inputs []"), "{error}");
}
