//! Layers, activations, initializers, losses, metrics and optimizers that build graph.
