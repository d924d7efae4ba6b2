//! Inputs of a program: memory that is written, or filled with rows of a data set when a step begins.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::Arc;

use glorot_graph::TensorSpec;
use glorot_graph::device::DeviceError;
use glorot_tensor::Tensor;

use crate::held::Held;
use crate::kernels::Kernels;
use crate::layout::Matrix;
use crate::schedule::{Footprint, Region};
use crate::turn::Turn;

/// Nanoseconds that a byte takes to copy.
const COPY: f64 = 0.07;

/// An input of a program.
#[derive(Debug)]
pub(crate) struct Input {
    pub held: Held,
    /// Rows and columns, if it is stored column by column.
    turned: Option<Matrix>,
    rows: Arc<Rows>,
}

impl Input {
    pub(crate) fn new(spec: &TensorSpec, turned: Option<Matrix>) -> Result<Input, DeviceError> {
        let held = Held::new(spec)?;
        let rows = Arc::new(Rows::of(held.count()));
        Ok(Input { held, turned, rows })
    }

    /// Copies a tensor. No task is running, since the input is borrowed exclusively.
    pub(crate) fn write(&mut self, what: &str, value: &Tensor, kernels: &Kernels) -> Result<(), DeviceError> {
        self.held.check(what, value)?;
        // SAFETY: no task is running.
        unsafe { self.rows.set(None, &[]) };
        let Some([count, columns]) = self.turned else {
            self.held.write(value);
            return Ok(());
        };
        let rows: Vec<u32> = (0..count as u32).collect();
        let size = value.dtype().size();
        let to = self.held.memory.pointer();
        let turn = Turn { size, from: value.bytes(), rows: &rows, columns, first: 0, end: columns, to };
        // SAFETY: the memory is that of a tensor of this shape.
        unsafe { (kernels.turn)(&turn) };
        Ok(())
    }

    /// Sets the rows of a data set that the next run copies. Their numbers have been checked.
    pub(crate) fn gather(&mut self, data: Arc<Tensor>, rows: &[u32]) {
        // SAFETY: no task is running, since the input is borrowed exclusively.
        unsafe { self.rows.set(Some(data), rows) };
    }

    /// Forgets the data set, after a run.
    pub(crate) fn release(&mut self) {
        // SAFETY: as above.
        unsafe { self.rows.set(None, &[]) };
    }

    /// The copying of rows; none for scalars.
    pub(crate) fn tasks(&self, threads: usize) -> Option<InputTasks> {
        let count = self.held.count();
        let columns = self.held.spec.shape.numel() / count.max(1);
        let cut = match self.turned {
            _ if self.held.spec.shape.rank() == 0 => return None,
            // Threads that copy parts of a row write memory of their own.
            Some(_) => Cut::Columns(columns.div_ceil(threads).next_multiple_of(64)),
            None => Cut::Rows(count.div_ceil(threads).max(1)),
        };
        Some(InputTasks {
            rows: self.rows.clone(),
            address: self.held.memory.address(),
            count,
            columns,
            size: self.held.spec.dtype.size(),
            cut,
        })
    }
}

/// Rows of a data set that are to be copied to an input.
#[derive(Debug)]
struct Rows {
    /// `None`: nothing is copied, since the input was written.
    data: UnsafeCell<Option<Arc<Tensor>>>,
    numbers: UnsafeCell<Vec<u32>>,
}

// SAFETY: the input writes it while no program runs, which takes `&mut`; tasks only read it.
unsafe impl Sync for Rows {}
// SAFETY: nothing in it is bound to a thread.
unsafe impl Send for Rows {}

impl Rows {
    /// Nothing to copy, with room for so many rows.
    fn of(count: usize) -> Rows {
        Rows { data: UnsafeCell::new(None), numbers: UnsafeCell::new(Vec::with_capacity(count)) }
    }

    /// Sets what the next run copies.
    ///
    /// # Safety
    /// No task is running.
    unsafe fn set(&self, data: Option<Arc<Tensor>>, rows: &[u32]) {
        // SAFETY: nobody reads meanwhile.
        let (from, numbers) = unsafe { (&mut *self.data.get(), &mut *self.numbers.get()) };
        *from = data;
        numbers.clear();
        numbers.extend_from_slice(rows);
    }
}

/// What a task copies: so many rows, or so many columns of all rows.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Rows(usize),
    Columns(usize),
}

/// The copying of rows, cut into tasks.
#[derive(Debug)]
pub(crate) struct InputTasks {
    rows: Arc<Rows>,
    address: usize,
    count: usize,
    /// Elements of a row, and bytes of an element.
    columns: usize,
    size: usize,
    cut: Cut,
}

impl InputTasks {
    pub(crate) fn tasks(&self) -> usize {
        match self.cut {
            Cut::Rows(chunk) => self.count.div_ceil(chunk),
            Cut::Columns(chunk) => self.columns.div_ceil(chunk),
        }
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        (self.count * self.columns * self.size) as f64 * COPY
    }

    /// The rows or columns of a task.
    fn part(&self, task: usize) -> Range<usize> {
        let (chunk, all) = match self.cut {
            Cut::Rows(chunk) => (chunk, self.count),
            Cut::Columns(chunk) => (chunk, self.columns),
        };
        task * chunk..((task + 1) * chunk).min(all)
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        let part = self.part(task);
        let bytes = self.size * if let Cut::Rows(_) = self.cut { self.columns } else { self.count };
        let written = Region::bytes(self.address + part.start * bytes, part.len() * bytes);
        Footprint { reads: Vec::new(), writes: vec![written] }
    }

    /// # Safety
    /// The input is alive, and each task runs once at a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize) {
        // SAFETY: nobody writes it while tasks run.
        let (data, rows) = unsafe { (&*self.rows.data.get(), &*self.rows.numbers.get()) };
        let Some(data) = data else { return };
        let (from, part, to) = (data.bytes(), self.part(task), self.address as *mut u8);
        match self.cut {
            Cut::Columns(_) => {
                let Range { start: first, end } = part;
                let turn = Turn { size: self.size, from, rows, columns: self.columns, first, end, to };
                // SAFETY: the input is a matrix of these rows and columns; each task has columns of its own.
                unsafe { (kernels.turn)(&turn) }
            }
            Cut::Rows(_) => {
                let row_bytes = self.columns * self.size;
                for row in part {
                    let bytes = &from[rows[row] as usize * row_bytes..][..row_bytes];
                    // SAFETY: the input holds all rows; each task writes its own.
                    unsafe { bytes.as_ptr().copy_to_nonoverlapping(to.add(row * row_bytes), row_bytes) };
                }
            }
        }
    }
}
