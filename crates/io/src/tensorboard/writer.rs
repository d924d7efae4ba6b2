use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::error::EventError;
use super::proto::event::{Event, PluginData, SourceMetadata, Summary, SummaryMetadata, Value, What};
use super::proto::tensor::TensorProto;
use super::{file_name, record};
use crate::write_error::{WriteError, WriteProblem};

/// Records are handed to the system when this many bytes wait.
const BUFFER: usize = 1 << 20;
/// ... or when this much time has passed since the last time, as in TensorFlow (`flush_millis`).
const FLUSH_AFTER: Duration = Duration::from_secs(120);

/// Writes one event file of one run.
///
/// Events are buffered; [`flush`](Self::flush), which a training loop calls after each epoch, makes them visible to
/// TensorBoard. They are also flushed when 1 MiB or 2 minutes have come together, and on drop (an error is lost there:
/// flush before). The file only ever grows by whole records, so a crashed process leaves all that was flushed.
///
/// Where the disk is full, the events that wait are kept and the next flush tries again; once the buffer is full too,
/// further events are refused with an error. Memory stays bounded either way.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    pub(super) file: File,
    /// Whole records that are not in the file yet.
    pending: Vec<u8>,
    /// Length of the file.
    written: u64,
    last_flush: Instant,
    pub(super) flush_after: Duration,
}

impl EventWriter {
    /// Creates a new event file in `log_dir`, which is created where it is missing. Existing files are never touched:
    /// TensorBoard shows all event files of one folder as one run.
    ///
    /// The name is `events.out.tfevents.<seconds>.<host>.<process>.<number><suffix>`; the suffix is
    /// [`DEFAULT_SUFFIX`](super::DEFAULT_SUFFIX) or anything else that is part of a file name.
    ///
    /// # Errors
    /// Where the suffix is not part of a file name, and where the folder or the file cannot be created.
    pub fn create(log_dir: impl AsRef<Path>, filename_suffix: &str) -> Result<EventWriter, EventError> {
        let log_dir = log_dir.as_ref();
        let now = wall_time_now().floor();
        let mut name = file_name::next(now as u64, filename_suffix)?;
        std::fs::create_dir_all(log_dir).map_err(WriteProblem::io("creating the folder")).map_err(|e| e.at(log_dir))?;
        let (path, file) = loop {
            let path = log_dir.join(&name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => break (path, file),
                // Another process with the same host name and number, as in containers.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    name = file_name::next(now as u64, filename_suffix)?;
                }
                Err(error) => return Err(WriteProblem::io("creating the file")(error).at(&path).into()),
            }
        };
        let mut writer = EventWriter {
            path,
            file,
            pending: Vec::new(),
            written: 0,
            last_flush: Instant::now(),
            flush_after: FLUSH_AFTER,
        };
        writer.push(&Event {
            wall_time: now,
            step: 0,
            what: Some(What::FileVersion("brain.Event:2".to_owned())),
            source_metadata: Some(SourceMetadata { writer: "glorot".to_owned() }),
        })?;
        writer.flush()?;
        Ok(writer)
    }

    /// The event file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands all events to the operating system. After this they survive a crash of the process.
    ///
    /// # Errors
    /// Where the disk is full or fails; the events are kept for the next flush.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        if !self.pending.is_empty() {
            if let Err(error) = self.file.write_all(&self.pending) {
                // A part of a record may have been written. Cut it off where possible and write over it in any case.
                let _ = self.file.set_len(self.written);
                let _ = self.file.seek(SeekFrom::Start(self.written));
                return Err(WriteProblem::io("adding events")(error).at(&self.path));
            }
            self.written += self.pending.len() as u64;
            self.pending.clear();
        }
        self.last_flush = Instant::now();
        Ok(())
    }

    /// Adds a tensor that the plugin named `plugin` shows. `content` is what the plugin keeps beside it.
    pub(super) fn tensor(
        &mut self,
        tag: &str,
        step: i64,
        wall_time: f64,
        tensor: TensorProto,
        (plugin, content): (&'static str, Vec<u8>),
    ) -> Result<(), EventError> {
        if tag.is_empty() {
            return Err(EventError::EmptyTag { kind: plugin });
        }
        let plugin_data = PluginData { plugin_name: plugin.to_owned(), content };
        let metadata = SummaryMetadata { plugin_data: Some(plugin_data) };
        let value = Value { tag: tag.to_owned(), tensor: Some(tensor), metadata: Some(metadata) };
        let what = Some(What::Summary(Summary { value: vec![value] }));
        self.push(&Event { wall_time, step, what, source_metadata: None })
    }

    pub(super) fn push(&mut self, event: &Event) -> Result<(), EventError> {
        if self.pending.len() >= BUFFER || self.last_flush.elapsed() >= self.flush_after {
            self.flush()?;
        }
        record::append(&mut self.pending, event);
        Ok(())
    }
}

impl Drop for EventWriter {
    fn drop(&mut self) {
        // Documented: who needs to know of an error flushes before.
        let _ = self.flush();
    }
}

/// The time in seconds since 1970-01-01 UTC, as events carry it.
pub fn wall_time_now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
