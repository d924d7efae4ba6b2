//! Where the time of a step goes.

use std::sync::{Arc, Mutex, PoisonError};

use glorot_graph::program::{FoldWindowsKernel, Kernel, Place, Program};

use crate::launch::Launch;

/// The time that a part of a step takes on one thread.
#[derive(Clone, Debug, PartialEq)]
pub struct LaunchTime {
    /// What is computed, with its sizes.
    pub name: String,
    /// Number of the kernel in its program; `None`: filling an input.
    pub kernel: Option<usize>,
    /// Multiply-adds of matrix products.
    pub multiply_adds: f64,
    /// Whether it changes a state, as the update of a weight does.
    pub updates: bool,
    /// Whether it gives an output of the program.
    pub is_output: bool,
    /// The least of all runs, in nanoseconds: what other programs do meanwhile only makes runs longer.
    pub nanoseconds: f64,
}

/// The times of all programs of a device, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Profile(Mutex<Vec<Arc<Times>>>);

/// The times of a program.
#[derive(Debug)]
pub(crate) struct Times(Mutex<Vec<LaunchTime>>);

impl Profile {
    /// Begins to collect the times of a program.
    pub(crate) fn add(&self, program: &Program, launches: &[Launch]) -> Arc<Times> {
        let times = launches.iter().map(|launch| describe(program, launch)).collect();
        let times = Arc::new(Times(Mutex::new(times)));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(times.clone());
        times
    }

    pub(crate) fn times(&self) -> Vec<Vec<LaunchTime>> {
        let programs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        programs.iter().map(|times| times.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }
}

impl Times {
    /// Keeps the time of a launch if none was shorter.
    pub(crate) fn record(&self, launch: usize, nanoseconds: u64) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times[launch].nanoseconds = times[launch].nanoseconds.min(nanoseconds as f64);
    }
}

fn describe(program: &Program, launch: &Launch) -> LaunchTime {
    let time = LaunchTime {
        name: "input".into(),
        kernel: launch.kernel,
        multiply_adds: 0.0,
        updates: false,
        is_output: false,
        nanoseconds: f64::INFINITY,
    };
    let Some(kernel) = launch.kernel.and_then(|index| program.kernels.get(index)) else { return time };
    let (name, multiply_adds) = match kernel {
        Kernel::Map(map) => (format!("map {}", map.domain), 0.0),
        Kernel::Reduce(reduce) => (format!("reduce {} along {:?}", reduce.domain, reduce.axes), 0.0),
        Kernel::MatMul(product) => {
            let [batch, m, n, k] = [product.batch, product.m, product.n, product.k];
            let batches = if batch > 1 { format!("{batch} × ") } else { String::new() };
            (format!("matmul {batches}[{m}, {k}] · [{k}, {n}]"), (batch * m * n * k) as f64)
        }
        Kernel::Gather(gather) => (format!("gather {} rows of {}", gather.rows, gather.row_len), 0.0),
        Kernel::ScatterAdd(scatter) => (format!("scatter {} rows of {}", scatter.rows, scatter.row_len), 0.0),
        Kernel::FoldWindows(FoldWindowsKernel { product: Some(product), .. }) => {
            let [m, n, k] = [product.m, product.n, product.k];
            (format!("folded matmul [{m}, {k}] · [{k}, {n}]"), (m * n * k) as f64)
        }
        Kernel::FoldWindows(fold) => (format!("fold windows, {} × {}", fold.outer, fold.inner), 0.0),
    };
    let writes = kernel.writes();
    let updates = writes.iter().any(|buffer| matches!(program.buffers[buffer.index()].place, Place::State(_)));
    let is_output = writes.iter().any(|buffer| program.outputs.contains(buffer));
    LaunchTime { name, multiply_adds, updates, is_output, ..time }
}
