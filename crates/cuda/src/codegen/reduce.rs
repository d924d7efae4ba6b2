//! Reductions: threads walk through the reduced elements in strides, then combine in a tree. Which thread takes which
//! element, and the shape of the tree, follow from the shapes alone.

use std::fmt::Write;

use glorot_graph::ReduceKind;
use glorot_graph::program::{Body, BufferId, Instr, ReduceKernel, Reducer, Reduction, View};
use glorot_tensor::{DType, Shape};

use super::axes::{Axes, index_type};
use super::body::{self, literal, register};
use super::by_rows::RowAxis;
use super::function::{Function, Parameters, THREADS};
use super::points::{Points, Views};

/// More elements than this one after the other lose accuracy and time: a second kernel combines the parts.
const SERIAL: usize = 64;
/// The length of a part, in elements of one thread.
const PART: usize = 32;
/// Parts at most.
const PARTS: usize = 1024;
/// Blocks that keep a large GPU busy.
const ENOUGH_BLOCKS: usize = 512;

/// How the threads of a block lie over kept and reduced elements.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// Threads along the kept elements.
    across: usize,
    /// Threads along the reduced elements: a power of two.
    along: usize,
    /// Neighbouring threads take neighbouring reduced (not kept) elements.
    reduced_inner: bool,
    /// Parts of the reduced elements.
    parts: usize,
}

impl Layout {
    fn new(kernel: &ReduceKernel, kept: usize, reduced: usize) -> Layout {
        let reduced_inner = kept == 1 || walks_reduced(kernel);
        let power = |n: usize| n.max(1).next_power_of_two();
        let along =
            if reduced_inner { power(reduced).min(THREADS) } else { power(reduced).min(THREADS / power(kept).min(32)) };
        let across = THREADS / along;
        let serial = reduced.div_ceil(along);
        let is_sum = kernel.reductions.iter().all(|reduction| reduction.kind != Reducer::ArgMax);
        let few = kept.div_ceil(across) < ENOUGH_BLOCKS;
        let parts = if is_sum && few && serial > SERIAL {
            serial.div_ceil(PART).min(PARTS)
        } else if is_sum && serial > SERIAL * PART {
            serial.div_ceil(SERIAL * PART).min(PARTS)
        } else {
            1
        };
        Layout { across, along, reduced_inner, parts }
    }
}

/// True if most loads walk along a reduced axis.
fn walks_reduced(kernel: &ReduceKernel) -> bool {
    let last = (0..kernel.domain.rank()).rev().find(|&axis| kernel.domain[axis] != 1);
    let default = last.is_some_and(|axis| kernel.axes.contains(&axis));
    let walks = kernel.body.instrs.iter().filter_map(|instr| match instr {
        Instr::Load { view, .. } => {
            (0..kernel.domain.rank()).find(|&axis| kernel.domain[axis] != 1 && view.strides[axis] == 1)
        }
        _ => None,
    });
    let votes: Vec<bool> = walks.map(|axis| kernel.axes.contains(&axis)).collect();
    let along = votes.iter().filter(|&&vote| vote).count();
    if 2 * along == votes.len() { default } else { 2 * along > votes.len() }
}

/// The partial results of a reduction: `parts × kept` elements, which another kernel combines.
#[derive(Clone, Debug)]
pub(crate) struct Partial {
    pub parts: usize,
    pub kept: usize,
}

/// How many parts the kernel's results have; `None` if one kernel does it all.
pub(crate) fn partial(kernel: &ReduceKernel) -> Option<Partial> {
    let (kept, reduced) = counts(kernel);
    let parts = Layout::new(kernel, kept, reduced).parts;
    (parts > 1 && kept > 0).then_some(Partial { parts, kept })
}

/// The kernel that combines partial results, in order.
pub(crate) fn combine(kernel: &ReduceKernel, partial: &Partial, buffers: &[BufferId]) -> ReduceKernel {
    let domain: Shape = [partial.parts, partial.kept].into();
    let mut body = Body::default();
    let mut reductions = Vec::new();
    for (reduction, &buffer) in kernel.reductions.iter().zip(buffers) {
        let view = View { offset: 0, strides: vec![partial.kept, 1] };
        body.instrs.push(Instr::Load { buffer, view });
        body.dtypes.push(kernel.body.dtypes[reduction.value as usize]);
        let value = body.instrs.len() as u32 - 1;
        reductions.push(Reduction { kind: reduction.kind, value, output: reduction.output });
    }
    ReduceKernel { domain, axes: vec![0], body, reductions }
}

