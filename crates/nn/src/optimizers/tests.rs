use std::rc::Rc;

use glorot_graph::reference::Value as Numbers;
use glorot_tensor::Tensor;
use serde_json::json;

use super::*;
use crate::constraint::Constraint;
use crate::testing::{Machine, assert_close, numbers};

/// Two weights, trained by an optimizer on given gradients.
pub(super) struct Run {
    pub optimizer: Box<dyn Optimizer>,
    weights: Vec<Weight>,
    machine: Machine,
}

const START: [[f32; 3]; 2] = [[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]];

impl Run {
    pub fn new(class: &str, config: Value) -> Run {
        Run::with(deserialize(&json!({ "class_name": class, "config": config })).unwrap(), None)
    }

    fn with(mut optimizer: Box<dyn Optimizer>, constraint: Option<Rc<dyn Constraint>>) -> Run {
        let weight = |(name, start): (&str, [f32; 3])| Weight {
            variable: Variable::new(name, Tensor::f32([3], start.to_vec()).unwrap()),
            trainable: true,
            regularizer: None,
            constraint: constraint.clone(),
        };
        let weights: Vec<Weight> = ["kernel", "bias"].into_iter().zip(START).map(weight).collect();
        optimizer.build(&weights).unwrap();
        Run { optimizer, weights, machine: Machine::default() }
    }

    /// One call with the gradients of both weights.
    fn call(&self, gradients: [&[f64]; 2]) {
        let inputs = gradients.map(|gradient| Numbers::f32([3], gradient.to_vec()));
        let apply = |ctx: &Context, s: &[Sym]| self.optimizer.apply(ctx, &self.weights, s).map(|()| vec![]);
        self.machine.step(&inputs, apply).unwrap();
    }

    /// What the loss is multiplied by now.
    fn loss_scale(&self) -> f64 {
        let scale = |ctx: &Context, _: &[Sym]| Ok(self.optimizer.loss_scale(ctx)?.into_iter().collect());
        self.machine.step(&[], scale).unwrap()[0].data[0]
    }

    fn weight(&self, i: usize) -> Vec<f64> {
        self.machine.value(&self.weights[i].variable).data
    }

    pub fn variable(&self, name: &str) -> Vec<f64> {
        let variables = self.optimizer.variables();
        let variable = variables.iter().find(|variable| variable.name() == name).expect("a variable of that name");
        self.machine.value(variable).data
    }

    /// The first weight's first element over some calls with its gradients; the rest of the gradients is 0.
    pub fn path(&self, gradients: &[f64]) -> Vec<f64> {
        let step = |&gradient: &f64| {
            self.call([&[gradient, 0.0, 0.0], &[0.0; 3]]);
            self.weight(0)[0]
        };
        gradients.iter().map(step).collect()
    }
}

pub(super) const GRADIENTS: [f64; 6] = [0.5, -1.5, 0.0, 1e-6, 2.0, 0.25];

/// A rule in plain numbers: state, number of the update, weight and gradient to the new weight.
pub(super) fn plain<S: Default>(rule: impl Fn(&mut S, i32, f64, f64) -> f64) -> Vec<f64> {
    let (mut state, mut w) = (S::default(), f64::from(START[0][0]));
    let mut step = |(i, &g): (usize, &f64)| {
        w = rule(&mut state, i as i32 + 1, w, g);
        w
    };
    GRADIENTS.iter().enumerate().map(&mut step).collect()
}

#[test]
fn every_optimizer_reads_what_it_writes() {
    for name in names() {
        let optimizer = deserialize(&name.into()).unwrap();
        let json = optimizer.to_json();
        assert_eq!(json["class_name"], name);
        assert_eq!(deserialize(&json).unwrap().to_json(), json);
        assert_eq!(deserialize(&name.to_lowercase().into()).unwrap().to_json(), json);
        // Numbers of float32 variables are written as they are, like Keras does.
        let rate = json["config"]["learning_rate"].as_f64().unwrap();
        assert!([0.001f32, 0.0025, 0.01].map(f64::from).contains(&rate), "{name}: {rate}");
    }
}

