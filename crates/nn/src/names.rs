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

/// The camelCase of an option's name, as in JavaScript: `use_bias` to `useBias`. Keras writes some without underscores.
pub fn camel_case(name: &str) -> String {
    const RUN_TOGETHER: [(&str, &str); 4] = [
        ("clipnorm", "clipNorm"),
        ("global_clipnorm", "globalClipNorm"),
        ("clipvalue", "clipValue"),
        ("keepdims", "keepDims"),
    ];
    if let Some((_, camel)) = RUN_TOGETHER.iter().find(|(keras, _)| *keras == name) {
        return (*camel).into();
    }
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_string();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    camel
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
    fn options_become_camel_case() {
        for (snake, camel) in [
            ("units", "units"),
            ("use_bias", "useBias"),
            ("beta_1", "beta1"),
            ("clipnorm", "clipNorm"),
            ("stepsPerEpoch", "stepsPerEpoch"),
        ] {
            assert_eq!(camel_case(snake), camel);
        }
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
