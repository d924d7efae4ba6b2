//! Aligned memory, and where the buffers of a program lie in it.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Body, BufferId, Instr, Loop, MatrixLoops, MatrixView, Store, View};
use glorot_tensor::DType;

use crate::map::Placed;

/// Alignment of states, arenas, inputs and scratch memory: a cache line, the widest vector.
pub(crate) const ALIGNMENT: usize = 64;

/// Zeroed bytes, aligned, of fixed address and length (rounded up to whole cache lines).
#[derive(Debug)]
pub(crate) struct Aligned {
    pointer: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the memory belongs to this value alone, like that of a Vec.
unsafe impl Send for Aligned {}
// SAFETY: a shared reference gives out addresses only; whoever uses one vouches for the access.
unsafe impl Sync for Aligned {}

impl Aligned {
    pub(crate) fn zeroed(bytes: usize) -> Result<Aligned, DeviceError> {
        let out_of_memory = || DeviceError(format!("out of memory: {bytes} bytes"));
        let rounded = bytes.max(1).checked_next_multiple_of(ALIGNMENT).ok_or_else(out_of_memory)?;
        let layout = Layout::from_size_align(rounded, ALIGNMENT).map_err(|_| out_of_memory())?;
        // SAFETY: the layout's size is not 0.
        let pointer = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(out_of_memory)?;
        Ok(Aligned { pointer, layout })
    }

    pub(crate) fn address(&self) -> usize {
        self.pointer.as_ptr() as usize
    }

    pub(crate) fn pointer(&self) -> *mut u8 {
        self.pointer.as_ptr()
    }

    pub(crate) fn len(&self) -> usize {
        self.layout.size()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the memory is initialized and lives as long as `self`; who writes through addresses does so while no
        // slice is in use (a session belongs to one thread, and its kernels have ended).
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr(), self.layout.size()) }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.layout.size()) }
    }
}

