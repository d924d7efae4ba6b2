//! CIFAR-10's binary version (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): records of
//! one label byte and 3072 pixel bytes, first all red, then all green, then all blue, each plane row-major.

use std::path::Path;

use glorot_tensor::Tensor;

use crate::Samples;
use crate::error::{DataError, Problem};
use crate::source::Source;

const PIXELS: usize = 32 * 32;
const RECORD: usize = 1 + 3 * PIXELS;

/// Reads batch files (`data_batch_1.bin`, ..., `test_batch.bin`), one after the other into the same tensors: images
/// `[n, 32, 32, 3]` with the channels last, as Keras has them, and labels `[n]`, both u8.
///
/// # Errors
/// When a file cannot be read, is compressed, is empty or no whole number of records, or a label exceeds 9.
pub fn read_cifar10(paths: &[impl AsRef<Path>]) -> Result<Samples, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for path in paths.iter().map(AsRef::as_ref) {
        read(path, &mut pixels, &mut labels).map_err(|problem| problem.in_file(path))?;
    }
    let n = labels.len();
    Ok(Samples {
        x: Tensor::u8([n, 32, 32, 3], pixels).expect("one image a record"),
        y: Tensor::u8([n], labels).expect("one label a record"),
    })
}

fn read(path: &Path, pixels: &mut Vec<u8>, labels: &mut Vec<u8>) -> Result<(), Problem> {
    let mut source = Source::open(path)?;
    if source.compressed {
        // Nothing in the format bounds what a compressed file may expand to.
        return Err(Problem::Compressed);
    }
    let most = source.most;
    let bytes = source.read_elements(most, |[byte]| byte)?;
    let (records, rest) = bytes.as_chunks::<RECORD>();
    if records.is_empty() || !rest.is_empty() {
        return Err(Problem::NotCifar10(bytes.len() as u64));
    }
    pixels.reserve_exact(records.len() * 3 * PIXELS);
    for (record, &[label, ref planes @ ..]) in records.iter().enumerate() {
        if label > 9 {
            return Err(Problem::CifarLabel { record, label });
        }
        labels.push(label);
        pixels.extend((0..PIXELS).flat_map(|at| [planes[at], planes[PIXELS + at], planes[2 * PIXELS + at]]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_files::{TempFile, gzip};

    /// Pixel values that tell record, channel and position apart.
    fn batch(labels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (record, &label) in labels.iter().enumerate() {
            bytes.push(label);
            bytes.extend((0..3 * PIXELS).map(|at| (7 * record + 3 * at + at / PIXELS) as u8));
        }
        bytes
    }

    #[test]
    fn channels_come_last() {
        let bytes = batch(&[3, 9]);
        let Samples { x, y } = read_cifar10(&[TempFile::with(&bytes).path()]).unwrap();
        assert_eq!(x.shape().dims(), [2, 32, 32, 3]);
        assert_eq!(y.as_u8().unwrap(), [3, 9]);
        let x = x.as_u8().unwrap();
        for (record, row, column, channel) in [(0, 0, 0, 0), (0, 0, 1, 2), (1, 31, 31, 1), (1, 5, 17, 0)] {
            let stored = record * RECORD + 1 + channel * PIXELS + row * 32 + column;
            assert_eq!(x[((record * 32 + row) * 32 + column) * 3 + channel], bytes[stored]);
        }
    }

    #[test]
    fn files_follow_one_another() {
        let (first, second) = (TempFile::with(&batch(&[3, 9])), TempFile::with(&batch(&[1])));
        let Samples { x, y } = read_cifar10(&[first.path(), second.path()]).unwrap();
        assert_eq!(x.shape().dims(), [3, 32, 32, 3]);
        assert_eq!(y.as_u8().unwrap(), [3, 9, 1]);
        let last = &x.as_u8().unwrap()[2 * 3 * PIXELS..];
        assert_eq!(last, read_cifar10(&[second.path()]).unwrap().x.as_u8().unwrap());
    }

    #[test]
    fn malformed_files_are_named_errors() {
        let whole = batch(&[1, 2]);
        let cases: [(&[u8], &str); 5] = [
            (&[], "received 0 bytes"),
            (&whole[..whole.len() - 1], "received 6145 bytes"),
            (&whole[..100], "whole number of records of 3073 bytes"),
            (&gzip(&whole), "is gzip-compressed"),
            (&batch(&[1, 10]), "record 1 has label 10, expected 0 to 9"),
        ];
        for (bytes, message) in cases {
            let file = TempFile::with(bytes);
            let error = read_cifar10(&[file.path()]).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(error.starts_with(file.path().to_str().unwrap()), "{error}");
        }
    }
}
