use std::io;
use std::path::{Path, PathBuf};

/// Why a data file could not be read. The message starts with the file's path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct DataError {
    path: PathBuf,
    #[source]
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("is not a regular file")]
    NotAFile,
    #[error("is not an IDX file: it starts with bytes {0:02x?}, an IDX file with 00 00, a type and a number of axes")]
    NotIdx([u8; 4]),
    #[error(
        "has unknown IDX element type 0x{0:02x}; expected 08 (u8), 09 (i8), 0b (i16), 0c (i32), 0d (f32) or 0e (f64)"
    )]
    UnknownType(u8),
    #[error("is truncated within its header")]
    TruncatedHeader,
    #[error(
        "is truncated or its header is damaged: shape {dims:?} needs {expected} bytes of data, the file has {found}"
    )]
    Truncated { dims: Vec<usize>, expected: u64, found: u64 },
    #[error("has a damaged header: shape {dims:?} needs {expected} bytes of data, the file can hold at most {most}")]
    Implausible { dims: Vec<usize>, expected: u64, most: u64 },
    #[error("has a damaged header: the number of elements of shape {0:?} exceeds what this machine can address")]
    TooLarge(Vec<usize>),
    #[error("holds more data than its header announces (shape {0:?})")]
    TrailingData(Vec<usize>),
    #[error("does not fit in memory: {0} more bytes were refused")]
    OutOfMemory(usize),
    #[error("is gzip-compressed; a CIFAR-10 batch is read uncompressed: unpack it first")]
    Compressed,
    #[error(
        "is not a CIFAR-10 batch: expected a whole number of records of 3073 bytes (1 label, 3072 pixels), \
         received {0} bytes"
    )]
    NotCifar10(u64),
    #[error("is not a CIFAR-10 batch: record {record} has label {label}, expected 0 to 9")]
    CifarLabel { record: usize, label: u8 },
}

impl Problem {
    pub(crate) fn in_file(self, path: &Path) -> DataError {
        DataError { path: path.to_owned(), problem: self }
    }
}
