//! A model as the training loop sees it.

use glorot_graph::Sym;
use glorot_nn::model::{self, Model};
use glorot_nn::{Context, Result, Weight};
use glorot_tensor::Shape;
use glorot_train::{Network, Port};

/// See [`Network`].
pub struct ModelNetwork(pub Model);

fn port(port: model::Port) -> Port {
    Port { name: port.name, shape: port.shape, dtype: port.dtype }
}

impl Network for ModelNetwork {
    fn name(&self) -> String {
        self.0.name().into()
    }

    fn build(&self, inputs: &[Shape]) -> Result<()> {
        self.0.build(inputs)
    }

    fn inputs(&self) -> Option<Vec<Port>> {
        Some(self.0.input_specs().ok()?.into_iter().map(port).collect())
    }

    fn outputs(&self) -> Result<Vec<Port>> {
        Ok(self.0.output_specs()?.into_iter().map(port).collect())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym]) -> Result<Vec<Sym>> {
        self.0.call(ctx, inputs)
    }

    fn trainable_weights(&self) -> Vec<Weight> {
        self.0.trainable_weights()
    }
}
