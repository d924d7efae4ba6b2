//! Matrix products in tiles through shared memory, with their epilogue; also parts of products along the summed axis.

use std::fmt::Write;

use glorot_graph::program::{BufferId, Instr, MapKernel, MatMulKernel, MatrixView, View};
use glorot_tensor::DType;

use super::axes::{Axes, index_type, reach};
use super::body::{self, Value};
use super::by_rows::RowAxis;
use super::function::{Function, Parameters, THREADS};
use super::points::{Points, Views};
use super::tile::{Cut, Tile};

/// The precision in which products are computed; sums are always float32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    #[default]
    Float32,
    /// Operands with 10 bits after the first.
    Tf32,
    /// Operands with 7 bits after the first and the range of float32.
    Bfloat16,
    /// Operands with 10 bits after the first and a small range.
    Float16,
}

impl Precision {
    pub const ALL: [Precision; 4] = [Precision::Float32, Precision::Tf32, Precision::Bfloat16, Precision::Float16];

    /// The name that `compile({ precision })` takes.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Float32 => "float32",
            Precision::Tf32 => "tf32",
            Precision::Bfloat16 => "bfloat16",
            Precision::Float16 => "float16",
        }
    }

    /// True if libraries take operands of 16 bits.
    pub fn is_16_bit(self) -> bool {
        matches!(self, Precision::Bfloat16 | Precision::Float16)
    }

    /// Rounds an operand.
    fn rounded(self, value: &str) -> String {
        match self {
            Precision::Float32 => value.to_string(),
            Precision::Tf32 => format!("g_as_tf32({value})"),
            Precision::Bfloat16 => format!("g_as_bfloat16({value})"),
            Precision::Float16 => format!("g_as_float16({value})"),
        }
    }
}

/// The whole product, or some rows of it: tiles, then the epilogue.
pub(crate) fn mat_mul(
    kernel: &MatMulKernel,
    cut: Cut,
    precision: Precision,
    rows: Option<RowAxis>,
    parameters: &mut Parameters,
) -> Function {
    let views = Views::new(&kernel.epilogue.body, &kernel.epilogue.stores, 3).with_rows(rows);
    let largest = views.largest(&[kernel.batch, kernel.m, kernel.n]);
    let cut = Cut { parts: 1, ..cut };
    let m = rows.map_or(kernel.m, |rows| rows.length());
    let cut = if rows.is_some() { cut.of_rows(m, kernel.n) } else { cut };
    let axes = Axes { dims: vec![kernel.batch, m, kernel.n], strides: views.strides.clone() };
    let nests = vec![(axes, "x")];
    let mut points = Points { views: &views, nests, four: false, parameters, accumulator: None };
    let stores = 0..kernel.epilogue.stores.len();
    points.four = cut.tile.rows >= 32
        && kernel.n.is_multiple_of(4)
        && stores.clone().all(|i| points.is_vector(views.of_store(i)));
    points.accumulator = Some(if points.four { Value::Each([0, 1, 2, 3].map(lane)) } else { Value::Same(lane(0)) });
    let Points { nests, four, accumulator, parameters, .. } = points;
    tiles(kernel, cut, precision, rows, parameters, (largest, four), |code, parameters| {
        let mut points = Points { views: &views, nests, four, parameters, accumulator };
        let values = body::write(code, &kernel.epilogue.body, &mut points);
        points.store(code, &kernel.epilogue.stores, &kernel.epilogue.body, &values);
    })
}

/// The product alone, in parts: `parts × batch × m × n` sums, dense in `output`; or some rows of them.
pub(crate) fn parts(
    kernel: &MatMulKernel,
    cut: Cut,
    precision: Precision,
    rows: Option<RowAxis>,
    output: BufferId,
    parameters: &mut Parameters,
) -> Function {
    let MatMulKernel { batch, m, n, .. } = *kernel;
    let cut = rows.map_or(cut, |rows| cut.of_rows(rows.length(), n));
    let first = rows.map_or(String::new(), |rows| format!(" + first * {}", rows.points));
    tiles(kernel, cut, precision, rows, parameters, (cut.parts * batch * m * n, false), |code, parameters| {
        let pointer = parameters.pointer(output, DType::F32);
        let _ = writeln!(code, "{pointer}[((part * {batch} + x0) * {m} + x1{first}) * {n} + x2] = {};", lane(0));
    })
}

/// The name of an element of the product, or of one of four neighbours.
fn lane(lane: usize) -> String {
    format!("product{lane}")
}

