use glorot_graph::{Op, Sym};
use glorot_nn::{Context, StateTable, Variable, Weight};
use glorot_tensor::DType;

use crate::compiled::{Compiled, Target};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::samples::Labels;
use crate::step::{Step, StepKey};
use crate::trace::Trackers;
use crate::trace::align::{TargetKind, align, align_weights, check};
use crate::trace::forward::{forward, inputs};

/// What the steps of a model have in common.
pub(crate) struct Tracing<'a> {
    pub network: &'a dyn Network,
    pub states: &'a StateTable,
    pub random_state: &'a Variable,
}

impl Tracing<'_> {
    fn context(&self, training: bool) -> Context {
        Context::new(self.states.clone(), self.random_state.clone(), training)
    }
}

/// A training step: forward, loss, gradients, update, running values. Output 0 is the loss of the batch.
///
/// `weights` gives the weights that are trained; it is asked after the forward pass, which may make them.
pub(crate) fn train(
    tracing: &Tracing<'_>,
    compiled: &Compiled,
    trackers: &Trackers,
    key: &StepKey,
    weights: &dyn Fn() -> Vec<Weight>,
) -> Result<Step> {
    let ctx = tracing.context(true);
    let judged = judge(&ctx, tracing, compiled, trackers, key)?;
    let weights = weights();
    let current: Vec<Sym> = weights.iter().map(|weight| ctx.read(&weight.variable)).collect();
    let mut optimizer = compiled.optimizer.borrow_mut();
    let scaled = match optimizer.loss_scale() {
        1.0 => judged.loss.clone(),
        scale => judged.loss.mul_scalar(scale)?,
    };
    let gradients = ctx.tracer().gradients(&scaled, &current)?;
    optimizer.build(&weights)?;
    optimizer.apply(&ctx, &weights, &gradients)?;
    ctx.advance_random()?;
    Ok(judged.compile(&ctx))
}

/// An evaluation step: forward, loss and running values. Output 0 is the loss of the batch.
pub(crate) fn test(tracing: &Tracing<'_>, compiled: &Compiled, trackers: &Trackers, key: &StepKey) -> Result<Step> {
    let ctx = tracing.context(false);
    let judged = judge(&ctx, tracing, compiled, trackers, key)?;
    advance_if_random(&ctx)?;
    Ok(judged.compile(&ctx))
}

/// A prediction step: its outputs are those of the model.
pub(crate) fn predict(tracing: &Tracing<'_>, key: &StepKey) -> Result<Step> {
    let ctx = tracing.context(false);
    let xs = inputs(&ctx, &key.x);
    for output in forward(&ctx, tracing.network, &xs, key.batch())? {
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

/// A traced forward pass with its loss.
struct Judged {
    loss: Sym,
    labels: Vec<Option<Labels>>,
}

impl Judged {
    fn compile(self, ctx: &Context) -> Step {
        ctx.tracer().output(&self.loss);
        Step { labels: self.labels, ..Step::compile(&ctx.tracer().graph()) }
    }
}

/// Traces the forward pass, the loss and the running values.
fn judge(
    ctx: &Context,
    tracing: &Tracing<'_>,
    compiled: &Compiled,
    trackers: &Trackers,
    key: &StepKey,
) -> Result<Judged> {
    let (xs, ys) = (inputs(ctx, &key.x), inputs(ctx, &key.y));
    let weights: Vec<Option<Sym>> = key
        .weights
        .iter()
        .map(|spec| spec.as_ref().map(|spec| ctx.tracer().input(spec.shape.clone(), spec.dtype)))
        .collect();
    let outputs = forward(ctx, tracing.network, &xs, key.batch())?;
    let names = tracing.network.output_names();

    let mut total: Option<Sym> = None;
    let mut add = |term: Sym| -> Result<()> {
        total = Some(match &total {
            Some(sum) => sum.add(&term)?,
            None => term,
        });
        Ok(())
    };
    let mut labels = Vec::new();
    let used = compiled.targets.iter().enumerate().filter(|(_, target)| target.is_used());
    for (((number, target), y), weight) in used.zip(&ys).zip(&weights) {
        let (name, output) = (&names[number], &outputs[number]);
        labels.push(label_range(target, output));
        if let Some(value) = output_loss(target, name, y, output, weight.as_ref())? {
            if let Some(tracker) = &trackers.outputs[number] {
                tracker.update(ctx, &value, key.batch())?;
            }
            add(if target.loss_weight == 1.0 { value } else { value.mul_scalar(target.loss_weight)? })?;
        }
        for (metric, weighted) in target.all_metrics() {
            let y = align(y, output, TargetKind::of(&metric.to_json()))?;
            let weight = weight.as_ref().filter(|_| weighted).map(|weight| weight.cast(DType::F32)).transpose()?;
            metric.update(ctx, &y, output, weight.as_ref())?;
        }
    }
    for penalty in ctx.losses() {
        add(penalty)?;
    }
    let Some(loss) = total else {
        return Err(Error::data(format!("model '{}' has no loss: compile it with one", tracing.network.name())));
    };
    trackers.loss.update(ctx, &loss, key.batch())?;
    Ok(Judged { loss, labels })
}

/// What the labels may be if the targets of an output are labels.
fn label_range(target: &Target, output: &Sym) -> Option<Labels> {
    let json = target.loss.as_ref()?.to_json();
    let ignored = json.pointer("/config/ignore_class").and_then(|class| class.as_i64());
    let classes = output.shape().last().copied()?;
    (TargetKind::of(&json) == TargetKind::Labels).then_some(Labels { classes, ignored })
}

/// The loss of an output: the mean over all entries of the losses, after they were multiplied by the weights.
fn output_loss(target: &Target, name: &str, y: &Sym, output: &Sym, weight: Option<&Sym>) -> Result<Option<Sym>> {
    let Some(loss) = &target.loss else { return Ok(None) };
    let kind = TargetKind::of(&loss.to_json());
    check(&y.shape(), &output.shape(), kind, name, loss.name())?;
    let losses = loss.per_sample(&align(y, output, kind)?, output)?;
    let weighted = match weight {
        Some(weight) => losses.mul(&align_weights(weight, &losses.shape(), name)?)?,
        None => losses,
    };
    Ok(Some(weighted.mean_all()?))
}
