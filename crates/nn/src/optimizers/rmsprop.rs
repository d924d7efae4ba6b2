//! Steps scaled by a running root mean square of the gradients.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

use crate::optimizers::adam::{read_epsilon, towards};
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// RMSprop (Tieleman and Hinton 2012): `v = rho v + (1 - rho) g^2`, `w -= rate g / sqrt(v + epsilon)`.
///
/// `centered` takes the variance: `a = rho a + (1 - rho) g`, and `v - a^2` in place of `v` in the root. With `momentum`
/// the increments accumulate: `m = momentum m + rate g / sqrt(…)`, `w -= m`.
pub(super) struct RmsProp {
    pub rho: f64,
    pub momentum: f64,
    pub epsilon: f64,
    pub centered: bool,
}

/// Options: `rho` (0.9, in `[0, 1]`), `momentum` (0, in `[0, 1]`), `epsilon` (1e-7), `centered` (false).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    Ok(Box::new(RmsProp::read(options)?))
}

impl RmsProp {
    pub fn read(options: &mut Options) -> Result<RmsProp> {
        let (rho, momentum) = (options.float("rho", 0.9)?, options.float("momentum", 0.0)?);
        for (name, value) in [("rho", rho), ("momentum", momentum)] {
            options.check(name, value, (0.0..=1.0).contains(&value), "between 0 and 1")?;
        }
        let epsilon = read_epsilon(options)?;
        Ok(RmsProp { rho, momentum, epsilon, centered: options.bool("centered", false)? })
    }
}

impl Rule for RmsProp {
    fn class_name(&self) -> &'static str {
        "RMSprop"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("rho".into(), json!(self.rho)),
            ("momentum".into(), json!(self.momentum)),
            ("epsilon".into(), json!(self.epsilon)),
            ("centered".into(), json!(self.centered)),
        ])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        let mut slots = vec![vec![Slot::zeros("velocity")]];
        if self.momentum > 0.0 {
            slots.push(vec![Slot::zeros("momentum")]);
        }
        if self.centered {
            slots.push(vec![Slot::zeros("average_gradient")]);
        }
        slots
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let velocity = towards(&slots[0], &squares(gradient)?, self.rho)?;
        let mut new = vec![velocity.clone()];
        let mut variance = velocity;
        let mut average = None;
        if self.centered {
            let mean = towards(&slots[slots.len() - 1], gradient, self.rho)?;
            variance = variance.sub(&mean.square()?)?;
            average = Some(mean);
        }
        let mut change = gradient.mul(&step.rate)?.div(&variance.add_scalar(self.epsilon)?.sqrt()?)?;
        if self.momentum > 0.0 {
            change = slots[1].mul_scalar(self.momentum)?.add(&change)?;
            new.push(change.clone());
        }
        new.extend(average);
        Ok(Update { weight: weight.sub(&change)?, slots: new })
    }
}
