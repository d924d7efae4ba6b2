//! The options that pooling layers share.

use glorot_graph::{Padding, Sym};
use serde_json::{Map, Value, json};

use super::sliding::{check_windows, padding_name, read_padding};
use super::spatial::{DataFormat, sizes};
use super::{entries, support};
use crate::config::Options;
use crate::error::Result;

/// Windows that slide over the spatial axes.
pub struct Pooling<const AXES: usize> {
    pool_size: [usize; AXES],
    strides: [usize; AXES],
    padding: Padding,
    format: DataFormat,
}

impl<const AXES: usize> Pooling<AXES> {
    /// `pool_size` is 2 by default, `strides` the pool size.
    pub fn read(options: &mut Options) -> Result<Self> {
        let pool_size = sizes(options, "pool_size")?.unwrap_or([2; AXES]);
        Ok(Pooling {
            pool_size,
            strides: sizes(options, "strides")?.unwrap_or(pool_size),
            padding: read_padding(options, false)?,
            format: DataFormat::read(options)?,
        })
    }

    pub fn config(&self) -> Map<String, Value> {
        entries(json!({
            "pool_size": self.pool_size.to_vec(),
            "padding": padding_name(self.padding),
            "strides": self.strides.to_vec(),
            "data_format": self.format.name(),
        }))
    }

    pub fn call(
        &self,
        inputs: &[Sym],
        pool: impl Fn(&Sym, &[usize], &[usize], Padding) -> glorot_graph::Result<Sym>,
    ) -> Result<Vec<Sym>> {
        let x = support::to_float(&self.format.enter(inputs, AXES)?)?;
        check_windows(&x, &self.pool_size, &[1; AXES], self.padding, "pool_size")?;
        let y = pool(&x, &self.pool_size, &self.strides, self.padding)?;
        Ok(vec![self.format.leave(&y, AXES)?])
    }
}
