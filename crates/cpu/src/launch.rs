//! From the kernels of a program to launches: tasks over known addresses.

use std::sync::Arc;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{FoldWindowsKernel, Kernel};

use crate::fold_product::FoldProductTasks;
use crate::fold_windows::FoldWindowsTasks;
use crate::gather::{GatherTasks, ScatterAddTasks};
use crate::input::InputTasks;
use crate::kernels::Kernels;
use crate::map::MapTasks;
use crate::matmul::MatMulTasks;
use crate::memory::Buffers;
use crate::reduce::{self, ReducePlan, ReduceTasks};
use crate::schedule::Footprint;

/// A task should take about this long, in nanoseconds: many times what handing it to a thread costs.
const TASK: f64 = 8_000.0;
/// Work below this, in nanoseconds, is not shared between threads that wait for its result.
const ALONE: f64 = 2_000.0;

/// How finely a kernel is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grain {
    pub threads: usize,
    /// No other kernel waits for the results, so that threads may take whole kernels each.
    pub is_last: bool,
}

impl Grain {
    /// The number of tasks that work of so many nanoseconds is cut into.
    pub(crate) fn tasks(self, nanoseconds: f64) -> usize {
        let alone = if self.is_last { 2.0 * TASK } else { ALONE };
        if self.threads < 2 || nanoseconds < alone {
            return 1;
        }
        ((nanoseconds / TASK) as usize).max(2).next_multiple_of(self.threads)
    }
}

/// A kernel, or a stage of one, ready to run.
#[derive(Debug)]
pub(crate) struct Launch {
    /// Number of the kernel in its program.
    pub kernel: Option<usize>,
    pub work: Work,
    pub tasks: usize,
    /// Estimated nanoseconds of all tasks on one thread.
    pub cost: f64,
    pub scratch_bytes: usize,
}

/// Bytes behind the scratch memory of a task that debug builds look after.
pub(crate) const GUARD: usize = if cfg!(debug_assertions) { 1024 } else { 0 };
/// What they hold.
const PATTERN: u8 = 0xA5;

impl Launch {
    /// Runs a task. Debug builds see whether it writes behind its scratch memory.
    ///
    /// # Safety
    /// That of [`Work::run`]; `scratch` has [`GUARD`] bytes more than the launch needs.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        // SAFETY: passed on; the guard lies behind what the task needs.
        unsafe {
            let guard = scratch.wrapping_add(self.scratch_bytes);
            if GUARD > 0 {
                guard.write_bytes(PATTERN, GUARD);
            }
            self.work.run(kernels, task, scratch);
            if GUARD > 0 {
                let intact = std::slice::from_raw_parts(guard, GUARD).iter().all(|&byte| byte == PATTERN);
                assert!(intact, "{:?} writes behind its scratch memory", self.work);
            }
        }
    }
}

/// The tasks of a launch.
#[derive(Debug)]
pub(crate) enum Work {
    /// Fills an input.
    Input(InputTasks),
    Map(Box<MapTasks>),
    Reduce(Arc<ReduceTasks>),
    /// Combines the parts of split results.
    FinishReduce(Arc<ReduceTasks>),
    MatMul(Arc<MatMulTasks>),
    /// Adds the sums of parts and runs the epilogue.
    CombineMatMul(Arc<MatMulTasks>),
    Gather(GatherTasks),
    ScatterAdd(ScatterAddTasks),
    FoldWindows(Box<FoldWindowsTasks>),
    FoldProduct(Box<FoldProductTasks>),
}

