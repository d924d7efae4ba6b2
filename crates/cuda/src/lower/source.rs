//! The sources of a program: kernels that run a stage, and one that runs whole steps.

use std::collections::HashMap;
use std::fmt::Write;

use glorot_graph::program::{BufferId, Program};

use super::{LibraryConvolution, LibraryProduct, Lowered, MAX_ADDRESSES, Tuning, Work};
use crate::codegen::{Function, PRELUDE, THREADS};
use crate::device::StepKind;

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
    fn functions(&self) -> String {
        let mut code = String::new();
        for (input, &(bytes, rows)) in self.0.iter().enumerate() {
            let (element, size) = match bytes {
                bytes if bytes.is_multiple_of(16) => ("float4", 16),
                bytes if bytes.is_multiple_of(4) => ("int", 4),
                _ => ("byte", 1),
            };
            let length = bytes / size;
            let (count, length) = (length * rows, length.max(1));
            // Threads walk on by all threads there are, far fewer than 2^24.
            let index = if count < (u32::MAX - (1 << 24)) as usize { "unsigned" } else { "unsigned long long" };
            let _ = writeln!(
                code,
                "GLOROT_DEVICE void feed{input}(int block, int blocks, const byte* data, const unsigned* order, byte* to) {{\n\
                 for ({index} i = block * {THREADS} + threadIdx.x; i < {count}u; i += blocks * {THREADS})\n\
                 (({element}*)to)[i] = ((const {element}*)data)[(unsigned long long)order[i / {length}u] * {length}u + i % {length}u];\n}}"
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
        lowered.groups.iter().for_each(|group| bundler.group(&lowered.stages[group.clone()]));
        let Bundler { kernels, launches, .. } = bundler;
        let order = ORDER.replace("THREADS", &THREADS.to_string());
        let stages = format!("{PRELUDE}{functions}{kernels}{order}{}{}", feeds.functions(), feeds.kernel());
        let (kernels, addresses) = fused(lowered, &feeds).unwrap_or_default();
        let whole = |kernel| format!("{PRELUDE}{functions}{}{kernel}", feeds.functions());
        let fused = kernels.into_iter().map(|(kind, kernel)| (kind, whole(kernel))).collect();
        Sources { stages, fused, launches, addresses, feeds }
    }
}

fn definitions(lowered: &Lowered) -> String {
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

fn shared_memory(bytes: usize) -> String {
    if bytes == 0 { "byte* shared = 0;".into() } else { format!("GLOROT_SHARED(shared, {bytes});") }
}

/// Kernels for the ways to run whole steps.
type Kernels = Vec<(StepKind, String)>;

/// The kernels that run whole steps, and the buffers outside of the arena whose addresses they take.
fn fused(lowered: &Lowered, feeds: &Feeds) -> Option<(Kernels, Vec<BufferId>)> {
    let mut addresses: Vec<BufferId> = Vec::new();
    let mut numbers: HashMap<BufferId, usize> = HashMap::new();
    // Most buffers lie in the arena: its address and their offsets leave room for the states of deep networks.
    let mut place = |buffer: BufferId| match lowered.placement.offsets[buffer.index()] {
        Some(offset) => format!("((byte*)a.p[0] + {offset}ull)"),
        None => {
            let number = *numbers.entry(buffer).or_insert_with(|| {
                addresses.push(buffer);
                addresses.len()
            });
            format!("a.p[{number}]")
        }
    };
    let mut body = String::new();
    for group in &lowered.groups {
        let in_turn = group.len() > 1;
        if in_turn {
            body.push_str("if (block == 0) {\n");
        }
        // The blocks that one phase leaves idle begin the next.
        let mut shift = 0;
        for &phase in lowered.stages[group.clone()].iter().flatten() {
            let Work::Function(function, buffers) = &lowered.phases[phase].work else { return None };
            let Function { units, pointers, .. } = &lowered.functions[*function];
            let arguments: String = buffers
                .iter()
                .zip(pointers)
                .map(|(&buffer, element)| format!(", ({element}*){}", place(buffer)))
                .collect();
            if in_turn {
                let _ = writeln!(body, "f{function}(0, 1, shared{arguments});\n__syncthreads();");
                continue;
            }
            let turned =
                if shift == 0 { "block".to_string() } else { format!("(block + blocks - {shift} % blocks) % blocks") };
            let _ = writeln!(body, "f{function}({turned}, blocks, shared{arguments});");
            shift += units;
        }
        body.push_str(if in_turn { "}\nBARRIER\n" } else { "BARRIER\n" });
    }
    let count = 1 + addresses.len() + 2 * feeds.0.len() + 1;
    if !lowered.narrow || count > MAX_ADDRESSES || lowered.stages.is_empty() {
        return None;
    }
    let shared = lowered.functions.iter().map(|function| function.shared).max().unwrap_or(0);
    let first = 1 + addresses.len();
    let order = count - 1;
    let rows = feeds.batch();
    let mut feed = match feeds.0.is_empty() {
        true => String::new(),
        false => format!(
            "const unsigned* rows = (const unsigned*)a.p[{order}] + (unsigned long long)(first + step) * {rows}u;\n"
        ),
    };
    for input in 0..feeds.0.len() {
        let (data, to) = (first + 2 * input, first + 2 * input + 1);
        let _ = writeln!(
            feed,
            "if (a.p[{data}]) feed{input}(block, blocks, (const byte*)a.p[{data}], rows, (byte*)a.p[{to}]);"
        );
    }
    let declaration = shared_memory(shared);
    let kernel = |(kind, grouping, attributes): (StepKind, u32, &str)| {
        let name = kind.kernel();
        let barrier = format!("g_barrier<{grouping}>(arrived, target);");
        let body = body.replace("BARRIER", &barrier);
        let code = format!(
            "struct Addresses {{ void* p[{count}]; }};\n{BARRIERS}extern \"C\" __global__ void {attributes}__launch_bounds__({THREADS}, 1) {name}(const __grid_constant__ Addresses a, \
             unsigned first, unsigned steps, unsigned* arrived) {{\n{declaration}\nunsigned target = 0;\n\
             const int block = blockIdx.x, blocks = gridDim.x;\nfor (unsigned step = 0; step < steps; step++) {{\n\
             {feed}{barrier}\n{body}}}\n}}\nGLOROT_KERNEL({name})\n"
        );
        (kind, code)
    };
    Some((KERNELS.map(kernel).into(), addresses))
}

/// Way to run steps, kind of barrier and attributes of each kernel that runs whole steps.
const KERNELS: [(StepKind, u32, &str); 4] = [
    (StepKind::Block, 0, ""),
    (StepKind::Cluster8, 1, "__cluster_dims__(8, 1, 1) "),
    (StepKind::Cluster16, 1, "__cluster_dims__(16, 1, 1) "),
    (StepKind::Grid, 2, ""),
];

/// Barriers between stages: of a block, of a cluster, of all blocks. Memory that others wrote before is seen after.
const BARRIERS: &str = r#"
#ifndef GLOROT_HOST
#define GLOROT_PAUSE
GLOROT_INLINE void g_cluster_barrier() {
#if __CUDA_ARCH__ >= 900
  asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
#endif
}
#endif
template <int GROUPING> GLOROT_INLINE void g_barrier(unsigned* arrived, unsigned& target) {
  if (GROUPING == 0) __syncthreads();
  if (GROUPING == 1) g_cluster_barrier();
  if (GROUPING == 2) {
    __syncthreads();
    target += gridDim.x;
    if (threadIdx.x == 0) {
      __threadfence();
      atomicAdd(arrived, 1u);
      while ((int)(*(volatile unsigned*)arrived - target) < 0) { GLOROT_PAUSE; }
      __threadfence();
    }
    __syncthreads();
  }
}
"#;
