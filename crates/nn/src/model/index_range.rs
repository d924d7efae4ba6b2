//! Inputs that hold indices.

use super::Model;
use crate::error::Result;

/// What the elements of an input may be: integers from 0 on that are less than `rows`.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexRange {
    /// The layer that looks rows of a table up, and its class.
    pub layer: String,
    pub class: String,
    pub rows: usize,
}

impl Model {
    /// For each input, in order, the range of its indices, if a layer with a table takes it as it is, also inside of
    /// nested models. Of several the smallest.
    pub fn index_ranges(&self) -> Result<Vec<Option<IndexRange>>> {
        let topology = self.topology()?;
        let mut ranges: Vec<Option<IndexRange>> = vec![None; topology.inputs.len()];
        for node in &topology.nodes {
            let inner = match Model::from_layer(&node.layer) {
                Some(model) if model.is_built() => model.index_ranges()?,
                _ => vec![node.layer.layer().table_rows().map(|rows| IndexRange {
                    layer: node.layer.name().into(),
                    class: node.layer.class_name(),
                    rows,
                })],
            };
            for (tensor, found) in node.inputs.iter().zip(inner) {
                let Some(input) = topology.inputs.iter().position(|input| input.key() == tensor.key()) else {
                    continue;
                };
                let range = &mut ranges[input];
                if let Some(found) = found.filter(|found| range.as_ref().is_none_or(|known| found.rows < known.rows)) {
                    *range = Some(found);
                }
            }
        }
        Ok(ranges)
    }
}
