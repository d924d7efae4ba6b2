use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::spatial::{DataFormat, borders, borders_json};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Removes elements at the sides of each sample: of `[batch, steps, channels]` (`Cropping1D`) or `[batch, height,
/// width, channels]` (`Cropping2D`). `cropping` (default 1 of sequences, 0 of images): one number for all sides, of
/// images also `[height, width]` or `[[top, bottom], [left, right]]`, of sequences `[before, after]`. Any dtype.
pub struct Cropping<const AXES: usize> {
    cropping: [[usize; 2]; AXES],
    format: DataFormat,
}

impl<const AXES: usize> FromOptions for Cropping<AXES> {
    const CLASS: &'static str = ["Cropping1D", "Cropping2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        // As in Keras, sequences have their channels last.
        let (default, format) = match AXES {
            1 => (1, DataFormat::ChannelsLast),
            _ => (0, DataFormat::read(options)?),
        };
        Ok(Cropping { cropping: borders(options, "cropping", default)?, format })
    }
}

impl<const AXES: usize> Layer for Cropping<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "cropping": borders_json(&self.cropping) }));
        if AXES > 1 {
            config.insert("data_format".into(), self.format.name().into());
        }
        config
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = self.format.enter(inputs, AXES)?;
        let (mut start, mut size) = (vec![0; AXES + 2], x.shape().to_vec());
        for (axis, &[before, after]) in (1..).zip(&self.cropping) {
            let left = size[axis].checked_sub(before.saturating_add(after)).filter(|&left| left > 0);
            size[axis] = left.ok_or_else(|| {
                let shape = support::any_batch(&inputs[0].shape());
                Error::invalid(format!(
                    "option 'cropping' removes {before} and {after} elements of an axis, of which nothing would be \
                     left; received inputs of shape {shape}"
                ))
            })?;
            start[axis] = before;
        }
        Ok(vec![self.format.leave(&x.slice(&start, &size)?, AXES)?])
    }
}
