//! Convolutions by cuDNN: each is a small graph of its operations, for which its heuristics know engines.

mod descriptor;

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr;

use glorot_graph::device::DeviceError;

use self::descriptor::{
    Address, Character, ConvolutionMode, DataType, Descriptor, Flag, Float, Functions, Handle, HeuristicMode, Integer,
    NumericalNote, PointwiseMode, Raw, Refusal,
};
use crate::codegen::Precision;
use crate::gpu::{Computes, Convolution, ConvolutionShape, WORKSPACE_BYTES};
use crate::library::{Found, Library, Table};

// Names of `cudnn_graph.h`, without `CUDNN_` and `CUDNN_ATTR_`.
const BACKEND_POINTWISE_DESCRIPTOR: c_int = 0;
const BACKEND_CONVOLUTION_DESCRIPTOR: c_int = 1;
const BACKEND_ENGINE_DESCRIPTOR: c_int = 2;
const BACKEND_ENGINECFG_DESCRIPTOR: c_int = 3;
const BACKEND_ENGINEHEUR_DESCRIPTOR: c_int = 4;
const BACKEND_EXECUTION_PLAN_DESCRIPTOR: c_int = 5;
const BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR: c_int = 10;
const BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR: c_int = 11;
const BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR: c_int = 12;
const BACKEND_OPERATION_POINTWISE_DESCRIPTOR: c_int = 13;
const BACKEND_OPERATIONGRAPH_DESCRIPTOR: c_int = 15;
const BACKEND_VARIANT_PACK_DESCRIPTOR: c_int = 16;
const BACKEND_TENSOR_DESCRIPTOR: c_int = 17;
const BACKEND_DEVICEPROP_DESCRIPTOR: c_int = 38;

const POINTWISE_MODE: c_int = 0;
const POINTWISE_MATH_PREC: c_int = 1;
const CONVOLUTION_COMP_TYPE: c_int = 100;
const CONVOLUTION_CONV_MODE: c_int = 101;
const CONVOLUTION_DILATIONS: c_int = 102;
const CONVOLUTION_FILTER_STRIDES: c_int = 103;
const CONVOLUTION_POST_PADDINGS: c_int = 104;
const CONVOLUTION_PRE_PADDINGS: c_int = 105;
const CONVOLUTION_SPATIAL_DIMS: c_int = 106;
const ENGINEHEUR_MODE: c_int = 200;
const ENGINEHEUR_OPERATION_GRAPH: c_int = 201;
const ENGINEHEUR_RESULTS: c_int = 202;
const ENGINEHEUR_DEVICEPROP: c_int = 204;
const ENGINECFG_ENGINE: c_int = 300;
const EXECUTION_PLAN_HANDLE: c_int = 400;
const EXECUTION_PLAN_ENGINE_CONFIG: c_int = 401;
const EXECUTION_PLAN_WORKSPACE_SIZE: c_int = 402;
const EXECUTION_PLAN_DEVICEPROP: c_int = 407;
/// ALPHA, BETA, CONV_DESC, then filters, images and results follow each other from these on.
const OPERATION_CONVOLUTION_FORWARD: c_int = 700;
const OPERATION_CONVOLUTION_BWD_DATA: c_int = 706;
const OPERATION_CONVOLUTION_BWD_FILTER: c_int = 712;
const OPERATION_POINTWISE_PW_DESCRIPTOR: c_int = 750;
const OPERATION_POINTWISE_XDESC: c_int = 751;
const OPERATION_POINTWISE_YDESC: c_int = 753;
const OPERATIONGRAPH_HANDLE: c_int = 800;
const OPERATIONGRAPH_OPS: c_int = 801;
const TENSOR_BYTE_ALIGNMENT: c_int = 900;
const TENSOR_DATA_TYPE: c_int = 901;
const TENSOR_DIMENSIONS: c_int = 902;
const TENSOR_STRIDES: c_int = 903;
const TENSOR_UNIQUE_ID: c_int = 906;
const TENSOR_IS_VIRTUAL: c_int = 907;
const VARIANT_PACK_UNIQUE_IDS: c_int = 1000;
const VARIANT_PACK_DATA_POINTERS: c_int = 1001;
const VARIANT_PACK_WORKSPACE: c_int = 1003;
const ENGINE_NUMERICAL_NOTE: c_int = 1303;
const DEVICEPROP_JSON_REPRESENTATION: c_int = 2702;