/// The launches of a kernel, one after the other. `index`: its number in the program.
pub(crate) fn launches(
    buffers: &Buffers,
    index: usize,
    kernel: &Kernel,
    kernels: &'static Kernels,
    grain: Grain,
) -> Result<Vec<Launch>, DeviceError> {
    let launch = |work, tasks, cost, scratch_bytes| Launch { kernel: Some(index), work, tasks, cost, scratch_bytes };
    let map = |tasks: MapTasks| {
        let (count, cost, scratch) = (tasks.tasks(), tasks.cost(), tasks.scratch_bytes());
        vec![launch(Work::Map(Box::new(tasks)), count, cost, scratch)]
    };
    Ok(match kernel {
        Kernel::Map(kernel) => map(MapTasks::new(buffers, kernel, grain)?),
        Kernel::Reduce(kernel) => match reduce::plan(buffers, kernel)? {
            ReducePlan::Map(kernel) => map(MapTasks::new(buffers, &kernel, grain)?),
            ReducePlan::Reduce(tasks) => {
                let tasks: Arc<ReduceTasks> = Arc::from(tasks);
                let mut stages =
                    vec![launch(Work::Reduce(tasks.clone()), tasks.tasks(), tasks.cost(), tasks.scratch_bytes())];
                if tasks.is_split() {
                    stages.push(launch(Work::FinishReduce(tasks.clone()), 1, tasks.finish_cost(), 0));
                }
                stages
            }
        },
        Kernel::MatMul(kernel) => {
            let tasks = Arc::new(MatMulTasks::new(buffers, kernel, kernels, grain)?);
            let ([product, epilogue], scratch) = (tasks.costs(), tasks.scratch_bytes());
            if tasks.is_in_parts() {
                vec![
                    launch(Work::MatMul(tasks.clone()), tasks.tasks(), product, scratch),
                    launch(Work::CombineMatMul(tasks.clone()), tasks.combine_tasks(), epilogue, scratch),
                ]
            } else {
                vec![launch(Work::MatMul(tasks.clone()), tasks.tasks(), product + epilogue, scratch)]
            }
        }
        Kernel::Gather(kernel) => {
            let tasks = GatherTasks::new(buffers, kernel)?;
            let (count, cost) = (tasks.tasks(), tasks.cost());
            vec![launch(Work::Gather(tasks), count, cost, 0)]
        }
        Kernel::FoldWindows(kernel @ FoldWindowsKernel { product: Some(product), .. }) => {
            let tasks = Box::new(FoldProductTasks::new(buffers, kernel, product, kernels, grain.threads)?);
            let (count, cost, scratch) = (tasks.tasks(), tasks.cost(), tasks.scratch_bytes());
            vec![launch(Work::FoldProduct(tasks), count, cost, scratch)]
        }
        Kernel::FoldWindows(kernel) => {
            let tasks = Box::new(FoldWindowsTasks::new(buffers, kernel)?);
            let (count, cost) = (tasks.tasks(), tasks.cost());
            vec![launch(Work::FoldWindows(tasks), count, cost, 0)]
        }
        Kernel::ScatterAdd(kernel) => {
            let tasks = ScatterAddTasks::new(buffers, kernel)?;
            let cost = tasks.cost();
            vec![launch(Work::ScatterAdd(tasks), 1, cost, 0)]
        }
    })
}

impl Work {
    /// Runs one task.
    ///
    /// # Safety
    /// The buffers that the launch was made from are alive; `scratch` is 64-byte aligned, has its `scratch_bytes` and
    /// belongs to this call; each task runs once at a time, after the tasks of earlier launches that it depends on.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        // SAFETY: passed on from the caller.
        unsafe {
            match self {
                Work::Input(tasks) => tasks.run(kernels, task),
                Work::Map(tasks) => tasks.run(kernels, task, scratch),
                Work::Reduce(tasks) => tasks.run(kernels, task, scratch),
                Work::FinishReduce(tasks) => tasks.finish(),
                Work::MatMul(tasks) => tasks.run(kernels, task, scratch),
                Work::CombineMatMul(tasks) => tasks.combine(kernels, task, scratch),
                Work::Gather(tasks) => tasks.run(task),
                Work::ScatterAdd(tasks) => tasks.run(),
                Work::FoldWindows(tasks) => (kernels.fold_windows)(tasks, task),
                Work::FoldProduct(tasks) => tasks.run(kernels, task, scratch),
            }
        }
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        match self {
            Work::Input(tasks) => tasks.footprint(task),
            Work::Map(tasks) => tasks.footprint(task),
            Work::Reduce(tasks) => tasks.footprint(),
            Work::FinishReduce(tasks) => tasks.finish_footprint(),
            Work::MatMul(tasks) => tasks.footprint(task),
            Work::CombineMatMul(tasks) => tasks.combine_footprint(task),
            Work::Gather(tasks) => tasks.footprint(task),
            Work::ScatterAdd(tasks) => tasks.footprint(),
            Work::FoldWindows(tasks) => tasks.footprint(task),
            Work::FoldProduct(tasks) => tasks.footprint(task),
        }
    }
}
