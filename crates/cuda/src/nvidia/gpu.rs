//! A GPU of NVIDIA.

use std::ffi::{CString, c_void};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cudarc::driver::{DriverError, result, sys};
use glorot_graph::device::DeviceError;

use super::alone::{self, alone};
use super::blas::Blas;
use super::cache::Cache;
use super::dnn::Dnn;
use super::error::sentence;
use super::nvrtc::Compiler;
use super::running::Running;
use crate::codegen::THREADS;
use crate::gpu::{Address, Argument, Convolution, Facts, Gpu, Grouping, Kind, Launch, Product};
use crate::library::Found;

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// A GPU, its context and its libraries.
pub struct NvidiaGpu {
    facts: Facts,
    device: sys::CUdevice,
    context: sys::CUcontext,
    compiler: Arc<Compiler>,
    cache: Cache,
    target: String,
    /// cuBLAS, or why it did not start.
    blas: Option<Result<Mutex<Blas>>>,
    cudnn: Option<Found>,
    /// cuDNN, once it was needed, or why it did not start.
    dnn: Mutex<Option<Result<Dnn>>>,
}

// SAFETY: the driver allows its handles in any thread whose current context is theirs, which `enter` sees to; the maps and
// libraries are behind locks.
unsafe impl Send for NvidiaGpu {}
// SAFETY: as above.
unsafe impl Sync for NvidiaGpu {}

impl fmt::Debug for NvidiaGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NvidiaGpu").field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl NvidiaGpu {
    /// Opens a GPU; the driver must have started. Without cuBLAS all products are computed by generated kernels, without
    /// cuDNN convolutions are products.
    pub(crate) fn open(
        facts: Facts,
        compiler: Arc<Compiler>,
        blas: Option<&Found>,
        cudnn: Option<&Found>,
        cache: Cache,
    ) -> Result<NvidiaGpu> {
        let target = compiler.target(facts.capability)?;
        let device = result::device::get(facts.ordinal as i32).map_err(|error| sentence("opening a GPU", error))?;
        // SAFETY: the device is the driver's; the context is given back on drop.
        let context = unsafe { result::primary_ctx::retain(device) }
            .map_err(|error| sentence("opening a context on the GPU", error))?;
        let mut gpu = NvidiaGpu {
            facts,
            device,
            context,
            compiler,
            cache,
            target,
            blas: None,
            cudnn: cudnn.cloned(),
            dnn: Mutex::default(),
        };
        let _running = gpu.enter("opening a GPU")?;
        gpu.blas = blas.map(|found| Blas::new(found).map(Mutex::new));
        Ok(gpu)
    }

    /// Makes this GPU's context that of the calling thread. Always: whatever else runs in the process (NCCL, another
    /// library of a Node program) may have made another current, or a GPU that was closed may have left its own.
    /// What it gives is held while the context is used.
    fn enter(&self, what: &str) -> Result<Running> {
        let running = Running::begin()?;
        // SAFETY: the context is retained by this value.
        unsafe { result::ctx::set_current(self.context) }.map_err(|error| sentence(what, error))?;
        Ok(running)
    }

    /// Calls the driver. A function that it lacks, which would panic in the bindings, is an error too.
    fn call<T>(&self, what: &str, call: impl FnOnce() -> std::result::Result<T, DriverError>) -> Result<T> {
        let _running = self.enter(what)?;
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => result.map_err(|error| sentence(what, error)),
            Err(_) => Err(DeviceError(format!("CUDA: {what}: the driver lacks a function; update it"))),
        }
    }

    /// cuBLAS, if it is there and did start.
    fn blas(&self) -> Option<MutexGuard<'_, Blas>> {
        let blas = self.blas.as_ref()?.as_ref().ok()?;
        Some(blas.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls cuDNN, which is started when it is first needed: that takes time and memory. `None` if it does not start.
    fn with_dnn<T>(&self, call: impl FnOnce(&mut Dnn) -> Result<T>) -> Result<Option<T>> {
        let Some(found) = &self.cudnn else { return Ok(None) };
        let _running = self.enter("a convolution")?;
        alone(|| {
            let mut dnn = self.dnn.lock().unwrap_or_else(PoisonError::into_inner);
            match dnn.get_or_insert_with(|| Dnn::new(found)) {
                Ok(dnn) => call(dnn).map(Some),
                Err(_) => Ok(None),
            }
        })
    }
}

fn stream(queue: u64) -> sys::CUstream {
    queue as sys::CUstream
}

impl Gpu for NvidiaGpu {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn free_bytes(&self) -> Result<usize> {
        self.call("asking for free memory", result::mem_get_info).map(|(free, _)| free)
    }

    fn allocate(&self, bytes: usize) -> Result<Address> {
        // SAFETY: whoever reads the memory has written it before.
        self.call("memory", || unsafe { result::malloc_sync(bytes) })
    }

