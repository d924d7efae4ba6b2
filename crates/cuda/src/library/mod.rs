//! The libraries of CUDA: which there are, where they are looked for, and how they are opened.
//!
//! Nothing is linked. A library is taken from the first of these places that has it: the folder that
//! `GLOROT_CUDA_PATH` names; the wheels of an active virtual environment (`VIRTUAL_ENV`); conda (`CONDA_PREFIX`);
//! `LD_LIBRARY_PATH`; a toolkit (`CUDA_HOME`, `CUDA_PATH`); the loader's own path; `/usr/local/cuda*`; and the wheels of
//! the `python3` on `PATH`. Python itself is never run. Of several versions in one place the newest that the driver can
//! run is taken.

mod find;
mod open;
mod places;

use std::path::PathBuf;

pub use find::{Found, Search};
pub(crate) use open::table;
pub use open::{Opened, Table};
pub use places::{Environment, places};

/// A library that this backend can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Library {
    /// The interface of the kernel driver. It comes with the driver, never with a toolkit or a wheel.
    Driver,
    /// Compiles the generated kernels.
    Nvrtc,
    /// Large matrix products: the part of cuBLAS that this backend uses.
    CublasLt,
    /// Convolutions.
    Cudnn,
    /// Sums over several GPUs.
    Nccl,
}

impl Library {
    pub const ALL: [Library; 5] = [Library::Driver, Library::Nvrtc, Library::CublasLt, Library::Cudnn, Library::Nccl];

    /// The name that messages use.
    pub fn name(self) -> &'static str {
        match self {
            Library::Driver => "NVIDIA's driver",
            Library::Nvrtc => "NVRTC",
            Library::CublasLt => "cuBLAS",
            Library::Cudnn => "cuDNN",
            Library::Nccl => "NCCL",
        }
    }

    /// False for libraries without which models still train, on one GPU.
    pub fn is_required(self) -> bool {
        matches!(self, Library::Driver | Library::Nvrtc)
    }

    /// File names by major version of CUDA (their own for cuDNN and NCCL), best first; the last ones carry no version.
    pub fn file_names(self) -> Vec<(Option<u32>, String)> {
        if cfg!(windows) { self.windows_names() } else { self.unix_names() }
    }

    fn unix_names(self) -> Vec<(Option<u32>, String)> {
        let stem = match self {
            Library::Driver => "libcuda.so",
            Library::Nvrtc => "libnvrtc.so",
            Library::CublasLt => "libcublasLt.so",
            Library::Cudnn => "libcudnn.so",
            Library::Nccl => "libnccl.so",
        };
        let versions: &[u32] = match self {
            Library::Driver => return vec![(None, format!("{stem}.1")), (None, stem.into())],
            // What a name without a version leads to may be an older one.
            Library::Cudnn => return vec![(Some(9), format!("{stem}.9"))],
            Library::Nccl => &[2],
            _ => &[13, 12],
        };
        let versioned = versions.iter().map(|version| (Some(*version), format!("{stem}.{version}")));
        versioned.chain([(None, stem.into())]).collect()
    }

    fn windows_names(self) -> Vec<(Option<u32>, String)> {
        let of = |names: &[(u32, &str)]| names.iter().map(|&(major, name)| (Some(major), name.to_string())).collect();
        match self {
            Library::Driver => vec![(None, "nvcuda.dll".into())],
            Library::Nvrtc => of(&[(13, "nvrtc64_130_0.dll"), (12, "nvrtc64_120_0.dll")]),
            Library::CublasLt => of(&[(13, "cublasLt64_13.dll"), (12, "cublasLt64_12.dll")]),
            Library::Cudnn => of(&[(9, "cudnn64_9.dll")]),
            // There is no NCCL for Windows.
            Library::Nccl => Vec::new(),
        }
    }

    /// How to get the library, for people.
    pub fn advice(self) -> &'static str {
        match self {
            Library::Driver => "install it, version 525 or newer",
            Library::Nvrtc => {
                "install the CUDA toolkit, or `pip install nvidia-cuda-nvrtc` (`nvidia-cuda-nvrtc-cu12` for a driver of \
                 CUDA 12), or name its folder in GLOROT_CUDA_PATH"
            }
            Library::CublasLt => {
                "install the CUDA toolkit, or `pip install nvidia-cublas` (`nvidia-cublas-cu12` for a driver of CUDA 12), \
                 or name its folder in GLOROT_CUDA_PATH"
            }
            Library::Cudnn => {
                "`pip install nvidia-cudnn-cu13` (`nvidia-cudnn-cu12` for a driver of CUDA 12), or name its folder in \
                 GLOROT_CUDA_PATH"
            }
            Library::Nccl => {
                "`pip install nvidia-nccl-cu13` (`nvidia-nccl-cu12` for a driver of CUDA 12), or name its folder in \
                 GLOROT_CUDA_PATH"
            }
        }
    }
}

/// A folder to look in, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `None`: the loader's own path, asked by bare name.
    pub folder: Option<PathBuf>,
    /// `GLOROT_CUDA_PATH`, `CONDA_PREFIX`, …
    pub reason: &'static str,
}
