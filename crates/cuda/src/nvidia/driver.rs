//! The driver: is it there, can it do what is needed, and which GPUs does it show.

use std::sync::{Arc, OnceLock};

use cudarc::driver::{result, sys};
use glorot_graph::device::DeviceError;

use super::error::sentence;
use crate::gpu::Facts;
use crate::library::Opened;

/// The functions that this backend calls. All are in drivers of CUDA 12.0 (525) and newer; a call of one that is
/// missing would panic, so they are looked up first.
const NEEDED: [&str; 43] = [
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGet",
    "cuDeviceGetCount",
    "cuDeviceGetName",
    "cuDeviceGetAttribute",
    "cuDeviceTotalMem_v2",
    "cuDevicePrimaryCtxRetain",
    "cuDevicePrimaryCtxRelease_v2",
    "cuCtxSetCurrent",
    "cuMemGetInfo_v2",
    "cuMemAlloc_v2",
    "cuMemFree_v2",
    "cuMemHostAlloc",
    "cuMemFreeHost",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuMemcpyDtoDAsync_v2",
    "cuMemsetD8Async",
    "cuStreamCreate",
    "cuStreamDestroy_v2",
    "cuStreamSynchronize",
    "cuStreamWaitEvent",
    "cuStreamBeginCapture_v2",
    "cuStreamEndCapture",
    "cuEventCreate",
    "cuEventRecord",
    "cuEventSynchronize",
    "cuEventDestroy_v2",
    "cuModuleLoadData",
    "cuModuleGetFunction",
    "cuModuleUnload",
    "cuFuncSetAttribute",
    "cuFuncGetAttribute",
    "cuLaunchKernel",
    "cuLaunchCooperativeKernel",
    "cuGraphInstantiateWithFlags",
    "cuGraphLaunch",
    "cuGraphUpload",
    "cuGraphExecDestroy",
    "cuGraphDestroy",
    "cuGetErrorName",
    "cuGetErrorString",
];

/// Fails if the driver is too old or does not start. Asked once.
pub(crate) fn start(library: &Opened) -> Result<(u32, u32), DeviceError> {
    static STARTED: OnceLock<Result<(u32, u32), DeviceError>> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            if let Some(missing) = NEEDED.into_iter().find(|name| !library.has(name)) {
                let advice = "update it to version 525 (CUDA 12.0) or newer";
                return Err(DeviceError(format!("NVIDIA's driver is too old: it lacks {missing}; {advice}")));
            }
            // SAFETY: the driver is open.
            if !unsafe { sys::is_culib_present() } {
                return Err(DeviceError("NVIDIA's driver was found, but the loader cannot open libcuda.so.1".into()));
            }
            result::init().map_err(|error| sentence("the driver does not start", error))?;
            let mut version = 0;
            // SAFETY: the driver has started.
            unsafe { sys::cuDriverGetVersion(&mut version) }
                .result()
                .map_err(|error| sentence("asking for the driver's version", error))?;
            let version = version.unsigned_abs();
            let driver = (version / 1000, version % 1000 / 10);
            if driver.0 < 12 {
                let advice = "update it to version 525 (CUDA 12.0) or newer";
                return Err(DeviceError(format!("NVIDIA's driver is of CUDA {}.{}; {advice}", driver.0, driver.1)));
            }
            Ok(driver)
        })
        .clone()
}

/// The GPUs that the driver shows; [`start`] must have succeeded.
pub(crate) fn gpus(driver: (u32, u32)) -> Result<Vec<Facts>, DeviceError> {
    let count = result::device::get_count().map_err(|error| sentence("counting the GPUs", error))?;
    (0..count).map(|ordinal| facts(ordinal, driver).map_err(|error| sentence("asking a GPU", error))).collect()
}

fn facts(ordinal: i32, driver: (u32, u32)) -> Result<Facts, cudarc::driver::DriverError> {
    use sys::CUdevice_attribute as Attribute;
    let device = result::device::get(ordinal)?;
    // SAFETY: the device was just given by the driver, here and below.
    let attribute = |attribute| unsafe { result::device::get_attribute(device, attribute) };
    Ok(Facts {
        ordinal: ordinal as usize,
        name: result::device::get_name(device)?,
        capability: (
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?.unsigned_abs(),
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?.unsigned_abs(),
        ),
        multiprocessors: attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.max(1) as usize,
        // SAFETY: as above.
        memory_bytes: unsafe { result::device::total_mem(device)? },
        driver,
        cooperative: attribute(Attribute::CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH)? != 0,
        used: Arc::default(),
    })
}
