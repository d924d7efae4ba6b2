use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value, json};

use super::merge::like;
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Joins inputs along an axis (default: the last); their other axes must be equal.
pub struct Concatenate {
    axis: i64,
}

impl FromOptions for Concatenate {
    const CLASS: &'static str = "Concatenate";

    fn from_options(options: &mut Options) -> Result<Concatenate> {
        Ok(Concatenate { axis: options.int("axis", -1)? })
    }
}

impl Layer for Concatenate {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "axis": self.axis }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let Some(first) = inputs.first() else { return Err(Error::invalid("expected inputs, received none")) };
        let shapes: Vec<_> = inputs.iter().map(Sym::shape).collect();
        let axis = shapes[0].axis(self.axis as isize).filter(|&axis| axis > 0);
        let fits = axis.is_some_and(|axis| {
            let others = |shape: &glorot_tensor::Shape| {
                shape.rank() == first.rank() && { shape.reduced(&[axis], false) == shapes[0].reduced(&[axis], false) }
            };
            shapes.iter().all(others)
        });
        let Some(axis) = axis.filter(|_| fits) else {
            let received: Vec<String> = shapes.iter().map(support::any_batch).collect();
            let message = format!(
                "expected inputs whose shapes are equal but for axis {}, received {}",
                self.axis,
                received.join(" and ")
            );
            return Err(Error::invalid(message));
        };
        let same_dtype = inputs.iter().all(|input| input.dtype() == first.dtype());
        let parts =
            if same_dtype { inputs.to_vec() } else { inputs.iter().map(support::to_float).collect::<Result<_>>()? };
        Ok(vec![ctx.tracer().concat(&parts, axis)?])
    }

    /// A step counts if it does in one of the inputs; an input without a mask counts as a whole.
    fn output_mask(&self, ctx: &Context, inputs: &[Sym], masks: &[Option<Sym>]) -> Result<Option<Sym>> {
        let Some(first) = inputs.first().filter(|_| masks.iter().any(Option::is_some)) else { return Ok(None) };
        let axis = first.shape().axis(self.axis as isize).unwrap_or_default();
        let last = first.rank() - 1;
        let whole = |(input, mask): (&Sym, &Option<Sym>)| -> Result<Sym> {
            let mask = match mask {
                Some(mask) => mask.clone(),
                None => ctx.tracer().fill(1.0, &input.shape()[..last], DType::Bool),
            };
            like(&mask, input)
        };
        let masks = inputs.iter().zip(masks).map(whole).collect::<Result<Vec<Sym>>>()?;
        let joined = ctx.tracer().concat(&masks, axis)?.cast(DType::F32)?.max(&[last], false)?;
        Ok(Some(joined.greater(&joined.scalar_like(0.0))?))
    }
}
