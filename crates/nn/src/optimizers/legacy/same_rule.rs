//! Rules that did not change after Keras 2.10.

use glorot_graph::Sym;
use serde_json::{Map, Value};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::Read;
use crate::optimizers::rule::{Rule, Slot, Step, Update};

/// A rule of today whose slots have other names and are ordered by kind.
pub struct SameRule {
    rule: Box<dyn Rule>,
    names: &'static [&'static str],
}

impl SameRule {
    /// The options of the rule.
    pub fn read(read: Read, names: &'static [&'static str], options: &mut Options) -> Result<Box<dyn Rule>> {
        Ok(Box::new(SameRule { rule: read(options)?, names }))
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
        slots.zip(self.names).map(|(slot, name)| vec![Slot { name, ..slot }]).collect()
    }

    fn is_legacy(&self) -> bool {
        true
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        self.rule.update(step, weight, gradient, slots)
    }
}
