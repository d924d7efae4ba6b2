//! Device functions: the text of a kernel without its buffers' addresses, so that equal work is compiled once.

use std::collections::HashMap;

use glorot_graph::TensorSpec;
use glorot_graph::program::BufferId;
use glorot_tensor::DType;

use super::body::element;

/// Threads of a block, in every kernel.
pub const THREADS: usize = 256;

/// A device function. It does its work in `units` parts, of which a block takes every `blocks`-th, or of some rows all. Its
/// buffers never overlap: all of them are alive while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Function {
    /// Statements over `unit`, `t` (the thread), `shared` and the pointers `p0`, `p1`, …
    pub code: String,
    /// C types of the elements of the pointers.
    pub pointers: Vec<&'static str>,
    /// Parts of the work, each for one block.
    pub units: usize,
    /// Bytes of shared memory.
    pub shared: usize,
}

impl Function {
    /// The definition under a name, of a function that blocks share.
    pub fn definition(&self, name: &str) -> String {
        self.define(name, "int block, int blocks", "int unit = block", "unit += blocks")
    }

    /// The definition of a function that does rows of a batch, from the row `first` on, in one block.
    pub fn definition_by_rows(&self, name: &str) -> String {
        self.define(name, "int first", "int unit = 0", "unit++")
    }

    fn define(&self, name: &str, share: &str, begin: &str, next: &str) -> String {
        let pointers: String =
            self.pointers.iter().enumerate().map(|(i, element)| format!(", {element}* __restrict__ p{i}")).collect();
        format!(
            "GLOROT_DEVICE void {name}({share}, byte* shared{pointers}) {{\nconst int t = threadIdx.x;\n\
             for ({begin}; unit < {}; {next}) {{\n{}}}\n}}\n",
            self.units, self.code
        )
    }
}

/// Functions by number: equal ones are one.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    pub list: Vec<Function>,
    numbers: HashMap<Function, usize>,
}

impl Functions {
    /// The number of a function, which is new unless there is an equal one.
    pub fn number(&mut self, function: Function) -> usize {
        let next = self.list.len();
        let number = *self.numbers.entry(function.clone()).or_insert(next);
        if number == next {
            self.list.push(function);
        }
        number
    }
}

/// The buffers that a function points to, in the order in which they were first named.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    dtypes: HashMap<BufferId, DType>,
    pub buffers: Vec<BufferId>,
    pub elements: Vec<&'static str>,
}

impl Parameters {
    /// `specs`: of the buffers, by number.
    pub fn new(specs: &[TensorSpec]) -> Parameters {
        let dtypes = specs.iter().enumerate().map(|(i, spec)| (BufferId(i as u32), spec.dtype)).collect();
        Parameters { dtypes, buffers: Vec::new(), elements: Vec::new() }
    }

    pub fn dtype(&self, buffer: BufferId) -> DType {
        self.dtypes.get(&buffer).copied().unwrap_or(DType::F32)
    }

    /// The name of the pointer to a buffer.
    pub fn pointer(&mut self, buffer: BufferId, dtype: DType) -> String {
        self.pointer_to(buffer, element(dtype))
    }

    /// The name of the pointer to a buffer whose elements have a C type.
    pub fn pointer_to(&mut self, buffer: BufferId, element: &'static str) -> String {
        let known = self.buffers.iter().position(|&known| known == buffer);
        let index = known.unwrap_or_else(|| {
            self.buffers.push(buffer);
            self.elements.push(element);
            self.buffers.len() - 1
        });
        format!("p{index}")
    }
}
