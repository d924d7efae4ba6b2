//! Gradient descent, with momentum if wanted.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::hyper::Hyper;
use crate::optimizers::rule::{Rule, Slot, Step, Update};

/// `w -= rate * g`; with momentum `m = momentum * m - rate * g` and `w += m` (Polyak 1964); with Nesterov's look-ahead
/// (1983) `w += momentum * m - rate * g`. A schedule may give the momentum.
struct Sgd {
    momentum: Hyper,
    nesterov: bool,
}

/// Options: `momentum` (0, in `[0, 1]`, or a schedule), `nesterov` (false). The learning rate defaults to 0.01.
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let momentum = Hyper::read(options, "momentum", 0.0)?;
    let first = momentum.first()?;
    options.check("momentum", first, (0.0..=1.0).contains(&first), "between 0 and 1")?;
    Ok(Box::new(Sgd { momentum, nesterov: options.bool("nesterov", false)? }))
}

impl Rule for Sgd {
    fn class_name(&self) -> &'static str {
        "SGD"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("momentum".into(), self.momentum.to_json()), ("nesterov".into(), json!(self.nesterov))])
    }

    fn default_learning_rate(&self) -> f64 {
        0.01
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        if self.momentum.constant() == Some(0.0) { vec![] } else { vec![vec![Slot::zeros("momentum")]] }
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let descent = gradient.mul(&step.rate)?;
        let [momentum] = slots else {
            return Ok(Update { weight: weight.sub(&descent)?, slots: vec![] });
        };
        let factor = self.momentum.at(step)?;
        let momentum = momentum.mul(&factor)?.sub(&descent)?;
        let change = if self.nesterov { momentum.mul(&factor)?.sub(&descent)? } else { momentum.clone() };
        Ok(Update { weight: weight.add(&change)?, slots: vec![momentum] })
    }
}
