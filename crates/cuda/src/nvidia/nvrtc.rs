//! The compiler of generated sources. It needs no GPU.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr;

use glorot_graph::device::DeviceError;

use super::cache::Cache;
use super::running::{Running, pause};
use crate::library::{Found, Table, table};

table! {
    /// The functions of NVRTC, the same in CUDA 12 and 13. Results are numbers: a newer version may have some of which a
    /// Rust enum would not know.
    struct Functions {
        nvrtcVersion: fn(*mut c_int, *mut c_int) -> c_int;
        nvrtcGetErrorString: fn(c_int) -> *const c_char;
        nvrtcGetNumSupportedArchs: fn(*mut c_int) -> c_int;
        nvrtcGetSupportedArchs: fn(*mut c_int) -> c_int;
        nvrtcCreateProgram: fn(
            *mut *mut c_void, *const c_char, *const c_char, c_int, *const *const c_char, *const *const c_char,
        ) -> c_int;
        nvrtcCompileProgram: fn(*mut c_void, c_int, *const *const c_char) -> c_int;
        nvrtcDestroyProgram: fn(*mut *mut c_void) -> c_int;
        nvrtcGetProgramLogSize: fn(*mut c_void, *mut usize) -> c_int;
        nvrtcGetProgramLog: fn(*mut c_void, *mut c_char) -> c_int;
        nvrtcGetCUBINSize: fn(*mut c_void, *mut usize) -> c_int;
        nvrtcGetCUBIN: fn(*mut c_void, *mut c_char) -> c_int;
        nvrtcGetPTXSize: fn(*mut c_void, *mut usize) -> c_int;
        nvrtcGetPTX: fn(*mut c_void, *mut c_char) -> c_int;
    }
}

/// `nvrtcSetFlowCallback`, which newer ones have: NVRTC calls the function now and then while it compiles.
type SetCallback =
    unsafe extern "C" fn(*mut c_void, unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int, *mut c_void) -> c_int;

/// What a source became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// A cubin, or PTX that ends with 0.
    pub image: Vec<u8>,
    /// What the compiler said; with `verbose` also the resources that each kernel uses.
    pub log: String,
}

/// NVRTC.
#[derive(Debug)]
pub struct Compiler {
    functions: FunctionsOf,
    set_callback: Option<SetCallback>,
    version: (u32, u32),
    /// Architectures that it knows, as 90 for sm_90, ascending.
    architectures: Vec<u32>,
    path: PathBuf,
}

/// The table, which has no name to print.
struct FunctionsOf(Functions);

impl std::fmt::Debug for FunctionsOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NVRTC")
    }
}

fn failed(what: &str) -> DeviceError {
    DeviceError(format!("NVRTC: {what}"))
}

impl Compiler {
    /// The compiler in a library that was found.
    pub fn new(found: &Found) -> Result<Compiler, DeviceError> {
        let missing = |symbol| failed(&format!("{} lacks {symbol}; install CUDA 12 or newer", found.path.display()));
        let functions = Functions::load(&found.opened).map_err(missing)?;
        let (mut major, mut minor, mut count) = (0, 0, 0);
        let mut architectures: Vec<c_int> = Vec::new();
        // SAFETY: all pointers are to places of the right type; the list has room for what is counted.
        let codes = unsafe {
            let version = (functions.nvrtcVersion)(&mut major, &mut minor);
            let counted = (functions.nvrtcGetNumSupportedArchs)(&mut count);
            architectures.resize(count.max(0) as usize, 0);
            [version, counted, (functions.nvrtcGetSupportedArchs)(architectures.as_mut_ptr())]
        };
        if codes.iter().any(|&code| code != 0) || architectures.is_empty() {
            return Err(failed(&format!("{} does not tell its version and architectures", found.path.display())));
        }
        let mut architectures: Vec<u32> = architectures.into_iter().map(c_int::unsigned_abs).collect();
        architectures.sort_unstable();
        let version = (major.unsigned_abs(), minor.unsigned_abs());
        let (functions, path) = (FunctionsOf(functions), found.path.clone());
        // SAFETY: the type is that of the header.
        let set_callback = unsafe { found.opened.function("nvrtcSetFlowCallback") };
        Ok(Compiler { functions, set_callback, version, architectures, path })
    }

    /// As CUDA counts: (13, 0).
    pub fn version(&self) -> (u32, u32) {
        self.version
    }

    /// The file that it is in.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// What to compile for a GPU: its own architecture, or for one that is newer than the compiler the newest that it
    /// knows, in a form that the driver translates. Fails if the compiler no longer knows a GPU so old.
    pub fn target(&self, capability: (u32, u32)) -> Result<String, DeviceError> {
        let wanted = capability.0 * 10 + capability.1;
        if self.architectures.contains(&wanted) {
            return Ok(format!("sm_{wanted}"));
        }
        match self.architectures.iter().rev().find(|&&known| known < wanted) {
            Some(known) => Ok(format!("compute_{known}")),
            None => Err(failed(&format!(
                "version {}.{} no longer compiles for GPUs of compute capability {}.{} (oldest: {}); install one of CUDA 12",
                self.version.0, self.version.1, capability.0, capability.1, self.architectures[0]
            ))),
        }
    }

