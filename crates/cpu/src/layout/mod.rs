//! Which matrices of a program are stored column by column.
//!
//! A program has its matrices row by row: a batch of 32 samples with 100 features has rows of 100, six vectors and a
//! quarter, and where the gradient of a layer's inputs is computed, the weights are read across their rows. Stored with
//! the samples of a feature side by side, both products of a layer have whole vectors and read their operands as they
//! lie. [`choose`] weighs both for the whole program; [`apply`] rewrites the views of all kernels, whose results stay the
//! same.

mod cost;
mod orient;
mod view;

use glorot_graph::program::{Body, BufferId, Instr, Kernel, MapKernel, MatMulKernel, Place, Program, Store, View};

pub(crate) use view::Matrix;
use view::{turn, turn_matrix};

/// A layout must save this part of the estimated time.
const GAIN: f64 = 0.0;

/// Matrices that may be turned, and which are.
struct Layout<'a> {
    program: &'a Program,
    /// Of each buffer that is a matrix: its lengths.
    matrices: Vec<Option<Matrix>>,
    turned: Vec<bool>,
    lanes: usize,
}

/// For each buffer whether it is stored column by column. `lanes`: of a vector.
pub(crate) fn choose(program: &Program, lanes: usize) -> Vec<bool> {
    let mut layout = Layout { program, matrices: matrices(program), turned: vec![false; program.buffers.len()], lanes };
    let plain = layout.cost(None);
    let samples = program.inputs.first().and_then(|input| program.buffers[input.index()].spec.shape.first().copied());
    for index in 0..program.buffers.len() {
        // Matrices of samples; weights and their gradients stay as they are.
        let of_samples = layout.matrices[index].is_some_and(|[rows, _]| Some(rows) == samples);
        layout.turned[index] = of_samples && layout.can_turn(index);
    }
    // What gains nothing by itself stays too.
    for index in 0..program.buffers.len() {
        if layout.turned[index] {
            let with = layout.cost(Some(index));
            layout.turned[index] = false;
            layout.turned[index] = with <= layout.cost(Some(index));
        }
    }
    if layout.cost(None) < plain * (1.0 - GAIN) { layout.turned } else { vec![false; program.buffers.len()] }
}

/// Rewrites a program for matrices that are stored column by column.
pub(crate) fn apply(program: &mut Program, turned: &[bool]) {
    if !turned.contains(&true) {
        return;
    }
    let matrices = matrices(program);
    for kernel in &mut program.kernels {
        if let Some(placed) = place(kernel, &matrices, turned) {
            *kernel = placed;
        }
    }
}

/// The lengths of an input that is turned.
pub(crate) fn matrix_of(program: &Program, input: BufferId) -> Option<Matrix> {
    matrices(program).get(input.index()).copied().flatten()
}

/// The lengths of the buffers that are matrices and may be turned as far as the buffer itself tells.
fn matrices(program: &Program) -> Vec<Option<Matrix>> {
    let of = |(index, buffer): (usize, &glorot_graph::program::Buffer)| {
        let free = matches!(buffer.place, Place::Arena { .. } | Place::Input(_));
        let is_output = program.outputs.iter().any(|output| output.index() == index);
        let shape = &buffer.spec.shape;
        let rows = shape.first().copied().unwrap_or(1);
        let columns = shape.numel() / rows.max(1);
        // The other axes of an input are filled as one; those of other buffers may be walked apart.
        let is_matrix = matches!(buffer.place, Place::Input(_)) || shape.contains(&columns);
        (free && !is_output && is_matrix && rows > 1 && columns > 1).then_some([rows, columns])
    };
    program.buffers.iter().enumerate().map(of).collect()
}

