//! Many steps at once.

use std::sync::Arc;
use std::time::Instant;

use glorot_graph::device::{DatasetId, DeviceError, ProgramId, Rows};

use super::{CHUNKS_AHEAD, CudaSession, Result, describe};
use crate::gpu::{Address, Kind, Owned};

/// Byte offsets of the counters: the cursor with the blocks that are done, and the barrier of a grid.
const CURSOR: u64 = 0;
const ARRIVED: u64 = 128;

impl CudaSession {
    /// Fills inputs with rows of data sets.
    pub(super) fn gather(&mut self, program: ProgramId, feeds: &[(usize, DatasetId)], rows: Rows<'_>) -> Result {
        let steps = self.check_feeds(program, feeds, rows, 1)?;
        if self.is_streamed(feeds) {
            return self.stream(program, feeds, rows, steps, false);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let order = self.order_rows(program, rows)?;
        let data = self.data_addresses(program, feeds)?;
        let (gpu, queue, cursor) = (Arc::clone(&self.gpu), self.queue.handle(), self.counters.address() + CURSOR);
        // SAFETY: the counters belong to the session.
        unsafe { gpu.zero(queue, cursor, 8)? };
        self.prepared(program)?.gather(&*gpu, queue, &data, order, cursor)
    }

    /// Runs steps, the inputs of each of which are filled with the next rows.
    pub(super) fn steps(
        &mut self,
        program: ProgramId,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
    ) -> Result {
        self.check_feeds(program, feeds, rows, steps)?;
        if self.is_streamed(feeds) {
            self.stream(program, feeds, rows, steps, true)?;
            return self.keep_pace();
        }
        let order = self.order_rows(program, rows)?;
        let data = self.data_addresses(program, feeds)?;
        let (gpu, queue) = (Arc::clone(&self.gpu), self.queue.handle());
        let counters = self.counters.address();
        let wanted = self.options.step;
        let CudaSession { staging, programs, .. } = self;
        let prepared = &mut programs[program.0];
        let addresses: Vec<Address> =
            data.iter().zip(&prepared.inputs).flat_map(|(&data, (_, input))| [data, *input]).collect();
        // SAFETY: the counters belong to the session.
        unsafe { gpu.zero(queue, counters + CURSOR, 8)? };
        let (mut done, mut cursor) = (0, 0);
        while done < steps {
            let choice = prepared.fused.choose(steps - done, wanted);
            if choice.timed {
                // SAFETY: the session's queue, here and below.
                unsafe { gpu.finish(queue)? };
            }
            let begin = Instant::now();
            if choice.kernel.is_some() {
                if !prepared.fused.launch(queue, choice, done, &addresses, order, counters + ARRIVED)? {
                    continue;
                }
            } else {
                // Kernels of whole steps leave the cursor where it was.
                if cursor != done {
                    // SAFETY: the cursor is one of the session's counters.
                    unsafe { staging.upload(queue, counters + CURSOR, &(done as u32).to_ne_bytes())? };
                }
                prepared.run_fed(&*gpu, queue, &data, (order, counters + CURSOR), choice.steps)?;
                cursor = done + choice.steps;
            }
            if choice.timed {
                // SAFETY: as above.
                unsafe { gpu.finish(queue)? };
            }
            prepared.fused.tell(choice, begin.elapsed().as_secs_f64());
            done += choice.steps;
        }
        self.keep_pace()
    }

    /// Waits until no more than a few chunks of steps are in the queue: who cancels need not wait for long.
    fn keep_pace(&mut self) -> Result {
        let (gpu, queue) = (Arc::clone(&self.gpu), self.queue.handle());
        let event = if self.pace.len() < CHUNKS_AHEAD { None } else { self.pace.pop_front() };
        let event = match event {
            Some(event) => {
                // SAFETY: the event is held here.
                unsafe { gpu.wait_host(event.handle())? };
                event
            }
            None => Owned::new(&gpu, Kind::Event, gpu.event()?),
        };
        // SAFETY: as above.
        unsafe { gpu.record(queue, event.handle())? };
        self.pace.push_back(event);
        Ok(())
    }

    /// Puts row numbers on the GPU, which computes them itself unless they are listed.
    fn order_rows(&mut self, program: ProgramId, rows: Rows<'_>) -> Result<Address> {
        let bytes = rows.len() * 4;
        if self.order.as_ref().is_none_or(|(_, capacity)| *capacity < bytes) {
            // SAFETY: the session's queue; steps under way may still read the old order.
            unsafe { self.gpu.finish(self.queue.handle())? };
            let capacity = bytes.max(1 << 12).next_power_of_two();
            self.order = None;
            self.order = Some((self.budget.allocate("the order of the samples", capacity)?, capacity));
        }
        let Some((memory, _)) = &self.order else { return Err(DeviceError("internal error: no order".into())) };
        let address = memory.address();
        if let Rows::Listed(rows) = rows {
            let words: Vec<u8> = rows.iter().flat_map(|row| row.to_ne_bytes()).collect();
            // SAFETY: the memory has room for the rows and is the session's.
            unsafe { self.staging.upload(self.queue.handle(), address, &words)? };
        }
        let (gpu, queue) = (Arc::clone(&self.gpu), self.queue.handle());
        // SAFETY: as above.
        unsafe { self.prepared(program)?.order(&*gpu, queue, rows, address)? };
        Ok(address)
    }

    /// Of each input, the address of its data set, or 0.
    fn data_addresses(&mut self, program: ProgramId, feeds: &[(usize, DatasetId)]) -> Result<Vec<Address>> {
        let mut addresses = vec![0; self.prepared(program)?.inputs.len()];
        for (input, dataset) in feeds {
            let data = self.datasets[dataset.0].as_ref();
            addresses[*input] = data.and_then(super::data::Data::address).unwrap_or(0);
        }
        Ok(addresses)
    }

    fn is_streamed(&self, feeds: &[(usize, DatasetId)]) -> bool {
        let data = feeds.iter().filter_map(|(_, dataset)| self.datasets[dataset.0].as_ref());
        data.into_iter().any(|data| data.address().is_none())
    }

    /// Fails unless the data sets fit the inputs and have all rows. Returns the number of steps.
    fn check_feeds(
        &mut self,
        program: ProgramId,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
    ) -> Result<usize> {
        for &(input, dataset) in feeds {
            let (spec, _) = self.input(program, input)?;
            let missing = || DeviceError(format!("data set {} does not exist", dataset.0));
            let data = &self.datasets.get(dataset.0).and_then(Option::as_ref).ok_or_else(missing)?.tensor;
            let row_shape = &data.shape()[1..];
            let batch = spec.shape.first().copied();
            let fits = spec.dtype == data.dtype()
                && batch.and_then(|batch| batch.checked_mul(steps)) == Some(rows.len())
                && spec.shape[1..] == *row_shape;
            if !fits {
                let (expected, received) =
                    (describe(spec.dtype, &spec.shape), describe(data.dtype(), &row_shape.into()));
                let detail = format!("expected {expected}, received {} rows of {received}", rows.len());
                let times = if steps == 1 { String::new() } else { format!(" for each of {steps} steps") };
                return Err(DeviceError(format!("input {input}: {detail}{times}")));
            }
            let count = data.shape()[0];
            if let Some(row) = rows.beyond(count) {
                return Err(DeviceError(format!("input {input}: row {row} of a data set of {count} rows")));
            }
        }
        Ok(steps)
    }
}
