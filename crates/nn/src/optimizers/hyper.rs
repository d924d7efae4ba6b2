//! Numbers that a schedule may give.

use glorot_graph::Sym;
use serde_json::Value;

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::rule::Step;
use crate::schedules::{self, Schedule};

/// A number of a rule, or a schedule that gives it anew for each update: the momentum of a 1cycle policy.
pub enum Hyper {
    Constant(f64),
    Scheduled(Box<dyn Schedule>),
}

impl Hyper {
    /// A number, or a schedule as `{ class_name, config }`.
    pub fn read(options: &mut Options, name: &'static str, default: f64) -> Result<Hyper> {
        Ok(match options.value(name)? {
            None => Hyper::Constant(default),
            Some(Value::Number(number)) => Hyper::Constant(number.as_f64().unwrap_or(f64::NAN)),
            Some(value @ Value::Object(_)) => {
                let schedule = schedules::deserialize(&value);
                Hyper::Scheduled(schedule.map_err(|error| options.error(format!("option '{name}': {error}")))?)
            }
            Some(other) => {
                return Err(options.error(format!("option '{name}' must be a number or a schedule; received {other}")));
            }
        })
    }

    /// The number, if it is always the same.
    pub fn constant(&self) -> Option<f64> {
        if let Hyper::Constant(value) = self { Some(*value) } else { None }
    }

    /// The number, or that of the first update.
    pub fn first(&self) -> Result<f64> {
        match self {
            Hyper::Constant(value) => Ok(*value),
            Hyper::Scheduled(schedule) => schedules::value_at(schedule.as_ref(), 0),
        }
    }

    /// The number at an update (float32 scalar).
    pub fn at(&self, step: &Step) -> Result<Sym> {
        match self {
            Hyper::Constant(value) => Ok(step.count.scalar_like(*value)),
            Hyper::Scheduled(schedule) => schedule.rate(&step.calls),
        }
    }

    /// One minus the number at an update.
    pub fn one_minus(&self, step: &Step) -> Result<Sym> {
        match self {
            Hyper::Constant(value) => Ok(step.count.scalar_like(1.0 - value)),
            Hyper::Scheduled(_) => Ok(step.count.scalar_like(1.0).sub(&self.at(step)?)?),
        }
    }

    /// `1 - x^count`, where `x` is the number at this update.
    pub fn one_minus_power(&self, step: &Step) -> Result<Sym> {
        match self {
            Hyper::Constant(value) => step.one_minus_power(*value),
            Hyper::Scheduled(_) => Ok(self.at(step)?.log()?.mul(&step.count)?.expm1()?.neg()?),
        }
    }

    /// As it is serialized.
    pub fn to_json(&self) -> Value {
        match self {
            Hyper::Constant(value) => (*value).into(),
            Hyper::Scheduled(schedule) => schedule.to_json(),
        }
    }
}
