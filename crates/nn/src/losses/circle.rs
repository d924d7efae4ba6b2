//! Distances between embeddings: small within a class, large between classes.

use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::{Error, Result};
use crate::losses::sparse_categorical_crossentropy::labels;
use crate::losses::{LossFunction, Targets};

const CLASS: &str = "Circle";

/// The circle loss (Sun et al. 2020) of each sample of a batch against all of it, by the cosine distances `d`:
/// `softplus(log(sum(exp(gamma (m + d) (d - m)))) + log(sum(exp(gamma (1 + m - d) (1 - m - d)))))`, the first sum over
/// samples of the same class, the second over the others; factors `1 + m - d` below 0 count as 0.
///
/// Predictions `[n, size]`, rows of length 1 (a layer `UnitNormalization`); labels `[n]` or `[n, 1]`, any integers. As in
/// Keras, samples without a loss do not count in means: those that lack another of their class or one of another class.
struct Circle {
    gamma: f64,
    margin: f64,
    remove_diagonal: bool,
}

/// Options: `gamma` (80), `margin` (0.4), `remove_diagonal` (true: a sample is not compared with itself).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    let gamma = options.float("gamma", 80.0)?;
    let margin = options.float("margin", 0.4)?;
    let remove_diagonal = options.bool("remove_diagonal", true)?;
    Ok(Box::new(Circle { gamma, margin, remove_diagonal }))
}

/// `log(sum(exp(values)))` of each row over what a mask keeps, and whether it keeps anything; 0 where it does not.
fn masked_log_sum(values: &Sym, mask: &Sym) -> Result<(Sym, Sym)> {
    let lowest = values.scalar_like(f64::from(f32::MIN));
    let largest = mask.select(values, &lowest)?.max(&[1], true)?.stop_gradient()?;
    let zero = values.scalar_like(0.0);
    // What is left out is replaced before it is exponentiated: infinite numbers have no gradient.
    let shifted = mask.select(&values.sub(&largest)?, &zero)?;
    let sum = mask.select(&shifted.exp()?, &zero)?.sum(&[1], false)?;
    let any = sum.greater(&sum.scalar_like(0.0))?;
    let log = any.select(&sum, &sum.scalar_like(1.0))?.log()?;
    let log_sum = log.add(&largest.reshape(sum.shape())?)?;
    Ok((any.select(&log_sum, &sum.scalar_like(0.0))?, any))
}

impl LossFunction for Circle {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("gamma".into(), json!(self.gamma)),
            ("margin".into(), json!(self.margin)),
            ("remove_diagonal".into(), json!(self.remove_diagonal)),
        ])
    }

    fn targets(&self) -> Targets {
        Targets::Groups
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let shape = y_pred.shape();
        let [n, _] = shape[..] else {
            return Err(Error::config(CLASS, format!("expected predictions [samples, size], received {shape}")));
        };
        let labels = labels(CLASS, y_true, y_pred)?;
        let (of_row, of_column) = (labels.reshape([n, 1])?, labels.reshape([1, n])?);
        let (same, others) = (of_row.equal(&of_column)?, of_row.not_equal(&of_column)?);
        let tracer = y_pred.tracer();
        let (row, column) = (tracer.iota([n, n], 0, DType::I32)?, tracer.iota([n, n], 1, DType::I32)?);
        let same = if self.remove_diagonal { same.and(&row.not_equal(&column)?)? } else { same };

        let m = self.margin;
        let distance = y_pred.mat_mul(&y_pred.transpose(&[1, 0])?)?.neg()?.add_scalar(1.0)?.maximum_scalar(0.0)?;
        let within = distance.add_scalar(m)?.maximum_scalar(0.0)?.mul(&distance.sub_scalar(m)?)?;
        let away = distance.neg()?.add_scalar(1.0 + m)?.maximum_scalar(0.0)?;
        let between = away.mul(&distance.neg()?.add_scalar(1.0 - m)?)?;
        let (within, has_same) = masked_log_sum(&within.mul_scalar(self.gamma)?, &same)?;
        let (between, has_others) = masked_log_sum(&between.mul_scalar(self.gamma)?, &others)?;
        let loss = within.add(&between)?.softplus()?;
        Ok(has_same.and(&has_others)?.select(&loss, &loss.scalar_like(0.0))?)
    }

    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        // The same nodes of the graph: nothing is computed twice.
        let losses = self.per_sample(y_true, y_pred)?;
        Ok(Some(losses.greater(&losses.scalar_like(0.0))?))
    }
}
