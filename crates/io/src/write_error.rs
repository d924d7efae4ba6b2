use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be written. The message starts with the file's path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct WriteError {
    path: PathBuf,
    #[source]
    problem: WriteProblem,
}

impl WriteError {
    /// The file that was to be written.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteProblem {
    #[error("cannot be written: {doing}: {source}")]
    Io { doing: &'static str, source: io::Error },
    #[error("cannot be written: the path does not end in a file name")]
    NoFileName,
    #[error("cannot be written: folder {} does not exist; create it first", .0.display())]
    NoFolder(PathBuf),
    #[error("cannot be replaced: it exists and is not a regular file")]
    NotAFile,
    #[error("cannot be replaced: it is write-protected")]
    ReadOnly,
    #[error("cannot be replaced: it is a symbolic link whose target cannot be resolved: {0}")]
    BrokenLink(io::Error),
}

impl WriteProblem {
    pub(crate) fn at(self, path: &Path) -> WriteError {
        WriteError { path: path.to_owned(), problem: self }
    }

    /// Gives an I/O error its context: `doing` is what failed, as in "creating the folder".
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> WriteProblem {
        move |source| WriteProblem::Io { doing, source }
    }
}
