//! The end of the process, or of a worker thread that had loaded this library.

use std::sync::atomic::{AtomicUsize, Ordering};

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

/// JavaScript environments (the main thread, workers) that have loaded the library.
static ENVIRONMENTS: AtomicUsize = AtomicUsize::new(0);

/// No call of NVIDIA's libraries may go on while the process ends. The main thread stops them; where only workers use this
/// library, the last of them waits, since another one may come.
#[napi(module_exports)]
pub fn loaded(_exports: Object<'_>, env: Env) -> napi::Result<()> {
    ENVIRONMENTS.fetch_add(1, Ordering::Relaxed);
    env.add_env_cleanup_hook((), |()| {
        if ENVIRONMENTS.fetch_sub(1, Ordering::Relaxed) == 1 {
            glorot_cuda::finish();
        }
    })?;
    Ok(())
}

/// The main thread calls this when the process ends; hooks as above are not called then if the program calls
/// `process.exit` or fails.
#[napi(catch_unwind)]
pub fn process_ends() {
    glorot_cuda::stop();
}
