//! Convolution over any number of spatial axes, channels last, as a matrix product of windows.

use super::Sym;
use super::taps::{SMALL, combined, taps};
use crate::error::{GraphError, Result};
use crate::op::{BinaryOp, Window};
use crate::reference::indices;
use glorot_tensor::Shape;

/// What surrounds a tensor before windows slide over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Nothing: only whole windows count.
    Valid,
    /// As many elements as give `ceil(length / stride)` windows, half of them before; of an odd number one more after
    /// (TensorFlow's rule).
    Same,
    /// The span of a window less one, all before: a window sees nothing that comes later.
    Causal,
}

impl Padding {
    /// Elements to add before and after an axis of `length` elements; the window must be valid.
    pub fn widths(self, length: usize, window: Window) -> (usize, usize) {
        match self {
            Padding::Valid => (0, 0),
            Padding::Same => {
                let last = (length.div_ceil(window.stride).max(1) - 1) * window.stride;
                let missing = last.saturating_add(window.span()).saturating_sub(length);
                (missing / 2, missing - missing / 2)
            }
            Padding::Causal => (window.span() - 1, 0),
        }
    }
}

/// One [`Window`] a spatial axis of `[batch, spatial, channels]`, with errors in the name of `op`.
pub(super) fn spatial_windows(
    op: &'static str,
    x: &Sym,
    sizes: &[usize],
    strides: &[usize],
    dilation: &[usize],
) -> Result<Vec<Window>> {
    let (shape, count) = (x.shape(), sizes.len());
    if count == 0 || shape.rank() != count + 2 {
        let detail =
            format!("expected [batch, {count} spatial axes, channels] for windows {sizes:?}, received {shape}");
        return Err(GraphError::new(op, detail));
    }
    for (name, given) in [("strides", strides), ("dilation rates", dilation)] {
        if given.len() != count {
            return Err(GraphError::new(
                op,
                format!("expected {count} {name} for windows {sizes:?}, received {given:?}"),
            ));
        }
    }
    if sizes.iter().chain(strides).chain(dilation).any(|&n| n == 0) {
        let detail = format!(
            "expected sizes, strides and dilation rates of at least 1, received {sizes:?}, {strides:?} and {dilation:?}"
        );
        return Err(GraphError::new(op, detail));
    }
    let axes = sizes.iter().zip(strides).zip(dilation);
    Ok(axes.map(|((&size, &stride), &dilation)| Window { size, stride, dilation }).collect())
}

/// `x` with the padding around its spatial axes; each window fits then.
pub(super) fn padded(op: &'static str, x: &Sym, windows: &[Window], padding: Padding, value: f64) -> Result<Sym> {
    let shape = x.shape();
    let (mut low, mut high) = (vec![0; shape.rank()], vec![0; shape.rank()]);
    for (axis, &window) in (1..).zip(windows) {
        (low[axis], high[axis]) = padding.widths(shape[axis], window);
        let available = low[axis].saturating_add(shape[axis]).saturating_add(high[axis]);
        if window.span() > available || shape[axis] == 0 {
            let reach = window.span();
            let detail = format!(
                "a window of size {} and dilation rate {} reaches over {reach} elements, axis {axis} of shape {shape} has {}",
                window.size, window.dilation, shape[axis]
            );
            return Err(GraphError::new(op, detail));
        }
    }
    x.pad(&low, &high, value)
}

