use std::sync::Arc;

use glorot_graph::TensorSpec;
use glorot_graph::device::{Device, DeviceError, Session};

use crate::kernels::{self, Kernels};
use crate::pool::Pool;
use crate::profile::{LaunchTime, Profile};
use crate::session::CpuSession;

/// How a [`CpuDevice`] uses the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuOptions {
    /// Threads that work on a step, the calling one included; by default as many as the process may use.
    pub threads: Option<usize>,
    /// Whether the times of all parts of a step are taken; see [`CpuDevice::profile`]. With one thread only.
    pub profile: bool,
    /// Whether matrix products may round their operands to bfloat16, where the processor has instructions for it
    /// (AVX512-BF16) and they are faster. Sums, and everything else, stay float32.
    pub bfloat16: bool,
}

/// The processor of this machine. Its threads end when the device and all its sessions are dropped. Results do not
/// depend on the number of threads, bit for bit.
#[derive(Debug)]
pub struct CpuDevice {
    pool: Arc<Pool>,
    kernels: &'static Kernels,
    profile: Option<Arc<Profile>>,
}

impl CpuDevice {
    pub fn new(options: CpuOptions) -> CpuDevice {
        let available = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = options.threads.unwrap_or_else(available);
        let profile = options.profile.then(Arc::default);
        let kernels = if options.bfloat16 { kernels::with_bfloat16() } else { kernels::detect() };
        CpuDevice { pool: Arc::new(Pool::new(threads)), kernels, profile }
    }

    /// Threads that work on a step.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// For each program that was added to a session, in order, the times of its parts; nothing unless
    /// [`CpuOptions::profile`] was set. What several threads run together is not timed.
    pub fn profile(&self) -> Vec<Vec<LaunchTime>> {
        self.profile.as_ref().map(|profile| profile.times()).unwrap_or_default()
    }

    /// One device for each instruction set that this processor has, best first; for tests that compare them.
    #[doc(hidden)]
    pub fn for_each_instruction_set(options: CpuOptions) -> Vec<CpuDevice> {
        let with = |kernels| CpuDevice { kernels, ..CpuDevice::new(options) };
        kernels::available().into_iter().map(with).collect()
    }
}

impl Device for CpuDevice {
    fn id(&self) -> String {
        "cpu".into()
    }

    fn description(&self) -> String {
        let threads = self.threads();
        let plural = if threads == 1 { "" } else { "s" };
        let bfloat16 = if kernels::has_bfloat16() { ", AVX512-BF16" } else { "" };
        format!("{}, {threads} thread{plural}, {}{bfloat16}", model(), self.kernels.name)
    }

    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError> {
        let mut session = CpuSession::new(Arc::clone(&self.pool), self.kernels, self.profile.clone());
        for spec in states {
            session.add_state(spec)?;
        }
        Ok(Box::new(session))
    }
}

/// What the system calls this processor.
fn model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    name.map_or_else(|| std::env::consts::ARCH.to_string(), |name| name.trim().to_string())
}