fn counts(kernel: &ReduceKernel) -> (usize, usize) {
    let count = |reduced: bool| -> usize {
        let axes = (0..kernel.domain.rank()).filter(|axis| kernel.axes.contains(axis) == reduced);
        axes.map(|axis| kernel.domain[axis]).product()
    };
    (count(false), count(true))
}

/// A reduce kernel that writes its results to `outputs`: one element for each kept one, or with several parts
/// `parts × kept` of them. With `rows`, those of some rows, of one part.
pub(crate) fn reduce(
    kernel: &ReduceKernel,
    outputs: &[BufferId],
    rows: Option<RowAxis>,
    parameters: &mut Parameters,
) -> Function {
    let (whole, reduced) = counts(kernel);
    let layout = Layout::new(kernel, whole, reduced);
    let views = Views::new(&kernel.body, &[], kernel.domain.rank()).with_rows(rows);
    let nest = |want: bool| {
        let axes: Vec<usize> = (0..kernel.domain.rank()).filter(|axis| kernel.axes.contains(axis) == want).collect();
        let dims: Vec<usize> = axes.iter().map(|&axis| RowAxis::length_of(rows, &kernel.domain, axis)).collect();
        let strides: Vec<Vec<usize>> =
            views.strides.iter().map(|view| axes.iter().map(|&axis| view[axis]).collect()).collect();
        Axes::join(&dims, &strides)
    };
    let (outer, inner) = (nest(false), nest(true));
    let largest = views.largest(&kernel.domain).max(whole * layout.parts).max(reduced + PARTS);
    let index = index_type(largest + THREADS);
    let kept = outer.points();

    let Layout { across, along, reduced_inner, parts } = layout;
    let blocks = kept.div_ceil(across);
    let (first, second) = if reduced_inner {
        (format!("t % {along}"), format!("t / {along}"))
    } else {
        (format!("t / {across}"), format!("t % {across}"))
    };
    let mut code = String::new();
    let _ = writeln!(code, "const int along = {first}, across = {second};");
    let part = if parts == 1 { "0".to_string() } else { format!("unit / {blocks}") };
    let tile = if parts == 1 { "unit".to_string() } else { format!("unit % {blocks}") };
    let _ = writeln!(code, "const {index} o = ({index})({tile}) * {across} + across;");
    let length = reduced.div_ceil(parts);
    let _ = writeln!(code, "const {index} begin = ({index})({part}) * {length};");
    let _ = writeln!(code, "const {index} end = begin + {length} < {reduced} ? begin + {length} : {reduced};");
    for (i, reduction) in kernel.reductions.iter().enumerate() {
        let (dtype, start) = start(kernel, reduction);
        let _ = writeln!(code, "{} a{i} = {start};", register(dtype));
        if reduction.kind == Reducer::ArgMax {
            let _ = writeln!(code, "int n{i} = -1;");
        }
    }
    let _ = writeln!(code, "if (o < {kept}) {{");
    outer.split(&mut code, index, "o", "o", 1);
    let _ = writeln!(code, "#pragma unroll 4\nfor ({index} r = begin + along; r < end; r += {along}) {{");
    inner.split(&mut code, index, "r", "r", 1);
    let mut points =
        Points { views: &views, nests: vec![(outer, "o"), (inner, "r")], four: false, parameters, accumulator: None };
    let values = body::write(&mut code, &kernel.body, &mut points);
    for (i, reduction) in kernel.reductions.iter().enumerate() {
        let value = values[reduction.value as usize].lane(0);
        match reduction.kind {
            Reducer::ArgMax => {
                let _ = writeln!(
                    code,
                    "if (n{i} < 0 || {value} > a{i} || ({value} != {value} && a{i} == a{i})) {{ a{i} = {value}; n{i} = (int)r; }}"
                );
            }
            Reducer::Fold(kind) => {
                let _ = writeln!(code, "a{i} = {};", combined(kind, &format!("a{i}"), value));
            }
        }
    }
    code.push_str("}\n}\n");
    let mut shared = 0;
    for (i, (reduction, &output)) in kernel.reductions.iter().zip(outputs).enumerate() {
        let dtype = kernel.body.dtypes[reduction.value as usize];
        let is_index = reduction.kind == Reducer::ArgMax;
        shared = shared.max(THREADS * if is_index { 8 } else { 4 });
        tree(&mut code, i, reduction, dtype, layout);
        let pointer = points.parameters.pointer(output, if is_index { DType::I32 } else { dtype });
        let value = if is_index { format!("n{i}") } else { format!("a{i}") };
        let at = match rows {
            Some(rows) => format!("first * {} + o", kept / rows.rows),
            None if parts == 1 => "o".to_string(),
            None => format!("({index})({part}) * {kept} + o"),
        };
        let _ = writeln!(code, "if (along == 0 && o < {kept}) {pointer}[{at}] = {value};");
    }
    let pointers = points.parameters.elements.clone();
    Function { code, pointers, units: blocks * parts, shared }
}

