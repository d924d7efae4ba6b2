use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::normalizing::Axes;
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The least length that a vector is divided by.
const EPSILON: f64 = 1e-12;

/// `x / |x|` with the Euclidean length of each sample along `axis` (default: the last; a list of axes: over all of
/// them). Vectors of zeros stay zeros.
pub struct UnitNormalization {
    axes: Axes,
}

impl FromOptions for UnitNormalization {
    const CLASS: &'static str = "UnitNormalization";

    fn from_options(options: &mut Options) -> Result<UnitNormalization> {
        Ok(UnitNormalization { axes: Axes::read(options)? })
    }
}

impl Layer for UnitNormalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "axis": self.axes.to_json() }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let axes = self.axes.resolve(&x.shape())?;
        let squared = x.square()?.sum(&axes, true)?.maximum_scalar(EPSILON * EPSILON)?;
        Ok(vec![x.mul(&squared.rsqrt()?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
