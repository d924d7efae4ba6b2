use std::io;
use std::path::{Path, PathBuf};

/// Why a model file could not be read. The message starts with the file's path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct ModelFileError {
    path: PathBuf,
    #[source]
    problem: Problem,
}

impl ModelFileError {
    /// The file that was to be read.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("is not a regular file")]
    NotAFile,
    #[error("is a folder; a model in the SavedModel format of TensorFlow cannot be read: save it as .keras or .h5")]
    Folder,
    #[error("is empty")]
    Empty,
    #[error("is no model file: expected a zip archive (.keras) or an HDF5 file (.h5), it starts with bytes {0:02x?}")]
    NotAModel(Vec<u8>),
    #[error("is a damaged zip archive: {0}")]
    Zip(#[from] rawzip::Error),
    #[error("is a damaged zip archive: entry '{name}': {source}")]
    Entry { name: String, source: io::Error },
    #[error("is no Keras model: the archive has no entry '{0}'")]
    NoEntry(&'static str),
    #[error("entry '{0}' is compressed or encrypted in a way that is not supported; expected stored or deflated")]
    Compression(String),
    #[error(
        "refused: {what} would unpack to more than the {limit} bytes that a file of {file} bytes is trusted to hold"
    )]
    TooLarge { what: String, limit: u64, file: u64 },
    #[error(
        "refused: '{entry}' is JSON of {bytes} bytes and {values} values; expected at most 33554432 bytes and 1048576 values"
    )]
    LargeJson { entry: &'static str, bytes: usize, values: usize },
    #[error("'{entry}' is no valid JSON: {source}")]
    Json { entry: &'static str, source: serde_json::Error },
    #[error("'{entry}' is no model configuration: expected an object with class_name and config, received {received}")]
    NotAConfig { entry: &'static str, received: &'static str },
    #[error("is a damaged HDF5 file: {0}")]
    Hdf5(#[from] hdf5_pure::Error),
    #[error("is a damaged HDF5 file: it is cut off after {length} of {expected} bytes")]
    Truncated { length: u64, expected: u64 },
    #[error("is damaged in a way that the reader did not foresee")]
    Unforeseen,
    #[error(
        "is an HDF5 file, but holds no Keras model or weights: it has neither 'model_weights', 'layer_names' nor 'layers'"
    )]
    NotKeras,
    #[error("holds weights but no model configuration; build the model and load the weights into it")]
    WeightsOnly,
    #[error("dataset '{name}' has dtype {dtype}; expected floating-point numbers, integers or booleans")]
    DType { name: String, dtype: String },
    #[error("dataset '{name}' holds {value}, which no 32-bit integer holds")]
    Integer { name: String, value: i128 },
    #[error("dataset '{name}' is damaged: {why}")]
    Dataset { name: String, why: String },
    #[error("attribute '{name}' of '{group}' is missing")]
    NoAttribute { group: String, name: String },
    #[error("attribute '{name}' of '{group}' is no text")]
    NotText { group: String, name: String },
    #[error("group '{group}' has variables numbered {found:?}; expected 0 to {last}")]
    Numbering { group: String, found: Vec<String>, last: usize },
    #[error("groups are nested too deeply or refer to each other: {0}")]
    Nesting(String),
}

impl Problem {
    pub(crate) fn in_file(self, path: &Path) -> ModelFileError {
        ModelFileError { path: path.to_owned(), problem: self }
    }
}
