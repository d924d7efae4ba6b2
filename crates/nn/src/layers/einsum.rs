//! Equations of Einstein's summation between inputs and a kernel: `ab,bc->ac`.

use glorot_graph::Sym;
use glorot_tensor::Shape;

use super::support::any_batch;
use crate::error::{Error, Result};

/// Axes that an equation leaves out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ellipsis {
    None,
    /// `...ab,bc->...ac`: the first axes.
    Left,
    /// `ab...,bc->ac...`: the last.
    Right,
}

/// A letter for each axis of the inputs, the kernel and the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    pub text: String,
    ellipsis: Ellipsis,
    inputs: Vec<char>,
    kernel: Vec<char>,
    outputs: Vec<char>,
}

/// What an equation says of inputs of a shape.
#[derive(Debug, PartialEq)]
pub struct Weights {
    pub kernel: Shape,
    /// The axes of the kernel that are summed, and those of the outputs.
    pub fans: (Vec<i64>, Vec<i64>),
    pub bias: Option<Shape>,
}

impl Equation {
    /// Reads `[X],[Y]->[Z]`, `...[X],[Y]->...[Z]` or `[X]...,[Y]->[Z]...`. The error says what is wrong with it.
    pub fn parse(text: &str) -> std::result::Result<Equation, String> {
        let form = "expected letters for the axes of inputs, kernel and outputs, as 'ab,bc->ac', '...ab,bc->...ac' or \
                    'ab...,bc->ac...'";
        let compact: String = text.chars().filter(|c| *c != ' ').collect();
        let parts = compact.split_once("->").and_then(|(left, outputs)| Some((left.split_once(',')?, outputs)));
        let Some(((inputs, kernel), outputs)) = parts else { return Err(form.into()) };
        let strip = |group: &str| match (group.strip_prefix("..."), group.strip_suffix("...")) {
            (Some(rest), _) => (Ellipsis::Left, rest.to_string()),
            (_, Some(rest)) => (Ellipsis::Right, rest.to_string()),
            _ => (Ellipsis::None, group.to_string()),
        };
        let ((ellipsis, inputs), (of_outputs, outputs)) = (strip(inputs), strip(outputs));
        let groups = [&*inputs, kernel, &*outputs];
        let are_letters = |group: &&str| !group.is_empty() && group.chars().all(|c| c.is_ascii_alphabetic());
        if ellipsis != of_outputs || !groups.iter().all(are_letters) {
            return Err(form.into());
        }
        if ellipsis == Ellipsis::Right && inputs.len() < 2 {
            return Err("before '...' the inputs must have at least two letters, the batch and another".into());
        }
        let [inputs, kernel, outputs] = groups.map(|group| group.chars().collect::<Vec<char>>());
        for group in [&inputs, &kernel, &outputs] {
            if let Some(twice) = group.iter().enumerate().find(|(i, letter)| group[..*i].contains(letter)) {
                return Err(format!("'{}' stands for two axes of one tensor", twice.1));
            }
        }
        if let Some(letter) = outputs.iter().find(|letter| !inputs.contains(letter) && !kernel.contains(letter)) {
            return Err(format!("axis '{letter}' of the outputs is neither one of the inputs nor of the kernel"));
        }
        if let Some(letter) = kernel.iter().find(|letter| !inputs.contains(letter) && !outputs.contains(letter)) {
            return Err(format!("axis '{letter}' of the kernel is neither one of the inputs nor of the outputs"));
        }
        let equation = Equation { text: compact, ellipsis, inputs, kernel, outputs };
        if ellipsis != Ellipsis::Left && !equation.begins_with_batch() {
            let batch = equation.inputs[0];
            return Err(format!(
                "'{batch}' is the batch: it must be the first axis of the outputs, and none of the kernel"
            ));
        }
        Ok(equation)
    }

    /// The letters of the outputs.
    pub fn outputs(&self) -> &[char] {
        &self.outputs
    }

    /// True if the first letter can be the batch.
    fn begins_with_batch(&self) -> bool {
        self.inputs[0] == self.outputs[0] && !self.kernel.contains(&self.inputs[0])
    }

    /// Axes of inputs of this rank that have no letter.
    fn elided(&self, rank: usize) -> Result<usize> {
        let letters = self.inputs.len();
        let fits = match self.ellipsis {
            Ellipsis::None => rank == letters,
            // Where nothing is left out, the first letter is the batch.
            Ellipsis::Left => rank > letters || (rank == letters && self.begins_with_batch()),
            Ellipsis::Right => rank >= letters,
        };
        if fits {
            return Ok(rank - letters);
        }
        let expected = match self.ellipsis {
            Ellipsis::None => format!("{letters}"),
            Ellipsis::Left if !self.begins_with_batch() => format!("{} or more", letters + 1),
            Ellipsis::Left => format!("{letters} or more"),
            Ellipsis::Right => format!("{letters} or more"),
        };
        Err(Error::invalid(format!("expected inputs of rank {expected} for '{}', received rank {rank}", self.text)))
    }

