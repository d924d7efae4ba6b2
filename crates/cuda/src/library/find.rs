use std::path::PathBuf;

use super::{Library, Opened, Place};

/// A library that was found and opened.
#[derive(Clone, Debug)]
pub struct Found {
    pub library: Library,
    pub opened: Opened,
    /// The file, or the bare name that the loader knew.
    pub path: PathBuf,
    /// Where it was found: `GLOROT_CUDA_PATH`, …
    pub reason: &'static str,
}

/// How the search for a library ended.
#[derive(Clone, Debug)]
pub struct Search {
    pub library: Library,
    pub found: Option<Found>,
    /// Every file and name that was tried before, or all.
    pub looked: Vec<PathBuf>,
    /// What the loader said of files that are there and could not be opened.
    pub problems: Vec<String>,
}

impl Search {
    /// Looks for a library in these places. `major`: the version of CUDA that the driver speaks; newer libraries cannot
    /// run on it, and a name without a version may be one.
    pub fn new(library: Library, places: &[Place], major: Option<u32>) -> Search {
        let mut search = Search { library, found: None, looked: Vec::new(), problems: Vec::new() };
        let names = library.file_names();
        let fits = |version: &Option<u32>| match (library, version, major) {
            (Library::Driver | Library::Cudnn | Library::Nccl, ..) | (_, _, None) => true,
            (_, None, Some(_)) => false,
            (_, Some(version), Some(major)) => *version <= major,
        };
        for place in places {
            for (_, name) in names.iter().filter(|(version, _)| fits(version)) {
                search.look(place, name);
                if search.found.is_some() {
                    return search;
                }
            }
        }
        search
    }

    /// Passes over what was found if there is a problem with it. No other is looked for: libraries of several files, as
    /// cuDNN, would find those of the first.
    pub fn checked(mut self, problem: impl FnOnce(&Found) -> Option<String>) -> Search {
        if let Some(problem) = self.found.as_ref().and_then(problem) {
            let path = self.found.take().map(|found| found.path).unwrap_or_default();
            self.problems.insert(0, format!("{}: {problem}", path.display()));
        }
        self
    }

    fn look(&mut self, place: &Place, name: &str) {
        let path = match &place.folder {
            Some(folder) => folder.join(name),
            None => PathBuf::from(name),
        };
        self.looked.push(path.clone());
        if place.folder.is_some() && !path.is_file() {
            return;
        }
        match Opened::open(self.library, &path) {
            Ok(opened) => {
                self.found = Some(Found { library: self.library, opened, path, reason: place.reason });
            }
            Err(problem) if place.folder.is_some() => self.problems.push(format!("{}: {problem}", path.display())),
            // The loader does not know a name: nothing is wrong.
            Err(_) => {}
        }
    }

    /// Why the library is not there and what to do, in a sentence.
    pub fn reason(&self) -> String {
        let name = self.library.name();
        let looked: Vec<String> = self.looked.iter().map(|path| path.display().to_string()).collect();
        let advice = self.library.advice();
        match self.problems.first() {
            Some(problem) => format!("{name} could not be opened: {problem}; {advice}"),
            None if looked.is_empty() => format!("there is no {name} for this system"),
            None => format!("{name} was not found; looked for {}; {advice}", looked.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &std::path::Path) -> Place {
        Place { folder: Some(folder.into()), reason: "test" }
    }

    #[test]
    fn what_was_looked_for_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let search = Search::new(Library::Nvrtc, &[place(folder.path())], Some(12));
        assert!(search.found.is_none());
        // CUDA 13 does not run on a driver of CUDA 12.
        let names: Vec<_> = search.looked.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["libnvrtc.so.12"]);
        let reason = search.reason();
        assert!(reason.starts_with("NVRTC was not found; looked for "), "{reason}");
        assert!(reason.contains("pip install nvidia-cuda-nvrtc"), "{reason}");
    }

    #[test]
    fn a_file_that_is_no_library_is_a_problem_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("libcublasLt.so.13"), "not a library").unwrap();
        let search = Search::new(Library::CublasLt, &[place(folder.path())], None);
        assert!(search.found.is_none());
        let reason = search.reason();
        assert!(reason.starts_with("cuBLAS could not be opened: ") && reason.contains("libcublasLt.so.13"), "{reason}");
    }
}