/// The loop over tiles. `finish` writes what happens with `product0` at `x0` (batch), `x1` (row), `x2` (column), or with
/// four neighbours along the columns. `some`: of these rows only. `largest`: the last element that it reaches.
fn tiles(
    kernel: &MatMulKernel,
    cut: Cut,
    precision: Precision,
    some: Option<RowAxis>,
    parameters: &mut Parameters,
    (largest, four): (usize, bool),
    finish: impl FnOnce(&mut String, &mut Parameters),
) -> Function {
    let &MatMulKernel { batch, n, k, .. } = kernel;
    let Cut { tile, parts } = cut;
    let Tile { rows, columns, depth, of_thread: (tr, tc), groups } = tile;
    let end =
        |view: &MatrixView, lengths: [usize; 3]| view.offset + reach(&lengths, &[view.batch, view.rows, view.columns]);
    let largest = largest.max(end(&kernel.a, [batch, kernel.m, k])).max(end(&kernel.b, [batch, k, n]));
    let m = some.map_or(kernel.m, |some| some.length());
    let index = index_type(largest + 64);
    let (a, b) = (parameters.pointer(kernel.a.buffer, DType::F32), parameters.pointer(kernel.b.buffer, DType::F32));
    let (rows_tiles, columns_tiles) = (m.div_ceil(rows), n.div_ceil(columns));
    let tiles = rows_tiles * columns_tiles;
    let (a_stride, b_stride) = (rows + 1, columns + 1);
    let per_group = THREADS / groups;
    let across = columns / tc;
    // Of a few rows, each element of the matrix is needed by one thread, which reads it where it lies if its neighbours read
    // neighbours.
    let (apart, direct) = if some.is_some() { (across, kernel.b.columns == 1) } else { (1, false) };

    let mut code = String::new();
    let _ = writeln!(code, "float* sa = (float*)shared; float* sb = sa + {};", depth * a_stride);
    let _ = writeln!(code, "const {index} x0 = unit / {tiles} % {batch}; const int part = unit / {};", tiles * batch);
    let _ = writeln!(
        code,
        "const int row0 = unit % {tiles} / {columns_tiles} * {rows}, column0 = unit % {columns_tiles} * {columns};"
    );
    let _ = writeln!(code, "const int group = t / {per_group}, place = t % {per_group};");
    let _ =
        writeln!(code, "const int row = place / {across} * {tr}, column = place % {across} * {};", tc / apart.min(tc));
    let length = k.div_ceil(parts);
    let _ = writeln!(code, "const int begin = part * {length}, end = begin + {length} < {k} ? begin + {length} : {k};");
    let _ = writeln!(code, "float sum[{tr}][{tc}] = {{}};");
    let a_tile = Operand {
        matrix: &kernel.a,
        pointer: &a,
        name: "a",
        lines: rows,
        along: kernel.a.rows,
        depth: kernel.a.columns,
        first: some.map_or(0, |some| kernel.a.rows * some.points),
    };
    let b_tile = Operand {
        matrix: &kernel.b,
        pointer: &b,
        name: "b",
        lines: columns,
        along: kernel.b.columns,
        depth: kernel.b.rows,
        first: 0,
    };
    // The next tiles travel to registers while the present ones are multiplied.
    let each = depth / groups;
    let fetch = |code: &mut String, k0: &str| {
        a_tile.fetch(code, index, depth, k0, "row0", m, precision);
        if direct {
            b_tile.fetch_own(code, index, (each, tc, across), k0, n, precision);
        } else {
            b_tile.fetch(code, index, depth, k0, "column0", n, precision);
        }
    };
    a_tile.declare(&mut code, depth);
    if direct {
        let _ = writeln!(code, "float next_b[{each}][{tc}], own_b[{each}][{tc}];");
    } else {
        b_tile.declare(&mut code, depth);
    }
    fetch(&mut code, "begin");
    let _ = writeln!(code, "for (int k0 = begin; k0 < end; k0 += {depth}) {{");
    a_tile.keep(&mut code, depth);
    if direct {
        let _ = writeln!(
            code,
            "#pragma unroll\nfor (int i = 0; i < {each}; i++)\n#pragma unroll\nfor (int j = 0; j < {tc}; j++) own_b[i][j] = next_b[i][j];"
        );
    } else {
        b_tile.keep(&mut code, depth);
    }
    code.push_str("__syncthreads();\n");
    let _ = writeln!(code, "if (k0 + {depth} < end) {{");
    fetch(&mut code, &format!("(k0 + {depth})"));
    code.push_str("}\n");
    let unroll = if direct { "#pragma unroll" } else { "#pragma unroll 8" };
    let _ =
        writeln!(code, "{unroll}\nfor (int deep = 0; deep < {each}; deep++) {{\nconst int kk = group * {each} + deep;");
    let _ = writeln!(code, "float u[{tr}], v[{tc}];");
    let _ = writeln!(code, "#pragma unroll\nfor (int i = 0; i < {tr}; i++) u[i] = sa[kk * {a_stride} + row + i];");
    let of_matrix = match direct {
        true => "own_b[deep][j]".to_string(),
        false => format!("sb[kk * {b_stride} + column + j * {apart}]"),
    };
    let _ = writeln!(code, "#pragma unroll\nfor (int j = 0; j < {tc}; j++) v[j] = {of_matrix};");
    let _ = writeln!(
        code,
        "#pragma unroll\nfor (int i = 0; i < {tr}; i++)\n#pragma unroll\nfor (int j = 0; j < {tc}; j++) sum[i][j] = fmaf(u[i], v[j], sum[i][j]);"
    );
    code.push_str("}\n__syncthreads();\n}\n");
    let _ = writeln!(
        code,
        "#pragma unroll\nfor (int i = 0; i < {tr}; i++)\n#pragma unroll\nfor (int j = 0; j < {tc}; j++) sa[(group * {rows} + row + i) * {columns} + column + j * {apart}] = sum[i][j];"
    );
    code.push_str("__syncthreads();\n");
    let step = if four { 4 } else { 1 };
    let _ = writeln!(
        code,
        "#pragma unroll 4\nfor (int e = t * {step}; e < {}; e += {}) {{",
        rows * columns,
        THREADS * step
    );
    let _ = writeln!(code, "const {index} x1 = row0 + e / {columns}, x2 = column0 + e % {columns};");
    let _ = writeln!(code, "if (x1 < {m} && x2 < {n}) {{");
    for number in 0..step {
        let groups: Vec<String> =
            (0..groups).map(|group| format!("sa[e + {}]", group * rows * columns + number)).collect();
        let _ = writeln!(code, "const float {} = {};", lane(number), groups.join(" + "));
    }
    finish(&mut code, parameters);
    code.push_str("}\n}\n__syncthreads();\n");
    Function { code, pointers: parameters.elements.clone(), units: parts * batch * tiles, shared: tile.shared() }
}