const DATA_FLOAT: DataType = DataType(0);
const DATA_HALF: DataType = DataType(2);
const DATA_BFLOAT16: DataType = DataType(9);
const CROSS_CORRELATION: ConvolutionMode = ConvolutionMode(1);
const POINTWISE_IDENTITY: PointwiseMode = PointwiseMode(21);
const HEUR_MODE_FALLBACK: HeuristicMode = HeuristicMode(2);
const HEUR_MODE_A: HeuristicMode = HeuristicMode(3);

const TENSOR_CORE: c_int = 0;
/// Engines that round what they read or what they add up, that take a way around by transformations with errors of their
/// own, or whose sums come out otherwise each time.
const NEVER: [c_int; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// Kinds of notes that there may be one day.
const MAX_NOTES: usize = 64;

/// Numbers of the tensors of a graph.
const IMAGES: i64 = 1;
const FILTERS: i64 = 2;
const RESULTS: i64 = 3;
const SUMS: i64 = 4;

/// The oldest cuDNN that has been asked for engines.
const OLDEST: (u32, u32) = (9, 8);
/// The oldest that is asked for those of 16 bits: the heuristics of 9.8 to 9.16 divide by 0 for gradients of filters, which
/// ends the process.
const OLDEST_OF_16_BITS: (u32, u32) = (9, 20);

/// Bytes to which tensors are aligned, at least.
const ALIGNMENT: i64 = 16;

/// What a plan is made for.
type Key = (ConvolutionShape, Computes, Precision);

/// For which GPU plans are made.
enum Target {
    /// That of a handle, whose context must be current in every call.
    Handle(Raw),
    /// One that is described, and need not be there.
    Described(Descriptor),
}

/// cuDNN on one GPU.
pub(super) struct Dnn {
    functions: Functions,
    target: Target,
    /// `None`: cuDNN has no engine that would do. None is given up: recorded steps use what plans have loaded.
    plans: HashMap<Key, Option<Plan>>,
}

// SAFETY: the handle and the plans are used by one thread at a time, and the library allows any.
unsafe impl Send for Dnn {}

/// An engine that was chosen.
struct Plan {
    descriptor: Descriptor,
    _graph: Descriptor,
    notes: Vec<c_int>,
}

impl Dnn {
    /// Opens the library on the GPU whose context is current.
    pub fn new(found: &Found) -> Result<Dnn, DeviceError> {
        let functions = functions(found)?;
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is written where it lies.
        let status = unsafe { (functions.cudnnCreate)(&mut handle) };
        functions
            .check("starting", status)
            .map_err(|refusal| DeviceError(format!("{}; {}", refusal.error, Library::Cudnn.advice())))?;
        Ok(Dnn { functions, target: Target::Handle(handle), plans: HashMap::new() })
    }

    /// The same for a GPU that need not be there: nothing can be computed.
    fn described(found: &Found, gpu: &str) -> Result<Dnn, DeviceError> {
        let functions = functions(found)?;
        let mut properties = Descriptor::new(functions, BACKEND_DEVICEPROP_DESCRIPTOR)?;
        properties.set(DEVICEPROP_JSON_REPRESENTATION, &gpu.bytes().map(Character).collect::<Vec<_>>())?;
        Ok(Dnn { functions, target: Target::Described(properties.finalize()?), plans: HashMap::new() })
    }

    /// Forgets the stream that it worked on last, which will be gone.
    pub fn leave_stream(&self) {
        if let Target::Handle(handle) = self.target {
            // SAFETY: the handle is this library's; null is the stream that is always there.
            let _ = unsafe { (self.functions.cudnnSetStream)(handle, ptr::null_mut()) };
        }
    }

    /// True if there is an engine for such a convolution.
    pub fn accepts(&mut self, convolution: &Convolution) -> Result<bool, DeviceError> {
        Ok(is_aligned(convolution) && self.plan(convolution)?.is_some())
    }

    /// Enqueues a convolution on a stream.
    ///
    /// # Safety
    ///
    /// The addresses must be those of the convolution's tensors until the stream has done it; `workspace` of
    /// [`WORKSPACE_BYTES`] that only this stream uses.
    pub unsafe fn convolution(
        &mut self,
        convolution: &Convolution,
        workspace: crate::gpu::Address,
        stream: *mut c_void,
    ) -> Result<(), DeviceError> {
        let unsupported = || DeviceError("cuDNN: a convolution: it has no engine for it".into());
        let Target::Handle(handle) = self.target else { return Err(unsupported()) };
        let functions = self.functions;
        let plan = self.plan(convolution)?.filter(|_| is_aligned(convolution)).ok_or_else(unsupported)?;
        let mut pack = Descriptor::new(functions, BACKEND_VARIANT_PACK_DESCRIPTOR)?;
        let Convolution { images, filters, results, .. } = *convolution;
        pack.set(VARIANT_PACK_UNIQUE_IDS, &[IMAGES, FILTERS, RESULTS].map(Integer))?;
        pack.set(VARIANT_PACK_DATA_POINTERS, &[images, filters, results].map(Address))?;
        pack.set(VARIANT_PACK_WORKSPACE, &[Address(workspace)])?;
        let pack = pack.finalize()?;
        // SAFETY: the caller vouches for the memory; the descriptors are alive until the work is enqueued.
        unsafe {
            functions.check("a stream", (functions.cudnnSetStream)(handle, stream))?;
            let status = (functions.cudnnBackendExecute)(handle, plan.descriptor.raw(), pack.raw());
            Ok(functions.check("a convolution", status)?)
        }
    }

    fn plan(&mut self, convolution: &Convolution) -> Result<Option<&Plan>, DeviceError> {
        let key = (convolution.shape, convolution.computes, convolution.precision);
        if !self.plans.contains_key(&key) {
            let plan = self.find(key)?;
            self.plans.insert(key, plan);
        }
        Ok(self.plans[&key].as_ref())
    }

    /// The first engine that the heuristics name which is exact, gives the same result each time, and makes do with the
    /// workspace.
    fn find(&self, key: Key) -> Result<Option<Plan>, DeviceError> {
        if key.2.is_16_bit() && self.functions.version() < OLDEST_OF_16_BITS {
            return Ok(None);
        }
        let graph = match self.graph(key) {
            Ok(graph) => graph,
            Err(refusal) if refusal.is_unsupported() => return Ok(None),
            Err(refusal) => return Err(refusal.error),
        };
        for mode in [HEUR_MODE_A, HEUR_MODE_FALLBACK] {
            let configurations = match self.configurations(&graph, mode) {
                Ok(configurations) => configurations,
                Err(refusal) if refusal.is_unsupported() => continue,
                Err(refusal) => return Err(refusal.error),
            };
            for configuration in configurations {
                let notes = notes(&configuration)?;
                let rounds = key.2 == Precision::Float32 && notes.contains(&TENSOR_CORE);
                if rounds || notes.iter().any(|note| NEVER.contains(note)) {
                    continue;
                }
                // An engine that turns out to be none for this is passed over.
                if let Ok(descriptor) = self.finalize(configuration) {
                    return Ok(Some(Plan { descriptor, _graph: graph, notes }));
                }
            }
        }
        Ok(None)
    }

    /// A plan that makes do with the workspace.
    fn finalize(&self, configuration: Descriptor) -> Result<Descriptor, Refusal> {
        let mut plan = Descriptor::new(self.functions, BACKEND_EXECUTION_PLAN_DESCRIPTOR)?;
        plan.take_parts(EXECUTION_PLAN_ENGINE_CONFIG, vec![configuration])?;
        match &self.target {
            Target::Handle(handle) => plan.set(EXECUTION_PLAN_HANDLE, &[Handle(*handle)])?,
            Target::Described(properties) => plan.set_part(EXECUTION_PLAN_DEVICEPROP, properties)?,
        }
        let plan = plan.finalize()?;
        let mut bytes = [Integer(0)];
        plan.get(EXECUTION_PLAN_WORKSPACE_SIZE, &mut bytes)?;
        // CUDNN_STATUS_NOT_SUPPORTED
        let status = if bytes[0].0 as usize <= WORKSPACE_BYTES { 0 } else { 3000 };
        self.functions.check("its workspace", status).map(|()| plan)
    }

    fn configurations(&self, graph: &Descriptor, mode: HeuristicMode) -> Result<Vec<Descriptor>, Refusal> {
        let mut heuristics = Descriptor::new(self.functions, BACKEND_ENGINEHEUR_DESCRIPTOR)?;
        heuristics.set_part(ENGINEHEUR_OPERATION_GRAPH, graph)?;
        heuristics.set(ENGINEHEUR_MODE, &[mode])?;
        if let Target::Described(properties) = &self.target {
            heuristics.set_part(ENGINEHEUR_DEVICEPROP, properties)?;
        }
        heuristics.finalize()?.get_parts(ENGINEHEUR_RESULTS, BACKEND_ENGINECFG_DESCRIPTOR)
    }

    /// The operations of a convolution. Engines for operands of 16 bits give such results, too, unless another operation
    /// follows that takes the sums as they are.
    fn graph(&self, (shape, computes, precision): Key) -> Result<Descriptor, Refusal> {
        let operand = match precision {
            Precision::Float32 | Precision::Tf32 => DATA_FLOAT,
            Precision::Bfloat16 => DATA_BFLOAT16,
            Precision::Float16 => DATA_HALF,
        };
        let [height, width] = shape.axes;
        let tensors = [
            (IMAGES, Computes::Images, [shape.images, shape.channels, height.length, width.length]),
            (FILTERS, Computes::Filters, [shape.filters, shape.channels, height.size, width.size]),
            (RESULTS, Computes::Results, [shape.images, shape.filters, height.positions, width.positions]),
        ];
        let (kind, attributes) = match computes {
            Computes::Results => (BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, OPERATION_CONVOLUTION_FORWARD),
            Computes::Filters => {
                (BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, OPERATION_CONVOLUTION_BWD_FILTER)
            }
            Computes::Images => {
                (BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, OPERATION_CONVOLUTION_BWD_DATA)
            }
        };
        let mut operation = Descriptor::new(self.functions, kind)?;
        operation.set(attributes, &[Float(1.0)])?;
        operation.set(attributes + 1, &[Float(0.0)])?;
        operation.take_parts(attributes + 2, vec![self.windows(&shape)?])?;
        let mut operations = Vec::new();
        for (number, of, dims) in tensors {
            // Filters, images, results.
            let attribute = attributes + [4, 3, 5][number as usize - 1];
            if of != computes {
                operation.take_parts(attribute, vec![self.tensor(number, operand, dims, false)?])?;
            } else if operand.0 == DATA_FLOAT.0 {
                operation.take_parts(attribute, vec![self.tensor(number, DATA_FLOAT, dims, false)?])?;
            } else {
                let sums = self.tensor(SUMS, DATA_FLOAT, dims, true)?;
                let result = self.tensor(number, DATA_FLOAT, dims, false)?;
                operation.set_part(attribute, &sums)?;
                operations.push(self.identity(sums, result)?);
            }
        }
        operations.insert(0, operation.finalize()?);
        let mut graph = Descriptor::new(self.functions, BACKEND_OPERATIONGRAPH_DESCRIPTOR)?;
        graph.take_parts(OPERATIONGRAPH_OPS, operations)?;
        if let Target::Handle(handle) = self.target {
            graph.set(OPERATIONGRAPH_HANDLE, &[Handle(handle)])?;
        }
        graph.finalize()
    }

    /// What goes in comes out.
    fn identity(&self, from: Descriptor, to: Descriptor) -> Result<Descriptor, Refusal> {
        let mut mode = Descriptor::new(self.functions, BACKEND_POINTWISE_DESCRIPTOR)?;
        mode.set(POINTWISE_MODE, &[POINTWISE_IDENTITY])?;
        mode.set(POINTWISE_MATH_PREC, &[DATA_FLOAT])?;
        let mut operation = Descriptor::new(self.functions, BACKEND_OPERATION_POINTWISE_DESCRIPTOR)?;
        operation.take_parts(OPERATION_POINTWISE_PW_DESCRIPTOR, vec![mode.finalize()?])?;
        operation.take_parts(OPERATION_POINTWISE_XDESC, vec![from])?;
        operation.take_parts(OPERATION_POINTWISE_YDESC, vec![to])?;
        operation.finalize()
    }

    /// How windows lie.
    fn windows(&self, shape: &ConvolutionShape) -> Result<Descriptor, Refusal> {
        let mut windows = Descriptor::new(self.functions, BACKEND_CONVOLUTION_DESCRIPTOR)?;
        windows.set(CONVOLUTION_COMP_TYPE, &[DATA_FLOAT])?;
        windows.set(CONVOLUTION_CONV_MODE, &[CROSS_CORRELATION])?;
        windows.set(CONVOLUTION_SPATIAL_DIMS, &[Integer(2)])?;
        windows.set(CONVOLUTION_FILTER_STRIDES, &shape.axes.map(|axis| Integer(axis.stride as i64)))?;
        windows.set(CONVOLUTION_DILATIONS, &shape.axes.map(|axis| Integer(axis.dilation as i64)))?;
        windows.set(CONVOLUTION_PRE_PADDINGS, &[Integer(0); 2])?;
        windows.set(CONVOLUTION_POST_PADDINGS, &[Integer(0); 2])?;
        windows.finalize()
    }

    /// A tensor of these lengths, of which the second lies innermost.
    fn tensor(&self, number: i64, dtype: DataType, dims: [usize; 4], is_virtual: bool) -> Result<Descriptor, Refusal> {
        let mut tensor = Descriptor::new(self.functions, BACKEND_TENSOR_DESCRIPTOR)?;
        let [images, channels, height, width] = dims.map(|length| length as i64);
        tensor.set(TENSOR_UNIQUE_ID, &[Integer(number)])?;
        tensor.set(TENSOR_DATA_TYPE, &[dtype])?;
        tensor.set(TENSOR_BYTE_ALIGNMENT, &[Integer(ALIGNMENT)])?;
        tensor.set(TENSOR_DIMENSIONS, &[images, channels, height, width].map(Integer))?;
        tensor.set(TENSOR_STRIDES, &[height * width * channels, 1, width * channels, channels].map(Integer))?;
        if is_virtual {
            tensor.set(TENSOR_IS_VIRTUAL, &[Flag(true)])?;
        }
        tensor.finalize()
    }
}

impl Drop for Dnn {
    fn drop(&mut self) {
        self.plans.clear();
        if let Target::Handle(handle) = self.target {
            // SAFETY: made in `new`; all plans are gone.
            unsafe { (self.functions.cudnnDestroy)(handle) };
        }
    }
}

fn functions(found: &Found) -> Result<Functions, DeviceError> {
    Functions::load(&found.opened)
        .map_err(|symbol| DeviceError(format!("cuDNN: {} lacks {symbol}", found.path.display())))
}

fn is_aligned(convolution: &Convolution) -> bool {
    let addresses = [convolution.images, convolution.filters, convolution.results];
    addresses.iter().all(|address| address.is_multiple_of(ALIGNMENT as u64))
}

/// What is said of how an engine computes.
fn notes(configuration: &Descriptor) -> Result<Vec<c_int>, Refusal> {
    let engines = configuration.get_parts(ENGINECFG_ENGINE, BACKEND_ENGINE_DESCRIPTOR)?;
    let mut notes = [NumericalNote(-1); MAX_NOTES];
    let mut all = Vec::new();
    for engine in &engines {
        let count = engine.get(ENGINE_NUMERICAL_NOTE, &mut notes)?;
        all.extend(notes[..count].iter().map(|note| note.0));
    }
    Ok(all)
}

/// The version of the library: (9, 20). `None` if it is no cuDNN 9.
#[doc(hidden)]
pub fn version(found: &Found) -> Option<(u32, u32)> {
    functions(found).ok().map(|functions| functions.version())
}

/// The CUDA for which the library is made: 13. `None` if it is no cuDNN 9.
#[doc(hidden)]
pub fn cuda(found: &Found) -> Option<u32> {
    // SAFETY: the function takes nothing.
    functions(found).ok().map(|functions| unsafe { (functions.cudnnGetCudartVersion)() } as u32 / 1000)
}

/// Why the library cannot be used beside this cuBLAS on a driver that knows this CUDA; `None` if it can. It ends the process
/// when it needs a cuBLAS that it cannot open.
pub(crate) fn problem(found: &Found, driver: u32, blas: Option<(u32, u32)>) -> Option<String> {
    let Some(cuda) = cuda(found) else { return Some("it is no cuDNN 9".into()) };
    if version(found).is_none_or(|version| version < OLDEST) {
        return Some(format!("it is older than {}.{}", OLDEST.0, OLDEST.1));
    }
    match blas {
        _ if cuda > driver => Some(format!("it is made for CUDA {cuda}, the driver knows CUDA {driver}")),
        None => Some(format!("it needs cuBLAS of CUDA {cuda}, which was not found")),
        Some((major, _)) if major != cuda => {
            Some(format!("it needs cuBLAS of CUDA {cuda}; found is that of CUDA {major}"))
        }
        Some(_) => None,
    }
}

/// Whether cuDNN has an engine for a convolution on a GPU that is described in its JSON, and what it notes of it: tests ask
/// without a GPU.
///
/// # Errors
///
/// If cuDNN does not understand the question.
#[doc(hidden)]
pub fn engine(found: &Found, gpu: &str, convolution: &Convolution) -> Result<Option<Vec<i32>>, DeviceError> {
    let mut dnn = Dnn::described(found, gpu)?;
    Ok(dnn.plan(convolution)?.map(|plan| plan.notes.clone()))
}
