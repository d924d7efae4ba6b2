//! Pooling over any number of spatial axes, channels last.
//!
//! Small windows are combined element by element (the first elements of all windows with the second, and so on), so that
//! pooling fuses with what stands before and after it; its gradient is that of the reduction along the windows' axes.

use glorot_tensor::{DType, Shape, Tensor};

use super::Sym;
use super::conv::{Padding, padded, spatial_windows};
use super::taps::{SMALL, combined, lengths, taps};
use crate::error::{GraphError, Result};
use crate::op::{BinaryOp, ReduceKind, Window};

/// The elements of each window along some axes, and what is left when these are reduced: `[batch, positions, channels]`.
struct Pool {
    windows: Sym,
    axes: Vec<usize>,
}

impl Pool {
    /// `value` is what the padding holds.
    fn new(op: &'static str, x: &Sym, windows: &[Window], padding: Padding, value: f64) -> Result<Pool> {
        let (x, count) = (padded(op, x, windows, padding, value)?, windows.len());
        if windows.iter().any(|window| window.size != window.stride) {
            return Ok(Pool { windows: x.windows(1, windows)?, axes: (count + 1..=2 * count).collect() });
        }
        // Windows side by side are a reshape, of which the gradient costs nothing.
        let shape = x.shape();
        let (mut covered, mut tiled) = (shape.dims().to_vec(), vec![shape[0]]);
        for (axis, window) in (1..).zip(windows) {
            let positions = window.positions(shape[axis]);
            covered[axis] = positions * window.size;
            tiled.extend([positions, window.size]);
        }
        tiled.push(shape[count + 1]);
        let tiles = x.slice(&vec![0; count + 2], &covered)?.reshape(tiled)?;
        Ok(Pool { windows: tiles, axes: (1..=count).map(|i| 2 * i).collect() })
    }

    /// All elements of each window, combined: the value alone.
    fn combined(&self, kind: ReduceKind, op: BinaryOp) -> Result<Sym> {
        if lengths(&self.windows, &self.axes).numel() > SMALL {
            return self.windows.reduce(kind, &self.axes, false);
        }
        combined(taps(&self.windows, &self.axes)?.into_iter().map(Ok), op)
    }

    /// Number (int32) of the first element of each window that is the largest.
    fn first_largest(&self, largest: &Sym) -> Result<Sym> {
        let count = lengths(&self.windows, &self.axes).numel();
        let number = |n: usize| largest.tracer.fill(n as f64, Shape::scalar(), DType::I32);
        if count > SMALL {
            let candidates = self.windows.equal(&self.stretched(largest)?)?.select(&self.numbers()?, &number(count))?;
            return candidates.min(&self.axes, false);
        }
        let taps = taps(&self.windows, &self.axes)?;
        let last = number(count - 1).broadcast_to(largest.shape())?;
        let mut earlier = taps.iter().enumerate().take(count - 1).rev();
        earlier.try_fold(last, |later, (n, tap)| tap.equal(largest)?.select(&number(n), &later))
    }

    /// The number (int32) of each element in its window.
    fn numbers(&self) -> Result<Sym> {
        let (mut along, sizes) = (vec![1; self.windows.rank()], lengths(&self.windows, &self.axes));
        self.axes.iter().zip(sizes.iter()).for_each(|(&axis, &size)| along[axis] = size);
        let numbers = Tensor::i32(along, (0..sizes.numel() as i32).collect());
        Ok(self.windows.tracer.constant(numbers.map_err(|error| GraphError::new("maxPool", error.to_string()))?))
    }

    /// A value of each window, repeated for its elements.
    fn stretched(&self, value: &Sym) -> Result<Sym> {
        let shape = self.windows.shape();
        value.reshape(shape.reduced(&self.axes, true))?.broadcast_to(shape)
    }
}

fn pooling_windows(op: &'static str, x: &Sym, size: &[usize], strides: &[usize]) -> Result<Vec<Window>> {
    spatial_windows(op, x, size, strides, &vec![1; size.len()])
}

