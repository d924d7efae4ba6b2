//! What the crossentropies of several classes share.

use glorot_graph::{Op, Sym, UnaryOp};

use crate::error::Result;

/// The smallest probability whose logarithm is taken, as in Keras.
pub(super) const EPSILON: f64 = 1e-7;

/// Probabilities in `[1e-7, 1 - 1e-7]`; no gradient outside. The upper bound is float32's nearest, `1 - 1.19e-7`.
pub(super) fn clip_probabilities(p: &Sym) -> Result<Sym> {
    let highest = f64::from((1.0 - EPSILON) as f32);
    Ok(p.maximum_scalar(EPSILON)?.minimum_scalar(highest)?)
}

/// The logits behind probabilities that a softmax made.
pub(super) fn softmax_logits(p: &Sym) -> Option<Sym> {
    p.logits().filter(|_| !is_sigmoid(p))
}

/// The logits behind probabilities that a sigmoid made.
pub(super) fn sigmoid_logits(p: &Sym) -> Option<Sym> {
    p.logits().filter(|_| is_sigmoid(p))
}

fn is_sigmoid(p: &Sym) -> bool {
    p.tracer().graph().node(p.id()).op == Op::Unary(UnaryOp::Sigmoid)
}

/// `z - max(z)` and `log(sum(exp(z - max(z))))` along an axis (which the second loses). The largest logit is taken as a
/// constant: it cancels, and so the gradient is that of a plain softmax.
pub(super) fn shifted_log_sum(logits: &Sym, axis: usize) -> Result<(Sym, Sym)> {
    let shifted = logits.sub(&logits.max(&[axis], true)?.stop_gradient()?)?;
    let log_sum = shifted.exp()?.sum(&[axis], false)?.log()?;
    Ok((shifted, log_sum))
}
