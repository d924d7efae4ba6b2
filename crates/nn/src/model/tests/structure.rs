use glorot_graph::{Sym, TensorSpec};
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use crate::context::{Context, StateTable, random_state};
use crate::layer::LayerRef;
use crate::layers::{create, no_custom_layers};
use crate::model::{Model, ModelTensor, apply, input};

fn layer(class: &str, config: Value) -> LayerRef {
    create(class, &config).unwrap()
}

fn call(layer: &LayerRef, inputs: &[&ModelTensor]) -> ModelTensor {
    let inputs: Vec<ModelTensor> = inputs.iter().map(|&tensor| tensor.clone()).collect();
    apply(layer, &inputs, None).unwrap().remove(0)
}

/// Two inputs, a skip connection, and a join: the golden training case `skip_two_inputs`.
fn skip_model() -> Model {
    let left = input(&json!({ "shape": [10], "name": "left" })).unwrap();
    let right = input(&json!({ "shape": [6], "name": "right" })).unwrap();
    let h1 = call(&layer("Dense", json!({ "units": 12, "activation": "elu", "name": "hidden_1" })), &[&left]);
    let h2 = call(&layer("Dense", json!({ "units": 12, "activation": "tanh", "name": "hidden_2" })), &[&h1]);
    let skip = call(&layer("Add", json!({ "name": "skip" })), &[&h1, &h2]);
    let side = call(&layer("Dense", json!({ "units": 5, "activation": "softplus", "name": "side" })), &[&right]);
    let join = call(&layer("Concatenate", json!({ "name": "join" })), &[&skip, &right, &side]);
    let output = call(&layer("Dense", json!({ "units": 4, "activation": "softmax", "name": "output" })), &[&join]);
    Model::functional(vec![left, right], vec![output], Some("skip_model".into())).unwrap()
}

fn context() -> Context {
    Context::new(StateTable::new(), random_state(1), true)
}

fn inputs(ctx: &Context, shapes: &[&[usize]]) -> Vec<Sym> {
    shapes.iter().map(|&shape| ctx.tracer().input(shape, DType::F32)).collect()
}

#[test]
fn branches_and_joins_have_the_order_of_keras() {
    let model = skip_model();
    let names: Vec<String> = model.layers().iter().map(|layer| layer.name().to_string()).collect();
    assert_eq!(names, ["left", "hidden_1", "hidden_2", "right", "skip", "side", "join", "output"]);
    let paths = [
        "hidden_1/kernel",
        "hidden_1/bias",
        "hidden_2/kernel",
        "hidden_2/bias",
        "side/kernel",
        "side/bias",
        "output/kernel",
        "output/bias",
    ];
    assert_eq!(model.weight_paths(), paths);
    let ctx = context();
    let outputs = model.call(&ctx, &inputs(&ctx, &[&[7, 10], &[7, 6]])).unwrap();
    assert_eq!(outputs[0].shape(), Shape::from([7, 4]));
    assert_eq!(model.output_specs().unwrap()[0].shape, [None, Some(4)]);
    assert_eq!(model.input_specs().unwrap()[1].name, "right");
}

#[test]
fn shared_layers_share_weights() {
    let x = input(&json!({ "shape": [8] })).unwrap();
    let shared = layer("Dense", json!({ "units": 8 }));
    let twice = call(&shared, &[&call(&shared, &[&x])]);
    let model = Model::functional(vec![x], vec![twice], None).unwrap();
    assert_eq!((model.layers().len(), model.weights().len(), model.count_params()), (2, 2, 72));
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[3, 8]])).unwrap();
    assert_eq!(ctx.states().variables().len(), 2);
}

#[test]
fn models_can_be_layers() {
    let body = Model::sequential(
        vec![
            layer("InputLayer", json!({ "shape": [10] })),
            layer("Dense", json!({ "units": 8, "name": "d" })),
            layer("BatchNormalization", json!({ "name": "bn" })),
        ],
        Some("body".into()),
    )
    .unwrap();
    let x = input(&json!({ "shape": [10], "name": "x" })).unwrap();
    let hidden = call(&body.as_layer(), &[&x]);
    let output = call(&layer("Dense", json!({ "units": 4, "name": "top" })), &[&hidden]);
    let model = Model::functional(vec![x], vec![output], None).unwrap();
    assert_eq!(model.weights().len(), 8);
    let paths = model.weight_paths();
    assert_eq!(paths[0], "body/d/kernel");
    assert_eq!(paths[7], "top/bias");
    assert_eq!(model.trainable_weights().len(), 6);
    assert!(body.as_layer().same(&model.get_layer("body").unwrap()));
    model.get_layer("body").unwrap().set_trainable(false);
    assert_eq!(model.trainable_weights().len(), 2);
    assert_eq!(model.non_trainable_weights().len(), 6);
    // Frozen, batch normalization no longer updates its statistics.
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[3, 10]])).unwrap();
    assert!(ctx.tracer().graph().updates().is_empty());
    body.set_trainable(true);
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[3, 10]])).unwrap();
    assert_eq!(ctx.tracer().graph().updates().len(), 2);
}

