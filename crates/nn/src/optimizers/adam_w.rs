//! Adam with decoupled weight decay.

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::adam::Adam;
use crate::optimizers::rule::Rule;

/// AdamW (Loshchilov and Hutter 2019): [`Adam`] whose `weight_decay` defaults to 0.004.
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    Ok(Box::new(Adam::read(options, "AdamW", Some(0.004))?))
}
