//! Opens a file that may be gzip-compressed and reads it with bounded memory.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::Problem;

/// Images and labels compress to a fifth, or a tenth: what expands to more than this many times the file, [`SPARE`] aside,
/// is taken for a bomb.
const LARGEST_EXPANSION: u64 = 16;
/// 24 MiB.
const SPARE: u64 = 24 << 20;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file's content, decompressed where its first bytes say that it is gzip.
pub(crate) struct Source {
    reader: Box<dyn Read>,
    /// Whether the file is gzip.
    pub compressed: bool,
    /// Upper bound of the content's length in bytes.
    pub most: u64,
}

impl Source {
    pub fn open(path: &Path) -> Result<Source, Problem> {
        // Checked before opening: opening a named pipe would wait for a writer.
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(Problem::NotAFile);
        }
        let mut file = File::open(path)?;
        let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
        file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
        file.seek(SeekFrom::Start(0))?;
        let compressed = magic == GZIP_MAGIC;
        let most = match compressed {
            true => metadata.len().saturating_mul(LARGEST_EXPANSION).saturating_add(SPARE),
            false => metadata.len(),
        };
        let file = BufReader::with_capacity(1 << 16, file);
        let reader: Box<dyn Read> = if compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Source { reader, compressed, most })
    }

    /// Reads exactly `N` bytes, or `None` where the content ends before.
    pub fn read_array<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Problem> {
        let mut bytes = [0; N];
        Ok((self.fill(&mut bytes)? == N).then_some(bytes))
    }

    /// Reads up to `count` elements of `N` bytes. The result is shorter where the content ends before; memory grows
    /// with what was really read.
    pub fn read_elements<const N: usize, T>(
        &mut self,
        count: u64,
        decode: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Problem> {
        const CHUNK_BYTES: usize = 1 << 16;
        let mut elements = Vec::new();
        let mut chunk = vec![0u8; CHUNK_BYTES / N * N];
        while (elements.len() as u64) < count {
            let wanted = (count - elements.len() as u64).min((chunk.len() / N) as u64) as usize;
            let filled = self.fill(&mut chunk[..wanted * N])?;
            let (whole, _rest) = chunk[..filled].as_chunks::<N>();
            elements.try_reserve(whole.len()).map_err(|_| Problem::OutOfMemory(whole.len() * size_of::<T>()))?;
            elements.extend(whole.iter().map(|&bytes| decode(bytes)));
            if filled < wanted * N {
                break;
            }
        }
        elements.shrink_to_fit();
        Ok(elements)
    }

    /// True when nothing follows. For gzip this also checks the checksum at the end of the stream.
    pub fn at_end(&mut self) -> Result<bool, Problem> {
        Ok(self.fill(&mut [0])? == 0)
    }

    /// Fills the buffer as far as the content reaches.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(filled)
    }
}
