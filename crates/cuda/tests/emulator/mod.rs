//! A GPU that is the processor: generated sources go through a C++ compiler, and memory is the host's. What the kernels
//! mean, how they are launched, recorded and fed is then the same as on a GPU; only the compiler is another. Work is done
//! as late or as early as the order of the queues allows ([`timeline`]), so that what is read, written or given back too
//! early or too late shows.

mod convolution;
mod timeline;

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use glorot_cuda::Precision;
use glorot_cuda::gpu::{Address, Argument, Computes, Convolution, Facts, Gpu, Grouping, Kind, Launch, Matrix, Product};
use glorot_graph::device::DeviceError;

use crate::compiler;
use timeline::{Timeline, Work};

type Result<T = ()> = std::result::Result<T, DeviceError>;

static SHIM: OnceLock<PathBuf> = OnceLock::new();

/// A folder with the shim, compiled.
fn shim() -> &'static Path {
    SHIM.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the shim").keep();
        let compiler = compiler::find().expect("a C++ compiler");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/shim.sh");
        let output = Command::new("sh").args([script, compiler]).arg(&folder).output().expect("a shell");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder
    })
}

/// Removes it, when the process ends.
pub fn clean() {
    if let Some(folder) = SHIM.get() {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// How sources are compiled.
const FLAGS: &str = concat!("@", env!("CARGO_MANIFEST_DIR"), "/tests/emulator/flags.txt");

/// Bytes around each allocation that nobody may write.
const GUARD: usize = 256;
const PATTERN: u8 = 0xa5;

type Entry = unsafe extern "C" fn(*mut *mut c_void, u32, i32);

#[derive(Debug)]
pub struct Emulator {
    facts: Facts,
    products: bool,
    /// Its library computes no products of an odd number of rows.
    pub refuses_odd: bool,
    /// Convolutions that compute this are refused.
    pub refuses: Option<Computes>,
    /// How often it still refuses to begin a recording, and to end one.
    pub refuses_recording: Mutex<(usize, usize)>,
    folder: tempfile::TempDir,
    /// Modules by number, and functions by number.
    modules: Mutex<HashMap<u64, libloading::Library>>,
    compiled: Mutex<HashMap<String, PathBuf>>,
    functions: Mutex<HashMap<u64, Entry>>,
    memory: Mutex<HashMap<Address, usize>>,
    graphs: Mutex<HashMap<u64, Vec<Work>>>,
    /// The queue whose work is recorded, and the work.
    recording: Mutex<Option<(u64, Vec<Work>)>>,
    timeline: Mutex<Timeline>,
    /// Whether the first, second, … queue is eager, bit by bit.
    eager: u32,
    next: AtomicU64,
    pub launches: AtomicUsize,
    pub replays: AtomicUsize,
    /// Pieces of pinned memory that were given out.
    pub pinned: AtomicUsize,
}

impl Emulator {
    /// `products`: has a library for products. Which of its queues are eager changes from one to the next.
    pub fn new(products: bool) -> Emulator {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        Emulator::with_eager(products, NUMBER.fetch_add(1, Ordering::Relaxed) as u32)
    }

    /// `eager`: whether the first, second, … queue is eager, bit by bit, over and over.
    pub fn with_eager(products: bool, eager: u32) -> Emulator {
        Emulator {
            facts: Facts {
                ordinal: 0,
                name: "emulated".into(),
                capability: (9, 0),
                multiprocessors: 6,
                memory_bytes: 1 << 30,
                driver: (13, 0),
                cooperative: true,
                used: Arc::default(),
            },
            products,
            refuses_odd: false,
            refuses: None,
            refuses_recording: Mutex::default(),
            folder: tempfile::tempdir().expect("a folder for sources"),
            modules: Mutex::default(),
            compiled: Mutex::default(),
            functions: Mutex::default(),
            memory: Mutex::default(),
            graphs: Mutex::default(),
            recording: Mutex::default(),
            timeline: Mutex::default(),
            eager,
            next: AtomicU64::new(1),
            launches: AtomicUsize::new(0),
            replays: AtomicUsize::new(0),
            pinned: AtomicUsize::new(0),
        }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Records work, or puts it into its queue.
    fn push(&self, queue: u64, work: Work) {
        match &mut *self.recording.lock().unwrap() {
            Some((recorded, list)) if *recorded == queue => list.push(work),
            _ => self.timeline.lock().unwrap().push(queue, work, &mut |work| self.execute(work)),
        }
    }

    /// Fails if a queue is recorded: what it is asked for cannot be.
    fn expect_not_recording(&self, what: &str, queue: Option<u64>) {
        let recorded = self.recording.lock().unwrap().as_ref().map(|(queue, _)| *queue);
        assert!(
            recorded.is_none() || queue.is_some_and(|queue| Some(queue) != recorded),
            "{what} while a step is recorded"
        );
    }

    fn build(&self, source: &str) -> PathBuf {
        if let Some(path) = self.compiled.lock().unwrap().get(source) {
            return path.clone();
        }
        let name = format!("m{}", self.number());
        let (input, output) =
            (self.folder.path().join(format!("{name}.cpp")), self.folder.path().join(format!("{name}.so")));
        std::fs::write(&input, source).unwrap();
        let mut command = Command::new(compiler::find().expect("a C++ compiler"));
        command.args([FLAGS, "-shared", "-include"]).arg(shim().join("shim.hpp"));
        let result = command.arg(&input).arg("-o").arg(&output).output().unwrap();
        let log = String::from_utf8_lossy(&result.stderr);
        assert!(result.status.success(), "{log}\n{source}");
        self.compiled.lock().unwrap().insert(source.to_string(), output.clone());
        output
    }

    fn execute(&self, work: &Work) {
        // SAFETY: the session vouches for addresses and arguments.
        unsafe {
            match work {
                Work::Launch { function, blocks, grouping, arguments } => {
                    self.launches.fetch_add(1, Ordering::Relaxed);
                    let entry = self.functions.lock().unwrap()[function];
                    let mut words: Vec<Vec<u64>> = arguments
                        .iter()
                        .map(|argument| match argument {
                            Argument::Address(address) => vec![*address],
                            Argument::Word(word) => vec![u64::from(*word)],
                            Argument::Addresses(addresses) => addresses.clone(),
                        })
                        .collect();
                    let mut pointers: Vec<*mut c_void> = words.iter_mut().map(|w| w.as_mut_ptr().cast()).collect();
                    entry(pointers.as_mut_ptr(), *blocks as u32, i32::from(*grouping != Grouping::Free));
                }
                Work::Product(product) => multiply(product),
                Work::Convolution(convolution) => convolution::convolve(convolution),
                Work::Copy { from, to, bytes } => {
                    (*from as *const u8).copy_to_nonoverlapping(*to as *mut u8, *bytes);
                }
                Work::Zero { at, bytes } => (*at as *mut u8).write_bytes(0, *bytes),
                Work::Replay(graph) => {
                    self.replays.fetch_add(1, Ordering::Relaxed);
                    let list = self.graphs.lock().unwrap()[graph].clone();
                    list.iter().for_each(|work| self.execute(work));
                }
                Work::Record(..) | Work::Wait(..) => {}
            }
        }
    }

    /// Fails if memory around an allocation was written.
    fn check_guards(address: Address, bytes: usize) {
        // SAFETY: the guards were allocated with the memory.
        let (before, after) = unsafe {
            let start = (address as *const u8).sub(GUARD);
            (std::slice::from_raw_parts(start, GUARD), std::slice::from_raw_parts(start.add(GUARD + bytes), GUARD))
        };
        assert!(before.iter().chain(after).all(|&byte| byte == PATTERN), "memory around an allocation was written");
    }
}

/// The product as its definition says.
unsafe fn multiply(product: &Product) {
    let element = |matrix: &Matrix, batch: usize, row: usize, column: usize| {
        let (row, column) = if matrix.transposed { (column, row) } else { (row, column) };
        let at = batch * matrix.stride + column * matrix.leading + row;
        // SAFETY: the caller vouches for the matrices.
        unsafe { stored(product.precision, matrix.address, at) }
    };
    let Product { batch, rows, columns, depth, a, b, result, finish, .. } = *product;
    for i in 0..batch {
        for column in 0..columns {
            for row in 0..rows {
                let sum: f64 =
                    (0..depth).map(|k| f64::from(element(&a, i, row, k)) * f64::from(element(&b, i, k, column))).sum();
                // SAFETY: the caller vouches for the bias and the result.
                unsafe {
                    let biased = sum + finish.bias.map_or(0.0, |bias| f64::from(*(bias as *const f32).add(row)));
                    let value = if finish.relu && biased < 0.0 { 0.0 } else { biased };
                    *(result as *mut f32).add((i * columns + column) * rows + row) = value as f32;
                }
            }
        }
    }
}

/// An element of what a library reads.
unsafe fn stored(precision: Precision, address: Address, at: usize) -> f32 {
    // SAFETY: the caller vouches for the memory.
    unsafe {
        match precision {
            Precision::Float16 => f32_of_half(*(address as *const u16).add(at)),
            Precision::Bfloat16 => f32::from_bits(u32::from(*(address as *const u16).add(at)) << 16),
            Precision::Float32 | Precision::Tf32 => *(address as *const f32).add(at),
        }
    }
}

/// Fails as often as this counts.
fn refuse(left: &mut usize) -> Result {
    if *left == 0 {
        return Ok(());
    }
    *left -= 1;
    Err(DeviceError("refused".into()))
}

fn f32_of_half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 31, f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f32.powi(i32::from(exponent) - 15),
    };
    if sign == 1 { -size } else { size }
}

impl Gpu for Emulator {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn free_bytes(&self) -> Result<usize> {
        let used: usize = self.memory.lock().unwrap().values().sum();
        Ok(self.facts.memory_bytes - used)
    }

    fn allocate(&self, bytes: usize) -> Result<Address> {
        self.expect_not_recording("memory is asked for", None);
        if bytes > self.free_bytes()? {
            return Err(DeviceError("out of memory".into()));
        }
        let layout = std::alloc::Layout::from_size_align(bytes + 2 * GUARD, 256).unwrap();
        // SAFETY: the layout is not empty; the memory is all written.
        let address = unsafe {
            let start = std::alloc::alloc(layout);
            start.write_bytes(PATTERN, bytes + 2 * GUARD);
            start.add(GUARD).write_bytes(0xff, bytes);
            start.add(GUARD) as Address
        };
        self.memory.lock().unwrap().insert(address, bytes);
        Ok(address)
    }

    fn allocate_pinned(&self, bytes: usize) -> Result<NonNull<u8>> {
        self.expect_not_recording("memory is asked for", None);
        self.pinned.fetch_add(1, Ordering::Relaxed);
        let memory = Box::leak(vec![0u8; bytes + 16].into_boxed_slice());
        memory[..8].copy_from_slice(&(bytes + 16).to_ne_bytes());
        Ok(NonNull::from(&mut memory[16]).cast())
    }

    unsafe fn free_pinned(&self, pointer: NonNull<u8>) {
        // SAFETY: made above, with its length in front.
        unsafe {
            let start = pointer.as_ptr().sub(16);
            let len = usize::from_ne_bytes(std::slice::from_raw_parts(start, 8).try_into().unwrap());
            let uses = |work: &Work| work.uses(start as Address, len);
            self.timeline.lock().unwrap().expect_no("pinned memory", uses);
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, len)));
        }
    }

    fn queue(&self) -> Result<u64> {
        let number = self.number();
        let mut timeline = self.timeline.lock().unwrap();
        let count = timeline.queues();
        timeline.add(number, self.eager >> (count % 2) & 1 == 1);
        Ok(number)
    }

    fn event(&self) -> Result<u64> {
        Ok(self.number())
    }

    unsafe fn release(&self, kind: Kind, handle: u64) {
        match kind {
            Kind::Memory => {
                let bytes = self.memory.lock().unwrap().remove(&handle).expect("memory that was allocated");
                let graphs = self.graphs.lock().unwrap();
                let uses = |work: &Work| match work {
                    Work::Replay(graph) => graphs[graph].iter().any(|work| work.uses(handle, bytes)),
                    work => work.uses(handle, bytes),
                };
                self.timeline.lock().unwrap().expect_no("memory", uses);
                Emulator::check_guards(handle, bytes);
                let layout = std::alloc::Layout::from_size_align(bytes + 2 * GUARD, 256).unwrap();
                // SAFETY: allocated above with this layout.
                unsafe { std::alloc::dealloc((handle as *mut u8).sub(GUARD), layout) };
            }
            Kind::Graph => {
                let replays = |work: &Work| matches!(work, Work::Replay(graph) if *graph == handle);
                self.timeline.lock().unwrap().expect_no("a graph", replays);
                self.graphs.lock().unwrap().remove(&handle).expect("a graph that was recorded");
            }
            Kind::Module => {
                let launches = |work: &Work| matches!(work, Work::Launch { .. } | Work::Replay(_));
                self.timeline.lock().unwrap().expect_no("a module", launches);
                self.modules.lock().unwrap().remove(&handle).expect("a module that was compiled");
            }
            Kind::Queue => self.timeline.lock().unwrap().remove(handle),
            Kind::Event => {}
        }
    }

    fn compile(&self, source: &str) -> Result<u64> {
        let path = self.build(source);
        // SAFETY: the library is what was just built.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| DeviceError(error.to_string()))?;
        let number = self.number();
        self.modules.lock().unwrap().insert(number, library);
        Ok(number)
    }

    unsafe fn function(&self, module: u64, name: &str) -> Result<u64> {
        let modules = self.modules.lock().unwrap();
        // SAFETY: the type is that of the shim's entries.
        let entry = unsafe { modules[&module].get::<Entry>(format!("host_{name}").as_bytes()) };
        let entry = *entry.map_err(|error| DeviceError(error.to_string()))?;
        let number = self.number();
        self.functions.lock().unwrap().insert(number, entry);
        Ok(number)
    }

    unsafe fn launch(&self, queue: u64, launch: &Launch<'_>) -> Result {
        let &Launch { function, blocks, grouping, arguments } = launch;
        self.push(queue, Work::Launch { function, blocks, grouping, arguments: arguments.to_vec() });
        Ok(())
    }

    fn has_products(&self) -> bool {
        self.products
    }

    fn accepts(&self, product: &Product) -> Result<bool> {
        Ok(!(self.refuses_odd && product.rows % 2 == 1))
    }

    unsafe fn product(&self, queue: u64, product: &Product, _workspace: u64) -> Result {
        self.push(queue, Work::Product(*product));
        Ok(())
    }

    fn has_convolutions(&self) -> bool {
        self.products
    }

    fn convolves(&self, convolution: &Convolution) -> Result<bool> {
        Ok(self.refuses != Some(convolution.computes))
    }

    unsafe fn convolution(&self, queue: u64, convolution: &Convolution, _workspace: u64) -> Result {
        self.push(queue, Work::Convolution(*convolution));
        Ok(())
    }

    unsafe fn upload(&self, queue: u64, to: Address, from: &[u8]) -> Result {
        self.expect_not_recording("a copy from the host", Some(queue));
        self.push(queue, Work::Copy { from: from.as_ptr() as Address, to, bytes: from.len() });
        Ok(())
    }

    unsafe fn download(&self, queue: u64, from: Address, to: &mut [u8]) -> Result {
        self.expect_not_recording("a copy to the host", Some(queue));
        self.push(queue, Work::Copy { from, to: to.as_mut_ptr() as Address, bytes: to.len() });
        Ok(())
    }

    unsafe fn copy(&self, queue: u64, from: Address, to: Address, bytes: usize) -> Result {
        self.push(queue, Work::Copy { from, to, bytes });
        Ok(())
    }

    unsafe fn zero(&self, queue: u64, at: Address, bytes: usize) -> Result {
        self.push(queue, Work::Zero { at, bytes });
        Ok(())
    }

    unsafe fn record(&self, queue: u64, event: u64) -> Result {
        self.timeline.lock().unwrap().record(queue, event, &mut |work| self.execute(work));
        Ok(())
    }

    unsafe fn wait(&self, queue: u64, event: u64) -> Result {
        self.timeline.lock().unwrap().wait(queue, event, &mut |work| self.execute(work));
        Ok(())
    }

    unsafe fn wait_host(&self, event: u64) -> Result {
        self.timeline.lock().unwrap().wait_host(event, &mut |work| self.execute(work));
        Ok(())
    }

    unsafe fn finish(&self, queue: u64) -> Result {
        self.expect_not_recording("a queue is waited for", Some(queue));
        self.timeline.lock().unwrap().finish(queue, &mut |work| self.execute(work));
        Ok(())
    }

    unsafe fn begin_recording(&self, queue: u64) -> Result {
        refuse(&mut self.refuses_recording.lock().unwrap().0)?;
        *self.recording.lock().unwrap() = Some((queue, Vec::new()));
        Ok(())
    }

    unsafe fn end_recording(&self, _queue: u64) -> Result<u64> {
        let (_, list) = self.recording.lock().unwrap().take().expect("a recording");
        refuse(&mut self.refuses_recording.lock().unwrap().1)?;
        let number = self.number();
        self.graphs.lock().unwrap().insert(number, list);
        Ok(number)
    }

    unsafe fn replay(&self, queue: u64, graph: u64) -> Result {
        self.push(queue, Work::Replay(graph));
        Ok(())
    }
}
