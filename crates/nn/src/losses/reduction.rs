//! From the losses of the samples to one number.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::config::Options;
use crate::error::{Error, Result};
use crate::names::fold;

/// How the losses of the samples, times their weights, become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum divided by their number, whatever the weights.
    SumOverBatchSize,
    /// The same as `SumOverBatchSize`.
    Mean,
    /// Their sum.
    Sum,
    /// Their sum divided by the sum of the weights; 0 if that is 0.
    MeanWithSampleWeight,
    /// They stay one number a sample.
    None,
}

const ALL: [Reduction; 5] =
    [Reduction::SumOverBatchSize, Reduction::Mean, Reduction::Sum, Reduction::MeanWithSampleWeight, Reduction::None];

impl Reduction {
    /// The name Keras uses.
    pub fn name(self) -> &'static str {
        match self {
            Reduction::SumOverBatchSize => "sum_over_batch_size",
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
            Reduction::MeanWithSampleWeight => "mean_with_sample_weight",
            Reduction::None => "none",
        }
    }

    /// Reads the option `reduction`; `auto`, as Keras 2 wrote it, is the default.
    pub fn read(options: &mut Options) -> Result<Reduction> {
        let given = options.string("reduction", "sum_over_batch_size")?;
        if given == "auto" {
            return Ok(Reduction::SumOverBatchSize);
        }
        ALL.into_iter().find(|reduction| fold(reduction.name()) == fold(&given)).ok_or_else(|| {
            let known = ALL.map(Reduction::name).join(", ");
            options.error(format!("option 'reduction' must be one of {known}; received '{given}'"))
        })
    }
}

/// Weighs and reduces values (float32, any shape).
///
/// `sample_weight` has the shape of the values, give or take a last axis of length 1. Where `mask` (bool, likewise) is
/// false, a value counts nothing: means are then taken over the others.
pub fn reduce(values: &Sym, sample_weight: Option<&Sym>, mask: Option<&Sym>, reduction: Reduction) -> Result<Sym> {
    let weight = match (sample_weight, mask) {
        (None, None) => None,
        (Some(weight), None) => Some(same_shape(weight, values)?),
        (None, Some(mask)) => Some(mask_weights(&same_shape(mask, values)?, reduction)?),
        (Some(weight), Some(mask)) => {
            let mask = mask_weights(&same_shape(mask, values)?, reduction)?;
            Some(same_shape(weight, values)?.mul(&mask)?)
        }
    };
    let weighted = match &weight {
        Some(weight) => values.mul(weight)?,
        None => values.clone(),
    };
    match (reduction, weight) {
        (Reduction::None, _) => Ok(weighted),
        (Reduction::Sum, _) => Ok(weighted.sum_all()?),
        (Reduction::MeanWithSampleWeight, Some(weight)) => {
            let (sum, weights) = (weighted.sum_all()?, weight.sum_all()?);
            let nothing = weights.equal(&weights.scalar_like(0.0))?;
            let divisor = nothing.select(&weights.scalar_like(1.0), &weights)?;
            Ok(nothing.select(&sum.scalar_like(0.0), &sum.div(&divisor)?)?)
        }
        _ => Ok(weighted.mean_all()?),
    }
}

/// A mask (bool) as weights (float32). For means these are scaled up, so that dividing by the number of all values is
/// dividing by that of the values that count.
pub fn mask_weights(mask: &Sym, reduction: Reduction) -> Result<Sym> {
    let weights = mask.cast(DType::F32)?;
    if !matches!(reduction, Reduction::SumOverBatchSize | Reduction::Mean) {
        return Ok(weights);
    }
    let total = mask.shape().numel() as f64;
    // Where nothing counts all weights are 0, whatever they are scaled by.
    let valid = weights.sum_all()?.maximum_scalar(1.0)?;
    Ok(weights.mul(&valid.scalar_like(total).div(&valid)?)?)
}

/// Weights with the shape of the values.
fn same_shape(weight: &Sym, values: &Sym) -> Result<Sym> {
    let (shape, wanted) = (weight.shape(), values.shape());
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    if shape == wanted {
        return Ok(weight.clone());
    }
    if shape.rank() == 0 {
        return Ok(weight.broadcast_to(wanted)?);
    }
    if squeezed(&shape, &wanted) || squeezed(&wanted, &shape) {
        return Ok(weight.reshape(wanted)?);
    }
    let message = format!("sample weights must have the shape of the losses, {wanted}; received {shape}");
    Err(Error::invalid(message))
}
