//! What layers over sequences (`[batch, steps, channels]`) and images (`[batch, height, width, channels]`) share.
//! `AXES` is the number of spatial axes.

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Value, json};

use super::support;
use crate::config::Options;
use crate::error::{Error, Result};

/// Where the channels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// The last axis.
    ChannelsLast,
    /// Axis 1.
    ChannelsFirst,
}

impl DataFormat {
    pub fn read(options: &mut Options) -> Result<DataFormat> {
        let formats = [("channels_last", DataFormat::ChannelsLast), ("channels_first", DataFormat::ChannelsFirst)];
        options.choice("data_format", &formats, DataFormat::ChannelsLast)
    }

    pub fn name(self) -> &'static str {
        match self {
            DataFormat::ChannelsLast => "channels_last",
            DataFormat::ChannelsFirst => "channels_first",
        }
    }

    /// The number of channels of inputs of a shape, which must have `axes` spatial axes.
    pub fn channels(self, shape: &Shape, axes: usize) -> Result<usize> {
        if shape.rank() != axes + 2 {
            let names = match axes {
                1 => vec!["steps"],
                _ => vec!["height", "width"],
            };
            let names = match self {
                DataFormat::ChannelsLast => [names, vec!["channels"]].concat(),
                DataFormat::ChannelsFirst => [vec!["channels"], names].concat(),
            };
            return Err(Error::invalid(format!(
                "expected inputs of shape [batch, {}], received {}; a reshape layer can add an axis of length 1",
                names.join(", "),
                support::any_batch(shape)
            )));
        }
        Ok(match self {
            DataFormat::ChannelsLast => shape[axes + 1],
            DataFormat::ChannelsFirst => shape[1],
        })
    }

    /// The only input, which must have `axes` spatial axes, with its channels last.
    pub fn enter(self, inputs: &[Sym], axes: usize) -> Result<Sym> {
        let x = support::single(inputs)?;
        self.channels(&x.shape(), axes)?;
        Ok(match self {
            DataFormat::ChannelsLast => x.clone(),
            DataFormat::ChannelsFirst => x.transpose(&[&[0], &(2..axes + 2).collect::<Vec<_>>()[..], &[1]].concat())?,
        })
    }

    /// A result with its channels last, put back into this format.
    pub fn leave(self, y: &Sym, axes: usize) -> Result<Sym> {
        Ok(match self {
            DataFormat::ChannelsLast => y.clone(),
            DataFormat::ChannelsFirst => {
                y.transpose(&[&[0, axes + 1], &(1..=axes).collect::<Vec<_>>()[..]].concat())?
            }
        })
    }
}

/// Whole numbers of at least 1, one a spatial axis; one number is for all axes. `None`: not given.
pub fn sizes<const AXES: usize>(options: &mut Options, name: &'static str) -> Result<Option<[usize; AXES]>> {
    let Some(given) = options.optional_ints(name)? else { return Ok(None) };
    let expected = match AXES {
        1 => "a whole number of at least 1",
        _ => "a whole number of at least 1, or a list of one for height and one for width",
    };
    let all = if let [one] = given[..] { vec![one; AXES] } else { given.clone() };
    options.check(name, json!(given), all.len() == AXES && all.iter().all(|&size| size > 0), expected)?;
    Ok(Some(std::array::from_fn(|axis| all[axis] as usize)))
}

/// Numbers of elements before and after each spatial axis: one number for all, one an axis, or `[before, after]` an
/// axis (of the only axis without the outer list).
pub fn borders<const AXES: usize>(
    options: &mut Options,
    name: &'static str,
    default: usize,
) -> Result<[[usize; 2]; AXES]> {
    let Some(value) = options.value(name)? else { return Ok([[default; 2]; AXES]) };
    let borders = read_borders(&value, AXES).ok_or_else(|| {
        let expected = match AXES {
            1 => "a whole number of at least 0 or [before, after]",
            _ => "a whole number of at least 0, [height, width] or [[top, bottom], [left, right]]",
        };
        options.error(format!("option '{name}' must be {expected}; received {value}"))
    })?;
    Ok(std::array::from_fn(|axis| borders[axis]))
}

fn read_borders(value: &Value, axes: usize) -> Option<Vec<[usize; 2]>> {
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let pair = |value: &Value| match value.as_array().map(Vec::as_slice) {
        Some([before, after]) => Some([number(before)?, number(after)?]),
        Some(_) => None,
        None => number(value).map(|width| [width, width]),
    };
    match value {
        Value::Array(values) if values.len() == axes => values.iter().map(pair).collect(),
        Value::Array(_) if axes == 1 => Some(vec![pair(value)?]),
        Value::Array(_) => None,
        value => number(value).map(|width| vec![[width, width]; axes]),
    }
}

/// As Keras writes borders: `[[1, 1], [0, 2]]`, or `[0, 2]` of one axis.
pub fn borders_json<const AXES: usize>(borders: &[[usize; 2]; AXES]) -> Value {
    if let [border] = &borders[..] { json!(border) } else { json!(borders.to_vec()) }
}