#[test]
fn every_optimizer_descends() {
    for name in names() {
        let run = Run::new(name, json!({ "learning_rate": 0.05 }));
        let before: f64 = START.iter().flatten().map(|&w| f64::from(w * w)).sum();
        for _ in 0..100 {
            let gradients = [0, 1].map(|i| run.weight(i).iter().map(|w| 2.0 * w).collect::<Vec<f64>>());
            run.call([&gradients[0], &gradients[1]]);
        }
        let after: f64 = [0, 1].map(|i| run.weight(i)).iter().flatten().map(|w| w * w).sum();
        assert!(after < before, "{name}: from {before} to {after}");
        assert_eq!(run.variable("iteration"), [100.0]);
    }
}

#[test]
fn sgd() {
    let rate = f64::from(0.1f32);
    let config =
        |momentum: f64, nesterov: bool| json!({ "learningRate": 0.1, "momentum": momentum, "nesterov": nesterov });
    let want = plain(|(): &mut (), _, w, g| w - rate * g);
    assert_close(&Run::new("SGD", config(0.0, false)).path(&GRADIENTS), &want, 1e-12);
    for nesterov in [false, true] {
        let want = plain(|m: &mut f64, _, w, g| {
            *m = 0.9 * *m - rate * g;
            if nesterov { w + 0.9 * *m - rate * g } else { w + *m }
        });
        assert_close(&Run::new("SGD", config(0.9, nesterov)).path(&GRADIENTS), &want, 1e-12);
    }
}

#[test]
fn adam() {
    let (rate, b1, b2, epsilon) = (f64::from(0.01f32), 0.9, 0.99, 1e-3);
    for amsgrad in [false, true] {
        let want = plain(|(m, v, largest): &mut (f64, f64, f64), t, w, g| {
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            *largest = largest.max(*v);
            let alpha = rate * (1.0 - f64::powi(b2, t)).sqrt() / (1.0 - f64::powi(b1, t));
            w - alpha * *m / (if amsgrad { *largest } else { *v }.sqrt() + epsilon)
        });
        let config = json!({ "learning_rate": 0.01, "beta_2": b2, "epsilon": epsilon, "amsgrad": amsgrad });
        assert_close(&Run::new("Adam", config).path(&GRADIENTS), &want, 1e-7);
    }
}

#[test]
fn nadam() {
    let (rate, b1, b2, epsilon) = (f64::from(0.01f32), 0.9, 0.99, 1e-3);
    let u = |t: i32| b1 * (1.0 - 0.5 * 0.96f64.powi(t));
    let want = plain(|(m, v): &mut (f64, f64), t, w, g| {
        *m = b1 * *m + (1.0 - b1) * g;
        *v = b2 * *v + (1.0 - b2) * g * g;
        let product: f64 = (1..=t).map(u).product();
        let m_hat = u(t + 1) * *m / (1.0 - product * u(t + 1)) + (1.0 - u(t)) * g / (1.0 - product);
        w - rate * m_hat / ((*v / (1.0 - f64::powi(b2, t))).sqrt() + epsilon)
    });
    let run = Run::new("nadam", json!({ "learning_rate": 0.01, "beta_2": b2, "epsilon": epsilon }));
    assert_close(&run.path(&GRADIENTS), &want, 1e-7);
    assert_close(&run.variable("u_product"), &[(1..=6).map(u).product::<f64>()], 1e-12);
}

#[test]
fn weight_decay_is_decoupled_and_spares_what_is_excluded() {
    let mut optimizer =
        deserialize(&json!({ "class_name": "SGD", "config": { "learning_rate": 0.5, "weight_decay": 0.1 } })).unwrap();
    optimizer.exclude_from_weight_decay(&[], &["bias".into()]).unwrap();
    let mut run = Run::with(optimizer, None);
    run.call([&[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0]]);
    assert_close(&run.weight(0), &[0.95 - 0.5, -1.9, 0.475], 1e-7);
    assert_close(&run.weight(1), &[0.25 - 0.5, 3.0, -1.0], 1e-7);
    let late = run.optimizer.exclude_from_weight_decay(&[], &[]).unwrap_err();
    assert!(late.to_string().contains("before the optimizer is built"), "{late}");
    assert_eq!(deserialize(&"adamw".into()).unwrap().to_json()["config"]["weight_decay"], 0.004);
}

