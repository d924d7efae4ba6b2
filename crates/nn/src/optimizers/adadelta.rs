//! Steps scaled by running averages of squared gradients and squared steps.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

use crate::optimizers::adam::{read_epsilon, towards};
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// Adadelta (Zeiler 2012): `a = rho a + (1 - rho) g^2`, `d = -g sqrt(b + epsilon) / sqrt(a + epsilon)`,
/// `b = rho b + (1 - rho) d^2`, `w += rate d`. The paper's rate is 1, Keras's default 0.001.
struct Adadelta {
    rho: f64,
    epsilon: f64,
}

/// Options: `rho` (0.95, in `[0, 1]`), `epsilon` (1e-7).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let rho = options.float("rho", 0.95)?;
    options.check("rho", rho, (0.0..=1.0).contains(&rho), "between 0 and 1")?;
    Ok(Box::new(Adadelta { rho, epsilon: read_epsilon(options)? }))
}

impl Rule for Adadelta {
    fn class_name(&self) -> &'static str {
        "Adadelta"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("rho".into(), json!(self.rho)), ("epsilon".into(), json!(self.epsilon))])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::zeros("accumulated_grad"), Slot::zeros("accumulated_delta_var")]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let root = |average: &Sym| -> Result<Sym> { Ok(average.add_scalar(self.epsilon)?.sqrt()?) };
        let of_gradient = towards(&slots[0], &squares(gradient)?, self.rho)?;
        let change = root(&slots[1])?.mul(gradient)?.div(&root(&of_gradient)?)?;
        let of_change = towards(&slots[1], &change.square()?, self.rho)?;
        Ok(Update { weight: weight.sub(&change.mul(&step.rate)?)?, slots: vec![of_gradient, of_change] })
    }
}
