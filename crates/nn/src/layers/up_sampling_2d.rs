use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Map, Value, json};

use super::spatial::{DataFormat, sizes};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// The most elements of a matrix that interpolates.
const MAX_WEIGHTS: usize = 1 << 28;

/// Enlarges images by `size` (default `[2, 2]`): `[batch, height, width, channels]` to
/// `[batch, height * size[0], width * size[1], channels]`. `interpolation` `nearest` (the default) repeats rows and
/// columns, of any dtype; `bilinear` interpolates linearly between the centers of neighbouring pixels, and repeats those
/// at the sides.
pub struct UpSampling2D {
    size: [usize; 2],
    bilinear: bool,
    format: DataFormat,
}

impl FromOptions for UpSampling2D {
    const CLASS: &'static str = "UpSampling2D";

    fn from_options(options: &mut Options) -> Result<UpSampling2D> {
        Ok(UpSampling2D {
            size: sizes(options, "size")?.unwrap_or([2, 2]),
            bilinear: options.choice("interpolation", &[("nearest", false), ("bilinear", true)], false)?,
            format: DataFormat::read(options)?,
        })
    }
}

/// Repeats the elements along the axes from 1 on.
pub fn repeat(x: &Sym, times: &[usize]) -> Result<Sym> {
    let shape = x.shape();
    let (mut column, mut repeated, mut result) = (vec![shape[0]], vec![shape[0]], vec![shape[0]]);
    for (axis, &times) in (1..).zip(times) {
        column.extend([shape[axis], 1]);
        repeated.extend([shape[axis], times]);
        // Too large a length is an error of `broadcast_to`.
        result.push(shape[axis].saturating_mul(times));
    }
    let inner = &shape[times.len() + 1..];
    for dims in [&mut column, &mut repeated, &mut result] {
        dims.extend(inner);
    }
    Ok(x.reshape(column)?.broadcast_to(repeated)?.reshape(result)?)
}

/// The matrix `[length, length * factor]` that interpolates a row of `length` pixels.
fn interpolation(length: usize, factor: usize) -> Vec<f64> {
    let width = length * factor;
    let mut matrix = vec![0.0; length * width];
    for to in 0..width {
        // Where the center of the new pixel lies, in pixels from the center of the first old one.
        let from = ((to as f64 + 0.5) / factor as f64 - 0.5).clamp(0.0, (length - 1) as f64);
        let (before, weight) = (from.floor() as usize, from.fract());
        let after = (before + 1).min(length - 1);
        matrix[before * width + to] += 1.0 - weight;
        matrix[after * width + to] += weight;
    }
    matrix
}

/// Interpolates along axis 2 of `[batch, other, length, channels]` and makes it axis 1.
fn stretch(x: &Sym, factor: usize) -> Result<Sym> {
    let &[batch, other, length, channels] = x.shape().dims() else { unreachable!("images have rank 4") };
    let width = length.saturating_mul(factor);
    if length.saturating_mul(width) > MAX_WEIGHTS {
        return Err(Error::invalid(format!(
            "option 'size' enlarges an axis from {length} to {width} elements, which is too many to interpolate; use \
             'nearest'"
        )));
    }
    let matrix = Tensor::from_f64([length, width], DType::F32, &interpolation(length, factor))?;
    let rows = x.transpose(&[0, 1, 3, 2])?.reshape([batch * other * channels, length])?;
    let stretched = rows.mat_mul(&x.tracer().constant(matrix))?.reshape([batch, other, channels, width])?;
    Ok(stretched.transpose(&[0, 3, 1, 2])?)
}

impl Layer for UpSampling2D {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let interpolation = if self.bilinear { "bilinear" } else { "nearest" };
        entries(json!({ "size": self.size, "data_format": self.format.name(), "interpolation": interpolation }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = self.format.enter(inputs, 2)?;
        let y = if self.bilinear && x.shape().numel() > 0 {
            // Each call exchanges the axes, so the second one works on the height.
            stretch(&stretch(&support::to_float(&x)?, self.size[1])?, self.size[0])?
        } else {
            repeat(&x, &self.size)?
        };
        Ok(vec![self.format.leave(&y, 2)?])
    }
}
