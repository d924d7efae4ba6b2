use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Place;

/// The variables that say where to look, and the root of the file system; tests give others than the process has.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub glorot_cuda_path: Option<OsString>,
    pub virtual_env: Option<OsString>,
    pub conda_prefix: Option<OsString>,
    pub ld_library_path: Option<OsString>,
    pub cuda_home: Vec<OsString>,
    pub path: Option<OsString>,
    pub home: Option<OsString>,
    /// In front of the absolute folders that are looked in on every machine.
    pub root: PathBuf,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Environment {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Environment {
            glorot_cuda_path: variable("GLOROT_CUDA_PATH"),
            virtual_env: variable("VIRTUAL_ENV"),
            conda_prefix: variable("CONDA_PREFIX"),
            ld_library_path: variable("LD_LIBRARY_PATH"),
            cuda_home: ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"].into_iter().filter_map(variable).collect(),
            path: variable("PATH"),
            home: variable("HOME"),
            root: PathBuf::from("/"),
        }
    }
}

/// The places to look in, in order. Folders that are not there are left out, but for that of `GLOROT_CUDA_PATH`.
pub fn places(environment: &Environment) -> Vec<Place> {
    let mut list = List::default();
    if let Some(given) = &environment.glorot_cuda_path {
        let given = PathBuf::from(given);
        list.place(given.clone(), "GLOROT_CUDA_PATH");
        list.toolkit(&given, "GLOROT_CUDA_PATH");
        list.wheels(&given, "GLOROT_CUDA_PATH");
        list.prefix(&given, "GLOROT_CUDA_PATH");
    }
    if let Some(prefix) = &environment.virtual_env {
        list.prefix(Path::new(prefix), "VIRTUAL_ENV");
    }
    if let Some(prefix) = &environment.conda_prefix {
        let prefix = Path::new(prefix);
        list.existing(prefix.join("lib"), "CONDA_PREFIX");
        list.toolkit(prefix, "CONDA_PREFIX");
        list.prefix(prefix, "CONDA_PREFIX");
    }
    for folder in environment.ld_library_path.iter().flat_map(std::env::split_paths) {
        list.existing(folder, "LD_LIBRARY_PATH");
    }
    for home in &environment.cuda_home {
        list.toolkit(Path::new(home), "CUDA_HOME");
    }
    list.loader();
    for folder in matching(&environment.root.join("usr/local"), "cuda") {
        list.toolkit(&folder, "/usr/local");
    }
    // Windows Subsystem for Linux keeps the driver here.
    list.existing(environment.root.join("usr/lib/wsl/lib"), "Windows");
    list.pythons(environment);
    list.places
}

#[derive(Default)]
struct List {
    places: Vec<Place>,
    known: HashSet<PathBuf>,
}

impl List {
    fn place(&mut self, folder: PathBuf, reason: &'static str) {
        if self.known.insert(folder.clone()) {
            self.places.push(Place { folder: Some(folder), reason });
        }
    }

    fn existing(&mut self, folder: PathBuf, reason: &'static str) {
        if folder.is_dir() {
            self.place(folder, reason);
        }
    }

    fn loader(&mut self) {
        self.places.push(Place { folder: None, reason: "loader" });
    }

    /// The folders of an installed toolkit.
    fn toolkit(&mut self, home: &Path, reason: &'static str) {
        for folder in ["lib64", "lib", "lib/x86_64-linux-gnu", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"] {
            self.existing(home.join(folder), reason);
        }
        if cfg!(windows) {
            self.existing(home.join("bin"), reason);
            self.existing(home.join("bin").join("x64"), reason);
        }
    }

    /// The wheels below a folder `site-packages`.
    fn wheels(&mut self, packages: &Path, reason: &'static str) {
        for package in subfolders(&packages.join("nvidia")) {
            self.existing(package.join("lib"), reason);
            self.existing(package.join("bin"), reason);
        }
    }

    /// The wheels of a Python that is installed under a prefix.
    fn prefix(&mut self, prefix: &Path, reason: &'static str) {
        for python in matching(&prefix.join("lib"), "python3") {
            self.wheels(&python.join("site-packages"), reason);
            self.wheels(&python.join("dist-packages"), reason);
        }
        self.wheels(&prefix.join("Lib").join("site-packages"), reason);
    }

