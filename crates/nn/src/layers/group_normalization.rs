use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::normalizing::{Affine, moments, resolve};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::{Layer, WeightBuilder};

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta` with mean and variance of each sample over the channels of a
/// group and all other axes. Wu and He (2018).
///
/// `axis` (default: the last) holds the channels, which are divided into `groups` (default 32) of equal size, one after
/// the other; -1: each channel is a group (instance normalization). Weights, one number a channel: `gamma` (unless
/// `scale` is false), `beta` (unless `center` is false). Default: epsilon 0.001.
pub struct GroupNormalization {
    /// `None`: as many as channels.
    groups: Option<usize>,
    axis: i64,
    epsilon: f64,
    affine: Affine,
}

impl FromOptions for GroupNormalization {
    const CLASS: &'static str = "GroupNormalization";

    fn from_options(options: &mut Options) -> Result<GroupNormalization> {
        let (groups, axis) = (options.int("groups", 32)?, options.int("axis", -1)?);
        options.check("groups", groups, groups > 0 || groups == -1, "at least 1, or -1 for one group a channel")?;
        let epsilon = options.not_negative("epsilon", 1e-3)?;
        let affine = Affine::read(options)?;
        Ok(GroupNormalization { groups: usize::try_from(groups).ok(), axis, epsilon, affine })
    }
}

impl GroupNormalization {
    /// The axis of the channels and the number of groups for inputs of a shape.
    fn groups(&self, shape: &Shape) -> Result<(usize, usize)> {
        let axis = resolve(self.axis, shape)?;
        let channels = shape[axis];
        let groups = self.groups.unwrap_or(channels).max(1);
        if !channels.is_multiple_of(groups) || channels == 0 {
            return Err(Error::invalid(format!(
                "option 'groups' must divide the number of channels, {channels} along axis {} of inputs of shape {}; \
                 received {groups}",
                self.axis,
                support::any_batch(shape)
            )));
        }
        Ok((axis, groups))
    }
}

impl Layer for GroupNormalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let groups = self.groups.map_or(json!(-1), |groups| json!(groups));
        let mut config = entries(json!({ "groups": groups, "axis": self.axis, "epsilon": self.epsilon }));
        self.affine.write(&mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let input = support::single(inputs)?;
        let (axis, _) = self.groups(input)?;
        self.affine.build(weights, &Shape::from([input[axis]]))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let shape = x.shape();
        let (axis, groups) = self.groups(&shape)?;
        if let Some(weight) = self.affine.any().filter(|weight| weight.spec().shape[0] != shape[axis]) {
            let (stored, received) = (&weight.spec().shape, support::any_batch(&shape));
            return Err(Error::invalid(format!(
                "expected inputs with {} channels along axis {}, received shape {received}; make a new layer for other \
                 inputs",
                stored[0], self.axis
            )));
        }
        // The axis of the channels becomes two: groups, and the channels of one.
        let mut grouped = shape.to_vec();
        grouped.splice(axis..=axis, [groups, shape[axis] / groups]);
        let mut weights = vec![1; grouped.len()];
        weights[axis..=axis + 1].copy_from_slice(&grouped[axis..=axis + 1]);
        let weights = Shape::from(weights);
        let reduced: Vec<usize> = (1..grouped.len()).filter(|&other| other != axis).collect();
        let x = x.reshape(grouped)?;
        let (mean, variance) = moments(&x, &reduced)?;
        let normalized = x.sub(&mean)?.mul(&variance.add_scalar(self.epsilon)?.rsqrt()?)?;
        let mut y = self.affine.scaled(ctx, normalized, &weights)?;
        if let Some(beta) = self.affine.beta(ctx, &weights)? {
            y = y.add(&beta)?;
        }
        Ok(vec![y.reshape(shape)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