    /// Names of all axes of inputs and outputs: letters, and others for those that have none.
    fn labels(&self, elided: usize) -> (Vec<char>, Vec<char>) {
        let others: Vec<char> = (0..elided as u32).filter_map(|i| char::from_u32(0x100 + i)).collect();
        let with = |letters: &[char]| match self.ellipsis {
            Ellipsis::Right => [letters, &others].concat(),
            _ => [&others, letters].concat(),
        };
        (with(&self.inputs), with(&self.outputs))
    }

    /// The shapes of the weights for inputs of a shape. `output_shape`: lengths of the axes of the outputs that have a
    /// letter, without the batch; `None` where the inputs tell.
    pub fn weights(&self, inputs: &Shape, output_shape: &[Option<usize>], bias_axes: Option<&str>) -> Result<Weights> {
        let elided = self.elided(inputs.rank())?;
        let (labels, _) = self.labels(elided);
        let of_inputs = |letter: char| labels.iter().position(|label| *label == letter).map(|axis| inputs[axis]);
        // Of an ellipsis on the left the first axis is the batch.
        let is_elided = self.ellipsis == Ellipsis::Left && elided > 0;
        let letters = if is_elided { &self.outputs[..] } else { &self.outputs[1..] };
        if letters.len() != output_shape.len() {
            let axes: String = letters.iter().collect();
            return Err(Error::invalid(format!(
                "the output shape must have {} for the axes '{axes}' of '{}', without the batch and what '...' stands for; \
                 received {}",
                count(letters.len()),
                self.text,
                output_shape.len()
            )));
        }
        // As Keras, which takes the kernel's lengths from here.
        let is_open = |letter: &&char| {
            letters.iter().position(|other| other == *letter).is_some_and(|axis| output_shape[axis].is_none())
        };
        if let Some(letter) = self.kernel.iter().find(is_open) {
            return Err(Error::invalid(format!(
                "the output shape must say how long axis '{letter}' of '{}' is, which the kernel has",
                self.text
            )));
        }
        let length = |letter: char| -> Result<usize> {
            let given = letters.iter().position(|other| *other == letter).and_then(|axis| output_shape[axis]);
            match (given, of_inputs(letter)) {
                (Some(given), Some(found)) if given != found => Err(Error::invalid(format!(
                    "axis '{letter}' of '{}' is {found} long in inputs of shape {}, but {given} in the output shape",
                    self.text,
                    any_batch(inputs)
                ))),
                (given, found) => found
                    .or(given)
                    .ok_or_else(|| Error::invalid(format!("axis '{letter}' of '{}' has no length", self.text))),
            }
        };
        letters.iter().try_for_each(|&letter| length(letter).map(|_| ()))?;
        let kernel = self.kernel.iter().map(|&letter| length(letter)).collect::<Result<Vec<usize>>>()?;
        let axes = |of_outputs: bool| -> Vec<i64> {
            let found = self.kernel.iter().enumerate();
            found
                .filter(|(_, letter)| self.outputs.contains(letter) == of_outputs)
                .map(|(axis, _)| axis as i64)
                .collect()
        };
        let bias = match bias_axes {
            None => None,
            Some(axes) => {
                let unknown = axes.chars().find(|letter| !letters.contains(letter));
                if let Some(letter) = unknown {
                    let known: String = letters.iter().collect();
                    return Err(Error::invalid(format!(
                        "no bias can have the axis '{letter}', the batch; the other axes of the outputs of '{}' are '{known}'",
                        self.text
                    )));
                }
                let from_first = letters.iter().skip_while(|letter| !axes.contains(**letter));
                let lengths = from_first.map(|&letter| if axes.contains(letter) { length(letter) } else { Ok(1) });
                let mut shape = lengths.collect::<Result<Vec<usize>>>()?;
                if self.ellipsis == Ellipsis::Right {
                    shape.extend(vec![1; elided]);
                }
                Some(shape.into())
            }
        };
        Ok(Weights { kernel: kernel.into(), fans: (axes(false), axes(true)), bias })
    }

