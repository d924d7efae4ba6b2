//! The HDF5 file under construction.

use std::collections::BTreeMap;

use glorot_tensor::Tensor;
use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};

/// Keras splits a list of names at 64,512 bytes, a little less than the 64 KiB that an attribute may have. A name takes
/// 16 bytes there.
const NAMES_IN_ATTRIBUTE: usize = 64_512 / 16;

/// A group.
#[derive(Default)]
pub struct Node {
    groups: BTreeMap<String, Node>,
    datasets: BTreeMap<String, Tensor>,
    attributes: Vec<(String, AttrValue)>,
}

impl Node {
    /// The group at a path; made if need be.
    pub fn group(&mut self, path: &str) -> &mut Node {
        path.split('/')
            .filter(|part| !part.is_empty())
            .fold(self, |node, part| node.groups.entry(part.into()).or_default())
    }

    pub fn text(&mut self, name: &str, value: impl Into<String>) {
        self.attributes.push((name.into(), AttrValue::VarLenString(value.into())));
    }

    /// A list of names, split as Keras does if it is long.
    pub fn names(&mut self, name: &str, names: &[String]) {
        if names.is_empty() {
            // As NumPy writes an empty list.
            self.attributes.push((name.into(), AttrValue::F64Array(Vec::new())));
        } else if names.len() <= NAMES_IN_ATTRIBUTE {
            self.attributes.push((name.into(), AttrValue::VarLenStringArray(names.to_vec())));
        } else {
            for (part, names) in names.chunks(NAMES_IN_ATTRIBUTE).enumerate() {
                self.attributes.push((format!("{name}{part}"), AttrValue::VarLenStringArray(names.to_vec())));
            }
        }
    }

    /// Stores an array under a path, with a number behind it if the path is taken; returns the path.
    pub fn dataset(&mut self, path: &str, value: &Tensor) -> String {
        let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
        let datasets = &mut self.group(group).datasets;
        let mut free = name.to_owned();
        for number in 1.. {
            if !datasets.contains_key(&free) {
                break;
            }
            free = format!("{name}_{number}");
        }
        datasets.insert(free.clone(), value.clone());
        if group.is_empty() { free } else { format!("{group}/{free}") }
    }

    /// The bytes of a file with this group as its root.
    pub fn into_file(self) -> Result<Vec<u8>, hdf5_pure::Error> {
        let mut file = FileBuilder::new();
        for (name, value) in self.attributes {
            file.set_attr(&name, value);
        }
        for (name, value) in &self.datasets {
            store(file.create_dataset(name), value);
        }
        for (name, node) in self.groups {
            let mut group = file.create_group(&name);
            node.fill(&mut group);
            file.add_group(group.finish());
        }
        file.finish()
    }

    fn fill(self, group: &mut GroupBuilder) {
        for (name, value) in self.attributes {
            group.set_attr(&name, value);
        }
        for (name, value) in &self.datasets {
            store(group.create_dataset(name), value);
        }
        for (name, node) in self.groups {
            let mut inner = group.create_group(&name);
            node.fill(&mut inner);
            group.add_group(inner.finish());
        }
    }
}

/// Integers become int64, which is what Keras writes for them; bytes and booleans uint8.
fn store(dataset: &mut hdf5_pure::DatasetBuilder, value: &Tensor) {
    let shape: Vec<u64> = value.shape().dims().iter().map(|&dim| dim as u64).collect();
    match (value.as_f32(), value.as_i32()) {
        (Ok(values), _) => dataset.with_f32_data(values),
        (_, Ok(values)) => dataset.with_i64_data(&values.iter().map(|&value| value.into()).collect::<Vec<i64>>()),
        _ => dataset.with_u8_data(value.bytes()),
    };
    dataset.with_shape(&shape);
}
