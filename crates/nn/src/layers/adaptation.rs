//! Layers that learn from data before they are trained.

use glorot_tensor::{Shape, Tensor};

use super::discretization::Discretization;
use super::normalization::Normalization;
use crate::error::{Error, Result};
use crate::layer::LayerRef;

/// What a layer gathers from data.
pub trait Adapt: Send {
    /// Adds samples of any dtype.
    fn add(&mut self, data: &Tensor) -> Result<()>;

    /// Gives the layer what was gathered; an error if there were no samples.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// What a [`Normalization`] or [`Discretization`] layer learns from data, in the making. It does not need the thread of
/// the layer.
pub struct Adaptation {
    layer: String,
    class: String,
    gathered: Box<dyn Adapt>,
}

impl Adaptation {
    /// Begins anew for a layer and data of the given shape (axis 0: samples, whose number does not matter). Builds a
    /// normalization layer unless that was done.
    ///
    /// # Errors
    ///
    /// If the layer has nothing to adapt or was given it as an option, or does not fit the shape.
    pub fn new(layer: &LayerRef, shape: &Shape) -> Result<Adaptation> {
        let begin = || {
            if layer.downcast::<Normalization>().is_some() {
                return Normalization::adaptation(layer, shape);
            }
            match layer.downcast::<Discretization>() {
                Some(own) => own.adaptation(layer),
                None => {
                    Err(Error::invalid("has nothing to adapt; adapt() is for normalization and discretization layers"))
                }
            }
        };
        begin().map_err(|error| error.in_layer(layer.name(), &layer.class_name()))
    }

    pub(super) fn of(layer: &LayerRef, gathered: Box<dyn Adapt>) -> Adaptation {
        Adaptation { layer: layer.name().into(), class: layer.class_name(), gathered }
    }

    /// Adds samples of any dtype.
    pub fn add(&mut self, data: &Tensor) -> Result<()> {
        self.gathered.add(data).map_err(|error| error.in_layer(&self.layer, &self.class))
    }

    /// Gives the layer what was gathered of all samples.
    pub fn finish(self) -> Result<()> {
        self.gathered.finish().map_err(|error| error.in_layer(&self.layer, &self.class))
    }
}

/// Lets a [`Normalization`] or [`Discretization`] layer learn from data of any dtype, in one pass; axis 0 are samples.
/// Replaces what it learned before.
pub fn adapt(layer: &LayerRef, data: &Tensor) -> Result<()> {
    let mut adaptation = Adaptation::new(layer, data.shape())?;
    adaptation.add(data)?;
    adaptation.finish()
}
