//! Steps of an optimizer that follow one another, joined into one loop that keeps their values in registers: passes over
//! a tile would wait for its square root and its division one after the other.

use super::code::{Chain, ChainKind, Func, MAX_ARGS, Operand, Step};

/// Replaces `Lerp, LerpSquare, …, SubDiv` over the same points, the update of Adam and of Nadam, by chains. `results`
/// are read after the steps.
pub(super) fn chain(steps: &mut Vec<Step>, results: &[Operand]) {
    let mut end = steps.len();
    while end > 0 {
        match (find(steps, end, results), end) {
            (Some((length, chain)), _) => {
                steps.splice(end - length..end, [Step::Chain(chain)]);
                end -= length;
            }
            (None, _) => end -= 1,
        }
    }
}

/// The chain that the steps before `end` are, and how many they are.
fn find(steps: &[Step], end: usize, results: &[Operand]) -> Option<(usize, Chain)> {
    let of = |length: usize| end.checked_sub(length).map(|start| Window { steps: &steps[start..end] });
    let found = |length: usize, kind: fn(Window) -> Option<(Chain, [u16; 2])>| {
        let (chain, dropped) = kind(of(length)?)?;
        Some((length, chain, dropped))
    };
    let (length, chain, dropped) = found(5, nadam).or_else(|| found(4, adam))?;
    // Values that no slot receives any more must not be read later.
    let later = |slot: u16| {
        for step in &steps[end..] {
            if step.reads().iter().any(|operand| operand.slot == slot) {
                return true;
            }
            if step.writes().contains(&slot) {
                return false;
            }
        }
        results.iter().any(|operand| operand.slot == slot)
    };
    (!dropped.into_iter().any(later)).then_some((length, chain))
}

/// Steps in a row; each value is the one that the last of them wrote to a slot.
#[derive(Clone, Copy)]
struct Window<'a> {
    steps: &'a [Step],
}

impl Window<'_> {
    /// The function that the window computes last, its operands, and where its result goes.
    fn last(self) -> Option<(Func, [Operand; MAX_ARGS], u16)> {
        match self.steps.last()? {
            Step::Compute { func, args, to, .. } => Some((*func, *args, *to)),
            _ => None,
        }
    }

    /// The operands of the function whose result a slot holds, if it is this function.
    fn made_by(self, operand: Operand, wanted: Func) -> Option<[Operand; MAX_ARGS]> {
        let (_, before) = self.steps.split_last()?;
        let maker = before.iter().rev().find(|step| step.writes().contains(&operand.slot))?;
        match maker {
            Step::Compute { func, args, .. } if *func == wanted => Some(*args),
            _ => None,
        }
    }
}

/// `m' = lerp(g, m, t)`, `v' = lerp_square(g, v, s)`.
fn moments(window: Window, m: Operand, v: Operand) -> Option<[Operand; 5]> {
    let [g, m0, t, ..] = window.made_by(m, Func::Lerp)?;
    let [same, v0, s, ..] = window.made_by(v, Func::LerpSquare)?;
    // The slots of the moments are written, so neither may hold what is read again.
    let apart =
        ![g, m0, v0].iter().any(|read| read.slot == v.slot && *read != v0 || read.slot == m.slot && *read != m0);
    let varying = [g, m0, v0].iter().all(|operand| operand.varying);
    (same == g && apart && varying && m.slot != v.slot).then_some([g, m0, v0, t, s])
}

/// Whether a weight, moments and scalars are where a chain expects them.
fn updates(w: Operand, m: Operand, v: Operand, scalars: &[Operand]) -> bool {
    w.varying && w.slot != m.slot && w.slot != v.slot && scalars.iter().all(|scalar| !scalar.varying)
}

/// `w - (g p + m' q) / (sqrt(v') + e)`, and the slots of the numerator and the denominator.
fn nadam(window: Window) -> Option<(Chain, [u16; 2])> {
    let (Func::SubDiv, [w, numerator, denominator, ..], to) = window.last()? else { return None };
    let [x, a, y, b, ..] = window.made_by(numerator, Func::MulAddMul)?;
    let [v, e, ..] = window.made_by(denominator, Func::SqrtAdd)?;
    // Either of the two products is that of the moment.
    let (m, q, p, g) = if window.made_by(x, Func::Lerp).is_some() { (x, a, b, y) } else { (y, b, a, x) };
    let [gradient, m0, v0, t, s] = moments(window, m, v)?;
    let scalars = [t, s, p, q, e];
    let fits = gradient == g && updates(w, m, v, &scalars);
    let args = [g, m0, v0, w, t, s, p, q, e];
    fits.then_some((
        Chain { kind: ChainKind::Nadam, to: [m.slot, v.slot, to], args, by_rows: false },
        [numerator.slot, denominator.slot],
    ))
}

