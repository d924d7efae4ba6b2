//! What a session needs of a GPU. [`crate::nvidia`] is one; tests have another, which runs the generated kernels on the
//! processor, so that everything above this line is tested where there is no GPU.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use glorot_graph::device::DeviceError;
use glorot_graph::program::FoldAxis;

use crate::codegen::Precision;

/// Where memory of the GPU begins.
pub type Address = u64;

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// Bytes of scratch memory that a library gets: what NVIDIA recommends for Hopper.
pub const WORKSPACE_BYTES: usize = 32 << 20;

/// What is known of a GPU.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Number of the GPU among those that the driver shows.
    pub ordinal: usize,
    pub name: String,
    /// Compute capability: (9, 0) is Hopper.
    pub capability: (u32, u32),
    pub multiprocessors: usize,
    pub memory_bytes: usize,
    /// Version of CUDA that the driver speaks: (13, 0).
    pub driver: (u32, u32),
    /// True if kernels may wait for all of their blocks.
    pub cooperative: bool,
    /// Bytes that all models of the process hold.
    pub used: Arc<AtomicUsize>,
}

impl Facts {
    /// True if blocks can form clusters with a barrier of their own.
    pub fn has_clusters(&self) -> bool {
        self.capability.0 >= 9
    }
}

/// A thing of the GPU that must be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Memory,
    Queue,
    Module,
    Graph,
    Event,
}

/// What a kernel takes.
#[derive(Clone, Debug)]
pub enum Argument {
    Address(Address),
    Word(u32),
    /// A structure of addresses, by value.
    Addresses(Vec<Address>),
}

/// How the blocks of a kernel are launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// In any order.
    Free,
    /// All at once, as one cluster, whose size the kernel declares.
    Cluster,
    /// All at once.
    Cooperative,
}

/// One launch of a kernel.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// From [`Gpu::function`].
    pub function: u64,
    pub blocks: usize,
    pub grouping: Grouping,
    pub arguments: &'a [Argument],
}

/// An operand of a product in the library's column-major terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Matrix {
    pub address: Address,
    /// True if the stored matrix is the transpose of the operand.
    pub transposed: bool,
    /// Elements from one column to the next.
    pub leading: usize,
    /// Elements from one matrix of the batch to the next.
    pub stride: usize,
}

/// What a library product does with each sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Finish {
    /// Adds a vector (float32, along the rows of the column-major result).
    pub bias: Option<Address>,
    /// Then what is negative becomes 0.
    pub relu: bool,
}

/// `result = finish(a b)`, column-major: `a` is `rows × depth`, `b` is `depth × columns`, both of `operands`; the result
/// is dense float32 and the sums are float32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    pub batch: usize,
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    pub a: Matrix,
    pub b: Matrix,
    pub result: Address,
    /// With `Bfloat16` and `Float16` the operands are stored in 16 bits; otherwise in float32.
    pub precision: Precision,
    pub finish: Finish,
}

/// The lengths of a convolution without padding, of `images` by `filters`. All three tensors are dense and row-major:
/// images `[images, height, width, channels]`, filters `[filters, height, width, channels]` of the windows' sizes, results
/// `[images, height, width, filters]` of their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvolutionShape {
    pub images: usize,
    pub channels: usize,
    pub filters: usize,
    /// Height and width.
    pub axes: [FoldAxis; 2],
}

/// Which of its tensors a convolution computes from the other two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Computes {
    Results,
    /// The gradient of the filters, from that of the results.
    Filters,
    /// The gradient of the images, from that of the results.
    Images,
}

/// A convolution. Sums and what is computed are float32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Convolution {
    pub shape: ConvolutionShape,
    pub computes: Computes,
    pub images: Address,
    pub filters: Address,
    pub results: Address,
    /// With `Bfloat16` and `Float16` what is read is stored in 16 bits; otherwise in float32.
    pub precision: Precision,
}

