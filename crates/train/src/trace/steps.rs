use glorot_graph::{Op, Sym, TensorSpec};
use glorot_nn::losses::Targets;
use glorot_nn::model::Model;
use glorot_nn::{Context, Mode, StateTable, Weight};
use glorot_tensor::{DType, Shape};

use crate::compiled::Resolved;
use crate::error::{Error, Result};
use crate::samples::Labels;
use crate::step::{Kind, Step, StepKey};
use crate::trace::align::{align, check};
use crate::trace::{Judge, KeptGradients};

/// What the steps of a model have in common.
pub(crate) struct Tracing<'a> {
    pub model: &'a Model,
    pub states: &'a StateTable,
}

impl Tracing<'_> {
    pub(super) fn context(&self, mode: Mode) -> Context {
        Context::with_mode(self.states.clone(), self.model.random_state().clone(), mode)
    }
}

/// A training step: forward, loss, gradients of the given weights, update, running values. Output 0 is the loss of the
/// batch.
pub(crate) fn train(
    tracing: &Tracing<'_>,
    judge: &Judge,
    weights: &[Weight],
    kept: &KeptGradients,
    key: &StepKey,
) -> Result<Step> {
    let ctx = tracing.context(Mode::Training);
    let judged = judged(&ctx, tracing, judge, key)?;
    let current: Vec<Sym> = weights.iter().map(|weight| ctx.read(&weight.variable)).collect();
    if !current.is_empty() && !ctx.tracer().reaches(&judged.loss, &current) {
        let message = "the loss does not depend on any weight that is trained: compute it from the predictions, with \
                       functions that have derivatives";
        return Err(glorot_nn::Error::invalid(message).into());
    }
    let mut optimizer = judge.optimizer.borrow_mut();
    let scale = optimizer.loss_scale(&ctx)?;
    let scaled = match &scale {
        None => judged.loss.clone(),
        Some(scale) => judged.loss.mul(scale)?,
    };
    let gradients = ctx.tracer().gradients(&scaled, &current)?;
    kept.keep(&ctx, &gradients, scale.as_ref(), key.gradients)?;
    optimizer.build(weights)?;
    optimizer.apply(&ctx, weights, &gradients)?;
    ctx.advance_random()?;
    Ok(judged.compile(&ctx))
}

/// An evaluation step: forward, loss and running values. Output 0 is the loss of the batch.
pub(crate) fn test(tracing: &Tracing<'_>, judge: &Judge, key: &StepKey) -> Result<Step> {
    let ctx = tracing.context(Mode::Inference);
    let judged = judged(&ctx, tracing, judge, key)?;
    advance_if_random(&ctx)?;
    Ok(judged.compile(&ctx))
}

/// A prediction step, in inference mode or with noise: its outputs are those of the model.
pub(crate) fn predict(tracing: &Tracing<'_>, key: &StepKey) -> Result<Step> {
    let ctx = tracing.context(if key.kind == Kind::Sample { Mode::MonteCarlo } else { Mode::Inference });
    for output in forward(&ctx, tracing.model, key)? {
        ctx.tracer().output(&output);
    }
    advance_if_random(&ctx)?;
    Ok(Step::compile(&ctx.tracer().graph()))
}

/// Layers that stay random outside training draw new numbers in each step.
fn advance_if_random(ctx: &Context) -> Result<()> {
    let is_random = ctx.tracer().graph().nodes().iter().any(|node| matches!(node.op, Op::Random { .. }));
    if is_random {
        ctx.advance_random()?;
    }
    Ok(())
}

fn input(ctx: &Context, spec: &TensorSpec) -> Sym {
    ctx.tracer().input(spec.shape.clone(), spec.dtype)
}

/// Calls the model on inputs of the trace.
fn forward(ctx: &Context, model: &Model, key: &StepKey) -> Result<Vec<Sym>> {
    let xs: Vec<Sym> = key.x.iter().map(|spec| input(ctx, spec)).collect();
    let outputs = model.call(ctx, &xs)?;
    for (output, port) in outputs.iter().zip(model.output_specs()?) {
        if output.shape().first() != Some(&key.batch()) {
            return Err(Error::data(format!(
                "output '{}' of model '{}' has shape {} for a batch of {}: its first axis must be the batch",
                port.name,
                model.name(),
                output.shape(),
                key.batch()
            )));
        }
    }
    Ok(outputs)
}

