//! What a body reads at the points of a loop.

use std::collections::HashMap;
use std::fmt::Write;

use glorot_graph::RandomKind;
use glorot_graph::program::{Body, BufferId, Instr, Store, View};
use glorot_tensor::DType;

use super::axes::{Axes, reach, sum};
use super::body::{self, Reads, Value};
use super::by_rows::RowAxis;
use super::function::Parameters;

/// Views over a domain, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    pub offsets: Vec<usize>,
    pub strides: Vec<Vec<usize>>,
    /// Elements from a row of the batch to the next, where a function begins at the row `first`; otherwise empty.
    rows: Vec<usize>,
    of_instr: HashMap<usize, usize>,
    of_store: Vec<usize>,
}

impl Views {
    /// The views of a body and its stores; `rank` is that of the domain.
    pub fn new(body: &Body, stores: &[Store], rank: usize) -> Views {
        let mut views = Views::default();
        for (number, instr) in body.instrs.iter().enumerate() {
            let view = match instr {
                Instr::Load { view, .. } | Instr::Random { element: view, .. } => view.clone(),
                Instr::Iota { axis, start, .. } => {
                    View { offset: *start, strides: (0..rank).map(|a| usize::from(a == *axis)).collect() }
                }
                _ => continue,
            };
            let added = views.push(&view);
            views.of_instr.insert(number, added);
        }
        for store in stores {
            let added = views.push(&store.view);
            views.of_store.push(added);
        }
        views
    }

    /// The views of a loop that begins at the row `first` of a batch.
    pub fn with_rows(mut self, axis: Option<RowAxis>) -> Views {
        if let Some(RowAxis { axis, points, .. }) = axis {
            self.rows = self.strides.iter().map(|strides| strides[axis] * points).collect();
        }
        self
    }

    /// The last element that a view reaches over a whole domain.
    pub fn largest(&self, domain: &[usize]) -> usize {
        let ends = self.offsets.iter().zip(&self.strides).map(|(offset, strides)| offset + reach(domain, strides));
        ends.max().unwrap_or(0)
    }

    /// Elements from a row of the batch to the next; 0 if the loop begins where the kernel does.
    pub fn row(&self, view: usize) -> usize {
        self.rows.get(view).copied().unwrap_or(0)
    }

    fn push(&mut self, view: &View) -> usize {
        self.offsets.push(view.offset);
        self.strides.push(view.strides.clone());
        self.offsets.len() - 1
    }

    /// The view of a store.
    pub fn of_store(&self, store: usize) -> usize {
        self.of_store[store]
    }
}

/// The points that a thread computes: one, or four neighbours along the innermost axis of the last nest.
pub(crate) struct Points<'a> {
    pub views: &'a Views,
    /// Loop nests and the names of their indices.
    pub nests: Vec<(Axes, &'static str)>,
    pub four: bool,
    pub parameters: &'a mut Parameters,
    /// The value of [`Instr::Accumulator`].
    pub accumulator: Option<Value>,
}

