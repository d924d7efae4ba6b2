//! Weighted sums.

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Map, Value};

use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::metrics::weights::weights_like;
use crate::variable::Variable;

const CLASS: &str = "Sum";

/// The sum of all predictions so far, times their weights. Targets are not looked at.
struct Sum {
    name: String,
    total: Variable,
}

/// No options.
pub fn read(options: Options) -> Result<Box<dyn Metric>> {
    let total = Variable::new("total", Tensor::scalar_f32(0.0));
    Ok(Box::new(Sum { name: read_name(options, "sum")?, total }))
}

impl Metric for Sum {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        serialized(CLASS, &self.name, Map::new())
    }

    fn update(&self, ctx: &Context, _: &Sym, values: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let mut values = values.cast(DType::F32)?;
        if let Some(weight) = sample_weight {
            values = values.mul(&weights_like(CLASS, weight, &values)?)?;
        }
        ctx.assign(&self.total, &ctx.read(&self.total).add(&values.sum_all()?)?)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        Ok(ctx.read(&self.total))
    }

    fn variables(&self) -> Vec<Variable> {
        vec![self.total.clone()]
    }
}
