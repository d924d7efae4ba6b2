//! The devices that there are.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_cuda::{CudaDevice, CudaOptions, LibraryReport, Precision, Probe, StepKind};
use glorot_graph::device::{Device, DeviceError};
use glorot_graph::replicas::{HostSum, Replicas};
use napi_derive::napi;

use crate::error::{Failure, Result, code};

/// A device.
#[napi(object, object_from_js = false)]
pub struct DeviceInfo {
    /// What `compile({ device })` takes: `cpu`, `cuda:0`; `cuda` if no GPU can be used.
    pub id: String,
    pub available: bool,
    /// For people: model, threads, memory.
    pub description: Option<String>,
    /// Why it is not available, and what to do.
    pub reason: Option<String>,
    /// The libraries that it needs, of CUDA.
    pub libraries: Option<Vec<DeviceLibrary>>,
}

/// A library of CUDA: where it was found, or where it was looked for.
#[napi(object, object_from_js = false)]
pub struct DeviceLibrary {
    /// `NVIDIA's driver`, `NVRTC`, `cuBLAS`, `cuDNN`, `NCCL`.
    pub name: String,
    /// Without it there is no CUDA.
    pub required: bool,
    /// The file, or the name under which the system's loader knows it.
    pub path: Option<String>,
    /// Of the driver, NVRTC and cuBLAS that of CUDA, `13.0`; of cuDNN and NCCL their own.
    pub version: Option<String>,
    /// What led there: `GLOROT_CUDA_PATH`, `VIRTUAL_ENV`, `CONDA_PREFIX`, `loader`, …
    pub place: Option<String>,
    /// All files and names that were looked for, in order.
    pub looked: Vec<String>,
    /// Why it is missing, and what to do.
    pub reason: Option<String>,
}

impl From<LibraryReport> for DeviceLibrary {
    fn from(report: LibraryReport) -> DeviceLibrary {
        let LibraryReport { name, required, path, version, place, looked, reason } = report;
        DeviceLibrary { name: name.into(), required, path, version, place: place.map(String::from), looked, reason }
    }
}

/// What a device is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceOptions {
    /// Of the CPU; by default what `GLOROT_THREADS` says, else as many as the process may use.
    pub threads: Option<usize>,
    /// Of products.
    pub precision: Option<Precision>,
    /// Bytes of a GPU; by default what `GLOROT_CUDA_MEMORY` says, else what is free.
    pub memory_limit: Option<usize>,
}

/// What there is of CUDA. The environment is looked at when it is first asked.
fn probe() -> &'static Probe {
    static PROBE: OnceLock<Probe> = OnceLock::new();
    PROBE.get_or_init(Probe::new)
}

/// The devices that there are, and those that there could be.
#[napi(catch_unwind)]
pub fn devices() -> Result<Vec<DeviceInfo>> {
    let cpu = cpu(threads_of_environment()?, false)?;
    let of_cpu = DeviceInfo {
        id: cpu.id(),
        available: true,
        description: Some(cpu.description()),
        reason: None,
        libraries: None,
    };
    let (mut devices, probe) = (vec![of_cpu], probe());
    let libraries = || Some(probe.libraries().into_iter().map(DeviceLibrary::from).collect());
    for gpu in probe.gpus() {
        devices.push(DeviceInfo {
            id: format!("cuda:{}", gpu.ordinal),
            available: true,
            description: Some(probe.describe(gpu)),
            reason: None,
            libraries: libraries(),
        });
    }
    if let Some(problem) = probe.problem() {
        devices.push(DeviceInfo {
            id: "cuda".into(),
            available: false,
            description: None,
            reason: Some(problem.into()),
            libraries: libraries(),
        });
    }
    Ok(devices)
}

/// The device for models that are not compiled.
pub fn default() -> Result<Arc<dyn Device>> {
    Ok(get("auto", DeviceOptions::default())?.0)
}

/// The device for functions that are run once: the CPU, since a GPU would spend longer on compiling than on computing;
/// but what `GLOROT_DEVICE` names, if it does.
pub fn eager() -> Result<Arc<dyn Device>> {
    match std::env::var("GLOROT_DEVICE") {
        Ok(named) if !named.is_empty() && named != "auto" => Ok(get(&named, DeviceOptions::default())?.0),
        _ => cpu(threads_of_environment()?, false),
    }
}

