//! Data sets that do not fit: rows are gathered on the host and sent while the step before still runs.

use std::sync::Arc;

use glorot_graph::device::{DatasetId, DeviceError, ProgramId, Rows};

use super::staging::Pinned;
use super::{CudaSession, Result};
use crate::gpu::{Kind, Owned};
use crate::memory::Memory;

/// Half of a double buffer: one batch of all streamed inputs.
#[derive(Debug)]
pub(super) struct Slot {
    pinned: Pinned,
    memory: Memory,
    /// The batch has come to the GPU.
    sent: Owned,
    /// The batch has been copied to the inputs.
    taken: Owned,
}

/// The double buffer: it stays from call to call, so that the first batch of one is sent while the last steps of the
/// one before still run.
#[derive(Debug, Default)]
pub(super) struct Slots {
    halves: Vec<Slot>,
    bytes: usize,
    next: usize,
}

impl CudaSession {
    /// Fills the inputs for each step and, if asked, runs it.
    pub(super) fn stream(
        &mut self,
        program: ProgramId,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
        run: bool,
    ) -> Result {
        let (gpu, queue, copies) = (Arc::clone(&self.gpu), self.queue.handle(), self.copies.handle());
        let mut parts = Vec::with_capacity(feeds.len());
        let mut batch_bytes = 0usize;
        let batch = rows.len() / steps.max(1);
        for &(input, dataset) in feeds {
            let (_, address) = self.input(program, input)?;
            let missing = || DeviceError(format!("data set {} does not exist", dataset.0));
            let data = self.datasets[dataset.0].clone().ok_or_else(missing)?;
            let row = data.row_bytes();
            parts.push((data.tensor, row, batch_bytes, address));
            batch_bytes += (row * batch).next_multiple_of(256);
        }
        self.reserve_slots(batch_bytes)?;
        let CudaSession { slots, programs, listed, .. } = self;
        for step in 0..steps {
            let numbers = rows.part(step * batch, batch).list(listed);
            let Slot { pinned, memory, sent, taken } = &mut slots.halves[slots.next];
            slots.next = 1 - slots.next;
            // SAFETY: the slot's memory and events live until both queues are done. The host writes its half only after
            // that was sent, the copies write the GPU's half only after it was taken.
            unsafe {
                gpu.wait_host(sent.handle())?;
                for (data, row, offset, _) in &parts {
                    let (from, to) = (data.bytes(), &mut pinned.bytes_mut()[*offset..]);
                    for (i, &number) in numbers.iter().enumerate() {
                        let begin = number as usize * row;
                        to[i * row..(i + 1) * row].copy_from_slice(&from[begin..begin + row]);
                    }
                }
                gpu.wait(copies, taken.handle())?;
                gpu.upload(copies, memory.address(), &pinned.bytes_mut()[..batch_bytes])?;
                gpu.record(copies, sent.handle())?;
                gpu.wait(queue, sent.handle())?;
                for (_, row, offset, input) in &parts {
                    gpu.copy(queue, memory.address() + *offset as u64, *input, row * batch)?;
                }
                gpu.record(queue, taken.handle())?;
            }
            if run {
                programs[program.0].run(&*gpu, queue)?;
            }
        }
        Ok(())
    }

    /// Sees to it that each half has room for so many bytes.
    fn reserve_slots(&mut self, bytes: usize) -> Result {
        if self.slots.bytes >= bytes && !self.slots.halves.is_empty() {
            return Ok(());
        }
        // SAFETY: the session's queues. What they still use of the old slots goes only when they are done.
        unsafe {
            self.gpu.finish(self.copies.handle())?;
            self.gpu.finish(self.queue.handle())?;
        }
        self.slots = Slots::default();
        let gpu = Arc::clone(&self.gpu);
        for _ in 0..2 {
            self.slots.halves.push(Slot {
                pinned: Pinned::new(&gpu, bytes)?,
                memory: self.budget.allocate("batches that are sent", bytes)?,
                sent: Owned::new(&gpu, Kind::Event, gpu.event()?),
                taken: Owned::new(&gpu, Kind::Event, gpu.event()?),
            });
        }
        self.slots.bytes = bytes;
        Ok(())
    }
}
