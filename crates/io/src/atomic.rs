//! Files that are replaced as a whole or not at all.

use std::ffi::OsString;
#[cfg(unix)]
use std::fs::File;
use std::fs::Metadata;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::write_error::{WriteError, WriteProblem};

/// A file under construction beside its target.
///
/// What is written goes to a temporary file in the target's folder. [`commit`](Self::commit) flushes it to the disk,
/// renames it to the target's name and flushes the folder: readers see the old file or the complete new one, never a
/// part, and after a power failure one of the two is there. A file that is dropped without `commit` leaves the old
/// file as it was and removes the temporary one; a killed process leaves `.<name>.<random>.tmp` behind.
///
/// A replaced file keeps its permissions. A symbolic link stays a link: the file that it leads to is replaced.
///
/// Writing is buffered. Source of the steps: rename(2) and fsync(2) of POSIX.
#[derive(Debug)]
pub struct AtomicFile {
    /// As the caller named it; errors use it.
    path: PathBuf,
    /// The path behind symbolic links.
    target: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl AtomicFile {
    /// Starts a file that will replace or create `path`.
    ///
    /// # Errors
    /// Where the folder does not exist or does not let a file be created in it, and where `path` exists and is not a
    /// regular file or is write-protected.
    pub fn create(path: impl AsRef<Path>) -> Result<AtomicFile, WriteError> {
        let path = path.as_ref();
        let (target, file) = open_beside(path).map_err(|problem| problem.at(path))?;
        Ok(AtomicFile { path: path.to_owned(), target, file: BufWriter::with_capacity(1 << 16, file) })
    }

    /// The target's path as given to [`create`](Self::create).
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives an error of writing into this file the target's path.
    pub fn failed(&self, source: io::Error) -> WriteError {
        WriteProblem::Io { doing: "writing a new file beside it", source }.at(&self.path)
    }

    /// The error of a file that is not begun because its content cannot be made.
    pub(crate) fn refused(path: &Path, source: io::Error) -> WriteError {
        WriteProblem::Io { doing: "making its content", source }.at(path)
    }

    /// Makes what was written the content of the target.
    ///
    /// # Errors
    /// Where the disk is full or fails. The target is then as it was, except where the message says that flushing the
    /// folder failed: the new file is in place then, but may not survive a power failure.
    pub fn commit(self) -> Result<(), WriteError> {
        let AtomicFile { path, target, file } = self;
        replace(&target, file).map_err(|problem| problem.at(&path))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// Creates or replaces the file `path` with `bytes`, as [`AtomicFile`] does.
///
/// # Errors
/// Those of [`AtomicFile`]; the old file is then as it was.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(|error| file.failed(error))?;
    file.commit()
}

fn open_beside(path: &Path) -> Result<(PathBuf, NamedTempFile), WriteProblem> {
    let (target, old) = resolve(path)?;
    if let Some(old) = &old {
        if !old.is_file() {
            return Err(WriteProblem::NotAFile);
        }
        if old.permissions().readonly() {
            return Err(WriteProblem::ReadOnly);
        }
    }
    let name = target.file_name().ok_or(WriteProblem::NoFileName)?;
    let folder = folder_of(&target);
    if !folder.is_dir() {
        return Err(WriteProblem::NoFolder(folder.to_owned()));
    }
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As for any new file: everyone, less what the process's umask takes away.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder).map_err(WriteProblem::io("creating a file beside it"))?;
    #[cfg(unix)]
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions()).map_err(WriteProblem::io("keeping its permissions"))?;
    }
    Ok((target, file))
}

/// The path behind symbolic links, and what lies there now.
fn resolve(path: &Path) -> Result<(PathBuf, Option<Metadata>), WriteProblem> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((path.to_owned(), None)),
        Err(source) => return Err(WriteProblem::Io { doing: "looking at the old file", source }),
    };
    if !metadata.is_symlink() {
        return Ok((path.to_owned(), Some(metadata)));
    }
    let target = std::fs::canonicalize(path).map_err(WriteProblem::BrokenLink)?;
    let metadata = std::fs::metadata(&target).map_err(WriteProblem::BrokenLink)?;
    Ok((target, Some(metadata)))
}

fn replace(target: &Path, file: BufWriter<NamedTempFile>) -> Result<(), WriteProblem> {
    let file = file.into_inner().map_err(|error| error.into_error()).map_err(WriteProblem::io("writing"))?;
    // Before the rename: some file systems would otherwise store the name before the content.
    file.as_file().sync_all().map_err(WriteProblem::io("flushing to the disk"))?;
    file.persist(target).map_err(|error| error.error).map_err(WriteProblem::io("renaming the new file"))?;
    sync_folder(folder_of(target)).map_err(WriteProblem::io("flushing its folder to the disk"))
}

/// A rename lives in the folder, so it is on the disk only once the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no way to flush a folder; its file systems log the rename.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
