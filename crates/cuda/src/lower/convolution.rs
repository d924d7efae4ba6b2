//! Which convolutions a library can compute, and how they are said in its terms.
//!
//! A program holds a convolution as a product that reads windows, and the gradient of its images as a product whose rows
//! are added up as windows ([`glorot_graph::windows`]).

use glorot_graph::Window;
use glorot_graph::program::{
    Body, BufferId, FoldAxis, FoldWindowsKernel, Instr, Loop, MapKernel, MatMulKernel, MatrixView, Program, Store, View,
};
use glorot_graph::windows::Windows;
use glorot_tensor::DType;

use super::{LIBRARY_MULTIPLICATIONS, Refused};
use crate::codegen::Precision;
use crate::gpu::{Computes, ConvolutionShape};

/// See [`crate::gpu::Convolution`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LibraryConvolution {
    pub shape: ConvolutionShape,
    pub computes: Computes,
    pub images: BufferId,
    pub filters: BufferId,
    pub results: BufferId,
    pub precision: Precision,
}

/// Leaves windows out where a library convolves.
pub(super) struct Convolves<'a> {
    pub refused: &'a Refused,
}

impl Convolves<'_> {
    fn takes(&self, found: Option<(ConvolutionShape, Computes)>) -> bool {
        let is_large = |(shape, _): &_| multiplications(shape) >= LIBRARY_MULTIPLICATIONS;
        found.is_some_and(|found| is_large(&found) && !self.refused.convolutions.contains(&found))
    }
}

impl Windows for Convolves<'_> {
    fn gathers(&self, program: &Program, product: &MatMulKernel) -> bool {
        let numel = program.buffers[product.a.buffer.index()].spec.shape.numel();
        self.takes(of_product(product).filter(|(shape, _)| images_numel(shape) <= numel))
    }

    fn folds(&self, _: &Program, fold: &FoldWindowsKernel) -> bool {
        self.takes(of_fold(fold).map(|shape| (shape, Computes::Images)))
    }
}

pub(super) fn multiplications(shape: &ConvolutionShape) -> usize {
    let windows: usize = shape.axes.iter().map(|axis| axis.positions * axis.size).product();
    shape.images * windows * shape.channels * shape.filters
}

fn images_numel(shape: &ConvolutionShape) -> usize {
    shape.images * shape.axes[0].length * shape.axes[1].length * shape.channels
}

/// A convolution, or the gradient of its filters, that is written as a product which reads windows.
pub(super) fn of_product(product: &MatMulKernel) -> Option<(ConvolutionShape, Computes)> {
    let MatMulKernel { batch: 1, m, n, k, a, b, .. } = product else { return None };
    let loops = a.loops.as_ref().filter(|_| a.offset == 0 && b.loops.is_none())?;
    let results = || Some((shape(&loops.rows, &loops.columns, *n)?, Computes::Results));
    let is_dense = b.offset == 0 && b.rows == *n && b.columns == 1;
    let filters = || Some((shape(&loops.columns, &loops.rows, *n).filter(|_| is_dense)?, Computes::Filters));
    // Images of one channel are windows of windows, too; those that are meant have more positions than elements.
    if m >= k { results().or_else(filters) } else { filters().or_else(results) }
}

/// The gradient of the images of a convolution that is written as a product whose rows are added up.
pub(super) fn of_fold(fold: &FoldWindowsKernel) -> Option<ConvolutionShape> {
    let FoldWindowsKernel { product: Some(product), axes, outer, inner, .. } = fold else { return None };
    let one = FoldAxis { length: 1, positions: 1, size: 1, stride: 1, dilation: 1 };
    let axes = match axes[..] {
        [width] => [one, width],
        [height, width] => [height, width],
        _ => return None,
    };
    let MatMulKernel { batch: 1, k, a, b, .. } = &**product else { return None };
    let is_dense = a.offset == 0 && a.rows == *k && a.columns == 1 && a.loops.is_none() && b.loops.is_none();
    let is_whole = axes.iter().all(is_whole);
    let shape = ConvolutionShape { images: *outer, channels: *inner, filters: *k, axes };
    (is_dense && is_whole && counts_fit(&shape)).then_some(shape)
}

/// True if an axis has as many windows as fit.
fn is_whole(&FoldAxis { length, positions, size, stride, dilation }: &FoldAxis) -> bool {
    Window { size, stride, dilation }.positions(length) == positions
}

/// The library counts in 32 bits here and there.
fn counts_fit(shape: &ConvolutionShape) -> bool {
    let results = shape.images * shape.axes[0].positions * shape.axes[1].positions * shape.filters;
    images_numel(shape).max(results) < i32::MAX as usize
}