#[test]
fn penalties_are_added_once() {
    let penalized = layer("Dense", json!({ "units": 8, "kernelRegularizer": "l2", "biasRegularizer": "l1" }));
    let x = input(&json!({ "shape": [8] })).unwrap();
    let twice = call(&penalized, &[&call(&penalized, &[&x])]);
    let model = Model::functional(vec![x], vec![twice], None).unwrap();
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[3, 8]])).unwrap();
    assert_eq!(ctx.losses().len(), 2);
    penalized.set_trainable(false);
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[3, 8]])).unwrap();
    assert!(ctx.losses().is_empty());
}

#[test]
fn penalties_of_outputs_are_added_at_each_call() {
    let active = layer("Dense", json!({ "units": 8, "activityRegularizer": { "class_name": "L1", "config": {} } }));
    let x = input(&json!({ "shape": [8] })).unwrap();
    let twice = call(&active, &[&call(&active, &[&x])]);
    let model = Model::functional(vec![x], vec![twice], None).unwrap();
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[3, 8]])).unwrap();
    assert_eq!(ctx.losses().len(), 2);
    assert_eq!(active.to_json()["config"]["activity_regularizer"]["class_name"], "L1");
}

#[test]
fn weights_can_be_read_and_replaced() {
    let model = skip_model();
    let mut values = model.get_weights();
    values[1] = Tensor::f32([12], vec![0.5; 12]).unwrap();
    model.set_weights(&values).unwrap();
    assert_eq!(model.get_weights()[1].as_f32().unwrap(), [0.5; 12]);
    let message = model.set_weights(&values[1..]).unwrap_err().to_string();
    assert_eq!(message, "model 'skip_model' has 8 weights, received 7 values");
    values.swap(0, 2);
    let message = model.set_weights(&values).unwrap_err().to_string();
    assert_eq!(message, "weight 'hidden_1/kernel' is float32 [10, 12], received float32 [12, 12]");
}

#[test]
fn copies_have_weights_of_their_own() {
    let model = skip_model();
    let copy = model.copy_with(true, &no_custom_layers).unwrap();
    assert_eq!(values(&copy), values(&model));
    copy.weights()[1].variable.assign(Tensor::f32([12], vec![0.5; 12]).unwrap()).unwrap();
    assert_ne!(values(&copy), values(&model));
    let fresh = model.copy_with(false, &no_custom_layers).unwrap();
    assert_ne!(values(&fresh), values(&model));
}

#[test]
fn a_layer_that_two_models_share_is_two_layers_in_a_copy() {
    let x = input(&json!({ "shape": [4], "name": "x" })).unwrap();
    let shared = layer("Dense", json!({ "units": 4, "name": "shared" }));
    let inner = Model::sequential(vec![shared.clone()], Some("inner".into())).unwrap();
    let y = call(&inner.as_layer(), &[&call(&shared, &[&x])]);
    let model = Model::functional(vec![x], vec![y], None).unwrap();
    let copy = model.copy_with(true, &no_custom_layers).unwrap();
    assert_eq!((model.weights().len(), copy.weights().len()), (2, 4));
    let [first, _, second, _] = &values(&copy)[..] else { panic!("four weights") };
    assert_eq!((first, first), (second, &values(&model)[0]));
}

fn values(model: &Model) -> Vec<Vec<f64>> {
    model.get_weights().iter().map(Tensor::to_f64).collect()
}

#[test]
fn sizes_beyond_memory_are_errors() {
    let message = |layers: Vec<LayerRef>| Model::sequential(layers, Some("m".into())).err().unwrap().to_string();
    let huge = layer("Dense", json!({ "units": 1_000_000_000_000u64, "inputShape": [4], "name": "d" }));
    let want = "layer 'd' (Dense): weight 'kernel': shape [4, 1000000000000] would have more than 2147483648 \
                elements; make it smaller";
    assert_eq!(message(vec![huge]), want);
    let image = create("InputLayer", &json!({ "shape": [4_000_000_000u64, 4_000_000_000u64, 4] }));
    assert!(image.err().unwrap().to_string().contains("has more than 2147483648 elements"));
}

#[test]
fn sequential_models_grow_and_shrink() {
    let model = Model::sequential(vec![layer("Dense", json!({ "units": 3, "name": "a" }))], Some("m".into())).unwrap();
    assert!(!model.is_built());
    assert!(model.input_specs().unwrap_err().to_string().contains("begin it with input({ shape })"));
    let ctx = context();
    model.call(&ctx, &inputs(&ctx, &[&[4, 7]])).unwrap();
    assert_eq!(model.input_specs().unwrap()[0].shape, [None, Some(7)]);
    assert_eq!(model.count_params(), 24);
    model.add(layer("Dense", json!({ "units": 2, "name": "b" }))).unwrap();
    assert_eq!(model.output_specs().unwrap()[0].shape, [None, Some(2)]);
    assert_eq!(model.pop().unwrap().name(), "b");
    assert_eq!(model.output_specs().unwrap()[0].shape, [None, Some(3)]);
    assert_eq!(model.layers().len(), 1);
    let message = model.add(layer("Dense", json!({ "units": 2, "name": "a" }))).unwrap_err().to_string();
    assert_eq!(message, "model 'm': two layers are named 'a'; give each layer a name of its own");
}