    fn allocate_pinned(&self, bytes: usize) -> Result<NonNull<u8>> {
        // SAFETY: the memory is zeroed before anyone reads it.
        let pointer = self.call("memory of the host", || unsafe { result::malloc_host(bytes, 0) })?.cast::<u8>();
        let pointer =
            NonNull::new(pointer).ok_or_else(|| DeviceError("CUDA: memory of the host: none is left".into()))?;
        // SAFETY: just allocated with this length.
        unsafe { pointer.as_ptr().write_bytes(0, bytes) };
        Ok(pointer)
    }

    unsafe fn free_pinned(&self, pointer: NonNull<u8>) {
        // SAFETY: passed on. Nobody is left to hear of an error.
        let _ = self.call("freeing memory of the host", || unsafe { result::free_host(pointer.as_ptr().cast()) });
    }

    fn queue(&self) -> Result<u64> {
        self.call("a stream", || result::stream::create(result::stream::StreamKind::NonBlocking)).map(|s| s as u64)
    }

    fn event(&self) -> Result<u64> {
        let flags = sys::CUevent_flags::CU_EVENT_DISABLE_TIMING;
        self.call("an event", || result::event::create(flags)).map(|event| event as u64)
    }

    unsafe fn release(&self, kind: Kind, handle: u64) {
        if kind == Kind::Queue
            && let Ok(_running) = self.enter("giving back")
        {
            alone(|| {
                if let Some(Ok(dnn)) = &*self.dnn.lock().unwrap_or_else(PoisonError::into_inner) {
                    dnn.leave_stream();
                }
            });
        }
        // SAFETY: passed on. Nobody is left to hear of an error.
        let _ = self.call("giving back", || unsafe {
            match kind {
                Kind::Memory => result::free_sync(handle),
                Kind::Queue => result::stream::destroy(stream(handle)),
                Kind::Module => result::module::unload(handle as sys::CUmodule),
                Kind::Graph => result::graph::exec_destroy(handle as sys::CUgraphExec),
                Kind::Event => result::event::destroy(handle as sys::CUevent),
            }
        });
    }

    fn compile(&self, source: &str) -> Result<u64> {
        let image = self.compiler.compile_cached(source, &self.target, &self.cache)?;
        // SAFETY: the image is a whole cubin, or PTX that ends with 0, from the compiler.
        let module = self.call("loading kernels", || unsafe { result::module::load_data(image.as_ptr().cast()) })?;
        Ok(module as u64)
    }

    unsafe fn function(&self, module: u64, name: &str) -> Result<u64> {
        let text = CString::new(name).map_err(|_| DeviceError("CUDA: a name with a zero byte".into()))?;
        let what = format!("looking up the kernel {name}");
        // SAFETY: the caller vouches for the module.
        let function = self.call(&what, || unsafe { result::module::get_function(module as sys::CUmodule, text) })?;
        if name.contains("cluster") {
            let allowed = sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED;
            // Where the driver does not know it, launches of more than 8 blocks fail, and another way is taken.
            // SAFETY: the function was just looked up.
            let _ = self.call(&what, || unsafe { result::function::set_function_attribute(function, allowed, 1) });
        }
        Ok(function as u64)
    }