/// A GPU. Handles are numbers; [`Owned`] gives them back. All methods may be called from any thread.
///
/// # Safety of the unsafe methods
///
/// Addresses must be those of memory that is allocated, large enough, and stays so until the queue has done the work;
/// host memory must stay until then as well. Handles must not have been given back.
#[allow(clippy::missing_safety_doc, reason = "said once, above")]
pub trait Gpu: Send + Sync + fmt::Debug {
    fn facts(&self) -> &Facts;

    /// Bytes that are free now.
    fn free_bytes(&self) -> Result<usize>;

    /// Memory, aligned to 256 bytes.
    fn allocate(&self, bytes: usize) -> Result<Address>;

    /// Memory of the host that copies can use while the host goes on.
    fn allocate_pinned(&self, bytes: usize) -> Result<NonNull<u8>>;

    unsafe fn free_pinned(&self, pointer: NonNull<u8>);

    /// A queue of work that is done in order.
    fn queue(&self) -> Result<u64>;

    fn event(&self) -> Result<u64>;

    unsafe fn release(&self, kind: Kind, handle: u64);

    /// Compiles a source.
    fn compile(&self, source: &str) -> Result<u64>;

    unsafe fn function(&self, module: u64, name: &str) -> Result<u64>;

    unsafe fn launch(&self, queue: u64, launch: &Launch<'_>) -> Result;

    /// True if products can be computed by a library.
    fn has_products(&self) -> bool;

    /// True if the library can compute such a product; of its addresses only the alignment counts.
    fn accepts(&self, product: &Product) -> Result<bool>;

    /// Computes a product in the library, with scratch memory of [`WORKSPACE_BYTES`]. It allocates nothing while a graph is
    /// recorded.
    unsafe fn product(&self, queue: u64, product: &Product, workspace: Address) -> Result;

    /// True if convolutions can be computed by a library.
    fn has_convolutions(&self) -> bool;

    /// True if the library can compute such a convolution, in the same way each time; of its addresses only the alignment
    /// counts.
    fn convolves(&self, convolution: &Convolution) -> Result<bool>;

    /// Computes a convolution in the library, as [`Gpu::product`].
    unsafe fn convolution(&self, queue: u64, convolution: &Convolution, workspace: Address) -> Result;

    /// What of the libraries did not start, and why.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    unsafe fn upload(&self, queue: u64, to: Address, from: &[u8]) -> Result;

    unsafe fn download(&self, queue: u64, from: Address, to: &mut [u8]) -> Result;

    unsafe fn copy(&self, queue: u64, from: Address, to: Address, bytes: usize) -> Result;

    unsafe fn zero(&self, queue: u64, at: Address, bytes: usize) -> Result;

    /// Notes how far the queue has come.
    unsafe fn record(&self, queue: u64, event: u64) -> Result;

    /// Lets a queue wait for what an event noted.
    unsafe fn wait(&self, queue: u64, event: u64) -> Result;

    /// Waits for what an event noted; at once if it noted nothing.
    unsafe fn wait_host(&self, event: u64) -> Result;

    /// Waits for all work of a queue.
    unsafe fn finish(&self, queue: u64) -> Result;

    /// From here on the queue's work is recorded, not done.
    unsafe fn begin_recording(&self, queue: u64) -> Result;

    /// The recorded work.
    unsafe fn end_recording(&self, queue: u64) -> Result<u64>;

    unsafe fn replay(&self, queue: u64, graph: u64) -> Result;
}

/// A handle that is given back when nobody holds it any more.
#[derive(Debug)]
pub(crate) struct Owned {
    gpu: Arc<dyn Gpu>,
    kind: Kind,
    handle: u64,
}

impl Owned {
    pub fn new(gpu: &Arc<dyn Gpu>, kind: Kind, handle: u64) -> Owned {
        Owned { gpu: Arc::clone(gpu), kind, handle }
    }

    pub fn handle(&self) -> u64 {
        self.handle
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle is of this kind and belongs to this value.
        unsafe { self.gpu.release(self.kind, self.handle) }
    }
}