/// How a tile of an operand comes to shared memory, where it lies `[depth][lines + 1]`.
struct Operand<'a> {
    matrix: &'a MatrixView,
    pointer: &'a str,
    name: &'a str,
    /// Rows of `a`, columns of `b`.
    lines: usize,
    /// The stride from line to line, and along the summed axis.
    along: usize,
    depth: usize,
    /// The stride from a row of the batch to the next, if the tile begins at the row `first`.
    first: usize,
}

impl Operand<'_> {
    /// Elements of the tile that a thread carries.
    fn carried(&self, depth: usize) -> usize {
        (self.lines * depth).div_ceil(THREADS)
    }

    fn declare(&self, code: &mut String, depth: usize) {
        let _ = writeln!(code, "float next_{}[{}];", self.name, self.carried(depth));
    }

    /// The line and the depth of element `e`: neighbouring threads read neighbouring elements.
    fn places(&self, depth: usize) -> (String, String) {
        let lines = self.lines;
        if self.depth == 1 {
            (format!("e / {depth}"), format!("e % {depth}"))
        } else {
            (format!("e % {lines}"), format!("e / {lines}"))
        }
    }

    #[allow(clippy::too_many_arguments, reason = "all differ from call to call")]
    fn fetch(
        &self,
        code: &mut String,
        index: &str,
        depth: usize,
        k0: &str,
        first: &str,
        limit: usize,
        precision: Precision,
    ) {
        let Operand { matrix, pointer, name, .. } = self;
        let (line, deep) = self.places(depth);
        let _ = writeln!(code, "#pragma unroll\nfor (int i = 0; i < {}; i++) {{", self.carried(depth));
        let _ = writeln!(
            code,
            "const int e = t + i * {THREADS};\nconst {index} line = {first} + {line}, deep = {k0} + {deep};"
        );
        let begin = if self.first == 0 { String::new() } else { format!(" + first * {}", self.first) };
        let element = format!(
            "{pointer}[{}{begin} + x0 * {} + line * {} + deep * {}]",
            matrix.offset, matrix.batch, self.along, self.depth
        );
        let inside = if (self.lines * depth).is_multiple_of(THREADS) {
            String::new()
        } else {
            format!("e < {} && ", self.lines * depth)
        };
        let _ = writeln!(
            code,
            "next_{name}[i] = {inside}line < {limit} && deep < end ? {} : 0.0f;\n}}",
            precision.rounded(&element)
        );
    }

    /// Fetches what a thread alone needs: `each` elements of its group along the summed axis, of `count` lines `apart` from
    /// each other.
    fn fetch_own(
        &self,
        code: &mut String,
        index: &str,
        (each, count, apart): (usize, usize, usize),
        k0: &str,
        limit: usize,
        precision: Precision,
    ) {
        let Operand { matrix, pointer, .. } = self;
        let _ = writeln!(
            code,
            "#pragma unroll\nfor (int i = 0; i < {each}; i++)\n#pragma unroll\nfor (int j = 0; j < {count}; j++) {{\n\
             const {index} line = column0 + column + j * {apart}, deep = {k0} + group * {each} + i;"
        );
        let element = format!("{pointer}[{} + line * {} + deep * {}]", matrix.offset, self.along, self.depth);
        let _ =
            writeln!(code, "next_b[i][j] = line < {limit} && deep < end ? {} : 0.0f;\n}}", precision.rounded(&element));
    }

    fn keep(&self, code: &mut String, depth: usize) {
        let (line, deep) = self.places(depth);
        let _ = writeln!(
            code,
            "#pragma unroll\nfor (int i = 0; i < {}; i++) {{\nconst int e = t + i * {THREADS};",
            self.carried(depth)
        );
        let inside = if (self.lines * depth).is_multiple_of(THREADS) {
            String::new()
        } else {
            format!("if (e < {}) ", self.lines * depth)
        };
        let _ = writeln!(
            code,
            "{inside}s{}[({deep}) * {} + {line}] = next_{}[i];\n}}",
            self.name,
            self.lines + 1,
            self.name
        );
    }
}

