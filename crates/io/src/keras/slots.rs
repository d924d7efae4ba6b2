//! Where Keras 3 puts the variables of each layer of a model.

use std::collections::HashMap;

use serde_json::Value;

use super::hdf5::join;

/// A layer that is no model, or a model in a model.
pub struct Slot {
    /// The layer's own name.
    pub name: String,
    /// The group in the file: `layers/sequential/layers/dense_1`. It follows from the class, not from the name.
    pub group: String,
    pub is_model: bool,
    /// The layers of a model.
    pub inner: Vec<Slot>,
}

impl Slot {
    /// The layer itself or, of a model, its layers and those of models in it, without the models.
    pub fn parts(&self) -> Vec<&Slot> {
        if self.is_model { self.inner.iter().flat_map(Slot::parts).collect() } else { vec![self] }
    }
}

/// The layers of a model configuration `{ class_name, config }` in Keras's order.
pub fn slots(model: &Value) -> Vec<Slot> {
    slots_in(model, "")
}

fn slots_in(model: &Value, group: &str) -> Vec<Slot> {
    let Some(layers) = model["config"]["layers"].as_array() else { return Vec::new() };
    let sequential = class_of(model) == "Sequential";
    let mut used: HashMap<String, usize> = HashMap::new();
    let mut slots = Vec::new();
    for layer in layers {
        let class = class_of(layer);
        // Keras does not count the input layer among a sequential model's layers.
        if sequential && class == "InputLayer" {
            continue;
        }
        let mut part = snake_case(class);
        let count = used.entry(part.clone()).and_modify(|count| *count += 1).or_insert(0);
        if *count > 0 {
            part = format!("{part}_{count}");
        }
        let group = join(group, &format!("layers/{part}"));
        let name = layer["config"]["name"].as_str().or(layer["name"].as_str()).unwrap_or_default().to_owned();
        let (is_model, inner) = (layer["config"]["layers"].is_array(), slots_in(layer, &group));
        slots.push(Slot { name, group, is_model, inner });
    }
    slots
}

/// The Python class: registered classes are written as `package>Class`.
fn class_of(layer: &Value) -> &str {
    let class = layer["class_name"].as_str().unwrap_or_default();
    class.rsplit('>').next().unwrap_or(class)
}

/// `BatchNormalization` as `batch_normalization`, `PReLU` as `p_re_lu`, `Conv2DTranspose` as `conv2d_transpose`.
///
/// Source: `keras.src.utils.naming.to_snake_case`, two regular expressions: `(.)([A-Z][a-z]+)`, then `([a-z])([A-Z])`.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let mut words = String::new();
    let mut index = 0;
    while index < letters.len() {
        let starts_word = |at: usize| {
            letters.get(at).is_some_and(char::is_ascii_uppercase)
                && letters.get(at + 1).is_some_and(char::is_ascii_lowercase)
        };
        words.push(letters[index]);
        index += 1;
        if starts_word(index) {
            words.push('_');
            words.push(letters[index]);
            index += 1;
            while letters.get(index).is_some_and(char::is_ascii_lowercase) {
                words.push(letters[index]);
                index += 1;
            }
        }
    }
    let mut snake = String::new();
    let mut previous = ' ';
    for letter in words.chars() {
        if previous.is_ascii_lowercase() && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        previous = letter;
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_groups_as_in_python() {
        let cases = [
            ("Dense", "dense"),
            ("BatchNormalization", "batch_normalization"),
            ("PReLU", "p_re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("ReLU", "re_lu"),
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("SeparableConv2D", "separable_conv2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("InputLayer", "input_layer"),
            ("LSTM", "lstm"),
            ("ELU", "elu"),
        ];
        for (class, group) in cases {
            assert_eq!(snake_case(class), group);
        }
    }
}