impl Sym {
    /// The largest element of each window of `[batch, spatial, channels]`: `[batch, positions, channels]`. Padding is
    /// never the largest. Of several largest elements the first has the gradient, as in TensorFlow. float32 or int32.
    pub fn max_pool(&self, size: &[usize], strides: &[usize], padding: Padding) -> Result<Sym> {
        let windows = pooling_windows("maxPool", self, size, strides)?;
        let pool = Pool::new("maxPool", self, &windows, padding, f64::NEG_INFINITY)?;
        let largest = pool.combined(ReduceKind::Max, BinaryOp::Max)?;
        if !self.dtype().is_float() {
            return Ok(largest);
        }
        let first = pool.first_largest(&largest)?;
        let chosen = pool.stretched(&first)?.equal(&pool.numbers()?)?;
        let picked = chosen.select(&pool.windows, &self.scalar_like(0.0))?;
        largest.with_gradient_of(&picked.sum(&pool.axes, false)?)
    }

    /// The mean of each window of `[batch, spatial, channels]`: `[batch, positions, channels]`. Padding does not count.
    /// float32.
    pub fn average_pool(&self, size: &[usize], strides: &[usize], padding: Padding) -> Result<Sym> {
        let windows = pooling_windows("averagePool", self, size, strides)?;
        if !self.dtype().is_float() {
            let detail = format!("expected dtype float32, received {}", self.dtype());
            return Err(GraphError::new("averagePool", detail));
        }
        let pool = Pool::new("averagePool", self, &windows, padding, 0.0)?;
        let sums = pool.combined(ReduceKind::Sum, BinaryOp::Add)?;
        let sums = sums.with_gradient_of(&pool.windows.sum(&pool.axes, false)?)?;
        let counts = counts(&self.shape(), &windows, padding);
        let whole = size.iter().product::<usize>() as f32;
        if counts.iter().all(|&count| count == whole) {
            return sums.div_scalar(f64::from(whole));
        }
        let positions = &sums.shape()[1..=size.len()];
        let counts = Tensor::f32([positions, &[1]].concat(), counts)
            .map_err(|error| GraphError::new("averagePool", error.to_string()))?;
        sums.div(&self.tracer.constant(counts))
    }
}

