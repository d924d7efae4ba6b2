//! A momentum that falls while the rate rises.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::Schedule;
use crate::schedules::one_cycle::Cycle;

/// The momentum of the 1cycle policy (Smith 2018), the mirror image of the rate of `OneCycle` with the same steps: from
/// `max_momentum` down to `base_momentum`, where the rate is largest, and back. For the option `momentum` of SGD and
/// `beta_1` of Adam.
struct OneCycleMomentum {
    base_momentum: f64,
    max_momentum: f64,
    cycle: Cycle,
    name: String,
}

/// Options: `base_momentum` (0.85) and `max_momentum` (0.95), both at least 0 and less than 1, and `total_steps`,
/// `pct_start`, `anneal_strategy`, `three_phase`, `name` as of `OneCycle`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    let mut momentum = |name: &'static str, default: f64| -> Result<f64> {
        let value = options.float(name, default)?;
        options.check(name, value, (0.0..1.0).contains(&value), "at least 0 and less than 1")?;
        Ok(value)
    };
    Ok(Box::new(OneCycleMomentum {
        base_momentum: momentum("base_momentum", 0.85)?,
        max_momentum: momentum("max_momentum", 0.95)?,
        cycle: Cycle::read(options)?,
        name: options.name("OneCycleMomentum")?,
    }))
}

impl Schedule for OneCycleMomentum {
    fn class_name(&self) -> &'static str {
        "OneCycleMomentum"
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = Map::from_iter([
            ("base_momentum".into(), json!(self.base_momentum)),
            ("max_momentum".into(), json!(self.max_momentum)),
        ]);
        config.extend(self.cycle.config());
        config.insert("name".into(), json!(self.name));
        config
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let (base, max) = (self.base_momentum, self.max_momentum);
        if self.cycle.three_phase {
            self.cycle.along(step, &[max, base, max, max])
        } else {
            self.cycle.along(step, &[max, base, max])
        }
    }
}
