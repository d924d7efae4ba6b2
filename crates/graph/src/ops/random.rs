//! Random numbers inside a step.
//!
//! The state is an int32 `[4]` tensor: key (low, high), step counter (low, high), read as unsigned words. Block `j` of
//! stream `s` is `philox4x32(key, [j, s, counter low, counter high])`; element `i` of a uniform tensor is lane `i % 4` of block `i / 4`
//! mapped by [`glorot_tensor::random::to_unit`]; of a normal tensor, lanes (0, 1) of block `i / 2` (cosine for even `i`,
//! sine for odd) mapped by [`glorot_tensor::random::to_normal`] with the first two lanes. The step counter advances with each step, so a program can be
//! replayed without any host work and still draw new numbers.

use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::{Op, RandomKind};

impl Graph {
    /// Random float32 numbers. `state`: int32 `[4]`. Each call is a stream of its own.
    pub fn random(&mut self, kind: RandomKind, state: NodeId, shape: impl Into<Shape>) -> Result<NodeId> {
        if (self.dtype(state), self.shape(state)) != (DType::I32, &Shape::from([4])) {
            let detail = format!("expected a state int32 [4], received {} {}", self.dtype(state), self.shape(state));
            return Err(GraphError::new("random", detail));
        }
        let stream = self.next_random_stream();
        Ok(self.push(Op::Random { kind, stream }, vec![state], shape.into(), DType::F32))
    }
}
