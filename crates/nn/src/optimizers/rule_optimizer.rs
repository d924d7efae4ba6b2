//! The machinery around a rule that all optimizers share.

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Value, json};

use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Weight;
use crate::optimizers::Optimizer;
use crate::optimizers::rule::{Rule, Slot, Step};
use crate::optimizers::settings::Settings;
use crate::schedules::{self, Schedule};
use crate::variable::Variable;

/// A [`Rule`] with its variables and what comes before and after it.
///
/// One call, in Keras's order: divide by the loss scale; (accumulate;) clip; decay the weights; update; moving averages;
/// constraints; count.
pub struct RuleOptimizer {
    rule: Box<dyn Rule>,
    settings: Settings,
    iterations: Variable,
    learning_rate: Variable,
    not_decayed: Vec<Variable>,
    not_decayed_names: Vec<String>,
    state: Option<State>,
}

/// What is made for the weights.
struct State {
    weights: Vec<Variable>,
    averages: Vec<Variable>,
    accumulators: Vec<Variable>,
    /// Of each weight, in the order of the rule's slots.
    slots: Vec<Vec<Variable>>,
    /// The slots in Keras's order, after them (up to Keras 2.10: before them) the shared scalars.
    ordered: Vec<Variable>,
    shared: Vec<Variable>,
}

impl RuleOptimizer {
    /// `options`: those that the rule has not read.
    pub fn new(rule: Box<dyn Rule>, mut options: Options) -> Result<RuleOptimizer> {
        let settings = Settings::read(&mut options, rule.as_ref())?;
        options.finish()?;
        let iterations = Variable::new("iteration", Tensor::scalar_i32(0));
        let learning_rate = Variable::new("learning_rate", Tensor::scalar_f32(settings.learning_rate as f32));
        let (not_decayed, not_decayed_names) = (Vec::new(), Vec::new());
        Ok(RuleOptimizer { rule, settings, iterations, learning_rate, not_decayed, not_decayed_names, state: None })
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error::config(self.rule.class_name(), message)
    }

    fn state(&self, weights: &[Weight]) -> Result<&State> {
        match &self.state {
            Some(state) if state.weights.iter().eq(weights.iter().map(|weight| &weight.variable)) => Ok(state),
            Some(_) => Err(self.error("the optimizer was built for other weights; make a new one")),
            None => Err(self.error("the optimizer is not built; call build first")),
        }
    }

    fn decays(&self, variable: &Variable) -> bool {
        let named = self.not_decayed_names.iter().any(|name| variable.name().contains(name.as_str()));
        !named && !self.not_decayed.contains(variable)
    }

    /// Assigns new values, of which those in `old` stay where `updating` (bool scalar) is false.
    fn assign(&self, ctx: &Context, updating: Option<&Sym>, variable: &Variable, value: &Sym) -> Result<()> {
        match updating {
            Some(updating) => ctx.assign(variable, &updating.select(value, &ctx.read(variable))?),
            None => ctx.assign(variable, value),
        }
    }

    /// Whether this call updates (bool scalar), and the means of the gradients since the last update.
    fn accumulate(&self, ctx: &Context, steps: i64, state: &State, gradients: &[Sym]) -> Result<(Sym, Vec<Sym>)> {
        let calls = ctx.read(&self.iterations).add_scalar(1.0)?;
        let remainder = calls.modulo(&calls.scalar_like(steps as f64))?;
        let updating = remainder.equal(&remainder.scalar_like(0.0))?;
        let mut means = Vec::new();
        for (gradient, accumulator) in gradients.iter().zip(&state.accumulators) {
            let sum = ctx.read(accumulator).add(gradient)?;
            ctx.assign(accumulator, &updating.select(&sum.scalar_like(0.0), &sum)?)?;
            means.push(sum.div_scalar(steps as f64)?);
        }
        Ok((updating, means))
    }