    unsafe fn launch(&self, queue: u64, launch: &Launch<'_>) -> Result {
        // Every argument is copied by the driver when it is launched.
        let mut pointers: Vec<*mut c_void> = launch
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::Address(address) => (&raw const *address).cast_mut().cast(),
                Argument::Word(word) => (&raw const *word).cast_mut().cast(),
                Argument::Addresses(addresses) => addresses.as_ptr().cast_mut().cast(),
            })
            .collect();
        let function = launch.function as sys::CUfunction;
        let (grid, block) = ((launch.blocks as u32, 1, 1), (THREADS as u32, 1, 1));
        // SAFETY: the caller vouches for the arguments, which are of the kernel's types by construction.
        self.call("launching a kernel", || unsafe {
            match launch.grouping {
                Grouping::Free | Grouping::Cluster => {
                    result::launch_kernel(function, grid, block, 0, stream(queue), &mut pointers)
                }
                Grouping::Cooperative => {
                    result::launch_cooperative_kernel(function, grid, block, 0, stream(queue), &mut pointers)
                }
            }
        })
    }

    fn has_products(&self) -> bool {
        matches!(self.blas, Some(Ok(_)))
    }

    fn accepts(&self, product: &Product) -> Result<bool> {
        let _running = self.enter("a product")?;
        self.blas().map_or(Ok(false), |blas| blas.accepts(product))
    }

    unsafe fn product(&self, queue: u64, product: &Product, workspace: Address) -> Result {
        let _running = self.enter("a product")?;
        let Some(mut blas) = self.blas() else { return Err(DeviceError("CUDA: a product without cuBLAS".into())) };
        // SAFETY: the caller vouches for the matrices and the workspace.
        unsafe { blas.product(product, workspace, stream(queue).cast()) }
    }

    fn has_convolutions(&self) -> bool {
        self.cudnn.is_some()
    }

    fn convolves(&self, convolution: &Convolution) -> Result<bool> {
        Ok(self.with_dnn(|dnn| dnn.accepts(convolution))?.unwrap_or(false))
    }

    unsafe fn convolution(&self, queue: u64, convolution: &Convolution, workspace: Address) -> Result {
        // SAFETY: the caller vouches for the tensors and the workspace.
        let done = self.with_dnn(|dnn| unsafe { dnn.convolution(convolution, workspace, stream(queue).cast()) })?;
        done.ok_or_else(|| DeviceError("CUDA: a convolution without cuDNN".into()))
    }

    fn problems(&self) -> Vec<String> {
        // Whoever asks does not wait for plans that are made.
        let dnn = self.dnn.try_lock().ok();
        let dnn_problem = dnn.as_ref().and_then(|dnn| dnn.as_ref()?.as_ref().err());
        let blas_problem = self.blas.as_ref().and_then(|blas| blas.as_ref().err());
        let of_blas = blas_problem.map(|problem| format!("{problem}; large products do without"));
        let of_dnn = dnn_problem.map(|problem| format!("{problem}; large convolutions do without"));
        of_blas.into_iter().chain(of_dnn).collect()
    }

    unsafe fn upload(&self, queue: u64, to: Address, from: &[u8]) -> Result {
        if from.is_empty() {
            return Ok(());
        }
        // SAFETY: passed on.
        self.call("copying to the GPU", || unsafe { result::memcpy_htod_async(to, from, stream(queue)) })
    }

    unsafe fn download(&self, queue: u64, from: Address, to: &mut [u8]) -> Result {
        // SAFETY: passed on.
        self.call("copying from the GPU", || unsafe { result::memcpy_dtoh_async(to, from, stream(queue)) })
    }

    unsafe fn copy(&self, queue: u64, from: Address, to: Address, bytes: usize) -> Result {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: passed on.
        self.call("copying on the GPU", || unsafe { result::memcpy_dtod_async(to, from, bytes, stream(queue)) })
    }

    unsafe fn zero(&self, queue: u64, at: Address, bytes: usize) -> Result {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: passed on.
        self.call("clearing memory", || unsafe { result::memset_d8_async(at, 0, bytes, stream(queue)) })
    }

    unsafe fn record(&self, queue: u64, event: u64) -> Result {
        // SAFETY: passed on.
        self.call("an event", || unsafe { result::event::record(event as sys::CUevent, stream(queue)) })
    }

    unsafe fn wait(&self, queue: u64, event: u64) -> Result {
        let flags = sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
        // SAFETY: passed on.
        self.call("an event", || unsafe { result::stream::wait_event(stream(queue), event as sys::CUevent, flags) })
    }

    unsafe fn wait_host(&self, event: u64) -> Result {
        // SAFETY: passed on.
        self.call("waiting for the GPU", || unsafe { result::event::synchronize(event as sys::CUevent) })
    }

    unsafe fn finish(&self, queue: u64) -> Result {
        // SAFETY: passed on.
        self.call("waiting for the GPU", || unsafe { result::stream::synchronize(stream(queue)) })
    }

    unsafe fn begin_recording(&self, queue: u64) -> Result {
        // Other threads may allocate meanwhile; this one records only launches and calls of libraries.
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
        alone::begin();
        // SAFETY: passed on.
        let begun = self.call("recording a step", || unsafe { result::stream::begin_capture(stream(queue), mode) });
        if begun.is_err() {
            alone::end();
        }
        begun
    }

    unsafe fn end_recording(&self, queue: u64) -> Result<u64> {
        // SAFETY: passed on.
        let recorded = self.call("recording a step", || unsafe { result::stream::end_capture(stream(queue)) });
        alone::end();
        let graph = recorded?;
        // SAFETY: passed on; the graph is destroyed once, after it was instantiated, and what became of it if it fails.
        self.call("recording a step", || unsafe {
            let ready = result::graph::instantiate(graph, sys::CUgraphInstantiate_flags(0));
            let _ = result::graph::destroy(graph);
            let ready = ready?;
            if let Err(error) = result::graph::upload(ready, stream(queue)) {
                let _ = result::graph::exec_destroy(ready);
                return Err(error);
            }
            Ok(ready as u64)
        })
    }

    unsafe fn replay(&self, queue: u64, graph: u64) -> Result {
        // SAFETY: passed on.
        self.call("launching a step", || unsafe { result::graph::launch(graph as sys::CUgraphExec, stream(queue)) })
    }
}

impl Drop for NvidiaGpu {
    fn drop(&mut self) {
        let Ok(_running) = self.enter("closing a GPU") else {
            // Nor may its libraries be called.
            std::mem::forget((self.blas.take(), std::mem::take(&mut self.dnn)));
            return;
        };
        self.blas = None;
        alone(|| self.dnn = Mutex::default());
        // SAFETY: retained in `open`.
        let _ = unsafe { result::primary_ctx::release(self.device) };
    }
}
