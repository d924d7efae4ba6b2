use serde_json::{Value, json};

use crate::layers::{create, reset_names};
use crate::model::{Model, apply, input};

/// The functional model `outer` of the summary's test: a nested, shared functional model and two outputs.
fn nested() -> Model {
    reset_names();
    let x = input(&json!({ "shape": [8], "name": "x" })).unwrap();
    let inner_input = input(&json!({ "shape": [8], "name": "ii" })).unwrap();
    let dense = create("Dense", &json!({ "units": 8, "name": "id" })).unwrap();
    let inner_output = apply(&dense, std::slice::from_ref(&inner_input), None).unwrap();
    let inner = Model::functional(vec![inner_input], inner_output, Some("inner".into())).unwrap().as_layer();
    let h = apply(&inner, std::slice::from_ref(&x), None).unwrap().remove(0);
    let h2 = apply(&inner, std::slice::from_ref(&h), Some(true)).unwrap().remove(0);
    let sum = apply(&create("Add", &json!({ "name": "a" })).unwrap(), &[h, h2.clone()], None).unwrap().remove(0);
    Model::functional(vec![x], vec![sum, h2], Some("outer".into())).unwrap()
}

#[test]
fn functional_models_round_trip() {
    let model = nested();
    let json = model.to_json();
    assert_eq!(json["class_name"], "Functional");
    assert_eq!(json["config"]["input_layers"], json!(["x", 0, 0]));
    // Keras counts a functional model's own call in `output_layers`, but not in `inbound_nodes`.
    assert_eq!(json["config"]["output_layers"], json!([["a", 0, 0], ["inner", 2, 0]]));
    let inner = &json["config"]["layers"][1];
    assert_eq!(inner["inbound_nodes"][1]["kwargs"], json!({ "training": true }));
    assert_eq!(inner.pointer("/inbound_nodes/1/args/0/config/keras_history"), Some(&json!(["inner", 0, 0])));
    let copy = Model::from_json(&json).unwrap();
    assert_eq!(copy.to_json(), json);
    assert_eq!(copy.weight_paths(), model.weight_paths());
    assert_eq!(Model::from_json(&Value::String(json.to_string())).unwrap().to_json(), json);
}

/// A model of an input and operations, as Keras 3 writes `operation(x, ...)`.
fn operations(calls: &[(&str, &str, Value)]) -> Value {
    let tensor = |of: &str| {
        let config = json!({ "shape": [null, 2], "dtype": "float32", "keras_history": [of, 0, 0] });
        json!({ "class_name": "__keras_tensor__", "config": config })
    };
    let mut layers = vec![json!({
        "class_name": "InputLayer", "config": { "batch_shape": [null, 2], "name": "x" }, "name": "x", "inbound_nodes": []
    })];
    for (class, name, args) in calls {
        let args = args.as_array().unwrap().iter();
        let args: Vec<Value> = args.map(|arg| arg.as_str().map_or(arg.clone(), tensor)).collect();
        layers.push(json!({
            "module": "keras.src.ops.numpy", "class_name": class, "config": { "name": name }, "name": name,
            "inbound_nodes": [{ "args": args, "kwargs": {} }]
        }));
    }
    let last = calls.last().unwrap().1;
    json!({ "class_name": "Functional", "config": {
        "name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [[last, 0, 0]]
    } })
}

#[test]
fn arithmetic_with_numbers_becomes_layers() {
    let json = operations(&[
        ("Multiply", "double", json!(["x", 2.0])),
        ("Subtract", "from_one", json!([1.0, "double"])),
        ("TrueDivide", "half", json!(["from_one", 2])),
        ("Negative", "negative", json!(["half"])),
        ("Add", "sum", json!(["negative", "x"])),
    ]);
    let model = Model::from_json(&json).unwrap();
    let layers: Vec<String> = model.layers().iter().map(|layer| layer.class_name().to_string()).collect();
    assert_eq!(layers, ["InputLayer", "Rescaling", "Rescaling", "Rescaling", "Rescaling", "Add"]);
    let config = |index: usize| model.layers()[index].to_json()["config"].clone();
    let factors = |index: usize| (config(index)["scale"].as_f64().unwrap(), config(index)["offset"].as_f64().unwrap());
    assert_eq!([1, 2, 3, 4].map(factors), [(2.0, 0.0), (-1.0, 1.0), (0.5, 0.0), (-1.0, 0.0)]);
}

#[test]
fn other_operations_are_refused() {
    let list = json!({ "class_name": "__numpy__", "config": { "value": [1.0, 2.0], "dtype": "float32" } });
    for (class, args) in [("Multiply", json!(["x", list])), ("Sin", json!(["x"]))] {
        let error = Model::from_json(&operations(&[(class, "op", args)])).err().unwrap().to_string();
        let message = format!(
            "Functional: 'op' is the operation {class} of keras.ops; only layers and arithmetic with numbers can be loaded"
        );
        assert_eq!(error, message);
    }
}

