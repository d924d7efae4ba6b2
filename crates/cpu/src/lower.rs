//! From the kernels of a program to launches: tasks over known addresses.

use glorot_graph::device::DeviceError;
use glorot_graph::program::Kernel;

use crate::fold_windows::FoldWindowsTasks;
use crate::gather::{GatherTasks, ScatterAddTasks};
use crate::kernels::Kernels;
use crate::map::MapTasks;
use crate::matmul::MatMulTasks;
use crate::memory::Buffers;
use crate::reduce::{self, ReducePlan, ReduceTasks};

/// Work below this, in nanoseconds, is done faster by one thread than handed to several.
const WORTH_THREADS: f64 = 12_000.0;

/// A kernel, ready to run.
#[derive(Debug)]
pub(crate) struct Launch {
    kind: Kind,
    pub tasks: usize,
    /// Whether several threads are worth their wake-up.
    pub parallel: bool,
    pub scratch_bytes: usize,
}

#[derive(Debug)]
enum Kind {
    Map(Box<MapTasks>),
    Reduce(Box<ReduceTasks>),
    MatMul(Box<MatMulTasks>),
    Gather(GatherTasks),
    ScatterAdd(ScatterAddTasks),
    FoldWindows(Box<FoldWindowsTasks>),
}

impl Launch {
    pub(crate) fn new(
        buffers: &Buffers,
        kernel: &Kernel,
        kernels: &'static Kernels,
        threads: usize,
    ) -> Result<Launch, DeviceError> {
        let map = |tasks: MapTasks| (tasks.tasks(), tasks.cost(), tasks.scratch_bytes(), Kind::Map(Box::new(tasks)));
        let (tasks, cost, scratch_bytes, kind) = match kernel {
            Kernel::Map(kernel) => map(MapTasks::new(buffers, kernel)?),
            Kernel::Reduce(kernel) => match reduce::plan(buffers, kernel)? {
                ReducePlan::Map(kernel) => map(MapTasks::new(buffers, &kernel)?),
                ReducePlan::Reduce(tasks) => (tasks.tasks(), tasks.cost(), tasks.scratch_bytes(), Kind::Reduce(tasks)),
            },
            Kernel::MatMul(kernel) => {
                let tasks = Box::new(MatMulTasks::new(buffers, kernel, kernels)?);
                (tasks.tasks(), tasks.cost(), tasks.scratch_bytes(), Kind::MatMul(tasks))
            }
            Kernel::Gather(kernel) => {
                let tasks = GatherTasks::new(buffers, kernel)?;
                (tasks.tasks(), tasks.cost(), 0, Kind::Gather(tasks))
            }
            Kernel::FoldWindows(kernel) => {
                let tasks = Box::new(FoldWindowsTasks::new(buffers, kernel)?);
                (tasks.tasks(), tasks.cost(), 0, Kind::FoldWindows(tasks))
            }
            Kernel::ScatterAdd(kernel) => (1, 0.0, 0, Kind::ScatterAdd(ScatterAddTasks::new(buffers, kernel)?)),
        };
        Ok(Launch { kind, tasks, parallel: threads > 1 && tasks > 1 && cost > WORTH_THREADS, scratch_bytes })
    }

    /// Runs one task.
    ///
    /// # Safety
    /// The buffers that the launch was made from are alive; `scratch` is 64-byte aligned, has `scratch_bytes` and
    /// belongs to this call; each task runs once at a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        // SAFETY: passed on from the caller.
        unsafe {
            match &self.kind {
                Kind::Map(tasks) => tasks.run(kernels, task, scratch),
                Kind::Reduce(tasks) => tasks.run(kernels, task, scratch),
                Kind::MatMul(tasks) => tasks.run(kernels, task, scratch),
                Kind::Gather(tasks) => tasks.run(task),
                Kind::ScatterAdd(tasks) => tasks.run(),
                Kind::FoldWindows(tasks) => (kernels.fold_windows)(tasks, task),
            }
        }
    }

    /// What is left to do when all tasks have ended.
    ///
    /// # Safety
    /// As for [`Launch::run`], and no task is running.
    pub(crate) unsafe fn finish(&self) {
        if let Kind::Reduce(tasks) = &self.kind {
            // SAFETY: passed on from the caller.
            unsafe { tasks.finish() }
        }
    }
}