#[test]
fn clipping() {
    let change = |option: &str, gradients: [&[f64]; 2]| {
        let run = Run::new("SGD", json!({ "learning_rate": 1.0, option: 1.0 }));
        run.call(gradients);
        let moved = |i: usize| -> Vec<f64> {
            run.weight(i).iter().zip(START[i]).map(|(w, start)| f64::from(start) - w).collect()
        };
        [0, 1].map(moved).concat()
    };
    let big: [&[f64]; 2] = [&[3.0, 0.0, -4.0], &[0.5, 0.0, 0.0]];
    assert_close(&change("clipvalue", big), &[1.0, 0.0, -1.0, 0.5, 0.0, 0.0], 1e-7);
    assert_close(&change("clipnorm", big), &[0.6, 0.0, -0.8, 0.5, 0.0, 0.0], 1e-7);
    let norm = 25.25f64.sqrt();
    assert_close(&change("globalClipnorm", big), &[3.0, 0.0, -4.0, 0.5, 0.0, 0.0].map(|g| g / norm), 1e-7);
    let zero: [&[f64]; 2] = [&[0.0; 3], &[0.0; 3]];
    for option in ["clipnorm", "global_clipnorm", "clipvalue"] {
        assert_eq!(change(option, zero), [0.0; 6], "{option}");
    }
    let exploded = change("global_clipnorm", [&[f64::INFINITY, 0.0, 0.0], &[1.0, 0.0, 0.0]]);
    assert!(exploded[3].is_nan(), "a norm that is not finite must show");
}

#[test]
fn moving_averages() {
    let run = Run::new("SGD", json!({ "learning_rate": 1.0, "use_ema": true, "ema_momentum": 0.75 }));
    let path = run.path(&[0.5, -1.0, 0.25]);
    assert_close(&path, &[0.5, 1.5, 1.25], 1e-12);
    // The first update copies.
    let average = 0.75 * (0.75 * 0.5 + 0.25 * 1.5) + 0.25 * 1.25;
    assert_close(&run.machine.value(&run.optimizer.averages()[0]).data[..1], &[average], 1e-12);

    let config = json!({ "learning_rate": 1.0, "use_ema": true, "ema_momentum": 0.75, "ema_overwrite_frequency": 2 });
    let path = Run::new("SGD", config).path(&[0.5, -1.0, 0.25]);
    let overwritten = 0.75 * 0.5 + 0.25 * 1.5;
    assert_close(&path, &[0.5, overwritten, overwritten - 0.25], 1e-12);
}

#[test]
fn accumulated_gradients_update_by_their_mean() {
    let run = Run::new("Adam", json!({ "learning_rate": 0.1, "gradient_accumulation_steps": 3 }));
    let path = run.path(&[3.0, -1.0, 1.0, 2.0, 2.0, 2.0]);
    let once = Run::new("Adam", json!({ "learning_rate": 0.1 })).path(&[1.0, 2.0]);
    assert_close(&path, &[1.0, 1.0, once[0], once[0], once[0], once[1]], 1e-12);
    assert_eq!(run.variable("iteration"), [6.0]);
    assert_eq!(run.variable("kernel_gradient_accumulator"), [0.0; 3]);
}

#[test]
fn gradients_of_a_scaled_loss() {
    let run = Run::new("SGD", json!({ "learning_rate": 1.0, "loss_scale_factor": 8.0 }));
    assert_eq!(run.loss_scale(), 8.0);
    assert_close(&run.path(&[4.0]), &[0.5], 1e-12);
}

#[test]
fn constraints_come_after_the_update() {
    struct NotNegative;
    impl Constraint for NotNegative {
        fn project(&self, weight: &Sym) -> Result<Sym> {
            Ok(weight.maximum_scalar(0.0)?)
        }
        fn to_json(&self) -> Value {
            Value::Null
        }
    }
    let optimizer = deserialize(&json!({ "class_name": "SGD", "config": { "learning_rate": 1.0 } })).unwrap();
    let run = Run::with(optimizer, Some(Rc::new(NotNegative)));
    run.call([&[2.0, 0.0, 0.0], &[-1.0, 0.0, 0.0]]);
    assert_eq!((run.weight(0), run.weight(1)), (vec![0.0, 0.0, 0.5], vec![1.25, 3.0, 0.0]));
}

