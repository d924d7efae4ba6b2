//! HDF5 as Keras uses it: groups, texts and lists of names as attributes, arrays of numbers.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use glorot_tensor::Tensor;
use hdf5_pure::{AttrValue, DType, Dataset, Datatype, DatatypeByteOrder, File, Layout, Source};

use super::bytes::{Budget, Meter, Metered};
use super::error::Problem;
use crate::half::half;

/// An HDF5 file that is read as far as it is asked for.
pub struct Hdf5 {
    file: File,
    length: u64,
    budget: Budget,
    meter: Meter,
    /// Bytes that may still be read for attributes.
    attributes: Cell<u64>,
}

/// A group, its attributes read when they are asked for.
pub struct Group<'a> {
    owner: &'a Hdf5,
    group: hdf5_pure::Group,
    path: String,
    attributes: OnceCell<HashMap<String, AttrValue>>,
}

impl Hdf5 {
    pub fn open(source: impl Source + Send + Sync + 'static, budget: Budget) -> Result<Hdf5, Problem> {
        let (length, meter) = (source.len(), Meter::default());
        let file = File::from_source(Metered::new(source, meter.clone()))?;
        // What is read may all be there; but nobody can say that it is.
        let expected = file.superblock().eof_address;
        if expected > length {
            return Err(Problem::Truncated { length, expected });
        }
        // A few times what they take: some are read again, and what leads to them with each group.
        let attributes = Cell::new(budget.limit().saturating_mul(4));
        Ok(Hdf5 { file, length, budget, meter, attributes })
    }

    /// A bound on the number of objects: none takes fewer than 8 bytes.
    pub fn most_objects(&self) -> u64 {
        self.length / 8
    }

    pub fn root(&self) -> Group<'_> {
        self.wrap(self.file.root(), String::new())
    }

    fn wrap(&self, group: hdf5_pure::Group, path: String) -> Group<'_> {
        Group { owner: self, group, path, attributes: OnceCell::new() }
    }
}

impl<'a> Group<'a> {
    /// From the root, without a leading slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The names of the groups in this one.
    pub fn groups(&self) -> Result<Vec<String>, Problem> {
        Ok(self.group.groups()?)
    }

    /// The names of the datasets in this group.
    pub fn datasets(&self) -> Result<Vec<String>, Problem> {
        Ok(self.group.datasets()?)
    }