    /// Sums of products of inputs and kernel.
    pub fn apply(&self, x: &Sym, kernel: &Sym) -> Result<Sym> {
        let shape = x.shape();
        let (mut labels, outputs) = self.labels(self.elided(shape.rank())?);
        for (axis, letter) in self.kernel.iter().enumerate() {
            let found = labels.iter().position(|label| label == letter).map(|axis| shape[axis]);
            let expected = kernel.shape()[axis];
            if let Some(found) = found.filter(|&found| found != expected) {
                return Err(Error::invalid(format!(
                    "expected axis '{letter}' of '{}' to be {expected} long, for which the layer was built; received \
                     {found}, in inputs of shape {}: reshape the inputs, or make a new layer for them",
                    self.text,
                    any_batch(&shape)
                )));
            }
        }
        // What is needed no more is summed at once.
        let is_needed = |label: &char| outputs.contains(label) || self.kernel.contains(label);
        let summed: Vec<usize> = (0..labels.len()).filter(|&axis| !is_needed(&labels[axis])).collect();
        let mut x = x.clone();
        if !summed.is_empty() {
            x = x.sum(&summed, false)?;
            labels.retain(is_needed);
        }
        let of =
            |labels: &[char], keep: &dyn Fn(&char) -> bool| labels.iter().copied().filter(keep).collect::<Vec<char>>();
        let shared = of(&self.kernel, &|label| labels.contains(label) && outputs.contains(label));
        let summed = of(&self.kernel, &|label| !outputs.contains(label));
        let rows = of(&labels, &|label| !self.kernel.contains(label));
        let columns = of(&self.kernel, &|label| !labels.contains(label));
        let lengths = |tensor: &Sym, of: &[char], wanted: &[char]| -> Vec<usize> {
            let shape = tensor.shape();
            wanted.iter().filter_map(|label| Some(shape[of.iter().position(|known| known == label)?])).collect()
        };
        let [batch, depth] = [&shared, &summed].map(|wanted| lengths(kernel, &self.kernel, wanted));
        let (left, right) = (lengths(&x, &labels, &rows), lengths(kernel, &self.kernel, &columns));
        let product = |lengths: &[usize]| lengths.iter().product::<usize>();
        let matrix = |rows: &[usize], columns: &[usize]| {
            let sides = [product(rows), product(columns)];
            if batch.is_empty() { sides.to_vec() } else { [&[product(&batch)], &sides[..]].concat() }
        };
        let a = arranged(&x, &labels, &[&shared[..], &rows, &summed].concat())?.reshape(matrix(&left, &depth))?;
        let b = arranged(kernel, &self.kernel, &[&shared[..], &summed, &columns].concat())?;
        let y = a.mat_mul(&b.reshape(matrix(&depth, &right))?)?.reshape([&batch[..], &left, &right].concat())?;
        arranged(&y, &[shared, rows, columns].concat(), &outputs)
    }
}

fn count(lengths: usize) -> String {
    if lengths == 1 { "one length".into() } else { format!("{lengths} lengths") }
}

/// The axes in another order.
fn arranged(x: &Sym, labels: &[char], order: &[char]) -> Result<Sym> {
    if labels == order {
        return Ok(x.clone());
    }
    let permutation: Vec<usize> =
        order.iter().filter_map(|label| labels.iter().position(|known| known == label)).collect();
    Ok(x.transpose(&permutation)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(equation: &str, inputs: &[usize], outputs: &[Option<usize>], bias: Option<&str>) -> Weights {
        Equation::parse(equation).unwrap().weights(&inputs.into(), outputs, bias).unwrap()
    }

    #[test]
    fn shapes_follow_from_letters() {
        let simple = weights("ab,bc->ac", &[4, 5], &[Some(3)], Some("c"));
        assert_eq!(simple, Weights { kernel: [5, 3].into(), fans: (vec![0], vec![1]), bias: Some([3].into()) });
        let heads = weights("abc,cde->abde", &[4, 6, 8], &[None, Some(2), Some(3)], Some("de"));
        assert_eq!(heads.kernel, Shape::from([8, 2, 3]));
        assert_eq!((heads.fans, heads.bias), ((vec![0], vec![1, 2]), Some([2, 3].into())));
        let left = weights("...x,xy->...y", &[4, 6, 7, 8], &[Some(3)], None);
        assert_eq!((left.kernel, left.bias), ([8, 3].into(), None));
        let nothing = weights("...ab,bc->...ac", &[4, 6], &[Some(3)], Some("c"));
        assert_eq!((nothing.kernel, nothing.bias), ([6, 3].into(), Some([3].into())));
        let some = weights("...ab,bc->...ac", &[4, 5, 6], &[None, Some(3)], Some("ac"));
        assert_eq!((some.kernel, some.bias), ([6, 3].into(), Some([5, 3].into())));
        // The bias has an axis for all from its first on, also for those that the ellipsis stands for.
        let right = weights("abc...,bde->acde...", &[4, 5, 6, 7], &[Some(6), Some(2), Some(3)], Some("d"));
        assert_eq!((right.kernel, right.bias), ([5, 2, 3].into(), Some([2, 1, 1].into())));
    }

    #[test]
    fn wrong_equations_say_why() {
        for (equation, why) in [
            ("ab->ac", "expected letters"),
            ("ab,bc", "expected letters"),
            ("ab,,bc->ac", "expected letters"),
            ("...ab,bc->ac", "expected letters"),
            ("...ab...,bc->...ac", "expected letters"),
            (",bc->ac", "expected letters"),
            ("abb,bc->ac", "'b' stands for two axes of one tensor"),
            ("ab,bc->acd", "axis 'd' of the outputs is neither one of the inputs nor of the kernel"),
            ("ab,bcd->ac", "axis 'd' of the kernel is neither one of the inputs nor of the outputs"),
            ("a...,b->ab...", "before '...' the inputs must have at least two letters"),
            ("ab,bc->ca", "'a' is the batch"),
            ("ab,abc->ac", "'a' is the batch"),
        ] {
            let error = Equation::parse(equation).unwrap_err();
            assert!(error.contains(why), "{equation}: {error}");
        }
    }
}