#[test]
fn a_schedule_sets_the_rate() {
    let schedule =
        json!({ "class_name": "PiecewiseConstantDecay", "config": { "boundaries": [1], "values": [0.5, 0.25] } });
    let run = Run::new("SGD", json!({ "learning_rate": schedule }));
    assert_eq!(run.optimizer.learning_rate().value().as_f32().unwrap(), [0.5]);
    assert_close(&run.path(&[0.1, 0.1, 0.1]), &[0.95, 0.9, 0.875], 1e-12);
    assert_eq!(run.machine.value(&run.optimizer.learning_rate()).data, [0.25]);
    let names: Vec<String> = run.optimizer.variables().iter().map(|variable| variable.name().into()).collect();
    assert_eq!(names, ["iteration"]);
    assert_eq!(
        run.optimizer.to_json()["config"]["learning_rate"]["config"],
        run.optimizer.schedule().unwrap().to_json()["config"]
    );
}

#[test]
fn a_schedule_sets_the_momentum() {
    let schedule = |values: [f64; 3]| json!({ "class_name": "PiecewiseConstantDecay", "config": { "boundaries": [0, 2], "values": values } });
    let now = |values: [f64; 3], t: i32| {
        values[if t == 1 {
            0
        } else if t <= 3 {
            1
        } else {
            2
        }]
    };
    let (rate, betas) = (f64::from(0.1f32), [0.9, 0.5, 0.8]);
    for nesterov in [false, true] {
        let config = json!({ "learning_rate": 0.1, "momentum": schedule(betas), "nesterov": nesterov });
        let run = Run::new("SGD", config);
        assert_eq!(run.optimizer.to_json()["config"]["momentum"]["class_name"], "PiecewiseConstantDecay");
        assert_eq!(deserialize(&run.optimizer.to_json()).unwrap().to_json(), run.optimizer.to_json());
        let want = plain(|m: &mut f64, t, w, g| {
            *m = now(betas, t) * *m - rate * g;
            if nesterov { w + now(betas, t) * *m - rate * g } else { w + *m }
        });
        assert_close(&run.path(&GRADIENTS), &want, 1e-12);
    }
    let want = plain(|(m, v): &mut (f64, f64), t, w, g| {
        let b1 = now(betas, t);
        *m = b1 * *m + (1.0 - b1) * g;
        *v = 0.99 * *v + 0.01 * g * g;
        w - rate * (1.0 - 0.99f64.powi(t)).sqrt() / (1.0 - b1.powi(t)) * *m / (v.sqrt() + 1e-3)
    });
    let config = json!({ "learning_rate": 0.1, "beta_1": schedule(betas), "beta_2": 0.99, "epsilon": 1e-3 });
    assert_close(&Run::new("Adam", config).path(&GRADIENTS), &want, 1e-6);
}

#[test]
fn a_function_sets_the_rate() {
    struct Halving;
    impl Schedule for Halving {
        fn class_name(&self) -> &'static str {
            "function"
        }
        fn config(&self) -> serde_json::Map<String, Value> {
            serde_json::Map::new()
        }
        fn rate(&self, step: &Sym) -> Result<Sym> {
            Ok(step.scalar_like(0.5).pow(&step.add_scalar(1.0)?)?)
        }
    }
    let mut optimizer = deserialize(&"sgd".into()).unwrap();
    optimizer.set_schedule(Box::new(Halving)).unwrap();
    assert_eq!(optimizer.learning_rate().value().as_f32().unwrap(), [0.5]);
    let mut run = Run::with(optimizer, None);
    assert_close(&run.path(&[1.0, 1.0, 1.0]), &[0.5, 0.25, 0.125], 1e-12);
    assert_eq!(run.optimizer.variables().len(), 1, "the rate is none of the variables");
    assert!(
        run.optimizer
            .set_schedule(Box::new(Halving))
            .unwrap_err()
            .to_string()
            .contains("before the optimizer is built")
    );
}