/// The convolution whose windows have these positions and elements, if there is one. What is one channel here may be
/// several of the layer: all that counts is where elements lie.
fn shape(positions: &[Loop], elements: &[Loop], filters: usize) -> Option<ConvolutionShape> {
    let (run, outer) = elements.split_last().filter(|(run, _)| run.stride == 1)?;
    let strides = positions.iter().chain(outer).map(|turn| turn.stride);
    let channels = strides.fold(run.length, gcd);
    let mut elements = outer.to_vec();
    if run.length > channels {
        elements.push(Loop { length: run.length / channels, stride: channels });
    }
    let of_positions = choices(positions, &[&[0, 1, 2], &[0, 2], &[0, 1], &[1, 2], &[0], &[2], &[1], &[]]);
    let of_elements = choices(&elements, &[&[1, 2], &[2], &[1], &[]]);
    let mut all = of_positions.iter().flat_map(|position| of_elements.iter().map(move |element| (position, element)));
    all.find_map(|(&[image, top, left], &[_, height, width])| {
        let image_stride = image.map(|turn| turn.stride);
        let row_stride = [top, height].into_iter().flatten().map(|turn| turn.stride).reduce(gcd).or(image_stride);
        let width = axis([left, width], channels, row_stride)?;
        let height = axis([top, height], row_stride.unwrap_or(width.length * channels), image_stride)?;
        let images = image.map_or(1, |turn| turn.length);
        let shape = ConvolutionShape { images, channels, filters, axes: [height, width] };
        counts_fit(&shape).then_some(shape)
    })
}

/// The ways in which loops can be those over images, along heights and along widths. Where there is only one turn, there is
/// no loop.
fn choices(loops: &[Loop], ways: &[&[usize]]) -> Vec<[Option<Loop>; 3]> {
    let of = |way: &&[usize]| {
        let mut chosen = [None; 3];
        way.iter().zip(loops).for_each(|(&axis, turn)| chosen[axis] = Some(*turn));
        chosen
    };
    ways.iter().filter(|way| way.len() == loops.len()).map(of).collect()
}

