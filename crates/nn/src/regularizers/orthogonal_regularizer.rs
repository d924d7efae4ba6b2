use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Value, json};

use super::Regularizer;
use crate::config::Options;
use crate::error::{Error, Result};

/// The least squared length that a row or column is divided by.
const EPSILON: f64 = 1e-14;

const MODES: &[(&str, bool)] = &[("rows", true), ("columns", false)];

/// `factor` times the mean of `|cos|` of the angles between the rows, or the columns, of a matrix. Defaults: 0.01, rows.
pub struct OrthogonalRegularizer {
    factor: f64,
    rows: bool,
}

impl OrthogonalRegularizer {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Regularizer>> {
        let factor = options.float("factor", 0.01)?;
        options.check("factor", factor, factor >= 0.0 && factor.is_finite(), "at least 0 and finite")?;
        Ok(Rc::new(OrthogonalRegularizer { factor, rows: options.choice("mode", MODES, true)? }))
    }
}

impl Regularizer for OrthogonalRegularizer {
    fn penalty(&self, weight: &Sym) -> Result<Sym> {
        let shape = weight.shape();
        let [rows, columns] = shape[..] else {
            let message = format!("expected a weight of rank 2, received shape {shape}");
            return Err(Error::config("OrthogonalRegularizer", message));
        };
        let (count, axis) = if self.rows { (rows, 1) } else { (columns, 0) };
        if count < 2 {
            return Ok(weight.tracer().scalar(0.0));
        }
        let unit = weight.mul(&weight.square()?.sum(&[axis], true)?.maximum_scalar(EPSILON)?.rsqrt()?)?;
        let cosines = unit.mat_mul_with(&unit, !self.rows, self.rows)?;
        let index = |axis| weight.tracer().iota([count, count], axis, DType::I32);
        let others = index(0)?.not_equal(&index(1)?)?;
        let sum = others.select(&cosines.abs()?, &cosines.scalar_like(0.0))?.sum_all()?;
        // Each pair is counted twice.
        Ok(sum.mul_scalar(self.factor / (count * (count - 1)) as f64)?)
    }

    fn to_json(&self) -> Value {
        let mode = if self.rows { "rows" } else { "columns" };
        json!({ "module": "keras.regularizers", "class_name": "OrthogonalRegularizer",
            "config": { "factor": self.factor, "mode": mode }, "registered_name": null })
    }
}
