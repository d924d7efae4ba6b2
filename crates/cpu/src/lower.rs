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
use crate::sharing::Sharing;

/// Estimated work, in nanoseconds, below which one thread is always faster than several, and above which several are
/// taken to be faster until it has been measured, or for good.
const MAY_SHARE: f64 = 4_000.0;
const SHARE: f64 = 16_000.0;
const MUST_SHARE: f64 = 1_000_000.0;

/// A kernel, ready to run.
#[derive(Debug)]
pub(crate) struct Launch {
    pub work: Work,
    pub tasks: usize,
    /// Who runs the tasks; which of both has no influence on the result.
    pub sharing: Sharing,
    pub scratch_bytes: usize,
}

/// The tasks of a kernel.
#[derive(Debug)]
pub(crate) enum Work {
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
        let map = |tasks: MapTasks| (tasks.tasks(), tasks.cost(), tasks.scratch_bytes(), Work::Map(Box::new(tasks)));
        let (tasks, cost, scratch_bytes, work) = match kernel {
            Kernel::Map(kernel) => map(MapTasks::new(buffers, kernel)?),
            Kernel::Reduce(kernel) => match reduce::plan(buffers, kernel)? {
                ReducePlan::Map(kernel) => map(MapTasks::new(buffers, &kernel)?),
                ReducePlan::Reduce(tasks) => (tasks.tasks(), tasks.cost(), tasks.scratch_bytes(), Work::Reduce(tasks)),
            },
            Kernel::MatMul(kernel) => {
                let tasks = Box::new(MatMulTasks::new(buffers, kernel, kernels)?);
                (tasks.tasks(), tasks.cost(), tasks.scratch_bytes(), Work::MatMul(tasks))
            }
            Kernel::Gather(kernel) => {
                let tasks = GatherTasks::new(buffers, kernel)?;
                (tasks.tasks(), tasks.cost(), 0, Work::Gather(tasks))
            }
            Kernel::FoldWindows(kernel) => {
                let tasks = Box::new(FoldWindowsTasks::new(buffers, kernel)?);
                (tasks.tasks(), tasks.cost(), 0, Work::FoldWindows(tasks))
            }
            Kernel::ScatterAdd(kernel) => (1, 0.0, 0, Work::ScatterAdd(ScatterAddTasks::new(buffers, kernel)?)),
        };
        let sharing = match cost {
            _ if threads < 2 || tasks < 2 || cost < MAY_SHARE => Sharing::never(),
            _ if cost > MUST_SHARE => Sharing::always(),
            _ => Sharing::measured(cost > SHARE),
        };
        Ok(Launch { work, tasks, sharing, scratch_bytes })
    }
}

impl Work {
    /// Runs one task.
    ///
    /// # Safety
    /// The buffers that the launch was made from are alive; `scratch` is 64-byte aligned, has its `scratch_bytes` and
    /// belongs to this call; each task runs once at a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        // SAFETY: passed on from the caller.
        unsafe {
            match self {
                Work::Map(tasks) => tasks.run(kernels, task, scratch),
                Work::Reduce(tasks) => tasks.run(kernels, task, scratch),
                Work::MatMul(tasks) => tasks.run(kernels, task, scratch),
                Work::Gather(tasks) => tasks.run(task),
                Work::ScatterAdd(tasks) => tasks.run(),
                Work::FoldWindows(tasks) => (kernels.fold_windows)(tasks, task),
            }
        }
    }

    /// What is left to do when all tasks have ended.
    ///
    /// # Safety
    /// As for [`Work::run`], and no task is running.
    pub(crate) unsafe fn finish(&self) {
        if let Work::Reduce(tasks) = self {
            // SAFETY: passed on from the caller.
            unsafe { tasks.finish() }
        }
    }
}
