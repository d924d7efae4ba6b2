//! Whatever options and inputs a layer is given: it is made and called, or says what is wrong. It never panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use glorot_graph::Sym;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable};
use glorot_tensor::{DType, Shape};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::harness::cases;

/// Small numbers, and some that no memory holds; nothing between, which tests would have to wait for.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -3i64..=6, 1 => prop::sample::select(vec![1 << 40, i64::MAX, i64::MIN])]
}

fn value() -> impl Strategy<Value = Json> {
    let word =
        prop::sample::select(vec!["", "same", "causal", "channels_first", "bilinear", "relu", "l2", "zeros", "x"]);
    prop_oneof![
        2 => number().prop_map(|number| json!(number)),
        2 => prop::collection::vec(number(), 0..4).prop_map(|numbers| json!(numbers)),
        1 => prop::collection::vec(prop::collection::vec(number(), 0..3), 0..3).prop_map(|lists| json!(lists)),
        1 => (-2.0..2.0).prop_map(|number: f64| json!(number)),
        1 => word.prop_map(|word| json!(word)),
        1 => prop::sample::select(vec![json!(null), json!(true), json!(false), json!({}), json!({ "class_name": 3 })]),
    ]
}

/// Shapes of a few inputs, of which some have axes of length 0.
fn shapes() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0usize..=4, 0..=5), 0..=3)
}

/// Makes a layer and calls it, twice, on inputs of other shapes the second time. The results do not matter.
fn use_layer(class: &str, config: &Json, shapes: &[Vec<Vec<usize>>; 2]) {
    let Ok(layer) = create(class, config) else { return };
    for shapes in shapes {
        for training in [false, true] {
            let ctx = Context::new(StateTable::new(), random_state(0), training);
            let inputs: Vec<Sym> = shapes.iter().map(|shape| ctx.tracer().input(&shape[..], DType::F32)).collect();
            let Ok(outputs) = layer.call(&ctx, &inputs, None) else { continue };
            // What was built has a gradient too.
            let float = |y: &&Sym| y.dtype() == DType::F32;
            let sums = outputs.iter().filter(float).map(|y| y.sum_all().unwrap());
            if let Some(loss) = sums.reduce(|a, b| a.add(&b).unwrap()) {
                ctx.tracer().gradients(&loss, &inputs).unwrap();
            }
        }
    }
    layer.to_json();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_never_panic(
        number in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), value()), 0..=2),
        keep_first in any::<bool>(),
        shapes in (shapes(), shapes()),
    ) {
        let cases = cases();
        let case = &cases[number.index(cases.len())];
        let mut config = create(case.class, &case.config).unwrap().to_json()["config"].clone();
        let options: Vec<String> = config.as_object().unwrap().keys().cloned().collect();
        for (option, value) in changes {
            config[&options[option.index(options.len())]] = value;
        }
        let mut shapes = [shapes.0, shapes.1];
        if keep_first {
            shapes[0] = case.inputs.iter().map(|&shape| shape.to_vec()).collect();
        }
        let what = format!("{} {config} on {shapes:?}", case.class);
        let outcome = catch_unwind(AssertUnwindSafe(|| use_layer(case.class, &config, &shapes)));
        prop_assert!(outcome.is_ok(), "{what} panics");
    }
}

#[test]
fn sizes_that_no_memory_holds_are_errors() {
    for (class, config, shape) in [
        ("UpSampling1D", json!({ "size": i64::MAX }), vec![2, 3, 2]),
        ("UpSampling2D", json!({ "size": i64::MAX }), vec![2, 3, 3, 2]),
        ("UpSampling2D", json!({ "size": [1i64 << 40, 1], "interpolation": "bilinear" }), vec![2, 3, 3, 2]),
        ("RepeatVector", json!({ "n": i64::MAX }), vec![2, 3]),
        ("ZeroPadding1D", json!({ "padding": [i64::MAX, i64::MAX] }), vec![2, 3, 2]),
        ("SeparableConv1D", json!({ "filters": 2, "kernel_size": 1, "depth_multiplier": i64::MAX }), vec![2, 3, 2]),
        ("Embedding", json!({ "input_dim": i64::MAX, "output_dim": 2 }), vec![2, 3]),
    ] {
        let Ok(layer) = create(class, &config) else { continue };
        let ctx = Context::new(StateTable::new(), random_state(0), false);
        let x = ctx.tracer().input(Shape::from(shape), DType::F32);
        assert!(layer.call(&ctx, &[x], None).is_err(), "{class} {config}");
    }
}
