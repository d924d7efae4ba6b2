//! Products read windows where they lie: rows and steps are found by tables, the images stay in the caches.

use glorot_tensor::{DType, Shape};

use super::{Windows, empty, is_passing, is_written};
use crate::program::{BufferId, Instr, Kernel, Loop, MapKernel, MatMulKernel, MatrixLoops, MatrixView, Program};

/// Replaces copies that nothing but products reads by what is copied. Returns the kernels that are not needed any more.
pub(super) fn gather(program: &mut Program, backend: &dyn Windows) -> Vec<usize> {
    let mut gone = Vec::new();
    for index in 0..program.kernels.len() {
        if let Some(copy) = Copy::of(program, index, backend) {
            copy.replace(program);
            gone.push(index);
        }
    }
    gone
}

/// A kernel that copies a view to a dense buffer, which products read.
struct Copy {
    source: BufferId,
    offset: usize,
    loops: Vec<Loop>,
    target: BufferId,
}

impl Copy {
    /// Kernel `index` if it is one that can be left out.
    fn of(program: &Program, index: usize, backend: &dyn Windows) -> Option<Copy> {
        let Kernel::Map(map) = &program.kernels[index] else { return None };
        let copy = Copy::of_map(map)?;
        let later = &program.kernels[index + 1..];
        let mut readers = later.iter().filter(|kernel| kernel.reads().contains(&copy.target));
        let gathers = |kernel: &Kernel| copy.product(kernel).is_some_and(|product| backend.gathers(program, &product));
        let fits = is_passing(program, copy.target) && !is_written(program, later, copy.source);
        (fits && readers.all(gathers)).then_some(copy)
    }

    fn of_map(map: &MapKernel) -> Option<Copy> {
        let ([Instr::Load { buffer, view }], [DType::F32], [store]) =
            (&map.body.instrs[..], &map.body.dtypes[..], &map.stores[..])
        else {
            return None;
        };
        let is_dense = store.view.offset == 0 && store.view.strides == Shape::from(map.domain.dims()).strides();
        if !is_dense || view.strides.len() != map.domain.rank() || map.domain.numel() == 0 {
            return None;
        }
        let turns = map.domain.iter().zip(&view.strides);
        let loops = turns.map(|(&length, &stride)| Loop { length, stride }).filter(|turn| turn.length > 1).collect();
        Some(Copy { source: *buffer, offset: view.offset, loops, target: store.buffer })
    }

    /// A product that reads the source in place of the copy, if the kernel is one of the copy by something else.
    fn product(&self, kernel: &Kernel) -> Option<MatMulKernel> {
        let Kernel::MatMul(product) = kernel else { return None };
        let MatMulKernel { batch, m, k, a, b, epilogue, .. } = product;
        let reads = |instr: &Instr| matches!(instr, Instr::Load { buffer, .. } if *buffer == self.target);
        let elsewhere = a.buffer != self.target || b.buffer == self.target || epilogue.body.instrs.iter().any(reads);
        if *batch > 1 || a.offset > 0 || elsewhere || b.columns != 1 {
            return None;
        }
        let loops = match (a.rows, a.columns) {
            (rows, 1) if rows == *k => self.cut(*k)?,
            (1, columns) if columns == *m => {
                let MatrixLoops { rows, columns } = self.cut(*m)?;
                MatrixLoops { rows: columns, columns: rows }
            }
            _ => return None,
        };
        let count = |loops: &[Loop]| loops.iter().map(|turn| turn.length).product::<usize>();
        let whole = [count(&loops.rows), count(&loops.columns)] == [*m, *k];
        let view =
            MatrixView { buffer: self.source, offset: self.offset, batch: 0, rows: 0, columns: 0, loops: Some(loops) };
        whole.then(|| MatMulKernel { a: view, ..product.clone() })
    }

    /// The loops as those of rows and of columns, so many of the latter.
    fn cut(&self, columns: usize) -> Option<MatrixLoops> {
        let (mut count, mut first) = (1, self.loops.len());
        while count < columns {
            first = first.checked_sub(1)?;
            count *= self.loops[first].length;
        }
        let (rows, inner) = self.loops.split_at(first);
        (count == columns).then(|| MatrixLoops { rows: joined(rows), columns: joined(inner) })
    }

    /// Lets products read the source.
    fn replace(&self, program: &mut Program) {
        for kernel in &mut program.kernels {
            if let Some(product) = self.product(kernel) {
                *kernel = Kernel::MatMul(product);
            }
        }
        empty(program, self.target);
    }
}

