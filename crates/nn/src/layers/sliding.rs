//! Windows that slide over sequences and images: the options that convolutions share.

use glorot_graph::{Padding, Sym, Window};
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::spatial::{DataFormat, sizes};
use super::support;
use crate::config::Options;
use crate::error::{Error, Result};

/// How a kernel moves over the spatial axes.
pub struct Sliding<const AXES: usize> {
    pub kernel_size: [usize; AXES],
    pub strides: [usize; AXES],
    pub padding: Padding,
    pub dilation_rate: [usize; AXES],
    pub format: DataFormat,
}

/// The option `padding`; `causal` is for sequences.
pub fn read_padding(options: &mut Options, causal: bool) -> Result<Padding> {
    let choices = [("valid", Padding::Valid), ("same", Padding::Same), ("causal", Padding::Causal)];
    options.choice("padding", if causal { &choices } else { &choices[..2] }, Padding::Valid)
}

pub fn padding_name(padding: Padding) -> &'static str {
    match padding {
        Padding::Valid => "valid",
        Padding::Same => "same",
        Padding::Causal => "causal",
    }
}

/// Fails where a window is longer than an axis of an input, whose channels are last.
pub fn check_windows(x: &Sym, sizes: &[usize], dilation: &[usize], padding: Padding, option: &str) -> Result<()> {
    let shape = x.shape();
    for ((axis, &size), &dilation) in (1..).zip(sizes).zip(dilation) {
        let span = Window { size, stride: 1, dilation }.span();
        if shape[axis] == 0 || (padding == Padding::Valid && span > shape[axis]) {
            return Err(Error::invalid(format!(
                "option '{option}' is {}, so inputs need at least {span} elements along spatial axis {axis}; received \
                 {} (shape {} with channels last): use padding 'same' or smaller windows",
                json!(sizes),
                shape[axis],
                support::any_batch(&shape)
            )));
        }
    }
    Ok(())
}

impl<const AXES: usize> Sliding<AXES> {
    /// `causal`: whether the layer knows this padding.
    pub fn read(options: &mut Options, causal: bool) -> Result<Self> {
        let kernel_size = sizes(options, "kernel_size")?;
        Ok(Sliding {
            kernel_size: kernel_size.ok_or_else(|| options.missing("kernel_size", "the size of the windows, as 3"))?,
            strides: sizes(options, "strides")?.unwrap_or([1; AXES]),
            padding: read_padding(options, causal)?,
            dilation_rate: sizes(options, "dilation_rate")?.unwrap_or([1; AXES]),
            format: DataFormat::read(options)?,
        })
    }

    pub fn write(&self, config: &mut Map<String, Value>) {
        config.insert("kernel_size".into(), json!(self.kernel_size.to_vec()));
        config.insert("strides".into(), json!(self.strides.to_vec()));
        config.insert("padding".into(), padding_name(self.padding).into());
        config.insert("data_format".into(), self.format.name().into());
        config.insert("dilation_rate".into(), json!(self.dilation_rate.to_vec()));
    }

    /// The number of channels that the layer is built for.
    pub fn channels(&self, inputs: &[Shape]) -> Result<usize> {
        self.format.channels(support::single(inputs)?, AXES)
    }

    /// The input as float32 with its channels last, of which there must be `channels`. The windows must fit.
    pub fn enter(&self, inputs: &[Sym], channels: usize) -> Result<Sym> {
        let x = self.enter_any(inputs, channels)?;
        check_windows(&x, &self.kernel_size, &self.dilation_rate, self.padding, "kernel_size")?;
        Ok(x)
    }

    /// The same of any length of the spatial axes.
    pub fn enter_any(&self, inputs: &[Sym], channels: usize) -> Result<Sym> {
        let x = support::to_float(&self.format.enter(inputs, AXES)?)?;
        let received = x.shape()[AXES + 1];
        if received != channels {
            return Err(Error::invalid(format!(
                "expected inputs with {channels} channels, received {received} (shape {}); the layer was built for \
                 {channels}: make a new layer for other inputs",
                support::any_batch(&inputs[0].shape())
            )));
        }
        Ok(x)
    }

    pub fn conv(&self, x: &Sym, kernel: &Sym, groups: usize) -> Result<Sym> {
        Ok(x.conv(kernel, &self.strides, self.padding, &self.dilation_rate, groups)?)
    }

    pub fn depthwise_conv(&self, x: &Sym, kernel: &Sym) -> Result<Sym> {
        Ok(x.depthwise_conv(kernel, &self.strides, self.padding, &self.dilation_rate)?)
    }
}
