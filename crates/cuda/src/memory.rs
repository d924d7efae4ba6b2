//! Memory of a GPU, counted against a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use glorot_graph::device::DeviceError;

use crate::gpu::{Address, Gpu, Kind, Owned};

/// Bytes of an allocation: CUDA's granularity.
const GRAIN: usize = 512;

/// How much memory a device may give out.
#[derive(Debug)]
pub(crate) struct Budget {
    gpu: Arc<dyn Gpu>,
    limit: Option<usize>,
}

/// A piece of memory of the GPU.
#[derive(Debug)]
pub(crate) struct Memory {
    owned: Owned,
    bytes: usize,
    budget: Arc<Budget>,
}

impl Budget {
    pub fn new(gpu: Arc<dyn Gpu>, limit: Option<usize>) -> Arc<Budget> {
        Arc::new(Budget { gpu, limit })
    }

    /// Bytes that all models of the process hold on the GPU, whatever their limits.
    pub fn used(&self) -> usize {
        self.counter().load(Ordering::Relaxed)
    }

    fn counter(&self) -> &AtomicUsize {
        &self.gpu.facts().used
    }

    /// Bytes that may still be given out.
    pub fn left(&self) -> Result<usize, DeviceError> {
        let free = self.gpu.free_bytes()?;
        Ok(self.limit.map_or(free, |limit| limit.saturating_sub(self.used()).min(free)))
    }

    /// Memory for `what`, which the error names.
    pub fn allocate(self: &Arc<Budget>, what: &str, bytes: usize) -> Result<Memory, DeviceError> {
        let rounded = bytes.max(1).next_multiple_of(GRAIN);
        let used = self.counter().fetch_add(rounded, Ordering::Relaxed);
        let give_back = || self.counter().fetch_sub(rounded, Ordering::Relaxed);
        if let Some(limit) = self.limit.filter(|limit| used + rounded > *limit) {
            give_back();
            return Err(self.exhausted(
                what,
                bytes,
                used,
                &format!("memoryLimit is {}", Size(limit)),
                ", or raise memoryLimit",
            ));
        }
        match self.gpu.allocate(rounded) {
            Ok(address) => {
                let owned = Owned::new(&self.gpu, Kind::Memory, address);
                Ok(Memory { owned, bytes: rounded, budget: Arc::clone(self) })
            }
            Err(error) => {
                give_back();
                Err(self.exhausted(what, bytes, used, &error.to_string(), ", or end what else uses the GPU"))
            }
        }
    }

    fn exhausted(&self, what: &str, bytes: usize, used: usize, why: &str, advice: &str) -> DeviceError {
        let id = self.gpu.facts().ordinal;
        DeviceError(format!(
            "cuda:{id}: no memory for {what}: it needs {}, {} are in use, {why}; take a smaller batch or model{advice}",
            Size(bytes),
            Size(used)
        ))
    }
}

impl Memory {
    pub fn address(&self) -> Address {
        self.owned.handle()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.budget.counter().fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Bytes as people read them.
pub(crate) struct Size(pub usize);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match UNITS.into_iter().find(|(_, shift)| self.0 >> shift > 0) {
            Some((unit, shift)) => write!(f, "{:.1} {unit}", self.0 as f64 / f64::from(1u32 << shift)),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_are_readable() {
        let shown = [0, 999, 1024, 3 << 19, 80 << 30].map(|bytes| Size(bytes).to_string());
        assert_eq!(shown, ["0 bytes", "999 bytes", "1.0 KiB", "1.5 MiB", "80.0 GiB"]);
    }
}
