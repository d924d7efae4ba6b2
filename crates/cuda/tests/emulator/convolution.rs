//! Convolutions as their definition says.

use glorot_cuda::gpu::{Address, Computes, Convolution};
use glorot_graph::program::FoldAxis;

use super::stored;

pub unsafe fn convolve(convolution: &Convolution) {
    let Convolution { shape, computes, images, filters, results, precision } = *convolution;
    let [height, width] = shape.axes;
    // SAFETY: the caller vouches for the tensors.
    let read = |tensor: Address, at: usize| unsafe { f64::from(stored(precision, tensor, at)) };
    let (computed, count) = match computes {
        Computes::Results => (results, shape.images * height.positions * width.positions * shape.filters),
        Computes::Filters => (filters, shape.filters * height.size * width.size * shape.channels),
        Computes::Images => (images, shape.images * height.length * width.length * shape.channels),
    };
    let mut sums = vec![0.0f64; count];
    let place = |axis: &FoldAxis, position: usize, element: usize| position * axis.stride + element * axis.dilation;
    for image in 0..shape.images {
        for (top, left) in pairs(height.positions, width.positions) {
            for (row, column) in pairs(height.size, width.size) {
                let (y, x) = (place(&height, top, row), place(&width, left, column));
                let image_at = ((image * height.length + y) * width.length + x) * shape.channels;
                let result_at = ((image * height.positions + top) * width.positions + left) * shape.filters;
                for filter in 0..shape.filters {
                    let filter_at = ((filter * height.size + row) * width.size + column) * shape.channels;
                    for channel in 0..shape.channels {
                        let (i, f, r) = (image_at + channel, filter_at + channel, result_at + filter);
                        match computes {
                            Computes::Results => sums[r] += read(images, i) * read(filters, f),
                            Computes::Filters => sums[f] += read(images, i) * read(results, r),
                            Computes::Images => sums[i] += read(filters, f) * read(results, r),
                        }
                    }
                }
            }
        }
    }
    for (at, sum) in sums.into_iter().enumerate() {
        // SAFETY: as above.
        unsafe { *(computed as *mut f32).add(at) = sum as f32 };
    }
}

fn pairs(first: usize, second: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..first).flat_map(move |a| (0..second).map(move |b| (a, b)))
}
