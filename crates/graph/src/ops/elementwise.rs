//! Elementwise functions of one and of two arguments.

use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::{BinaryOp, Op, UnaryOp};

impl Graph {
    /// Applies a function of one argument to each element.
    pub fn unary(&mut self, op: UnaryOp, x: NodeId) -> Result<NodeId> {
        let dtype = self.dtype(x);
        let (fits, expected) = match op {
            UnaryOp::Not => (dtype == DType::Bool, "bool"),
            UnaryOp::Neg | UnaryOp::Abs => (matches!(dtype, DType::F32 | DType::I32), "float32 or int32"),
            _ => (dtype == DType::F32, "float32"),
        };
        if !fits {
            return Err(GraphError::new(op.name(), format!("expected dtype {expected}, received {dtype}")));
        }
        let result = if op == UnaryOp::IsFinite { DType::Bool } else { dtype };
        let shape = self.shape(x).clone();
        Ok(self.push(Op::Unary(op), vec![x], shape, result))
    }

    /// Combines two tensors element by element, after broadcasting them to their common shape.
    pub fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Result<NodeId> {
        let (a, b) = self.broadcast_together(op.name(), a, b)?;
        let dtype = self.dtype(a);
        let logical = matches!(op, BinaryOp::And | BinaryOp::Or);
        if logical != (dtype == DType::Bool) || dtype == DType::U8 {
            let expected = if logical { "bool" } else { "float32 or int32" };
            return Err(GraphError::new(op.name(), format!("expected dtype {expected}, received {dtype}")));
        }
        if let Some(folded) = self.fold_binary(op, a, b) {
            return Ok(folded);
        }
        let shape = self.shape(a).clone();
        Ok(self.push(Op::Binary(op), vec![a, b], shape, dtype))
    }

    /// `x + 0`, `x - 0`, `x * 1`, `x / 1`, `x ^ 1` are `x`.
    fn fold_binary(&self, op: BinaryOp, a: NodeId, b: NodeId) -> Option<NodeId> {
        match op {
            BinaryOp::Add if self.is_fill(a, 0.0) => Some(b),
            BinaryOp::Add | BinaryOp::Sub if self.is_fill(b, 0.0) => Some(a),
            BinaryOp::Mul if self.is_fill(a, 1.0) => Some(b),
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow if self.is_fill(b, 1.0) => Some(a),
            _ => None,
        }
    }

    /// True if every element of the node is known to have this value.
    pub(crate) fn is_fill(&self, id: NodeId, value: f64) -> bool {
        self.fill_value(id) == Some(value)
    }

    /// The value of all elements, where it is one and known at compile time.
    pub fn fill_value(&self, id: NodeId) -> Option<f64> {
        match self.node(id).op {
            Op::Fill(value) => Some(value.get()),
            _ => None,
        }
    }

    /// Broadcasts two operands of one dtype to their common shape.
    pub(crate) fn broadcast_together(&mut self, op: &'static str, a: NodeId, b: NodeId) -> Result<(NodeId, NodeId)> {
        let (dtype_a, dtype_b) = (self.dtype(a), self.dtype(b));
        if dtype_a != dtype_b {
            let detail = format!("expected operands of one dtype, received {dtype_a} and {dtype_b}; cast one of them");
            return Err(GraphError::new(op, detail));
        }
        let (shape_a, shape_b) = (self.shape(a).clone(), self.shape(b).clone());
        let Some(shape): Option<Shape> = shape_a.broadcast(&shape_b) else {
            return Err(GraphError::new(op, format!("shapes {shape_a} and {shape_b} do not broadcast together")));
        };
        Ok((self.broadcast_to(a, shape.clone())?, self.broadcast_to(b, shape)?))
    }
}
