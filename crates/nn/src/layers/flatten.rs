use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Joins all axes but the batch: `[batch, 28, 28]` to `[batch, 784]`. Any dtype.
pub struct Flatten {
    /// The channels, axis 1, become the last axis first.
    channels_first: bool,
}

impl FromOptions for Flatten {
    const CLASS: &'static str = "Flatten";

    fn from_options(options: &mut Options) -> Result<Flatten> {
        let formats = [("channels_last", false), ("channels_first", true)];
        Ok(Flatten { channels_first: options.choice("data_format", &formats, false)? })
    }
}

impl Layer for Flatten {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "data_format": if self.channels_first { "channels_first" } else { "channels_last" } }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        let rank = x.rank();
        let x = if self.channels_first && rank > 2 {
            x.transpose(&[&[0], &(2..rank).collect::<Vec<_>>()[..], &[1]].concat())?
        } else {
            x.clone()
        };
        let shape = x.shape();
        let batch = shape.first().copied().unwrap_or(1);
        Ok(vec![x.reshape([batch, shape.iter().skip(1).product()])?])
    }
}
