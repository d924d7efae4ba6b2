use glorot_graph::{Sym, Tracer};
use glorot_tensor::DType;
use serde_json::{Value, json};

use super::{create, deserialize, names};

#[test]
fn configs_round_trip() {
    for name in names() {
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
}

#[test]
fn reads_what_keras_and_scripts_write() {
    for (given, want) in [
        (Value::Null, "linear"),
        (json!("leakyRelu"), "leaky_relu"),
        (json!("ELU"), "elu"),
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
    assert!(message(json!("eluu")).starts_with("activation: unknown 'eluu'; known activations: elu, "));
    let unknown = message(json!({ "class_name": "elu", "config": { "alfa": 1 } }));
    assert_eq!(unknown, "elu: unknown option 'alfa'; known options: alpha");
    assert!(message(json!(3)).contains("received 3"));
    let x = Tracer::new().input([2, 3], DType::F32);
    let softmax = create("softmax", &json!({ "axis": 2 })).unwrap();
    assert!(softmax.apply(&x).unwrap_err().to_string().contains("'axis' is 2, but the input has shape [2, 3]"));
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
