//! Random numbers inside a step.
//!
//! The state is an int32 `[4]` tensor: key (low, high), step counter (low, high), read as unsigned words. Block `j` of
//! stream `s` is `philox4x32(key, [j, s, counter low, counter high])`. Element `i` of a uniform tensor is lane `i % 4` of
//! block `i / 4`, mapped by [`glorot_tensor::random::to_unit`]. Element `i` of a normal tensor is one half of the pair
//! that [`glorot_tensor::random::to_normal`] makes of lanes 0 and 1 of block `i / 2`: the cosine for even `i`, the sine
//! for odd `i`. The step counter advances with each step, so a program can be replayed without any host work and still
//! draw new numbers.

use glorot_tensor::random::{philox4x32, to_normal, to_unit};
use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{Op, RandomKind};
use crate::ops::checked_shape;
use crate::reference::Value;

impl Graph {
    /// Random float32 numbers. `state`: int32 `[4]`. Each call is a stream of its own.
    pub fn random(&mut self, kind: RandomKind, state: NodeId, shape: impl Into<Shape>) -> Result<NodeId> {
        if (self.dtype(state), self.shape(state)) != (DType::I32, &Shape::from([4])) {
            let detail = format!("expected a state int32 [4], received {} {}", self.dtype(state), self.shape(state));
            return Err(GraphError::new("random", detail));
        }
        let shape = checked_shape("random", shape.into().iter().copied().map(Some))?;
        let stream = self.next_random_stream();
        Ok(self.push(Op::Random { kind, stream }, vec![state], shape, DType::F32))
    }
}

/// Plain meaning of the op. The numbers are float32 and equal on every device, up to the rounding of the logarithm, sine
/// and cosine of normal ones.
pub(crate) fn reference(node: &Node, kind: RandomKind, stream: u32, state: &Value) -> Value {
    let word = |i: usize| state.data[i] as i32 as u32;
    let block = |number: usize| philox4x32([word(0), word(1)], [number as u32, stream, word(2), word(3)]);
    let element = |i: usize| match kind {
        RandomKind::Uniform => to_unit(block(i / 4)[i % 4]),
        RandomKind::Normal => {
            let lanes = block(i / 2);
            let (cosine, sine) = to_normal(lanes[0], lanes[1]);
            if i.is_multiple_of(2) { cosine } else { sine }
        }
    };
    Value::new(node.shape.clone(), node.dtype, (0..node.shape.numel()).map(|i| f64::from(element(i))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{refusal, run};

    #[test]
    fn elements_follow_the_documented_blocks() {
        // Words with the highest bit set are read as unsigned.
        let state = Value::i32([4], vec![-5, 6, 7, 0]);
        let key = [0xffff_fffb, 6];
        let uniform = run(std::slice::from_ref(&state), |graph, x| graph.random(RandomKind::Uniform, x[0], [2, 3]));
        let words = |block| philox4x32(key, [block, 0, 7, 0]);
        let expected = words(0).into_iter().chain(words(1)).take(6).map(|word| f64::from(to_unit(word)));
        assert_eq!(uniform.data, expected.collect::<Vec<_>>());

        let normal = run(&[state], |graph, x| graph.random(RandomKind::Normal, x[0], [3]));
        let pair = |block| to_normal(words(block)[0], words(block)[1]);
        assert_eq!(normal.data, [pair(0).0, pair(0).1, pair(1).0].map(f64::from));
    }

    #[test]
    fn each_call_is_another_stream() {
        let mut graph = Graph::new();
        let state = graph.input([4], DType::I32);
        let first = graph.random(RandomKind::Uniform, state, [8]).unwrap();
        let second = graph.random(RandomKind::Uniform, state, [8]).unwrap();
        let state = Value::i32([4], vec![1, 2, 3, 4]);
        let result = crate::reference::evaluate(&graph, &[state], &|_| unreachable!("a graph without states"));
        assert_ne!(result.value(first), result.value(second));
    }

    #[test]
    fn refuses_other_states() {
        let message = refusal(&[Value::f32([4], vec![0.0; 4])], |graph, x| graph.random(RandomKind::Normal, x[0], [3]));
        assert_eq!(message, "random: expected a state int32 [4], received float32 [4]");
    }
}