/// Combines the values of the threads along the reduced elements; the first has the result.
fn tree(code: &mut String, i: usize, reduction: &Reduction, dtype: DType, layout: Layout) {
    let register = register(dtype);
    let distance = if layout.reduced_inner { 1 } else { layout.across };
    if layout.along == 1 {
        return;
    }
    let _ = writeln!(code, "{{\n{register}* s = ({register}*)shared;");
    match reduction.kind {
        Reducer::ArgMax => {
            let _ = writeln!(code, "int* m = (int*)(shared + {});", THREADS * 4);
            let _ = writeln!(code, "s[t] = a{i}; m[t] = n{i};\n__syncthreads();");
            let _ = writeln!(code, "for (int half = {}; half > 0; half /= 2) {{", layout.along / 2);
            let _ = writeln!(
                code,
                "if (along < half) {{\nconst {register} b = s[t + half * {distance}]; const int k = m[t + half * {distance}];"
            );
            // The larger wins, NaN before all, of equals the first.
            let _ = writeln!(
                code,
                "const bool larger = b > a{i} || (b != b && a{i} == a{i});\nconst bool equal = b == a{i} || (b != b && a{i} != a{i});\n\
                 if (k >= 0 && (n{i} < 0 || larger || (equal && k < n{i}))) {{ a{i} = b; n{i} = k; s[t] = b; m[t] = k; }}\n}}\n__syncthreads();\n}}"
            );
        }
        Reducer::Fold(kind) => {
            let _ = writeln!(code, "s[t] = a{i};\n__syncthreads();");
            let _ = writeln!(code, "for (int half = {}; half > 0; half /= 2) {{", layout.along / 2);
            let other = format!("s[t + half * {distance}]");
            let _ = writeln!(
                code,
                "if (along < half) {{ a{i} = {}; s[t] = a{i}; }}\n__syncthreads();\n}}",
                combined(kind, &format!("a{i}"), &other)
            );
        }
    }
    code.push_str("}\n");
}

fn combined(kind: ReduceKind, a: &str, b: &str) -> String {
    let name = match kind {
        ReduceKind::Sum => "g_add",
        ReduceKind::Prod => "g_mul",
        ReduceKind::Max => "g_max",
        ReduceKind::Min => "g_min",
    };
    format!("{name}({a}, {b})")
}

/// The dtype in which a reduction counts, and what it begins with.
fn start(kernel: &ReduceKernel, reduction: &Reduction) -> (DType, String) {
    let dtype = kernel.body.dtypes[reduction.value as usize];
    let (low, high) = match dtype {
        DType::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let value = match reduction.kind {
        Reducer::Fold(ReduceKind::Sum) | Reducer::ArgMax => 0.0,
        Reducer::Fold(ReduceKind::Prod) => 1.0,
        Reducer::Fold(ReduceKind::Max) => low,
        Reducer::Fold(ReduceKind::Min) => high,
    };
    (dtype, literal(value, dtype))
}
