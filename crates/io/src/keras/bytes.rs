//! Where the bytes of an HDF5 file come from, and how much may be made of them.

use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{FormatError, Source};

use super::error::Problem;

/// Weights hardly compress: what unpacks to more than this many times the file, [`SPARE`] aside, is taken for a bomb.
const EXPANSION: u64 = 4;
/// 24 MiB.
const SPARE: u64 = 24 << 20;

/// Opens a regular file and gives its length in bytes.
pub fn open(path: &Path) -> Result<(File, u64), Problem> {
    // Checked before opening: opening a named pipe would wait for a writer.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(Problem::Folder);
    }
    if !metadata.is_file() {
        return Err(Problem::NotAFile);
    }
    if metadata.len() == 0 {
        return Err(Problem::Empty);
    }
    Ok((File::open(path)?, metadata.len()))
}

/// How many more bytes of content may come out of a file.
#[derive(Debug)]
pub struct Budget {
    file: u64,
    limit: u64,
    left: Cell<u64>,
}

impl Budget {
    /// For a file of the given length in bytes.
    pub fn new(file: u64) -> Budget {
        let limit = file.saturating_mul(EXPANSION).saturating_add(SPARE);
        Budget { file, limit, left: Cell::new(limit) }
    }

    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// Accounts for `bytes` of content before they are allocated.
    pub fn take(&self, what: &str, bytes: u64) -> Result<(), Problem> {
        let left = self.left.get().checked_sub(bytes).ok_or_else(|| self.exceeded(what))?;
        self.left.set(left);
        Ok(())
    }

    /// How many bytes of content a file is trusted to hold.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    pub fn exceeded(&self, what: &str) -> Problem {
        Problem::TooLarge { what: what.into(), limit: self.limit, file: self.file }
    }
}

/// A part of a file, read where and when it is asked for.
pub struct Section {
    file: Mutex<File>,
    start: u64,
    length: u64,
}

impl Section {
    /// `length` bytes from byte `start`, which the file must have.
    pub fn new(file: File, start: u64, length: u64) -> Section {
        Section { file: Mutex::new(file), start, length }
    }
}

impl Source for Section {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let length = buffer.len() as u64;
        let end = offset.checked_add(length).ok_or(FormatError::OffsetOverflow { offset, length })?;
        if end > self.length {
            return Err(FormatError::Source(format!("byte {end} lies beyond the end, byte {}", self.length)));
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.start + offset))
            .and_then(|_| file.read_exact(buffer))
            .map_err(|error| FormatError::Source(error.to_string()))
    }
}

/// How many bytes may still be read from a [`Metered`].
#[derive(Clone, Debug)]
pub struct Meter(Arc<AtomicU64>);

impl Default for Meter {
    fn default() -> Meter {
        Meter(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Meter {
    /// Runs what must read fewer than so many bytes. Also how many are left; if it has asked for more, none are.
    pub fn limit<T>(&self, bytes: u64, read: impl FnOnce() -> T) -> (T, u64) {
        self.0.store(bytes, Ordering::Relaxed);
        let result = read();
        (result, self.0.swap(u64::MAX, Ordering::Relaxed))
    }
}

/// A source that ends when its meter does.
pub struct Metered<S> {
    source: S,
    meter: Meter,
}

impl<S> Metered<S> {
    pub fn new(source: S, meter: Meter) -> Metered<S> {
        Metered { source, meter }
    }
}

impl<S: Source> Source for Metered<S> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let left = self.meter.0.load(Ordering::Relaxed);
        if left != u64::MAX {
            let left = left.saturating_sub(buffer.len() as u64);
            self.meter.0.store(left, Ordering::Relaxed);
            if left == 0 {
                return Err(FormatError::Source("too much is read".into()));
            }
        }
        self.source.read_at(offset, buffer)
    }
}
