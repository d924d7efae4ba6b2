//! What layers that normalize share: the axes, the moments, and `gamma` and `beta`, by which the result is scaled and
//! shifted.

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::support::{self, WeightKeys, WeightOptions};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::WeightBuilder;
use crate::variable::Variable;

const GAMMA: WeightKeys =
    WeightKeys { initializer: "gamma_initializer", regularizer: "gamma_regularizer", constraint: "gamma_constraint" };

const BETA: WeightKeys =
    WeightKeys { initializer: "beta_initializer", regularizer: "beta_regularizer", constraint: "beta_constraint" };

/// The option `axis`: one axis or several, the batch excluded. Default: the last.
pub struct Axes(Vec<i64>);

impl Axes {
    pub fn read(options: &mut Options) -> Result<Axes> {
        let axes = options.optional_ints("axis")?.unwrap_or_else(|| vec![-1]);
        options.check("axis", json!(axes), !axes.is_empty(), "an axis or a list of axes")?;
        Ok(Axes(axes))
    }

    /// The axes of an input, ascending, each once.
    pub fn resolve(&self, shape: &Shape) -> Result<Vec<usize>> {
        let mut axes = self.0.iter().map(|&axis| resolve(axis, shape)).collect::<Result<Vec<usize>>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }

    pub fn to_json(&self) -> Value {
        if let [axis] = self.0[..] { json!(axis) } else { json!(self.0) }
    }

    /// Fails unless inputs have as many elements along the axes as the weights.
    pub fn check(&self, weights: &Variable, shape: &Shape) -> Result<()> {
        let stored = weights.spec().shape.numel();
        let found: usize = self.resolve(shape)?.iter().map(|&axis| shape[axis]).product();
        if found == stored {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "expected inputs with {stored} features along axis {}, received shape {}; make a new layer for other inputs",
            self.to_json(),
            support::any_batch(shape)
        )))
    }
}

/// The axis of an input that an option means; the batch is none of those.
pub fn resolve(axis: i64, shape: &Shape) -> Result<usize> {
    let resolved = shape.axis(axis as isize).filter(|&axis| axis > 0);
    resolved.ok_or_else(|| {
        let shape = support::any_batch(shape);
        Error::invalid(format!("option 'axis' is {axis}, but inputs of shape {shape} have no such axis to normalize"))
    })
}

/// The shape in which weights of some axes meet an input: 1 along the others.
pub fn weight_shape(shape: &Shape, axes: &[usize]) -> Shape {
    shape.iter().enumerate().map(|(axis, &dim)| if axes.contains(&axis) { dim } else { 1 }).collect()
}

/// Mean and biased variance along axes, which stay with length 1.
pub fn moments(x: &Sym, axes: &[usize]) -> Result<(Sym, Sym)> {
    let mean = x.mean(axes, true)?;
    // The variance's gradient with regard to the mean is zero.
    let variance = x.sub(&mean.stop_gradient()?)?.square()?.mean(axes, true)?;
    Ok((mean, variance))
}

/// `gamma` (unless `scale` is false) and `beta` (unless `center` is false).
pub struct Affine {
    scale: bool,
    center: bool,
    gamma_options: WeightOptions,
    beta_options: WeightOptions,
    gamma: Option<Variable>,
    beta: Option<Variable>,
}

impl Affine {
    pub fn read(options: &mut Options) -> Result<Affine> {
        Ok(Affine {
            scale: options.bool("scale", true)?,
            center: options.bool("center", true)?,
            gamma_options: WeightOptions::read(options, &GAMMA, "ones")?,
            beta_options: WeightOptions::read(options, &BETA, "zeros")?,
            gamma: None,
            beta: None,
        })
    }

    pub fn write(&self, config: &mut Map<String, Value>) {
        config.insert("center".into(), self.center.into());
        config.insert("scale".into(), self.scale.into());
        self.beta_options.write(&BETA, config);
        self.gamma_options.write(&GAMMA, config);
    }

    pub fn build(&mut self, weights: &mut WeightBuilder<'_>, shape: &Shape) -> Result<()> {
        let mut add = |wanted: bool, options: &WeightOptions, name| {
            wanted.then(|| options.add(weights, name, shape.clone())).transpose()
        };
        self.gamma = add(self.scale, &self.gamma_options, "gamma")?;
        self.beta = add(self.center, &self.beta_options, "beta")?;
        Ok(())
    }

    /// Either weight, if there is one.
    pub fn any(&self) -> Option<&Variable> {
        self.gamma.as_ref().or(self.beta.as_ref())
    }

    /// `factor gamma`, where `gamma` has the given shape.
    pub fn scaled(&self, ctx: &Context, factor: Sym, shape: &Shape) -> Result<Sym> {
        match &self.gamma {
            Some(gamma) => Ok(factor.mul(&ctx.read(gamma).reshape(shape.clone())?)?),
            None => Ok(factor),
        }
    }

    /// `beta` in the given shape, if there is one.
    pub fn beta(&self, ctx: &Context, shape: &Shape) -> Result<Option<Sym>> {
        Ok(self.beta.as_ref().map(|beta| ctx.read(beta).reshape(shape.clone())).transpose()?)
    }
}
