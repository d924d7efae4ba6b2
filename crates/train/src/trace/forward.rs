use glorot_graph::{Sym, TensorSpec};
use glorot_nn::Context;
use glorot_tensor::DType;

use crate::error::{Error, Result};
use crate::network::Network;

/// Adds inputs of the given specs to the trace.
pub(crate) fn inputs(ctx: &Context, specs: &[TensorSpec]) -> Vec<Sym> {
    specs.iter().map(|spec| ctx.tracer().input(spec.shape.clone(), spec.dtype)).collect()
}

/// Calls the model on inputs, cast to the dtype it computes with.
pub(crate) fn forward(ctx: &Context, network: &dyn Network, inputs: &[Sym], batch: usize) -> Result<Vec<Sym>> {
    let dtypes: Vec<DType> = match network.inputs() {
        Some(specs) => specs.iter().map(|spec| spec.dtype).collect(),
        None => vec![DType::F32; inputs.len()],
    };
    let cast =
        inputs.iter().zip(dtypes).map(|(input, dtype)| input.cast(dtype)).collect::<glorot_graph::Result<Vec<_>>>()?;
    let outputs = network.call(ctx, &cast)?;
    for (output, name) in outputs.iter().zip(network.output_names()) {
        if output.shape().first() != Some(&batch) {
            return Err(Error::data(format!(
                "output '{name}' of model '{}' has shape {} for a batch of {batch}: its first axis must be the batch",
                network.name(),
                output.shape()
            )));
        }
    }
    Ok(outputs)
}
