//! Reading and writing on the thread pool.

use std::cell::RefCell;

use glorot_tensor::Tensor;
use napi::{Env, Status, Task};

use super::{ModelFile, NamedTensor, WeightFile, Weights};

type Work<T> = Box<dyn FnOnce() -> Result<T, String> + Send>;

/// Declares a task that runs once and whose result becomes a JavaScript value.
macro_rules! task {
    ($(#[$doc:meta])* $name:ident: $output:ty => $value:ty, $resolve:expr) => {
        $(#[$doc])*
        pub struct $name(Option<Work<$output>>);

        impl $name {
            pub fn new(work: impl FnOnce() -> Result<$output, String> + Send + 'static) -> $name {
                $name(Some(Box::new(work)))
            }
        }

        impl Task for $name {
            type Output = $output;
            type JsValue = $value;

            fn compute(&mut self) -> napi::Result<$output> {
                let result = self.0.take().map_or_else(|| Err("a file task ran twice".into()), |work| work());
                result.map_err(|message| napi::Error::new(Status::GenericFailure, message))
            }

            fn resolve(&mut self, _env: Env, output: $output) -> napi::Result<$value> {
                Ok($resolve(output))
            }
        }
    };
}

task!(
    /// Reads a model file.
    ReadModel: ModelFile => ModelFile, |file| file
);

task!(
    /// Reads a file of weights.
    ReadWeights: Weights => WeightFile, |weights| WeightFile { content: RefCell::new(Some(weights)) }
);

task!(
    /// Reads named tensors.
    ReadTensors: Vec<(String, Tensor)> => Vec<NamedTensor>,
    |tensors: Vec<(String, Tensor)>| tensors.into_iter().map(NamedTensor::of).collect()
);

task!(
    /// Writes a file.
    WriteFile: () => (), |()| ()
);