/// How many elements of a tensor of this shape each window takes, padding not counted, in row-major order.
fn counts(shape: &Shape, windows: &[Window], padding: Padding) -> Vec<f32> {
    let mut counts = vec![1.0];
    for (&length, &window) in shape[1..].iter().zip(windows) {
        let (low, high) = padding.widths(length, window);
        let inside = |position: usize| {
            let first = position * window.stride;
            (first + window.size).min(low + length).saturating_sub(first.max(low)) as f32
        };
        let of_axis: Vec<f32> = (0..window.positions(low + length + high)).map(inside).collect();
        counts = counts.iter().flat_map(|outer| of_axis.iter().map(move |inner| outer * inner)).collect();
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tracer;
    use crate::reference::{Value, evaluate, indices};
    use glorot_tensor::DType;
    use proptest::prelude::*;

    fn run(x: &Value, build: impl Fn(&Sym) -> Result<Sym>) -> Result<Value> {
        let tracer = Tracer::new();
        let input = tracer.input(x.shape.clone(), x.dtype);
        let result = build(&input)?;
        let computed = evaluate(&tracer.graph(), std::slice::from_ref(x), &|_| unreachable!("a graph without states"));
        Ok(computed.value(result.id()).clone())
    }

    /// Applies `combine` to the elements of each window that are no padding.
    fn by_definition(x: &Value, windows: &[Window], padding: Padding, combine: fn(&[f64]) -> f64) -> Value {
        let count = windows.len();
        let widths: Vec<(usize, usize)> = (0..count).map(|i| padding.widths(x.shape[1 + i], windows[i])).collect();
        let positions = (0..count).map(|i| {
            let Window { size, stride, .. } = windows[i];
            (widths[i].0 + x.shape[1 + i] + widths[i].1 - size) / stride + 1
        });
        let dims = std::iter::once(x.shape[0]).chain(positions).chain([x.shape[count + 1]]);
        let result: Shape = dims.collect();
        let sizes: Shape = windows.iter().map(|window| window.size).collect();
        let element = |index: Vec<usize>| {
            let place = |i: usize, tap: usize| {
                let padded = index[1 + i] * windows[i].stride + tap;
                padded.checked_sub(widths[i].0).filter(|&place| place < x.shape[1 + i])
            };
            let places = |tap: Vec<usize>| (0..count).map(|i| place(i, tap[i])).collect::<Option<Vec<_>>>();
            let at = |places: Vec<usize>| x.at(&[&index[..1], &places, &index[count + 1..]].concat());
            combine(&indices(&sizes).filter_map(places).map(at).collect::<Vec<_>>())
        };
        Value::f32(result.clone(), indices(&result).map(element).collect())
    }

    fn largest(values: &[f64]) -> f64 {
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    proptest! {
        #[test]
        fn pools_are_what_their_definitions_say(
            (batch, channels) in (1usize..=2, 1usize..=2),
            axes in prop::collection::vec((1usize..=6, 1usize..=3, 1usize..=4), 1..=3),
            (same, tiled) in any::<(bool, bool)>(),
        ) {
            let sizes: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
            let strides: Vec<usize> = if tiled { sizes.clone() } else { axes.iter().map(|axis| axis.2).collect() };
            let padding = if same { Padding::Same } else { Padding::Valid };
            let spatial = axes.iter().map(|axis| if same { axis.0 } else { axis.0 + axis.1 - 1 });
            let shape: Shape = std::iter::once(batch).chain(spatial).chain([channels]).collect();
            // All negative, so that padding would show in a maximum.
            let data = (0..shape.numel()).map(|i| ((i * 37 + 11) % 19) as f64 / 7.0 - 4.0).collect();
            let x = Value::f32(shape, data);
            let windows: Vec<Window> =
                sizes.iter().zip(&strides).map(|(&size, &stride)| Window::new(size, stride)).collect();
            let got = run(&x, |x| x.max_pool(&sizes, &strides, padding)).unwrap();
            prop_assert_eq!(got, by_definition(&x, &windows, padding, largest));
            let got = run(&x, |x| x.average_pool(&sizes, &strides, padding)).unwrap();
            let want = by_definition(&x, &windows, padding, mean);
            prop_assert_eq!(&got.shape, &want.shape);
            for (got, want) in got.data.iter().zip(&want.data) {
                prop_assert!((got - want).abs() <= 1e-12, "expected {}, received {}", want, got);
            }
        }
    }

    #[test]
    fn the_first_of_equal_elements_has_the_gradient() {
        let tracer = Tracer::new();
        let x = tracer.input([1, 2, 3, 1], DType::F32);
        let value = [Value::f32([1, 2, 3, 1], vec![1.0, 3.0, 3.0, 2.0, 3.0, 2.0])];
        for (size, strides, padding, expected) in [
            ([2, 2], [1, 1], Padding::Valid, [0.0, 2.0, 0.0, 0.0, 0.0, 0.0]),
            ([2, 3], [2, 3], Padding::Valid, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
            ([1, 1], [1, 2], Padding::Valid, [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]),
            ([9, 9], [9, 9], Padding::Same, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        ] {
            let pooled = x.max_pool(&size, &strides, padding).unwrap();
            let gradient = tracer.gradients(&pooled.sum_all().unwrap(), std::slice::from_ref(&x)).unwrap().remove(0);
            let computed = evaluate(&tracer.graph(), &value, &|_| unreachable!("a graph without states"));
            assert_eq!(computed.value(gradient.id()).data, expected, "windows {size:?}");
        }
    }

    #[test]
    fn windows_side_by_side_are_a_reshape() {
        let tracer = Tracer::new();
        let x = tracer.input([2, 4, 6, 3], DType::F32);
        let pooled = x.max_pool(&[2, 2], &[2, 2], Padding::Same).unwrap();
        assert_eq!(pooled.shape().dims(), [2, 2, 3, 3]);
        let moved = |op: &crate::Op| matches!(op, crate::Op::Windows { .. } | crate::Op::Pad { .. });
        assert!(!tracer.graph().nodes().iter().any(|node| moved(&node.op)));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let x = Value::f32([1, 3, 1], vec![0.0; 3]);
        let message = run(&x, |x| x.max_pool(&[4], &[1], Padding::Valid)).unwrap_err().to_string();
        let expected =
            "maxPool: a window of size 4 and dilation rate 1 reaches over 4 elements, axis 1 of shape [1, 3, 1] has 3";
        assert_eq!(message, expected);
        let message = run(&x, |x| x.average_pool(&[2, 2], &[1, 1], Padding::Same)).unwrap_err().to_string();
        let expected = "averagePool: expected [batch, 2 spatial axes, channels] for windows [2, 2], received [1, 3, 1]";
        assert_eq!(message, expected);
        let integers = Value::i32([1, 2, 1], vec![0; 2]);
        let message = run(&integers, |x| x.average_pool(&[2], &[1], Padding::Same)).unwrap_err().to_string();
        assert_eq!(message, "averagePool: expected dtype float32, received int32");
    }
}
