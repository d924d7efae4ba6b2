use glorot_graph::Sym;
use glorot_nn::{Context, Result, Variable};
use glorot_tensor::Tensor;

/// A weighted mean over the batches of an epoch.
pub(crate) struct Mean {
    total: Variable,
    count: Variable,
}

impl Mean {
    pub fn new() -> Mean {
        let zero = |name: &str| Variable::new(name, Tensor::scalar_f32(0.0));
        Mean { total: zero("total"), count: zero("count") }
    }

    /// Adds a value (float32 scalar) that stands for `count` samples.
    pub fn update(&self, ctx: &Context, value: &Sym, count: usize) -> Result<()> {
        let total = ctx.read(&self.total).add(&value.mul_scalar(count as f64)?)?;
        ctx.assign(&self.total, &total)?;
        let count = ctx.read(&self.count).add_scalar(count as f64)?;
        ctx.assign(&self.count, &count)
    }

    /// The mean so far; 0 before the first batch.
    pub fn result(&self, ctx: &Context) -> Result<Sym> {
        Ok(ctx.read(&self.total).div(&ctx.read(&self.count).maximum_scalar(1.0)?)?)
    }

    pub fn variables(&self) -> [Variable; 2] {
        [self.total.clone(), self.count.clone()]
    }
}
