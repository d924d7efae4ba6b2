//! The zip archive of a `.keras` file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};

use hdf5_pure::{FormatError, Source};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::bytes::{Budget, Section};
use super::error::Problem;

pub const CONFIG: &str = "config.json";
pub const METADATA: &str = "metadata.json";
pub const WEIGHTS: &str = "model.weights.h5";

/// An opened archive.
pub struct Archive {
    zip: ZipArchive<BufReader<File>>,
    file: File,
    pub budget: Budget,
}

impl Archive {
    /// `length`: of the file in bytes.
    pub fn open(file: File, length: u64) -> Result<Archive, Problem> {
        let zip = ZipArchive::new(BufReader::new(file.try_clone()?))?;
        Ok(Archive { zip, file, budget: Budget::new(length) })
    }

    /// The content of an entry; `None` if there is no such entry. Never larger than the file is trusted to hold,
    /// whatever size the archive claims.
    pub fn entry(&mut self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Some(index) = self.zip.index_for_name(name) else { return Ok(None) };
        let entry = supported(self.zip.by_index(index), name)?;
        // What the archive claims, but not more than it may hold; only what is really there is ever touched.
        let claimed = entry.size().min(self.budget.left());
        let mut bytes = Vec::with_capacity(usize::try_from(claimed).unwrap_or(0));
        entry.take(self.budget.left() + 1).read_to_end(&mut bytes)?;
        self.budget.take(&format!("entry '{name}'"), bytes.len() as u64)?;
        Ok(Some(bytes))
    }

    /// The HDF5 file of the weights and what may be made of it. Where it is stored as it is, which is how Keras writes
    /// it, it stays in the archive, and only its checksum is verified here.
    pub fn weights(mut self) -> Result<(Weights, Budget), Problem> {
        let index = self.zip.index_for_name(WEIGHTS).ok_or(Problem::NoEntry(WEIGHTS))?;
        let mut entry = supported(self.zip.by_index(index), WEIGHTS)?;
        let (size, start) = (entry.size(), entry.data_start());
        if let (CompressionMethod::Stored, Some(start)) = (entry.compression(), start) {
            let read = io::copy(&mut entry, &mut io::sink())?;
            let section = Section::new(self.file, start, read.min(size));
            return Ok((Weights::Stored(section), self.budget));
        }
        drop(entry);
        let bytes = self.entry(WEIGHTS)?.ok_or(Problem::NoEntry(WEIGHTS))?;
        Ok((Weights::Unpacked(bytes), self.budget))
    }
}

fn supported<T>(entry: zip::result::ZipResult<T>, name: &str) -> Result<T, Problem> {
    match entry {
        Err(zip::result::ZipError::UnsupportedArchive(_)) => Err(Problem::Compression(name.into())),
        other => Ok(other?),
    }
}

/// An HDF5 file in an archive.
pub enum Weights {
    Stored(Section),
    Unpacked(Vec<u8>),
}

impl Source for Weights {
    fn len(&self) -> u64 {
        match self {
            Weights::Stored(section) => section.len(),
            Weights::Unpacked(bytes) => bytes.len() as u64,
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let bytes = match self {
            Weights::Stored(section) => return section.read_at(offset, buffer),
            Weights::Unpacked(bytes) => bytes,
        };
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(buffer.len())?));
        let part = range.and_then(|range| bytes.get(range));
        buffer.copy_from_slice(part.ok_or_else(|| FormatError::Source(format!("no bytes at {offset}")))?);
        Ok(())
    }
}

/// Writes an archive whose entries are stored uncompressed, as Keras does.
pub fn write(target: impl Write + Seek, entries: &[(&str, &[u8])]) -> io::Result<()> {
    let mut zip = ZipWriter::new(target);
    for (name, content) in entries {
        let large = u32::try_from(content.len()).is_err();
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o600)
            .large_file(large);
        zip.start_file(*name, options)?;
        zip.write_all(content)?;
    }
    zip.finish()?.flush()
}
