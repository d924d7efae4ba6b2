//! The graph of a training step: operations, shape inference, autograd, passes, programs.
