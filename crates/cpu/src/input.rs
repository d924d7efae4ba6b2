//! Inputs of a program: memory that is written, or filled with rows of a data set when a step begins.

use std::cell::UnsafeCell;
use std::sync::Arc;

use glorot_tensor::Tensor;

use crate::schedule::{Footprint, Region};

/// Nanoseconds that a byte takes to copy.
const COPY: f64 = 0.07;

/// Rows of a data set that are to be copied to an input.
#[derive(Debug)]
pub(crate) struct Rows {
    /// `None`: nothing is copied, since the input was written.
    data: UnsafeCell<Option<Arc<Tensor>>>,
    numbers: UnsafeCell<Vec<u32>>,
}

// SAFETY: a session writes it while none of its programs run, which takes `&mut`; tasks only read it.
unsafe impl Sync for Rows {}
// SAFETY: nothing in it is bound to a thread.
unsafe impl Send for Rows {}

impl Rows {
    /// Nothing to copy, with room for so many rows.
    pub(crate) fn of(count: usize) -> Rows {
        Rows { data: UnsafeCell::new(None), numbers: UnsafeCell::new(Vec::with_capacity(count)) }
    }

    /// Sets what the next run copies.
    ///
    /// # Safety
    /// No task is running.
    pub(crate) unsafe fn set(&self, data: Option<Arc<Tensor>>, rows: &[u32]) {
        // SAFETY: nobody reads meanwhile.
        let (from, numbers) = unsafe { (&mut *self.data.get(), &mut *self.numbers.get()) };
        *from = data;
        numbers.clear();
        numbers.extend_from_slice(rows);
    }
}

/// The copying of rows, cut into tasks.
#[derive(Debug)]
pub(crate) struct InputTasks {
    rows: Arc<Rows>,
    address: usize,
    count: usize,
    row_bytes: usize,
    chunk: usize,
}

impl InputTasks {
    /// For an input of `count` rows at an address.
    pub(crate) fn new(rows: Arc<Rows>, address: usize, count: usize, row_bytes: usize, threads: usize) -> InputTasks {
        InputTasks { rows, address, count, row_bytes, chunk: count.div_ceil(threads).max(1) }
    }

    pub(crate) fn tasks(&self) -> usize {
        self.count.div_ceil(self.chunk)
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        (self.count * self.row_bytes) as f64 * COPY
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        let (first, end) = (task * self.chunk, ((task + 1) * self.chunk).min(self.count));
        let written = Region::bytes(self.address + first * self.row_bytes, (end - first) * self.row_bytes);
        Footprint { reads: Vec::new(), writes: vec![written] }
    }

    /// # Safety
    /// The input is alive, and each task runs once at a time.
    pub(crate) unsafe fn run(&self, task: usize) {
        // SAFETY: nobody writes it while tasks run.
        let (data, rows) = unsafe { (&*self.rows.data.get(), &*self.rows.numbers.get()) };
        let Some(data) = data else { return };
        let from = data.bytes();
        for row in task * self.chunk..((task + 1) * self.chunk).min(rows.len()) {
            let start = rows[row] as usize * self.row_bytes;
            let bytes = &from[start..start + self.row_bytes];
            // SAFETY: the input holds all rows; each task writes its own.
            unsafe {
                let to = (self.address as *mut u8).add(row * self.row_bytes);
                bytes.as_ptr().copy_to_nonoverlapping(to, self.row_bytes);
            }
        }
    }
}
