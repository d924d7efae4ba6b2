use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Keras's epsilon: a norm is taken to be at least this.
const SMALLEST_NORM: f64 = 1e-7;

/// The sum of products of two inputs along an axis of each, sample by sample: `[batch, a…, n]` and `[batch, n, b…]`
/// with `axes` `[-1, 1]` give `[batch, a…, b…]`; if no other axes are left, `[batch, 1]`. `axes`: one axis for both
/// inputs, or a list of one for each; not the batch. With `normalize` (default false) both are first divided by their
/// L2 norm along the axis, so that the result is their cosine similarity.
pub struct Dot {
    axes: [i64; 2],
    normalize: bool,
}

impl FromOptions for Dot {
    const CLASS: &'static str = "Dot";

    fn from_options(options: &mut Options) -> Result<Dot> {
        let axes = match options.optional_ints("axes")?.as_deref() {
            Some(&[axis]) => [axis, axis],
            Some(&[first, second]) => [first, second],
            Some(axes) => {
                return Err(options.error(format!("option 'axes' must be one axis or two; received {}", json!(axes))));
            }
            None => return Err(options.missing("axes", "an axis of the inputs, as -1")),
        };
        Ok(Dot { axes, normalize: options.bool("normalize", false)? })
    }
}

impl Dot {
    fn axis(&self, input: usize, shape: &Shape) -> Result<usize> {
        let axis = self.axes[input];
        let resolved = shape.axis(axis as isize).filter(|&axis| axis > 0);
        resolved.ok_or_else(|| {
            let shape = support::any_batch(shape);
            Error::invalid(format!(
                "option 'axes' is {axis} for input {input}, of shape {shape}: there is no such axis after the batch"
            ))
        })
    }
}

/// The axes between the batch and the one that is summed over, and after it.
fn others(rank: usize, axis: usize) -> Vec<usize> {
    (1..rank).filter(|&other| other != axis).collect()
}

fn normalized(x: &Sym, axis: usize) -> Result<Sym> {
    let norm = x.square()?.sum(&[axis], true)?.maximum_scalar(SMALLEST_NORM * SMALLEST_NORM)?;
    Ok(x.mul(&norm.rsqrt()?)?)
}

impl Layer for Dot {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let [first, second] = self.axes;
        let axes = if first == second { json!(first) } else { json!(self.axes) };
        entries(json!({ "axes": axes, "normalize": self.normalize }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let [a, b] = inputs else {
            return Err(Error::invalid(format!("expected two inputs, received {}", inputs.len())));
        };
        let (mut a, mut b) = (support::to_float(a)?, support::to_float(b)?);
        let shapes = [a.shape(), b.shape()];
        let axes = [self.axis(0, &shapes[0])?, self.axis(1, &shapes[1])?];
        let length = shapes[0][axes[0]];
        if length != shapes[1][axes[1]] || shapes[0][0] != shapes[1][0] {
            return Err(Error::invalid(format!(
                "expected inputs of equal length along the axes {} and {}, received {} and {}",
                axes[0],
                axes[1],
                support::any_batch(&shapes[0]),
                support::any_batch(&shapes[1])
            )));
        }
        if self.normalize {
            (a, b) = (normalized(&a, axes[0])?, normalized(&b, axes[1])?);
        }
        let (before, after) = (others(a.rank(), axes[0]), others(b.rank(), axes[1]));
        let (batch, rows, columns) = (
            shapes[0][0],
            before.iter().map(|&axis| shapes[0][axis]).product::<usize>(),
            after.iter().map(|&axis| shapes[1][axis]).product::<usize>(),
        );
        let a = a.transpose(&[&[0], &before[..], &axes[..1]].concat())?.reshape([batch, rows, length])?;
        let b = b.transpose(&[&[0], &axes[1..], &after[..]].concat())?.reshape([batch, length, columns])?;
        let product = a.mat_mul(&b)?;
        let mut shape = vec![batch];
        shape.extend(before.iter().map(|&axis| shapes[0][axis]));
        shape.extend(after.iter().map(|&axis| shapes[1][axis]));
        if shape.len() == 1 {
            shape.push(1);
        }
        Ok(vec![product.reshape(shape)?])
    }
}
