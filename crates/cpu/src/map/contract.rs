//! Joins small functions into larger ones, so that values between them need no register and no pass over the tile.

use super::code::Func;
use super::lower::Level;
use super::translate::Node;

/// Replaces nodes by ones that also do the work of operands which nothing else uses and which are computed as often.
pub(super) fn contract(nodes: &mut [Node], levels: &[Level], roots: &[u32]) {
    let mut uses = vec![0u32; nodes.len()];
    nodes.iter().flat_map(Node::args).chain(roots).for_each(|&arg| uses[arg as usize] += 1);
    for i in 0..nodes.len() {
        // A joined node may be joined again.
        while let Some(joined) = join(nodes, levels, &uses, i) {
            joined.args().iter().for_each(|&arg| uses[arg as usize] += 1);
            let old = std::mem::replace(&mut nodes[i], joined);
            old.args().iter().for_each(|&arg| release(nodes, &mut uses, arg));
        }
    }
}

/// Counts one use less; what is not used any more uses nothing itself.
fn release(nodes: &[Node], uses: &mut [u32], value: u32) {
    uses[value as usize] -= 1;
    if uses[value as usize] == 0 {
        nodes[value as usize].args().iter().for_each(|&arg| release(nodes, uses, arg));
    }
}

/// The larger function that a node and one of its operands are, if any.
fn join(nodes: &[Node], levels: &[Level], uses: &[u32], i: usize) -> Option<Node> {
    let Node::Compute(func, args, _) = nodes[i] else { return None };
    // The function and the operands of a value that is used here alone.
    let own = |value: u32| match nodes[value as usize] {
        Node::Compute(func, args, _) if levels[value as usize] == levels[i] => {
            // A value may be used here more than once.
            let here = nodes[i].args().iter().filter(|&&arg| arg == value).count() as u32;
            (uses[value as usize] == here && here == 1).then_some((func, args))
        }
        _ => None,
    };
    let product = |value: u32| match own(value) {
        Some((Func::Mul, [x, y, ..])) => Some((x, y)),
        Some((Func::Square, [x, ..])) => Some((x, x)),
        _ => None,
    };
    let [a, b, c, _] = args;
    let node = |func, args: &[u32]| Some(Node::compute(func, args));
    match func {
        Func::Add => {
            for (sum, other) in [(b, a), (a, b)] {
                match own(sum) {
                    Some((Func::Sqrt, [x, ..])) => return node(Func::SqrtAdd, &[x, other]),
                    _ => {
                        if let Some((x, y)) = product(sum) {
                            return node(Func::MulAdd, &[x, y, other]);
                        }
                    }
                }
            }
            None
        }
        Func::Sub => match (own(b), product(b), product(a)) {
            (Some((Func::Div, [x, y, ..])), ..) => node(Func::SubDiv, &[a, x, y]),
            (_, Some((x, y)), _) => node(Func::NegMulAdd, &[x, y, a]),
            (_, _, Some((x, y))) => node(Func::MulSub, &[x, y, b]),
            _ => None,
        },
        Func::MulAdd => {
            for (factor, other) in [(a, b), (b, a)] {
                match own(factor) {
                    Some((Func::Sub, [x, y, ..])) if y == c => return node(Func::Lerp, &[x, y, other]),
                    Some((Func::MulSub, [x, same, y, _])) if x == same && y == c => {
                        return node(Func::LerpSquare, &[x, y, other]);
                    }
                    _ => {}
                }
            }
            product(c).and_then(|(x, y)| node(Func::MulAddMul, &[a, b, x, y]))
        }
        Func::Select => match own(a) {
            Some((Func::Eq, [x, y, ..])) => node(Func::SelectEq, &[x, y, b, c]),
            Some((Func::Ne, [x, y, ..])) => node(Func::SelectEq, &[x, y, c, b]),
            Some((Func::Lt, [x, y, ..])) => node(Func::SelectLt, &[x, y, b, c]),
            Some((Func::Le, [x, y, ..])) => node(Func::SelectLe, &[x, y, b, c]),
            Some((Func::EqInt, [x, y, ..])) => node(Func::SelectEqInt, &[x, y, b, c]),
            Some((Func::NeInt, [x, y, ..])) => node(Func::SelectEqInt, &[x, y, c, b]),
            _ => None,
        },
        Func::Elu => match own(a) {
            Some((Func::Add, [x, y, ..])) => node(Func::AddElu, &[x, y, b]),
            _ => None,
        },
        Func::Mul => [(a, b), (b, a)].into_iter().find_map(|(other, factor)| {
            let (Func::SelectLt, [zero, y, one, slope]) = own(factor)? else { return None };
            let is = |value: u32, x: f32| matches!(nodes[value as usize], Node::Constant(bits) if bits == x.to_bits());
            let Node::Compute(Func::Add, [x, alpha, ..], _) = nodes[slope as usize] else { return None };
            let alone = uses[slope as usize] == 1 && levels[slope as usize] == levels[i];
            let joins = alone && x == y && is(zero, 0.0) && is(one, 1.0);
            joins.then(|| Node::compute(Func::MulEluSlope, &[other, y, alpha]))
        }),
        Func::SubDiv => product(b).and_then(|(x, y)| node(Func::SubMulDiv, &[a, x, y, c])),
        _ => None,
    }
}
