//! The options that all optimizers have.

use serde_json::{Map, Value};

use crate::config::Options;
use crate::error::Result;
use crate::names::snake_case;
use crate::optimizers::clip::Clip;
use crate::optimizers::rule::Rule;
use crate::schedules::{self, Schedule};

/// The options that all optimizers have, with Keras's names and defaults.
pub(super) struct Settings {
    pub name: String,
    /// Learning rate, or its value at the first update.
    pub learning_rate: f64,
    pub schedule: Option<Box<dyn Schedule>>,
    /// Of the rules up to Keras 2.10: the rate is divided by `1 + decay * calls`.
    pub decay: Option<f64>,
    /// `w -= w * weight_decay * learning_rate`, before the update.
    pub weight_decay: Option<f64>,
    pub clip: Clip,
    /// Keep moving averages of the weights.
    pub use_ema: bool,
    pub ema_momentum: f64,
    /// Replace the weights by their averages every so many updates.
    pub ema_overwrite_frequency: Option<i64>,
    pub loss_scale_factor: Option<f64>,
    /// Update once in so many calls, by the mean of their gradients.
    pub gradient_accumulation_steps: Option<i64>,
}

impl Settings {
    pub fn read(options: &mut Options, rule: &dyn Rule) -> Result<Settings> {
        let name = options.name(&snake_case(rule.class_name()))?;
        let (learning_rate, schedule) = learning_rate(options, rule.default_learning_rate())?;
        if rule.is_legacy() {
            return Settings::read_legacy(options, name, learning_rate, schedule, rule);
        }
        let weight_decay = options.optional_float("weight_decay")?.or(rule.default_weight_decay());
        if let Some(decay) = weight_decay {
            options.check("weight_decay", decay, decay >= 0.0, "at least 0")?;
        }
        let clip = Clip::read(options)?;
        let use_ema = options.bool("use_ema", false)?;
        let ema_momentum = options.float("ema_momentum", 0.99)?;
        options.check("ema_momentum", ema_momentum, (0.0..=1.0).contains(&ema_momentum), "between 0 and 1")?;
        let ema_overwrite_frequency = options.optional_int("ema_overwrite_frequency")?;
        if let Some(frequency) = ema_overwrite_frequency {
            options.check("ema_overwrite_frequency", frequency, frequency >= 1, "at least 1")?;
        }
        let loss_scale_factor = options.optional_float("loss_scale_factor")?;
        if let Some(factor) = loss_scale_factor {
            options.check("loss_scale_factor", factor, factor > 0.0, "greater than 0")?;
        }
        let gradient_accumulation_steps = options.optional_int("gradient_accumulation_steps")?;
        if let Some(steps) = gradient_accumulation_steps {
            options.check("gradient_accumulation_steps", steps, steps >= 2, "at least 2")?;
        }
        if options.optional_float("decay")?.is_some_and(|decay| decay != 0.0) {
            return Err(options.error(
                "option 'decay' is not supported, as in Keras 3; give the learning rate a schedule: inverseTimeDecay \
                 with decaySteps 1 and decayRate set to the decay, or set 'is_legacy_optimizer' for the rules of Keras \
                 up to 2.10",
            ));
        }
        // Keras 2 wrote these; they change nothing here.
        options.inert(&["jit_compile"])?;
        Ok(Settings {
            name,
            learning_rate,
            schedule,
            decay: None,
            weight_decay,
            clip,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
        })
    }

    /// The options of the optimizers of Keras up to 2.10.
    fn read_legacy(
        options: &mut Options,
        name: String,
        learning_rate: f64,
        schedule: Option<Box<dyn Schedule>>,
        rule: &dyn Rule,
    ) -> Result<Settings> {
        let decay = if rule.decays() { options.float("decay", 0.0)? } else { 0.0 };
        options.check("decay", decay, decay >= 0.0, "at least 0")?;
        Ok(Settings {
            name,
            learning_rate,
            schedule,
            decay: Some(decay),
            weight_decay: None,
            clip: Clip::read(options)?,
            use_ema: false,
            ema_momentum: 0.99,
            ema_overwrite_frequency: None,
            loss_scale_factor: None,
            gradient_accumulation_steps: None,
        })
    }

    /// The options as Keras writes them; `learning_rate` is the current one.
    pub fn config(&self, learning_rate: f32) -> Map<String, Value> {
        let mut config = Map::new();
        config.insert("name".into(), self.name.clone().into());
        let rate = match &self.schedule {
            Some(schedule) => schedule.to_json(),
            None => f64::from(learning_rate).into(),
        };
        config.insert("learning_rate".into(), rate);
        if let Some(decay) = self.decay {
            config.insert("is_legacy_optimizer".into(), true.into());
            config.insert("decay".into(), decay.into());
            let clips = [self.clip.norm(), self.clip.global_norm(), self.clip.value()];
            for (name, bound) in ["clipnorm", "global_clipnorm", "clipvalue"].into_iter().zip(clips) {
                config.extend(bound.map(|bound| (name.into(), bound.into())));
            }
            return config;
        }
        config.insert("weight_decay".into(), self.weight_decay.into());
        config.insert("clipnorm".into(), self.clip.norm().into());
        config.insert("global_clipnorm".into(), self.clip.global_norm().into());
        config.insert("clipvalue".into(), self.clip.value().into());
        config.insert("use_ema".into(), self.use_ema.into());
        config.insert("ema_momentum".into(), self.ema_momentum.into());
        config.insert("ema_overwrite_frequency".into(), self.ema_overwrite_frequency.into());
        config.insert("loss_scale_factor".into(), self.loss_scale_factor.into());
        config.insert("gradient_accumulation_steps".into(), self.gradient_accumulation_steps.into());
        config
    }
}

/// A number, or a schedule as `{ class_name, config }` with the rate it gives for the first update.
fn learning_rate(options: &mut Options, default: f64) -> Result<(f64, Option<Box<dyn Schedule>>)> {
    let rate = match options.value("learning_rate")? {
        None => default,
        Some(Value::Number(rate)) => rate.as_f64().unwrap_or(f64::NAN),
        Some(value @ Value::Object(_)) => {
            let schedule = schedules::deserialize(&value);
            let schedule = schedule.map_err(|error| options.error(format!("option 'learning_rate': {error}")))?;
            return Ok((schedules::value_at(schedule.as_ref(), 0)?, Some(schedule)));
        }
        Some(other) => {
            return Err(
                options.error(format!("option 'learning_rate' must be a number or a schedule; received {other}"))
            );
        }
    };
    options.check("learning_rate", rate, rate >= 0.0, "at least 0")?;
    Ok((rate, None))
}
