//! IDX, the format of MNIST and Fashion-MNIST: two zero bytes, an element type, the number of axes, each axis as a
//! big-endian u32, then the elements, row-major and big-endian (described at the foot of Yann LeCun's MNIST page).

use std::path::Path;

use glorot_tensor::Tensor;

use crate::error::{DataError, Problem};
use crate::source::Source;

/// Reads an IDX file, gzip-compressed or not (told by its first bytes, not by its name).
///
/// The tensor has the file's shape. Its dtype is u8 for u8; i32 for i8, i16 and i32; f32 for f32 and f64 (rounded).
///
/// # Errors
/// When the file cannot be read, is no IDX file, is shorter or longer than its header says, or is damaged gzip. A header
/// that claims more than the file can hold is refused before anything is allocated.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    let path = path.as_ref();
    read(path).map_err(|problem| problem.in_file(path))
}

fn read(path: &Path) -> Result<Tensor, Problem> {
    let mut source = Source::open(path)?;
    let magic: [u8; 4] = source.read_array()?.ok_or(Problem::TruncatedHeader)?;
    let [0, 0, element_type, rank] = magic else { return Err(Problem::NotIdx(magic)) };
    let element_size: u64 = match element_type {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        other => return Err(Problem::UnknownType(other)),
    };
    let dims = (0..rank)
        .map(|_| source.read_array()?.map(|bytes| u32::from_be_bytes(bytes) as usize).ok_or(Problem::TruncatedHeader))
        .collect::<Result<Vec<usize>, Problem>>()?;

    let header = 4 + 4 * u64::from(rank);
    let count = dims.iter().try_fold(1u64, |product, &dim| product.checked_mul(dim as u64));
    let sizes = count.and_then(|count| Some((count, count.checked_mul(element_size)?)));
    let Some((count, expected)) = sizes.filter(|&(_, bytes)| isize::try_from(bytes).is_ok()) else {
        return Err(Problem::TooLarge(dims));
    };
    let most = source.most.saturating_sub(header);
    if expected > most {
        return Err(Problem::Implausible { dims, expected, most });
    }

    let body = Body { source, count, element_size, dims };
    match element_type {
        0x08 => body.read(|[byte]| byte, Tensor::u8),
        0x09 => body.read(|[byte]| i32::from(byte as i8), Tensor::i32),
        0x0b => body.read(|bytes| i32::from(i16::from_be_bytes(bytes)), Tensor::i32),
        0x0c => body.read(i32::from_be_bytes, Tensor::i32),
        0x0d => body.read(f32::from_be_bytes, Tensor::f32),
        _ => body.read(|bytes| f64::from_be_bytes(bytes) as f32, Tensor::f32),
    }
}

struct Body {
    source: Source,
    count: u64,
    element_size: u64,
    dims: Vec<usize>,
}

impl Body {
    fn read<const N: usize, T>(
        mut self,
        decode: fn([u8; N]) -> T,
        tensor: fn(Vec<usize>, Vec<T>) -> Result<Tensor, glorot_tensor::TensorError>,
    ) -> Result<Tensor, Problem> {
        let elements = self.source.read_elements(self.count, decode)?;
        let (expected, found) = (self.count * self.element_size, elements.len() as u64 * self.element_size);
        if found < expected {
            return Err(Problem::Truncated { dims: self.dims, expected, found });
        }
        if !self.source.at_end()? {
            return Err(Problem::TrailingData(self.dims));
        }
        Ok(tensor(self.dims, elements).expect("as many elements as the shape has, checked above"))
    }
}

#[cfg(test)]
mod tests;
