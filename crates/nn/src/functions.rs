//! Functions of the user among options: activations, initializers, regularizers and constraints that no class name
//! stands for.
//!
//! A configuration refers to one as Keras serializes a function, with its number beside: `{ "class_name": "function",
//! "config": "name", "number": 0 }`. Who reads such a configuration lends the functions with [`lend`].

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::activations::Activation;
use crate::config::class_and_config;
use crate::constraint::Constraint;
use crate::error::{Error, Result};
use crate::initializers::Initializer;
use crate::regularizer::Regularizer;

/// The functions that configurations may refer to.
pub trait Functions {
    /// How many there are.
    fn count(&self) -> usize;

    /// A function of a tensor that keeps its shape. `json` is what it is serialized as.
    fn activation(&self, number: usize, json: Value) -> Rc<dyn Activation>;

    /// A function of a shape and a dtype.
    fn initializer(&self, number: usize, json: Value) -> Rc<dyn Initializer>;

    /// A function of a weight to a scalar.
    fn regularizer(&self, number: usize, json: Value) -> Rc<dyn Regularizer>;

    /// A function of a weight to a weight.
    fn constraint(&self, number: usize, json: Value) -> Rc<dyn Constraint>;
}

thread_local! {
    static LENT: RefCell<Vec<Rc<dyn Functions>>> = const { RefCell::new(Vec::new()) };
}

/// Runs code that reads configurations; they may refer to these functions.
pub fn lend<T>(functions: Rc<dyn Functions>, read: impl FnOnce() -> T) -> T {
    struct Pop;
    impl Drop for Pop {
        fn drop(&mut self) {
            LENT.with_borrow_mut(Vec::pop);
        }
    }
    LENT.with_borrow_mut(|lent| lent.push(functions));
    let _pop = Pop;
    read()
}

/// The function that a configuration refers to, made by `take`; `None` if it refers to none.
pub(crate) fn referred<T>(
    kind: &str,
    value: &Value,
    take: impl FnOnce(&dyn Functions, usize, Value) -> T,
) -> Result<Option<T>> {
    let Some(number) = number(value) else { return Ok(None) };
    let lent = LENT.with_borrow(|lent| lent.last().cloned()).filter(|lent| number < lent.count());
    let Some(lent) = lent else {
        return Err(Error::config(kind, format!("{} is not there", shown(value))));
    };
    Ok(Some(take(&*lent, number, serialized(kind, value)?)))
}

fn number(value: &Value) -> Option<usize> {
    usize::try_from(value.get("number")?.as_u64()?).ok()
}

/// What Keras writes for a function, or for an object of a custom class.
fn serialized(kind: &str, value: &Value) -> Result<Value> {
    let (class, config) = class_and_config(kind, value)?;
    Ok(match value.get("custom") {
        Some(_) => json!({ "module": null, "class_name": class, "config": config,
            "registered_name": format!("Custom>{class}") }),
        None => {
            json!({ "module": "builtins", "class_name": "function", "config": class, "registered_name": "function" })
        }
    })
}

/// A value of an option for an error: a function by its name, other values as JSON, cut where they are long.
pub(crate) fn shown(value: &Value) -> String {
    const LONGEST: usize = 200;
    match value.get("number").and(value.get("config")) {
        Some(Value::String(name)) => format!("the function '{name}'"),
        Some(_) => format!("an object of the class {}", value["class_name"].as_str().unwrap_or_default()),
        None => {
            let text = value.to_string();
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}
