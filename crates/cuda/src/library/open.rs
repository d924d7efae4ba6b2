use std::ffi::OsStr;
use std::path::Path;

use super::Library;

/// An open library. It is never closed: threads that have used one of CUDA's keep things of it until they end.
#[derive(Clone, Copy, Debug)]
pub struct Opened(&'static libloading::Library);

impl Opened {
    /// Opens a file, or what the loader knows under a bare name. Its symbols are global, so that what needs it later
    /// finds it by its name; what it needs itself from its own folder is opened first.
    pub fn open(library: Library, path: &Path) -> Result<Opened, String> {
        let needed = path.parent().filter(|folder| folder.is_dir()).map(|folder| match library {
            Library::Nvrtc => begins_with(folder, "libnvrtc-builtins.so"),
            _ => Vec::new(),
        });
        for file in needed.into_iter().flatten() {
            // It is no error if this one is another version's: the library itself then fails to open, or does without.
            let _ = open_global(file.as_os_str());
        }
        open_global(path.as_os_str()).map(Opened)
    }

    /// A function by its name.
    ///
    /// # Safety
    ///
    /// `F` must be the type of a C function pointer that the symbol has.
    pub unsafe fn function<F: Copy>(&self, name: &str) -> Option<F> {
        // SAFETY: the caller vouches for the type.
        unsafe { self.0.get::<F>(name.as_bytes()) }.ok().map(|symbol| *symbol)
    }

    /// True if the library has a symbol.
    pub fn has(&self, name: &str) -> bool {
        // SAFETY: the symbol is not called.
        unsafe { self.function::<*const ()>(name) }.is_some()
    }
}

/// Functions of a library, all of which are there.
pub trait Table: Sized {
    /// Looks the functions up; fails with the name of the first that is missing.
    fn load(library: &Opened) -> Result<Self, &'static str>;
}

/// Defines a [`Table`]: `table! { struct Name { symbol: fn(A) -> B; } }`.
macro_rules! table {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($symbol:ident: fn($($argument:ty),* $(,)?) -> $result:ty;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[allow(non_snake_case, reason = "the names of the C functions")]
        $visibility struct $name { $($visibility $symbol: unsafe extern "C" fn($($argument),*) -> $result,)* }

        impl $crate::library::Table for $name {
            fn load(library: &$crate::library::Opened) -> Result<Self, &'static str> {
                // SAFETY: the types are those of the library's C headers.
                Ok($name { $($symbol: unsafe { library.function(stringify!($symbol)) }.ok_or(stringify!($symbol))?,)* })
            }
        }
    };
}
pub(crate) use table;

/// Opens a library for ever.
fn open_global(path: &OsStr) -> Result<&'static libloading::Library, String> {
    #[cfg(unix)]
    // SAFETY: opening a library runs its initializers; those of CUDA only set up the library itself.
    let opened = unsafe {
        use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY};
        Library::open(Some(path), RTLD_LAZY | RTLD_GLOBAL).map(libloading::Library::from)
    };
    #[cfg(not(unix))]
    // SAFETY: as above.
    let opened = unsafe { libloading::Library::new(path) };
    opened.map(|opened| &*Box::leak(Box::new(opened))).map_err(|error| error.to_string())
}

fn begins_with(folder: &Path, prefix: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let matches = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    let mut files: Vec<_> = matches.map(|entry| entry.path()).collect();
    files.sort();
    files
}
