use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// `x * scale + offset` in float32. `scale` and `offset` (default 0) are numbers or lists of one number a channel (last
/// axis).
pub struct Rescaling {
    scale: Factor,
    offset: Factor,
}

/// A number, or one a channel.
enum Factor {
    One(f64),
    Channels(Vec<f64>),
}

impl Factor {
    fn read(options: &mut Options, name: &'static str) -> Result<Option<Factor>> {
        let Some(values) = options.optional_floats(name)? else { return Ok(None) };
        Ok(Some(if let [value] = values[..] { Factor::One(value) } else { Factor::Channels(values) }))
    }

    fn symbol(&self, x: &Sym) -> Result<Sym> {
        match self {
            Factor::One(value) => Ok(x.scalar_like(*value)),
            Factor::Channels(values) => Ok(x.tracer().constant(Tensor::from_f64([values.len()], DType::F32, values)?)),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Factor::One(value) => json!(value),
            Factor::Channels(values) => json!(values),
        }
    }
}

impl FromOptions for Rescaling {
    const CLASS: &'static str = "Rescaling";

    fn from_options(options: &mut Options) -> Result<Rescaling> {
        let scale = Factor::read(options, "scale")?;
        let scale = scale.ok_or_else(|| options.missing("scale", "a number, as 1 / 255"))?;
        Ok(Rescaling { scale, offset: Factor::read(options, "offset")?.unwrap_or(Factor::One(0.0)) })
    }
}

impl Layer for Rescaling {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "scale": self.scale.to_json(), "offset": self.offset.to_json() }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        Ok(vec![x.mul(&self.scale.symbol(&x)?)?.add(&self.offset.symbol(&x)?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