    /// The wheels of the Pythons that a shell would find, of the user and of the system.
    fn pythons(&mut self, environment: &Environment) {
        for folder in environment.path.iter().flat_map(std::env::split_paths) {
            for name in ["python3", "python"] {
                let python = folder.join(name);
                if !python.exists() {
                    continue;
                }
                // A link leads to the installation; a link of a virtual environment does not lead to its packages.
                for python in [Some(python.clone()), python.canonicalize().ok()].into_iter().flatten() {
                    if let Some(prefix) = python.parent().and_then(Path::parent) {
                        self.prefix(prefix, "python3");
                    }
                }
                // pyenv puts a script there.
                if folder.ends_with("shims")
                    && let Some(pyenv) = folder.parent()
                {
                    subfolders(&pyenv.join("versions")).iter().for_each(|prefix| self.prefix(prefix, "python3"));
                }
            }
        }
        if let Some(home) = &environment.home {
            self.prefix(&Path::new(home).join(".local"), "python3");
        }
        for prefix in ["usr/local", "usr"] {
            self.prefix(&environment.root.join(prefix), "python3");
        }
        self.wheels(&environment.root.join("usr/lib/python3/dist-packages"), "python3");
    }
}

/// The folders in a folder, in the order of their names.
fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Those whose name begins so, the highest version first.
fn matching(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let begins = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix));
    let mut folders: Vec<PathBuf> = subfolders(folder).into_iter().filter(begins).collect();
    folders.reverse();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with these folders.
    fn root(folders: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in folders {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        root
    }

    fn found(environment: &Environment) -> Vec<String> {
        let name = |place: Place| match place.folder {
            Some(folder) => {
                let inside = folder.strip_prefix(&environment.root).unwrap_or(&folder);
                format!("{}: {}", place.reason, inside.display())
            }
            None => place.reason.to_string(),
        };
        places(environment).into_iter().map(name).collect()
    }

    #[test]
    fn an_empty_machine_has_only_the_loader() {
        let root = root(&[]);
        let environment = Environment { root: root.path().into(), ..Environment::default() };
        assert_eq!(found(&environment), ["loader"]);
    }

    #[test]
    fn wheels_of_both_layouts_are_found_below_a_virtual_environment() {
        let root = root(&[
            "venv/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib",
            "venv/lib/python3.11/site-packages/nvidia/cu13/lib",
            "venv/lib/python3.11/site-packages/nvidia/cu13/include",
        ]);
        let environment = Environment {
            virtual_env: Some(root.path().join("venv").into()),
            root: root.path().into(),
            ..Environment::default()
        };
        let packages = "VIRTUAL_ENV: venv/lib/python3.11/site-packages/nvidia";
        assert_eq!(
            found(&environment),
            [format!("{packages}/cu13/lib"), format!("{packages}/cuda_nvrtc/lib"), "loader".into()]
        );
    }

    #[test]
    fn the_folder_that_the_user_names_comes_first_even_if_it_is_not_there() {
        let root = root(&["usr/local/cuda-12.4/lib64", "usr/local/cuda-13.0/lib64", "conda/lib"]);
        let environment = Environment {
            glorot_cuda_path: Some(root.path().join("gone").into()),
            conda_prefix: Some(root.path().join("conda").into()),
            root: root.path().into(),
            ..Environment::default()
        };
        let want = [
            "GLOROT_CUDA_PATH: gone",
            "CONDA_PREFIX: conda/lib",
            "loader",
            "/usr/local: usr/local/cuda-13.0/lib64",
            "/usr/local: usr/local/cuda-12.4/lib64",
        ];
        assert_eq!(found(&environment), want);
    }

    #[test]
    fn the_python_of_the_path_leads_to_its_wheels() {
        let root = root(&[
            "opt/py/bin",
            "opt/py/lib/python3.12/site-packages/nvidia/nccl/lib",
            "pyenv/shims",
            "pyenv/versions/3.11.7/lib/python3.11/site-packages/nvidia/cublas/lib",
        ]);
        std::fs::write(root.path().join("opt/py/bin/python3"), "").unwrap();
        std::fs::write(root.path().join("pyenv/shims/python3"), "").unwrap();
        let path = std::env::join_paths([root.path().join("opt/py/bin"), root.path().join("pyenv/shims")]).unwrap();
        let environment = Environment { path: Some(path), root: root.path().into(), ..Environment::default() };
        let want = [
            "loader",
            "python3: opt/py/lib/python3.12/site-packages/nvidia/nccl/lib",
            "python3: pyenv/versions/3.11.7/lib/python3.11/site-packages/nvidia/cublas/lib",
        ];
        assert_eq!(found(&environment), want);
    }
}
