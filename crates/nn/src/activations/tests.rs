use glorot_graph::{Sym, Tracer};
use glorot_tensor::DType;
use serde_json::{Value, json};

use super::{create, deserialize, names};

#[test]
fn configs_round_trip() {
    // Threshold has no defaults.
    for name in names().filter(|name| *name != "threshold") {
        let activation = create(name, &Value::Null).unwrap();
        assert_eq!(activation.to_json(), json!(name));
        assert_eq!(deserialize(&activation.to_json()).unwrap().to_json(), json!(name));
    }
    for (class, config) in [
        ("ELU", json!({ "alpha": 0.5 })),
        ("LeakyReLU", json!({ "negative_slope": 0.3 })),
        ("ReLU", json!({ "max_value": 6.0, "negative_slope": 0.0, "threshold": 0.5 })),
        ("Softmax", json!({ "axis": 1 })),
        ("Softmax", json!({ "axis": [1, 2] })),
    ] {
        let written = create(class, &config).unwrap().to_json();
        assert_eq!((&written["class_name"], &written["config"]), (&json!(class), &config));
        assert_eq!(deserialize(&written).unwrap().to_json(), written);
    }
    for (name, config) in [
        ("celu", json!({ "alpha": 0.5 })),
        ("gelu", json!({ "approximate": true })),
        ("glu", json!({ "axis": 1 })),
        ("hard_shrink", json!({ "threshold": 0.25 })),
        ("log_softmax", json!({ "axis": 0 })),
        ("soft_shrink", json!({ "threshold": 0.25 })),
        ("sparsemax", json!({ "axis": 1 })),
        ("squareplus", json!({ "b": 2.0 })),
        ("threshold", json!({ "threshold": 0.5, "default_value": -1.0 })),
    ] {
        let written = create(name, &config).unwrap().to_json();
        assert_eq!((&written["class_name"], &written["config"]), (&json!(name), &config));
        assert_eq!(deserialize(&written).unwrap().to_json(), written);
    }
}

#[test]
fn reads_what_keras_and_scripts_write() {
    for (given, want) in [
        (Value::Null, "linear"),
        (json!("leakyRelu"), "leaky_relu"),
        (json!("ELU"), "elu"),
        (json!("swish"), "silu"),
        (json!("hardSwish"), "hard_silu"),
        (
            json!({ "module": "builtins", "class_name": "function", "config": "selu", "registered_name": "function" }),
            "selu",
        ),
        (json!({ "class_name": "ReLU", "config": { "name": "re_lu", "trainable": true, "dtype": "float32" } }), "relu"),
    ] {
        assert_eq!(deserialize(&given).unwrap().to_json(), want);
    }
}

#[test]
fn errors_name_what_is_wrong() {
    let message = |value: Value| deserialize(&value).err().expect("an error").to_string();
    assert!(message(json!("eluu")).starts_with("activation: unknown 'eluu'; known activations: celu, elu, "));
    let unknown = message(json!({ "class_name": "elu", "config": { "alfa": 1 } }));
    assert_eq!(unknown, "elu: unknown option 'alfa'; did you mean 'alpha'?; known options: alpha");
    assert!(message(json!(3)).contains("received 3"));
    assert_eq!(message(json!("threshold")), "threshold: option 'threshold' is missing; give a number");
    for (name, option) in [("celu", "alpha"), ("squareplus", "b"), ("soft_shrink", "threshold")] {
        let wrong = message(json!({ "class_name": name, "config": { option: -1 } }));
        assert!(wrong.starts_with(&format!("{name}: option '{option}' must be ")), "{wrong}");
    }
    let x = Tracer::new().input([2, 3], DType::F32);
    for name in ["softmax", "log_softmax", "sparsemax", "glu"] {
        let beyond = create(name, &json!({ "axis": 2 })).unwrap();
        let message = beyond.apply(&x).unwrap_err().to_string();
        assert!(message.ends_with("'axis' is 2, but the input has shape [2, 3]"), "{message}");
    }
    let odd = create("glu", &json!({})).unwrap().apply(&x).unwrap_err().to_string();
    assert_eq!(odd, "glu: expected an axis of even length to halve, received 3 (input of shape [2, 3])");
}

#[test]
fn losses_can_start_from_logits() {
    let logits = |name: &str, config: Value| {
        let x = Tracer::new().input([2, 3, 4], DType::F32);
        let y = create(name, &config).unwrap().apply(&x).unwrap();
        y.logits().map(|logits: Sym| logits.id() == x.id())
    };
    assert_eq!(logits("softmax", Value::Null), Some(true));
    assert_eq!(logits("sigmoid", Value::Null), Some(true));
    assert_eq!(logits("softmax", json!({ "axis": 1 })), None);
    assert_eq!(logits("tanh", Value::Null), None);
}
