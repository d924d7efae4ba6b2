//! Squared for small errors, absolute for large ones.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::{LossFunction, align};

const CLASS: &str = "Huber";

/// The mean along the last axis of `e^2 / 2` where `|e| <= delta`, else `delta |e| - delta^2 / 2`, with `e = y_pred - y_true`
/// (Huber 1964).
struct Huber {
    delta: f64,
}

/// Options: `delta` (1, greater than 0). Keras never writes it; here it is written unless it is 1.
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    let delta = options.float("delta", 1.0)?;
    options.check("delta", delta, delta > 0.0, "greater than 0")?;
    Ok(Box::new(Huber { delta }))
}

impl LossFunction for Huber {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        if self.delta == 1.0 { Map::new() } else { Map::from_iter([("delta".into(), json!(self.delta))]) }
    }

    fn default_name(&self) -> String {
        "huber_loss".into()
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let error = y_pred.sub(&align(CLASS, y_true, y_pred)?)?;
        let size = error.abs()?;
        let small = size.less_equal(&size.scalar_like(self.delta))?;
        let linear = size.mul_scalar(self.delta)?.sub_scalar(0.5 * self.delta * self.delta)?;
        last_mean(&small.select(&error.square()?.mul_scalar(0.5)?, &linear)?)
    }
}
