//! Nadam of Keras up to 2.10.

use glorot_graph::Sym;
use serde_json::{Map, Value};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::nadam::Nadam as Current;
use crate::optimizers::rule::{Rule, Slot, Step, Update};

/// Nadam with `u_t = beta_1 (1 - 0.5 * 0.96^(decay t))`: here `decay` (0.004 by default) slows the warming of the
/// momentum and leaves the rate alone.
struct Nadam {
    current: Current,
}

/// Options: `beta_1` (0.9), `beta_2` (0.999), `epsilon` (1e-7), and `decay` (0.004, at least 0), formerly
/// `schedule_decay`.
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let former = options.optional_float("schedule_decay")?;
    let decay = options.optional_float("decay")?.or(former).unwrap_or(0.004);
    options.check("decay", decay, decay >= 0.0, "at least 0")?;
    Ok(Box::new(Nadam { current: Current::read(options, decay)? }))
}

impl Rule for Nadam {
    fn class_name(&self) -> &'static str {
        "Nadam"
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = self.current.config();
        config.insert("decay".into(), self.current.warming.into());
        config
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::zeros("m")], vec![Slot::zeros("v")]]
    }

    fn shared(&self) -> Vec<Slot> {
        vec![Slot::filled("momentum_cache", 1.0)]
    }

    fn is_legacy(&self) -> bool {
        true
    }

    fn decays(&self) -> bool {
        false
    }

    fn advance(&self, step: &Step) -> Result<Vec<Sym>> {
        self.current.advance(step)
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        self.current.update(step, weight, gradient, slots)
    }
}
