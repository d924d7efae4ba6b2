//! The devices that there are.

use std::sync::Arc;

use glorot_graph::device::Device;
use napi_derive::napi;

use crate::error::{Failure, Result};

/// A device.
#[napi(object, object_from_js = false)]
pub struct DeviceInfo {
    /// What `compile({ device })` takes: `cpu`.
    pub id: String,
    pub available: bool,
    /// For people: model, threads.
    pub description: Option<String>,
    /// Why it is not available.
    pub reason: Option<String>,
}

/// The devices that there are, and those that there could be.
#[napi(catch_unwind)]
pub fn devices() -> Result<Vec<DeviceInfo>> {
    let cpu = get("cpu", None)?;
    Ok(vec![DeviceInfo { id: cpu.id(), available: true, description: Some(cpu.description()), reason: None }])
}

/// The device for what names none.
pub fn default() -> Result<Arc<dyn Device>> {
    get("auto", None)
}

/// The device with the given id. `auto`: what `GLOROT_DEVICE` names, else the best there is.
pub fn get(id: &str, threads: Option<usize>) -> Result<Arc<dyn Device>> {
    let _ = (id, threads);
    Err(Failure::config("no device"))
}
