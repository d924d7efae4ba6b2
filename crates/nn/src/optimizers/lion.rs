//! Steps of one size in the direction of the momentum.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

use crate::optimizers::rule::{Rule, Slot, Step, Update};

/// Lion (Chen et al. 2023): `w -= rate sign(beta_1 m + (1 - beta_1) g)`, then `m = beta_2 m + (1 - beta_2) g`.
struct Lion {
    beta_1: f64,
    beta_2: f64,
}

/// Options: `beta_1` (0.9, in `(0, 1]`), `beta_2` (0.99, in `[0, 1]`).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let (beta_1, beta_2) = (options.float("beta_1", 0.9)?, options.float("beta_2", 0.99)?);
    options.check("beta_1", beta_1, beta_1 > 0.0 && beta_1 <= 1.0, "greater than 0 and at most 1")?;
    options.check("beta_2", beta_2, (0.0..=1.0).contains(&beta_2), "between 0 and 1")?;
    Ok(Box::new(Lion { beta_1, beta_2 }))
}

/// `beta m + (1 - beta) g`.
fn mix(m: &Sym, g: &Sym, beta: f64) -> Result<Sym> {
    Ok(m.mul_scalar(beta)?.add(&g.mul_scalar(1.0 - beta)?)?)
}

impl Rule for Lion {
    fn class_name(&self) -> &'static str {
        "Lion"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("beta_1".into(), json!(self.beta_1)), ("beta_2".into(), json!(self.beta_2))])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::zeros("momentum")]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let change = mix(&slots[0], gradient, self.beta_1)?.sign()?.mul(&step.rate)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![mix(&slots[0], gradient, self.beta_2)?] })
    }
}