/// The device with the given id, or several with commas between, which share batches. `auto`: what `GLOROT_DEVICE` names,
/// else the first GPU if one can be used, else the CPU, with the reason if there is a GPU all the same.
pub fn get(id: &str, options: DeviceOptions) -> Result<(Arc<dyn Device>, Option<String>)> {
    match (id, std::env::var("GLOROT_DEVICE")) {
        ("auto", Ok(named)) if !named.is_empty() && named != "auto" => Ok((by_name(&named, options)?, None)),
        ("auto", _) if probe().gpus().is_empty() => Ok((by_name("cpu", options)?, None)),
        ("auto", _) => match by_name("cuda:0", options) {
            Err(Failure::Coded(code::DEVICE, why)) => Ok((by_name("cpu", options)?, Some(why))),
            opened => Ok((opened?, None)),
        },
        (id, _) => Ok((by_name(id, options)?, None)),
    }
}

fn by_name(id: &str, options: DeviceOptions) -> Result<Arc<dyn Device>> {
    let names: Vec<&str> = id.split(',').map(str::trim).collect();
    let kinds = names.iter().map(|name| kind(name)).collect::<Result<Vec<_>>>()?;
    match &kinds[..] {
        [Kind::Cpu] => cpu(threads(options)?, in_bfloat16(options.precision)?),
        [Kind::Gpu(number)] => cuda(*number, options),
        several => replicas(several, options),
    }
}

/// What a name means.
enum Kind {
    Cpu,
    Gpu(usize),
}

fn kind(name: &str) -> Result<Kind> {
    let number = match name.split_once(':') {
        None if name == "cpu" => return Ok(Kind::Cpu),
        None if name == "cuda" => Some(0),
        Some(("cuda", number)) => number.parse().ok(),
        _ => None,
    };
    number.map(Kind::Gpu).ok_or_else(|| {
        let known: Vec<String> = probe().gpus().iter().map(|gpu| format!(", 'cuda:{}'", gpu.ordinal)).collect();
        let message =
            format!("there is no device '{name}'; available: 'cpu'{} ('auto' takes the best)", known.concat());
        Failure::Coded(code::DEVICE, message)
    })
}

/// Devices that share the batches of a training: GPUs, whose sums are those of NCCL, or processors.
fn replicas(kinds: &[Kind], options: DeviceOptions) -> Result<Arc<dyn Device>> {
    let failure = |error: DeviceError| Failure::Coded(code::DEVICE, error.to_string());
    let gpus: Vec<usize> =
        kinds.iter().filter_map(|kind| if let Kind::Gpu(number) = kind { Some(*number) } else { None }).collect();
    if gpus.len() == kinds.len() {
        let devices = probe().open_all(&gpus, cuda_options(options)?).map_err(failure)?;
        return Ok(Arc::new(devices));
    }
    if !gpus.is_empty() {
        return Err(Failure::config("compile: device: GPUs and the CPU cannot share batches; name one kind"));
    }
    let (threads, bfloat16) = (threads(options)?, in_bfloat16(options.precision)?);
    let devices = kinds.iter().map(|_| cpu(threads, bfloat16)).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Replicas::new(devices, Arc::new(HostSum)).map_err(failure)?))
}

/// Whether the CPU is asked for products in bfloat16; fails if it is asked for a precision that it does not have.
fn in_bfloat16(precision: Option<Precision>) -> Result<bool> {
    match precision {
        // TensorFloat-32 is a permission to round.
        None | Some(Precision::Float32 | Precision::Tf32) => Ok(false),
        Some(Precision::Bfloat16) => Ok(true),
        Some(other) => Err(Failure::config(format!(
            "compile: precision '{}' needs device 'cuda'; this model runs on 'cpu', which computes in 'float32' or 'bfloat16'",
            other.name()
        ))),
    }
}

/// The threads of the CPU.
fn threads(options: DeviceOptions) -> Result<Option<usize>> {
    options.threads.map_or_else(threads_of_environment, |threads| Ok(Some(threads)))
}