    /// The moving averages after this update, and what becomes of the weights.
    fn average(&self, ctx: &Context, updates: &Sym, state: &State) -> Result<()> {
        let first = updates.equal(&updates.scalar_like(0.0))?;
        let momentum = self.settings.ema_momentum;
        let keep = first.select(&ctx.tracer().scalar(0.0), &ctx.tracer().scalar(momentum))?;
        let take = first.select(&ctx.tracer().scalar(1.0), &ctx.tracer().scalar(1.0 - momentum))?;
        for (weight, average) in state.weights.iter().zip(&state.averages) {
            let value = ctx.read(weight);
            let averaged = keep.mul(&ctx.read(average))?.add(&take.mul(&value)?)?;
            ctx.assign(average, &averaged)?;
            if let Some(frequency) = self.settings.ema_overwrite_frequency {
                let count = updates.add_scalar(1.0)?;
                let remainder = count.modulo(&count.scalar_like(frequency as f64))?;
                let overwrite = remainder.equal(&remainder.scalar_like(0.0))?;
                ctx.assign(weight, &overwrite.select(&averaged, &value)?)?;
            }
        }
        Ok(())
    }
}

impl Optimizer for RuleOptimizer {
    fn class_name(&self) -> &str {
        self.rule.class_name()
    }

    fn to_json(&self) -> Value {
        let rate = self.learning_rate.value().as_f32().map_or(f32::NAN, |rate| rate[0]);
        let mut config = self.settings.config(rate);
        config.extend(self.rule.config());
        json!({ "class_name": self.rule.class_name(), "config": config })
    }

