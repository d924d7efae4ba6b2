//! Products by cuBLASLt.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::ptr;

use glorot_graph::device::DeviceError;

use crate::codegen::Precision;
use crate::gpu::{Address, Finish, Matrix, Product, WORKSPACE_BYTES};
use crate::library::{Found, Table, table};

type Handle = *mut c_void;

table! {
    /// The functions of cuBLASLt, the same in CUDA 12 and 13. Results and constants are numbers, as in its header.
    struct Functions {
        cublasLtCreate: fn(*mut Handle) -> c_int;
        cublasLtDestroy: fn(Handle) -> c_int;
        cublasLtGetVersion: fn() -> usize;
        cublasLtMatmulDescCreate: fn(*mut Handle, u32, u32) -> c_int;
        cublasLtMatmulDescDestroy: fn(Handle) -> c_int;
        cublasLtMatmulDescSetAttribute: fn(Handle, u32, *const c_void, usize) -> c_int;
        cublasLtMatrixLayoutCreate: fn(*mut Handle, u32, u64, u64, i64) -> c_int;
        cublasLtMatrixLayoutDestroy: fn(Handle) -> c_int;
        cublasLtMatrixLayoutSetAttribute: fn(Handle, u32, *const c_void, usize) -> c_int;
        cublasLtMatmulPreferenceCreate: fn(*mut Handle) -> c_int;
        cublasLtMatmulPreferenceDestroy: fn(Handle) -> c_int;
        cublasLtMatmulPreferenceSetAttribute: fn(Handle, u32, *const c_void, usize) -> c_int;
        cublasLtMatmulAlgoGetHeuristic: fn(
            Handle, Handle, Handle, Handle, Handle, Handle, Handle, c_int, *mut Heuristic, *mut c_int,
        ) -> c_int;
        cublasLtMatmul: fn(
            Handle, Handle, *const c_void, *const c_void, Handle, *const c_void, Handle, *const c_void, *const c_void,
            Handle, *mut c_void, Handle, *const [u64; 8], *mut c_void, usize, *mut c_void,
        ) -> c_int;
    }
}

/// `cublasLtMatmulHeuristicResult_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Heuristic {
    algorithm: [u64; 8],
    workspace: usize,
    state: c_int,
    waves: f32,
    reserved: [c_int; 4],
}

// Names of `cublas_api.h`, `cublasLt.h` and `library_types.h`.
const CUDA_R_32F: u32 = 0;
const CUDA_R_16F: u32 = 2;
const CUDA_R_16BF: u32 = 14;
const CUBLAS_COMPUTE_32F: u32 = 68;
const CUBLAS_COMPUTE_32F_FAST_TF32: u32 = 77;
const CUBLAS_OP_T: i32 = 1;
const CUBLASLT_MATMUL_DESC_TRANSA: u32 = 3;
const CUBLASLT_MATMUL_DESC_TRANSB: u32 = 4;
const CUBLASLT_MATMUL_DESC_EPILOGUE: u32 = 7;
const CUBLASLT_MATMUL_DESC_BIAS_POINTER: u32 = 8;
/// Bits of an epilogue.
const CUBLASLT_EPILOGUE_RELU: u32 = 2;
const CUBLASLT_EPILOGUE_BIAS: u32 = 4;
const CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: u32 = 5;
const CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: u32 = 6;
const CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: u32 = 1;
const INVALID_VALUE: c_int = 7;
const ARCH_MISMATCH: c_int = 8;
const NOT_SUPPORTED: c_int = 15;
/// Of A; those of B, C and D follow.
const CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES: u32 = 5;

/// Some kernels of the library number the matrices of a batch along an axis of the grid, which ends here; not all
/// versions see that.
const LARGEST_BATCH: usize = 65_535;

/// Prepared products that are kept.
const MAX_PLANS: usize = 4096;

/// cuBLASLt on one GPU, whose context must be current in every call.
pub(super) struct Blas {
    functions: Functions,
    handle: Handle,
    plans: HashMap<Product, Plan>,
}

// SAFETY: the handle and the plans are used by one thread at a time, and the library allows any.
unsafe impl Send for Blas {}

/// A product with its chosen algorithm.
struct Plan {
    description: Description,
    algorithm: [u64; 8],
}

/// The library's descriptors of a product.
struct Description {
    functions: Functions,
    operation: Handle,
    a: Handle,
    b: Handle,
    result: Handle,
}

impl Drop for Description {
    fn drop(&mut self) {
        // SAFETY: made by this library and not destroyed before; null where it was not made.
        unsafe {
            if !self.operation.is_null() {
                (self.functions.cublasLtMatmulDescDestroy)(self.operation);
            }
            for layout in [self.a, self.b, self.result].into_iter().filter(|layout| !layout.is_null()) {
                (self.functions.cublasLtMatrixLayoutDestroy)(layout);
            }
        }
    }
}

