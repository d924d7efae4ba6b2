//! Correlations of targets and predictions along an axis.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::{align, axis};
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

/// A correlation of a target and a prediction, from their moments along an axis.
struct Correlation {
    class: &'static str,
    axis: i64,
    of: fn(&Moments) -> Result<Sym>,
}

/// Moments of target and prediction.
struct Moments {
    /// The difference of the means.
    shift: Sym,
    covariance: Sym,
    variances: [Sym; 2],
}

/// Pearson's coefficient `cov / (std(t) std(y))`: 1 if one is a growing linear function of the other, -1 if a falling
/// one. NaN where all values are equal. The metric is the mean over the samples.
///
/// Options: `axis` (-1).
pub fn read_pearson(options: Options) -> Result<Box<dyn Metric>> {
    let of = |moments: &Moments| -> Result<Sym> {
        let [t, y] = &moments.variances;
        Ok(moments.covariance.div(&t.sqrt()?.mul(&y.sqrt()?)?)?)
    };
    read("PearsonCorrelation", of, options)
}

/// Lin's concordance coefficient (1989) `2 cov / (var(t) + var(y) + (mean(t) - mean(y))^2 + 1e-7)`: 1 if target and
/// prediction are equal. The metric is the mean over the samples.
///
/// Options: `axis` (-1).
pub fn read_concordance(options: Options) -> Result<Box<dyn Metric>> {
    let of = |moments: &Moments| -> Result<Sym> {
        let [t, y] = &moments.variances;
        let divisor = t.add(y)?.add(&moments.shift.square()?)?.add_scalar(1e-7)?;
        Ok(moments.covariance.mul_scalar(2.0)?.div(&divisor)?)
    };
    read("ConcordanceCorrelation", of, options)
}

fn read(class: &'static str, of: fn(&Moments) -> Result<Sym>, mut options: Options) -> Result<Box<dyn Metric>> {
    let axis = options.int("axis", -1)?;
    Mean::read(Correlation { class, axis, of }, options)
}

impl Values for Correlation {
    fn class_name(&self) -> &'static str {
        self.class
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("axis".into(), json!(self.axis))])
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axis = axis(self.class, self.axis, y_pred)?;
        let y_true = align(self.class, y_true, y_pred)?;
        let (mean_true, mean_pred) = (y_true.mean(&[axis], true)?, y_pred.mean(&[axis], true)?);
        let (t, y) = (y_true.sub(&mean_true)?, y_pred.sub(&mean_pred)?);
        let mean = |values: Sym| values.mean(&[axis], false);
        (self.of)(&Moments {
            shift: mean(mean_true.sub(&mean_pred)?)?,
            covariance: mean(t.mul(&y)?)?,
            variances: [mean(t.square()?)?, mean(y.square()?)?],
        })
    }
}
