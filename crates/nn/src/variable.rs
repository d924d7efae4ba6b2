//! Tensors that outlive a step: weights, optimizer slots, counters, metric sums.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use glorot_graph::TensorSpec;
use glorot_tensor::Tensor;

use crate::error::{Error, Result};

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A named tensor with a value on the host. Clones are the same variable; layers that share one share its value.
///
/// While a model trains, the device holds the newest value; the training loop writes it back here.
#[derive(Clone)]
pub struct Variable(Arc<Inner>);

struct Inner {
    id: u64,
    name: String,
    path: String,
    spec: TensorSpec,
    content: Mutex<Content>,
}

struct Content {
    value: Tensor,
    version: u64,
}

impl Variable {
    pub fn new(name: impl Into<String>, value: Tensor) -> Variable {
        let name = name.into();
        Variable::with_path(name.clone(), name, value)
    }

    /// A variable of a layer, whose path says so: `hidden_1/kernel`.
    pub fn with_path(name: impl Into<String>, path: impl Into<String>, value: Tensor) -> Variable {
        let spec = TensorSpec { shape: value.shape().clone(), dtype: value.dtype() };
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let content = Mutex::new(Content { value, version: 0 });
        Variable(Arc::new(Inner { id, name: name.into(), path: path.into(), spec, content }))
    }

    /// Unique in the process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The short name Keras uses: `kernel`, `gamma`, `moving_mean`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The name with that of the layer before it, as Keras writes it: `hidden_1/kernel`; the name alone if there is no
    /// layer.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    pub fn spec(&self) -> &TensorSpec {
        &self.0.spec
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn value(&self) -> Tensor {
        self.content().value.clone()
    }

    /// Counts the assignments; tells a session on a device whether its copy is stale.
    pub fn version(&self) -> u64 {
        self.content().version
    }

    /// Replaces the value; shape and dtype must stay. Returns the new version.
    pub fn assign(&self, value: Tensor) -> Result<u64> {
        let TensorSpec { shape, dtype } = self.spec();
        if value.shape() != shape || value.dtype() != *dtype {
            let received = format!("{} {}", value.dtype(), value.shape());
            return Err(Error::invalid(format!("weight '{}' has {dtype} {shape}; received {received}", self.name())));
        }
        let mut content = self.content();
        content.value = value;
        content.version += 1;
        Ok(content.version)
    }
}

impl PartialEq for Variable {
    fn eq(&self, other: &Variable) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Variable {}

impl Hash for Variable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Variable({} {} {})", self.name(), self.spec().dtype, self.spec().shape)
    }
}
