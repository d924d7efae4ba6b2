use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::{Context, StateTable};
use glorot_tensor::DType;
use serde_json::{Value as Json, json};

use crate::common::{layer, run};

fn pooled(class: &str, config: Json, x: &Value) -> Value {
    run(&layer(class, config), std::slice::from_ref(x), false, 0).outputs.remove(0)
}

#[test]
fn pooling_takes_the_largest_or_the_mean() {
    let x = Value::f32([1, 5, 1], vec![-1.0, -3.0, -5.0, -2.0, -8.0]);
    assert_eq!(pooled("MaxPooling1D", json!({}), &x), Value::f32([1, 2, 1], vec![-1.0, -2.0]));
    assert_eq!(pooled("AveragePooling1D", json!({}), &x).data, [-2.0, -3.5]);
    // Padding is no largest element, and does not count in a mean.
    let same = json!({ "pool_size": 3, "strides": 2, "padding": "same" });
    assert_eq!(pooled("MaxPooling1D", same.clone(), &x).data, [-1.0, -2.0, -2.0]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let want = [mean(&[-1.0, -3.0]), mean(&[-3.0, -5.0, -2.0]), mean(&[-2.0, -8.0])];
    assert_eq!(pooled("AveragePooling1D", same, &x).data, want);
    let bytes = Value::new([1, 2, 2, 1], DType::U8, vec![1.0, 2.0, 3.0, 6.0]);
    assert_eq!(pooled("AveragePooling2D", json!({}), &bytes), Value::f32([1, 1, 1, 1], vec![3.0]));
}

#[test]
fn global_pooling_leaves_the_channels() {
    let x = Value::f32([1, 2, 2, 2], vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 6.0, 60.0]);
    assert_eq!(pooled("GlobalAveragePooling2D", json!({}), &x), Value::f32([1, 2], vec![3.0, 30.0]));
    assert_eq!(
        pooled("GlobalMaxPooling2D", json!({ "keepDims": true }), &x),
        Value::f32([1, 1, 1, 2], vec![6.0, 60.0])
    );
    let first = json!({ "dataFormat": "channelsFirst" });
    assert_eq!(pooled("GlobalMaxPooling2D", first, &x), Value::f32([1, 2], vec![20.0, 60.0]));
}

#[test]
fn errors_name_layer_option_and_shape() {
    let refusal = |class: &str, config, shape: &[usize]| {
        let ctx = Context::new(StateTable::new(), random_state(0), true);
        let x = ctx.tracer().input(shape, DType::F32);
        layer(class, config).call(&ctx, &[x], None).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("MaxPooling2D", json!({ "name": "p" }), &[2, 1, 4, 3]),
        "layer 'p' (MaxPooling2D): option 'pool_size' is [2,2], so inputs need at least 2 elements along spatial axis 1; \
         received 1 (shape [batch, 1, 4, 3] with channels last): use padding 'same' or smaller windows"
    );
    assert_eq!(
        refusal("GlobalMaxPooling1D", json!({ "name": "g" }), &[2, 4, 4, 3]),
        "layer 'g' (GlobalMaxPooling1D): expected inputs of shape [batch, steps, channels], received [batch, 4, 4, 3]; a \
         reshape layer can add an axis of length 1"
    );
    assert_eq!(
        refusal("GlobalAveragePooling1D", json!({ "name": "g" }), &[2, 0, 3]),
        "layer 'g' (GlobalAveragePooling1D): expected spatial axes of at least 1 element, received [batch, 0, 3]"
    );
}
