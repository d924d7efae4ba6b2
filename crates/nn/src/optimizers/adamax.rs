//! Adam with the largest gradient in place of the root mean square.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

use crate::optimizers::adam::{read_betas, read_epsilon, towards};
use crate::optimizers::rule::{Rule, Slot, Step, Update};

/// Adamax (Kingma and Ba 2015, section 7): at update `t` `m += (g - m) (1 - beta_1)`, `u = max(beta_2 u, |g|)`,
/// `w -= rate m / ((1 - beta_1^t) (u + epsilon))`.
struct Adamax {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

/// Options: `beta_1` (0.9), `beta_2` (0.999), `epsilon` (1e-7).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let (beta_1, beta_2) = read_betas(options)?;
    Ok(Box::new(Adamax { beta_1, beta_2, epsilon: read_epsilon(options)? }))
}

impl Rule for Adamax {
    fn class_name(&self) -> &'static str {
        "Adamax"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("beta_1".into(), json!(self.beta_1)),
            ("beta_2".into(), json!(self.beta_2)),
            ("epsilon".into(), json!(self.epsilon)),
        ])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::zeros("momentum"), Slot::zeros("norm")]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let alpha = step.rate.div(&step.one_minus_power(self.beta_1)?)?;
        let m = towards(&slots[0], gradient, self.beta_1)?;
        let u = slots[1].mul_scalar(self.beta_2)?.maximum(&gradient.abs()?)?;
        let change = m.mul(&alpha)?.div(&u.add_scalar(self.epsilon)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![m, u] })
    }
}
