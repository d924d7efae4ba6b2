//! What the driver says, in sentences.

use cudarc::driver::DriverError;
use cudarc::driver::sys::CUresult;
use glorot_graph::device::DeviceError;

/// A sentence for an error of the driver while it did `what`.
pub(super) fn sentence(what: &str, error: DriverError) -> DeviceError {
    let (problem, advice) = explain(error.0);
    let advice = if advice.is_empty() { String::new() } else { format!("; {advice}") };
    DeviceError(format!("CUDA: {what}: {problem}{advice} ({:?})", error.0))
}

/// What happened, and what to do.
fn explain(code: CUresult) -> (&'static str, &'static str) {
    match code {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => ("no memory is left", ""),
        CUresult::CUDA_ERROR_NO_DEVICE => ("the driver finds no GPU", "check nvidia-smi and CUDA_VISIBLE_DEVICES"),
        CUresult::CUDA_ERROR_INVALID_DEVICE => {
            ("there is no GPU of this number", "ask devices() for those that there are")
        }
        CUresult::CUDA_ERROR_STUB_LIBRARY => (
            "libcuda is the stub of a toolkit",
            "install the driver, and take the folder `stubs` out of LD_LIBRARY_PATH",
        ),
        CUresult::CUDA_ERROR_DEVICE_UNAVAILABLE => ("the GPU is in use by another process alone", "end that process"),
        CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => {
            ("libcuda and the kernel module are of different versions", "reboot after an update of the driver")
        }
        CUresult::CUDA_ERROR_SYSTEM_NOT_READY => {
            ("the GPU is not ready", "on a machine with NVSwitch, start the fabric manager")
        }
        CUresult::CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE => {
            ("the compatibility package does not support this GPU", "remove it and update the driver")
        }
        CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION | CUresult::CUDA_ERROR_INVALID_IMAGE => {
            ("NVRTC is newer than the driver", "update the driver, or install an NVRTC of the driver's version")
        }
        CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU => {
            ("the code does not fit this GPU", "install an NVRTC that knows it: a newer one for a new GPU")
        }
        CUresult::CUDA_ERROR_ILLEGAL_ADDRESS
        | CUresult::CUDA_ERROR_MISALIGNED_ADDRESS
        | CUresult::CUDA_ERROR_LAUNCH_FAILED
        | CUresult::CUDA_ERROR_ILLEGAL_INSTRUCTION => (
            "a kernel failed; the GPU cannot be used by this process any more",
            "report it with the program that does it",
        ),
        CUresult::CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES => ("a kernel needs more registers than there are", "report it"),
        CUresult::CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE => ("a kernel's blocks do not fit at once", "report it"),
        CUresult::CUDA_ERROR_LAUNCH_TIMEOUT => {
            ("a kernel took too long for a GPU that drives a display", "take a smaller batch")
        }
        CUresult::CUDA_ERROR_ECC_UNCORRECTABLE | CUresult::CUDA_ERROR_NVLINK_UNCORRECTABLE => {
            ("the GPU's hardware reports an error", "reset the GPU or reboot")
        }
        CUresult::CUDA_ERROR_NOT_PERMITTED => ("the driver does not permit it", "check the rights on /dev/nvidia*"),
        CUresult::CUDA_ERROR_MPS_CONNECTION_FAILED | CUresult::CUDA_ERROR_MPS_SERVER_NOT_READY => {
            ("the MPS server cannot be reached", "start it, or unset CUDA_MPS_PIPE_DIRECTORY")
        }
        CUresult::CUDA_ERROR_UNKNOWN => {
            ("the driver fails", "check `nvidia-smi` and `dmesg`; reload the driver or reboot")
        }
        _ => ("the driver reports an error", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sentences_that_say_what_to_do() {
        let error = sentence("cuInit", DriverError(CUresult::CUDA_ERROR_NO_DEVICE)).to_string();
        let want =
            "CUDA: cuInit: the driver finds no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES (CUDA_ERROR_NO_DEVICE)";
        assert_eq!(error, want);
    }
}
