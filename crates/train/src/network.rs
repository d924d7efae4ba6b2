//! What the loop needs of a model.

use glorot_graph::Sym;
use glorot_nn::{Context, Result, Weight};
use glorot_tensor::DType;

/// One input of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// The name that messages use.
    pub name: String,
    /// Shape of one sample (without the batch axis); `None` where any length fits.
    pub sample: Vec<Option<usize>>,
    /// The dtype that the model computes with; data of another dtype are cast in the step.
    pub dtype: DType,
}

/// A model: a function of symbols with weights.
pub trait Network {
    /// The name that messages use.
    fn name(&self) -> String;

    /// The inputs, or `None` if the model takes whatever comes first (its layers are not built).
    fn inputs(&self) -> Option<Vec<InputSpec>>;

    /// Names of the outputs, in order.
    fn output_names(&self) -> Vec<String>;

    /// Builds the graph of a call, with layers that are not built yet; penalties go to the context.
    fn call(&self, ctx: &Context, inputs: &[Sym]) -> Result<Vec<Sym>>;

    /// The weights that training changes, in order. Asked after the first call.
    fn trainable_weights(&self) -> Vec<Weight>;
}
