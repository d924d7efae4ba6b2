//! A GPU that is the processor: generated sources go through a C++ compiler, and memory is the host's. What the kernels
//! mean, how they are launched, recorded and fed is then the same as on a GPU; only the compiler is another.

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::PathBuf;
use std::process::Command;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use glorot_cuda::Precision;
use glorot_cuda::gpu::{Address, Argument, Facts, Finish, Gpu, Grouping, Kind, Launch, Matrix, Product};
use glorot_graph::device::DeviceError;

type Result<T = ()> = std::result::Result<T, DeviceError>;

const SHIM: &str = include_str!("shim.hpp");

/// Bytes around each allocation that nobody may write.
const GUARD: usize = 256;
const PATTERN: u8 = 0xa5;

/// The compiler, if there is one.
pub fn compiler() -> Option<&'static str> {
    ["g++", "clang++", "c++"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok())
}

/// Work that was recorded.
#[derive(Clone, Debug)]
enum Recorded {
    Launch { function: u64, blocks: usize, grouping: Grouping, arguments: Vec<Argument> },
    Product(Product),
    Copy { from: Address, to: Address, bytes: usize },
    Zero { at: Address, bytes: usize },
}

type Entry = unsafe extern "C" fn(*mut *mut c_void, u32, i32);

#[derive(Debug)]
pub struct Emulator {
    facts: Facts,
    products: bool,
    folder: tempfile::TempDir,
    /// Modules by number, and functions by number.
    modules: Mutex<HashMap<u64, libloading::Library>>,
    compiled: Mutex<HashMap<String, PathBuf>>,
    functions: Mutex<HashMap<u64, Entry>>,
    memory: Mutex<HashMap<Address, usize>>,
    graphs: Mutex<HashMap<u64, Vec<Recorded>>>,
    recording: Mutex<Option<Vec<Recorded>>>,
    next: AtomicU64,
    pub launches: AtomicUsize,
    pub replays: AtomicUsize,
}

