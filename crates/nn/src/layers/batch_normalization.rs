use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value, json};

use super::merge::like;
use super::normalizing::{Affine, Axes, moments, weight_shape};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::initializers::Initializer;
use crate::layer::{Layer, WeightBuilder, WeightSpec};
use crate::variable::Variable;

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta` for each index along `axis` (default: the last; a list of axes:
/// for each combination). In training, mean and (biased) variance are those of the batch, and the moving ones follow
/// them by `moving * momentum + batch * (1 - momentum)`, where steps of sequences that a mask leaves out do not count; in inference, and while the layer is frozen, they are the moving
/// ones. Ioffe and Szegedy (2015).
///
/// Weights, each of the length of the axis: `gamma` (unless `scale` is false), `beta` (unless `center` is false),
/// `moving_mean`, `moving_variance`. Defaults: momentum 0.99, epsilon 0.001.
pub struct BatchNormalization {
    axes: Axes,
    momentum: f64,
    epsilon: f64,
    affine: Affine,
    moving_mean_initializer: Rc<dyn Initializer>,
    moving_variance_initializer: Rc<dyn Initializer>,
    moving: Option<Moving>,
}

struct Moving {
    mean: Variable,
    variance: Variable,
}

impl FromOptions for BatchNormalization {
    const CLASS: &'static str = "BatchNormalization";

    fn from_options(options: &mut Options) -> Result<BatchNormalization> {
        let axes = Axes::read(options)?;
        let (momentum, epsilon) = (options.float("momentum", 0.99)?, options.float("epsilon", 1e-3)?);
        options.check("momentum", momentum, (0.0..=1.0).contains(&momentum), "from 0 to 1")?;
        options.check("epsilon", epsilon, epsilon >= 0.0, "at least 0")?;
        let affine = Affine::read(options)?;
        let moving_mean_initializer = support::read_initializer(options, "moving_mean_initializer", "zeros")?;
        let moving_variance_initializer = support::read_initializer(options, "moving_variance_initializer", "ones")?;
        // What Keras writes beside; `fused`, `virtual_batch_size` and `adjustment` are Keras 2's.
        options.unsupported(&["synchronized", "renorm", "renorm_clipping", "virtual_batch_size", "adjustment"])?;
        options.inert(&["renorm_momentum", "fused"])?;
        Ok(BatchNormalization {
            axes,
            momentum,
            epsilon,
            affine,
            moving_mean_initializer,
            moving_variance_initializer,
            moving: None,
        })
    }
}

impl Layer for BatchNormalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let options = json!({ "axis": self.axes.to_json(), "momentum": self.momentum, "epsilon": self.epsilon });
        let mut config = entries(options);
        self.affine.write(&mut config);
        config.insert("moving_mean_initializer".into(), self.moving_mean_initializer.to_json());
        config.insert("moving_variance_initializer".into(), self.moving_variance_initializer.to_json());
        config.insert("synchronized".into(), false.into());
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let input = support::single(inputs)?;
        let axes = self.axes.resolve(input)?;
        // One axis: a vector. Several: as Keras 2, the input's rank with 1 along the axes that are reduced.
        let shape = match axes[..] {
            [axis] => Shape::from([input[axis]]),
            _ => weight_shape(input, &axes),
        };
        self.affine.build(weights, &shape)?;
        let mut moving = |name, initializer: &Rc<dyn Initializer>| {
            let (shape, initializer) = (shape.clone(), &**initializer);
            let spec = WeightSpec {
                name,
                shape,
                dtype: DType::F32,
                initializer,
                trainable: false,
                regularizer: None,
                constraint: None,
            };
            weights.add(spec)
        };
        let mean = moving("moving_mean", &self.moving_mean_initializer)?;
        let variance = moving("moving_variance", &self.moving_variance_initializer)?;
        self.moving = Some(Moving { mean, variance });
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let moving = support::built(&self.moving)?;
        let shape = x.shape();
        self.axes.check(&moving.mean, &shape)?;
        let axes = self.axes.resolve(&shape)?;
        let weights = weight_shape(&shape, &axes);
        let (mean, variance) = if training {
            let reduced: Vec<usize> = (0..shape.rank()).filter(|axis| !axes.contains(axis)).collect();
            let (mean, variance) = match ctx.mask(&inputs[0]) {
                Some(mask) => masked_moments(&x, &mask, &reduced)?,
                None => moments(&x, &reduced)?,
            };
            for (variable, batch) in [(&moving.mean, &mean), (&moving.variance, &variance)] {
                let kept = ctx.read(variable).mul_scalar(self.momentum)?;
                let followed =
                    kept.add(&batch.reshape(variable.spec().shape.clone())?.mul_scalar(1.0 - self.momentum)?)?;
                ctx.assign(variable, &followed)?;
            }
            (mean, variance)
        } else {
            let read = |variable: &Variable| ctx.read(variable).reshape(weights.clone());
            (read(&moving.mean)?, read(&moving.variance)?)
        };
        let scale = self.affine.scaled(ctx, variance.add_scalar(self.epsilon)?.rsqrt()?, &weights)?;
        // In training the mean's gradient goes through `shift`, whose first term is 0: so it takes a multiplication by
        // the sum of the upstream gradient, which beta's gradient needs anyway, instead of a reduction of its own.
        let fixed = mean.stop_gradient()?;
        let centered = x.sub(&fixed)?;
        let mut y = centered.mul(&scale)?;
        let mut shift = training.then(|| fixed.sub(&mean)?.mul(&scale)).transpose()?;
        if let Some(beta) = self.affine.beta(ctx, &weights)? {
            shift = Some(match shift {
                Some(shift) => shift.add(&beta)?,
                None => beta,
            });
        }
        if let Some(shift) = shift {
            y = y.add(&shift)?;
        }
        Ok(vec![y])
    }

    fn frozen_means_inference(&self) -> bool {
        true
    }

    fn passes_mask(&self) -> bool {
        true
    }
}

/// Keras's epsilon: added to the number of elements that count.
const EPSILON: f64 = 1e-7;

/// Mean and biased variance along axes, which stay with length 1, of the steps that count.
fn masked_moments(x: &Sym, mask: &Sym, axes: &[usize]) -> Result<(Sym, Sym)> {
    let (shape, steps) = (x.shape(), mask.shape());
    if steps.rank() + 1 != shape.rank() {
        let message = format!("expected a mask of one axis less than the input, {shape}; received {steps}");
        return Err(Error::invalid(message));
    }
    let counts = like(mask, x)?;
    let zero = x.scalar_like(0.0);
    let number = counts.cast(DType::F32)?.sum(axes, true)?.add_scalar(EPSILON)?;
    let mean = counts.select(x, &zero)?.sum(axes, true)?.div(&number)?;
    let squares = counts.select(&x.sub(&mean)?, &zero)?.square()?;
    Ok((mean, squares.sum(axes, true)?.div(&number)?))
}