impl Sym {
    /// Convolution (cross-correlation, as everywhere in deep learning) of `[batch, spatial, channels]` with a kernel
    /// `[sizes, channels / groups, filters]`: `[batch, positions, filters]`. Channels and filters fall into `groups`
    /// blocks, each of which sees only itself. float32.
    pub fn conv(
        &self,
        kernel: &Sym,
        strides: &[usize],
        padding: Padding,
        dilation: &[usize],
        groups: usize,
    ) -> Result<Sym> {
        let taps = kernel.shape();
        let [ref sizes @ .., inner, filters] = *taps else {
            let detail = format!("expected a kernel of shape [sizes, channels / groups, filters], received {taps}");
            return Err(GraphError::new("conv", detail));
        };
        let windows = spatial_windows("conv", self, sizes, strides, dilation)?;
        let channels = self.shape()[sizes.len() + 1];
        if groups == 0 || inner.checked_mul(groups) != Some(channels) || filters % groups != 0 {
            let detail = format!(
                "expected a kernel of shape [sizes, channels / groups, filters] for {channels} channels in {groups} \
                 groups, received {taps}; channels and filters must be multiples of the groups"
            );
            return Err(GraphError::new("conv", detail));
        }
        let patches = padded("conv", self, &windows, padding, 0.0)?.windows(1, &windows)?;
        let positions = patches.shape()[..=sizes.len()].to_vec();
        let (rows, depth) = (positions.iter().product(), sizes.iter().product::<usize>() * inner);
        let result = [&positions, &[filters][..]].concat();
        if groups == 1 {
            let product = patches.reshape([rows, depth])?.mat_mul(&kernel.reshape([depth, filters])?)?;
            return product.reshape(result);
        }
        // The group becomes the batch axis of a product.
        let last = patches.rank() - 1;
        let patches = patches.reshape([&patches.shape()[..last], &[groups, inner]].concat())?;
        let order: Vec<usize> = std::iter::once(last).chain(0..last).chain([last + 1]).collect();
        let patches = patches.transpose(&order)?.reshape([groups, rows, depth])?;
        let kernel = kernel.reshape([depth, groups, filters / groups])?.transpose(&[1, 0, 2])?;
        patches.mat_mul(&kernel)?.transpose(&[1, 0, 2])?.reshape(result)
    }

    /// Convolution of each channel of `[batch, spatial, channels]` by itself with a kernel `[sizes, channels,
    /// multiplier]`: `[batch, positions, channels * multiplier]`, the results of one channel next to each other. float32.
    pub fn depthwise_conv(&self, kernel: &Sym, strides: &[usize], padding: Padding, dilation: &[usize]) -> Result<Sym> {
        let shape = kernel.shape();
        let [ref sizes @ .., channels, multiplier] = *shape else {
            let detail = format!("expected a kernel of shape [sizes, channels, multiplier], received {shape}");
            return Err(GraphError::new("depthwiseConv", detail));
        };
        let windows = spatial_windows("depthwiseConv", self, sizes, strides, dilation)?;
        if self.shape()[sizes.len() + 1] != channels {
            let detail = format!("expected a kernel {shape} to have the channels of {}", self.shape());
            return Err(GraphError::new("depthwiseConv", detail));
        }
        let patches = padded("depthwiseConv", self, &windows, padding, 0.0)?.windows(1, &windows)?;
        let first = 1 + sizes.len();
        let column = [patches.shape().dims(), &[1]].concat();
        let summed: Vec<usize> = (first..first + sizes.len()).collect();
        let patches = patches.reshape(column)?;
        let by_definition = |patches: &Sym| patches.mul(kernel)?.sum(&summed, false);
        let sums = if sizes.iter().product::<usize>() <= SMALL {
            // The same sums, element by element.
            let weights = taps(kernel, &(0..sizes.len()).collect::<Vec<_>>())?;
            let products = taps(&patches, &summed)?.into_iter().zip(&weights).map(|(x, weight)| x.mul(weight));
            let gradients = if multiplier == 1 && strides.iter().all(|&stride| stride == 1) {
                // The gradient of the kernel is that of the definition, that of the images is cheaper so.
                let of_kernel = by_definition(&patches.stop_gradient()?)?;
                scattered(self, &weights, &windows, padding)?.reshape(of_kernel.shape())?.add(&of_kernel)?
            } else {
                by_definition(&patches)?
            };
            combined(products, BinaryOp::Add)?.with_gradient_of(&gradients)?
        } else {
            by_definition(&patches)?
        };
        sums.reshape([&patches.shape()[..first], &[channels * multiplier]].concat())
    }
}