    /// The group at a path from this one, which the file must have.
    pub fn group(&self, path: &str) -> Result<Group<'a>, Problem> {
        Ok(self.owner.wrap(self.group.group(path)?, join(&self.path, path)))
    }

    fn attributes(&self) -> Result<&HashMap<String, AttrValue>, Problem> {
        if let Some(attributes) = self.attributes.get() {
            return Ok(attributes);
        }
        let Hdf5 { meter, budget, attributes: all, .. } = self.owner;
        // The texts of a list may all be the same bytes of the file.
        let limit = all.get().min(budget.limit() / 2);
        let (attributes, left) = meter.limit(limit, || self.group.attrs());
        if left == 0 {
            return Err(budget.exceeded(&format!("what the attributes of '{}' say", self.shown())));
        }
        all.set(all.get() - (limit - left));
        let attributes = attributes?;
        Ok(self.attributes.get_or_init(|| attributes))
    }

    /// The group of that name, if there is one.
    pub fn find(&self, name: &str) -> Result<Option<Group<'a>>, Problem> {
        if self.groups()?.iter().any(|group| group == name) { self.group(name).map(Some) } else { Ok(None) }
    }

    pub fn has(&self, attribute: &str) -> Result<bool, Problem> {
        let attributes = self.attributes()?;
        Ok(attributes.contains_key(attribute) || attributes.contains_key(&format!("{attribute}0")))
    }

    /// A text attribute, if there is one.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let Some(value) = self.attributes()?.get(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.not_text(name))
    }

    /// A list of names. Keras splits a list that is too long for an attribute: `weight_names0`, `weight_names1`, ….
    pub fn names(&self, name: &str) -> Result<Vec<String>, Problem> {
        let attributes = self.attributes()?;
        if let Some(value) = attributes.get(name) {
            return self.list(name, value);
        }
        let mut names = Vec::new();
        for part in 0.. {
            let name = format!("{name}{part}");
            let Some(value) = attributes.get(&name) else { break };
            names.extend(self.list(&name, value)?);
        }
        if names.is_empty() && !self.has(name)? {
            return Err(Problem::NoAttribute { group: self.shown(), name: name.into() });
        }
        Ok(names)
    }

    fn list(&self, name: &str, value: &AttrValue) -> Result<Vec<String>, Problem> {
        match value {
            // NumPy makes an empty list of names an array of numbers.
            AttrValue::F64Array(values) if values.is_empty() => Ok(Vec::new()),
            AttrValue::F32Array(values) if values.is_empty() => Ok(Vec::new()),
            _ => value.as_strings().map(<[String]>::to_vec).ok_or_else(|| self.not_text(name)),
        }
    }

    fn not_text(&self, name: &str) -> Problem {
        Problem::NotText { group: self.shown(), name: name.into() }
    }

    fn shown(&self) -> String {
        if self.path.is_empty() { "/".into() } else { self.path.clone() }
    }

    /// The array at a path from this group.
    ///
    /// Floating-point numbers become f32, integers i32, unsigned bytes u8, h5py's booleans bool. An integer that i32
    /// does not hold is an error.
    pub fn tensor(&self, path: &str) -> Result<Tensor, Problem> {
        let name = join(&self.path, path);
        let dataset = self.group.dataset(path)?;
        let shape = self.checked_shape(&name, &dataset)?;
        let dtype = dataset.dtype()?;
        let tensor = match &dtype {
            DType::F32 | DType::F64 => Tensor::f32(shape, dataset.read_f32()?),
            DType::I8 | DType::I16 | DType::I32 | DType::U16 => Tensor::i32(shape, dataset.read_i32()?),
            DType::I64 => Tensor::i32(shape, narrow(&name, dataset.read_i64()?)?),
            DType::U32 => Tensor::i32(shape, narrow(&name, dataset.read_u32()?)?),
            DType::U64 => Tensor::i32(shape, narrow(&name, dataset.read_u64()?)?),
            DType::U8 => Tensor::u8(shape, dataset.read_u8()?),
            DType::Enum(members) if members.len() == 2 && dataset.element_size()? == 1 => {
                Tensor::bool(shape, dataset.read_raw()?)
            }
            DType::Other(other) => match two_bytes(other) {
                Some(decode) => {
                    let bytes = dataset.read_raw()?;
                    Tensor::f32(shape, bytes.as_chunks::<2>().0.iter().map(|&pair| decode(pair)).collect())
                }
                None => return Err(Problem::DType { name, dtype: dtype.to_string() }),
            },
            _ => return Err(Problem::DType { name, dtype: dtype.to_string() }),
        };
        tensor.map_err(|error| Problem::Dataset { name, why: error.to_string() })
    }

    /// The shape, after checking that the file can hold what it claims.
    fn checked_shape(&self, name: &str, dataset: &Dataset) -> Result<Vec<usize>, Problem> {
        let damaged = |why: String| Problem::Dataset { name: name.into(), why };
        let shape = dataset.shape()?;
        let element = dataset.element_size()?;
        let bytes = |dims: &[u64]| dims.iter().try_fold(element.max(1), |product, &dim| product.checked_mul(dim));
        let size = bytes(&shape).ok_or_else(|| damaged(format!("shape {shape:?} is too large")))?;
        match dataset.layout()? {
            Layout::Compact { size: stored } | Layout::Contiguous { address: Some(_), size: stored } => {
                if size > stored || stored > self.owner.length {
                    return Err(damaged(format!("shape {shape:?} needs {size} bytes, the file holds {stored}")));
                }
            }
            Layout::Chunked { chunk_shape, .. } => {
                let chunk = bytes(&chunk_shape).ok_or_else(|| damaged(format!("chunks of {chunk_shape:?}")))?;
                if chunk > self.owner.budget.left() {
                    return Err(self.owner.budget.exceeded(&format!("a chunk of dataset '{name}'")));
                }
            }
            _ if size == 0 => {}
            _ => return Err(damaged("its values are not in the file".into())),
        }
        self.owner.budget.take(&format!("dataset '{name}'"), size)?;
        let dims = shape.iter().map(|&dim| usize::try_from(dim)).collect::<Result<Vec<usize>, _>>();
        dims.map_err(|_| damaged(format!("shape {shape:?} is too large")))
    }
}

/// How floating-point numbers of two bytes are read; `None` for any other type.
fn two_bytes(datatype: &Datatype) -> Option<fn([u8; 2]) -> f32> {
    match datatype {
        Datatype::FloatingPoint { size: 2, byte_order, layout } => {
            let is_half = (layout.exponent_size, layout.mantissa_size, layout.exponent_bias) == (5, 10, 15);
            match byte_order {
                DatatypeByteOrder::LittleEndian if is_half => Some(|pair| half(u16::from_le_bytes(pair))),
                DatatypeByteOrder::BigEndian if is_half => Some(|pair| half(u16::from_be_bytes(pair))),
                _ => None,
            }
        }
        // NumPy has no bfloat16 of its own, and HDF5 gets its bytes as such. It is the upper half of an f32.
        Datatype::Opaque { size: 2, .. } => Some(|[low, high]| f32::from_le_bytes([0, 0, low, high])),
        _ => None,
    }
}

/// `a/b`, or `b` in the root.
pub fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.into() } else { format!("{group}/{name}") }
}

fn narrow<T: Copy + Into<i128> + TryInto<i32>>(name: &str, values: Vec<T>) -> Result<Vec<i32>, Problem> {
    let narrow = |value: T| value.try_into().map_err(|_| Problem::Integer { name: name.into(), value: value.into() });
    values.into_iter().map(narrow).collect()
}
