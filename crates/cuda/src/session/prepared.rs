//! A program with its memory and launches.

use std::sync::Arc;

use glorot_graph::TensorSpec;
use glorot_graph::device::{DeviceError, Rows};
use glorot_graph::program::{BufferId, Place, Program};

use super::fused::Fused;
use super::recorded::{Fed, Recorded};
use super::staging::Staging;
use super::{State, byte_len, describe};
use crate::codegen::THREADS;
use crate::gpu::{
    Address, Argument, Convolution, Finish, Gpu, Grouping, Kind, Launch, Matrix, Owned, Product, WORKSPACE_BYTES,
};
use crate::lower::{
    ALIGNMENT, Bundle, LibraryConvolution, LibraryProduct, Lowered, Operand, Refused, Sources, Storage, Tuning, Work,
    lower,
};
use crate::memory::{Budget, Memory, Size};

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// One launch, with its addresses.
#[derive(Debug)]
enum Ready {
    Kernel { function: u64, blocks: usize, arguments: Vec<Argument> },
    Product(Product),
    Convolution(Convolution),
}

/// A program of a session.
#[derive(Debug)]
pub(super) struct Prepared {
    pub inputs: Vec<(TensorSpec, Address)>,
    pub outputs: Vec<(TensorSpec, Address)>,
    /// Rows that each input takes from its data set.
    pub batch: usize,
    pub fused: Fused,
    arena_bytes: usize,
    launches: Vec<Ready>,
    /// Of the session, for the libraries; 0 if they have nothing to do.
    workspace: Address,
    recorded: Recorded,
    fed: Fed,
    /// The kernel that gathers inputs, with its blocks.
    feed: (u64, usize),
    /// The kernel that writes an order of rows.
    order: u64,
    _module: Owned,
    _memory: Memory,
}

/// Where a buffer lies whose place the program does not choose.
enum Fixed {
    /// An input, by number.
    Input(usize),
    State(Address),
}

/// What is the same for every program of a session.
struct Site<'a> {
    states: &'a [State],
    program: &'a Program,
}

impl Site<'_> {
    fn spec(&self, id: BufferId) -> &TensorSpec {
        &self.program.buffers[id.index()].spec
    }

    fn differs(&self, what: String, id: BufferId, found: &TensorSpec) -> DeviceError {
        let spec = self.spec(id);
        let (expected, received) = (describe(spec.dtype, &spec.shape), describe(found.dtype, &found.shape));
        DeviceError(format!("invalid program: {what} is {received}, its buffer {expected}"))
    }

    /// Where the buffers of inputs and states lie, by number.
    fn fixed(&self) -> Result<Vec<(usize, Fixed)>> {
        let mut fixed = Vec::new();
        for (number, buffer) in self.program.buffers.iter().enumerate() {
            let id = BufferId(number as u32);
            match buffer.place {
                Place::Input(input) => match self.program.inputs.get(input as usize) {
                    Some(known) if self.spec(*known) == &buffer.spec => {
                        fixed.push((number, Fixed::Input(input as usize)));
                    }
                    Some(known) => return Err(self.differs(format!("input {input}"), id, self.spec(*known))),
                    None => return Err(DeviceError(format!("invalid program: input {input} does not exist"))),
                },
                Place::State(state) => fixed.push((number, Fixed::State(self.state(id, state.0 as usize)?))),
                _ => {}
            }
        }
        Ok(fixed)
    }

    /// The address of a state.
    fn state(&self, id: BufferId, number: usize) -> Result<Address> {
        let spec = self.spec(id);
        match self.states.get(number) {
            Some(state) if state.spec.dtype == spec.dtype && state.spec.shape.numel() == spec.shape.numel() => {
                Ok(state.address)
            }
            Some(state) => Err(self.differs(format!("state {number}"), id, &state.spec)),
            None => Err(DeviceError(format!("invalid program: state {number} does not exist"))),
        }
    }
}