/// `w - m' a / (sqrt(v') + e)`, and the slot of the denominator, twice.
fn adam(window: Window) -> Option<(Chain, [u16; 2])> {
    let (Func::SubMulDiv, [w, x, y, denominator, ..], to) = window.last()? else { return None };
    let [v, e, ..] = window.made_by(denominator, Func::SqrtAdd)?;
    let (m, a) = if x.varying { (x, y) } else { (y, x) };
    let [g, m0, v0, t, s] = moments(window, m, v)?;
    let scalars = [t, s, a, e];
    let fits = updates(w, m, v, &scalars);
    let args = [g, m0, v0, w, t, s, a, e, e];
    fits.then_some((
        Chain { kind: ChainKind::Adam, to: [m.slot, v.slot, to], args, by_rows: false },
        [denominator.slot; 2],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn varying(slot: u16) -> Operand {
        Operand { slot, varying: true }
    }

    const fn scalar(slot: u16) -> Operand {
        Operand { slot, varying: false }
    }

    fn step(func: Func, to: u16, args: &[Operand]) -> Step {
        let last = args[args.len() - 1];
        let args = std::array::from_fn(|i| args.get(i).copied().unwrap_or(last));
        Step::Compute { func, to, args, by_rows: false }
    }

    /// Gradient 0, moments 1 and 2, weight 3, scalars from 10, scratch 20 and 21.
    fn nadam_steps() -> Vec<Step> {
        vec![
            step(Func::Lerp, 1, &[varying(0), varying(1), scalar(10)]),
            step(Func::LerpSquare, 2, &[varying(0), varying(2), scalar(11)]),
            step(Func::MulAddMul, 20, &[varying(0), scalar(12), varying(1), scalar(13)]),
            step(Func::SqrtAdd, 21, &[varying(2), scalar(14)]),
            step(Func::SubDiv, 3, &[varying(3), varying(20), varying(21)]),
        ]
    }

    fn chains(steps: &[Step]) -> Vec<Chain> {
        steps.iter().filter_map(|step| if let Step::Chain(chain) = step { Some(*chain) } else { None }).collect()
    }

    #[test]
    fn the_update_of_nadam_is_one_step() {
        let mut steps = nadam_steps();
        steps.insert(0, step(Func::Mul, 0, &[varying(5), scalar(16)]));
        chain(&mut steps, &[]);
        assert_eq!(steps.len(), 2);
        let [found] = chains(&steps)[..] else { panic!("{steps:?}") };
        assert_eq!((found.kind, found.to), (ChainKind::Nadam, [1, 2, 3]));
        let want = [varying(0), varying(1), varying(2), varying(3)];
        assert_eq!(found.args[..4], want);
        assert_eq!(found.args[4..], [10, 11, 12, 13, 14].map(scalar));
    }

    #[test]
    fn the_update_of_adam_is_one_step() {
        let mut steps = vec![
            step(Func::Lerp, 1, &[varying(0), varying(1), scalar(10)]),
            step(Func::LerpSquare, 2, &[varying(0), varying(2), scalar(11)]),
            step(Func::SqrtAdd, 20, &[varying(2), scalar(12)]),
            step(Func::SubMulDiv, 3, &[varying(3), varying(1), scalar(13), varying(20)]),
        ];
        chain(&mut steps, &[]);
        assert_eq!(steps.len(), 1);
        assert_eq!(chains(&steps)[0].kind, ChainKind::Adam);
    }

    #[test]
    fn values_that_are_read_later_stay() {
        let mut steps = nadam_steps();
        steps.push(step(Func::Neg, 22, &[varying(21)]));
        chain(&mut steps, &[]);
        assert_eq!(steps.len(), 6);
        let mut steps = nadam_steps();
        chain(&mut steps, &[varying(20)]);
        assert_eq!(steps.len(), 5);
        // The moments have slots of their own.
        let mut steps = nadam_steps();
        steps.push(step(Func::Neg, 22, &[varying(2)]));
        chain(&mut steps, &[]);
        assert_eq!(chains(&steps).len(), 1);
    }

    #[test]
    fn other_gradients_and_moments_do_not_match() {
        let mut steps = nadam_steps();
        steps[1] = step(Func::LerpSquare, 2, &[varying(6), varying(2), scalar(11)]);
        chain(&mut steps, &[]);
        assert_eq!(steps.len(), 5);
        let mut steps = nadam_steps();
        steps[3] = step(Func::SqrtAdd, 21, &[varying(7), scalar(14)]);
        chain(&mut steps, &[]);
        assert_eq!(steps.len(), 5);
    }
}
