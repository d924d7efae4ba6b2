//! Tensors in memory that stays in place, and where the buffers of a program lie.

use glorot_graph::TensorSpec;
use glorot_graph::device::DeviceError;
use glorot_graph::program::{Buffer, Place};
use glorot_tensor::{DType, Shape, Tensor};

use crate::input::Input;
use crate::memory::{Aligned, Located};

pub(crate) fn describe(dtype: DType, shape: &Shape) -> String {
    format!("{dtype} {shape}")
}

pub(crate) fn byte_len(spec: &TensorSpec) -> Result<usize, DeviceError> {
    let too_large = || DeviceError(format!("a tensor of shape {} does not fit into memory", spec.shape));
    let numel = spec.shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    numel
        .and_then(|numel| numel.checked_mul(spec.dtype.size()))
        .filter(|&bytes| bytes < isize::MAX as usize)
        .ok_or_else(too_large)
}

/// Memory of a tensor that stays in place.
#[derive(Debug)]
pub(crate) struct Held {
    pub spec: TensorSpec,
    pub memory: Aligned,
}

impl Held {
    pub(crate) fn new(spec: &TensorSpec) -> Result<Held, DeviceError> {
        Ok(Held { spec: spec.clone(), memory: Aligned::zeroed(byte_len(spec)?)? })
    }

    /// Rows: elements along the first axis.
    pub(crate) fn count(&self) -> usize {
        self.spec.shape.first().copied().unwrap_or(1)
    }

    /// Fails unless a tensor is like this one.
    pub(crate) fn check(&self, what: &str, value: &Tensor) -> Result<(), DeviceError> {
        let expected = &self.spec;
        if (&expected.shape, expected.dtype) == (value.shape(), value.dtype()) {
            return Ok(());
        }
        let (expected, received) = (describe(expected.dtype, &expected.shape), describe(value.dtype(), value.shape()));
        Err(DeviceError(format!("{what}: expected {expected}, received {received}")))
    }

    /// Copies a tensor like this one.
    pub(crate) fn write(&mut self, value: &Tensor) {
        let bytes = value.bytes();
        self.memory.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
    }
}

/// Finds the memory of a buffer, whose place in the arena has been checked.
pub(crate) fn locate(
    buffer: &Buffer,
    states: &[Held],
    arena: &Aligned,
    inputs: &[Input],
    constants: &mut Vec<Held>,
) -> Result<Located, DeviceError> {
    let spec = &buffer.spec;
    let differs = |what: String, found: &TensorSpec| {
        let (expected, received) = (describe(spec.dtype, &spec.shape), describe(found.dtype, &found.shape));
        Err(DeviceError(format!("invalid program: {what} is {received}, its buffer {expected}")))
    };
    let (address, writable) = match &buffer.place {
        Place::Input(number) => match inputs.get(*number as usize) {
            Some(Input { held, .. }) if held.spec == *spec => (held.memory.address(), false),
            Some(Input { held, .. }) => return differs(format!("input {number}"), &held.spec),
            None => return Err(DeviceError(format!("invalid program: input {number} does not exist"))),
        },
        Place::State(id) => match states.get(id.0 as usize) {
            Some(held) if held.spec.dtype == spec.dtype && held.spec.shape.numel() == spec.shape.numel() => {
                (held.memory.address(), true)
            }
            Some(held) => return differs(format!("state {}", id.0), &held.spec),
            None => return Err(DeviceError(format!("invalid program: state {} does not exist", id.0))),
        },
        Place::Constant(value) => {
            let mut held = Held::new(spec)?;
            if value.dtype() != spec.dtype || value.numel() != spec.shape.numel() {
                return differs(
                    "a constant".into(),
                    &TensorSpec { shape: value.shape().clone(), dtype: value.dtype() },
                );
            }
            let bytes = value.bytes();
            held.memory.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
            constants.push(held);
            (constants[constants.len() - 1].memory.address(), false)
        }
        Place::Arena { offset } => (arena.address() + offset, true),
    };
    Ok(Located {
        address,
        dtype: spec.dtype,
        numel: spec.shape.numel(),
        writable,
        state: matches!(buffer.place, Place::State(_)),
    })
}
