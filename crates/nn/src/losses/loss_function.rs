//! What one kind of loss adds to name and reduction, which all have.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::{Loss, Reduction, Targets};
use crate::names::snake_case;

/// The arithmetic of a loss.
pub trait LossFunction {
    /// The class name Keras uses.
    fn class_name(&self) -> &'static str;

    /// The loss's own options as Keras serializes them.
    fn config(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The name unless one is given.
    fn default_name(&self) -> String {
        snake_case(self.class_name())
    }

    /// See [`Loss::targets`].
    fn targets(&self) -> Targets {
        Targets::Values
    }

    /// See [`Loss::per_sample`].
    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym>;

    /// See [`Loss::mask`].
    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        let _ = (y_true, y_pred);
        Ok(None)
    }
}

/// A [`LossFunction`] with its name and reduction.
pub struct NamedLoss {
    function: Box<dyn LossFunction>,
    name: String,
    reduction: Reduction,
}

impl NamedLoss {
    /// Options: `name`, `reduction` (`sum_over_batch_size`).
    pub fn read(function: Box<dyn LossFunction>, options: &mut Options) -> Result<NamedLoss> {
        let name = options.name(&function.default_name())?;
        let reduction = Reduction::read(options)?;
        options.inert(&["dtype", "fn"])?;
        Ok(NamedLoss { function, name, reduction })
    }
}

impl Loss for NamedLoss {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let mut config = Map::new();
        config.insert("name".into(), self.name.clone().into());
        config.insert("reduction".into(), self.reduction.name().into());
        config.extend(self.function.config());
        json!({ "class_name": self.function.class_name(), "config": config })
    }

    fn targets(&self) -> Targets {
        self.function.targets()
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        self.function.per_sample(y_true, y_pred)
    }

    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        self.function.mask(y_true, y_pred)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