/// A traced forward pass with its loss.
pub(super) struct Judged {
    pub loss: Sym,
    pub labels: Vec<Option<Labels>>,
}

impl Judged {
    pub fn compile(self, ctx: &Context) -> Step {
        ctx.tracer().output(&self.loss);
        Step { labels: self.labels, ..Step::compile(&ctx.tracer().graph()) }
    }
}

/// Traces the forward pass, the loss and the running values.
pub(super) fn judged(ctx: &Context, tracing: &Tracing<'_>, judge: &Judge, key: &StepKey) -> Result<Judged> {
    let outputs = forward(ctx, tracing.model, key)?;
    let ys: Vec<Sym> = key.y.iter().map(|spec| input(ctx, spec)).collect();
    let weights: Vec<Option<Sym>> = key.weights.iter().map(|spec| spec.as_ref().map(|spec| input(ctx, spec))).collect();

    let mut terms = Vec::new();
    let mut labels = Vec::new();
    for (number, target) in judge.targets.iter().enumerate() {
        let name = &target.output;
        let (y, output) = (&ys[number], &outputs[target.index]);
        let weight = weights[number].as_ref().map(|weight| weight.cast(DType::F32)).transpose()?;
        let counts = ctx.mask(output);
        let of_output = |error: glorot_nn::Error| Error::data(format!("output '{name}': {error}"));
        labels.push(label_range(target, output));
        if let Some(value) = output_loss(target, y, output, weight.as_ref(), counts.as_ref())? {
            if let Some(mean) = &judge.losses[number] {
                mean.update(ctx, &value, key.batch())?;
            }
            let weighted = if target.loss_weight == 1.0 { value } else { value.mul_scalar(target.loss_weight)? };
            terms.push(weighted);
        }
        for (metric, weighted) in &target.metrics {
            let y = if metric.aligns_targets() { y.clone() } else { align(y, output)? };
            let weight = weight.clone().filter(|_| *weighted);
            let weight = match counts.as_ref().filter(|_| metric.heeds_mask()) {
                None => weight,
                Some(counts) => {
                    let counts = counts.cast(DType::F32)?;
                    Some(weight.map_or_else(|| Ok(counts.clone()), |weight| weight.mul(&counts))?)
                }
            };
            metric.update(ctx, &y, output, weight.as_ref()).map_err(of_output)?;
        }
    }
    terms.extend(ctx.losses());
    let Some((first, others)) = terms.split_first() else {
        return Err(Error::data(format!("model '{}' has no loss: compile it with one", tracing.model.name())));
    };
    let loss = others.iter().try_fold(first.clone(), |sum, term| sum.add(term))?;
    judge.loss.update(ctx, &loss, key.batch())?;
    Ok(Judged { loss, labels })
}

/// What the labels may be if the targets of an output are labels.
fn label_range(target: &Resolved, output: &Sym) -> Option<Labels> {
    let Targets::Labels { ignored } = target.loss.as_ref()?.targets() else { return None };
    Some(Labels { classes: output.shape().last().copied()?, ignored })
}

/// The loss of an output. `counts`: its mask.
fn output_loss(
    target: &Resolved,
    y: &Sym,
    output: &Sym,
    weight: Option<&Sym>,
    counts: Option<&Sym>,
) -> Result<Option<Sym>> {
    let Some(loss) = &target.loss else { return Ok(None) };
    let (name, takes) = (&target.output, loss.targets());
    check(&y.shape(), &output.shape(), takes, name, loss.name())?;
    let y = if takes == Targets::Anything { &align(y, output)? } else { y };
    let value = loss
        .masked_value(y, output, weight, counts)
        .map_err(|error| Error::data(format!("output '{name}': {error}")))?;
    if value.shape() != Shape::scalar() {
        return Err(Error::data(format!(
            "output '{name}': {} must give one number to train with, received shape {}; choose another reduction",
            loss.name(),
            value.shape()
        )));
    }
    Ok(Some(value))
}