    /// Compiles a source for a target, or takes what was compiled before from the cache.
    pub fn compile_cached(&self, source: &str, target: &str, cache: &Cache) -> Result<Vec<u8>, DeviceError> {
        let key = format!("nvrtc {}.{} {target} {}\n{source}", self.version.0, self.version.1, OPTIONS.join(" "));
        if let Some(image) = cache.get(&key) {
            return Ok(image);
        }
        let Compiled { image, .. } = self.compile(source, target, false)?;
        cache.put(&key, &image);
        Ok(image)
    }

    /// Compiles a source for a target (`sm_90`, `compute_90`).
    ///
    /// # Errors
    ///
    /// If the source is wrong, and after [`stop`](super::stop).
    pub fn compile(&self, source: &str, target: &str, verbose: bool) -> Result<Compiled, DeviceError> {
        let running = Running::begin()?;
        let text = CString::new(source).map_err(|_| failed("a source with a zero byte"))?;
        let mut options: Vec<CString> = Vec::new();
        let architecture = format!("--gpu-architecture={target}");
        let extra = ["--ptxas-options=-v"];
        for option in
            OPTIONS.iter().copied().chain([architecture.as_str()]).chain(extra.into_iter().filter(|_| verbose))
        {
            options.push(CString::new(option).map_err(|_| failed("an option with a zero byte"))?);
        }
        let pointers: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
        let functions = &self.functions.0;
        let mut program = ptr::null_mut();
        // SAFETY: the texts, the list of options and `running` outlive the calls; the program is destroyed once, after its last use.
        unsafe {
            let created =
                (functions.nvrtcCreateProgram)(&mut program, text.as_ptr(), ptr::null(), 0, ptr::null(), ptr::null());
            if created != 0 {
                return Err(failed(&self.message(created)));
            }
            if let Some(set_callback) = self.set_callback {
                // Where it fails, the end of the process waits for that of the compilation.
                set_callback(program, pause, (&raw const running).cast_mut().cast());
            }
            let code = (functions.nvrtcCompileProgram)(program, pointers.len() as c_int, pointers.as_ptr());
            let result = self.collect(program, code, target);
            (functions.nvrtcDestroyProgram)(&mut program);
            result
        }
    }

    /// The log and the image of a compiled program.
    ///
    /// # Safety
    ///
    /// The program must be alive.
    unsafe fn collect(&self, program: *mut c_void, code: c_int, target: &str) -> Result<Compiled, DeviceError> {
        let functions = &self.functions.0;
        // SAFETY: passed on; the functions write as many bytes as their sizes say.
        let (log, image) = unsafe {
            let log = bytes(program, functions.nvrtcGetProgramLogSize, functions.nvrtcGetProgramLog);
            let log = String::from_utf8_lossy(&log).trim_end_matches('\0').trim().to_string();
            if code != 0 {
                let lines: Vec<&str> = log.lines().filter(|line| line.contains("error")).take(4).collect();
                let detail = if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) };
                return Err(failed(&format!("{}{detail}", self.message(code))));
            }
            let image = if target.starts_with("sm_") {
                bytes(program, functions.nvrtcGetCUBINSize, functions.nvrtcGetCUBIN)
            } else {
                bytes(program, functions.nvrtcGetPTXSize, functions.nvrtcGetPTX)
            };
            (log, image)
        };
        if image.is_empty() {
            return Err(failed(&format!("no code for {target}")));
        }
        Ok(Compiled { image, log })
    }

    fn message(&self, code: c_int) -> String {
        // SAFETY: the function gives a text that is always there.
        let text = unsafe { CStr::from_ptr((self.functions.0.nvrtcGetErrorString)(code)) };
        text.to_string_lossy().into_owned()
    }
}

/// Contraction is off: a function then gives the same bits in whichever kernel it is compiled.
const OPTIONS: [&str; 2] = ["--std=c++17", "--fmad=false"];

/// The bytes that a pair of functions gives: their number and themselves. Empty if one fails.
///
/// # Safety
///
/// The program must be alive and the functions must be such a pair.
unsafe fn bytes(
    program: *mut c_void,
    size: unsafe extern "C" fn(*mut c_void, *mut usize) -> c_int,
    get: unsafe extern "C" fn(*mut c_void, *mut c_char) -> c_int,
) -> Vec<u8> {
    let mut len = 0;
    // SAFETY: passed on; the buffer has the length that was said.
    unsafe {
        if size(program, &mut len) != 0 {
            return Vec::new();
        }
        let mut bytes = vec![0u8; len];
        if get(program, bytes.as_mut_ptr().cast()) != 0 { Vec::new() } else { bytes }
    }
}
