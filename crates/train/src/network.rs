//! What the loop needs of a model.

use glorot_graph::Sym;
use glorot_nn::{Context, Result, Weight};
use glorot_tensor::{DType, Shape};

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// The name that messages and logs use.
    pub name: String,
    /// Lengths of the axes, the batch first; `None` is any length.
    pub shape: Vec<Option<usize>>,
    pub dtype: DType,
}

/// A model: a function of symbols with weights.
pub trait Network {
    /// The name that messages use.
    fn name(&self) -> String;

    /// Makes the weights for inputs of the given shapes (axis 0 is the batch), unless that was done.
    fn build(&self, inputs: &[Shape]) -> Result<()>;

    /// The inputs, or `None` if the model is not built and takes whatever comes first.
    fn inputs(&self) -> Option<Vec<Port>>;

    /// The outputs, in order. Asked after [`Network::build`].
    fn outputs(&self) -> Result<Vec<Port>>;

    /// Builds the graph of a call; penalties go to the context. Inputs come in the dtype of the data.
    fn call(&self, ctx: &Context, inputs: &[Sym]) -> Result<Vec<Sym>>;

    /// The weights that training changes, in order. Asked after [`Network::build`].
    fn trainable_weights(&self) -> Vec<Weight>;
}
