//! Layers that normalize each sample.

use glorot_graph::reference::Value;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable, context::random_state};
use glorot_tensor::{DType, Shape};
use serde_json::{Value as Json, json};

use crate::common::{assert_close, layer, normal, run, set_weights};

#[test]
fn layer_normalization_normalizes_each_sample() {
    let ln = layer("LayerNormalization", json!({ "epsilon": 0.0 }));
    let x = Value::f32([2, 2], vec![1.0, 3.0, 10.0, 30.0]);
    ln.build(std::slice::from_ref(&x.shape)).unwrap();
    set_weights(&ln, &[&[2.0, 3.0], &[0.5, 0.25]]);
    // Both samples become -1, 1.
    let y = run(&ln, std::slice::from_ref(&x), true, 0);
    assert_close(&y.outputs[0].data, &[-1.5, 3.25, -1.5, 3.25], 1e-9);
    assert_eq!(run(&ln, &[x], false, 0).outputs, y.outputs);
    assert!(y.updates.is_empty());
    let several = layer("LayerNormalization", json!({ "axis": [-1, 1], "center": false, "scale": false }));
    let y = &run(&several, &[normal(&[3, 4, 5], 2)], false, 0).outputs[0];
    for sample in y.data.chunks(20) {
        let mean = sample.iter().sum::<f64>() / 20.0;
        let variance = sample.iter().map(|v| v * v).sum::<f64>() / 20.0;
        assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 0.01, "{mean} {variance}");
    }
}

#[test]
fn group_normalization_normalizes_the_channels_of_a_group() {
    let gn = layer("GroupNormalization", json!({ "groups": 2, "epsilon": 0.0 }));
    let x = Value::f32([1, 4], vec![1.0, 3.0, 10.0, 30.0]);
    gn.build(std::slice::from_ref(&x.shape)).unwrap();
    set_weights(&gn, &[&[1.0, 2.0, 3.0, 4.0], &[0.0, 0.0, 0.0, 0.5]]);
    assert_close(&run(&gn, &[x], false, 0).outputs[0].data, &[-1.0, 2.0, -3.0, 4.5], 1e-9);
    // Channels first, and each its own group: instance normalization.
    let instance = layer("GroupNormalization", json!({ "groups": -1, "axis": 1, "epsilon": 0.0 }));
    let x = Value::f32([1, 2, 2], vec![1.0, 3.0, 10.0, 30.0]);
    assert_close(&run(&instance, &[x], false, 0).outputs[0].data, &[-1.0, 1.0, -1.0, 1.0], 1e-9);
}

#[test]
fn rms_and_unit_normalization_divide_by_a_length() {
    let rms = layer("RMSNormalization", json!({ "epsilon": 0.0 }));
    let x = Value::f32([1, 2], vec![3.0, 4.0]);
    rms.build(std::slice::from_ref(&x.shape)).unwrap();
    set_weights(&rms, &[&[1.0, 2.0]]);
    let root = 12.5f64.sqrt();
    let y = run(&rms, std::slice::from_ref(&x), false, 0);
    assert_close(&y.outputs[0].data, &[3.0 / root, 8.0 / root], 1e-9);
    let unit = layer("UnitNormalization", json!({}));
    assert_close(&run(&unit, &[x], false, 0).outputs[0].data, &[0.6, 0.8], 1e-9);
    // A sample of zeros stays one, and its gradient is finite.
    let zeros = run(&unit, &[Value::f32([1, 2], vec![0.0, 0.0])], true, 0);
    assert_eq!(zeros.outputs[0].data, [0.0, 0.0]);
    assert!(zeros.input_gradients[0].data.iter().all(|value| value.is_finite()));
}

#[test]
fn errors_name_axes_groups_and_shapes() {
    let build = |class: &str, config: Json, shape: &[usize]| {
        layer(class, config).build(&[Shape::from(shape)]).unwrap_err().to_string()
    };
    for class in ["LayerNormalization", "RMSNormalization", "GroupNormalization"] {
        let message = build(class, json!({ "axis": 2 }), &[4, 3]);
        let want = "option 'axis' is 2, but inputs of shape [batch, 3] have no such axis to normalize";
        assert!(message.ends_with(want), "{message}");
        assert!(build(class, json!({ "axis": 0 }), &[4, 3]).contains("option 'axis' is 0"));
    }
    let message = build("GroupNormalization", json!({ "name": "g", "groups": 4 }), &[4, 6]);
    let want = "layer 'g' (GroupNormalization): option 'groups' must divide the number of channels, 6 along axis -1 of \
                inputs of shape [batch, 6]; received 4";
    assert_eq!(message, want);
    let groups = create("GroupNormalization", &json!({ "groups": 0 })).err().expect("an error").to_string();
    assert_eq!(
        groups,
        "GroupNormalization: option 'groups' must be at least 1, or -1 for one group a channel; received 0"
    );
    let rms_scaling =
        create("LayerNormalization", &json!({ "rms_scaling": true })).err().expect("an error").to_string();
    assert_eq!(rms_scaling, "LayerNormalization: option 'rms_scaling' is not supported; received true; remove it");
    for class in ["LayerNormalization", "RMSNormalization", "GroupNormalization"] {
        let config = if class == "GroupNormalization" { json!({ "groups": 1 }) } else { json!({}) };
        let built = layer(class, config);
        built.build(&[Shape::from([4, 3])]).unwrap();
        let ctx = Context::new(StateTable::new(), random_state(0), true);
        let x = ctx.tracer().input([4, 5], DType::F32);
        let message = built.call(&ctx, &[x], None).unwrap_err().to_string();
        assert!(message.contains("expected inputs with 3 "), "{message}");
        assert!(message.ends_with("received shape [batch, 5]; make a new layer for other inputs"), "{message}");
    }
}
