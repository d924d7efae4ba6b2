//! A model's layers, shapes and parameter counts as text, as Keras 3 prints them.

use super::table::{Align, Column, render};
use super::{Kind, Model, Topology, count};
use crate::layer::{LayerRef, Weight};

/// How a summary looks.
#[derive(Clone, Debug, Default)]
pub struct SummaryOptions {
    /// Characters a line. Default: as Keras, 88, for models with branches 108, but no more than `max_line_length`.
    pub line_length: Option<usize>,
    /// The room there is; Keras takes the terminal's width less 4.
    pub max_line_length: Option<usize>,
    /// Shows the layers of models inside of this one.
    pub expand_nested: bool,
    /// Shows which layers are trainable.
    pub show_trainable: bool,
    /// Number and bytes of the optimizer's parameters, if there is one.
    pub optimizer: Option<(usize, usize)>,
}

impl Model {
    /// The summary, with a line break at its end.
    pub fn summary(&self, options: &SummaryOptions) -> String {
        let topology = self.0.topology.borrow().clone();
        let chain = self.kind() == Kind::Sequential || topology.as_ref().is_none_or(|topology| topology.chain);
        let (ends, default): (&[f64], usize) =
            if chain { (&[0.45, 0.8, 1.0], 88) } else { (&[0.3, 0.56, 0.74, 1.0], 108) };
        let shrink = if options.show_trainable { 0.9 } else { 1.0 };
        let headers = [
            ("Layer (type)", Align::Left),
            ("Output Shape", Align::Left),
            ("Param #", Align::Right),
            ("Connected to", Align::Left),
        ];
        let columns = headers.into_iter().zip(ends);
        let mut columns: Vec<Column> =
            columns.map(|((header, align), end)| Column { header, align, end: end * shrink }).collect();
        let mut default = default;
        if options.show_trainable {
            columns.push(Column { header: "Trainable", align: Align::Center, end: 1.0 });
            default += 12;
        }
        let room = options.max_line_length.map_or(default, |room| room.clamp(30, default));
        let table = Table { options, chain };
        let mut rows = Vec::new();
        table.add_layers(self, 0, &mut rows);
        let line_length = options.line_length.unwrap_or(room).max(30);
        let mut text = format!("Model: \"{}\"\n", self.name());
        text += &render(&columns, &rows, line_length);
        text + &self.totals(options)
    }

    fn totals(&self, options: &SummaryOptions) -> String {
        let (trainable, others) = (self.trainable_weights(), self.non_trainable_weights());
        let (optimizer, optimizer_bytes) = options.optimizer.unwrap_or_default();
        let line = |title: &str, number: usize, bytes: usize| {
            format!(" {title} params: {} ({})\n", with_commas(number), readable_bytes(bytes))
        };
        let total = count(&trainable) + count(&others) + optimizer;
        let mut text = line("Total", total, bytes(&trainable) + bytes(&others) + optimizer_bytes);
        text += &line("Trainable", count(&trainable), bytes(&trainable));
        text += &line("Non-trainable", count(&others), bytes(&others));
        if options.optimizer.is_some() {
            text += &line("Optimizer", optimizer, optimizer_bytes);
        }
        text
    }
}

struct Table<'a> {
    options: &'a SummaryOptions,
    chain: bool,
}

impl Table<'_> {
    fn add_layers(&self, model: &Model, level: usize, rows: &mut Vec<Vec<String>>) {
        let topology = model.0.topology.borrow().clone();
        for layer in model.layers() {
            rows.push(self.row(topology.as_deref(), &layer, level));
            if let Some(inner) = Model::from_layer(&layer).filter(|_| self.options.expand_nested) {
                self.add_layers(&inner, level + 1, rows);
            }
        }
    }

    fn row(&self, topology: Option<&Topology>, layer: &LayerRef, level: usize) -> Vec<String> {
        let prefix = if level > 0 { format!("{}└ ", "   ".repeat(level)) } else { String::new() };
        let is_built = layer.is_built() || topology.is_some_and(|topology| !topology.calls(layer).is_empty());
        let params = if is_built { with_commas(layer.count_params()) } else { "0 (unbuilt)".into() };
        let mut row =
            vec![format!("{prefix}{} ({})", layer.name(), layer.class_name()), output_shape(topology, layer), params];
        if !self.chain {
            row.push(if level > 0 { "-".into() } else { connections(topology, layer) });
        }
        if self.options.show_trainable {
            let flag = match (layer.weights().is_empty(), layer.trainable()) {
                (true, _) => "-",
                (false, true) => "Y",
                (false, false) => "N",
            };
            row.push(flag.into());
        }
        row
    }
}

/// `(None, 784)`: what the layer's last call gives.
fn output_shape(topology: Option<&Topology>, layer: &LayerRef) -> String {
    let Some(node) = topology.and_then(|topology| topology.calls(layer).pop()) else { return "?".into() };
    let shape = |shape: &[Option<usize>]| {
        let dims: Vec<String> = shape.iter().map(|dim| dim.map_or("None".into(), |dim| dim.to_string())).collect();
        if let [dim] = &dims[..] { format!("({dim},)") } else { format!("({})", dims.join(", ")) }
    };
    match &node.outputs[..] {
        [output] => shape(&output.shape),
        outputs => format!("[{}]", outputs.iter().map(|output| shape(&output.shape)).collect::<Vec<_>>().join(", ")),
    }
}

/// `flatten[0][0], dense[0][0]`: the tensors that the layer is called on.
fn connections(topology: Option<&Topology>, layer: &LayerRef) -> String {
    let Some(topology) = topology else { return "-".into() };
    let inputs = topology.calls(layer).into_iter().flat_map(|node| &node.inputs);
    let connections: Vec<String> = inputs
        .map(|tensor| {
            let calls = topology.calls(tensor.layer());
            let number = calls.iter().position(|call| call.id == tensor.node().id).unwrap_or(0);
            format!("{}[{number}][{}]", tensor.layer().name(), tensor.index())
        })
        .collect();
    if connections.is_empty() { "-".into() } else { connections.join(", ") }
}

fn bytes(weights: &[Weight]) -> usize {
    weights.iter().map(|weight| weight.variable.spec()).map(|spec| spec.shape.numel() * spec.dtype.size()).sum()
}

/// `1.04 MB`, with units of 1024.
fn readable_bytes(bytes: usize) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.2} {}", units[unit])
}

/// `271,346`.
fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}
