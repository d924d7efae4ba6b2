use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable};
use glorot_tensor::{DType, Shape};
use serde_json::json;

use crate::common::{assert_close, layer, normal, run, set_weights};

#[test]
fn batch_normalization_uses_the_batch_in_training() {
    let bn = layer("BatchNormalization", json!({ "epsilon": 0.0, "momentum": 0.9 }));
    bn.build(&[Shape::from([4, 1])]).unwrap();
    set_weights(&bn, &[&[2.0], &[1.0], &[10.0], &[3.0]]);
    let x = Value::f32([4, 1], vec![1.0, 3.0, 1.0, 3.0]);
    // Mean 2, biased variance 1.
    let trained = run(&bn, std::slice::from_ref(&x), true, 0);
    assert_close(&trained.outputs[0].data, &[-1.0, 3.0, -1.0, 3.0], 1e-12);
    let updated = |name: &str| {
        let (_, value) = trained.updates.iter().find(|(updated, _)| updated == name).unwrap();
        value.data[0]
    };
    assert_close(&[updated("moving_mean"), updated("moving_variance")], &[9.2, 2.8], 1e-12);
    // Inference uses the moving statistics and leaves them alone.
    let inferred = run(&bn, std::slice::from_ref(&x), false, 0);
    let want = |x: f64| 2.0 * (x - 10.0) / 3f64.sqrt() + 1.0;
    assert_close(&inferred.outputs[0].data, &[want(1.0), want(3.0), want(1.0), want(3.0)], 1e-12);
    assert!(inferred.updates.is_empty());
    // So does training while the layer is frozen.
    bn.set_trainable(false);
    let frozen = run(&bn, &[x], true, 0);
    assert_eq!(frozen.outputs[0].data, inferred.outputs[0].data);
    assert!(frozen.updates.is_empty() && frozen.weight_gradients.is_empty());
}

#[test]
fn batch_normalization_of_one_sample_gives_beta() {
    let bn = layer("BatchNormalization", json!({}));
    bn.build(&[Shape::from([1, 3])]).unwrap();
    set_weights(&bn, &[&[2.0; 3], &[1.0, 2.0, 3.0], &[0.0; 3], &[1.0; 3]]);
    assert_eq!(run(&bn, &[normal(&[1, 3], 1)], true, 0).outputs[0].data, [1.0, 2.0, 3.0]);
}

#[test]
fn batch_normalization_of_several_axes_normalizes_each_combination() {
    let bn = layer("BatchNormalization", json!({ "axis": [-1, 1], "epsilon": 0.0 }));
    let x = normal(&[50, 2, 3, 4], 5);
    bn.build(std::slice::from_ref(&x.shape)).unwrap();
    assert_eq!(bn.weights()[0].variable.spec().shape, Shape::from([1, 2, 1, 4]));
    let y = &run(&bn, &[x], true, 0).outputs[0];
    for (i, j) in [(0, 0), (1, 3)] {
        let values: Vec<f64> = (0..150).map(|k| y.at(&[k / 3, i, k % 3, j])).collect();
        let mean = values.iter().sum::<f64>() / 150.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 150.0;
        assert_close(&[mean, variance], &[0.0, 1.0], 1e-9);
    }
}

#[test]
fn batch_normalization_names_wrong_axes_and_shapes() {
    let message = |config, shape: &[usize]| {
        layer("BatchNormalization", config).build(&[Shape::from(shape)]).unwrap_err().to_string()
    };
    let want = "option 'axis' is 2, but inputs of shape [batch, 3] have no such axis to normalize";
    assert!(message(json!({ "axis": 2 }), &[4, 3]).ends_with(want));
    assert!(message(json!({ "axis": 0 }), &[4, 3]).contains("option 'axis' is 0"));
    let bn = layer("BatchNormalization", json!({ "name": "bn" }));
    bn.build(&[Shape::from([4, 3])]).unwrap();
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let x = ctx.tracer().input([4, 5], DType::F32);
    let want = "layer 'bn' (BatchNormalization): expected inputs with 3 features along axis -1, received shape [batch, 5]; \
                make a new layer for other inputs";
    assert_eq!(bn.call(&ctx, &[x], None).unwrap_err().to_string(), want);
    let renorm = create("BatchNormalization", &json!({ "renorm": true })).err().unwrap().to_string();
    assert_eq!(renorm, "BatchNormalization: option 'renorm' is not supported; received true; remove it");
}