/// A precision by its name, or by that of Keras's policy.
pub fn precision(name: &str) -> Result<Precision> {
    let name = match name {
        "mixedBfloat16" => "bfloat16",
        "mixedFloat16" => "float16",
        name => name,
    };
    Precision::ALL.into_iter().find(|precision| precision.name() == name).ok_or_else(|| {
        let known: Vec<&str> = Precision::ALL.iter().map(|precision| precision.name()).collect();
        Failure::config(format!("compile: unknown precision '{name}'; expected one of '{}'", known.join("', '")))
    })
}

/// A limit in bytes.
pub fn memory_limit(bytes: f64) -> Result<usize> {
    if bytes.fract() == 0.0 && bytes > 0.0 && bytes < 2f64.powi(53) {
        return Ok(bytes as usize);
    }
    Err(Failure::config(format!("compile: memoryLimit must be a positive whole number of bytes; received {bytes}")))
}

fn threads_of_environment() -> Result<Option<usize>> {
    let Ok(value) = std::env::var("GLOROT_THREADS") else { return Ok(None) };
    match value.parse() {
        Ok(threads) => Ok(Some(threads)),
        Err(_) => Err(Failure::config(format!("GLOROT_THREADS must be a number of threads; it is '{value}'"))),
    }
}

/// The processor with so many threads: one device for all models that use it so at a time.
fn cpu(threads: Option<usize>, bfloat16: bool) -> Result<Arc<dyn Device>> {
    type Key = (Option<usize>, bool);
    static DEVICES: Mutex<Vec<(Key, Weak<CpuDevice>)>> = Mutex::new(Vec::new());
    if threads == Some(0) {
        return Err(Failure::config("threads must be at least 1; received 0"));
    }
    let options = CpuOptions { threads, bfloat16, ..CpuOptions::default() };
    Ok(shared(&DEVICES, &(threads, bfloat16), || Ok(CpuDevice::new(options)))?)
}

/// A GPU: one device for all models that use it with the same options at a time.
fn cuda(ordinal: usize, options: DeviceOptions) -> Result<Arc<dyn Device>> {
    type Key = (usize, CudaOptions);
    static DEVICES: Mutex<Vec<(Key, Weak<CudaDevice>)>> = Mutex::new(Vec::new());
    let options = cuda_options(options)?;
    let open = || probe().open(ordinal, options).map_err(|error| Failure::Coded(code::DEVICE, error.to_string()));
    Ok(shared(&DEVICES, &(ordinal, options), open)?)
}

/// The options of a GPU, with what the environment says.
fn cuda_options(options: DeviceOptions) -> Result<CudaOptions> {
    let step = match std::env::var("GLOROT_CUDA_STEP") {
        Ok(name) if !name.is_empty() => StepKind::named(&name).ok_or_else(|| {
            let known: Vec<&str> = StepKind::ALL.iter().map(|(name, _)| *name).collect();
            Failure::config(format!("GLOROT_CUDA_STEP is '{name}'; expected one of '{}'", known.join("', '")))
        })?,
        _ => StepKind::Measured,
    };
    let limit =
        match (options.memory_limit, std::env::var("GLOROT_CUDA_MEMORY")) {
            (None, Ok(bytes)) if !bytes.is_empty() => Some(bytes.parse().map_err(|_| {
                Failure::config(format!("GLOROT_CUDA_MEMORY must be a number of bytes; it is '{bytes}'"))
            })?),
            (given, _) => given,
        };
    Ok(CudaOptions { memory_limit: limit, precision: options.precision.unwrap_or_default(), step })
}

/// The device that is in use under a key, or a new one.
fn shared<K: PartialEq + Clone, D>(
    devices: &Mutex<Vec<(K, Weak<D>)>>,
    key: &K,
    open: impl FnOnce() -> Result<D>,
) -> Result<Arc<D>> {
    let mut devices = devices.lock().unwrap_or_else(PoisonError::into_inner);
    devices.retain(|(_, device)| device.strong_count() > 0);
    if let Some(known) = devices.iter().find(|(known, _)| known == key).and_then(|(_, device)| device.upgrade()) {
        return Ok(known);
    }
    let device = Arc::new(open()?);
    devices.push((key.clone(), Arc::downgrade(&device)));
    Ok(device)
}