#[test]
fn sequential_models_round_trip() {
    reset_names();
    let layer = |class: &str, config| create(class, &config).unwrap();
    let layers = vec![
        layer("Flatten", json!({ "inputShape": [4, 3] })),
        layer("BatchNormalization", json!({ "trainable": false })),
        layer("Dense", json!({ "units": 5, "kernelRegularizer": "l2", "kernelConstraint": "maxNorm" })),
        layer("Dropout", json!({ "rate": 0.5 })),
    ];
    let json = Model::sequential(layers, Some("s".into())).unwrap().to_json();
    assert_eq!(json["config"]["layers"][0]["class_name"], "InputLayer");
    assert_eq!(json["config"]["build_input_shape"], json!([null, 4, 3]));
    assert_eq!(json["config"]["layers"][3]["build_config"], json!({ "input_shape": [null, 12] }));
    let copy = Model::from_json(&json).unwrap();
    assert_eq!(copy.to_json(), json);
    assert_eq!(copy.trainable_weights().len(), 2);
    let unbuilt = Model::sequential(vec![create("Dense", &json!({ "units": 5 })).unwrap()], None).unwrap();
    let copy = Model::from_json(&unbuilt.to_json()).unwrap();
    assert!(!copy.is_built());
    assert_eq!(copy.to_json(), unbuilt.to_json());
}

/// As Keras 2.15 writes a model with a nested sequential one (shortened).
#[test]
fn reads_keras_2() {
    let dense = |name: &str, units: usize, inbound: Value| {
        json!({ "class_name": "Dense", "name": name, "inbound_nodes": inbound, "config": {
            "name": name, "trainable": true, "dtype": "float32", "units": units, "activation": "elu", "use_bias": true,
            "kernel_initializer": { "class_name": "GlorotUniform", "config": { "seed": null } },
            "bias_initializer": { "class_name": "Zeros", "config": {} }, "kernel_regularizer": null,
            "bias_regularizer": null, "activity_regularizer": null, "kernel_constraint": null, "bias_constraint": null } })
    };
    let input_layer = |name: &str| {
        json!({ "class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {
            "batch_input_shape": [null, 10], "dtype": "float32", "sparse": false, "ragged": false, "name": name } })
    };
    let body = json!({ "class_name": "Sequential", "name": "body", "inbound_nodes": [[["x", 0, 0, {}]]],
        "config": { "name": "body", "layers": [input_layer("body_input"), dense("d", 8, json!([]))] } });
    let add = json!({ "class_name": "Add", "name": "skip", "config": { "name": "skip", "trainable": true,
        "dtype": "float32" }, "inbound_nodes": [[["body", 1, 0, {}], ["shared", 0, 0, {}]]] });
    let model = json!({ "class_name": "Functional", "config": { "name": "m", "trainable": true,
        "layers": [input_layer("x"), body, dense("shared", 8, json!([[["body", 1, 0, {}]]])), add],
        "input_layers": [["x", 0, 0]], "output_layers": [["skip", 0, 0]] } });
    let model = Model::from_json(&model).unwrap();
    assert_eq!(model.weight_paths(), ["body/d/kernel", "body/d/bias", "shared/kernel", "shared/bias"]);
    assert_eq!(model.output_specs().unwrap()[0].shape, [None, Some(8)]);
    let old = json!({ "class_name": "Sequential", "config": [{ "class_name": "Dense",
        "config": { "units": 2, "batch_input_shape": [null, 3], "name": "d" } }] });
    assert_eq!(Model::from_json(&old).unwrap().count_params(), 8);
}

#[test]
fn custom_classes_are_looked_up() {
    let json = json!({ "class_name": "Sequential", "config": { "name": "s", "layers": [
        { "class_name": "Twice", "config": { "name": "t", "units": 2 } }] } });
    let message = Model::from_json(&json).err().unwrap().to_string();
    assert!(message.starts_with("layer 't': unknown class 'Twice'; known classes: "), "{message}");
    let custom = |class: &str, config: &Value| (class == "Twice").then(|| create("Dense", config));
    let model = Model::from_json_with(&json, &custom).unwrap();
    assert_eq!(model.layers()[0].name(), "t");
    let wrong = json!({ "class_name": "Sequential", "config": { "name": "s", "layers": [
        { "class_name": "Dense", "config": { "name": "t", "units": "2" } }] } });
    let message = Model::from_json(&wrong).err().unwrap().to_string();
    assert!(message.starts_with("layer 't' (Dense): option 'units' must be"), "{message}");
}

#[test]
fn broken_configs_are_errors() {
    let good = nested().to_json();
    let message = |edit: &dyn Fn(&mut Value)| {
        let mut json = good.clone();
        edit(&mut json);
        Model::from_json(&json).err().expect("an error").to_string()
    };
    let unknown_layer = message(&|json| json["config"]["output_layers"] = json!(["b", 0, 0]));
    assert!(unknown_layer.contains("(\"b\", 0, 0), which does not exist"), "{unknown_layer}");
    let missing = message(&|json| json["config"]["layers"][1]["inbound_nodes"] = json!([]));
    assert!(missing.contains("refer to calls that do not exist, or in a circle: a"), "{missing}");
    let no_layers = message(&|json| json["config"] = json!({}));
    assert_eq!(no_layers, "Functional: the config has no list 'layers'");
    let twice = message(&|json| json["config"]["layers"][2] = json["config"]["layers"][1].clone());
    assert_eq!(twice, "Functional: two layers are named 'inner'");
    let unknown = message(&|json| json["class_name"] = "Dense".into());
    assert_eq!(unknown, "model: expected Sequential or Functional, received 'Dense'");
    assert!(Model::from_json(&json!("{")).is_err());
    assert!(Model::from_json(&json!("\"x\"")).is_err());
    let nothing = message(&|json| json["config"]["layers"][1]["inbound_nodes"] = json!([{ "args": [], "kwargs": {} }]));
    assert!(nothing.contains("layer 'inner' has a call without inputs"), "{nothing}");
}
