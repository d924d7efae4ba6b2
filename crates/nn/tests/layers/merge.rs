use glorot_nn::context::random_state;
use glorot_nn::{Context, StateTable};
use glorot_tensor::DType;
use serde_json::json;

use crate::common::layer;

#[test]
fn merging_layers_name_shapes_that_do_not_fit() {
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let inputs = [ctx.tracer().input([4, 3], DType::F32), ctx.tracer().input([4, 5], DType::F32)];
    let message = |class: &str, config| layer(class, config).call(&ctx, &inputs, None).unwrap_err().to_string();
    let add = message("Add", json!({ "name": "a" }));
    assert_eq!(
        add,
        "layer 'a' (Add): expected inputs of equal or broadcastable shapes, received [batch, 3] and [batch, 5]"
    );
    let join = message("Concatenate", json!({ "name": "c", "axis": 2 }));
    let want = "layer 'c' (Concatenate): expected inputs whose shapes are equal but for axis 2, received [batch, 3] and \
                [batch, 5]";
    assert_eq!(join, want);
}
