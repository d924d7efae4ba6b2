//! The devices that there are.

use std::sync::Arc;

use glorot_graph::device::Device;

use crate::error::{Failure, Result};

/// The device for what names none.
pub fn default() -> Result<Arc<dyn Device>> {
    get("auto", None)
}

/// The device with the given id. `auto`: what `GLOROT_DEVICE` names, else the best there is.
pub fn get(id: &str, threads: Option<usize>) -> Result<Arc<dyn Device>> {
    let _ = (id, threads);
    Err(Failure::config("no device"))
}
