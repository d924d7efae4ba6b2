//! How messages and logs name things.

use glorot_tensor::Shape;

/// A shape whose first axis counts samples: `[null, 28, 28]`.
pub(crate) fn shape_of_samples(shape: &Shape) -> String {
    sample_shape(shape.iter().skip(1).map(|&dim| Some(dim)))
}

/// The shape of any number of samples of the given shape; `None` is an axis of any length.
pub(crate) fn sample_shape(dims: impl IntoIterator<Item = Option<usize>>) -> String {
    let dims = dims.into_iter().map(|dim| dim.map_or("null".to_string(), |dim| dim.to_string()));
    format!("[{}]", std::iter::once("null".to_string()).chain(dims).collect::<Vec<_>>().join(", "))
}

/// A name that is not among those taken: with `_1`, `_2`, … if need be, as Keras counts.
pub(crate) fn unique(name: String, taken: &[String]) -> String {
    let numbered = (1..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_samples() {
        assert_eq!(shape_of_samples(&Shape::from([60, 28, 28])), "[null, 28, 28]");
        assert_eq!(sample_shape([Some(3), None]), "[null, 3, null]");
    }

    #[test]
    fn names_are_numbered() {
        assert_eq!(unique("accuracy".into(), &["loss".into()]), "accuracy");
        assert_eq!(unique("accuracy".into(), &["accuracy".into(), "accuracy_1".into()]), "accuracy_2");
    }
}
