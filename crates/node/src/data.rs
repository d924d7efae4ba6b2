//! Data sets: files are read and glyphs are drawn on the thread pool, not on the event loop.

use std::path::PathBuf;

use glorot_io::{DataError, Samples};
use glorot_tensor::Tensor;
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Status, Task};
use napi_derive::napi;

use crate::tensor::HostTensor;

type Work = Box<dyn FnOnce() -> Result<Vec<Tensor>, DataError> + Send>;

/// Something that takes a while and ends with tensors.
pub struct Load {
    work: Option<Work>,
}

impl Load {
    fn task(work: impl FnOnce() -> Result<Vec<Tensor>, DataError> + Send + 'static) -> AsyncTask<Load> {
        AsyncTask::new(Load { work: Some(Box::new(work)) })
    }
}

impl Task for Load {
    type Output = Vec<Tensor>;
    type JsValue = Vec<HostTensor>;

    fn compute(&mut self) -> napi::Result<Vec<Tensor>> {
        // Node runs a task once.
        let Some(work) = self.work.take() else { return Ok(Vec::new()) };
        work().map_err(|error| napi::Error::new(Status::GenericFailure, error.to_string()))
    }

    fn resolve(&mut self, _env: Env, tensors: Vec<Tensor>) -> napi::Result<Vec<HostTensor>> {
        Ok(tensors.into_iter().map(HostTensor::from).collect())
    }
}

/// Reads an IDX file, gzip-compressed or not: `[tensor]`.
#[napi(ts_return_type = "Promise<[HostTensor]>")]
pub fn read_idx(path: String) -> AsyncTask<Load> {
    Load::task(|| Ok(vec![glorot_io::read_idx(PathBuf::from(path))?]))
}

/// Reads binary batches of CIFAR-10, one after the other: `[x, y]`.
#[napi(ts_return_type = "Promise<[HostTensor, HostTensor]>")]
pub fn read_cifar10(paths: Vec<String>) -> AsyncTask<Load> {
    Load::task(move || {
        let Samples { x, y } = glorot_io::read_cifar10(&paths)?;
        Ok(vec![x, y])
    })
}

/// Draws glyphs: `[trainX, trainY, testX, testY]`.
#[napi(ts_return_type = "Promise<[HostTensor, HostTensor, HostTensor, HostTensor]>")]
pub fn glyphs(seed: u32, train: u32, test: u32) -> AsyncTask<Load> {
    Load::task(move || {
        let data = glorot_io::glyphs(u64::from(seed), train as usize, test as usize);
        Ok(vec![data.train.x, data.train.y, data.test.x, data.test.y])
    })
}
