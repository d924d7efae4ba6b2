use glorot_graph::reference::Value as Numbers;
use glorot_tensor::Tensor;
use serde_json::{Value, json};

use crate::layer::Weight;
use crate::optimizers::{Optimizer, deserialize};
use crate::testing::{Machine, assert_close, numbers};
use crate::variable::Variable;

/// The weights after some updates by the same gradients, and the optimizer.
fn trained(config: Value, weights: &[(&str, [usize; 2])], steps: usize) -> (Vec<Vec<f64>>, Box<dyn Optimizer>) {
    let mut optimizer = deserialize(&json!({ "class_name": "Muon", "config": config })).unwrap();
    let weight = |(path, shape): &(&str, [usize; 2])| Weight {
        variable: Variable::with_path(
            "kernel",
            *path,
            Tensor::f32(shape.to_vec(), vec![0.5; shape[0] * shape[1]]).unwrap(),
        ),
        trainable: true,
        regularizer: None,
        constraint: None,
    };
    let list: Vec<Weight> = weights.iter().map(weight).collect();
    optimizer.build(&list).unwrap();
    let machine = Machine::default();
    let inputs: Vec<Numbers> =
        weights.iter().map(|(_, shape)| Numbers::f32(shape.to_vec(), numbers(shape[0] * shape[1], 3))).collect();
    for _ in 0..steps {
        machine.step(&inputs, |ctx, gradients| optimizer.apply(ctx, &list, gradients).map(|()| vec![])).unwrap();
    }
    (list.iter().map(|weight| machine.value(&weight.variable).data).collect(), optimizer)
}

/// `a b`, of row-major matrices of `n` rows and `n` columns.
fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|i| (0..n).map(|k| a[i / n * n + k] * b[k * n + i % n]).sum()).collect()
}

fn transposed(a: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|i| a[i % n * n + i / n]).collect()
}

/// The Newton-Schulz iteration, written out.
fn orthogonal(x: &[f64], n: usize) -> Vec<f64> {
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt() + 1e-7;
    let mut x: Vec<f64> = x.iter().map(|x| x / norm).collect();
    for _ in 0..5 {
        let a = product(&x, &transposed(&x, n), n);
        let b: Vec<f64> = a.iter().zip(product(&a, &a, n)).map(|(a, squared)| -4.775 * a + 2.0315 * squared).collect();
        x = x.iter().zip(product(&b, &x, n)).map(|(x, bx)| 3.4445 * x + bx).collect();
    }
    x
}

#[test]
fn matrices_follow_the_orthogonal_momentum() {
    let rate = f64::from(0.02f32);
    let gradient = numbers(9, 3);
    for nesterov in [true, false] {
        let config = json!({ "learning_rate": 0.02, "nesterov": nesterov, "weight_decay": 0.1 });
        let (mut w, mut m) = (vec![0.5; 9], vec![0.0; 9]);
        for _ in 0..3 {
            m = m.iter().zip(&gradient).map(|(m, g)| 0.95 * m + g).collect();
            let direction: Vec<f64> =
                if nesterov { m.iter().zip(&gradient).map(|(m, g)| g + 0.95 * m).collect() } else { m.clone() };
            let step = orthogonal(&direction, 3);
            w = w.iter().zip(&step).map(|(w, o)| w - 0.1 * rate * w - rate * 0.2 * 3f64.sqrt() * o).collect();
        }
        assert_close(&trained(config, &[("hidden/kernel", [3, 3])], 3).0[0], &w, 1e-9);
    }
}

/// All singular values of a step are close to 1 times its scale: its length is that of the shorter side.
#[test]
fn steps_have_the_length_of_an_orthogonal_matrix() {
    for shape in [[4, 9], [9, 4]] {
        let config = json!({ "learning_rate": 1.0, "weight_decay": 0.0, "rms_rate": null });
        let (weights, optimizer) = trained(config, &[("hidden/kernel", shape)], 1);
        let length = weights[0].iter().map(|w| (w - 0.5) * (w - 0.5)).sum::<f64>().sqrt();
        assert!((length - 2.0).abs() < 0.5, "{shape:?}: {length}");
        assert_eq!(optimizer.to_json()["config"]["rms_rate"], Value::Null);
    }
}

#[test]
fn other_weights_follow_adam() {
    let shape = [3, 3];
    let adam = |path: &str, config: Value| {
        let (weights, optimizer) = trained(config, &[(path, shape)], 3);
        let names: Vec<String> = optimizer.variables().iter().skip(2).map(|v| v.name().to_string()).collect();
        (weights, names)
    };
    let mut plain =
        deserialize(&json!({ "class_name": "Adam", "config": { "learning_rate": 0.02, "weight_decay": 0.004 } }))
            .unwrap();
    let weight = Weight {
        variable: Variable::new("kernel", Tensor::f32(shape, vec![0.5; 9]).unwrap()),
        trainable: true,
        regularizer: None,
        constraint: None,
    };
    plain.build(std::slice::from_ref(&weight)).unwrap();
    let machine = Machine::default();
    for _ in 0..3 {
        let gradient = [Numbers::f32(shape, numbers(9, 3))];
        machine.step(&gradient, |ctx, g| plain.apply(ctx, std::slice::from_ref(&weight), g).map(|()| vec![])).unwrap();
    }
    let want = machine.value(&weight.variable).data;
    let (embedding, names) = adam("embedding/embeddings", json!({ "learning_rate": 0.02 }));
    assert_close(&embedding[0], &want, 1e-12);
    assert_eq!(names, ["embedding_embeddings_momentum", "embedding_embeddings_velocity"]);
    let (excluded, _) = adam("output/kernel", json!({ "learning_rate": 0.02, "exclude_layers": ["output"] }));
    assert_close(&excluded[0], &want, 1e-12);
    let (kept, names) = adam("embedding/embeddings", json!({ "learning_rate": 0.02, "exclude_embeddings": false }));
    assert!(kept[0].iter().zip(&want).any(|(a, b)| (a - b).abs() > 1e-3));
    assert_eq!(names, ["embedding_embeddings_momentum"]);
}