impl Points<'_> {
    /// The element that a view names, as an expression.
    pub fn at(&self, view: usize) -> String {
        let mut terms: Vec<String> = self.nests.iter().flat_map(|(axes, prefix)| axes.terms(view, prefix)).collect();
        if self.views.row(view) != 0 {
            terms.push(format!("first * {}", self.views.row(view)));
        }
        sum(self.views.offsets[view], &terms)
    }

    fn inner(&self, view: usize) -> usize {
        self.nests.last().map_or(0, |(axes, _)| axes.inner(view))
    }

    /// True if four neighbouring points are four neighbouring elements that begin at a multiple of four.
    pub fn is_vector(&self, view: usize) -> bool {
        let last = self.nests.len() - 1;
        let outer = self.nests.iter().enumerate().flat_map(|(nest, (axes, _))| {
            let strides = &axes.strides[view];
            strides[..strides.len() - usize::from(nest == last && !strides.is_empty())].iter()
        });
        self.inner(view) == 1
            && self.views.offsets[view].is_multiple_of(4)
            && self.views.row(view).is_multiple_of(4)
            && outer.into_iter().all(|s| s.is_multiple_of(4))
    }

    fn load(&mut self, out: &mut String, number: usize, buffer: BufferId, view: usize, dtype: DType) -> Value {
        let (pointer, at, inner) = (self.parameters.pointer(buffer, dtype), self.at(view), self.inner(view));
        let taken = |element: String| match dtype {
            DType::Bool => format!("{element} != 0"),
            _ => element,
        };
        let register = body::register(dtype);
        if !self.four || inner == 0 {
            let _ = writeln!(out, "const {register} v{number} = {};", taken(format!("{pointer}[{at}]")));
            return Value::Same(format!("v{number}"));
        }
        if self.is_vector(view) {
            let vector = body::vector(dtype);
            let _ = writeln!(out, "const {vector} q{number} = *(const {vector}*)({pointer} + ({at}));");
            let lane = |lane: &str| match dtype {
                DType::Bool => format!("(q{number}.{lane} != 0)"),
                DType::U8 => format!("(int)q{number}.{lane}"),
                _ => format!("q{number}.{lane}"),
            };
            return Value::Each(["x", "y", "z", "w"].map(lane));
        }
        let names = [0, 1, 2, 3].map(|lane| format!("v{number}_{lane}"));
        for (lane, name) in names.iter().enumerate() {
            let element = format!("{pointer}[{at} + {}]", lane * inner);
            let _ = writeln!(out, "const {register} {name} = {};", taken(element));
        }
        Value::Each(names)
    }

    fn iota(&self, view: usize, dtype: DType) -> Value {
        let (at, register) = (self.at(view), body::register(dtype));
        match self.four && self.inner(view) != 0 {
            false => Value::Same(format!("(({register})({at}))")),
            true => Value::Each([0, 1, 2, 3].map(|lane| format!("(({register})({at} + {lane}))"))),
        }
    }

    fn random(&mut self, out: &mut String, number: usize, draw: (RandomKind, u32, BufferId), view: usize) -> Value {
        let (kind, stream, state) = draw;
        let (state, at, inner) = (self.parameters.pointer(state, DType::I32), self.at(view), self.inner(view));
        if !self.four || inner == 0 {
            let element = format!("(unsigned long long)({at})");
            let _ = writeln!(out, "const float v{number} = {};", body::random(kind, &state, stream, &element));
            return Value::Same(format!("v{number}"));
        }
        if self.is_vector(view) {
            let mut block = |name: &str, number: String| {
                let _ = writeln!(out, "const Words {name} = g_philox({state}, (unsigned)({number}), {stream}u);");
            };
            return match kind {
                RandomKind::Uniform => {
                    block(&format!("q{number}"), format!("((unsigned long long)({at})) / 4"));
                    Value::Each([0, 1, 2, 3].map(|lane| format!("g_unit(q{number}.w[{lane}])")))
                }
                RandomKind::Normal => {
                    for half in 0..2 {
                        block(&format!("q{number}_{half}"), format!("((unsigned long long)({at})) / 2 + {half}"));
                    }
                    let lane = |lane: usize| {
                        let half = lane / 2;
                        format!("g_pair(q{number}_{half}.w[0], q{number}_{half}.w[1], {})", lane % 2)
                    };
                    Value::Each([0, 1, 2, 3].map(lane))
                }
            };
        }
        let names = [0, 1, 2, 3].map(|lane| format!("v{number}_{lane}"));
        for (lane, name) in names.iter().enumerate() {
            let element = format!("(unsigned long long)({at} + {})", lane * inner);
            let _ = writeln!(out, "const float {name} = {};", body::random(kind, &state, stream, &element));
        }
        Value::Each(names)
    }

    /// Statements that write the values of stores.
    pub fn store(&mut self, out: &mut String, stores: &[Store], body: &Body, values: &[Value]) {
        for (number, store) in stores.iter().enumerate() {
            let (view, dtype) = (self.views.of_store(number), body.dtypes[store.value as usize]);
            let (pointer, at, inner) = (self.parameters.pointer(store.buffer, dtype), self.at(view), self.inner(view));
            let value = &values[store.value as usize];
            let element = |value: &str| match dtype {
                DType::Bool => format!("(byte)({value} ? 1 : 0)"),
                DType::U8 => format!("(byte)({value})"),
                _ => value.to_string(),
            };
            if !self.four {
                let _ = writeln!(out, "{pointer}[{at}] = {};", element(value.lane(0)));
            } else if self.is_vector(view) {
                let vector = body::vector(dtype);
                let lanes = [0, 1, 2, 3].map(|lane| element(value.lane(lane))).join(", ");
                let _ = writeln!(out, "{{ {vector} q = {{{lanes}}}; *({vector}*)({pointer} + ({at})) = q; }}");
            } else {
                for lane in 0..4 {
                    let _ = writeln!(out, "{pointer}[{at} + {}] = {};", lane * inner, element(value.lane(lane)));
                }
            }
        }
    }
}

impl Reads for Points<'_> {
    fn read(&mut self, out: &mut String, number: usize, instr: &Instr) -> Value {
        let view = self.views.of_instr.get(&number).copied();
        match (instr, view) {
            (Instr::Load { buffer, .. }, Some(view)) => {
                let dtype = self.parameters.dtype(*buffer);
                self.load(out, number, *buffer, view, dtype)
            }
            (Instr::Iota { dtype, .. }, Some(view)) => self.iota(view, *dtype),
            (Instr::Random { kind, stream, state, .. }, Some(view)) => {
                self.random(out, number, (*kind, *stream, *state), view)
            }
            // Checked before: only epilogues of products have an accumulator.
            _ => self.accumulator.clone().unwrap_or_else(|| Value::Same("GLOROT_NAN".into())),
        }
    }
}
