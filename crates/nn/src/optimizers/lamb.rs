//! Adam with steps as long as the weights.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::adam::{read_betas, read_epsilon, towards};
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// Lamb (You et al. 2020), for large batches: at update `t` `m += (g - m) (1 - beta_1)`, `v += (g^2 - v) (1 - beta_2)`,
/// `u = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)`, `w -= rate u |w| / |u|`, with norms of the whole
/// weight; where one of them is 0, `w -= rate u`.
struct Lamb {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

/// Options: `beta_1` (0.9), `beta_2` (0.999), `epsilon` (1e-7).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let (beta_1, beta_2) = read_betas(options)?;
    Ok(Box::new(Lamb { beta_1, beta_2, epsilon: read_epsilon(options)? }))
}

impl Rule for Lamb {
    fn class_name(&self) -> &'static str {
        "Lamb"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("beta_1".into(), json!(self.beta_1)),
            ("beta_2".into(), json!(self.beta_2)),
            ("epsilon".into(), json!(self.epsilon)),
        ])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::zeros("momentum"), Slot::zeros("velocity")]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let m = towards(&slots[0], gradient, self.beta_1)?;
        let v = towards(&slots[1], &squares(gradient)?, self.beta_2)?;
        let root = v.div(&step.one_minus_power(self.beta_2)?)?.sqrt()?;
        let direction = m.div(&step.one_minus_power(self.beta_1)?)?.div(&root.add_scalar(self.epsilon)?)?;

        let norm = |values: &Sym| -> Result<Sym> { Ok(values.square()?.sum_all()?.sqrt()?) };
        let (of_weight, of_direction) = (norm(weight)?, norm(&direction)?);
        let (zero, one) = (of_weight.scalar_like(0.0), of_weight.scalar_like(1.0));
        let both = of_weight.greater(&zero)?.and(&of_direction.greater(&zero)?)?;
        let ratio = both.select(&of_weight, &one)?.div(&both.select(&of_direction, &one)?)?;
        let change = direction.mul(&ratio.mul(&step.rate)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![m, v] })
    }
}