#[test]
fn lamb_steps_are_as_long_as_the_weight() {
    let (rate, b1, b2, epsilon) = (f64::from(0.01f32), 0.9, 0.99, 1e-3);
    // The weight's other elements do not move, as their gradients are 0.
    let norm = |w: f64| (w * w + 4.0 + 0.25).sqrt();
    let want = plain(|(m, v): &mut (f64, f64), t, w, g| {
        *m = b1 * *m + (1.0 - b1) * g;
        *v = b2 * *v + (1.0 - b2) * g * g;
        let u = *m / (1.0 - f64::powi(b1, t)) / ((*v / (1.0 - f64::powi(b2, t))).sqrt() + epsilon);
        w - rate * u * norm(w) / u.abs()
    });
    let config = json!({ "learning_rate": 0.01, "beta_2": b2, "epsilon": epsilon });
    assert_close(&Run::new("Lamb", config).path(&GRADIENTS), &want, 1e-6);
    // Without a gradient there is no direction, and no NaN.
    assert_eq!(Run::new("Lamb", json!({})).path(&[0.0]), [1.0]);
}

#[test]
fn variables_are_named_by_their_path() {
    let kernel = Weight {
        variable: Variable::with_path("kernel", "hidden_1/kernel", Tensor::scalar_f32(1.0)),
        trainable: true,
        regularizer: None,
        constraint: None,
    };
    let mut optimizer = deserialize(&"adam".into()).unwrap();
    optimizer.build(&[kernel]).unwrap();
    assert_eq!(optimizer.variables()[2].name(), "hidden_1_kernel_momentum");
}

#[test]
fn variables_come_in_keras_order() {
    let names = |class: &str, config: Value| -> Vec<String> {
        Run::new(class, config).optimizer.variables().iter().map(|variable| variable.name().to_string()).collect()
    };
    assert_eq!(
        names("Nadam", json!({ "use_ema": true, "gradient_accumulation_steps": 2 })),
        [
            "iteration",
            "learning_rate",
            "kernel_average",
            "bias_average",
            "kernel_gradient_accumulator",
            "bias_gradient_accumulator",
            "kernel_momentum",
            "kernel_velocity",
            "bias_momentum",
            "bias_velocity",
            "u_product",
        ]
    );
    assert_eq!(
        names("Adam", json!({ "amsgrad": true }))[2..],
        [
            "kernel_momentum",
            "kernel_velocity",
            "bias_momentum",
            "bias_velocity",
            "kernel_velocity_hat",
            "bias_velocity_hat",
        ]
    );
}

/// Work on scalars is done once, whatever the number of weights.
#[test]
fn scalars_are_shared_by_all_weights() {
    let count = |weights: usize| {
        let mut optimizer = deserialize(&"nadam".into()).unwrap();
        let weight = |i: usize| Weight {
            variable: Variable::new(
                "kernel",
                Tensor::f32([3], numbers(3, i as u64).iter().map(|&x| x as f32).collect()).unwrap(),
            ),
            trainable: true,
            regularizer: None,
            constraint: None,
        };
        let weights: Vec<Weight> = (0..weights).map(weight).collect();
        optimizer.build(&weights).unwrap();
        let ctx = Context::new(crate::StateTable::new(), crate::context::random_state(0), true);
        let gradients: Vec<Sym> = weights.iter().map(|_| ctx.tracer().input([3], glorot_tensor::DType::F32)).collect();
        optimizer.apply(&ctx, &weights, &gradients).unwrap();
        let graph = ctx.tracer().graph();
        graph.nodes().iter().filter(|node| node.shape.rank() == 0).count()
    };
    assert_eq!(count(1), count(5));
}

