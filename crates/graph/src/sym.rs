//! A tensor of a graph under construction, with operators as methods: what layers, losses and optimizers are written
//! with.

mod conv;
mod conv_transpose;
mod pool;
mod taps;

use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::{BinaryOp, CompareOp, RandomKind, Real, ReduceKind, StateId, UnaryOp, Window};

pub use conv::Padding;

/// A graph shared by the [`Sym`]s that build it.
#[derive(Clone, Default)]
pub struct Tracer(Rc<RefCell<Graph>>);

impl Tracer {
    pub fn new() -> Tracer {
        Tracer::default()
    }

    /// Whether both are the same trace.
    pub fn same(&self, other: &Tracer) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub fn graph(&self) -> Ref<'_, Graph> {
        self.0.borrow()
    }

    pub fn graph_mut(&self) -> RefMut<'_, Graph> {
        self.0.borrow_mut()
    }

    fn sym(&self, id: NodeId) -> Sym {
        Sym { tracer: self.clone(), id }
    }

    /// The symbol of a node of this graph.
    pub fn at(&self, id: NodeId) -> Sym {
        self.sym(id)
    }

    pub fn input(&self, shape: impl Into<Shape>, dtype: DType) -> Sym {
        let id = self.graph_mut().input(shape, dtype);
        self.sym(id)
    }

    pub fn state(&self, state: StateId, shape: impl Into<Shape>, dtype: DType) -> Sym {
        let id = self.graph_mut().state(state, shape, dtype);
        self.sym(id)
    }

    pub fn constant(&self, value: Tensor) -> Sym {
        let id = self.graph_mut().constant(value);
        self.sym(id)
    }

    /// A float32 scalar.
    pub fn scalar(&self, value: f64) -> Sym {
        self.fill(value, Shape::scalar(), DType::F32)
    }

    pub fn fill(&self, value: f64, shape: impl Into<Shape>, dtype: DType) -> Sym {
        let id = self.graph_mut().fill(value, shape, dtype);
        self.sym(id)
    }

    pub fn iota(&self, shape: impl Into<Shape>, axis: usize, dtype: DType) -> Result<Sym> {
        let id = self.graph_mut().iota(shape, axis, dtype)?;
        Ok(self.sym(id))
    }

    /// Random float32 numbers; `state` is int32 `[4]` (key, step counter).
    pub fn random(&self, kind: RandomKind, state: &Sym, shape: impl Into<Shape>) -> Result<Sym> {
        let id = self.graph_mut().random(kind, state.id, shape)?;
        Ok(self.sym(id))
    }

    pub fn concat(&self, parts: &[Sym], axis: usize) -> Result<Sym> {
        let ids: Vec<NodeId> = parts.iter().map(|part| part.id).collect();
        let id = self.graph_mut().concat(&ids, axis)?;
        Ok(self.sym(id))
    }

    /// Makes a value an output of the program and returns its number.
    pub fn output(&self, value: &Sym) -> usize {
        self.graph_mut().output(value.id)
    }

    /// Gives a state a new value at the end of the step.
    pub fn assign(&self, state: StateId, value: &Sym) -> Result<()> {
        self.graph_mut().assign(state, value.id)
    }

    /// The gradients of a float32 scalar with regard to `wrt`; zeros where there is no path.
    pub fn gradients(&self, loss: &Sym, wrt: &[Sym]) -> Result<Vec<Sym>> {
        let ids: Vec<NodeId> = wrt.iter().map(|sym| sym.id).collect();
        let grads = crate::autograd::gradients(&mut self.graph_mut(), loss.id, &ids)?;
        Ok(grads.into_iter().map(|id| self.sym(id)).collect())
    }

    /// Whether a gradient of the loss flows to one of `wrt`.
    pub fn reaches(&self, loss: &Sym, wrt: &[Sym]) -> bool {
        let ids: Vec<NodeId> = wrt.iter().map(|sym| sym.id).collect();
        crate::autograd::reaches(&self.graph(), loss.id, &ids)
    }
}

/// A tensor of a graph under construction. Methods broadcast like NumPy and fail with a [`GraphError`] that names shapes.
#[derive(Clone)]
pub struct Sym {
    tracer: Tracer,
    id: NodeId,
}

