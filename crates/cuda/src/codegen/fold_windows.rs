use std::fmt::Write;

use glorot_graph::program::{FoldAxis, FoldWindowsKernel};
use glorot_tensor::DType;

use super::axes::index_type;
use super::function::{Function, Parameters, THREADS};

/// Each thread adds up what the windows that take its element have for it. For given positions at most one element of
/// each window is that element, so ascending positions are ascending places in the source.
pub(crate) fn fold_windows(kernel: &FoldWindowsKernel, parameters: &mut Parameters) -> Function {
    let FoldWindowsKernel { source, output, outer, axes, inner, .. } = kernel;
    let product = |of: fn(&FoldAxis) -> usize| axes.iter().map(of).product::<usize>();
    let count = outer * product(|axis| axis.length) * inner;
    let taken = outer * product(|axis| axis.positions * axis.size) * inner;
    let index = index_type(count.max(taken) + THREADS);
    let (source, output) = (parameters.pointer(*source, DType::F32), parameters.pointer(*output, DType::F32));
    let mut code = String::new();
    let _ = writeln!(code, "const {index} i = ({index})unit * {THREADS} + t;\nif (i < {count}) {{");
    let _ = writeln!(code, "const {index} inner = i % {inner};\n{index} rest = i / {inner};");
    for (number, axis) in axes.iter().enumerate().rev() {
        let _ = writeln!(code, "const int x{number} = (int)(rest % {});\nrest /= {};", axis.length, axis.length);
    }
    code.push_str("float sum = 0.0f;\n");
    for (number, axis) in axes.iter().enumerate() {
        let &FoldAxis { positions, size, stride, dilation, .. } = axis;
        let span = (size - 1) * dilation;
        // The first position whose window reaches so far, and the last that begins before.
        let _ = writeln!(
            code,
            "const int low{number} = x{number} > {span} ? (x{number} - {span} + {}) / {stride} : 0;",
            stride - 1
        );
        let _ = writeln!(
            code,
            "const int high{number} = x{number} / {stride} < {positions} ? x{number} / {stride} : {};",
            positions as i64 - 1
        );
        let _ = writeln!(code, "for (int p{number}_ = low{number}; p{number}_ <= high{number}; p{number}_++) {{");
        let _ = writeln!(code, "const int d{number} = x{number} - p{number}_ * {stride};");
        if dilation > 1 {
            let _ = writeln!(code, "if (d{number} % {dilation} != 0) continue;");
        }
    }
    // [outer, positions, sizes, inner]
    let mut place = "rest".to_string();
    for (number, axis) in axes.iter().enumerate() {
        place = format!("({place}) * {} + p{number}_", axis.positions);
    }
    for (number, axis) in axes.iter().enumerate() {
        place = format!("({place}) * {} + d{number} / {}", axis.size, axis.dilation);
    }
    let _ = writeln!(code, "sum += {source}[({place}) * {inner} + inner];");
    code.push_str(&"}\n".repeat(axes.len()));
    let _ = writeln!(code, "{output}[i] = sum;\n}}");
    Function { code, pointers: parameters.elements.clone(), units: count.div_ceil(THREADS), shared: 0 }
}
