//! What there is of CUDA on this machine, and what is missing.

use std::sync::{Arc, OnceLock};

use glorot_graph::device::{Device, DeviceError};
use glorot_graph::replicas::Replicas;

use crate::device::{CudaDevice, CudaOptions, describe};
use crate::gpu::{Facts, Gpu};
use crate::library::{Environment, Found, Library, Place, Search, places};
use crate::nvidia::{self, Cache, Compiler, NcclSum, NvidiaGpu};

/// How the search for one library ended, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryReport {
    /// `NVIDIA's driver`, `NVRTC`, `cuBLAS`, `cuDNN`, `NCCL`.
    pub name: &'static str,
    /// Without it there is no CUDA.
    pub required: bool,
    /// The file, or the name under which the loader knows it.
    pub path: Option<String>,
    /// As CUDA counts: `13.0`.
    pub version: Option<String>,
    /// Where it was found: `GLOROT_CUDA_PATH`, `VIRTUAL_ENV`, `loader`, …
    pub place: Option<&'static str>,
    /// All files and names that were looked for, in order.
    pub looked: Vec<String>,
    /// Why it is missing and what to do.
    pub reason: Option<String>,
}

/// The libraries and GPUs of this machine.
#[derive(Debug)]
pub struct Probe {
    driver: Search,
    /// Those of the other libraries. Without a driver they are looked for when somebody asks: opening them takes time.
    others: OnceLock<Vec<Search>>,
    places: Vec<Place>,
    version: Option<(u32, u32)>,
    compiler: Option<Arc<Compiler>>,
    gpus: Vec<Facts>,
    /// Why no GPU can be used.
    problem: Option<String>,
}

impl Probe {
    /// Looks at this machine.
    pub fn new() -> Probe {
        Probe::with(&places(&Environment::of_process()))
    }

    /// Looks in these places only; the driver is known to the loader alone.
    pub fn with(places: &[Place]) -> Probe {
        let of_system = |place: &&Place| matches!(place.reason, "loader" | "Windows");
        let driver_places: Vec<Place> = places.iter().filter(of_system).cloned().collect();
        let driver = Search::new(Library::Driver, &driver_places, None);
        let started = driver.found.as_ref().map(|found| nvidia::driver::start(&found.opened));
        let version = started.as_ref().and_then(|started| started.as_ref().ok()).copied();
        let mut probe = Probe {
            driver,
            others: OnceLock::new(),
            places: places.to_vec(),
            version,
            compiler: None,
            gpus: Vec::new(),
            problem: None,
        };
        probe.problem = probe.settle(started).err().map(|error| error.to_string());
        probe
    }

    /// Starts what was found.
    fn settle(&mut self, started: Option<Result<(u32, u32), DeviceError>>) -> Result<(), DeviceError> {
        let Some(started) = started else { return Err(DeviceError(self.driver.reason())) };
        let version = started?;
        self.gpus = nvidia::driver::gpus(version)?;
        let Some(found) = self.found(Library::Nvrtc) else {
            return Err(DeviceError(self.search(Library::Nvrtc).reason()));
        };
        self.compiler = Some(Arc::new(Compiler::new(found)?));
        if self.gpus.is_empty() {
            return Err(DeviceError("the driver finds no GPU; check nvidia-smi and CUDA_VISIBLE_DEVICES".into()));
        }
        Ok(())
    }

    fn others(&self) -> &[Search] {
        let major = self.version.map(|(major, _)| major);
        self.others.get_or_init(|| {
            let mut all: Vec<Search> = Vec::new();
            for library in Library::ALL.into_iter().skip(1) {
                let mut search = Search::new(library, &self.places, major);
                // Its name does not say for which CUDA it is.
                if let (Library::Cudnn, Some(major)) = (library, major) {
                    let blas = all.iter().filter_map(|other| other.found.as_ref());
                    let blas = blas.filter(|found| found.library == Library::CublasLt).find_map(nvidia::blas_version);
                    search = search.checked(|found| nvidia::dnn_problem(found, major, blas));
                }
                all.push(search);
            }
            all
        })
    }

    fn search(&self, library: Library) -> &Search {
        self.others().iter().find(|search| search.library == library).unwrap_or(&self.driver)
    }

    fn found(&self, library: Library) -> Option<&Found> {
        self.search(library).found.as_ref()
    }

    /// The GPUs that can be used.
    pub fn gpus(&self) -> &[Facts] {
        if self.problem.is_none() { &self.gpus } else { &[] }
    }

    /// Why no GPU can be used; `None` if one can.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// A GPU in words.
    pub fn describe(&self, facts: &Facts) -> String {
        describe(facts, self.found(Library::CublasLt).is_some(), self.found(Library::Cudnn).is_some())
    }

