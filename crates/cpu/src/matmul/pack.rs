/// Copies `k × columns` elements of `b` to rows of `width` floats, the rest of each row 0.
///
/// # Safety
/// `b` holds the elements, `to` takes `k * width` floats, `columns <= width`.
#[inline(always)]
pub(super) unsafe fn pack_columns(
    b: *const f32,
    b_row: usize,
    b_column: usize,
    k: usize,
    columns: usize,
    width: usize,
    to: *mut f32,
) {
    // SAFETY: all indices are below the bounds that the caller vouches for.
    unsafe {
        for column in 0..columns {
            let from = b.add(column * b_column);
            for p in 0..k {
                to.add(p * width + column).write(from.add(p * b_row).read());
            }
        }
        for column in columns..width {
            for p in 0..k {
                to.add(p * width + column).write(0.0);
            }
        }
    }
}