fn check(what: &str, status: c_int) -> Result<(), DeviceError> {
    let problem = match status {
        0 => return Ok(()),
        1 => "it is not initialized",
        3 => "no memory is left",
        INVALID_VALUE => "an argument is invalid",
        8 => "this GPU is too old",
        13 => "a kernel failed",
        NOT_SUPPORTED => "this product is not supported",
        _ => "it reports an error",
    };
    Err(DeviceError(format!("cuBLAS: {what}: {problem} (status {status})")))
}

impl Blas {
    /// Opens the library on the GPU whose context is current.
    pub fn new(found: &Found) -> Result<Blas, DeviceError> {
        let missing = |symbol| DeviceError(format!("cuBLAS: {} lacks {symbol}", found.path.display()));
        let functions = Functions::load(&found.opened).map_err(missing)?;
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is written where it lies.
        check("starting", unsafe { (functions.cublasLtCreate)(&mut handle) })?;
        Ok(Blas { functions, handle, plans: HashMap::new() })
    }

    /// Enqueues a product on a stream.
    ///
    /// # Safety
    ///
    /// The addresses must be those of the product's matrices until the stream has done it; `workspace` of
    /// [`WORKSPACE_BYTES`] that only this stream uses.
    pub unsafe fn product(
        &mut self,
        product: &Product,
        workspace: Address,
        stream: *mut c_void,
    ) -> Result<(), DeviceError> {
        if !self.plans.contains_key(product) {
            let Some(plan) = self.plan(product)? else { return check("a product", NOT_SUPPORTED) };
            if self.plans.len() >= MAX_PLANS {
                self.plans.clear();
            }
            self.plans.insert(*product, plan);
        }
        let Plan { description: Description { operation, a, b, result, .. }, algorithm } = &self.plans[product];
        let (alpha, beta) = (1.0f32, 0.0f32);
        let pointer = |address: Address| address as *mut c_void;
        // SAFETY: the caller vouches for the memory; the descriptors are alive; with beta 0 the result is only written.
        let status = unsafe {
            (self.functions.cublasLtMatmul)(
                self.handle,
                *operation,
                (&raw const alpha).cast(),
                pointer(product.a.address),
                *a,
                pointer(product.b.address),
                *b,
                (&raw const beta).cast(),
                pointer(product.result),
                *result,
                pointer(product.result),
                *result,
                algorithm,
                pointer(workspace),
                WORKSPACE_BYTES,
                stream,
            )
        };
        check("a product", status)
    }

    /// True if there is an algorithm for such a product.
    pub fn accepts(&self, product: &Product) -> Result<bool, DeviceError> {
        Ok(product.batch <= LARGEST_BATCH && self.plan(product)?.is_some())
    }

