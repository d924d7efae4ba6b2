//! The sources of a program: kernels that run a stage, and those that run whole steps.

use std::collections::HashMap;
use std::fmt::Write;

use glorot_graph::program::{BufferId, Program};

use super::fused::{Kernels, fused};
use super::{LibraryConvolution, LibraryProduct, Lowered, MAX_ADDRESSES, Schedule, Tuning, Work};
use crate::codegen::{Function, PRELUDE, THREADS};

/// Blocks of a loop on each multiprocessor, at most.
const BLOCKS_EACH: usize = 16;

/// One launch of a stage.
#[derive(Clone, Debug)]
pub(crate) enum Bundle {
    /// A kernel by number, with its blocks and the buffers that it takes.
    Kernel {
        kernel: usize,
        blocks: usize,
        buffers: Vec<BufferId>,
    },
    Product(LibraryProduct),
    Convolution(LibraryConvolution),
}

/// Writes a part of an order of rows: those from `first` on if `len` is 0, otherwise elements of a permutation of `len`
/// rows, as [`glorot_tensor::Shuffle`] has them.
const ORDER: &str = r#"
GLOROT_INLINE unsigned g_turn(unsigned number, unsigned other, unsigned key, unsigned bound) {
  unsigned x = other ^ key;
  x = (x ^ (x >> 16)) * 0x21F0AAADu;
  x = (x ^ (x >> 15)) * 0x735A2D97u;
  const unsigned sum = number + __umulhi(x ^ (x >> 15), bound);
  return sum < bound ? sum : sum - bound;
}
extern "C" __global__ void __launch_bounds__(THREADS) order(unsigned* to, unsigned count, unsigned first, unsigned len,
    unsigned lefts, unsigned rights, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f, unsigned g,
    unsigned h) {
  for (unsigned long long i = blockIdx.x * THREADS + threadIdx.x; i < count; i += gridDim.x * THREADS) {
    unsigned x = first + (unsigned)i;
    if (len) do {
      unsigned left = x / rights, right = x % rights;
      left = g_turn(left, right, a, lefts);
      right = g_turn(right, left, b, rights);
      left = g_turn(left, right, c, lefts);
      right = g_turn(right, left, d, rights);
      left = g_turn(left, right, e, lefts);
      right = g_turn(right, left, f, rights);
      left = g_turn(left, right, g, lefts);
      right = g_turn(right, left, h, rights);
      x = left * rights + right;
    } while (x >= len);
    to[i] = x;
  }
}
GLOROT_KERNEL(order)
"#;

/// How a step's inputs are taken from data sets: of each input the bytes of a row and the number of rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feeds(pub Vec<(usize, usize)>);

impl Feeds {
    pub fn new(program: &Program) -> Feeds {
        let feed = |id: &BufferId| {
            let spec = &program.buffers[id.index()].spec;
            let rows = spec.shape.first().copied().unwrap_or(0);
            (spec.shape.iter().skip(1).product::<usize>() * spec.dtype.size(), rows)
        };
        Feeds(program.inputs.iter().map(feed).collect())
    }

    /// Rows that a step takes.
    pub fn batch(&self) -> usize {
        self.0.iter().map(|(_, rows)| *rows).max().unwrap_or(0)
    }

    /// The device functions that gather rows, `feed0`, `feed1`, …
    pub fn functions(&self) -> String {
        let mut code = String::new();
        for (input, &(bytes, rows)) in self.0.iter().enumerate() {
            let (element, length) = elements(bytes);
            let (count, length) = (length * rows, length.max(1));
            // Threads walk on by all threads there are, far fewer than 2^24.
            let index = if count < (u32::MAX - (1 << 24)) as usize { "unsigned" } else { "unsigned long long" };
            let _ = writeln!(
                code,
                "GLOROT_DEVICE void feed{input}(int block, int blocks, const byte* data, const unsigned* order, byte* to) {{\n\
                 for ({index} i = block * {THREADS} + threadIdx.x; i < {count}u; i += blocks * {THREADS})\n\
                 {}\n}}",
                copy(element, length, ("", ""))
            );
        }
        code
    }

