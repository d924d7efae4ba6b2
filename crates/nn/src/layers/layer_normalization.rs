use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::normalizing::{Affine, Axes, moments, weight_shape};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::{Layer, WeightBuilder};

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance of each sample along `axis` (default: the
/// last; a list of axes: over all of them). Ba et al. (2016).
///
/// Weights, of the lengths of the axes: `gamma` (unless `scale` is false), `beta` (unless `center` is false). Default:
/// epsilon 0.001.
pub struct LayerNormalization {
    axes: Axes,
    epsilon: f64,
    affine: Affine,
}

impl FromOptions for LayerNormalization {
    const CLASS: &'static str = "LayerNormalization";

    fn from_options(options: &mut Options) -> Result<LayerNormalization> {
        let axes = Axes::read(options)?;
        let epsilon = options.not_negative("epsilon", 1e-3)?;
        let affine = Affine::read(options)?;
        // Deprecated in Keras, whose RMSNormalization does what was meant.
        options.unsupported(&["rms_scaling"])?;
        Ok(LayerNormalization { axes, epsilon, affine })
    }
}

impl Layer for LayerNormalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "axis": self.axes.to_json(), "epsilon": self.epsilon }));
        self.affine.write(&mut config);
        config.insert("rms_scaling".into(), false.into());
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let input = support::single(inputs)?;
        let shape: Shape = self.axes.resolve(input)?.iter().map(|&axis| input[axis]).collect();
        self.affine.build(weights, &shape)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let shape = x.shape();
        let axes = self.axes.resolve(&shape)?;
        if let Some(weight) = self.affine.any() {
            self.axes.check(weight, &shape)?;
        }
        let weights = weight_shape(&shape, &axes);
        let (mean, variance) = moments(&x, &axes)?;
        let normalized = x.sub(&mean)?.mul(&variance.add_scalar(self.epsilon)?.rsqrt()?)?;
        let y = self.affine.scaled(ctx, normalized, &weights)?;
        Ok(vec![match self.affine.beta(ctx, &weights)? {
            Some(beta) => y.add(&beta)?,
            None => y,
        }])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
