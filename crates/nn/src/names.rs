//! Names in both spellings: `heNormal` and `he_normal`, `HeNormal` and `heNormal`.

/// What names have in common that mean the same: letters and digits, lower case. Compare names by it.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// The snake_case of a class name as Keras forms it: `BatchNormalization` to `batch_normalization`, `SGD` to `sgd`.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let after_lower = i > 0 && chars[i - 1].is_lowercase();
        let before_lower = i > 0 && chars.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_fold_together() {
        for name in ["heNormal", "he_normal", "HeNormal"] {
            assert_eq!(fold(name), "henormal");
        }
        assert_ne!(fold("he_normal"), fold("he_uniform"));
    }

    #[test]
    fn class_names_become_snake_case() {
        for (class, snake) in [
            ("BatchNormalization", "batch_normalization"),
            ("SGD", "sgd"),
            ("Dense", "dense"),
            ("Conv2D", "conv2d"),
            ("MaxPooling2D", "max_pooling2d"),
            ("GRUCell", "gru_cell"),
            ("AdamW", "adam_w"),
        ] {
            assert_eq!(snake_case(class), snake);
        }
    }
}
