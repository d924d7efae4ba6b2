//! The options that global pooling layers share.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::spatial::DataFormat;
use super::{entries, support};
use crate::config::Options;
use crate::error::{Error, Result};

/// A reduction of the spatial axes.
pub struct GlobalPooling<const AXES: usize> {
    format: DataFormat,
    keep_dims: bool,
}

impl<const AXES: usize> GlobalPooling<AXES> {
    pub fn read(options: &mut Options) -> Result<Self> {
        Ok(GlobalPooling { format: DataFormat::read(options)?, keep_dims: options.bool("keepdims", false)? })
    }

    pub fn config(&self) -> Map<String, Value> {
        entries(json!({ "data_format": self.format.name(), "keepdims": self.keep_dims }))
    }

    pub fn call(
        &self,
        inputs: &[Sym],
        reduce: impl Fn(&Sym, &[usize], bool) -> glorot_graph::Result<Sym>,
    ) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let shape = x.shape();
        self.format.channels(&shape, AXES)?;
        let first = if self.format == DataFormat::ChannelsLast { 1 } else { 2 };
        if shape[first..first + AXES].contains(&0) {
            let message =
                format!("expected spatial axes of at least 1 element, received {}", support::any_batch(&shape));
            return Err(Error::invalid(message));
        }
        Ok(vec![reduce(&x, &(first..first + AXES).collect::<Vec<_>>(), self.keep_dims)?])
    }
}
