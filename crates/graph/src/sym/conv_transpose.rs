//! Transposed convolution over any number of spatial axes, channels last: the gradient of a convolution with regard to
//! its input, as a layer that makes its input larger.

use super::Sym;
use super::conv::spatial_windows;
use crate::error::{GraphError, Result};

impl Sym {
    /// Transposed convolution of `[batch, spatial, channels]` with a kernel `[sizes, filters, channels]`: each element is
    /// multiplied by the kernel, and the results, `strides` apart, are added where they overlap: `[batch, lengths,
    /// filters]`. Of the whole lengths, `(positions - 1) * stride + span`, `crops` elements are cut off before and after
    /// each axis; negative ones are zeros that are added. float32.
    pub fn conv_transpose(
        &self,
        kernel: &Sym,
        strides: &[usize],
        dilation: &[usize],
        crops: &[(isize, isize)],
    ) -> Result<Sym> {
        let fail = |detail: String| Err(GraphError::new("convTranspose", detail));
        let taps = kernel.shape();
        let [ref sizes @ .., filters, inner] = *taps else {
            return fail(format!("expected a kernel of shape [sizes, filters, channels], received {taps}"));
        };
        let windows = spatial_windows("convTranspose", self, sizes, strides, dilation)?;
        let (shape, count) = (self.shape(), sizes.len());
        if shape[count + 1] != inner || crops.len() != count {
            return fail(format!(
                "expected a kernel of shape [sizes, filters, {}] and crops for {count} axes, received {taps} and {crops:?}",
                shape[count + 1]
            ));
        }
        let positions = &shape[1..=count];
        let lengths: Option<Vec<usize>> = positions
            .iter()
            .zip(&windows)
            .map(|(positions, window)| positions.checked_sub(1)?.checked_mul(window.stride)?.checked_add(window.span()))
            .collect();
        let Some(lengths) = lengths else {
            return fail(format!("expected spatial axes of 1 element or more, not too long, received {shape}"));
        };
        let (rows, depth) = (shape[..=count].iter().product(), sizes.iter().product::<usize>() * filters);
        let product = self.reshape([rows, inner])?.mat_mul_with(&kernel.reshape([depth, inner])?, false, true)?;
        let mut y = product.reshape([&shape[..=count], sizes, &[filters]].concat())?;
        y = y.fold_windows(1, &windows, &lengths)?;

        let (mut start, mut size) = (vec![0; count + 2], y.shape().to_vec());
        let (mut low, mut high) = (start.clone(), start.clone());
        for (axis, &(before, after)) in (1..).zip(crops) {
            (start[axis], low[axis]) = (before.max(0) as usize, before.min(0).unsigned_abs());
            high[axis] = after.min(0).unsigned_abs();
            let Some(rest) = size[axis].checked_sub(start[axis] + after.max(0) as usize) else {
                return fail(format!("crops {crops:?} leave nothing of lengths {lengths:?}"));
            };
            size[axis] = rest;
        }
        y.slice(&start, &size)?.pad(&low, &high, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::op::Window;
    use crate::reference::{Value, evaluate, indices};
    use crate::{Padding, Tracer};
    use glorot_tensor::DType;

    proptest! {
        /// The gradient of `sum(conv(x) * upstream)` with regard to `x`.
        #[test]
        fn it_is_the_gradient_of_a_convolution(
            (batch, channels, filters) in (1usize..=2, 1usize..=3, 1usize..=2),
            axes in prop::collection::vec((1usize..=4, 1usize..=3, 1usize..=3, 1usize..=2), 1..=2),
        ) {
            let windows: Vec<Window> =
                axes.iter().map(|&(_, size, stride, dilation)| Window { size, stride, dilation }).collect();
            let pick = |part: fn(&Window) -> usize| windows.iter().map(part).collect::<Vec<usize>>();
            let (sizes, strides, dilation) = (pick(|w| w.size), pick(|w| w.stride), pick(|w| w.dilation));
            let positions: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
            let lengths: Vec<usize> =
                windows.iter().zip(&positions).map(|(w, n)| (n - 1) * w.stride + w.span()).collect();
            let upstream = Value::varied([&[batch], &positions[..], &[channels]].concat());
            let kernel = Value::varied([&sizes[..], &[filters, channels]].concat());

            let tracer = Tracer::new();
            let x = tracer.input([&[batch], &lengths[..], &[filters]].concat(), DType::F32);
            let [up, taps] = [&upstream, &kernel].map(|value| tracer.input(value.shape.clone(), DType::F32));
            let y = x.conv(&taps, &strides, Padding::Valid, &dilation, 1).unwrap();
            let loss = y.mul(&up).unwrap().sum_all().unwrap();
            let gradient = tracer.gradients(&loss, std::slice::from_ref(&x)).unwrap().remove(0);
            let result = up.conv_transpose(&taps, &strides, &dilation, &vec![(0, 0); axes.len()]).unwrap();
            let inputs = [Value::varied(x.shape()), upstream, kernel];
            let computed = evaluate(&tracer.graph(), &inputs, &|_| unreachable!("a graph without states"));
            let (got, want) = (computed.value(result.id()), computed.value(gradient.id()));
            prop_assert_eq!(&got.shape, &want.shape);
            for (got, want) in got.data.iter().zip(&want.data) {
                prop_assert!((got - want).abs() <= 1e-12);
            }
        }
    }

    #[test]
    fn crops_cut_and_add() {
        let tracer = Tracer::new();
        let (x, kernel) = (tracer.input([1, 2, 1], DType::F32), tracer.input([3, 1, 1], DType::F32));
        let y = x.conv_transpose(&kernel, &[2], &[1], &[(1, -1)]).unwrap();
        let inputs = [Value::f32([1, 2, 1], vec![1.0, 10.0]), Value::f32([3, 1, 1], vec![1.0, 2.0, 3.0])];
        let computed = evaluate(&tracer.graph(), &inputs, &|_| unreachable!("a graph without states"));
        // Whole: 1, 2, 3 + 10, 20, 30.
        assert_eq!(computed.value(y.id()).data, [2.0, 13.0, 20.0, 30.0, 0.0]);
        assert_eq!(indices(&y.shape()).count(), 5);
        assert!(x.conv_transpose(&kernel, &[2], &[1], &[(3, 3)]).unwrap_err().to_string().contains("leave nothing"));
    }
}
