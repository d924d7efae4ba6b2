use std::fmt;

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// IEEE 754 single precision.
    F32,
    /// Signed 32-bit integer (labels, counters).
    I32,
    /// Unsigned byte (images as they are stored).
    U8,
    /// Truth value, one byte, 0 or 1.
    Bool,
}

impl DType {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::U8 | DType::Bool => 1,
        }
    }

    /// The name Keras uses: `float32`, `int32`, `uint8`, `bool`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "float32",
            DType::I32 => "int32",
            DType::U8 => "uint8",
            DType::Bool => "bool",
        }
    }

    /// The dtype with the given Keras name.
    pub fn from_name(name: &str) -> Option<DType> {
        [DType::F32, DType::I32, DType::U8, DType::Bool].into_iter().find(|dtype| dtype.name() == name)
    }

    /// True for dtypes through which gradients flow.
    pub fn is_float(self) -> bool {
        self == DType::F32
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
