//! Rows of a table by index, and sums of rows by index.

use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{GatherKernel, ScatterAddKernel};
use glorot_tensor::DType;

use crate::memory::Buffers;
use crate::schedule::{Footprint, Region};

/// Nanoseconds that a byte takes to copy, and an element to add.
const COPY: f64 = 0.1;
const ADD: f64 = 0.25;
/// Bytes that a task copies.
const TASK_BYTES: usize = 64 * 1024;

/// A gather kernel, cut into tasks of whole rows.
#[derive(Debug)]
pub(crate) struct GatherTasks {
    table: usize,
    indices: usize,
    output: usize,
    rows: usize,
    table_rows: usize,
    row_bytes: usize,
    /// Four bytes that fill a missing row.
    missing: u32,
    chunk: usize,
}

/// A scatter-add kernel: one task, since the order of additions is the order of rows.
#[derive(Debug)]
pub(crate) struct ScatterAddTasks {
    indices: usize,
    source: usize,
    output: usize,
    kernel: ScatterAddKernel,
}

fn product(a: usize, b: usize) -> Result<usize, DeviceError> {
    a.checked_mul(b).ok_or_else(|| DeviceError(format!("invalid program: {a} rows of {b} elements")))
}

impl GatherTasks {
    pub(crate) fn new(buffers: &Buffers, kernel: &GatherKernel) -> Result<GatherTasks, DeviceError> {
        let dtype = buffers.dtype(kernel.table)?;
        let (table_len, output_len) =
            (product(kernel.table_rows, kernel.row_len)?, product(kernel.rows, kernel.row_len)?);
        let table = buffers.dense(kernel.table, dtype, table_len)?;
        let indices = buffers.dense(kernel.indices, DType::I32, kernel.rows)?;
        let output = buffers.dense_output(kernel.output, dtype, output_len)?;
        let written = (output, output + output_len * dtype.size());
        buffers.expect_apart(written, (table, table + table_len * dtype.size()))?;
        buffers.expect_apart(written, (indices, indices + kernel.rows * 4))?;
        let row_bytes = kernel.row_len * dtype.size();
        let missing = if dtype == DType::F32 { f32::NAN.to_bits() } else { 0 };
        let chunk = (TASK_BYTES / row_bytes.max(1)).max(1);
        Ok(GatherTasks {
            table,
            indices,
            output,
            rows: kernel.rows,
            table_rows: kernel.table_rows,
            row_bytes,
            missing,
            chunk,
        })
    }

    pub(crate) fn tasks(&self) -> usize {
        if self.row_bytes == 0 { 0 } else { self.rows.div_ceil(self.chunk) }
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        self.rows as f64 * (5.0 + self.row_bytes as f64 * COPY)
    }

    fn part(&self, task: usize) -> Range<usize> {
        task * self.chunk..((task + 1) * self.chunk).min(self.rows)
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        let rows = self.part(task);
        let written = Region::bytes(self.output + rows.start * self.row_bytes, rows.len() * self.row_bytes);
        let table = Region::bytes(self.table, self.table_rows * self.row_bytes);
        let indices = Region::bytes(self.indices + rows.start * 4, rows.len() * 4);
        Footprint { reads: vec![table, indices], writes: vec![written] }
    }

    /// # Safety
    /// The buffers are alive and each task runs once at a time.
    pub(crate) unsafe fn run(&self, task: usize) {
        for row in self.part(task) {
            // SAFETY: lengths were checked against the buffers, the index is checked here.
            unsafe {
                let index = (self.indices as *const i32).add(row).read();
                let to = (self.output as *mut u8).add(row * self.row_bytes);
                if index >= 0 && (index as usize) < self.table_rows {
                    let from = (self.table as *const u8).add(index as usize * self.row_bytes);
                    from.copy_to_nonoverlapping(to, self.row_bytes);
                } else {
                    let missing = self.missing.to_ne_bytes();
                    (0..self.row_bytes).for_each(|i| to.add(i).write(missing[i % 4]));
                }
            }
        }
    }
}

impl ScatterAddTasks {
    pub(crate) fn new(buffers: &Buffers, kernel: &ScatterAddKernel) -> Result<ScatterAddTasks, DeviceError> {
        let (source_len, output_len) =
            (product(kernel.rows, kernel.row_len)?, product(kernel.table_rows, kernel.row_len)?);
        let indices = buffers.dense(kernel.indices, DType::I32, kernel.rows)?;
        let source = buffers.dense(kernel.source, DType::F32, source_len)?;
        let output = buffers.dense_output(kernel.output, DType::F32, output_len)?;
        let written = (output, output + output_len * 4);
        buffers.expect_apart(written, (source, source + source_len * 4))?;
        buffers.expect_apart(written, (indices, indices + kernel.rows * 4))?;
        Ok(ScatterAddTasks { indices, source, output, kernel: kernel.clone() })
    }

    /// Estimated nanoseconds.
    pub(crate) fn cost(&self) -> f64 {
        self.kernel.rows as f64 * (5.0 + self.kernel.row_len as f64 * ADD)
            + (self.kernel.table_rows * self.kernel.row_len) as f64 * COPY
    }

    /// The memory that is touched.
    pub(crate) fn footprint(&self) -> Footprint {
        let ScatterAddKernel { rows, row_len, table_rows, .. } = self.kernel;
        let read = [Region::bytes(self.indices, rows * 4), Region::bytes(self.source, rows * row_len * 4)];
        Footprint { reads: read.to_vec(), writes: vec![Region::bytes(self.output, table_rows * row_len * 4)] }
    }

    /// # Safety
    /// The buffers are alive and nothing else uses them meanwhile.
    pub(crate) unsafe fn run(&self) {
        let ScatterAddKernel { rows, row_len, table_rows, .. } = self.kernel;
        // SAFETY: lengths were checked against the buffers, and buffers against each other; each index is checked.
        unsafe {
            let indices = std::slice::from_raw_parts(self.indices as *const i32, rows);
            let source = std::slice::from_raw_parts(self.source as *const f32, rows * row_len);
            let output = std::slice::from_raw_parts_mut(self.output as *mut f32, table_rows * row_len);
            output.fill(0.0);
            for (i, &index) in indices.iter().enumerate() {
                if index >= 0 && (index as usize) < table_rows {
                    let to = &mut output[index as usize * row_len..][..row_len];
                    to.iter_mut().zip(&source[i * row_len..]).for_each(|(sum, value)| *sum += value);
                }
            }
        }
    }
}