impl Drop for Aligned {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeroed` with this layout.
        unsafe { dealloc(self.pointer.as_ptr(), self.layout) }
    }
}

/// A buffer whose place is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    pub address: usize,
    pub dtype: DType,
    pub numel: usize,
    pub writable: bool,
    /// Whether it outlives the step.
    pub state: bool,
}

/// All buffers of a program. Every view that leaves here lies inside its buffer: kernels need no checks.
#[derive(Debug)]
pub(crate) struct Buffers(pub Vec<Located>);

fn error(detail: String) -> DeviceError {
    DeviceError(format!("invalid program: {detail}"))
}

/// Index of the last element that a view names, if it has one and it can be counted.
fn last(view: &View, domain: &[usize]) -> Option<usize> {
    domain.iter().zip(&view.strides).try_fold(view.offset, |sum, (dim, stride)| {
        stride.checked_mul(dim - 1).and_then(|reach| sum.checked_add(reach))
    })
}

impl Buffers {
    pub(crate) fn get(&self, buffer: BufferId) -> Result<Located, DeviceError> {
        self.0.get(buffer.index()).copied().ok_or_else(|| error(format!("buffer {} does not exist", buffer.0)))
    }

    pub(crate) fn dtype(&self, buffer: BufferId) -> Result<DType, DeviceError> {
        Ok(self.get(buffer)?.dtype)
    }

    /// Whether a buffer is a state.
    pub(crate) fn is_state(&self, buffer: BufferId) -> bool {
        self.get(buffer).is_ok_and(|found| found.state)
    }

    /// Bytes of all states.
    pub(crate) fn state_bytes(&self) -> usize {
        self.0.iter().filter(|found| found.state).map(|found| found.numel * found.dtype.size()).sum()
    }

    /// Address of a whole buffer of a dtype with at least `numel` elements.
    pub(crate) fn dense(&self, buffer: BufferId, dtype: DType, numel: usize) -> Result<usize, DeviceError> {
        let found = self.get(buffer)?;
        if found.dtype != dtype || found.numel < numel {
            let received = format!("{} of {}", found.numel, found.dtype);
            return Err(error(format!("buffer {}: expected {numel} of {dtype}, received {received}", buffer.0)));
        }
        Ok(found.address)
    }

    /// As [`Buffers::dense`] for a buffer that is written.
    pub(crate) fn dense_output(&self, buffer: BufferId, dtype: DType, numel: usize) -> Result<usize, DeviceError> {
        self.expect_writable(buffer)?;
        self.dense(buffer, dtype, numel)
    }

    fn expect_writable(&self, buffer: BufferId) -> Result<(), DeviceError> {
        match self.get(buffer)?.writable {
            true => Ok(()),
            false => Err(error(format!("buffer {} is written, but is an input or a constant", buffer.0))),
        }
    }

    /// A view that is read, over a domain.
    pub(crate) fn view(&self, buffer: BufferId, view: &View, domain: &[usize]) -> Result<Placed, DeviceError> {
        let found = self.get(buffer)?;
        if view.strides.len() != domain.len() {
            return Err(error(format!("a view of rank {} in a domain of rank {}", view.strides.len(), domain.len())));
        }
        let empty = domain.contains(&0);
        if !empty && last(view, domain).is_none_or(|last| last >= found.numel) {
            return Err(error(format!("a view reaches beyond the {} elements of buffer {}", found.numel, buffer.0)));
        }
        let view = if empty { &View { offset: 0, strides: vec![0; domain.len()] } } else { view };
        Ok(Placed::memory(found.address, found.dtype.size(), view))
    }

    /// A view that is written: no two points of the domain share an element.
    pub(crate) fn stored_view(&self, buffer: BufferId, view: &View, domain: &[usize]) -> Result<Placed, DeviceError> {
        self.expect_writable(buffer)?;
        let placed = self.view(buffer, view, domain)?;
        let mut axes: Vec<(usize, usize)> =
            view.strides.iter().copied().zip(domain.iter().copied()).filter(|&(_, dim)| dim > 1).collect();
        axes.sort_unstable();
        let mut reach = 0;
        for (stride, dim) in axes {
            if stride <= reach && !domain.contains(&0) {
                return Err(error(format!("a store writes elements of buffer {} more than once", buffer.0)));
            }
            reach += stride * (dim - 1);
        }
        Ok(placed)
    }

    /// A stored element may be loaded through the same view only.
    pub(crate) fn check_aliases(&self, domain: &[usize], body: &Body, stores: &[Store]) -> Result<(), DeviceError> {
        if domain.contains(&0) {
            return Ok(());
        }
        for store in stores {
            let written = self.view(store.buffer, &store.view, domain)?;
            for instr in &body.instrs {
                let (read, whole) = match instr {
                    Instr::Load { buffer, view } => (self.view(*buffer, view, domain)?, false),
                    Instr::Random { state, .. } => {
                        (Placed { address: self.get(*state)?.address, strides: vec![0; domain.len()], unit: 16 }, true)
                    }
                    _ => continue,
                };
                let moving = |view: &Placed| -> Vec<usize> {
                    let strides = view.strides.iter().zip(domain).filter(|(_, dim)| **dim > 1);
                    strides.map(|(stride, _)| *stride).collect()
                };
                let same = !whole && read.address == written.address && moving(&read) == moving(&written);
                let (read, written) = (span(&read, domain), span(&written, domain));
                if !same && read.0 < written.1 && written.0 < read.1 {
                    let detail = format!("buffer {} is written while it is read through another view", store.buffer.0);
                    return Err(error(detail));
                }
            }
        }
        Ok(())
    }

    /// A `rows × columns` operand of a product, `batch` times, and the bytes that it spans. One that two strides cannot
    /// describe has strides of 0.
    pub(crate) fn matrix(&self, view: &MatrixView, dims: [usize; 3]) -> Result<(Placed, (usize, usize)), DeviceError> {
        if self.dtype(view.buffer)? != DType::F32 {
            return Err(error(format!("buffer {} of a matrix product is not float32", view.buffer.0)));
        }
        let Some(MatrixLoops { rows, columns }) = &view.loops else {
            let strides = vec![view.batch, view.rows, view.columns];
            let placed = self.view(view.buffer, &View { offset: view.offset, strides }, &dims)?;
            let span = span(&placed, &dims);
            return Ok((placed, span));
        };
        let count = |loops: &[Loop]| loops.iter().try_fold(1usize, |product, turn| product.checked_mul(turn.length));
        if [Some(1), count(rows), count(columns)] != dims.map(Some) {
            return Err(error(format!("loops of a matrix operand count other than {dims:?}")));
        }
        let (domain, strides): (Vec<usize>, Vec<usize>) =
            rows.iter().chain(columns).map(|turn| (turn.length, turn.stride)).unzip();
        let placed = self.view(view.buffer, &View { offset: view.offset, strides }, &domain)?;
        let span = span(&placed, &domain);
        Ok((Placed { strides: vec![0; 3], ..placed }, span))
    }

    /// Fails if a kernel reads memory that it writes.
    pub(crate) fn expect_apart(&self, written: (usize, usize), read: (usize, usize)) -> Result<(), DeviceError> {
        if read.0 < written.1 && written.0 < read.1 {
            return Err(error("a kernel writes over its own operand".into()));
        }
        Ok(())
    }
}

/// First byte of a view and the byte behind its last.
pub(crate) fn span(view: &Placed, domain: &[usize]) -> (usize, usize) {
    let reach: usize = view.strides.iter().zip(domain).map(|(stride, dim)| stride * dim.saturating_sub(1)).sum();
    (view.address, view.address + reach + view.unit)
}
