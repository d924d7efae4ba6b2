use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

const ALPHA: f64 = 1.673_263_242_354_377_2;
const SCALE: f64 = 1.050_700_987_355_480_5;

/// Scaled ELU, under which LeCun-initialized networks keep mean 0 and variance 1 (Klambauer et al., 2017).
pub struct Selu;

impl Selu {
    /// What it comes near for large negative arguments: -1.7580993.
    pub const LIMIT: f64 = -ALPHA * SCALE;
}

impl Activation for Selu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.elu(ALPHA)?.mul_scalar(SCALE)?)
    }

    fn to_json(&self) -> Value {
        "selu".into()
    }
}