    fn build(&mut self, weights: &[Weight]) -> Result<()> {
        if self.state.is_some() {
            return self.state(weights).map(|_| ());
        }
        for weight in weights {
            let variable = &weight.variable;
            if variable.spec().dtype != DType::F32 {
                let received = variable.spec().dtype;
                return Err(
                    self.error(format!("weight '{}' must be float32 to be trained; it is {received}", variable.name()))
                );
            }
        }
        let per_weight = |name: &'static str, wanted: bool| -> Result<Vec<Variable>> {
            let slot = |weight: &Weight| kept(weight, &Slot::zeros(name));
            if wanted { weights.iter().map(slot).collect() } else { Ok(Vec::new()) }
        };
        let averages = per_weight("average", self.settings.use_ema)?;
        let accumulators = per_weight("gradient_accumulator", self.settings.gradient_accumulation_steps.is_some())?;
        let mut slots = vec![Vec::new(); weights.len()];
        let mut ordered = Vec::new();
        let kinds: Vec<_> = weights.iter().map(|weight| self.rule.slots_of(&weight.variable)).collect();
        for group in 0..self.rule.slots().len() {
            for ((weight, kinds), slots) in weights.iter().zip(&kinds).zip(&mut slots) {
                for kind in &kinds[group] {
                    let slot = kept(weight, kind)?;
                    slots.push(slot.clone());
                    ordered.push(slot);
                }
            }
        }
        // Scalars, as the learning rate is.
        let of_scalar = |slot: &Slot| Ok(Variable::new(slot.name, slot.first(&self.learning_rate)?));
        let shared: Vec<Variable> = self.rule.shared().iter().map(of_scalar).collect::<Result<_>>()?;
        let place = if self.rule.is_legacy() { 0 } else { ordered.len() };
        ordered.splice(place..place, shared.iter().cloned());
        let weights = weights.iter().map(|weight| weight.variable.clone()).collect();
        self.state = Some(State { weights, averages, accumulators, slots, ordered, shared });
        Ok(())
    }

    fn apply(&self, ctx: &Context, weights: &[Weight], gradients: &[Sym]) -> Result<()> {
        let state = self.state(weights)?;
        if gradients.len() != weights.len() {
            return Err(self.error(format!("expected {} gradients, received {}", weights.len(), gradients.len())));
        }
        let mut gradients = gradients.to_vec();
        if let Some(scale) = self.settings.loss_scale_factor {
            gradients = gradients.iter().map(|gradient| Ok(gradient.div_scalar(scale)?)).collect::<Result<_>>()?;
        }

        // Schedules count calls, rules count updates.
        let calls = ctx.read(&self.iterations);
        let mut updates = calls.clone();
        let mut updating = None;
        if let Some(steps) = self.settings.gradient_accumulation_steps {
            updates = calls.div(&calls.scalar_like(steps as f64))?;
            let (now, means) = self.accumulate(ctx, steps, state, &gradients)?;
            (updating, gradients) = (Some(now), means);
        }
        let updating = updating.as_ref();
        let gradients = self.settings.clip.apply(&gradients)?;

        let before = calls.cast(DType::F32)?;
        let mut rate = match &self.settings.schedule {
            Some(schedule) => schedule.rate(&before)?,
            None => ctx.read(&self.learning_rate),
        };
        if self.settings.schedule.is_some() {
            ctx.assign(&self.learning_rate, &rate)?;
        }
        let count = updates.add_scalar(1.0)?.cast(DType::F32)?;
        if let Some(decay) = self.settings.decay.filter(|&decay| decay > 0.0) {
            rate = rate.div(&before.mul_scalar(decay)?.add_scalar(1.0)?)?;
        }
        let shared = state.shared.iter().map(|scalar| ctx.read(scalar)).collect();
        let mut step = Step { rate, count, calls: before, shared };
        step.shared = self.rule.advance(&step)?;
        for (scalar, value) in state.shared.iter().zip(&step.shared) {
            self.assign(ctx, updating, scalar, value)?;
        }

        for ((weight, gradient), slots) in state.weights.iter().zip(&gradients).zip(&state.slots) {
            let mut value = ctx.read(weight);
            let decay = self.rule.weight_decay_of(weight, self.settings.weight_decay);
            if let Some(decay) = decay.filter(|_| self.decays(weight)) {
                value = value.sub(&value.mul(&step.rate.mul_scalar(decay)?)?)?;
            }
            let old: Vec<Sym> = slots.iter().map(|slot| ctx.read(slot)).collect();
            let update = self.rule.update(&step, &value, gradient, &old)?;
            self.assign(ctx, updating, weight, &update.weight)?;
            for (slot, value) in slots.iter().zip(&update.slots) {
                self.assign(ctx, updating, slot, value)?;
            }
        }

        if self.settings.use_ema {
            self.average(ctx, &updates, state)?;
        }
        for weight in weights {
            if let Some(constraint) = &weight.constraint {
                let projected = constraint.project(&ctx.read(&weight.variable))?;
                ctx.assign(&weight.variable, &projected)?;
            }
        }
        ctx.assign(&self.iterations, &calls.add_scalar(1.0)?)
    }

    fn variables(&self) -> Vec<Variable> {
        let mut variables = vec![self.iterations.clone()];
        if self.settings.schedule.is_none() && !self.rule.is_legacy() {
            variables.push(self.learning_rate.clone());
        }
        if let Some(state) = &self.state {
            variables.extend([&state.averages, &state.accumulators, &state.ordered].into_iter().flatten().cloned());
        }
        variables
    }

    fn iterations(&self) -> Variable {
        self.iterations.clone()
    }

    fn learning_rate(&self) -> Variable {
        self.learning_rate.clone()
    }

    fn schedule(&self) -> Option<&dyn Schedule> {
        self.settings.schedule.as_deref()
    }

    fn weights(&self) -> &[Variable] {
        self.state.as_ref().map_or(&[], |state| &state.weights)
    }

    fn averages(&self) -> &[Variable] {
        self.state.as_ref().map_or(&[], |state| &state.averages)
    }

    fn loss_scale(&self, ctx: &Context) -> Result<Option<Sym>> {
        Ok(self.settings.loss_scale_factor.map(|scale| ctx.tracer().scalar(scale)))
    }

    fn set_schedule(&mut self, schedule: Box<dyn Schedule>) -> Result<()> {
        if self.state.is_some() {
            return Err(self.error("a schedule can be given only before the optimizer is built"));
        }
        let first = schedules::value_at(schedule.as_ref(), 0)?;
        self.learning_rate.assign(Tensor::scalar_f32(first as f32))?;
        self.settings.schedule = Some(schedule);
        Ok(())
    }

    fn exclude_from_weight_decay(&mut self, variables: &[Variable], names: &[String]) -> Result<()> {
        if self.state.is_some() {
            return Err(self.error("weights can be excluded from weight decay only before the optimizer is built"));
        }
        self.not_decayed = variables.to_vec();
        self.not_decayed_names = names.to_vec();
        Ok(())
    }

    fn excluded_from_weight_decay(&self) -> (&[Variable], &[String]) {
        (&self.not_decayed, &self.not_decayed_names)
    }
}

/// What is kept for a weight, with the name that Keras forms: `hidden_1_kernel_momentum`.
fn kept(weight: &Weight, slot: &Slot) -> Result<Variable> {
    let name = format!("{}_{}", weight.variable.path().replace('/', "_"), slot.name);
    Ok(Variable::new(name, slot.first(&weight.variable)?))
}
