use serde_json::json;

use crate::layers::{create, reset_names};
use crate::model::{Model, SummaryOptions, apply, input};

/// The batch-normalized network of the project's notes: [28, 28] images, dense layers of 300, 100 and 10 units.
fn batch_normalized() -> Model {
    reset_names();
    let layer = |class: &str, config| create(class, &config).unwrap();
    let layers = vec![
        layer("InputLayer", json!({ "shape": [28, 28] })),
        layer("Flatten", json!({})),
        layer("BatchNormalization", json!({})),
        layer("Dense", json!({ "units": 300, "activation": "elu", "kernelInitializer": "heNormal" })),
        layer("BatchNormalization", json!({})),
        layer("Dense", json!({ "units": 100, "activation": "elu", "kernelInitializer": "heNormal" })),
        layer("BatchNormalization", json!({})),
        layer("Dense", json!({ "units": 10, "activation": "softmax" })),
    ];
    Model::sequential(layers, None).unwrap()
}

#[test]
fn sequential_models_look_as_in_keras() {
    // Keras 3.15, model.summary() on 80 columns.
    let want = "\
Model: \"sequential\"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ flatten (Flatten)               │ (None, 784)            │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization             │ (None, 784)            │         3,136 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 300)            │       235,500 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization_1           │ (None, 300)            │         1,200 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ (None, 100)            │        30,100 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization_2           │ (None, 100)            │           400 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_2 (Dense)                 │ (None, 10)             │         1,010 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 271,346 (1.04 MB)
 Trainable params: 268,978 (1.03 MB)
 Non-trainable params: 2,368 (9.25 KB)
";
    let options = SummaryOptions { max_line_length: Some(76), ..Default::default() };
    assert_eq!(batch_normalized().summary(&options), want);
}

#[test]
fn functional_models_say_what_is_connected() {
    reset_names();
    let x = input(&json!({ "shape": [8], "name": "x" })).unwrap();
    let inner_input = input(&json!({ "shape": [8], "name": "ii" })).unwrap();
    let dense = create("Dense", &json!({ "units": 8, "name": "id" })).unwrap();
    let inner_output = apply(&dense, std::slice::from_ref(&inner_input), None).unwrap();
    let inner = Model::functional(vec![inner_input], inner_output, Some("inner".into())).unwrap().as_layer();
    let h = apply(&inner, std::slice::from_ref(&x), None).unwrap().remove(0);
    let h2 = apply(&inner, std::slice::from_ref(&h), None).unwrap().remove(0);
    let sum = apply(&create("Add", &json!({ "name": "a" })).unwrap(), &[h, h2.clone()], None).unwrap().remove(0);
    let model = Model::functional(vec![x], vec![sum, h2], Some("outer".into())).unwrap();
    // Keras 3.15, model.summary(line_length=70, expand_nested=True, show_trainable=True).
    let want = "\
Model: \"outer\"
┏━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━━━━━━━┳━━━━━━┓
┃ Layer (type)    ┃ Output Shape   ┃  Param # ┃ Connected to  ┃ Tra… ┃
┡━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━━━━━━━╇━━━━━━┩
│ x (InputLayer)  │ (None, 8)      │        0 │ -             │  -   │
├─────────────────┼────────────────┼──────────┼───────────────┼──────┤
│ inner           │ (None, 8)      │       72 │ x[0][0],      │  Y   │
│ (Functional)    │                │          │ inner[0][0]   │      │
├─────────────────┼────────────────┼──────────┼───────────────┼──────┤
│    └ ii         │ (None, 8)      │        0 │ -             │  -   │
│ (InputLayer)    │                │          │               │      │
├─────────────────┼────────────────┼──────────┼───────────────┼──────┤
│    └ id (Dense) │ (None, 8)      │       72 │ -             │  Y   │
├─────────────────┼────────────────┼──────────┼───────────────┼──────┤
│ a (Add)         │ (None, 8)      │        0 │ inner[0][0],  │  -   │
│                 │                │          │ inner[1][0]   │      │
└─────────────────┴────────────────┴──────────┴───────────────┴──────┘
 Total params: 72 (288.00 B)
 Trainable params: 72 (288.00 B)
 Non-trainable params: 0 (0.00 B)
";
    let options =
        SummaryOptions { line_length: Some(70), expand_nested: true, show_trainable: true, ..Default::default() };
    assert_eq!(model.summary(&options), want);
}

#[test]
fn models_without_input_are_unbuilt() {
    let dense = create("Dense", &json!({ "units": 3, "name": "d" })).unwrap();
    let text = Model::sequential(vec![dense], Some("m".into())).unwrap().summary(&SummaryOptions::default());
    let row = text.lines().find(|line| line.contains("d (Dense)")).unwrap();
    assert!(row.contains("│ ? ") && row.contains("0 (unbuilt)"), "{row}");
    assert!(text.contains(" Total params: 0 (0.00 B)\n"));
}

#[test]
fn the_optimizer_counts() {
    let options = SummaryOptions { optimizer: Some((537_958, 2_151_832)), ..Default::default() };
    let text = batch_normalized().summary(&options);
    assert!(text.contains(" Total params: 809,304 (3.09 MB)\n"), "{text}");
    assert!(text.ends_with(" Optimizer params: 537,958 (2.05 MB)\n"), "{text}");
}
