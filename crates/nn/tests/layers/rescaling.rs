use glorot_graph::reference::Value;
use glorot_nn::layers::create;
use glorot_tensor::DType;
use serde_json::json;

use crate::common::{assert_close, layer, run};

#[test]
fn rescaling_converts_bytes() {
    let x = Value::new([1, 3], DType::U8, vec![0.0, 51.0, 255.0]);
    let unit = layer("Rescaling", json!({ "scale": 1.0 / 255.0 }));
    assert_close(&run(&unit, std::slice::from_ref(&x), false, 0).outputs[0].data, &[0.0, 0.2, 1.0], 1e-7);
    let channels = layer("Rescaling", json!({ "scale": [1, 2, 3], "offset": -1 }));
    assert_eq!(run(&channels, &[x], false, 0).outputs[0].data, [-1.0, 101.0, 764.0]);
    let message = create("Rescaling", &json!({})).err().unwrap().to_string();
    assert_eq!(message, "Rescaling: option 'scale' is missing; give a number, as 1 / 255");
}
