//! Metrics that are a mean over samples.

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Map, Value};

use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::names::snake_case;
use crate::variable::Variable;

/// A value of each sample whose mean is a metric.
pub trait Values {
    /// The class name Keras uses.
    fn class_name(&self) -> &'static str;

    /// The metric's own options as Keras serializes them.
    fn config(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The name unless one is given.
    fn default_name(&self) -> String {
        snake_case(self.class_name())
    }

    /// The values (float32), of any shape whose first axis is the batch.
    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym>;

    /// Which values count (bool); `None` if all do.
    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        let _ = (y_true, y_pred);
        Ok(None)
    }

    /// See [`Metric::heeds_mask`].
    fn heeds_mask(&self) -> bool {
        true
    }

    /// `{ class_name, config }` of the metric, as Keras serializes it.
    fn to_json(&self, name: &str) -> Value {
        serialized(self.class_name(), name, self.config())
    }

    /// The metric, from the mean of the values.
    fn finish(&self, mean: &Sym) -> Result<Sym> {
        Ok(mean.clone())
    }
}

/// The mean over all samples so far of a value, weighed by the sample weights: `total / count`, 0 before the first
/// sample. A batch that is not full counts by its samples.
pub struct Mean<V> {
    values: V,
    name: String,
    total: Variable,
    count: Variable,
}

impl<V: Values + 'static> Mean<V> {
    /// A metric with a name in logs.
    pub fn new(values: V, name: impl Into<String>) -> Mean<V> {
        let zero = |name: &str| Variable::new(name, Tensor::scalar_f32(0.0));
        Mean { values, name: name.into(), total: zero("total"), count: zero("count") }
    }

    /// Reads the option `name`, the last one.
    pub fn read(values: V, options: Options) -> Result<Box<dyn Metric>> {
        let name = read_name(options, &values.default_name())?;
        Ok(Box::new(Mean::new(values, name)))
    }
}

impl<V: Values> Metric for Mean<V> {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        self.values.to_json(&self.name)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let values = self.values.values(y_true, y_pred)?;
        let mask = self.values.mask(y_true, y_pred)?;
        let (total, count) = weighted(&values, sample_weight, mask.as_ref())?;
        ctx.assign(&self.total, &ctx.read(&self.total).add(&total)?)?;
        ctx.assign(&self.count, &ctx.read(&self.count).add(&count)?)
    }

    fn heeds_mask(&self) -> bool {
        self.values.heeds_mask()
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        self.values.finish(&divide_no_nan(&ctx.read(&self.total), &ctx.read(&self.count))?)
    }

    fn variables(&self) -> Vec<Variable> {
        vec![self.total.clone(), self.count.clone()]
    }
}

/// The weighted sum of the samples' values and the sum of the weights, both float32 scalars. A sample whose value has
/// axes besides the batch's counts by its mean.
fn weighted(values: &Sym, sample_weight: Option<&Sym>, mask: Option<&Sym>) -> Result<(Sym, Sym)> {
    let mask = mask.map(|mask| mask.cast(DType::F32)).transpose()?;
    let weight = match (sample_weight, mask) {
        (None, None) => None,
        (Some(weight), None) => Some(weight.cast(DType::F32)?),
        (None, Some(mask)) => Some(mask),
        (Some(weight), Some(mask)) => Some(weight.cast(DType::F32)?.mul(&mask)?),
    };
    let Some(weight) = weight else {
        let samples = values.shape().first().copied().unwrap_or(1);
        return Ok((per_sample(values)?.sum_all()?, values.scalar_like(samples as f64)));
    };
    let (mut values, mut weight) = (values.clone(), weight);
    let (shape, given) = (values.shape(), weight.shape());
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    if squeezed(&given, &shape) || (squeezed(&shape, &given) && given.rank() > 1) {
        weight = weight.reshape(shape.clone())?;
    }
    // One weight for several values is the weight of their mean.
    let inner: Vec<usize> = (weight.rank()..values.rank()).collect();
    values = values.mean(&inner, false)?;
    if given.rank() > 0 && given[0] != values.shape().first().copied().unwrap_or(1) {
        let message = format!("sample weights must have the shape of the values, {shape}, or of its first axes");
        return Err(Error::invalid(format!("{message}; received {given}")));
    }
    weight = weight.broadcast_to(values.shape())?;
    let total = per_sample(&values.mul(&weight)?)?.sum_all()?;
    Ok((total, per_sample(&weight)?.sum_all()?))
}

/// The mean over all axes but the first.
fn per_sample(values: &Sym) -> Result<Sym> {
    Ok(values.mean(&(1..values.rank()).collect::<Vec<_>>(), false)?)
}

/// `a / b`, and 0 where `b` is 0.
pub(super) fn divide_no_nan(a: &Sym, b: &Sym) -> Result<Sym> {
    let zero = b.equal(&b.scalar_like(0.0))?;
    let divisor = zero.select(&b.scalar_like(1.0), b)?;
    Ok(zero.select(&a.scalar_like(0.0), &a.div(&divisor)?)?)
}