/// Loops of which none goes on where the next one ends.
fn joined(loops: &[Loop]) -> Vec<Loop> {
    let mut all: Vec<Loop> = Vec::new();
    for &turn in loops {
        match all.last_mut() {
            Some(outer) if outer.stride == turn.stride * turn.length => {
                *outer = Loop { length: outer.length * turn.length, stride: turn.stride };
            }
            _ => all.push(turn),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::leave_out;
    use super::super::tests::All;
    use super::*;
    use crate::{Padding, StateId, Sym, Tracer, compile};

    /// The kinds of the kernels of a training step of a convolution, before and after.
    fn kinds(build: impl Fn(&Tracer, &Sym, &Sym) -> Sym) -> [Vec<&'static str>; 2] {
        let tracer = Tracer::new();
        let x = tracer.input([4, 8, 8, 3], DType::F32);
        let kernel = tracer.state(StateId(0), [3, 3, 3, 5], DType::F32);
        let result = build(&tracer, &x, &kernel);
        let loss = result.tanh().unwrap().sum_all().unwrap();
        tracer.output(&loss);
        let gradient = tracer.gradients(&loss, std::slice::from_ref(&kernel)).unwrap().remove(0);
        tracer.assign(StateId(0), &kernel.sub(&gradient).unwrap()).unwrap();
        let mut program = compile(&tracer.graph());
        let kinds = |program: &Program| {
            let kind = |kernel: &Kernel| match kernel {
                Kernel::Map(map) if map.body.instrs.len() == 1 => "copy",
                Kernel::Map(_) => "map",
                Kernel::MatMul(product) if product.a.loops.is_some() => "gathered",
                Kernel::MatMul(_) => "product",
                _ => "other",
            };
            program.kernels.iter().map(kind).collect::<Vec<_>>()
        };
        let before = kinds(&program);
        let arena = program.arena_bytes;
        leave_out(&mut program, &All);
        assert!(program.arena_bytes <= arena);
        [before, kinds(&program)]
    }

    fn convolution(x: &Sym, kernel: &Sym) -> Sym {
        x.conv(kernel, &[1, 1], Padding::Valid, &[1, 1], 1).unwrap()
    }

    #[test]
    fn windows_are_not_copied() {
        let [before, after] = kinds(|_, x, kernel| convolution(x, kernel));
        assert_eq!(before.iter().filter(|kind| **kind == "copy").count(), 1);
        assert_eq!(before.iter().filter(|kind| **kind == "product").count(), 2);
        assert!(!after.contains(&"copy"));
        assert_eq!(after.iter().filter(|kind| **kind == "gathered").count(), 2);
        assert_eq!(after.len(), before.len() - 1);
    }

    #[test]
    fn windows_that_something_else_needs_are_copied() {
        let [before, after] = kinds(|tracer, x, kernel| {
            let windows = x.windows(1, &[crate::Window::new(3, 1); 2]).unwrap();
            tracer.output(&windows.reshape([4 * 36, 27]).unwrap());
            convolution(x, kernel)
        });
        assert_eq!(before, after);
    }

    #[test]
    fn windows_of_what_is_written_later_are_copied() {
        let tracer = Tracer::new();
        let image = tracer.state(StateId(0), [2, 6, 6, 3], DType::F32);
        let kernel = tracer.input([3, 3, 3, 5], DType::F32);
        tracer.output(&convolution(&image, &kernel));
        tracer.assign(StateId(0), &image.square().unwrap()).unwrap();
        let mut program = compile(&tracer.graph());
        let copies = |program: &Program| {
            program
                .kernels
                .iter()
                .filter(|kernel| matches!(kernel, Kernel::Map(map) if map.body.instrs.len() == 1))
                .count()
        };
        let before = copies(&program);
        leave_out(&mut program, &All);
        // One of the windows, one to the state.
        assert_eq!((before, copies(&program)), (2, 2));
    }

    #[test]
    fn loops_join_where_one_goes_on_as_the_other() {
        let turn = |length, stride| Loop { length, stride };
        assert_eq!(joined(&[turn(3, 100), turn(3, 5), turn(5, 1)]), [turn(3, 100), turn(15, 1)]);
        assert_eq!(joined(&[turn(2, 10), turn(5, 1)]), [turn(2, 10), turn(5, 1)]);
    }
}
