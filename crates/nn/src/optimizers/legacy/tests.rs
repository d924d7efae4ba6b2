use serde_json::{Value, json};

use crate::optimizers::deserialize;
use crate::optimizers::tests::{GRADIENTS, Run, plain};
use crate::testing::assert_close;

fn run(class: &str, mut config: Value) -> Run {
    config["is_legacy_optimizer"] = true.into();
    Run::new(class, config)
}

fn names(run: &Run) -> Vec<String> {
    run.optimizer.variables().iter().map(|variable| variable.name().to_string()).collect()
}

const RATE: f64 = 0.01;

/// Float32, as the variable holds it.
fn rate() -> f64 {
    f64::from(RATE as f32)
}

#[test]
fn they_read_what_they_write() {
    for (class, _) in super::OPTIMIZERS {
        let json = run(class, json!({ "learning_rate": RATE, "clipnorm": 2.0 })).optimizer.to_json();
        assert_eq!((&json["class_name"], &json["config"]["clipnorm"]), (&json!(class), &json!(2.0)));
        assert_eq!(json["config"]["is_legacy_optimizer"], true);
        assert!(json["config"].get("weight_decay").is_none(), "{json}");
        assert_eq!(deserialize(&json).unwrap().to_json(), json);
    }
}

/// What a file of Keras 2.10 holds, with the key that a loader adds.
#[test]
fn they_read_the_configurations_of_files() {
    let adam = json!({ "name": "Adam", "learning_rate": 0.009_999_999_776_482_582, "decay": 0.0,
        "beta_1": 0.899_999_976_158_142_1, "beta_2": 0.999_000_012_874_603_3, "epsilon": 1e-7, "amsgrad": true });
    assert_eq!(
        names(&run("Adam", adam)),
        ["iteration", "kernel_m", "bias_m", "kernel_v", "bias_v", "kernel_vhat", "bias_vhat"]
    );
    let nadam = json!({ "name": "Nadam", "learning_rate": 0.01, "decay": 0.004, "beta_1": 0.9, "beta_2": 0.999 });
    let nadam = run("Nadam", nadam);
    assert_eq!(names(&nadam), ["iteration", "momentum_cache", "kernel_m", "bias_m", "kernel_v", "bias_v"]);
    assert_eq!(nadam.optimizer.to_json()["config"]["decay"], 0.004);
    let rmsprop = run("RMSprop", json!({ "rho": 0.8, "momentum": 0.3, "centered": true }));
    assert_eq!(
        names(&rmsprop),
        ["iteration", "kernel_rms", "bias_rms", "kernel_momentum", "bias_momentum", "kernel_mg", "bias_mg"]
    );
    let ftrl = names(&run("Ftrl", json!({})));
    assert_eq!(ftrl, ["iteration", "kernel_accumulator", "kernel_linear", "bias_accumulator", "bias_linear"]);
    assert_eq!(names(&run("SGD", json!({}))), ["iteration"]);
    assert_eq!(names(&run("SGD", json!({ "momentum": 0.9 }))), ["iteration", "kernel_momentum", "bias_momentum"]);
}

#[test]
fn decay_slows_the_rate() {
    let want = plain(|m: &mut f64, t, w, g| {
        *m = 0.9 * *m - rate() / (1.0 + 0.1 * f64::from(t - 1)) * g;
        w + *m
    });
    let sgd = run("SGD", json!({ "learning_rate": RATE, "momentum": 0.9, "decay": 0.1 }));
    assert_close(&sgd.path(&GRADIENTS), &want, 1e-12);
    assert_eq!(sgd.optimizer.to_json()["config"]["decay"], 0.1);
}

#[test]
fn adagrad_adds_epsilon_outside_of_the_root() {
    let want = plain(|a: &mut f64, t, w, g| {
        *a = if t == 1 { f64::from(0.1f32) } else { *a } + g * g;
        w - rate() * g / (a.sqrt() + 0.01)
    });
    let adagrad = run("Adagrad", json!({ "learning_rate": RATE, "epsilon": 0.01 }));
    assert_close(&adagrad.path(&GRADIENTS), &want, 1e-9);
}

#[test]
fn rmsprop_adds_epsilon_outside_of_the_root_unless_it_has_momentum() {
    for (momentum, centered) in [(0.0, false), (0.0, true), (0.3, false), (0.3, true)] {
        let want = plain(|(v, mean, m): &mut (f64, f64, f64), _, w, g| {
            *v = 0.8 * *v + 0.2 * g * g;
            *mean = 0.8 * *mean + 0.2 * g;
            let variance = if centered { *v - *mean * *mean } else { *v };
            if momentum == 0.0 {
                return w - rate() * g / (variance.sqrt() + 0.01);
            }
            *m = momentum * *m + rate() * g / (variance + 0.01).sqrt();
            w - *m
        });
        let config =
            json!({ "learning_rate": RATE, "rho": 0.8, "momentum": momentum, "centered": centered, "epsilon": 0.01 });
        assert_close(&run("RMSprop", config).path(&GRADIENTS), &want, 1e-9);
    }
}

#[test]
fn nadam_warms_its_momentum_slowly() {
    let (b1, b2, epsilon, decay) = (0.9, 0.99, 1e-3, 0.05);
    let u = |t: i32| b1 * (1.0 - 0.5 * 0.96f64.powf(decay * f64::from(t)));
    let want = plain(|(m, v): &mut (f64, f64), t, w, g| {
        *m = b1 * *m + (1.0 - b1) * g;
        *v = b2 * *v + (1.0 - b2) * g * g;
        let product: f64 = (1..=t).map(u).product();
        let bar = (1.0 - u(t)) * g / (1.0 - product) + u(t + 1) * *m / (1.0 - product * u(t + 1));
        w - rate() * bar / ((*v / (1.0 - f64::powi(b2, t))).sqrt() + epsilon)
    });
    let config = json!({ "learning_rate": RATE, "beta_2": b2, "epsilon": epsilon, "decay": decay });
    let run = run("Nadam", config);
    assert_close(&run.path(&GRADIENTS), &want, 1e-7);
    assert_close(&run.variable("momentum_cache"), &[(1..=6).map(u).product::<f64>()], 1e-9);
}

#[test]
fn rules_that_did_not_change_are_those_of_today() {
    for class in ["Adadelta", "Adam", "Adamax", "Ftrl", "SGD"] {
        let config = json!({ "learning_rate": RATE });
        assert_eq!(run(class, config.clone()).path(&GRADIENTS), Run::new(class, config).path(&GRADIENTS), "{class}");
    }
}

#[test]
fn errors_name_the_option() {
    for (class, config, part) in [
        ("Lion", json!({}), "no legacy optimizer of this name"),
        ("SGD", json!({ "weight_decay": 0.1 }), "SGD: unknown option 'weight_decay'"),
        ("Adam", json!({ "decay": -1 }), "'decay' must be at least 0; received -1"),
    ] {
        let mut config = config;
        config["is_legacy_optimizer"] = true.into();
        let error = deserialize(&json!({ "class_name": class, "config": config })).err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
    }
}