/// The depthwise convolution of steps of one element by weights `[channels, 1]` for each place in a window, as a sum of
/// what each element of `x` adds to the results around it. Its gradient by `x` is a sum over the places, one elementwise
/// loop; no gradient flows to the weights.
fn scattered(x: &Sym, weights: &[Sym], windows: &[Window], padding: Padding) -> Result<Sym> {
    let shape = x.shape();
    let sizes: Shape = windows.iter().map(|window| window.size).collect();
    // Of the sums, which begin where a window touches `x` with its last element, those of whole windows.
    let (mut start, mut size) = (vec![0; shape.rank()], shape.dims().to_vec());
    for (axis, &window) in (1..).zip(windows) {
        let (before, after) = padding.widths(shape[axis], window);
        start[axis] = window.span() - 1 - before;
        size[axis] = window.positions(before + shape[axis] + after);
    }
    let channels = [shape[shape.rank() - 1]];
    let added = |(place, weight): (Vec<usize>, &Sym)| {
        let (mut low, mut high) = (vec![0; shape.rank()], vec![0; shape.rank()]);
        for (axis, (window, i)) in (1..).zip(windows.iter().zip(place)) {
            high[axis] = i * window.dilation;
            low[axis] = window.span() - 1 - high[axis];
        }
        x.mul(&weight.stop_gradient()?.reshape(channels)?)?.pad(&low, &high, 0.0)
    };
    combined(indices(&sizes).zip(weights).map(added), BinaryOp::Add)?.slice(&start, &size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tracer;
    use crate::op::StateId;
    use crate::program::Kernel;
    use crate::reference::{Value, evaluate};
    use glorot_tensor::DType;
    use proptest::prelude::*;

    fn run(values: &[Value], build: impl Fn(&[Sym]) -> Result<Sym>) -> Result<Value> {
        let tracer = Tracer::new();
        let inputs: Vec<Sym> = values.iter().map(|value| tracer.input(value.shape.clone(), value.dtype)).collect();
        let result = build(&inputs)?;
        let computed = evaluate(&tracer.graph(), values, &|_| unreachable!("a graph without states"));
        Ok(computed.value(result.id()).clone())
    }

    /// Convolution by its definition. `before` elements of padding; output positions as given.
    fn by_definition(
        x: &Value,
        kernel: &Value,
        windows: &[Window],
        before: &[usize],
        positions: &[usize],
        groups: usize,
    ) -> Value {
        let (count, batch) = (windows.len(), x.shape[0]);
        let (inner, filters) = (kernel.shape[count], kernel.shape[count + 1]);
        let result = Shape::from([&[batch], positions, &[filters]].concat());
        let element = |index: Vec<usize>| {
            let filter = index[count + 1];
            let first_channel = filter / (filters / groups) * inner;
            let mut sum = 0.0;
            for tap in indices(&Shape::from(&kernel.shape[..=count])) {
                let place = |i: usize| {
                    let padded = index[1 + i] * windows[i].stride + tap[i] * windows[i].dilation;
                    padded.checked_sub(before[i]).filter(|&place| place < x.shape[1 + i])
                };
                let Some(places) = (0..count).map(place).collect::<Option<Vec<_>>>() else { continue };
                let at = [&[index[0]], &places[..], &[first_channel + tap[count]]].concat();
                sum += x.at(&at) * kernel.at(&[&tap[..], &[filter]].concat());
            }
            sum
        };
        Value::f32(result.clone(), indices(&result).map(element).collect())
    }

    fn close(got: &Value, want: &Value) {
        assert_eq!(got.shape, want.shape);
        for (got, want) in got.data.iter().zip(&want.data) {
            assert!((got - want).abs() <= 1e-12, "expected {want}, received {got}");
        }
    }

    #[test]
    fn same_padding_is_that_of_tensorflow() {
        let same = |length, size, stride| Padding::Same.widths(length, Window::new(size, stride));
        assert_eq!([same(5, 3, 1), same(5, 3, 2), same(6, 3, 2), same(5, 2, 1)], [(1, 1), (1, 1), (0, 1), (0, 1)]);
        assert_eq!([same(5, 1, 3), same(28, 2, 2), same(7, 4, 3)], [(0, 0), (0, 0), (1, 2)]);
        let dilated = Window { size: 3, stride: 1, dilation: 2 };
        assert_eq!(Padding::Same.widths(10, dilated), (2, 2));
        assert_eq!(Padding::Causal.widths(10, dilated), (4, 0));
    }

    proptest! {
        #[test]
        fn convolution_is_what_its_definition_says(
            (batch, groups, inner, outer) in (1usize..=2, 1usize..=3, 1usize..=2, 1usize..=2),
            axes in prop::collection::vec((1usize..=6, 1usize..=3, 1usize..=3, 1usize..=2), 1..=3),
            padding in prop::sample::select(vec![Padding::Valid, Padding::Same, Padding::Causal]),
        ) {
            let windows: Vec<Window> =
                axes.iter().map(|&(_, size, stride, dilation)| Window { size, stride, dilation }).collect();
            let spatial: Vec<usize> =
                axes.iter().zip(&windows).map(|(axis, window)| axis.0 + window.span() - 1).collect();
            let sizes: Vec<usize> = windows.iter().map(|window| window.size).collect();
            let strides: Vec<usize> = windows.iter().map(|window| window.stride).collect();
            let dilation: Vec<usize> = windows.iter().map(|window| window.dilation).collect();
            let x = Value::varied([&[batch], &spatial[..], &[groups * inner]].concat());
            let kernel = Value::varied([&sizes[..], &[inner, groups * outer]].concat());
            let widths: Vec<(usize, usize)> =
                windows.iter().zip(&spatial).map(|(&window, &length)| padding.widths(length, window)).collect();
            let before: Vec<usize> = widths.iter().map(|width| width.0).collect();
            let positions: Vec<usize> = (0..spatial.len())
                .map(|i| (widths[i].0 + spatial[i] + widths[i].1 - windows[i].span()) / strides[i] + 1)
                .collect();
            if padding == Padding::Same {
                let expected: Vec<usize> = spatial.iter().zip(&strides).map(|(n, stride)| n.div_ceil(*stride)).collect();
                prop_assert_eq!(&positions, &expected);
            }
            let values = [x, kernel];
            let got = run(&values, |x| x[0].conv(&x[1], &strides, padding, &dilation, groups)).unwrap();
            close(&got, &by_definition(&values[0], &values[1], &windows, &before, &positions, groups));

            // A depthwise convolution is one with a group for each channel.
            let (channels, multiplier) = (groups * inner, outer);
            let values = [values[0].clone(), Value::varied([&sizes[..], &[channels, multiplier]].concat())];
            let got = run(&values, |x| x[0].depthwise_conv(&x[1], &strides, padding, &dilation)).unwrap();
            let grouped = [&sizes[..], &[1, channels * multiplier]].concat();
            let kernel = Value::f32(grouped, values[1].data.clone());
            close(&got, &by_definition(&values[0], &kernel, &windows, &before, &positions, channels));
        }
    }

    #[test]
    fn one_by_one_convolution_multiplies_without_copies() {
        let tracer = Tracer::new();
        let (x, kernel) = (tracer.input([2, 5, 5, 3], DType::F32), tracer.input([1, 1, 3, 4], DType::F32));
        x.conv(&kernel, &[1, 1], Padding::Same, &[1, 1], 1).unwrap();
        let moved = |op: &crate::Op| matches!(op, crate::Op::Windows { .. } | crate::Op::Pad { .. });
        assert!(!tracer.graph().nodes().iter().any(|node| moved(&node.op)));
    }

    #[test]
    fn a_training_step_copies_the_windows_once() {
        let tracer = Tracer::new();
        let x = tracer.input([4, 8, 8, 3], DType::F32);
        let kernel = tracer.state(StateId(0), [3, 3, 3, 5], DType::F32);
        let result = x.conv(&kernel, &[1, 1], Padding::Valid, &[1, 1], 1).unwrap().tanh().unwrap();
        let loss = result.sum_all().unwrap();
        tracer.output(&loss);
        let gradient = tracer.gradients(&loss, std::slice::from_ref(&kernel)).unwrap().remove(0);
        tracer.assign(StateId(0), &kernel.sub(&gradient).unwrap()).unwrap();
        let program = crate::compile(&tracer.graph());
        let kinds: Vec<&str> = program
            .kernels
            .iter()
            .map(|kernel| match kernel {
                Kernel::Map(map) if map.body.instrs.len() == 1 => "copy",
                Kernel::Map(_) => "map",
                Kernel::Reduce(_) => "reduce",
                Kernel::MatMul(_) => "product",
                _ => "other",
            })
            .collect();
        // Windows; convolution with activation and its derivative; loss; gradient of the kernel with its update.
        assert_eq!(kinds, ["copy", "product", "reduce", "product"]);
    }

    #[test]
    fn a_depthwise_gradient_of_single_steps_adds_no_windows_up() {
        let folds = |stride: usize, padding: Padding| {
            let tracer = Tracer::new();
            let (x, kernel) = (tracer.input([2, 6, 6, 3], DType::F32), tracer.input([3, 3, 3, 1], DType::F32));
            let result = x.depthwise_conv(&kernel, &[stride; 2], padding, &[1, 1]).unwrap();
            let gradients = tracer.gradients(&result.sum_all().unwrap(), &[x, kernel]).unwrap();
            for gradient in &gradients {
                tracer.output(gradient);
            }
            let program = crate::compile(&tracer.graph());
            program.kernels.iter().filter(|kernel| matches!(kernel, Kernel::FoldWindows(_))).count()
        };
        assert_eq!([Padding::Valid, Padding::Same, Padding::Causal].map(|padding| folds(1, padding)), [0; 3]);
        assert_eq!(folds(2, Padding::Same), 1);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let refusal = |x: &[usize], kernel: &[usize], strides: &[usize], groups: usize| {
            let values = [Value::varied(x), Value::varied(kernel)];
            let dilation = vec![1; strides.len()];
            run(&values, |x| x[0].conv(&x[1], strides, Padding::Valid, &dilation, groups)).unwrap_err().to_string()
        };
        assert_eq!(
            refusal(&[2, 5, 3], &[3, 3, 3, 4], &[1, 1], 1),
            "conv: expected [batch, 2 spatial axes, channels] for windows [3, 3], received [2, 5, 3]"
        );
        assert_eq!(
            refusal(&[2, 5, 3], &[3, 3, 4], &[1, 1], 1),
            "conv: expected 1 strides for windows [3], received [1, 1]"
        );
        assert_eq!(
            refusal(&[2, 5, 3], &[3, 2, 4], &[1], 1),
            "conv: expected a kernel of shape [sizes, channels / groups, filters] for 3 channels in 1 groups, received \
             [3, 2, 4]; channels and filters must be multiples of the groups"
        );
        assert_eq!(
            refusal(&[2, 5, 3], &[6, 3, 4], &[1], 1),
            "conv: a window of size 6 and dilation rate 1 reaches over 6 elements, axis 1 of shape [2, 5, 3] has 5"
        );
        assert_eq!(
            refusal(&[2, 5, 3], &[2, 3, 4], &[0], 1),
            "conv: expected sizes, strides and dilation rates of at least 1, received [2], [0] and [1]"
        );
        let values = [Value::varied([2, 5, 3]), Value::varied([2, 2, 4])];
        let message = run(&values, |x| x[0].depthwise_conv(&x[1], &[1], Padding::Same, &[1])).unwrap_err().to_string();
        assert_eq!(message, "depthwiseConv: expected a kernel [2, 2, 4] to have the channels of [2, 5, 3]");
    }
}
