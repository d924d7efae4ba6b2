use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::spatial::{DataFormat, borders, borders_json};
use super::{FromOptions, entries};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Adds zeros around each sample: `[batch, steps, channels]` (`ZeroPadding1D`) or `[batch, height, width, channels]`
/// (`ZeroPadding2D`). `padding` (default 1): one number for all sides, of images also `[height, width]` or `[[top,
/// bottom], [left, right]]`, of sequences `[before, after]`. Any dtype.
pub struct ZeroPadding<const AXES: usize> {
    padding: [[usize; 2]; AXES],
    format: DataFormat,
}

impl<const AXES: usize> FromOptions for ZeroPadding<AXES> {
    const CLASS: &'static str = ["ZeroPadding1D", "ZeroPadding2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(ZeroPadding { padding: borders(options, "padding", 1)?, format: DataFormat::read(options)? })
    }
}

impl<const AXES: usize> Layer for ZeroPadding<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "padding": borders_json(&self.padding), "data_format": self.format.name() }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = self.format.enter(inputs, AXES)?;
        let side = |side: usize| -> Vec<usize> {
            std::iter::once(0).chain(self.padding.iter().map(|border| border[side])).chain([0]).collect()
        };
        Ok(vec![self.format.leave(&x.pad(&side(0), &side(1), 0.0)?, AXES)?])
    }
}
