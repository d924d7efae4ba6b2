//! Adam without a schedule: an average of the weights takes the place of a falling rate.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::adam::{read_betas, towards};
use crate::optimizers::rule::{Initial, Rule, Slot, Step, Update};

/// Schedule-free AdamW (Defazio et al. 2024), as Keras has it: at update `t`, of a sequence `z` (`momentum`, at first the
/// weights) and weights `w`
///
/// `v += (g^2 - v) (1 - beta_2)`, `x = (w - (1 - beta_1) z) / beta_1`, `z -= rate g / (sqrt(v / (1 - beta_2^t)) + epsilon)`,
/// `x += (z - x) / t`, `w = (1 - beta_1) z + beta_1 x`. The rate grows to its value in `warmup_steps`.
struct ScheduleFreeAdamW {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    warmup_steps: usize,
}

/// Options: `beta_1` (0.9, greater than 0), `beta_2` (0.999), `epsilon` (1e-8), `warmup_steps` (0). The learning rate
/// defaults to 0.0025.
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let (beta_1, beta_2) = read_betas(options)?;
    options.check("beta_1", beta_1, beta_1 > 0.0, "greater than 0")?;
    let epsilon = options.not_negative("epsilon", 1e-8)?;
    let warmup_steps = options.optional_size("warmup_steps")?.unwrap_or(0);
    Ok(Box::new(ScheduleFreeAdamW { beta_1, beta_2, epsilon, warmup_steps }))
}

impl Rule for ScheduleFreeAdamW {
    fn class_name(&self) -> &'static str {
        "ScheduleFreeAdamW"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("beta_1".into(), json!(self.beta_1)),
            ("beta_2".into(), json!(self.beta_2)),
            ("epsilon".into(), json!(self.epsilon)),
            ("warmup_steps".into(), json!(self.warmup_steps)),
        ])
    }

    fn default_learning_rate(&self) -> f64 {
        0.0025
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot { name: "momentum", initial: Initial::Weight }, Slot::zeros("velocity")]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let (old, share) = (&slots[0], step.count.reciprocal()?);
        let mut rate = step.rate.clone();
        if self.warmup_steps > 0 {
            let part = step.count.div_scalar(self.warmup_steps as f64)?;
            rate = rate.mul(&part.minimum(&part.scalar_like(1.0))?)?;
        }
        let v = towards(&slots[1], &gradient.square()?, self.beta_2)?;
        let divisor = v.div(&step.one_minus_power(self.beta_2)?)?.sqrt()?.add_scalar(self.epsilon)?;
        let z = old.sub(&gradient.mul(&rate)?.div(&divisor)?)?;
        let x = weight.sub(&old.mul_scalar(1.0 - self.beta_1)?)?.div_scalar(self.beta_1)?;
        let x = x.add(&z.sub(&x)?.mul(&share)?)?;
        let weight = z.mul_scalar(1.0 - self.beta_1)?.add(&x.mul_scalar(self.beta_1)?)?;
        Ok(Update { weight, slots: vec![z, v] })
    }
}
