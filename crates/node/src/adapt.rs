//! What normalization and discretization layers learn from data, which are read on the thread pool, not on the event loop.

use std::sync::{Arc, Mutex, PoisonError};

use glorot_nn::layers;
use glorot_tensor::{Shape, Tensor};
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::{Failure, Result};
use crate::layer::Layer;
use crate::tensor::HostTensor;

/// Statistics in the making; `None` once they are given to the layer.
type Shared = Arc<Mutex<Option<layers::Adaptation>>>;

/// What a layer learns, in the making.
#[napi]
pub struct Adaptation {
    shared: Shared,
}

/// Begins to gather statistics for a layer from data of the given shape (axis 0: samples).
#[napi(catch_unwind)]
pub fn adaptation(layer: &Layer, shape: Vec<u32>) -> Result<Adaptation> {
    let shape: Shape = shape.into_iter().map(|dim| dim as usize).collect();
    let adaptation = layers::Adaptation::new(layer.of_library(), &shape)?;
    Ok(Adaptation { shared: Arc::new(Mutex::new(Some(adaptation))) })
}

/// Why data cannot be used.
#[napi(object, object_from_js = false)]
pub struct AdaptFailure {
    pub code: String,
    pub message: String,
}

#[napi]
impl Adaptation {
    /// Adds samples; tells why if it cannot.
    #[napi(catch_unwind, ts_return_type = "Promise<AdaptFailure | null>")]
    pub fn add(&self, data: HostTensor) -> Result<AsyncTask<Add>> {
        Ok(AsyncTask::new(Add { shared: self.shared.clone(), data: data.into_tensor()? }))
    }

    /// Gives the layer the statistics of all samples.
    #[napi(catch_unwind)]
    pub fn finish(&self) -> Result<()> {
        let adaptation = self.shared.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(adaptation.ok_or_else(finished)?.finish()?)
    }
}

fn finished() -> Failure {
    Failure::config("the statistics were already given to the layer; begin anew")
}

/// Samples on their way into the statistics.
pub struct Add {
    shared: Shared,
    data: Tensor,
}

impl Task for Add {
    type Output = Option<Failure>;
    type JsValue = Option<AdaptFailure>;

    fn compute(&mut self) -> napi::Result<Option<Failure>> {
        let mut adaptation = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match adaptation.as_mut() {
            Some(adaptation) => adaptation.add(&self.data).err().map(Failure::from),
            None => Some(finished()),
        })
    }

    fn resolve(&mut self, _env: Env, failure: Option<Failure>) -> napi::Result<Option<AdaptFailure>> {
        Ok(failure.map(|failure| AdaptFailure { code: failure.code().into(), message: failure.message() }))
    }
}
