//! Weighted means.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::config::Options;
use crate::error::Result;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

/// The mean of all predictions so far, weighed by the sample weights. Targets are not looked at.
struct MeanValue;

/// No options.
pub fn read(options: Options) -> Result<Box<dyn Metric>> {
    Mean::read(MeanValue, options)
}

impl Values for MeanValue {
    fn class_name(&self) -> &'static str {
        "Mean"
    }

    fn values(&self, _: &Sym, y_pred: &Sym) -> Result<Sym> {
        Ok(y_pred.cast(DType::F32)?)
    }

    fn heeds_mask(&self) -> bool {
        false
    }
}
