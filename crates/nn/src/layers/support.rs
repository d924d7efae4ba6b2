//! What layers share: their inputs, their weights' options, options that every layer has.

use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value};

use crate::activations::{self, Activation};
use crate::config::Options;
use crate::constraints::{self, Constraint};
use crate::error::{Error, Result};
use crate::initializers::{self, Initializer};
use crate::layer::{WeightBuilder, WeightSpec};
use crate::regularizers::{self, Regularizer};
use crate::variable::Variable;

/// The only input of a layer that takes one.
pub fn single<T>(inputs: &[T]) -> Result<&T> {
    match inputs {
        [input] => Ok(input),
        _ => {
            Err(Error::invalid(format!("expected one input, received {}; call the layer once an input", inputs.len())))
        }
    }
}

/// The tensor as float32; integers and truth values are converted, as layers that compute need them.
pub fn to_float(x: &Sym) -> Result<Sym> {
    Ok(x.cast(DType::F32)?)
}

/// A weight, or several, that `build` has made.
pub fn built<T>(weights: &Option<T>) -> Result<&T> {
    weights.as_ref().ok_or_else(|| Error::invalid("the layer has no weights yet; build it before it is called"))
}

/// `[batch, 28, 28]`: a shape whose first axis may have any length.
pub fn any_batch(shape: &Shape) -> String {
    let dims: Vec<String> = shape.iter().skip(1).map(usize::to_string).collect();
    format!("[{}]", std::iter::once("batch".to_string()).chain(dims).collect::<Vec<_>>().join(", "))
}

/// How a weight starts and what training does to it.
#[derive(Clone)]
pub struct WeightOptions {
    pub initializer: Rc<dyn Initializer>,
    pub regularizer: Option<Rc<dyn Regularizer>>,
    pub constraint: Option<Rc<dyn Constraint>>,
}

/// The names of a weight's three options.
pub struct WeightKeys {
    pub initializer: &'static str,
    pub regularizer: &'static str,
    pub constraint: &'static str,
}

impl WeightOptions {
    pub fn read(options: &mut Options, keys: &WeightKeys, initializer: &str) -> Result<WeightOptions> {
        Ok(WeightOptions {
            initializer: read_initializer(options, keys.initializer, initializer)?,
            regularizer: regularizer(options, keys.regularizer)?,
            constraint: options.nested(keys.constraint, constraints::deserialize)?.flatten(),
        })
    }

    /// Makes a trainable float32 weight.
    pub fn add(&self, weights: &mut WeightBuilder<'_>, name: &str, shape: impl Into<Shape>) -> Result<Variable> {
        weights.add(WeightSpec {
            name,
            shape: shape.into(),
            dtype: DType::F32,
            initializer: &*self.initializer,
            trainable: true,
            regularizer: self.regularizer.clone(),
            constraint: self.constraint.clone(),
        })
    }

    pub fn write(&self, keys: &WeightKeys, config: &mut Map<String, Value>) {
        let regularizer = self.regularizer.as_ref().map(|regularizer| regularizer.to_json());
        let constraint = self.constraint.as_ref().map(|constraint| constraint.to_json());
        config.insert(keys.initializer.into(), self.initializer.to_json());
        config.insert(keys.regularizer.into(), regularizer.into());
        config.insert(keys.constraint.into(), constraint.into());
    }
}

pub fn read_initializer(options: &mut Options, name: &'static str, default: &str) -> Result<Rc<dyn Initializer>> {
    match options.nested(name, initializers::deserialize)? {
        Some(initializer) => Ok(initializer),
        None => initializers::create(default, &Value::Null),
    }
}

pub fn regularizer(options: &mut Options, name: &'static str) -> Result<Option<Rc<dyn Regularizer>>> {
    Ok(options.nested(name, regularizers::deserialize)?.flatten())
}

/// An activation; linear if none is given.
pub fn activation(options: &mut Options, name: &'static str) -> Result<Rc<dyn Activation>> {
    match options.nested(name, activations::deserialize)? {
        Some(activation) => Ok(activation),
        None => activations::deserialize(&Value::Null),
    }
}

/// The shape of a model's inputs as its first layer may tell it: `input_shape` and `input_dim` without the batch axis,
/// `batch_input_shape` and `batch_shape` with it.
pub fn input_shape(options: &mut Options) -> Result<Option<Vec<Option<usize>>>> {
    let shape = options.optional_shape("input_shape")?;
    let dim = options.optional_size("input_dim")?;
    let keras2 = options.optional_shape("batch_input_shape")?;
    let batch_shape = options.optional_shape("batch_shape")?;
    let batch = options.optional_positive("batch_size")?;
    let tail = shape.or_else(|| dim.map(|dim| vec![Some(dim)]));
    let with_batch = tail.map(|tail| std::iter::once(batch).chain(tail).collect());
    Ok(with_batch.or(keras2).or(batch_shape))
}

/// Layers compute in float32: a `dtype` that says anything else is an error.
pub fn check_dtype_policy(options: &mut Options) -> Result<()> {
    let Some(value) = options.value("dtype")? else { return Ok(()) };
    let name = value.pointer("/config/name").unwrap_or(&value);
    if name == "float32" {
        return Ok(());
    }
    Err(options.error(format!("option 'dtype' must be 'float32', in which layers compute; received {value}")))
}