#[test]
fn the_first_layer_may_tell_the_input_shape() {
    let model = Model::sequential(vec![layer("Flatten", json!({ "inputShape": [28, 28] }))], None).unwrap();
    assert_eq!(model.output_specs().unwrap()[0].shape, [None, Some(784)]);
    let outer = Model::sequential(vec![model.as_layer(), layer("Dense", json!({ "units": 2 }))], None).unwrap();
    assert_eq!(outer.input_specs().unwrap()[0].shape, [None, Some(28), Some(28)]);
    assert_eq!(outer.count_params(), 1570);
}

#[test]
fn models_can_begin_in_the_middle_of_others() {
    let x = input(&json!({ "shape": [10] })).unwrap();
    let hidden = call(&layer("Dense", json!({ "units": 8, "name": "a" })), &[&x]);
    let output = call(&layer("Dense", json!({ "units": 4, "name": "b" })), &[&hidden]);
    let top = Model::functional(vec![hidden], vec![output], None).unwrap();
    assert_eq!(top.input_specs().unwrap()[0].shape, [None, Some(8)]);
    assert_eq!(top.weight_paths(), ["b/kernel", "b/bias"]);
}

#[test]
fn data_of_other_dtypes_is_converted() {
    let layers = vec![layer("InputLayer", json!({ "shape": [4] })), layer("Dense", json!({ "units": 2 }))];
    let model = Model::sequential(layers, None).unwrap();
    let ctx = context();
    let bytes = ctx.tracer().input([3, 4], DType::U8);
    assert_eq!(model.call(&ctx, &[bytes]).unwrap()[0].dtype(), DType::F32);
    assert_eq!(ctx.tracer().graph().inputs(), [TensorSpec { shape: Shape::from([3, 4]), dtype: DType::U8 }]);
}

#[test]
fn a_last_axis_of_one_may_be_missing() {
    let model = Model::sequential(vec![layer("Dense", json!({ "units": 2, "inputShape": [1] }))], None).unwrap();
    let ctx = context();
    assert_eq!(model.call(&ctx, &inputs(&ctx, &[&[5]])).unwrap()[0].shape(), Shape::from([5, 2]));
    assert_eq!(model.call(&ctx, &inputs(&ctx, &[&[5, 1, 1]])).unwrap()[0].shape(), Shape::from([5, 2]));
}

#[test]
fn errors_say_what_to_change() {
    let model = Model::sequential(
        vec![
            layer("InputLayer", json!({ "shape": [28, 28], "name": "images" })),
            layer("Flatten", json!({})),
            layer("Dense", json!({ "units": 10, "name": "top" })),
        ],
        Some("m".into()),
    )
    .unwrap();
    let ctx = context();
    let message = model.call(&ctx, &inputs(&ctx, &[&[32, 28, 27]])).unwrap_err().to_string();
    let want = "model 'm', input 'images': expected data of shape [batch, 28, 28], received [32, 28, 27]; reshape the \
                data, or change the shape given to input()";
    assert_eq!(message, want);
    let message = model.call(&ctx, &[]).unwrap_err().to_string();
    assert_eq!(message, "model 'm': expected 1 inputs (images), received 0");
    let other = input(&json!({ "shape": [5] })).unwrap();
    let message = apply(&model.get_layer("top").unwrap(), &[other], None).unwrap_err().to_string();
    let want = "layer 'top' (Dense): expected inputs with 784 features (shape [batch, ..., 784]), received shape \
                [batch, 5]; the layer was built for 784: reshape the inputs, or make a new layer for them";
    assert_eq!(message, want);
    let x = input(&json!({ "shape": [5], "name": "x" })).unwrap();
    let y = call(&layer("Dense", json!({ "units": 2 })), &[&x]);
    let z = input(&json!({ "shape": [5], "name": "z" })).unwrap();
    let message = Model::functional(vec![z], vec![y], Some("f".into())).err().unwrap().to_string();
    assert!(
        message.contains("depend on the input 'x' of shape [batch, 5], which is not among its inputs"),
        "{message}"
    );
}

#[test]
fn a_model_that_begins_with_a_layer_of_another_one_is_built() {
    let flatten = layer("Flatten", json!({}));
    let dense = layer("Dense", json!({ "units": 2 }));
    let first = create("InputLayer", &json!({ "shape": [2, 3] })).unwrap();
    Model::sequential(vec![first, flatten.clone(), dense], None).unwrap();
    let model = Model::sequential(vec![flatten, layer("Dense", json!({ "units": 4 }))], None).unwrap();
    assert!(model.is_built());
    assert_eq!(model.count_params(), 6 * 4 + 4);
    assert_eq!(model.input_specs().unwrap()[0].shape, [None, Some(2), Some(3)]);
}
