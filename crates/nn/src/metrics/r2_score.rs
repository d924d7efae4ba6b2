//! How much of the variance of the targets predictions explain.

use std::cell::OnceCell;

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Value, json};

use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::metrics::weights::weights_like;
use crate::variable::Variable;

const CLASS: &str = "R2Score";

/// How the scores of the outputs become one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Aggregation {
    None,
    /// Their mean.
    Uniform,
    /// Their mean, weighed by the variances of the targets.
    Variance,
}

/// The coefficient of determination `1 - sum((t - y)^2) / sum((t - mean(t))^2)` of each output: 1 if predictions are
/// exact, 0 if they are no better than the mean of the targets. An infinite score counts as 0. Targets and predictions
/// are `[batch, outputs]`.
///
/// With `num_regressors` `p` the result `r` is adjusted: `1 - (1 - r) (n - 1) / (n - p - 1)`, where `n` is the number of
/// all targets, unless `n - 1` is `p` or less.
struct R2Score {
    name: String,
    /// As it is serialized.
    aggregation: Option<&'static str>,
    how: Aggregation,
    num_regressors: i64,
    num_samples: Variable,
    /// Made when the number of outputs is known.
    sums: OnceCell<Sums>,
}

/// Sums over the samples, float32 `[outputs]`.
struct Sums {
    /// Of the squares of the targets.
    squared_sum: Variable,
    /// Of the targets.
    sum: Variable,
    /// Of the squared errors.
    residual: Variable,
    /// Of the weights.
    count: Variable,
}

/// Options: `class_aggregation` (`uniform_average`; `variance_weighted_average`, `null`: none), `num_regressors` (0).
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let none = options.is_null("class_aggregation");
    let choices = [
        ("uniform_average", (Aggregation::Uniform, "uniform_average")),
        ("variance_weighted_average", (Aggregation::Variance, "variance_weighted_average")),
    ];
    let (how, word) = options.choice("class_aggregation", &choices, choices[0].1)?;
    let (how, aggregation) = if none { (Aggregation::None, None) } else { (how, Some(word)) };
    let num_regressors = options.int("num_regressors", 0)?;
    options.check("num_regressors", num_regressors, num_regressors >= 0, "at least 0")?;
    let name = read_name(options, "r2_score")?;
    let num_samples = Variable::new("num_samples", Tensor::scalar_i32(0));
    Ok(Box::new(R2Score { name, aggregation, how, num_regressors, num_samples, sums: OnceCell::new() }))
}

impl R2Score {
    fn sums_of(&self, outputs: usize) -> Result<&Sums> {
        let zeros = |name: &str| Variable::new(name, Tensor::zeros([outputs], DType::F32));
        let sums = self.sums.get_or_init(|| Sums {
            squared_sum: zeros("squared_sum"),
            sum: zeros("sum"),
            residual: zeros("residual"),
            count: zeros("count"),
        });
        let known = sums.sum.spec().shape[0];
        if known != outputs {
            let message = format!("predictions must have {known} outputs, as before; received {outputs}");
            return Err(Error::config(CLASS, message));
        }
        Ok(sums)
    }

    fn adjusted(&self, ctx: &Context, score: Sym) -> Result<Sym> {
        if self.num_regressors == 0 {
            return Ok(score);
        }
        let regressors = self.num_regressors as f64;
        let samples = ctx.read(&self.num_samples).cast(DType::F32)?;
        let free = samples.sub_scalar(regressors + 1.0)?;
        let possible = free.greater(&free.scalar_like(0.0))?;
        let unexplained = score.scalar_like(1.0).sub(&score)?.mul(&samples.sub_scalar(1.0)?)?;
        let divisor = possible.select(&free, &free.scalar_like(1.0))?;
        let adjusted = unexplained.scalar_like(1.0).sub(&unexplained.div(&divisor)?)?;
        Ok(possible.select(&adjusted, &score)?)
    }
}

impl Metric for R2Score {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let own = [("class_aggregation", json!(self.aggregation)), ("num_regressors", json!(self.num_regressors))];
        serialized(CLASS, &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let shape = y_pred.shape();
        let &[_, outputs] = &shape[..] else {
            let message = format!("expected predictions of shape [batch, outputs]; received {shape}");
            return Err(Error::config(CLASS, message));
        };
        let y_true = align(CLASS, y_true, y_pred)?;
        let sums = self.sums_of(outputs)?;
        let weight = match sample_weight {
            Some(weight) => weights_like(CLASS, weight, y_pred)?,
            None => y_true.scalar_like(1.0).broadcast_to(shape.clone())?,
        };
        let add = |variable: &Variable, values: &Sym| -> Result<()> {
            ctx.assign(variable, &ctx.read(variable).add(&values.sum(&[0], false)?)?)
        };
        let weighted = y_true.mul(&weight)?;
        add(&sums.sum, &weighted)?;
        add(&sums.squared_sum, &y_true.mul(&weighted)?)?;
        add(&sums.residual, &y_true.sub(y_pred)?.square()?.mul(&weight)?)?;
        add(&sums.count, &weight)?;
        let samples = ctx.read(&self.num_samples).add_scalar(shape.numel() as f64)?;
        ctx.assign(&self.num_samples, &samples)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        let sums = self.sums.get();
        let sums = sums.ok_or_else(|| Error::config(CLASS, "there is no result before the first batch"))?;
        let (sum, residual) = (ctx.read(&sums.sum), ctx.read(&sums.residual));
        let mean = sum.div(&ctx.read(&sums.count))?;
        let total = ctx.read(&sums.squared_sum).sub(&sum.mul(&mean)?)?;
        let scores = residual.scalar_like(1.0).sub(&residual.div(&total)?)?;
        let infinite = scores.abs()?.greater(&scores.scalar_like(f64::from(f32::MAX)))?;
        let scores = infinite.select(&scores.scalar_like(0.0), &scores)?;
        let score = match self.how {
            Aggregation::None => scores,
            Aggregation::Uniform => scores.mean_all()?,
            Aggregation::Variance => total.mul(&scores)?.sum_all()?.div(&total.sum_all()?)?,
        };
        self.adjusted(ctx, score)
    }

    fn variables(&self) -> Vec<Variable> {
        let sums = self.sums.get().into_iter();
        let sums = sums.flat_map(|sums| [&sums.squared_sum, &sums.sum, &sums.residual, &sums.count]);
        std::iter::once(&self.num_samples).chain(sums).cloned().collect()
    }
}
