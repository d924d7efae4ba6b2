//! The devices that there are.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use napi_derive::napi;

use crate::error::{Failure, Result, code};

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

/// The device with the given id. `auto`: what `GLOROT_DEVICE` names, else the best there is. `threads`: of the CPU;
/// without it what `GLOROT_THREADS` says, else as many as the process may use.
pub fn get(id: &str, threads: Option<usize>) -> Result<Arc<dyn Device>> {
    let id = match (id, std::env::var("GLOROT_DEVICE")) {
        ("auto", Ok(named)) if named != "auto" => named,
        ("auto", _) => "cpu".into(),
        (id, _) => id.to_string(),
    };
    match id.as_str() {
        "cpu" => cpu(threads.map_or_else(threads_of_environment, |threads| Ok(Some(threads)))?),
        other => Err(Failure::Coded(
            code::DEVICE,
            format!("there is no device '{other}'; available: 'cpu' ('auto' takes the best)"),
        )),
    }
}

fn threads_of_environment() -> Result<Option<usize>> {
    let Ok(value) = std::env::var("GLOROT_THREADS") else { return Ok(None) };
    match value.parse() {
        Ok(threads) => Ok(Some(threads)),
        Err(_) => Err(Failure::config(format!("GLOROT_THREADS must be a number of threads; it is '{value}'"))),
    }
}

/// The processor with so many threads: one device for all models that use it at a time.
fn cpu(threads: Option<usize>) -> Result<Arc<dyn Device>> {
    static DEVICES: Mutex<Vec<(Option<usize>, Weak<CpuDevice>)>> = Mutex::new(Vec::new());
    if threads == Some(0) {
        return Err(Failure::config("threads must be at least 1; received 0"));
    }
    let mut devices = DEVICES.lock().unwrap_or_else(PoisonError::into_inner);
    devices.retain(|(_, device)| device.strong_count() > 0);
    let known = devices.iter().find(|(known, _)| *known == threads).and_then(|(_, device)| device.upgrade());
    Ok(known.unwrap_or_else(|| {
        let device = Arc::new(CpuDevice::new(CpuOptions { threads, ..CpuOptions::default() }));
        devices.push((threads, Arc::downgrade(&device)));
        device
    }))
}
