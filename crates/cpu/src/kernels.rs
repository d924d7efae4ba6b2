//! The loops that are compiled for each instruction set, chosen once by what the processor has.

use std::ops::Range;

use crate::fold_product::{Windows, add_windows};
use crate::fold_windows::FoldWindowsTasks;
use crate::map::{Frame, Step};
use crate::matmul::{Block, Source, add_rows, multiply, pack};
use crate::reduce::{Fold, fold_columns, fold_rows};
use crate::simd::{Isa, Portable};
use crate::turn::Turn;

/// Computes a block of a matrix product; the second argument is scratch memory.
pub(crate) type Multiply = unsafe fn(&Block, *mut f32);

/// The entry points of one instruction set.
#[derive(Debug)]
pub(crate) struct Kernels {
    pub name: &'static str,
    /// Floats of a vector.
    pub lanes: usize,
    /// Rows and columns of a matrix product's register tile.
    pub tile: (usize, usize),
    /// [`crate::map::exec`].
    pub exec: unsafe fn(&[Step], &Frame, usize),
    /// [`fold_rows`].
    pub fold_rows: unsafe fn(Fold, *const f32, usize, usize, *mut f32),
    /// [`fold_columns`].
    pub fold_columns: unsafe fn(Fold, *const f32, usize, usize, *mut f32),
    /// [`multiply`].
    pub multiply: Multiply,
    /// The same with operands that are rounded to bfloat16, where that is wanted and faster.
    pub multiply_half: Option<Multiply>,
    /// [`pack`].
    pub pack: unsafe fn(&Source, usize, *mut f32),
    /// [`add_rows`].
    pub add_rows: unsafe fn(*const f32, usize, usize, *mut f32, usize),
    /// [`crate::turn::turn`].
    pub turn: unsafe fn(&Turn),
    /// [`crate::fold_windows::fold_windows`].
    pub fold_windows: unsafe fn(&FoldWindowsTasks, usize),
    /// [`add_windows`].
    pub add_windows: unsafe fn(&Windows, Range<usize>, *const f32, *mut f32),
}

macro_rules! kernels {
    ($module:ident, $name:literal, $type:ty, $isa:expr, $(#[$feature:meta])?) => {
        mod $module {
            use super::*;

            $(#[$feature])?
            unsafe fn exec(steps: &[Step], frame: &Frame, len: usize) {
                // SAFETY: the processor has these instructions, since `Kernels` are handed out by `detect` alone; the
                // rest is the caller's.
                unsafe { crate::map::exec($isa, steps, frame, len) }
            }
            $(#[$feature])?
            unsafe fn rows(fold: Fold, values: *const f32, rows: usize, columns: usize, out: *mut f32) {
                // SAFETY: as above.
                unsafe { fold_rows($isa, fold, values, rows, columns, out) }
            }
            $(#[$feature])?
            unsafe fn columns(fold: Fold, values: *const f32, rows: usize, columns: usize, out: *mut f32) {
                // SAFETY: as above.
                unsafe { fold_columns($isa, fold, values, rows, columns, out) }
            }
            $(#[$feature])?
            unsafe fn product(block: &Block, scratch: *mut f32) {
                // SAFETY: as above.
                unsafe { multiply($isa, block, scratch) }
            }
            $(#[$feature])?
            unsafe fn panel(source: &Source, width: usize, to: *mut f32) {
                // SAFETY: as above.
                unsafe { pack($isa, source, width, to) }
            }
            $(#[$feature])?
            unsafe fn sum(from: *const f32, step: usize, count: usize, to: *mut f32, columns: usize) {
                // SAFETY: as above.
                unsafe { add_rows($isa, from, step, count, to, columns) }
            }
            $(#[$feature])?
            unsafe fn turn(task: &Turn) {
                // SAFETY: as above.
                unsafe { crate::turn::turn($isa, task) }
            }
            $(#[$feature])?
            unsafe fn windows(tasks: &FoldWindowsTasks, task: usize) {
                // SAFETY: as above.
                unsafe { crate::fold_windows::fold_windows(tasks, task) }
            }

            $(#[$feature])?
            unsafe fn added(windows: &Windows, range: Range<usize>, from: *const f32, out: *mut f32) {
                // SAFETY: as above.
                unsafe { add_windows(windows, range, from, out) }
            }

            pub(super) static KERNELS: Kernels = Kernels {
                name: $name,
                lanes: <$type>::LANES,
                tile: (<$type>::TILE_ROWS, <$type>::TILE_VECTORS * <$type>::LANES),
                exec,
                fold_rows: rows,
                fold_columns: columns,
                multiply: product,
                multiply_half: None,
                pack: panel,
                add_rows: sum,
                turn,
                fold_windows: windows,
                add_windows: added,
            };
        }
    };
}

kernels!(portable, "portable", Portable, Portable,);
#[cfg(target_arch = "x86_64")]
kernels!(
    avx2,
    "AVX2",
    crate::simd::Avx2,
    crate::simd::Avx2::new(),
    #[target_feature(enable = "avx2,fma")]
);
#[cfg(target_arch = "x86_64")]
kernels!(
    avx512,
    "AVX-512",
    crate::simd::Avx512,
    crate::simd::Avx512::new(),
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
);

#[cfg(target_arch = "x86_64")]
mod avx512_bfloat16 {
    use super::*;
    use crate::matmul::multiply_half;
    use crate::simd::{Avx512, Bfloat16};

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
    unsafe fn product(block: &Block, scratch: *mut f32) {
        // SAFETY: the processor has these instructions, as `with_bfloat16` has seen; the rest is the caller's.
        unsafe { multiply_half(Avx512::new(), Bfloat16::new(), block, scratch) }
    }

    pub(super) static KERNELS: Kernels = Kernels { multiply_half: Some(product), ..avx512::KERNELS };
}

/// Whether this processor has instructions for products in bfloat16.
pub(crate) fn has_bfloat16() -> bool {
    with_bfloat16().multiply_half.is_some()
}

/// The best kernels of this processor, with products in bfloat16 if it has instructions for them.
pub(crate) fn with_bfloat16() -> &'static Kernels {
    #[cfg(target_arch = "x86_64")]
    if std::ptr::eq(detect(), &avx512::KERNELS) && is_x86_feature_detected!("avx512bf16") {
        return &avx512_bfloat16::KERNELS;
    }
    detect()
}

/// The kernels of every instruction set that this processor has, best first.
pub(crate) fn available() -> Vec<&'static Kernels> {
    let mut found: Vec<&'static Kernels> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        if avx2 && avx512 {
            found.push(&avx512::KERNELS);
        }
        if avx2 {
            found.push(&avx2::KERNELS);
        }
    }
    found.push(&portable::KERNELS);
    found
}

/// The best kernels of this processor.
pub(crate) fn detect() -> &'static Kernels {
    available()[0]
}
