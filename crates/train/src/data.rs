use glorot_tensor::Tensor;

/// Samples with targets. Axis 0 of every tensor counts the samples.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// One tensor for each input of the model, of any dtype: bytes stay bytes until a step uses them.
    pub x: Vec<Tensor>,
    /// One tensor for each output that has a loss or metrics.
    pub y: Vec<Tensor>,
    /// Weights of the samples: none, one tensor for all outputs, or one (or none) for each tensor of `y`.
    pub sample_weights: Vec<Option<Tensor>>,
}

impl Dataset {
    /// Samples of a model with one input and one output.
    pub fn new(x: Tensor, y: Tensor) -> Dataset {
        Dataset { x: vec![x], y: vec![y], sample_weights: Vec::new() }
    }

    /// Samples that weigh differently: `[n]`, or the shape of the losses of the samples.
    pub fn with_sample_weights(mut self, weights: Tensor) -> Dataset {
        self.sample_weights = vec![Some(weights)];
        self
    }
}