    /// What was looked for and found.
    pub fn libraries(&self) -> Vec<LibraryReport> {
        let dotted = |(major, minor): (u32, u32)| format!("{major}.{minor}");
        let version = |found: &Found| match found.library {
            Library::Driver => self.version.map(dotted),
            Library::Nvrtc => Compiler::new(found).ok().map(|compiler| dotted(compiler.version())),
            Library::CublasLt => nvidia::blas_version(found).map(dotted),
            Library::Cudnn => nvidia::dnn_version(found).map(dotted),
            Library::Nccl => nvidia::nccl_version(found).map(dotted),
        };
        let report = |search: &Search| LibraryReport {
            name: search.library.name(),
            required: search.library.is_required(),
            path: search.found.as_ref().map(|found| found.path.display().to_string()),
            version: search.found.as_ref().and_then(version),
            place: search.found.as_ref().map(|found| found.reason),
            looked: search.looked.iter().map(|path| path.display().to_string()).collect(),
            reason: search.found.is_none().then(|| search.reason()),
        };
        std::iter::once(&self.driver).chain(self.others()).map(report).collect()
    }

    /// Opens a GPU.
    ///
    /// # Errors
    ///
    /// If there is no such GPU or something is missing; the message says what, and what to do.
    pub fn open(&self, ordinal: usize, options: CudaOptions) -> Result<CudaDevice, DeviceError> {
        self.open_with(ordinal, options, true)
    }

    /// Opens several GPUs that share the batches of a training. Their sums are those of NCCL.
    ///
    /// # Errors
    ///
    /// As [`Probe::open`]; also without NCCL, and if a GPU is named twice.
    pub fn open_all(&self, ordinals: &[usize], options: CudaOptions) -> Result<Replicas, DeviceError> {
        if let Some(twice) = (1..ordinals.len()).find(|&i| ordinals[..i].contains(&ordinals[i])) {
            return Err(DeviceError(format!("device 'cuda:{}' is named twice", ordinals[twice])));
        }
        let open = |&ordinal: &usize| self.open(ordinal, options).map(|device| Arc::new(device) as Arc<dyn Device>);
        let devices = ordinals.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let Some(found) = self.found(Library::Nccl) else {
            return Err(DeviceError(self.search(Library::Nccl).reason()));
        };
        Replicas::new(devices, Arc::new(NcclSum::new(found, ordinals)?))
    }

    /// As [`Probe::open`]; without `library` all is computed by generated kernels, for tests that compare them.
    #[doc(hidden)]
    pub fn open_with(&self, ordinal: usize, options: CudaOptions, library: bool) -> Result<CudaDevice, DeviceError> {
        if let Some(problem) = &self.problem {
            return Err(DeviceError(format!("device 'cuda' is not available: {problem}")));
        }
        let Some(facts) = self.gpus.get(ordinal) else {
            let known: Vec<String> = (0..self.gpus.len()).map(|number| format!("'cuda:{number}'")).collect();
            let message = format!("there is no device 'cuda:{ordinal}'; available: {}", known.join(", "));
            return Err(DeviceError(message));
        };
        let compiler = self.compiler.clone().ok_or_else(|| DeviceError(self.search(Library::Nvrtc).reason()))?;
        let blas = self.found(Library::CublasLt).filter(|_| library);
        let cudnn = self.found(Library::Cudnn).filter(|_| library);
        let gpu = NvidiaGpu::open(facts.clone(), compiler, blas, cudnn, Cache::of_environment())?;
        let gpu: Arc<dyn Gpu> = Arc::new(gpu);
        Ok(CudaDevice::new(gpu, options))
    }
}

impl Default for Probe {
    fn default() -> Probe {
        Probe::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_driver_everything_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { folder: Some(folder.path().into()), reason: "test" };
        let probe = Probe::with(&[place]);
        assert!(probe.gpus().is_empty());
        assert!(probe.problem().is_some());
        let error = probe.open(0, CudaOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with("device 'cuda' is not available: "), "{error}");
        let reports = probe.libraries();
        assert_eq!(
            reports.iter().map(|report| report.name).collect::<Vec<_>>(),
            ["NVIDIA's driver", "NVRTC", "cuBLAS", "cuDNN", "NCCL"]
        );
        assert!(reports.iter().all(|report| report.path.is_none() && report.reason.is_some()));
        assert!(reports[1].looked.iter().any(|file| file.ends_with("libnvrtc.so.13")), "{reports:?}");
        assert!(reports[1].required && !reports[2].required);
    }

    #[test]
    fn this_machine_can_be_asked() {
        let probe = Probe::new();
        assert_eq!(probe.problem().is_none(), !probe.gpus().is_empty());
        for report in probe.libraries() {
            assert_eq!(report.path.is_none(), report.reason.is_some(), "{report:?}");
        }
    }
}