    /// Those by which a block gathers `each` rows from the row `first` on, `own0`, `own1`, …
    pub fn functions_by_rows(&self, each: usize) -> String {
        let mut code = String::new();
        for (input, &(bytes, _)) in self.0.iter().enumerate() {
            let (element, length) = elements(bytes);
            let count = length * each;
            // 32 bits are enough where rows are taken so; a row of nothing is never asked for.
            let length = length.max(1);
            let _ = writeln!(
                code,
                "GLOROT_DEVICE void own{input}(int first, const byte* data, const unsigned* order, byte* to) {{\n\
                 for (unsigned i = threadIdx.x; i < {count}u; i += {THREADS})\n\
                 {}\n}}",
                copy(element, length, (&format!("first * {length}u + "), "first + "))
            );
        }
        code
    }

    /// The kernel that gathers the rows of the step that `cursor` names and moves the cursor on.
    fn kernel(&self) -> String {
        let pointers: String = (0..self.0.len()).map(|i| format!("const byte* d{i}, byte* i{i}, ")).collect();
        let mut code = format!(
            "extern \"C\" __global__ void __launch_bounds__({THREADS}) feed({pointers}const unsigned* order, unsigned batch, \
             unsigned* cursor) {{\nconst unsigned step = *(volatile unsigned*)cursor;\nconst unsigned* rows = order + \
             (unsigned long long)step * batch;\n"
        );
        for input in 0..self.0.len() {
            let _ = writeln!(code, "if (d{input}) feed{input}(blockIdx.x, gridDim.x, d{input}, rows, i{input});");
        }
        // The last block to end moves the cursor: the others have read it.
        code.push_str(
            "__syncthreads();\nif (threadIdx.x == 0) {\n__threadfence();\n\
             if (atomicAdd(cursor + 1, 1u) == gridDim.x - 1) { cursor[1] = 0; cursor[0] = step + 1; }\n}\n}\nGLOROT_KERNEL(feed)\n",
        );
        code
    }

    /// Blocks that gather a batch.
    pub fn blocks(&self, multiprocessors: usize) -> usize {
        let elements = self.0.iter().map(|(bytes, rows)| (bytes * rows).div_ceil(16 * THREADS)).max().unwrap_or(0);
        elements.clamp(1, BLOCKS_EACH * multiprocessors)
    }
}

/// The C type of what a thread copies of a row at a time, and how many a row has.
fn elements(bytes: usize) -> (&'static str, usize) {
    match bytes {
        bytes if bytes.is_multiple_of(16) => ("float4", bytes / 16),
        bytes if bytes.is_multiple_of(4) => ("int", bytes / 4),
        _ => ("byte", bytes),
    }
}

/// The statement that copies element `i` of the rows that the order names; what is put before the element and the row that it
/// goes to and comes from.
fn copy(element: &str, length: usize, (to, row): (&str, &str)) -> String {
    format!(
        "(({element}*)to)[{to}i] = ((const {element}*)data)[(unsigned long long)order[{row}i / {length}u] * {length}u + i % {length}u];"
    )
}

/// The sources of a program and what is launched.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Kernels `bundle0`, `bundle1`, …, `order` and `feed`.
    pub stages: String,
    /// If one kernel can run a whole step: a source for each way to do so, with a kernel of the name
    /// [`StepKind::kernel`]. They are compiled side by side.
    pub fused: Kernels,
    /// In order; launches of one stage follow each other.
    pub launches: Vec<Bundle>,
    /// Buffers whose addresses the fused kernel takes, in order, after that of the arena; then come, for each input, the
    /// address of its data set and of the input, then that of the order.
    pub addresses: Vec<BufferId>,
    pub feeds: Feeds,
}

impl Sources {
    pub fn new(program: &Program, lowered: &Lowered, tuning: Tuning) -> Sources {
        let feeds = Feeds::new(program);
        let functions = definitions(lowered);
        let mut bundler =
            Bundler { lowered, tuning, known: HashMap::new(), kernels: String::new(), launches: Vec::new() };
        let Schedule { stages, groups, .. } = &lowered.schedule;
        groups.iter().for_each(|group| bundler.group(&stages[group.clone()]));
        let Bundler { kernels, launches, .. } = bundler;
        let order = ORDER.replace("THREADS", &THREADS.to_string());
        let stages = format!("{PRELUDE}{functions}{kernels}{order}{}{}", feeds.functions(), feeds.kernel());
        let (fused, addresses) = fused(lowered, &feeds).unwrap_or_default();
        Sources { stages, fused, launches, addresses, feeds }
    }
}

pub(super) fn definitions(lowered: &Lowered) -> String {
    lowered.functions.iter().enumerate().map(|(number, function)| function.definition(&format!("f{number}"))).collect()
}

