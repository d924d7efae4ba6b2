use glorot_graph::{StateId, Sym};
use glorot_nn::{Mode, Variable, Weight};

use crate::error::Result;
use crate::step::{Shared, Step, StepKey};
use crate::trace::steps::judged;
use crate::trace::{Judge, KeptGradients, Tracing};

/// A training step that replicas share. A part is forward and backward for some rows of the batch; it weights its gradients
/// by its rows, so that their sum is the gradient for the whole batch, and adds to its own running values. Then the update,
/// which reads the sums.
///
/// `shared`: variables for the gradients; `partial`: the states of running values.
pub(crate) fn train_shared(
    tracing: &Tracing<'_>,
    judge: &Judge,
    weights: &[Weight],
    kept: &KeptGradients,
    shared: &[Variable],
    partial: Vec<StateId>,
    key: &StepKey,
) -> Result<Step> {
    let (batch, replicas) = (key.batch(), key.replicas);
    let rows: Vec<usize> = (0..replicas).map(|i| batch / replicas + usize::from(i < batch % replicas)).collect();
    let mut sizes: Vec<usize> = rows.iter().copied().filter(|&count| count > 0).collect();
    sizes.dedup();
    let mut parts = sizes.iter().map(|&size| Ok((size, part(tracing, judge, weights, shared, key, size)?)));
    let parts = parts.by_ref().collect::<Result<Vec<_>>>()?;

    let ctx = tracing.context(Mode::Training);
    let sums: Vec<Sym> = shared.iter().map(|gradient| ctx.read(gradient)).collect();
    let mut optimizer = judge.optimizer.borrow_mut();
    let scale = optimizer.loss_scale(&ctx)?;
    kept.keep(&ctx, &sums, scale.as_ref(), key.gradients)?;
    optimizer.build(weights)?;
    optimizer.apply(&ctx, weights, &sums)?;
    let update = Step::compile(&ctx.tracer().graph());

    let state = |variable: &Variable| tracing.states.state(variable);
    let averaged = tracing.model.non_trainable_weights();
    let (mut programs, mut updates, mut labels) = (Vec::new(), update.updates, Vec::new());
    for (size, part) in parts {
        updates.extend(part.updates.iter().filter(|&state| !updates.contains(state)).copied().collect::<Vec<_>>());
        labels = part.labels;
        programs.push((size, part.program));
    }
    Ok(Step {
        id: update.id,
        program: programs[0].1.clone(),
        updates,
        labels,
        shared: Some(Shared {
            parts: programs,
            rows,
            update: update.program,
            summed: shared.iter().map(state).collect(),
            partial,
            averaged: averaged.iter().map(|weight| state(&weight.variable)).collect(),
            random: state(tracing.model.random_state()),
        }),
    })
}

/// The step of one replica up to the gradients. Output 0 is the loss of its rows.
fn part(
    tracing: &Tracing<'_>,
    judge: &Judge,
    weights: &[Weight],
    shared: &[Variable],
    key: &StepKey,
    rows: usize,
) -> Result<Step> {
    let ctx = tracing.context(Mode::Training);
    let judged = judged(&ctx, tracing, judge, &key.of_rows(rows))?;
    let current: Vec<Sym> = weights.iter().map(|weight| ctx.read(&weight.variable)).collect();
    let scaled = match judge.optimizer.borrow().loss_scale(&ctx)? {
        None => judged.loss.clone(),
        Some(scale) => judged.loss.mul(&scale)?,
    };
    let share = rows as f64 / key.batch() as f64;
    for (gradient, shared) in ctx.tracer().gradients(&scaled, &current)?.iter().zip(shared) {
        let weighted = if share == 1.0 { gradient.clone() } else { gradient.mul_scalar(share)? };
        ctx.assign(shared, &weighted)?;
    }
    ctx.advance_random()?;
    Ok(judged.compile(&ctx))
}
