//! Sliding windows over neighbouring axes, and their overlap-add: what convolution and pooling are made of.

use glorot_tensor::{DType, Shape};

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{Op, Window};
use crate::ops::checked_shape;
use crate::reference::{Value, indices};

impl Window {
    /// A window of neighbouring elements.
    pub fn new(size: usize, stride: usize) -> Window {
        Window { size, stride, dilation: 1 }
    }

    /// Elements from the first that a window takes to the last, both included; `size` must be at least 1.
    pub fn span(self) -> usize {
        (self.size - 1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// How many windows fit into `length` elements; the window must be valid.
    pub fn positions(self, length: usize) -> usize {
        length.checked_sub(self.span()).map_or(0, |rest| rest / self.stride + 1)
    }

    fn check(self, op: &'static str) -> Result<()> {
        if self.size > 0 && self.stride > 0 && self.dilation > 0 {
            return Ok(());
        }
        let Window { size, stride, dilation } = self;
        let received = format!("received size {size}, stride {stride}, dilation {dilation}");
        Err(GraphError::new(op, format!("expected size, stride and dilation of at least 1, {received}")))
    }
}

impl Graph {
    /// The windows over the axes `axis ..` (one [`Window`] for each), any dtype: `[outer, lengths, inner]` becomes
    /// `[outer, positions, sizes, inner]`, where window `p` of an axis takes the elements `p * stride + i * dilation`.
    /// Only whole windows count. `[n, h, w, c]` with two windows from axis 1 on becomes `[n, oh, ow, kh, kw, c]`.
    pub fn windows(&mut self, x: NodeId, axis: usize, windows: &[Window]) -> Result<NodeId> {
        let node = self.node(x).clone();
        if axis.checked_add(windows.len()).is_none_or(|end| end > node.shape.rank()) {
            let detail = format!("shape {} has no {} axes from axis {axis} on", node.shape, windows.len());
            return Err(GraphError::new("windows", detail));
        }
        for (i, window) in windows.iter().enumerate() {
            window.check("windows")?;
            let length = node.shape[axis + i];
            if window.span() > length {
                let reach = format!("a window of size {} and dilation {}", window.size, window.dilation);
                let detail = format!(
                    "{reach} reaches over {} elements, axis {} of shape {} has {length}",
                    window.span(),
                    axis + i,
                    node.shape
                );
                return Err(GraphError::new("windows", detail));
            }
        }
        let shape = checked_shape("windows", windowed(&node.shape, axis, windows).into_iter().map(Some))?;
        if keeps_order(&node.shape, axis, windows) {
            return self.reshape(x, shape);
        }
        if let Op::Fill(_) = node.op {
            return Ok(self.push(node.op, vec![], shape, node.dtype));
        }
        Ok(self.push(Op::Windows { axis, windows: windows.to_vec() }, vec![x], shape, node.dtype))
    }

    /// The transpose of [`Graph::windows`] (float32): `[outer, positions, sizes, inner]` becomes `[outer, lengths,
    /// inner]`, each element the sum of what the windows that take it hold for it.
    pub fn fold_windows(&mut self, x: NodeId, axis: usize, windows: &[Window], lengths: &[usize]) -> Result<NodeId> {
        let (shape, dtype, count) = (self.shape(x).clone(), self.dtype(x), windows.len());
        windows.iter().try_for_each(|window| window.check("foldWindows"))?;
        if lengths.len() != count || axis.checked_add(2 * count).is_none_or(|end| end > shape.rank()) {
            let detail = format!(
                "expected shape {shape} to have {count} axes of positions and {count} of sizes from axis {axis} on, and as many lengths, received lengths {lengths:?}"
            );
            return Err(GraphError::new("foldWindows", detail));
        }
        if dtype != DType::F32 {
            return Err(GraphError::new("foldWindows", format!("expected dtype float32, received {dtype}")));
        }
        let axes = windows.iter().zip(lengths);
        let expected: Vec<usize> = axes
            .map(|(window, &length)| window.positions(length))
            .chain(windows.iter().map(|window| window.size))
            .collect();
        if expected != shape[axis..axis + 2 * count] {
            let detail = format!(
                "expected positions and sizes {expected:?} from axis {axis} on for lengths {lengths:?}, received shape {shape}"
            );
            return Err(GraphError::new("foldWindows", detail));
        }
        let dims = shape[..axis].iter().chain(lengths).chain(&shape[axis + 2 * count..]);
        let result = checked_shape("foldWindows", dims.copied().map(Some))?;
        if keeps_order(&result, axis, windows) {
            return self.reshape(x, result);
        }
        if self.fill_value(x) == Some(0.0) || shape.numel() == 0 {
            return Ok(self.fill(0.0, result, DType::F32));
        }
        Ok(self.push(Op::FoldWindows { axis, windows: windows.to_vec() }, vec![x], result, DType::F32))
    }
}

/// The shape of the windows of a tensor.
fn windowed(shape: &Shape, axis: usize, windows: &[Window]) -> Vec<usize> {
    let end = axis + windows.len();
    let positions = windows.iter().zip(&shape[axis..end]).map(|(window, &length)| window.positions(length));
    let sizes = windows.iter().map(|window| window.size);
    shape[..axis].iter().copied().chain(positions).chain(sizes).chain(shape[end..].iter().copied()).collect()
}

/// How the windows lie in memory, of a tensor whose elements have these strides: the strides of their axes.
pub(crate) fn strides(of: &[usize], axis: usize, windows: &[Window]) -> Vec<usize> {
    let end = axis + windows.len();
    // A step too long for a number is that of an axis with one window (or of windows with one element).
    let by = |factor: fn(&Window) -> usize| {
        let axes = windows.iter().zip(&of[axis..end]);
        axes.map(move |(window, &stride)| stride.checked_mul(factor(window)).unwrap_or(0))
    };
    let (positions, sizes) = (by(|window| window.stride), by(|window| window.dilation));
    of[..axis].iter().copied().chain(positions).chain(sizes).chain(of[end..].iter().copied()).collect()
}

/// True if the windows of a dense tensor are its elements, each once, in order.
fn keeps_order(shape: &Shape, axis: usize, windows: &[Window]) -> bool {
    let result = Shape::from(windowed(shape, axis, windows));
    let strides = strides(&shape.strides(), axis, windows);
    let dense = result.strides();
    result.numel() == shape.numel() && (0..result.rank()).all(|axis| result[axis] == 1 || strides[axis] == dense[axis])
}

/// Each of the two ops is the other's gradient.
pub(crate) fn gradient(graph: &mut Graph, axis: usize, windows: &[Window], edge: &Edge) -> Result<NodeId> {
    if let Op::FoldWindows { .. } = edge.node.op {
        return graph.windows(edge.upstream, axis, windows);
    }
    let lengths = graph.shape(edge.input())[axis..axis + windows.len()].to_vec();
    graph.fold_windows(edge.upstream, axis, windows, &lengths)
}

/// The element that a window's element is: `index` counts positions and sizes, the result lengths.
fn source(index: &[usize], axis: usize, windows: &[Window]) -> Vec<usize> {
    let count = windows.len();
    let of_axis = |i: usize| index[axis + i] * windows[i].stride + index[axis + count + i] * windows[i].dilation;
    let inner = index[axis + 2 * count..].iter().copied();
    index[..axis].iter().copied().chain((0..count).map(of_axis)).chain(inner).collect()
}

/// Plain meaning of `windows`.
pub(crate) fn reference(node: &Node, axis: usize, windows: &[Window], x: &Value) -> Value {
    let data = indices(&node.shape).map(|index| x.at(&source(&index, axis, windows))).collect();
    Value::new(node.shape.clone(), node.dtype, data)
}

/// Plain meaning of `fold_windows`.
pub(crate) fn reference_fold(node: &Node, axis: usize, windows: &[Window], x: &Value) -> Value {
    let mut result = Value::new(node.shape.clone(), node.dtype, vec![0.0; node.shape.numel()]);
    for (number, index) in indices(&x.shape).enumerate() {
        *result.at_mut(&source(&index, axis, windows)) += x.data[number];
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{gradients, refusal, run};

    fn counting(shape: impl Into<Shape>) -> Value {
        let shape = shape.into();
        let data = (0..shape.numel()).map(|i| i as f64).collect();
        Value::f32(shape, data)
    }

    #[test]
    fn windows_of_a_sequence() {
        let taken = |window| run(&[counting([7])], |graph, x| graph.windows(x[0], 0, &[window]));
        assert_eq!(taken(Window::new(3, 2)), Value::f32([3, 3], vec![0., 1., 2., 2., 3., 4., 4., 5., 6.]));
        let dilated = Window { size: 2, stride: 3, dilation: 3 };
        assert_eq!(taken(dilated), Value::f32([2, 2], vec![0., 3., 3., 6.]));
        let far = Window { size: 1, stride: usize::MAX, dilation: usize::MAX };
        assert_eq!(taken(far), Value::f32([1, 1], vec![0.]));
        // The last element is in no whole window.
        assert_eq!(taken(Window::new(2, 2)), Value::f32([3, 2], vec![0., 1., 2., 3., 4., 5.]));
    }

    #[test]
    fn windows_of_images() {
        let patches = run(&[counting([2, 3, 4, 2])], |graph, x| {
            graph.windows(x[0], 1, &[Window::new(2, 1), Window { size: 2, stride: 1, dilation: 2 }])
        });
        assert_eq!(patches.shape.dims(), [2, 2, 2, 2, 2, 2]);
        // Image 1, window (1, 1), element (0, 1), channel 0: row 1 + 0, column 1 + 2.
        assert_eq!(patches.at(&[1, 1, 1, 0, 1, 0]), f64::from(24 + 8 + 6));
        assert_eq!(patches.at(&[0, 0, 1, 1, 0, 1]), f64::from(8 + 2 + 1));
    }

    #[test]
    fn any_dtype_moves() {
        let bytes = Value::new([3], DType::U8, vec![1.0, 2.0, 3.0]);
        let taken = run(&[bytes], |graph, x| graph.windows(x[0], 0, &[Window::new(2, 1)]));
        assert_eq!(taken, Value::new([2, 2], DType::U8, vec![1.0, 2.0, 2.0, 3.0]));
    }

    #[test]
    fn folds_by_adding() {
        let parts = Value::f32([2, 3], vec![1., 2., 3., 10., 20., 30.]);
        let window = [Window::new(3, 2)];
        let sum = run(std::slice::from_ref(&parts), |graph, x| graph.fold_windows(x[0], 0, &window, &[6]));
        assert_eq!(sum, Value::f32([6], vec![1., 2., 13., 20., 30., 0.]));
        let counts = gradients(&[counting([6])], |graph, x| graph.windows(x[0], 0, &window));
        assert_eq!(counts, [[1., 1., 2., 1., 1., 0.]]);
        let ones = gradients(&[parts], |graph, x| graph.fold_windows(x[0], 0, &window, &[6]));
        assert_eq!(ones, [[1.0; 6]]);
    }

    #[test]
    fn trivial_windows_are_reshapes() {
        let mut graph = Graph::new();
        let x = graph.input([2, 5, 6, 3], DType::F32);
        let (one, row) = (Window::new(1, 1), Window::new(6, 4));
        for windows in [[one, one], [one, row], [Window::new(5, 1), row]] {
            let taken = graph.windows(x, 1, &windows).unwrap();
            assert_eq!((&graph.node(taken).op, &graph.node(taken).inputs[..]), (&Op::Reshape, &[x][..]));
            assert_eq!(graph.fold_windows(taken, 1, &windows, &[5, 6]).unwrap(), x);
        }
        // Each element once, but not in order.
        let columns = graph.windows(x, 1, &[Window::new(5, 1), one]).unwrap();
        assert!(matches!(graph.node(columns).op, Op::Windows { .. }));
    }

    #[test]
    fn constants_stay_constants() {
        let mut graph = Graph::new();
        let ones = graph.fill(1.0, [5], DType::F32);
        let taken = graph.windows(ones, 0, &[Window::new(3, 1)]).unwrap();
        assert_eq!((graph.fill_value(taken), graph.shape(taken).dims()), (Some(1.0), [3, 3].as_slice()));
        let summed = graph.fold_windows(taken, 0, &[Window::new(3, 1)], &[5]).unwrap();
        assert_eq!(graph.fill_value(summed), None);
        let zeros = graph.fill(0.0, [3, 3], DType::F32);
        let summed = graph.fold_windows(zeros, 0, &[Window::new(3, 1)], &[5]).unwrap();
        assert_eq!((graph.fill_value(summed), graph.shape(summed).dims()), (Some(0.0), [5].as_slice()));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let windows = |shape: &[usize], axis: usize, windows: &[Window]| {
            refusal(&[counting(shape)], |graph, x| graph.windows(x[0], axis, windows))
        };
        assert_eq!(windows(&[4], 0, &[Window::new(2, 1); 2]), "windows: shape [4] has no 2 axes from axis 0 on");
        assert_eq!(
            windows(&[2, 4], 1, &[Window { size: 3, stride: 1, dilation: 2 }]),
            "windows: a window of size 3 and dilation 2 reaches over 5 elements, axis 1 of shape [2, 4] has 4"
        );
        assert_eq!(
            windows(&[4], 0, &[Window::new(2, 0)]),
            "windows: expected size, stride and dilation of at least 1, received size 2, stride 0, dilation 1"
        );
        let huge = Window { size: usize::MAX, stride: 1, dilation: usize::MAX };
        assert!(windows(&[4], 0, &[huge]).contains("reaches over 18446744073709551615 elements"));
        let fold = |x: Value, window: Window, lengths: &[usize]| {
            refusal(&[x], |graph, x| graph.fold_windows(x[0], 0, &[window], lengths))
        };
        assert_eq!(
            fold(counting([3, 2]), Window::new(2, 1), &[5]),
            "foldWindows: expected positions and sizes [4, 2] from axis 0 on for lengths [5], received shape [3, 2]"
        );
        assert_eq!(
            fold(counting([3]), Window::new(2, 1), &[4]),
            "foldWindows: expected shape [3] to have 1 axes of positions and 1 of sizes from axis 0 on, and as many \
             lengths, received lengths [4]"
        );
        assert_eq!(
            fold(Value::i32([3, 2], vec![0; 6]), Window::new(2, 1), &[4]),
            "foldWindows: expected dtype float32, received int32"
        );
    }
}
