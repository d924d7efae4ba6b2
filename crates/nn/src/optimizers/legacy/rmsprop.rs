//! RMSprop of Keras up to 2.10.

use glorot_graph::Sym;
use serde_json::{Map, Value};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::adam::towards;
use crate::optimizers::rmsprop::RmsProp as Current;
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// `v = rho v + (1 - rho) g^2`, `w -= rate g / (sqrt(v) + epsilon)`; `centered`: `v - a^2` in place of `v` in the root, with
/// `a = rho a + (1 - rho) g`. With `momentum` epsilon is added inside the root, as in later versions.
struct RmsProp {
    current: Current,
}

/// Options: `rho` (0.9, in `[0, 1]`), `momentum` (0, in `[0, 1]`), `epsilon` (1e-7), `centered` (false).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    Ok(Box::new(RmsProp { current: Current::read(options)? }))
}

impl Rule for RmsProp {
    fn class_name(&self) -> &'static str {
        "RMSprop"
    }

    fn config(&self) -> Map<String, Value> {
        self.current.config()
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        let mut slots = vec![vec![Slot::zeros("rms")]];
        if self.current.momentum > 0.0 {
            slots.push(vec![Slot::zeros("momentum")]);
        }
        if self.current.centered {
            slots.push(vec![Slot::zeros("mg")]);
        }
        slots
    }

    fn is_legacy(&self) -> bool {
        true
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        if self.current.momentum > 0.0 {
            return self.current.update(step, weight, gradient, slots);
        }
        let mut new = vec![towards(&slots[0], &squares(gradient)?, self.current.rho)?];
        let mut variance = new[0].clone();
        if let Some(average) = slots.get(1) {
            let mean = towards(average, gradient, self.current.rho)?;
            variance = variance.sub(&mean.square()?)?;
            new.push(mean);
        }
        let change = gradient.mul(&step.rate)?.div(&variance.sqrt()?.add_scalar(self.current.epsilon)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: new })
    }
}