impl Prepared {
    #[allow(clippy::too_many_arguments, reason = "the parts of a session, borrowed one by one")]
    pub fn new(
        gpu: &Arc<dyn Gpu>,
        budget: &Arc<Budget>,
        queue: u64,
        staging: &mut Staging,
        workspace: &mut Option<Memory>,
        states: &[State],
        program: &Program,
        tuning: Tuning,
    ) -> Result<Prepared> {
        let lowered = lower_for(&**gpu, program, tuning)?;
        let sources = Sources::new(program, &lowered, tuning);
        let site = Site { states, program };
        // What can fail comes before memory is taken: nothing may be given back that queued work still uses.
        let fixed = site.fixed()?;
        let module = Owned::new(gpu, Kind::Module, gpu.compile(&sources.stages)?);

        // One piece of memory: the arena, the inputs, the constants.
        let mut total = lowered.arena_bytes();
        let mut reserve = |spec: &TensorSpec| -> Result<usize> {
            let offset = total;
            total += byte_len(spec)?.next_multiple_of(ALIGNMENT).max(ALIGNMENT);
            Ok(offset)
        };
        let inputs: Vec<usize> = program.inputs.iter().map(|id| reserve(site.spec(*id))).collect::<Result<_>>()?;
        let mut constants = Vec::new();
        for (number, buffer) in program.buffers.iter().enumerate() {
            if let Place::Constant(value) = &buffer.place {
                if value.dtype() != buffer.spec.dtype || value.numel() != buffer.spec.shape.numel() {
                    let found = TensorSpec { shape: value.shape().clone(), dtype: value.dtype() };
                    return Err(site.differs("a constant".into(), BufferId(number as u32), &found));
                }
                constants.push((number, reserve(&buffer.spec)?, value));
            }
        }
        let what = format!("a step (arena {})", Size(lowered.arena_bytes()));
        let of_library = |launch: &Bundle| !matches!(launch, Bundle::Kernel { .. });
        if sources.launches.iter().any(of_library) && workspace.is_none() {
            *workspace = Some(budget.allocate("the libraries' scratch memory", WORKSPACE_BYTES)?);
        }
        let memory = budget.allocate(&what, total)?;
        // SAFETY: the memory was just allocated with this length.
        unsafe { gpu.zero(queue, memory.address(), total)? };
        for (_, offset, value) in &constants {
            // SAFETY: the constant's place was reserved with its length.
            unsafe { staging.upload(queue, memory.address() + *offset as u64, value.bytes())? };
        }

        let at = |offset: usize| memory.address() + offset as u64;
        let mut addresses: Vec<Address> = lowered.schedule.placement.offsets.iter().map(|o| o.map_or(0, at)).collect();
        for (number, place) in fixed {
            addresses[number] = match place {
                Fixed::Input(input) => at(inputs[input]),
                Fixed::State(address) => address,
            };
        }
        for (number, offset, _) in constants {
            addresses[number] = at(offset);
        }

        // SAFETY: the module lives as long as the program, here and below.
        let function = |name: &str| unsafe { gpu.function(module.handle(), name) };
        let launch = |bundle: &Bundle| -> Result<Ready> {
            Ok(match bundle {
                Bundle::Kernel { kernel, blocks, buffers } => Ready::Kernel {
                    function: function(&format!("bundle{kernel}"))?,
                    blocks: *blocks,
                    arguments: buffers.iter().map(|id| Argument::Address(addresses[id.index()])).collect(),
                },
                Bundle::Product(product) => Ready::Product(library_product(product, &addresses, &lowered.storage)),
                Bundle::Convolution(convolution) => Ready::Convolution(library_convolution(convolution, &addresses)),
            })
        };
        let launches = sources.launches.iter().map(launch).collect::<Result<_>>()?;
        let feed = (function("feed")?, sources.feeds.blocks(tuning.multiprocessors));
        let placed = |id: &BufferId| (site.spec(*id).clone(), addresses[id.index()]);
        let inputs: Vec<(TensorSpec, Address)> = program.inputs.iter().map(placed).collect();
        let outside = sources.addresses.iter().map(|id| addresses[id.index()]);
        let of_kernel = std::iter::once(memory.address()).chain(outside).collect();
        Ok(Prepared {
            outputs: program.outputs.iter().map(placed).collect(),
            batch: sources.feeds.batch(),
            fused: Fused::new(gpu, sources.fused, of_kernel),
            inputs,
            arena_bytes: lowered.arena_bytes(),
            launches,
            workspace: workspace.as_ref().map_or(0, Memory::address),
            recorded: Recorded::Never,
            fed: Fed::default(),
            feed,
            order: function("order")?,
            _module: module,
            _memory: memory,
        })
    }

    /// Runs one step whose inputs are in place.
    pub fn run(&mut self, gpu: &dyn Gpu, queue: u64) -> Result {
        let mut recorded = std::mem::take(&mut self.recorded);
        let result = recorded.run(gpu, queue, self.gpu_of(), &|| self.launch(gpu, queue));
        self.recorded = recorded;
        result
    }

    /// Runs steps that take their inputs from data sets (0: it is in place), of which `order` and `cursor` say the rows.
    pub fn run_fed(
        &mut self,
        gpu: &dyn Gpu,
        queue: u64,
        data: &[Address],
        (order, cursor): (Address, Address),
        steps: usize,
    ) -> Result {
        let key = data.iter().copied().chain([order]).collect();
        let mut fed = std::mem::take(&mut self.fed);
        let result = fed.run(gpu, queue, self.gpu_of(), key, (steps, self.launches.len()), &|| {
            self.gather(gpu, queue, data, order, cursor)?;
            self.launch(gpu, queue)
        });
        self.fed = fed;
        result
    }

    /// Gathers the rows of the step that the cursor names and moves the cursor on.
    pub fn gather(&self, gpu: &dyn Gpu, queue: u64, data: &[Address], order: Address, cursor: Address) -> Result {
        let inputs = data.iter().zip(&self.inputs);
        let mut arguments: Vec<Argument> =
            inputs.flat_map(|(&data, (_, input))| [Argument::Address(data), Argument::Address(*input)]).collect();
        arguments.extend([Argument::Address(order), Argument::Word(self.batch as u32), Argument::Address(cursor)]);
        let (function, blocks) = self.feed;
        let launch = Launch { function, blocks, grouping: Grouping::Free, arguments: &arguments };
        // SAFETY: the data sets, the inputs and the rows belong to the session, which waits before it frees them.
        unsafe { gpu.launch(queue, &launch) }
    }