impl Emulator {
    /// `products`: has a library for products.
    pub fn new(products: bool) -> Emulator {
        Emulator {
            facts: Facts {
                ordinal: 0,
                name: "emulated".into(),
                capability: (9, 0),
                multiprocessors: 6,
                memory_bytes: 1 << 30,
                driver: (13, 0),
                cooperative: true,
            },
            products,
            folder: tempfile::tempdir().expect("a folder for sources"),
            modules: Mutex::default(),
            compiled: Mutex::default(),
            functions: Mutex::default(),
            memory: Mutex::default(),
            graphs: Mutex::default(),
            recording: Mutex::default(),
            next: AtomicU64::new(1),
            launches: AtomicUsize::new(0),
            replays: AtomicUsize::new(0),
        }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// True if the work is recorded instead of done.
    fn record(&self, work: impl FnOnce() -> Recorded) -> bool {
        match &mut *self.recording.lock().unwrap() {
            Some(list) => {
                list.push(work());
                true
            }
            None => false,
        }
    }

    fn build(&self, source: &str) -> PathBuf {
        if let Some(path) = self.compiled.lock().unwrap().get(source) {
            return path.clone();
        }
        let name = format!("m{}", self.number());
        let (input, output) =
            (self.folder.path().join(format!("{name}.cpp")), self.folder.path().join(format!("{name}.so")));
        std::fs::write(&input, format!("{SHIM}{source}")).unwrap();
        let flags = ["-std=c++17", "-O1", "-shared", "-fPIC", "-ffp-contract=off", "-fno-strict-aliasing", "-w"];
        let compiler = compiler().expect("a C++ compiler");
        let result = Command::new(compiler).args(flags).arg(&input).arg("-o").arg(&output).output().unwrap();
        let log = String::from_utf8_lossy(&result.stderr);
        assert!(result.status.success(), "{log}\n{source}");
        self.compiled.lock().unwrap().insert(source.to_string(), output.clone());
        output
    }

    fn execute(&self, work: &Recorded) {
        // SAFETY: the session vouches for addresses and arguments.
        unsafe {
            match work {
                Recorded::Launch { function, blocks, grouping, arguments } => {
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
                Recorded::Product(product) => multiply(product),
                Recorded::Copy { from, to, bytes } => {
                    (*from as *const u8).copy_to_nonoverlapping(*to as *mut u8, *bytes);
                }
                Recorded::Zero { at, bytes } => (*at as *mut u8).write_bytes(0, *bytes),
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
    let half = matches!(product.precision, Precision::Bfloat16 | Precision::Float16);
    let element = |matrix: &Matrix, batch: usize, row: usize, column: usize| {
        let (row, column) = if matrix.transposed { (column, row) } else { (row, column) };
        let at = batch * matrix.stride + column * matrix.leading + row;
        // SAFETY: the caller vouches for the matrices.
        unsafe {
            match (half, product.precision) {
                (true, Precision::Float16) => f32_of_half(*(matrix.address as *const u16).add(at)),
                (true, _) => f32::from_bits(u32::from(*(matrix.address as *const u16).add(at)) << 16),
                (false, _) => *(matrix.address as *const f32).add(at),
            }
        }
    };
    let Product { batch, rows, columns, depth, a, b, result, finish, .. } = *product;
    for i in 0..batch {
        for column in 0..columns {
            for row in 0..rows {
                let sum: f64 =
                    (0..depth).map(|k| f64::from(element(&a, i, row, k)) * f64::from(element(&b, i, k, column))).sum();
                // SAFETY: the caller vouches for the bias and the result.
                unsafe {
                    let value = match finish {
                        Finish::Nothing => sum,
                        Finish::Bias(bias) => sum + f64::from(*(bias as *const f32).add(row)),
                        Finish::BiasRelu(bias) => (sum + f64::from(*(bias as *const f32).add(row))).max(0.0),
                    };
                    *(result as *mut f32).add((i * columns + column) * rows + row) = value as f32;
                }
            }
        }
    }
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
        let memory = Box::leak(vec![0u8; bytes + 16].into_boxed_slice());
        memory[..8].copy_from_slice(&(bytes + 16).to_ne_bytes());
        Ok(NonNull::from(&mut memory[16]).cast())
    }

    unsafe fn free_pinned(&self, pointer: NonNull<u8>) {
        // SAFETY: made above, with its length in front.
        unsafe {
            let start = pointer.as_ptr().sub(16);
            let len = usize::from_ne_bytes(std::slice::from_raw_parts(start, 8).try_into().unwrap());
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(start, len)));
        }
    }

    fn queue(&self) -> Result<u64> {
        Ok(self.number())
    }

    fn event(&self) -> Result<u64> {
        Ok(self.number())
    }

    unsafe fn release(&self, kind: Kind, handle: u64) {
        match kind {
            Kind::Memory => {
                let bytes = self.memory.lock().unwrap().remove(&handle).expect("memory that was allocated");
                Emulator::check_guards(handle, bytes);
                let layout = std::alloc::Layout::from_size_align(bytes + 2 * GUARD, 256).unwrap();
                // SAFETY: allocated above with this layout.
                unsafe { std::alloc::dealloc((handle as *mut u8).sub(GUARD), layout) };
            }
            Kind::Graph => {
                self.graphs.lock().unwrap().remove(&handle).expect("a graph that was recorded");
            }
            Kind::Module => {
                self.modules.lock().unwrap().remove(&handle).expect("a module that was compiled");
            }
            Kind::Queue | Kind::Event => {}
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

    unsafe fn launch(&self, _queue: u64, launch: &Launch<'_>) -> Result {
        let &Launch { function, blocks, grouping, arguments } = launch;
        let work = Recorded::Launch { function, blocks, grouping, arguments: arguments.to_vec() };
        if !self.record(|| work.clone()) {
            self.execute(&work);
        }
        Ok(())
    }

    fn has_products(&self) -> bool {
        self.products
    }

    unsafe fn product(&self, _queue: u64, product: &Product) -> Result {
        let work = Recorded::Product(*product);
        if !self.record(|| work.clone()) {
            self.execute(&work);
        }
        Ok(())
    }

    unsafe fn upload(&self, _queue: u64, to: Address, from: &[u8]) -> Result {
        // SAFETY: the session vouches for the address.
        unsafe { from.as_ptr().copy_to_nonoverlapping(to as *mut u8, from.len()) };
        Ok(())
    }

    unsafe fn download(&self, _queue: u64, from: Address, to: &mut [u8]) -> Result {
        // SAFETY: as above.
        unsafe { (from as *const u8).copy_to_nonoverlapping(to.as_mut_ptr(), to.len()) };
        Ok(())
    }

    unsafe fn copy(&self, _queue: u64, from: Address, to: Address, bytes: usize) -> Result {
        let work = Recorded::Copy { from, to, bytes };
        if !self.record(|| work.clone()) {
            self.execute(&work);
        }
        Ok(())
    }

    unsafe fn zero(&self, _queue: u64, at: Address, bytes: usize) -> Result {
        let work = Recorded::Zero { at, bytes };
        if !self.record(|| work.clone()) {
            self.execute(&work);
        }
        Ok(())
    }

    unsafe fn record(&self, _queue: u64, _event: u64) -> Result {
        Ok(())
    }

    unsafe fn wait(&self, _queue: u64, _event: u64) -> Result {
        Ok(())
    }

    unsafe fn wait_host(&self, _event: u64) -> Result {
        Ok(())
    }

    unsafe fn finish(&self, _queue: u64) -> Result {
        Ok(())
    }

    unsafe fn begin_recording(&self, _queue: u64) -> Result {
        *self.recording.lock().unwrap() = Some(Vec::new());
        Ok(())
    }

    unsafe fn end_recording(&self, _queue: u64) -> Result<u64> {
        let list = self.recording.lock().unwrap().take().expect("a recording");
        let number = self.number();
        self.graphs.lock().unwrap().insert(number, list);
        Ok(number)
    }

    unsafe fn replay(&self, _queue: u64, graph: u64) -> Result {
        self.replays.fetch_add(1, Ordering::Relaxed);
        let list = self.graphs.lock().unwrap()[&graph].clone();
        list.iter().for_each(|work| self.execute(work));
        Ok(())
    }
}
