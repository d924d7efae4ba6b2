use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value, json};

use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::initializers::Initializer;
use crate::layer::{Layer, WeightBuilder, WeightSpec};
use crate::variable::Variable;

const GAMMA: WeightKeys =
    WeightKeys { initializer: "gamma_initializer", regularizer: "gamma_regularizer", constraint: "gamma_constraint" };

const BETA: WeightKeys =
    WeightKeys { initializer: "beta_initializer", regularizer: "beta_regularizer", constraint: "beta_constraint" };

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta` for each index along `axis` (default: the last; a list of axes:
/// for each combination). In training, mean and (biased) variance are those of the batch, and the moving ones follow
/// them by `moving * momentum + batch * (1 - momentum)`; in inference, and while the layer is frozen, they are the moving
/// ones. Ioffe and Szegedy (2015).
///
/// Weights, each of the length of the axis: `gamma` (unless `scale` is false), `beta` (unless `center` is false),
/// `moving_mean`, `moving_variance`. Defaults: momentum 0.99, epsilon 0.001.
pub struct BatchNormalization {
    axis: Vec<i64>,
    momentum: f64,
    epsilon: f64,
    gamma_options: Option<WeightOptions>,
    beta_options: Option<WeightOptions>,
    moving_mean_initializer: Rc<dyn Initializer>,
    moving_variance_initializer: Rc<dyn Initializer>,
    /// What a layer without gamma or beta writes into its config for them.
    unused: Map<String, Value>,
    built: Option<Built>,
}

struct Built {
    gamma: Option<Variable>,
    beta: Option<Variable>,
    moving_mean: Variable,
    moving_variance: Variable,
}

impl FromOptions for BatchNormalization {
    const CLASS: &'static str = "BatchNormalization";

    fn from_options(options: &mut Options) -> Result<BatchNormalization> {
        let axis = options.optional_ints("axis")?.unwrap_or_else(|| vec![-1]);
        let (momentum, epsilon) = (options.float("momentum", 0.99)?, options.float("epsilon", 1e-3)?);
        options.check("axis", json!(axis), !axis.is_empty(), "an axis or a list of axes")?;
        options.check("momentum", momentum, (0.0..=1.0).contains(&momentum), "from 0 to 1")?;
        options.check("epsilon", epsilon, epsilon >= 0.0, "at least 0")?;
        let mut unused = Map::new();
        let mut weight = |options: &mut Options, used: bool, keys: &WeightKeys, initializer| {
            let weight = WeightOptions::read(options, keys, initializer)?;
            if !used {
                weight.write(keys, &mut unused);
            }
            Ok::<_, Error>(used.then_some(weight))
        };
        let (center, scale) = (options.bool("center", true)?, options.bool("scale", true)?);
        let beta_options = weight(options, center, &BETA, "zeros")?;
        let gamma_options = weight(options, scale, &GAMMA, "ones")?;
        let moving_mean_initializer = support::read_initializer(options, "moving_mean_initializer", "zeros")?;
        let moving_variance_initializer = support::read_initializer(options, "moving_variance_initializer", "ones")?;
        // What Keras writes beside; `fused`, `virtual_batch_size` and `adjustment` are Keras 2's.
        options.unsupported(&["synchronized", "renorm", "renorm_clipping", "virtual_batch_size", "adjustment"])?;
        options.inert(&["renorm_momentum", "fused"])?;
        Ok(BatchNormalization {
            axis,
            momentum,
            epsilon,
            gamma_options,
            beta_options,
            moving_mean_initializer,
            moving_variance_initializer,
            unused,
            built: None,
        })
    }
}

impl BatchNormalization {
    /// The axes that are normalized one index at a time, ascending.
    fn axes(&self, shape: &Shape) -> Result<Vec<usize>> {
        let resolve = |&axis: &i64| {
            let resolved = shape.axis(axis as isize).filter(|&axis| axis > 0);
            resolved.ok_or_else(|| {
                let shape = support::any_batch(shape);
                Error::invalid(format!(
                    "option 'axis' is {axis}, but inputs of shape {shape} have no such axis to normalize"
                ))
            })
        };
        let mut axes = self.axis.iter().map(resolve).collect::<Result<Vec<usize>>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }

    /// The shape in which weights meet an input of the given shape: 1 along the axes that are reduced.
    fn weight_shape(shape: &Shape, axes: &[usize]) -> Shape {
        shape.iter().enumerate().map(|(axis, &dim)| if axes.contains(&axis) { dim } else { 1 }).collect()
    }

    /// Mean and variance of the batch, in the weights' shape. No gradient flows through the returned mean; the
    /// variance's gradient with regard to it is zero.
    fn batch_moments(x: &Sym, reduced: &[usize]) -> Result<(Sym, Sym)> {
        let mean = x.mean(reduced, true)?;
        let variance = x.sub(&mean.stop_gradient()?)?.square()?.mean(reduced, true)?;
        Ok((mean, variance))
    }
}

impl Layer for BatchNormalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let axis = if let [axis] = self.axis[..] { json!(axis) } else { json!(self.axis) };
        let mut config = entries(json!({
            "axis": axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.beta_options.is_some(),
            "scale": self.gamma_options.is_some(),
        }));
        if let Some(beta) = &self.beta_options {
            beta.write(&BETA, &mut config);
        }
        if let Some(gamma) = &self.gamma_options {
            gamma.write(&GAMMA, &mut config);
        }
        config.extend(self.unused.clone());
        config.insert("moving_mean_initializer".into(), self.moving_mean_initializer.to_json());
        config.insert("moving_variance_initializer".into(), self.moving_variance_initializer.to_json());
        config.insert("synchronized".into(), false.into());
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let input = support::single(inputs)?;
        let axes = self.axes(input)?;
        // One axis: a vector. Several: as Keras 2, the input's rank with 1 along the axes that are reduced.
        let shape = match axes[..] {
            [axis] => Shape::from([input[axis]]),
            _ => Self::weight_shape(input, &axes),
        };
        let mut trained = |options: &Option<WeightOptions>, name| {
            options.as_ref().map(|options| options.add(weights, name, shape.clone())).transpose()
        };
        let gamma = trained(&self.gamma_options, "gamma")?;
        let beta = trained(&self.beta_options, "beta")?;
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
        let moving_mean = moving("moving_mean", &self.moving_mean_initializer)?;
        let moving_variance = moving("moving_variance", &self.moving_variance_initializer)?;
        self.built = Some(Built { gamma, beta, moving_mean, moving_variance });
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let Some(Built { gamma, beta, moving_mean, moving_variance }) = &self.built else {
            return Err(Error::invalid("the layer has no weights yet; build it before it is called"));
        };
        let shape = x.shape();
        let axes = self.axes(&shape)?;
        let weight_shape = Self::weight_shape(&shape, &axes);
        let stored = &moving_mean.spec().shape;
        if weight_shape.numel() != stored.numel() {
            let message = format!(
                "expected inputs with {} features along axis {}, received shape {}; make a new layer for other inputs",
                stored.numel(),
                if let [axis] = self.axis[..] { json!(axis) } else { json!(self.axis) },
                support::any_batch(&shape)
            );
            return Err(Error::invalid(message));
        }
        let read = |variable: &Variable| ctx.read(variable).reshape(weight_shape.clone());
        let (mean, variance) = if training {
            let reduced: Vec<usize> = (0..shape.rank()).filter(|axis| !axes.contains(axis)).collect();
            let (mean, variance) = Self::batch_moments(&x, &reduced)?;
            for (variable, batch) in [(moving_mean, &mean), (moving_variance, &variance)] {
                let kept = ctx.read(variable).mul_scalar(self.momentum)?;
                let followed = kept.add(&batch.reshape(stored.clone())?.mul_scalar(1.0 - self.momentum)?)?;
                ctx.assign(variable, &followed)?;
            }
            (mean, variance)
        } else {
            (read(moving_mean)?, read(moving_variance)?)
        };
        let mut scale = variance.add_scalar(self.epsilon)?.rsqrt()?;
        if let Some(gamma) = gamma {
            scale = scale.mul(&read(gamma)?)?;
        }
        // In training the mean's gradient goes through `shift`, whose first term is 0: so it takes a multiplication by
        // the sum of the upstream gradient, which beta's gradient needs anyway, instead of a reduction of its own.
        let fixed = mean.stop_gradient()?;
        let centered = x.sub(&fixed)?;
        let mut y = centered.mul(&scale)?;
        let mut shift = training.then(|| fixed.sub(&mean)?.mul(&scale)).transpose()?;
        if let Some(beta) = beta {
            let beta = read(beta)?;
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
}