    /// Writes row numbers, unless they are listed, which the host has to send.
    ///
    /// # Safety
    ///
    /// There must be room for the rows until the queue has done the work.
    pub unsafe fn order(&self, gpu: &dyn Gpu, queue: u64, rows: Rows<'_>, to: Address) -> Result {
        let (first, count, of, words) = match rows {
            Rows::Listed(_) => return Ok(()),
            Rows::Following { first, len } => (first, len, 0, [0; 10]),
            Rows::Shuffled { shuffle, first, len } => (first, len, shuffle.len(), shuffle.words()),
        };
        let mut arguments = vec![Argument::Address(to)];
        arguments.extend([count, first, of].into_iter().chain(words).map(Argument::Word));
        let blocks = rows.len().div_ceil(THREADS).clamp(1, 4 * gpu.facts().multiprocessors);
        let launch = Launch { function: self.order, blocks, grouping: Grouping::Free, arguments: &arguments };
        // SAFETY: the caller's.
        unsafe { gpu.launch(queue, &launch) }
    }

    fn launch(&self, gpu: &dyn Gpu, queue: u64) -> Result {
        for ready in &self.launches {
            // SAFETY: all addresses are of buffers that the session holds; views were checked when the program was made.
            unsafe {
                match ready {
                    Ready::Kernel { function, blocks, arguments } => {
                        let (function, blocks) = (*function, *blocks);
                        gpu.launch(queue, &Launch { function, blocks, grouping: Grouping::Free, arguments })?;
                    }
                    Ready::Product(product) => gpu.product(queue, product, self.workspace)?,
                    Ready::Convolution(convolution) => gpu.convolution(queue, convolution, self.workspace)?,
                }
            }
        }
        Ok(())
    }

    /// Memory and launches, for people.
    pub fn report(&self) -> String {
        let Prepared { arena_bytes, launches, fused, recorded, fed, .. } = self;
        let count = |is_one: fn(&Ready) -> bool| launches.iter().filter(|ready| is_one(ready)).count();
        let of_library = |count: usize, what: &str| match count {
            0 => String::new(),
            count => format!(", {count} of them {what}"),
        };
        let products = of_library(count(|ready| matches!(ready, Ready::Product(_))), "products of cuBLAS");
        let convolutions = of_library(count(|ready| matches!(ready, Ready::Convolution(_))), "convolutions of cuDNN");
        let one_by_one = if recorded.is_refused() || fed.is_refused() { ", not recorded" } else { "" };
        format!(
            "arena {}, {} launches a step{products}{convolutions}{one_by_one}{}",
            Size(*arena_bytes),
            launches.len(),
            fused.report()
        )
    }

    /// The owner of graphs.
    fn gpu_of(&self) -> &Arc<dyn Gpu> {
        self.fused.gpu()
    }
}

/// Makes a program for a GPU: what its libraries refuse goes to generated kernels.
fn lower_for(gpu: &dyn Gpu, program: &Program, tuning: Tuning) -> Result<Lowered> {
    let mut refused = Refused::default();
    loop {
        let lowered = lower(program, tuning, &refused)?;
        // All buffers will be aligned like this.
        let addresses = vec![ALIGNMENT as Address; lowered.storage.len()];
        let mut refuses = false;
        for phase in &lowered.phases {
            let accepted = match &phase.work {
                Work::Product(product) => gpu.accepts(&library_product(product, &addresses, &lowered.storage))?,
                Work::Convolution(convolution) => gpu.convolves(&library_convolution(convolution, &addresses))?,
                Work::Function(..) => continue,
            };
            refuses |= !accepted && refused.add(&phase.work);
        }
        if !refuses {
            return Ok(lowered);
        }
    }
}

fn library_convolution(convolution: &LibraryConvolution, addresses: &[Address]) -> Convolution {
    let &LibraryConvolution { shape, computes, images, filters, results, precision } = convolution;
    let [images, filters, results] = [images, filters, results].map(|buffer| addresses[buffer.index()]);
    Convolution { shape, computes, images, filters, results, precision }
}

fn library_product(product: &LibraryProduct, addresses: &[Address], storage: &[Storage]) -> Product {
    let matrix = |operand: &Operand| {
        let size = match storage[operand.buffer.index()] {
            Storage::Whole => 4,
            Storage::Half => 2,
        };
        Matrix {
            address: addresses[operand.buffer.index()] + (operand.offset * size) as u64,
            transposed: operand.transposed,
            leading: operand.leading,
            stride: operand.stride,
        }
    };
    let bias = product.bias.map(|bias| addresses[bias.index()]);
    Product {
        batch: product.batch,
        rows: product.rows,
        columns: product.columns,
        depth: product.depth,
        a: matrix(&product.a),
        b: matrix(&product.b),
        result: addresses[product.result.index()],
        precision: product.precision,
        finish: Finish { bias, relu: product.relu },
    }
}