/// The epilogue of a product whose parts are in a buffer, dense, as a loop over the product's elements.
pub(crate) fn epilogue(kernel: &MatMulKernel, parts: usize, buffer: BufferId) -> MapKernel {
    let MatMulKernel { batch, m, n, .. } = *kernel;
    let part = |part| View { offset: part * batch * m * n, strides: vec![m * n, n, 1] };
    epilogue_of(kernel, buffer, (0..parts).map(part))
}

/// The same where the transpose of the product is in the buffer.
pub(crate) fn epilogue_of_transpose(kernel: &MatMulKernel, buffer: BufferId) -> MapKernel {
    let MatMulKernel { m, n, .. } = *kernel;
    epilogue_of(kernel, buffer, std::iter::once(View { offset: 0, strides: vec![m * n, 1, m] }))
}

fn epilogue_of(kernel: &MatMulKernel, buffer: BufferId, parts: impl Iterator<Item = View>) -> MapKernel {
    let mut map = kernel.epilogue.clone();
    let mut instrs = Vec::new();
    // The sum of the parts, in order, then the body with its numbers shifted.
    for (part, view) in parts.enumerate() {
        instrs.push(Instr::Load { buffer, view });
        if part > 0 {
            let sum = if part == 1 { 0 } else { instrs.len() as u32 - 2 };
            instrs.push(Instr::Binary(glorot_graph::BinaryOp::Add, sum, instrs.len() as u32 - 1));
        }
    }
    let (product, shift) = (instrs.len() as u32 - 1, instrs.len() as u32);
    let mut numbers = Vec::with_capacity(map.body.instrs.len());
    let mut next = shift;
    for instr in &map.body.instrs {
        numbers.push(if matches!(instr, Instr::Accumulator) { product } else { next });
        next += u32::from(!matches!(instr, Instr::Accumulator));
    }
    let of = |value: u32| numbers[value as usize];
    let mut dtypes = vec![DType::F32; instrs.len()];
    for (instr, &dtype) in map.body.instrs.iter().zip(&map.body.dtypes) {
        let moved = match instr.clone() {
            Instr::Accumulator => continue,
            Instr::Unary(op, a) => Instr::Unary(op, of(a)),
            Instr::Binary(op, a, b) => Instr::Binary(op, of(a), of(b)),
            Instr::Compare(op, a, b) => Instr::Compare(op, of(a), of(b)),
            Instr::Select { condition, on_true, on_false } => {
                Instr::Select { condition: of(condition), on_true: of(on_true), on_false: of(on_false) }
            }
            Instr::Cast { value, to } => Instr::Cast { value: of(value), to },
            leaf => leaf,
        };
        instrs.push(moved);
        dtypes.push(dtype);
    }
    (map.body.instrs, map.body.dtypes) = (instrs, dtypes);
    map.stores.iter_mut().for_each(|store| store.value = of(store.value));
    map
}
