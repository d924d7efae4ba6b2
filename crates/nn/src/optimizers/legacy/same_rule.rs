//! Rules that did not change after Keras 2.10.

use glorot_graph::Sym;
use serde_json::{Map, Value};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::Read;
use crate::optimizers::rule::{Rule, Slot, Step, Update};

/// A rule of today whose slots have other names and another order.
pub struct SameRule {
    rule: Box<dyn Rule>,
    names: &'static [&'static str],
    /// All slots of a weight together, rather than all slots of a kind.
    interleaved: bool,
}

impl SameRule {
    /// The options of the rule; slots are ordered by kind.
    pub fn read(read: Read, names: &'static [&'static str], options: &mut Options) -> Result<Box<dyn Rule>> {
        Ok(Box::new(SameRule { rule: read(options)?, names, interleaved: false }))
    }

    /// The same, where slots are ordered by weight.
    pub fn read_interleaved(
        read: Read,
        names: &'static [&'static str],
        options: &mut Options,
    ) -> Result<Box<dyn Rule>> {
        Ok(Box::new(SameRule { rule: read(options)?, names, interleaved: true }))
    }
}

impl Rule for SameRule {
    fn class_name(&self) -> &'static str {
        self.rule.class_name()
    }

    fn config(&self) -> Map<String, Value> {
        self.rule.config()
    }

    fn default_learning_rate(&self) -> f64 {
        self.rule.default_learning_rate()
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        let slots = self.rule.slots().into_iter().flatten();
        let named = slots.zip(self.names).map(|(slot, name)| Slot { name, ..slot });
        if self.interleaved { vec![named.collect()] } else { named.map(|slot| vec![slot]).collect() }
    }

    fn is_legacy(&self) -> bool {
        true
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        self.rule.update(step, weight, gradient, slots)
    }
}