/// The axis along which windows have these positions and elements, counted in `unit`, if it ends at `end`.
fn axis([position, element]: [Option<Loop>; 2], unit: usize, end: Option<usize>) -> Option<FoldAxis> {
    let steps =
        |turn: Option<Loop>| turn.map_or(Some(1), |turn| turn.stride.is_multiple_of(unit).then(|| turn.stride / unit));
    let (stride, dilation) = (steps(position)?, steps(element)?);
    let (count, size) = (position.map_or(1, |turn| turn.length), element.map_or(1, |turn| turn.length));
    let reach = (count - 1) * stride + (size - 1) * dilation + 1;
    let length = match end {
        Some(end) => end.is_multiple_of(unit).then(|| end / unit)?,
        None => reach,
    };
    if stride == 0 || dilation == 0 || reach > length {
        return None;
    }
    // One window may lie in a longer axis: no second one fits if it would begin behind the end.
    let stride = if count == 1 { length } else { stride };
    let axis = FoldAxis { length, positions: count, size, stride, dilation };
    is_whole(&axis).then_some(axis)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Filters as the library takes them, each with its elements side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Filters {
    pub buffer: BufferId,
    offset: usize,
    filters: usize,
    elements: usize,
    filter_stride: usize,
    element_stride: usize,
}

impl Filters {
    /// Those that a product reads, of which each takes a column or a row.
    pub fn of(view: &MatrixView, shape: &ConvolutionShape, in_columns: bool) -> Filters {
        let elements = shape.axes[0].size * shape.axes[1].size * shape.channels;
        let (filter_stride, element_stride) =
            if in_columns { (view.columns, view.rows) } else { (view.rows, view.columns) };
        Filters {
            buffer: view.buffer,
            offset: view.offset,
            filters: shape.filters,
            elements,
            filter_stride,
            element_stride,
        }
    }

    pub fn dims(&self) -> [usize; 2] {
        [self.filters, self.elements]
    }

    /// True if they lie so already.
    pub fn is_dense(&self) -> bool {
        self.offset == 0 && self.element_stride == 1 && self.filter_stride == self.elements
    }

    /// Copies them to where they lie so.
    pub fn copy(&self, to: BufferId) -> MapKernel {
        let view = View { offset: self.offset, strides: vec![self.filter_stride, self.element_stride] };
        let load = Instr::Load { buffer: self.buffer, view };
        let body = Body { instrs: vec![load], dtypes: vec![DType::F32] };
        let store = Store { value: 0, buffer: to, view: View { offset: 0, strides: vec![self.elements, 1] } };
        MapKernel { domain: self.dims().into(), body, stores: vec![store] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glorot_graph::program::Kernel;
    use glorot_graph::{Padding, StateId, Tracer, compile};

    /// What becomes of the training step of a convolution.
    fn found(x: &[usize], kernel: &[usize], strides: &[usize], padding: Padding, dilations: &[usize]) -> Vec<Found> {
        let tracer = Tracer::new();
        let input = tracer.state(StateId(0), x, DType::F32).square().unwrap();
        let weights = tracer.state(StateId(1), kernel, DType::F32);
        let result = input.conv(&weights, strides, padding, dilations, 1).unwrap();
        let loss = result.tanh().unwrap().sum_all().unwrap();
        for gradient in tracer.gradients(&loss, &[input, weights]).unwrap() {
            tracer.output(&gradient);
        }
        let mut program = compile(&tracer.graph());
        windows_of(&mut program);
        let of = |kernel: &Kernel| match kernel {
            Kernel::MatMul(product) => of_product(product),
            Kernel::FoldWindows(fold) => of_fold(fold).map(|shape| (shape, Computes::Images)),
            _ => None,
        };
        program.kernels.iter().filter_map(of).collect()
    }

    type Found = (ConvolutionShape, Computes);

    fn windows_of(program: &mut Program) {
        struct All;
        impl Windows for All {
            fn gathers(&self, _: &Program, product: &MatMulKernel) -> bool {
                of_product(product).is_some()
            }

            fn folds(&self, _: &Program, fold: &FoldWindowsKernel) -> bool {
                of_fold(fold).is_some()
            }
        }
        glorot_graph::windows::leave_out(program, &All);
    }

    fn axis_of(length: usize, positions: usize, size: usize, stride: usize, dilation: usize) -> FoldAxis {
        FoldAxis { length, positions, size, stride, dilation }
    }

    /// All three of a convolution are found, with these lengths.
    fn expect(found: Vec<Found>, images: usize, channels: usize, filters: usize, axes: [FoldAxis; 2]) {
        let shape = ConvolutionShape { images, channels, filters, axes };
        let want = [Computes::Results, Computes::Filters, Computes::Images].map(|computes| (shape, computes));
        assert_eq!(found.len(), 3, "{found:?}");
        for one in want {
            assert!(found.contains(&one), "{one:?} in {found:?}");
        }
    }

    #[test]
    fn convolutions_of_images_are_found() {
        let plain = found(&[4, 12, 10, 6], &[3, 3, 6, 8], &[1, 1], Padding::Valid, &[1, 1]);
        expect(plain, 4, 6, 8, [axis_of(12, 10, 3, 1, 1), axis_of(10, 8, 3, 1, 1)]);
        // Padded: the images with their rims.
        let same = found(&[4, 12, 10, 6], &[3, 5, 6, 8], &[1, 1], Padding::Same, &[1, 1]);
        expect(same, 4, 6, 8, [axis_of(14, 12, 3, 1, 1), axis_of(14, 10, 5, 1, 1)]);
        let dilated = found(&[4, 12, 13, 6], &[3, 2, 6, 8], &[1, 1], Padding::Valid, &[2, 3]);
        expect(dilated, 4, 6, 8, [axis_of(12, 8, 3, 1, 2), axis_of(13, 10, 2, 1, 3)]);
        let few = found(&[4, 12, 10, 1], &[3, 3, 1, 8], &[1, 1], Padding::Valid, &[1, 1]);
        expect(few, 4, 1, 8, [axis_of(12, 10, 3, 1, 1), axis_of(10, 8, 3, 1, 1)]);
    }

    #[test]
    fn windows_may_leave_elements_out() {
        // Strides of 2 over an odd and an even length.
        let strided = found(&[4, 11, 14, 5], &[3, 3, 5, 8], &[2, 2], Padding::Valid, &[1, 1]);
        expect(strided, 4, 5, 8, [axis_of(11, 5, 3, 2, 1), axis_of(14, 6, 3, 2, 1)]);
    }

    #[test]
    fn one_axis_is_a_width() {
        let series = found(&[4, 30, 6], &[5, 6, 8], &[1], Padding::Valid, &[1]);
        expect(series, 4, 6, 8, [axis_of(1, 1, 1, 1, 1), axis_of(30, 26, 5, 1, 1)]);
    }

    #[test]
    fn windows_as_wide_as_images_are_found() {
        // No loop over widths: windows lie side by side.
        let rows = found(&[4, 12, 5, 6], &[3, 5, 6, 8], &[1, 1], Padding::Valid, &[1, 1]);
        assert_eq!(rows.len(), 3, "{rows:?}");
        for (shape, _) in rows {
            assert_eq!(images_numel(&shape), 4 * 12 * 5 * 6, "{shape:?}");
            assert_eq!(multiplications(&shape), 4 * 10 * (3 * 5 * 6) * 8, "{shape:?}");
        }
    }
}
