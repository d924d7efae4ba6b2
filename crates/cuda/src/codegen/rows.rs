//! Kernels that move rows: gather, scatter, and the gathering of a batch from a data set.

use std::fmt::Write;

use glorot_graph::program::{BufferId, GatherKernel, ScatterAddKernel};
use glorot_tensor::DType;

use super::axes::index_type;
use super::body::{element, vector};
use super::function::{Function, Parameters, THREADS};
use super::mat_mul::Precision;

/// Each thread copies an element, or four neighbours of a row.
pub(crate) fn gather(kernel: &GatherKernel, parameters: &mut Parameters) -> Function {
    let &GatherKernel { table, indices, output, rows, row_len, table_rows } = kernel;
    let dtype = parameters.dtype(table);
    let four = row_len.is_multiple_of(4);
    let (step, moved) = if four { (4, vector(dtype)) } else { (1, element(dtype)) };
    let index = index_type((rows * row_len).max(table_rows * row_len) + THREADS);
    let (table, output) = (parameters.pointer(table, dtype), parameters.pointer(output, dtype));
    let indices = parameters.pointer(indices, DType::I32);
    let (count, length) = (rows * row_len / step, row_len / step);
    let missing = if dtype == DType::F32 { "GLOROT_NAN" } else { "0" };
    let missing = if four { format!("{{{missing}, {missing}, {missing}, {missing}}}") } else { missing.to_string() };
    let mut code = String::new();
    let _ = writeln!(code, "const {index} i = ({index})unit * {THREADS} + t;\nif (i < {count}) {{");
    let _ = writeln!(code, "const int row = {indices}[i / {length}];\n{moved} value = {missing};");
    let _ = writeln!(
        code,
        "if (row >= 0 && row < {table_rows}) value = (({moved}*){table})[({index})row * {length} + i % {length}];"
    );
    let _ = writeln!(code, "(({moved}*){output})[i] = value;\n}}");
    Function { code, pointers: parameters.elements.clone(), units: count.div_ceil(THREADS), shared: 0 }
}

/// Zeros for [`scatter_add`] to write over.
pub(crate) fn zero(kernel: &ScatterAddKernel, parameters: &mut Parameters) -> Function {
    let count = kernel.table_rows * kernel.row_len;
    let output = parameters.pointer(kernel.output, DType::F32);
    let index = index_type(count + THREADS);
    let code = format!("const {index} i = ({index})unit * {THREADS} + t;\nif (i < {count}) {output}[i] = 0.0f;\n");
    Function { code, pointers: parameters.elements.clone(), units: count.div_ceil(THREADS), shared: 0 }
}

/// A block for each row of the source. That of the first row with an index adds up all rows with it, in ascending
/// order; the others do nothing. No two blocks write one row, so nothing depends on which block comes first.
pub(crate) fn scatter_add(kernel: &ScatterAddKernel, parameters: &mut Parameters) -> Function {
    let &ScatterAddKernel { indices, source, output, rows, row_len, table_rows } = kernel;
    let index = index_type((rows.max(table_rows)) * row_len + THREADS);
    let indices = parameters.pointer(indices, DType::I32);
    let (source, output) = (parameters.pointer(source, DType::F32), parameters.pointer(output, DType::F32));
    let mut code = String::new();
    let _ = writeln!(code, "int* found = (int*)shared;\nconst int row = {indices}[unit];");
    let _ =
        writeln!(code, "int earlier = 0;\nfor (int j = t; j < unit; j += {THREADS}) earlier |= {indices}[j] == row;");
    code.push_str("found[t] = earlier;\n__syncthreads();\n");
    let _ = writeln!(
        code,
        "for (int half = {}; half > 0; half /= 2) {{\nif (t < half) found[t] |= found[t + half];\n__syncthreads();\n}}",
        THREADS / 2
    );
    code.push_str("const bool first = found[0] == 0;\n__syncthreads();\n");
    let _ = writeln!(
        code,
        "if (first && row >= 0 && row < {table_rows}) {{\nfor (int column0 = 0; column0 < {row_len}; column0 += {THREADS}) {{"
    );
    code.push_str("const int column = column0 + t;\nfloat sum = 0.0f;\n");
    // The indices come in chunks that all threads share.
    let _ = writeln!(code, "for (int chunk = unit; chunk < {rows}; chunk += {THREADS}) {{");
    let _ = writeln!(code, "found[t] = chunk + t < {rows} ? {indices}[chunk + t] : -1;\n__syncthreads();");
    let _ = writeln!(code, "if (column < {row_len})\nfor (int j = 0; j < {THREADS}; j++)");
    let _ = writeln!(code, "if (found[j] == row) sum += {source}[({index})(chunk + j) * {row_len} + column];");
    code.push_str("__syncthreads();\n}\n");
    let _ = writeln!(code, "if (column < {row_len}) {output}[({index})row * {row_len} + column] = sum;\n}}\n}}");
    Function { code, pointers: parameters.elements.clone(), units: rows, shared: THREADS * 4 }
}

/// Copies `count` float32 numbers to 16 bits each.
pub(crate) fn halve(
    from: BufferId,
    to: BufferId,
    count: usize,
    precision: Precision,
    parameters: &mut Parameters,
) -> Function {
    let bits = if precision == Precision::Float16 { "g_half_bits" } else { "g_bfloat16_bits" };
    let index = index_type(count + 2 * THREADS);
    let (from, to) = (parameters.pointer(from, DType::F32), parameters.pointer_to(to, "unsigned"));
    let pairs = count / 2;
    let mut code = String::new();
    let _ = writeln!(code, "const {index} i = ({index})unit * {THREADS} + t;\nif (i < {pairs}) {{");
    let _ = writeln!(code, "const float2 pair = ((const float2*){from})[i];");
    let _ = writeln!(code, "{to}[i] = {bits}(pair.x) | {bits}(pair.y) << 16;\n}}");
    if !count.is_multiple_of(2) {
        let last = count - 1;
        let _ = writeln!(code, "if (i == 0) ((unsigned short*){to})[{last}] = (unsigned short){bits}({from}[{last}]);");
    }
    Function { code, pointers: parameters.elements.clone(), units: pairs.max(1).div_ceil(THREADS), shared: 0 }
}
