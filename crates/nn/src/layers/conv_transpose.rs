use glorot_graph::{Padding, Sym};
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::bias_activation::BiasActivation;
use super::conv::KERNEL;
use super::sliding::Sliding;
use super::support::WeightOptions;
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

/// Transposed convolution (Zeiler et al., 2010): the way back of a convolution, which makes its input larger. `[batch,
/// steps, channels]` (`Conv1DTranspose`) or `[batch, height, width, channels]` (`Conv2DTranspose`) to the same with
/// `filters` channels.
///
/// Options: `filters`, `kernel_size`, `strides` (default 1), `padding` (`valid`: axes of `(length - 1) * stride +
/// max(kernel_size, stride)`; `same`: of `length * stride`), `output_padding` (less than the stride: how much longer than
/// `(length - 1) * stride + kernel_size`, or of `same` `+ kernel_size % 2`, the axes are), `dilation_rate` (default 1; more
/// only where the strides are 1), `data_format`, `activation`, `use_bias`.
///
/// Weights: `kernel [...kernel_size, filters, channels]` (default Glorot uniform), `bias [filters]` (default zeros, unless
/// `use_bias` is false).
pub struct ConvTranspose<const AXES: usize> {
    filters: usize,
    sliding: Sliding<AXES>,
    output_padding: Option<[usize; AXES]>,
    kernel_options: WeightOptions,
    end: BiasActivation,
    kernel: Option<Variable>,
}

impl<const AXES: usize> FromOptions for ConvTranspose<AXES> {
    const CLASS: &'static str = ["Conv1DTranspose", "Conv2DTranspose"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        let filters = options.positive("filters")?;
        let sliding: Sliding<AXES> = Sliding::read(options, false)?;
        let output_padding = match options.optional_ints("output_padding")? {
            None => None,
            Some(given) => {
                let all = if let [one] = given[..] { vec![one; AXES] } else { given.clone() };
                let fits = all.len() == AXES
                    && all.iter().zip(sliding.strides).all(|(&n, stride)| n >= 0 && (n as u64) < stride as u64);
                let expected = format!("at least 0 and less than the strides ({})", json!(sliding.strides.to_vec()));
                options.check("output_padding", json!(given), fits, &expected)?;
                Some(std::array::from_fn(|axis| all[axis] as usize))
            }
        };
        let both = sliding.strides.iter().any(|&n| n > 1) && sliding.dilation_rate.iter().any(|&n| n > 1);
        let dilation = json!(sliding.dilation_rate.to_vec());
        options.check("dilation_rate", dilation, !both, "1 where the strides are more than 1")?;
        // Keras 2 writes it beside, without a use for it.
        options.inert(&["groups"])?;
        Ok(ConvTranspose {
            filters,
            sliding,
            output_padding,
            kernel_options: WeightOptions::read(options, &KERNEL, "glorot_uniform")?,
            end: BiasActivation::read(options)?,
            kernel: None,
        })
    }
}

impl<const AXES: usize> ConvTranspose<AXES> {
    /// How much is cut off before and after an axis of the whole result; negative: zeros that are added.
    fn crops(&self, axis: usize) -> (isize, isize) {
        // Longer ones are errors later.
        let short = |n: usize| n.min(1 << 40) as isize;
        let stride = short(self.sliding.strides[axis]);
        let reach = (self.sliding.kernel_size[axis] - 1).saturating_mul(self.sliding.dilation_rate[axis]);
        let span = short(reach.saturating_add(1));
        let extra = self.output_padding.map(|extra| short(extra[axis]));
        let (before, after) = match (self.sliding.padding, extra) {
            (Padding::Same, extra) => {
                let both = extra.map_or(stride + span - 2, |extra| span + span % 2 - 2 + extra);
                let before = (both / 2 + both % 2).min(span - 1);
                (before, both - before)
            }
            (_, Some(extra)) => (span - 1, span - 1 + extra),
            (_, None) => (span - 1, span.max(stride) - 1),
        };
        (span - 1 - before, span - 1 - after)
    }
}

impl<const AXES: usize> Layer for ConvTranspose<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "filters": self.filters }));
        self.sliding.write(&mut config);
        config.insert("output_padding".into(), json!(self.output_padding.map(|extra| extra.to_vec())));
        self.kernel_options.write(&KERNEL, &mut config);
        self.end.write(&mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let channels = self.sliding.channels(inputs)?;
        let shape = [&self.sliding.kernel_size[..], &[self.filters, channels]].concat();
        self.kernel = Some(self.kernel_options.add(weights, "kernel", shape)?);
        self.end.build(weights, self.filters)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let kernel = ctx.read(support::built(&self.kernel)?);
        let x = self.sliding.enter_any(inputs, kernel.shape()[AXES + 1])?;
        if x.shape()[1..=AXES].contains(&0) {
            let received = support::any_batch(&inputs[0].shape());
            return Err(Error::invalid(format!("expected spatial axes of at least 1 element, received {received}")));
        }
        let crops: Vec<(isize, isize)> = (0..AXES).map(|axis| self.crops(axis)).collect();
        let y = x.conv_transpose(&kernel, &self.sliding.strides, &self.sliding.dilation_rate, &crops)?;
        let y = self.end.add_bias(ctx, &y)?;
        Ok(vec![self.end.activate(&self.sliding.format.leave(&y, AXES)?)?])
    }
}