/// Puts the phases of a stage into as few kernels as is good.
struct Bundler<'a> {
    lowered: &'a Lowered,
    tuning: Tuning,
    known: HashMap<String, usize>,
    kernels: String,
    launches: Vec<Bundle>,
}

impl Bundler<'_> {
    /// Launches one stage, or several that one block does in turn.
    fn group(&mut self, stages: &[Vec<usize>]) {
        if let [stage] = stages {
            return self.stage(stage);
        }
        let mut calls = Calls::default();
        stages.iter().for_each(|stage| calls.add_stage(self.lowered, stage));
        self.launch(calls, 1);
    }

    fn stage(&mut self, stage: &[usize]) {
        let mut small: Vec<(usize, &[BufferId])> = Vec::new();
        for &number in stage {
            match &self.lowered.phases[number].work {
                Work::Product(product) => self.launches.push(Bundle::Product(product.clone())),
                Work::Convolution(convolution) => self.launches.push(Bundle::Convolution(convolution.clone())),
                Work::Function(function, buffers) => {
                    let addresses: usize = small.iter().map(|(_, buffers)| buffers.len()).sum();
                    if addresses + buffers.len() > MAX_ADDRESSES {
                        self.bundle(&std::mem::take(&mut small));
                    }
                    // What fills the GPU alone gains nothing from company, and pays for its registers.
                    if self.lowered.functions[*function].units > 2 * self.tuning.multiprocessors {
                        self.bundle(&[(*function, buffers)]);
                    } else {
                        small.push((*function, buffers));
                    }
                }
            }
        }
        self.bundle(&small);
    }

    fn bundle(&mut self, parts: &[(usize, &[BufferId])]) {
        if parts.is_empty() {
            return;
        }
        let (mut calls, mut blocks) = (Calls::default(), 0);
        for (function, buffers) in parts {
            let own = self.lowered.functions[*function].units.min(BLOCKS_EACH * self.tuning.multiprocessors);
            let other = if blocks == 0 { "" } else { "else " };
            let call = calls.add(self.lowered, *function, buffers, &format!("block - {blocks}, {own}"));
            blocks += own;
            let _ = writeln!(calls.code, "{other}if (block < {blocks}) {call}");
        }
        calls.code.insert_str(0, "const int block = blockIdx.x;\n");
        self.launch(calls, blocks);
    }

    /// Adds a launch of a kernel that makes these calls.
    fn launch(&mut self, calls: Calls, blocks: usize) {
        let Calls { pointers, buffers, shared, code } = calls;
        let text = format!("({}) {{\n{}\n{code}}}\n", pointers.join(", "), shared_memory(shared));
        let next = self.known.len();
        let kernel = *self.known.entry(text.clone()).or_insert(next);
        if kernel == next {
            let _ = writeln!(
                self.kernels,
                "extern \"C\" __global__ void __launch_bounds__({THREADS}) bundle{kernel}{text}GLOROT_KERNEL(bundle{kernel})"
            );
        }
        self.launches.push(Bundle::Kernel { kernel, blocks, buffers });
    }
}

/// What a kernel takes and calls.
#[derive(Debug, Default)]
struct Calls {
    pointers: Vec<String>,
    buffers: Vec<BufferId>,
    shared: usize,
    code: String,
}

impl Calls {
    /// Takes the buffers of a function. Returns its call, which is not in the code yet; `share`: the block, and of how many.
    fn add(&mut self, lowered: &Lowered, function: usize, buffers: &[BufferId], share: &str) -> String {
        let Function { pointers, shared, .. } = &lowered.functions[function];
        let first = self.pointers.len();
        self.pointers.extend(pointers.iter().enumerate().map(|(i, element)| format!("{element}* a{}", first + i)));
        self.buffers.extend_from_slice(buffers);
        self.shared = self.shared.max(*shared);
        let arguments: String = (first..self.pointers.len()).map(|i| format!(", a{i}")).collect();
        format!("f{function}({share}, shared{arguments});")
    }

    /// Adds a stage that one block does.
    fn add_stage(&mut self, lowered: &Lowered, stage: &[usize]) {
        for &phase in stage {
            if let Work::Function(function, buffers) = &lowered.phases[phase].work {
                let call = self.add(lowered, *function, buffers, "0, 1");
                let _ = writeln!(self.code, "{call}\n__syncthreads();");
            }
        }
    }
}

pub(super) fn shared_memory(bytes: usize) -> String {
    if bytes == 0 { "byte* shared = 0;".into() } else { format!("GLOROT_SHARED(shared, {bytes});") }
}
