//! Work that was prepared on the thread of the model and runs on any.

mod batch;
mod evaluate;
mod fit;
mod pace;
mod predict;
mod watch;

use std::sync::Arc;

use glorot_nn::Variable;

pub use batch::BatchJob;
pub use evaluate::EvaluateJob;
pub use fit::FitJob;
pub(crate) use fit::{Check, FitPlan, ValidationPlan};
pub use predict::PredictJob;

use crate::access::Access;
use crate::event::{Event, Flow};
use crate::pool::Pool;

/// What a job tells while it runs.
pub type Handler<'a> = dyn FnMut(Event<'_>, &mut Access<'_>) -> Flow + 'a;

/// A model's states, for the thread that works on them.
#[derive(Clone)]
pub(crate) struct States {
    pub pool: Arc<Pool>,
    pub variables: Vec<Variable>,
}
