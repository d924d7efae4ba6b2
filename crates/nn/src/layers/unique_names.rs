//! Names of layers and models that were given none: `dense`, `dense_1`, …, counted per thread as Keras does per process.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::names::snake_case;

thread_local! {
    static COUNTS: RefCell<HashMap<String, usize>> = RefCell::default();
}

/// The next name for an object of the class.
pub fn unique_name(class: &str) -> String {
    let base = snake_case(class);
    COUNTS.with_borrow_mut(|counts| {
        let count = counts.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 { base } else { format!("{base}_{}", *count - 1) }
    })
}

/// Starts counting anew.
pub fn reset_names() {
    COUNTS.take();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered() {
        reset_names();
        assert_eq!(unique_name("BatchNormalization"), "batch_normalization");
        assert_eq!(unique_name("BatchNormalization"), "batch_normalization_1");
        assert_eq!(unique_name("Dense"), "dense");
        reset_names();
        assert_eq!(unique_name("BatchNormalization"), "batch_normalization");
    }
}