macro_rules! unary_methods {
    ($($(#[$doc:meta])* $name:ident => $op:expr;)*) => {
        $($(#[$doc])* pub fn $name(&self) -> Result<Sym> { self.unary($op) })*
    };
}

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $name:ident => $op:expr;)*) => {
        $($(#[$doc])* pub fn $name(&self, other: &Sym) -> Result<Sym> { self.binary($op, other) })*
    };
}

macro_rules! compare_methods {
    ($($name:ident => $op:expr;)*) => {
        $(pub fn $name(&self, other: &Sym) -> Result<Sym> { self.compare($op, other) })*
    };
}

impl Sym {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    pub fn shape(&self) -> Shape {
        self.tracer.graph().shape(self.id).clone()
    }

    pub fn dtype(&self) -> DType {
        self.tracer.graph().dtype(self.id)
    }

    pub fn rank(&self) -> usize {
        self.tracer.graph().shape(self.id).rank()
    }

    fn apply(&self, build: impl FnOnce(&mut Graph) -> Result<NodeId>) -> Result<Sym> {
        let id = build(&mut self.tracer.graph_mut())?;
        Ok(self.tracer.sym(id))
    }

    fn same_graph(&self, op: &'static str, other: &Sym) -> Result<()> {
        if self.tracer.same(&other.tracer) {
            return Ok(());
        }
        Err(GraphError::new(
            op,
            "the operands belong to different traces; a traced tensor must not outlive its function",
        ))
    }

    pub fn unary(&self, op: UnaryOp) -> Result<Sym> {
        self.apply(|graph| graph.unary(op, self.id))
    }

    pub fn binary(&self, op: BinaryOp, other: &Sym) -> Result<Sym> {
        self.same_graph(op.name(), other)?;
        self.apply(|graph| graph.binary(op, self.id, other.id))
    }

    pub fn compare(&self, op: CompareOp, other: &Sym) -> Result<Sym> {
        self.same_graph("compare", other)?;
        self.apply(|graph| graph.compare(op, self.id, other.id))
    }

    unary_methods! {
        neg => UnaryOp::Neg;
        abs => UnaryOp::Abs;
        sign => UnaryOp::Sign;
        exp => UnaryOp::Exp;
        expm1 => UnaryOp::Expm1;
        log => UnaryOp::Log;
        log1p => UnaryOp::Log1p;
        sqrt => UnaryOp::Sqrt;
        rsqrt => UnaryOp::Rsqrt;
        reciprocal => UnaryOp::Reciprocal;
        square => UnaryOp::Square;
        sin => UnaryOp::Sin;
        cos => UnaryOp::Cos;
        tanh => UnaryOp::Tanh;
        sigmoid => UnaryOp::Sigmoid;
        softplus => UnaryOp::Softplus;
        relu => UnaryOp::Relu;
        erf => UnaryOp::Erf;
        floor => UnaryOp::Floor;
        ceil => UnaryOp::Ceil;
        round => UnaryOp::Round;
        is_finite => UnaryOp::IsFinite;
        not => UnaryOp::Not;
    }

    /// `x` where positive, else `alpha (exp(x) - 1)`.
    pub fn elu(&self, alpha: f64) -> Result<Sym> {
        self.unary(UnaryOp::Elu { alpha: Real::new(alpha) })
    }

    binary_methods! {
        add => BinaryOp::Add;
        sub => BinaryOp::Sub;
        mul => BinaryOp::Mul;
        div => BinaryOp::Div;
        maximum => BinaryOp::Max;
        minimum => BinaryOp::Min;
        pow => BinaryOp::Pow;
        modulo => BinaryOp::Mod;
        and => BinaryOp::And;
        or => BinaryOp::Or;
    }

    compare_methods! {
        equal => CompareOp::Eq;
        not_equal => CompareOp::Ne;
        less => CompareOp::Lt;
        less_equal => CompareOp::Le;
        greater => CompareOp::Gt;
        greater_equal => CompareOp::Ge;
    }

    /// A scalar of this tensor's dtype.
    pub fn scalar_like(&self, value: f64) -> Sym {
        self.tracer.fill(value, Shape::scalar(), self.dtype())
    }

    pub fn add_scalar(&self, value: f64) -> Result<Sym> {
        self.add(&self.scalar_like(value))
    }

    pub fn sub_scalar(&self, value: f64) -> Result<Sym> {
        self.sub(&self.scalar_like(value))
    }

    pub fn mul_scalar(&self, value: f64) -> Result<Sym> {
        self.mul(&self.scalar_like(value))
    }

    pub fn div_scalar(&self, value: f64) -> Result<Sym> {
        self.div(&self.scalar_like(value))
    }

    pub fn maximum_scalar(&self, value: f64) -> Result<Sym> {
        self.maximum(&self.scalar_like(value))
    }

    pub fn minimum_scalar(&self, value: f64) -> Result<Sym> {
        self.minimum(&self.scalar_like(value))
    }

    /// Where this condition (bool) holds `on_true`, else `on_false`.
    pub fn select(&self, on_true: &Sym, on_false: &Sym) -> Result<Sym> {
        self.same_graph("select", on_true)?;
        self.same_graph("select", on_false)?;
        self.apply(|graph| graph.select(self.id, on_true.id, on_false.id))
    }

    pub fn cast(&self, to: DType) -> Result<Sym> {
        self.apply(|graph| graph.cast(self.id, to))
    }

    pub fn stop_gradient(&self) -> Result<Sym> {
        self.apply(|graph| graph.stop_gradient(self.id))
    }

    /// This value, with the gradient of another of its shape; see [`Graph::surrogate`].
    pub fn with_gradient_of(&self, surrogate: &Sym) -> Result<Sym> {
        self.same_graph("surrogate", surrogate)?;
        self.apply(|graph| graph.surrogate(self.id, surrogate.id))
    }

    pub fn reduce(&self, kind: ReduceKind, axes: &[usize], keep_dims: bool) -> Result<Sym> {
        self.apply(|graph| graph.reduce(kind, self.id, axes, keep_dims))
    }

    pub fn sum(&self, axes: &[usize], keep_dims: bool) -> Result<Sym> {
        self.reduce(ReduceKind::Sum, axes, keep_dims)
    }

    pub fn max(&self, axes: &[usize], keep_dims: bool) -> Result<Sym> {
        self.reduce(ReduceKind::Max, axes, keep_dims)
    }

    pub fn min(&self, axes: &[usize], keep_dims: bool) -> Result<Sym> {
        self.reduce(ReduceKind::Min, axes, keep_dims)
    }

    /// Arithmetic mean along the axes (float32); NaN of nothing.
    pub fn mean(&self, axes: &[usize], keep_dims: bool) -> Result<Sym> {
        let shape = self.shape();
        let count: usize = axes.iter().filter_map(|&axis| shape.get(axis)).product();
        self.sum(axes, keep_dims)?.div_scalar(count as f64)
    }

    /// The sum of all elements.
    pub fn sum_all(&self) -> Result<Sym> {
        self.sum(&(0..self.rank()).collect::<Vec<_>>(), false)
    }

    /// The mean of all elements.
    pub fn mean_all(&self) -> Result<Sym> {
        self.mean(&(0..self.rank()).collect::<Vec<_>>(), false)
    }

    pub fn arg_max(&self, axis: usize) -> Result<Sym> {
        self.apply(|graph| graph.arg_max(self.id, axis))
    }

    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Sym> {
        let shape = shape.into();
        self.apply(|graph| graph.reshape(self.id, shape))
    }

    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Result<Sym> {
        let shape = shape.into();
        self.apply(|graph| graph.broadcast_to(self.id, shape))
    }

    pub fn transpose(&self, permutation: &[usize]) -> Result<Sym> {
        self.apply(|graph| graph.transpose(self.id, permutation))
    }

    pub fn slice(&self, start: &[usize], size: &[usize]) -> Result<Sym> {
        self.apply(|graph| graph.slice(self.id, start, size))
    }

    pub fn pad(&self, low: &[usize], high: &[usize], value: f64) -> Result<Sym> {
        self.apply(|graph| graph.pad(self.id, low, high, value))
    }

    /// Overlapping windows over the axes `axis ..`: `[outer, lengths, inner]` becomes `[outer, positions, sizes, inner]`.
    pub fn windows(&self, axis: usize, windows: &[Window]) -> Result<Sym> {
        self.apply(|graph| graph.windows(self.id, axis, windows))
    }

    /// The overlap-add of windows: `[outer, positions, sizes, inner]` becomes `[outer, lengths, inner]`.
    pub fn fold_windows(&self, axis: usize, windows: &[Window], lengths: &[usize]) -> Result<Sym> {
        self.apply(|graph| graph.fold_windows(self.id, axis, windows, lengths))
    }

    /// `self · other` over the last two axes.
    pub fn mat_mul(&self, other: &Sym) -> Result<Sym> {
        self.mat_mul_with(other, false, false)
    }

    pub fn mat_mul_with(&self, other: &Sym, transpose_self: bool, transpose_other: bool) -> Result<Sym> {
        self.same_graph("matMul", other)?;
        self.apply(|graph| graph.mat_mul(self.id, other.id, transpose_self, transpose_other))
    }

    /// Rows of this table by int32 index.
    pub fn gather(&self, indices: &Sym) -> Result<Sym> {
        self.same_graph("gather", indices)?;
        self.apply(|graph| graph.gather(self.id, indices.id))
    }

    /// Where these int32 indices point, the sum of the given rows, in a table of `n` rows.
    pub fn scatter_add(&self, rows: &Sym, n: usize) -> Result<Sym> {
        self.same_graph("scatterAdd", rows)?;
        self.apply(|graph| graph.scatter_add(self.id, rows.id, n))
    }

    /// Remembers that these probabilities come from `logits`; see [`Graph::remember_logits`].
    pub fn remember_logits(&self, logits: &Sym) {
        self.tracer.graph_mut().remember_logits(self.id, logits.id);
    }

    /// The logits that these probabilities come from, if known.
    pub fn logits(&self) -> Option<Sym> {
        let logits = self.tracer.graph().logits_of(self.id)?;
        Some(self.tracer.sym(logits))
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sym({} {})", self.dtype(), self.shape())
    }
}
