//! A limit of what weights may take while a model is made from a configuration that nobody vouches for.

use std::cell::Cell;

use glorot_tensor::Shape;

use crate::error::{Error, Result};

thread_local! {
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs code that makes models. The weights that it makes may have `elements` together; one that has more is an error,
/// before it is made.
pub fn with_weight_limit<T>(elements: usize, run: impl FnOnce() -> T) -> T {
    struct Restore(Option<usize>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LEFT.set(self.0);
        }
    }
    let _restore = Restore(LEFT.replace(Some(elements)));
    run()
}

/// Accounts for a weight before it is made.
pub fn claim_weight(name: &str, shape: &Shape) -> Result<()> {
    let Some(left) = LEFT.get() else { return Ok(()) };
    let elements = shape.iter().fold(1usize, |product, &dim| product.saturating_mul(dim));
    let Some(rest) = left.checked_sub(elements) else {
        return Err(Error::invalid(format!(
            "weight '{name}' has {elements} elements, but there are values for only {left}: the configuration does not \
             belong to these weights"
        )));
    };
    LEFT.set(Some(rest));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::with_weight_limit;
    use crate::model::Model;

    #[test]
    fn weights_beyond_the_limit_are_not_made() {
        let config = json!({ "class_name": "Sequential", "config": { "layers": [
            { "class_name": "InputLayer", "config": { "shape": [3] } },
            { "class_name": "Dense", "config": { "name": "a", "units": 2 } },
            { "class_name": "Dense", "config": { "name": "b", "units": 500_000_000 } },
        ] } });
        let make = |limit| with_weight_limit(limit, || Model::from_json(&config)).err().unwrap().to_string();
        let message = make(20);
        assert_eq!(
            message,
            "layer 'b' (Dense): weight 'kernel' has 1000000000 elements, but there are values for only 12: the \
             configuration does not belong to these weights"
        );
        assert!(
            make(7).starts_with("layer 'a' (Dense): weight 'bias' has 2 elements, but there are values for only 1")
        );
        let small = json!({ "class_name": "Sequential", "config": { "layers": [
            { "class_name": "Dense", "config": { "units": 2, "input_shape": [3] } },
        ] } });
        assert!(with_weight_limit(8, || Model::from_json(&small)).is_ok());
        assert!(Model::from_json(&small).is_ok());
    }
}
