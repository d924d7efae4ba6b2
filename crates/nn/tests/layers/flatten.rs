use glorot_graph::reference::Value;
use glorot_tensor::DType;
use serde_json::json;

use crate::common::{layer, run};

#[test]
fn flatten_keeps_bytes_and_order() {
    let x = Value::new([2, 2, 2], DType::U8, (0..8).map(f64::from).collect());
    let last = run(&layer("Flatten", json!({})), std::slice::from_ref(&x), false, 0).outputs.remove(0);
    assert_eq!(last, Value::new([2, 4], DType::U8, x.data.clone()));
    let first = layer("Flatten", json!({ "data_format": "channels_first" }));
    assert_eq!(run(&first, &[x], false, 0).outputs[0].data, [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
}