    /// Asks for the best algorithm for a product, if there is one.
    fn plan(&self, product: &Product) -> Result<Option<Plan>, DeviceError> {
        let functions = self.functions;
        let description = self.describe(product)?;
        let Description { operation, a, b, result, .. } = description;
        let mut preference = ptr::null_mut();
        let mut found = Heuristic { algorithm: [0; 8], workspace: 0, state: 0, waves: 0.0, reserved: [0; 4] };
        let mut count = 0;
        // SAFETY: the preference lives from its creation to its destruction below; the attributes have the sizes of the
        // header (u64 for the workspace, u32 for alignments); one result is asked for and has its place.
        unsafe {
            check("a preference", (functions.cublasLtMatmulPreferenceCreate)(&mut preference))?;
            let bytes = WORKSPACE_BYTES as u64;
            let set = |attribute: u32, value: *const c_void, size: usize| {
                (functions.cublasLtMatmulPreferenceSetAttribute)(preference, attribute, value, size)
            };
            let mut status = set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, (&raw const bytes).cast(), 8);
            for (i, address) in
                [product.a.address, product.b.address, product.result, product.result].into_iter().enumerate()
            {
                let alignment: u32 = 1 << address.trailing_zeros().min(8);
                let attribute = CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES + i as u32;
                status |= set(attribute, (&raw const alignment).cast(), 4);
            }
            if status == 0 {
                status = (functions.cublasLtMatmulAlgoGetHeuristic)(
                    self.handle,
                    operation,
                    a,
                    b,
                    result,
                    result,
                    preference,
                    1,
                    &mut found,
                    &mut count,
                );
            }
            (functions.cublasLtMatmulPreferenceDestroy)(preference);
            // What the heuristics say of a combination of types, strides and epilogue that no algorithm has.
            if [NOT_SUPPORTED, INVALID_VALUE, ARCH_MISMATCH].contains(&status) {
                return Ok(None);
            }
            check("choosing an algorithm", status)?;
        }
        let usable = count > 0 && found.state == 0;
        Ok(usable.then_some(Plan { description, algorithm: found.algorithm }))
    }

    fn describe(&self, product: &Product) -> Result<Description, DeviceError> {
        let functions = self.functions;
        let (compute, stored) = match product.precision {
            Precision::Float32 => (CUBLAS_COMPUTE_32F, CUDA_R_32F),
            Precision::Tf32 => (CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F),
            Precision::Bfloat16 => (CUBLAS_COMPUTE_32F, CUDA_R_16BF),
            Precision::Float16 => (CUBLAS_COMPUTE_32F, CUDA_R_16F),
        };
        let null = ptr::null_mut();
        let mut description = Description { functions, operation: null, a: null, b: null, result: null };
        let Product { rows, columns, depth, batch, .. } = *product;
        // SAFETY: descriptors are written where they lie; attributes have the sizes of the header (4 bytes for
        // transposition and epilogue, a pointer for the bias).
        unsafe {
            check(
                "a description",
                (functions.cublasLtMatmulDescCreate)(&mut description.operation, compute, CUDA_R_32F),
            )?;
            let set = |attribute: u32, value: *const c_void, size: usize| {
                let status = (functions.cublasLtMatmulDescSetAttribute)(description.operation, attribute, value, size);
                check("a description", status)
            };
            let transposed = CUBLAS_OP_T;
            for (matrix, attribute) in
                [(&product.a, CUBLASLT_MATMUL_DESC_TRANSA), (&product.b, CUBLASLT_MATMUL_DESC_TRANSB)]
            {
                if matrix.transposed {
                    set(attribute, (&raw const transposed).cast(), 4)?;
                }
            }
            let Finish { bias, relu } = product.finish;
            let of_relu = if relu { CUBLASLT_EPILOGUE_RELU } else { 0 };
            let epilogue = of_relu | if bias.is_some() { CUBLASLT_EPILOGUE_BIAS } else { 0 };
            if epilogue != 0 {
                set(CUBLASLT_MATMUL_DESC_EPILOGUE, (&raw const epilogue).cast(), 4)?;
            }
            if let Some(bias) = bias {
                set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, (&raw const bias).cast(), 8)?;
            }
        }
        let result = Matrix { address: product.result, transposed: false, leading: rows, stride: rows * columns };
        description.a = self.layout(&product.a, rows, depth, batch, stored)?;
        description.b = self.layout(&product.b, depth, columns, batch, stored)?;
        description.result = self.layout(&result, rows, columns, batch, CUDA_R_32F)?;
        Ok(description)
    }

    fn layout(
        &self,
        matrix: &Matrix,
        rows: usize,
        columns: usize,
        batch: usize,
        dtype: u32,
    ) -> Result<Handle, DeviceError> {
        let (rows, columns) = if matrix.transposed { (columns, rows) } else { (rows, columns) };
        let mut layout = ptr::null_mut();
        let create = self.functions.cublasLtMatrixLayoutCreate;
        // SAFETY: the layout is written where it lies; the attributes have the sizes of the header (i32, i64).
        unsafe {
            let (rows, columns, leading) = (rows as u64, columns as u64, matrix.leading as i64);
            check("a layout", create(&mut layout, dtype, rows, columns, leading))?;
            if batch > 1 {
                let (count, stride) = (batch as i32, matrix.stride as i64);
                let set = self.functions.cublasLtMatrixLayoutSetAttribute;
                let counted = set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, (&raw const count).cast(), 4);
                let strided = set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, (&raw const stride).cast(), 8);
                if let Err(error) = check("a layout", counted | strided) {
                    (self.functions.cublasLtMatrixLayoutDestroy)(layout);
                    return Err(error);
                }
            }
        }
        Ok(layout)
    }
}

impl Drop for Blas {
    fn drop(&mut self) {
        self.plans.clear();
        // SAFETY: made in `new`; all descriptors are gone.
        unsafe { (self.functions.cublasLtDestroy)(self.handle) };
    }
}

/// The version of the library: (13, 0). `None` if it is none.
pub(crate) fn version(found: &Found) -> Option<(u32, u32)> {
    let functions = Functions::load(&found.opened).ok()?;
    // SAFETY: the function takes nothing.
    let version = unsafe { (functions.cublasLtGetVersion)() } as u32;
    // 120804 and 13000: major, minor, patch with two digits each, since CUDA 13 with one more for the major.
    if version >= 100_000 {
        Some((version / 10_000, version / 100 % 100))
    } else {
        Some((version / 1000, version / 100 % 10))
    }
}
