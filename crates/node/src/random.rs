//! Random numbers for functions and layers of JavaScript.

use glorot_graph::RandomKind;
use glorot_tensor::Shape;
use napi_derive::napi;

use crate::error::{Failure, Result};
use crate::operand::{JsResult, run_with_states};

/// Float32 numbers, uniform in [0, 1) or standard normal: of the program that is traced, new ones in each step, or at once.
/// With a seed they do not depend on the model's.
#[napi(catch_unwind)]
pub fn random_numbers(normal: bool, shape: Vec<u32>, seed: Option<f64>) -> Result<JsResult> {
    let kind = if normal { RandomKind::Normal } else { RandomKind::Uniform };
    let shape: Shape = shape.into_iter().map(|dim| dim as usize).collect();
    let mut drawn = run_with_states(&[], |frame, _| {
        let ctx = frame
            .ctx()
            .map_err(|_| Failure::config("a loss function cannot draw random numbers; draw them in a layer"))?;
        Ok(vec![ctx.random(kind, shape, seed.map(|seed| seed as u64))?])
    })?;
    Ok(drawn.remove(0))
}