impl Layout<'_> {
    /// Whether all kernels can be rewritten if a matrix is turned.
    fn can_turn(&self, index: usize) -> bool {
        let mut turned = vec![false; self.turned.len()];
        turned[index] = true;
        let mut touching = self.program.kernels.iter().filter(|kernel| touches(kernel, index));
        touching.all(|kernel| rewrite(kernel, &self.matrices, &turned).is_some())
    }

    /// Estimated cycles of all kernels, or of those that touch a buffer.
    fn cost(&self, buffer: Option<usize>) -> f64 {
        let kernels = self.program.kernels.iter().filter(|kernel| buffer.is_none_or(|index| touches(kernel, index)));
        let kernels: f64 = kernels
            .map(|kernel| match place(kernel, &self.matrices, &self.turned) {
                Some(placed) => cost::kernel(&placed, self.lanes),
                None => f64::INFINITY,
            })
            .sum();
        let inputs: f64 = (0..self.turned.len())
            .filter(|&index| self.turned[index] && buffer.is_none_or(|buffer| buffer == index))
            .filter(|&index| matches!(self.program.buffers[index].place, Place::Input(_)))
            .map(|index| cost::fill_turned(self.program.buffers[index].spec.shape.numel(), self.lanes))
            .sum();
        kernels + inputs
    }
}

fn touches(kernel: &Kernel, index: usize) -> bool {
    kernel.reads().into_iter().chain(kernel.writes()).any(|buffer| buffer.index() == index)
}

/// A kernel for turned matrices, its loops in the order that suits them.
fn place(kernel: &Kernel, matrices: &[Option<Matrix>], turned: &[bool]) -> Option<Kernel> {
    if !kernel.reads().into_iter().chain(kernel.writes()).any(|buffer| turned[buffer.index()]) {
        return Some(kernel.clone());
    }
    Some(orient::orient(rewrite(kernel, matrices, turned)?))
}

/// A kernel whose views name the same elements of turned matrices; `None` if views cannot say it.
fn rewrite(kernel: &Kernel, matrices: &[Option<Matrix>], turned: &[bool]) -> Option<Kernel> {
    let matrix = |buffer: BufferId| if turned[buffer.index()] { matrices[buffer.index()] } else { None };
    let turned_view = |buffer: BufferId, view: &View, domain: &[usize]| match matrix(buffer) {
        Some(matrix) => turn(view, domain, matrix),
        None => Some(view.clone()),
    };
    let body = |body: &Body, domain: &[usize]| -> Option<Body> {
        let instr = |instr: &Instr| {
            Some(match instr {
                Instr::Load { buffer, view } => {
                    Instr::Load { buffer: *buffer, view: turned_view(*buffer, view, domain)? }
                }
                other => other.clone(),
            })
        };
        Some(Body { instrs: body.instrs.iter().map(instr).collect::<Option<_>>()?, dtypes: body.dtypes.clone() })
    };
    let map = |map: &MapKernel| -> Option<MapKernel> {
        let store =
            |store: &Store| Some(Store { view: turned_view(store.buffer, &store.view, &map.domain)?, ..store.clone() });
        Some(MapKernel {
            domain: map.domain.clone(),
            body: body(&map.body, &map.domain)?,
            stores: map.stores.iter().map(store).collect::<Option<_>>()?,
        })
    };
    Some(match kernel {
        Kernel::Map(kernel) => Kernel::Map(map(kernel)?),
        Kernel::Reduce(kernel) => {
            if kernel.reductions.iter().any(|reduction| matrix(reduction.output).is_some()) {
                return None;
            }
            let mut reduce = kernel.clone();
            reduce.body = body(&kernel.body, &kernel.domain)?;
            Kernel::Reduce(reduce)
        }
        // What is gathered stays the first operand.
        Kernel::MatMul(kernel) if kernel.a.loops.is_some() => return None,
        Kernel::MatMul(kernel) => {
            let MatMulKernel { batch, m, n, k, .. } = *kernel;
            let operand = |view: &glorot_graph::program::MatrixView, dims| match matrix(view.buffer) {
                Some(matrix) => turn_matrix(view, dims, matrix),
                None => Some(view.clone()),
            };
            let (a, b) = (operand(&kernel.a, [batch, m, k])?, operand(&kernel.b, [batch, k, n])?);
            Kernel::MatMul(MatMulKernel { batch, m, n, k, a, b, epilogue: map(&kernel.epilogue)? })
        }
        other => {
            let whole = other.reads().into_iter().chain(other.writes()).all(|buffer| matrix(buffer).is_none());
            return whole.then(|| other.clone());
        }
    })
}

#[cfg(test)]
mod tests;
