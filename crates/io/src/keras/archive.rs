//! The zip archive of a `.keras` file.
//!
//! The directory of an archive is walked without keeping it: an archive may claim, and even have, millions of entries.

use std::fs::File;
use std::io::{self, Read, Write};

use flate2::read::DeflateDecoder;
use hdf5_pure::{FormatError, Source};
use rawzip::{
    CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder, ZipArchiveWriter,
    ZipLocator,
};

use super::bytes::{Budget, Section};
use super::error::Problem;

pub const CONFIG: &str = "config.json";
pub const METADATA: &str = "metadata.json";
pub const WEIGHTS: &str = "model.weights.h5";

/// The entries that are read.
const NAMES: [&str; 3] = [CONFIG, METADATA, WEIGHTS];

/// The end of the directory lies before a comment of at most 64 KiB.
const SEARCHED: u64 = 1 << 17;

/// An opened archive.
pub struct Archive {
    zip: ZipArchive<FileReader>,
    file: File,
    entries: [Option<Entry>; NAMES.len()],
    pub budget: Budget,
}

/// Where an entry is, and how it is compressed.
#[derive(Clone, Copy)]
struct Entry {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    encrypted: bool,
}

impl Archive {
    /// `length`: of the file in bytes.
    pub fn open(file: File, length: u64) -> Result<Archive, Problem> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let locator = ZipLocator::new().max_search_space(SEARCHED);
        let zip = locator.locate_in_file(file.try_clone()?, &mut buffer).map_err(|(_, error)| error)?;
        let mut entries = [None; NAMES.len()];
        let mut directory = zip.entries(&mut buffer);
        while let Some(record) = directory.next_entry()? {
            // The last one of a name holds, as in Python.
            if let Some(number) = NAMES.iter().position(|name| record.file_path().as_ref() == name.as_bytes()) {
                let (method, encrypted) = (record.compression_method(), record.flags().is_encrypted());
                entries[number] = Some(Entry { place: record.wayfinder(), method, encrypted });
            }
        }
        Ok(Archive { zip, file, entries, budget: Budget::new(length) })
    }

    fn find(&self, name: &str) -> Result<Option<Entry>, Problem> {
        let Some(entry) = NAMES.iter().position(|known| *known == name).and_then(|number| self.entries[number]) else {
            return Ok(None);
        };
        let known = [CompressionMethod::STORE, CompressionMethod::DEFLATE].contains(&entry.method);
        if known && !entry.encrypted { Ok(Some(entry)) } else { Err(Problem::Compression(name.into())) }
    }

    /// The content of an entry; `None` if there is no such entry. Never larger than the file is trusted to hold,
    /// whatever size the archive claims.
    pub fn entry(&mut self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Some(entry) = self.find(name)? else { return Ok(None) };
        let content = self.zip.get_entry(entry.place)?;
        let reader = content.reader();
        let unpacked: Box<dyn Read> = if entry.method == CompressionMethod::DEFLATE {
            Box::new(DeflateDecoder::new(reader))
        } else {
            Box::new(reader)
        };
        let mut bytes = Vec::new();
        // Memory grows with what is really there.
        content.verifying_reader(unpacked.take(self.budget.left() + 1)).read_to_end(&mut bytes).or_else(|error| {
            // What was cut off at the limit has another checksum.
            let damaged = Problem::Entry { name: name.into(), source: error };
            self.budget.take(&format!("entry '{name}'"), bytes.len() as u64).and(Err(damaged))
        })?;
        self.budget.take(&format!("entry '{name}'"), bytes.len() as u64)?;
        Ok(Some(bytes))
    }

    /// The HDF5 file of the weights and what may be made of it. Where it is stored as it is, which is how Keras writes
    /// it, it stays in the archive, and only its checksum is verified here.
    pub fn weights(mut self) -> Result<(Weights, Budget), Problem> {
        let entry = self.find(WEIGHTS)?.ok_or(Problem::NoEntry(WEIGHTS))?;
        if entry.method == CompressionMethod::STORE {
            let content = self.zip.get_entry(entry.place)?;
            io::copy(&mut content.verifying_reader(content.reader()), &mut io::sink())
                .map_err(|source| Problem::Entry { name: WEIGHTS.into(), source })?;
            let (start, end) = content.compressed_data_range();
            return Ok((Weights::Stored(Section::new(self.file, start, end - start)), self.budget));
        }
        let bytes = self.entry(WEIGHTS)?.ok_or(Problem::NoEntry(WEIGHTS))?;
        Ok((Weights::Unpacked(bytes), self.budget))
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
pub fn write(target: impl Write, entries: &[(&str, &[u8])]) -> io::Result<()> {
    let mut zip = ZipArchiveWriter::new(target);
    for (name, content) in entries {
        let file = zip.new_file(*name).compression_method(CompressionMethod::STORE).unix_permissions(0o600);
        let (mut entry, config) = file.start().map_err(io::Error::other)?;
        let mut data = config.wrap(&mut entry);
        data.write_all(content)?;
        let (_, descriptor) = data.finish().map_err(io::Error::other)?;
        entry.finish(descriptor).map_err(io::Error::other)?;
    }
    zip.finish().map_err(io::Error::other)?.flush()
}