#[test]
fn errors_name_the_option() {
    for (class, config, part) in [
        ("Rprop", json!({}), "unknown optimizer 'Rprop'; known: Adadelta, "),
        ("Adafactor", json!({ "beta_2_decay": 1 }), "Adafactor: option 'beta_2_decay' must be at most 0; received 1"),
        ("Adafactor", json!({ "clip_threshold": 0 }), "'clip_threshold' must be greater than 0; received 0"),
        ("ScheduleFreeAdamW", json!({ "beta_1": 0 }), "'beta_1' must be greater than 0; received 0"),
        (
            "SGD",
            json!({ "lr": 0.1 }),
            "SGD: unknown option 'lr'; did you mean 'learningRate'?; known options: momentum, nesterov, name, learningRate",
        ),
        ("SGD", json!({ "learning_rate": -1 }), "SGD: option 'learning_rate' must be at least 0; received -1"),
        ("SGD", json!({ "learning_rate": "fast" }), "must be a number or a schedule"),
        ("SGD", json!({ "momentum": 1.5 }), "'momentum' must be between 0 and 1; received 1.5"),
        ("SGD", json!({ "decay": 0.01 }), "inverseTimeDecay"),
        ("Adam", json!({ "beta_1": 1 }), "'beta_1' must be at least 0 and less than 1; received 1"),
        ("Adam", json!({ "clipnorm": 1, "clipvalue": 1 }), "only one of"),
        ("Adam", json!({ "gradient_accumulation_steps": 1 }), "'gradient_accumulation_steps' must be at least 2"),
        ("Adam", json!({ "ema_momentum": 2 }), "'ema_momentum' must be between 0 and 1"),
    ] {
        let error = deserialize(&json!({ "class_name": class, "config": config })).err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_optimizer_belongs_to_its_weights() {
    let mut run = Run::new("SGD", json!({}));
    run.optimizer.build(&run.weights).unwrap();
    let error = run.optimizer.build(&run.weights[..1]).unwrap_err().to_string();
    assert!(error.contains("built for other weights"), "{error}");
}

/// What Keras 3.15 gives for the same calls.
#[test]
fn the_loss_is_scaled_as_far_as_gradients_stay_finite() {
    let adam = json!({ "class_name": "Adam", "config": { "learning_rate": 0.1 } });
    let config = json!({ "inner_optimizer": adam, "initial_scale": 8.0, "dynamic_growth_steps": 2 });
    let run = Run::new("LossScaleOptimizer", config.clone());
    // Both gradients; the first weight, the scale, the counter and the iterations after the call.
    let inf = f64::INFINITY;
    let calls = [
        ([8.0, 16.0], [0.900_000_989, -2.099_999_189], [8.0, 1.0, 1.0]),
        ([4.0, -8.0], [0.806_784_213, -2.126_632_690], [16.0, 0.0, 2.0]),
        ([inf, 1.0], [0.806_784_213, -2.126_632_690], [8.0, 0.0, 2.0]),
        ([f64::NAN, 1.0], [0.806_784_213, -2.126_632_690], [4.0, 0.0, 2.0]),
        ([2.0, 2.0], [0.714_916_229, -2.160_675_526], [4.0, 1.0, 3.0]),
        ([1.0, -4.0], [0.629_551_699, -2.162_956_238], [8.0, 0.0, 4.0]),
        ([32.0, 8.0], [0.555_990_458, -2.185_033_083], [8.0, 1.0, 5.0]),
    ];
    for (gradient, weight, state) in calls {
        run.call([&[gradient[0], gradient[1], 0.0], &[0.0; 3]]);
        assert_close(&run.weight(0)[..2], &weight, 1e-6);
        let iterations = run.machine.value(&run.optimizer.iterations()).data[0];
        assert_eq!([run.loss_scale(), run.variable("step_counter")[0], iterations], state);
    }
    let names: Vec<String> = run.optimizer.variables().iter().map(|variable| variable.name().to_string()).collect();
    assert_eq!(
        names[..6],
        ["iteration", "learning_rate", "step_counter", "dynamic_scale", "iteration", "learning_rate"]
    );
    let written = run.optimizer.to_json();
    assert_eq!(
        (&written["config"]["initial_scale"], &written["config"]["inner_optimizer"]["class_name"]),
        (&json!(8.0), &json!("Adam"))
    );
    let mut again = deserialize(&written).unwrap();
    scale_loss(&mut again).unwrap();
    assert_eq!(again.to_json(), written);
    let mut adam = deserialize(&adam).unwrap();
    scale_loss(&mut adam).unwrap();
    assert_eq!(adam.to_json()["config"]["initial_scale"], 32_768.0);
}

#[test]
fn a_scaled_optimizer_names_what_is_wrong() {
    let error = |config: Value| {
        deserialize(&json!({ "class_name": "LossScaleOptimizer", "config": config })).err().unwrap().to_string()
    };
    assert!(error(json!({})).contains("'inner_optimizer' is missing"));
    assert!(error(json!({ "inner_optimizer": "adam", "initial_scale": 0 })).contains("initial_scale must be positive"));
    assert!(error(json!({ "inner_optimizer": "adam", "dynamic_growth_steps": 0 })).contains("at least 1"));
    assert!(error(json!({ "inner_optimizer": "adam", "clipnorm": 1.0 })).contains("clipnorm"));
    assert!(error(json!({ "inner_optimizer": "adamm" })).contains("adamm"));
}
