//! Adam with Nesterov momentum.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::adam::{read_betas, read_epsilon, towards};
use crate::optimizers::rule::{Rule, Slot, Step, Update, float32, squares};

/// Nadam (Dozat 2016) with its warming momentum `u_t = beta_1 (1 - 0.5 * 0.96^t)` and `U_t = u_1 … u_t`: at update `t`
///
/// `m += (g - m) (1 - beta_1)`, `v += (g^2 - v) (1 - beta_2)`,
/// `m' = u_(t+1) m / (1 - U_t u_(t+1)) + (1 - u_t) g / (1 - U_t)`, `v' = v / (1 - beta_2^t)`,
/// `w -= rate m' / (sqrt(v') + epsilon)`.
pub(super) struct Nadam {
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    /// How fast the momentum warms: the exponent of 0.96 is this times `t`.
    pub warming: f64,
}

/// Options: `beta_1` (0.9), `beta_2` (0.999), `epsilon` (1e-7).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    Ok(Box::new(Nadam::read(options, 1.0)?))
}

impl Nadam {
    pub fn read(options: &mut Options, warming: f64) -> Result<Nadam> {
        let (beta_1, beta_2) = read_betas(options)?;
        Ok(Nadam { beta_1, beta_2, epsilon: read_epsilon(options)?, warming })
    }

    /// `u_t` for `t` (float32 scalar).
    fn momentum(&self, t: &Sym) -> Result<Sym> {
        let exponent = t.mul_scalar(self.warming)?;
        let warming = t.scalar_like(0.96).pow(&exponent)?.mul_scalar(-0.5)?.add_scalar(1.0)?;
        Ok(warming.mul_scalar(self.beta_1)?)
    }
}

impl Rule for Nadam {
    fn class_name(&self) -> &'static str {
        "Nadam"
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

    fn shared(&self) -> Vec<Slot> {
        vec![Slot::filled("u_product", 1.0)]
    }

    fn advance(&self, step: &Step) -> Result<Vec<Sym>> {
        Ok(vec![step.shared[0].mul(&self.momentum(&step.count)?)?])
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let product = &step.shared[0];
        let (now, next) = (self.momentum(&step.count)?, self.momentum(&step.count.add_scalar(1.0)?)?);
        let one = product.scalar_like(1.0);
        // Times `sqrt(1 - beta_2^t)` above and below, `v'` takes no factor for each weight.
        let correction = step.one_minus_power(self.beta_2)?.sqrt()?;
        let rate = step.rate.mul(&correction)?;
        let of_momentum = rate.mul(&next)?.div(&one.sub(&product.mul(&next)?)?)?;
        let of_gradient = rate.mul(&one.sub(&now)?)?.div(&one.sub(product)?)?;
        let epsilon = correction.mul_scalar(self.epsilon)?;

        let m = towards(&slots[0], gradient, float32(self.beta_1))?;
        let v = towards(&slots[1], &squares(gradient)?, float32(self.beta_2))?;
        let direction = m.mul(&of_momentum)?.add(&gradient.mul(&of_gradient)?)?;
        let change = direction.div(&v.sqrt()?.add(&epsilon)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![m, v] })
    }
}
