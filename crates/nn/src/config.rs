//! Options of layers, losses, metrics, optimizers, …: how they are read.
//!
//! An object is given as an id (`"nadam"`) or as Keras serializes it (`{ class_name, config }`). Option names are
//! accepted in snake_case and camelCase. What is misspelled, of the wrong type or out of range is an error that names
//! the class and the option, in the spelling of who gave it; options that Keras writes and that change nothing here are
//! known and ignored.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::functions::shown;
use crate::names::{camel_case, fold};

/// The class name (or id) and the options of an object that is given as a string or as `{ class_name, config }`.
/// `kind` names it in errors: `optimizer`.
pub fn class_and_config(kind: &str, value: &Value) -> Result<(String, Value)> {
    match value {
        Value::String(id) => Ok((id.clone(), Value::Null)),
        Value::Object(object) => {
            let get = |key: &str| object.iter().find(|(name, _)| fold(name) == fold(key)).map(|(_, value)| value);
            match get("class_name") {
                // Keras serializes a plain function by its name: { class_name: "function", config: "mean_squared_error" }.
                Some(Value::String(class)) => match get("config") {
                    Some(Value::String(id)) if class == "function" => Ok((id.clone(), Value::Null)),
                    config => Ok((class.clone(), config.cloned().unwrap_or(Value::Null))),
                },
                _ => Err(Error::config(kind, format!("expected {{ class_name, config }}, received {}", shown(value)))),
            }
        }
        _ => {
            Err(Error::config(kind, format!("expected a name or {{ class_name, config }}, received {}", shown(value))))
        }
    }
}

/// The options of one object while they are read, each by its snake_case name; [`Options::finish`] then rejects what
/// was not asked for. `null` counts as not given.
pub struct Options {
    class: String,
    given: Map<String, Value>,
    known: Vec<&'static str>,
    /// Options as they were spelled.
    spelled: Vec<String>,
}

impl Options {
    /// `config`: an object, or `null` for no options. `class` names the owner in errors.
    pub fn new(class: &str, config: &Value) -> Result<Options> {
        let given = match config {
            Value::Null => Map::new(),
            Value::Object(options) => options.clone(),
            other => {
                return Err(Error::config(class, format!("expected an object of options, received {}", shown(other))));
            }
        };
        let spelled = given.keys().cloned().collect();
        Ok(Options { class: class.into(), given, known: Vec::new(), spelled })
    }

    /// An option as it was given, unless it is `null`.
    pub fn value(&mut self, name: &'static str) -> Result<Option<Value>> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let keys: Vec<String> = self.given.keys().filter(|key| fold(key) == fold(name)).cloned().collect();
        if keys.len() > 1 {
            return Err(self.error(format!("option '{name}' is given twice: {}", keys.join(", "))));
        }
        let value = keys.first().and_then(|key| self.given.remove(key));
        Ok(value.filter(|value| !value.is_null()))
    }

    /// True if the option is given as `null`: for those where that is a choice of its own.
    pub fn is_null(&self, name: &str) -> bool {
        self.given.iter().any(|(key, value)| fold(key) == fold(name) && value.is_null())
    }

    fn typed<T>(&mut self, name: &'static str, kind: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(self.error(format!("option '{name}' must be {kind}; received {}", shown(&value)))),
        }
    }

    pub fn optional_float(&mut self, name: &'static str) -> Result<Option<f64>> {
        self.typed(name, "a number", Value::as_f64)
    }

    pub fn float(&mut self, name: &'static str, default: f64) -> Result<f64> {
        Ok(self.optional_float(name)?.unwrap_or(default))
    }

    /// A number that is not negative.
    pub fn not_negative(&mut self, name: &'static str, default: f64) -> Result<f64> {
        let value = self.float(name, default)?;
        self.check(name, value, value >= 0.0, "at least 0")?;
        Ok(value)
    }

    /// A whole number; `10` and `10.0` are the same.
    pub fn optional_int(&mut self, name: &'static str) -> Result<Option<i64>> {
        self.typed(name, "a whole number", whole)
    }

    pub fn int(&mut self, name: &'static str, default: i64) -> Result<i64> {
        Ok(self.optional_int(name)?.unwrap_or(default))
    }

    /// A whole number that is not negative.
    pub fn optional_size(&mut self, name: &'static str) -> Result<Option<usize>> {
        self.typed(name, "a whole number of at least 0", |value| usize::try_from(whole(value)?).ok())
    }

    pub fn bool(&mut self, name: &'static str, default: bool) -> Result<bool> {
        Ok(self.typed(name, "true or false", Value::as_bool)?.unwrap_or(default))
    }

    pub fn optional_string(&mut self, name: &'static str) -> Result<Option<String>> {
        self.typed(name, "a string", |value| value.as_str().map(String::from))
    }

    pub fn string(&mut self, name: &'static str, default: &str) -> Result<String> {
        Ok(self.optional_string(name)?.unwrap_or_else(|| default.into()))
    }

    /// An object among the options, which `read` makes: an error in it names the option too. `None` if it is not given.
    pub fn nested<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T>) -> Result<Option<T>> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        match read(&value) {
            Ok(read) => Ok(Some(read)),
            Err(error) => Err(self.error(format!("option '{name}': {error}"))),
        }
    }

    /// A list of strings; none if it is not given.
    pub fn strings(&mut self, name: &'static str) -> Result<Vec<String>> {
        let read = |value: &Value| value.as_array()?.iter().map(|word| word.as_str().map(String::from)).collect();
        Ok(self.typed(name, "a list of strings", read)?.unwrap_or_default())
    }

    /// A list of numbers; one number is a list of one.
    pub fn optional_floats(&mut self, name: &'static str) -> Result<Option<Vec<f64>>> {
        self.typed(name, "a number or a list of numbers", |value| match value {
            Value::Array(values) => values.iter().map(Value::as_f64).collect(),
            value => value.as_f64().map(|value| vec![value]),
        })
    }

    /// Axes or lengths: whole numbers, possibly negative; one number is a list of one.
    pub fn optional_ints(&mut self, name: &'static str) -> Result<Option<Vec<i64>>> {
        self.typed(name, "a whole number or a list of whole numbers", |value| match value {
            Value::Array(values) => values.iter().map(whole).collect(),
            value => whole(value).map(|value| vec![value]),
        })
    }

    /// A shape: a list of lengths, of which `null` is any.
    pub fn optional_shape(&mut self, name: &'static str) -> Result<Option<Vec<Option<usize>>>> {
        self.typed(name, "a list of lengths (null: any length)", |value| {
            value.as_array()?.iter().map(any_length).collect()
        })
    }

    /// The same; one length is a list of one.
    pub fn optional_lengths(&mut self, name: &'static str) -> Result<Option<Vec<Option<usize>>>> {
        self.typed(name, "a whole number or a list of lengths (null: any length)", |value| match value {
            Value::Array(values) => values.iter().map(any_length).collect(),
            value => any_length(value).map(|length| vec![length]),
        })
    }

    /// A whole number of at least 1.
    pub fn optional_positive(&mut self, name: &'static str) -> Result<Option<usize>> {
        let positive = |value: &Value| usize::try_from(whole(value)?).ok().filter(|&value| value > 0);
        self.typed(name, "a whole number of at least 1", positive)
    }

    /// A whole number of at least 1 that must be given.
    pub fn positive(&mut self, name: &'static str) -> Result<usize> {
        let value = self.optional_positive(name)?;
        value.ok_or_else(|| self.missing(name, "a whole number of at least 1"))
    }

    /// A random seed: a whole number from 0, or Keras's serialized `SeedGenerator`.
    pub fn seed(&mut self) -> Result<Option<u64>> {
        let read = |value: &Value| {
            let number = value.pointer("/config/seed").unwrap_or(value);
            if number.is_null() { Some(None) } else { u64::try_from(whole(number)?).ok().map(Some) }
        };
        Ok(self.typed("seed", "a whole number of at least 0", read)?.flatten())
    }

    /// The name of the object.
    pub fn name(&mut self, default: &str) -> Result<String> {
        let read = |value: &Value| value.as_str().filter(|name| !name.is_empty()).map(String::from);
        Ok(self.typed("name", "a string that is not empty", read)?.unwrap_or_else(|| default.to_string()))
    }

    /// One of a few words, in any spelling.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)], default: T) -> Result<T> {
        let Some(value) = self.value(name)? else { return Ok(default) };
        let given = value.as_str().map(fold);
        let chosen = choices.iter().find(|(word, _)| given.as_deref() == Some(fold(word).as_str()));
        chosen.map(|&(_, choice)| choice).ok_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("'{word}'")).collect();
            self.error(format!("option '{name}' must be one of {}; received {}", words.join(", "), shown(&value)))
        })
    }

    /// Knows options of Keras that are not supported: they must be false, `null` or zero.
    pub fn unsupported(&mut self, names: &[&'static str]) -> Result<()> {
        for &name in names {
            let off = |value: &Value| *value == Value::Bool(false) || value.as_f64() == Some(0.0);
            if let Some(value) = self.value(name)?.filter(|value| !off(value)) {
                return Err(
                    self.error(format!("option '{name}' is not supported; received {}; remove it", shown(&value)))
                );
            }
            self.known.retain(|known| *known != name);
        }
        Ok(())
    }

    /// Knows options that Keras writes and that change nothing here.
    pub fn inert(&mut self, names: &[&'static str]) -> Result<()> {
        for &name in names {
            self.value(name)?;
            self.known.retain(|known| *known != name);
        }
        Ok(())
    }

    /// An error that names the class. Options that it names as `option 'units'` are spelled as they were given.
    pub fn error(&self, message: impl Display) -> Error {
        let message = message.to_string();
        let mut parts = message.split("option '");
        let mut spelled = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let (name, rest) = part.split_once('\'').unwrap_or((part, ""));
            spelled.push_str(&format!("option '{}'{rest}", self.spelling(name)));
        }
        Error::config(&self.class, spelled)
    }

    /// An option that must be given and is not; `give` says what.
    pub fn missing(&self, name: &str, give: &str) -> Error {
        let given: Vec<&str> = self.given.keys().map(String::as_str).collect();
        let given = if given.is_empty() { String::new() } else { format!("; given: {}", given.join(", ")) };
        self.error(format!("option '{name}' is missing; give {give}{given}"))
    }

    /// How the options' giver spells a name: as it was given, in snake_case where another name is, else in camelCase.
    fn spelling(&self, name: &str) -> String {
        if let Some(given) = self.spelled.iter().find(|given| fold(given) == fold(name)) {
            return given.clone();
        }
        let snake = self.spelled.iter().any(|given| given.contains('_'));
        if snake { name.into() } else { camel_case(name) }
    }

    /// An error unless the option's value lies in its range, which `expected` describes: `at least 0`.
    pub fn check(&self, name: &str, value: impl Display, fits: bool, expected: &str) -> Result<()> {
        if fits {
            return Ok(());
        }
        Err(self.error(format!("option '{name}' must be {expected}; received {value}")))
    }

    /// Fails if an option was given that nobody asked for.
    pub fn finish(self) -> Result<()> {
        let Some((name, _)) = self.given.iter().next() else { return Ok(()) };
        let hint =
            self.meant(name).map_or_else(String::new, |known| format!("; did you mean '{}'?", self.spelling(known)));
        let known: Vec<String> = self.known.iter().map(|known| self.spelling(known)).collect();
        let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
        Err(Error::config(&self.class, format!("unknown option '{name}'{hint}; known options: {known}")))
    }

    /// The known option that a name is a misspelling or the initials of (`lr`).
    fn meant(&self, name: &str) -> Option<&'static str> {
        let name = fold(name);
        let initials = |known: &str| known.split('_').filter_map(|word| word.chars().next()).collect::<String>();
        let near = |known: &str| 2 * distance(&fold(known), &name) <= name.len() + 1;
        let mut known = self.known.iter().copied();
        known
            .clone()
            .find(|known| known.contains('_') && initials(known) == name)
            .or_else(|| known.by_ref().filter(|known| near(known)).min_by_key(|known| distance(&fold(known), &name)))
    }
}

/// Number of letters to change, add or remove between two words (Levenshtein, 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A length of an axis; `null` is any.
fn any_length(value: &Value) -> Option<Option<usize>> {
    match value {
        Value::Null => Some(None),
        value => whole(value).and_then(|length| usize::try_from(length).ok()).map(Some),
    }
}

fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    value.as_i64().or_else(|| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_both_spellings() {
        let mut options = Options::new("Adam", &json!({ "learningRate": 1, "beta_1": 0.5, "clipnorm": null })).unwrap();
        assert_eq!(options.float("learning_rate", 0.001).unwrap(), 1.0);
        assert_eq!(options.float("beta_1", 0.9).unwrap(), 0.5);
        assert_eq!(options.optional_float("clipnorm").unwrap(), None);
        assert_eq!(options.int("steps", 3).unwrap(), 3);
        options.finish().unwrap();
    }

    #[test]
    fn errors_name_the_option() {
        let mut options = Options::new("Adam", &json!({ "beta1": "x", "lr": 1 })).unwrap();
        let message = options.float("beta_1", 0.9).unwrap_err().to_string();
        assert_eq!(message, "Adam: option 'beta1' must be a number; received \"x\"");
        let message = options.finish().unwrap_err().to_string();
        assert_eq!(message, "Adam: unknown option 'lr'; known options: beta1");
        let mut options = Options::new("Adam", &json!({ "beta1": 0.1, "beta_1": 0.2 })).unwrap();
        assert!(options.float("beta_1", 0.9).unwrap_err().to_string().contains("given twice"));
    }

    #[test]
    fn objects_are_ids_or_class_and_config() {
        assert_eq!(class_and_config("loss", &json!("mse")).unwrap(), ("mse".into(), Value::Null));
        let object = json!({ "module": "keras.losses", "class_name": "Huber", "config": { "delta": 2.0 } });
        assert_eq!(class_and_config("loss", &object).unwrap(), ("Huber".into(), json!({ "delta": 2.0 })));
        let function = json!({ "module": "builtins", "class_name": "function", "config": "mean_squared_error" });
        assert_eq!(class_and_config("loss", &function).unwrap(), ("mean_squared_error".into(), Value::Null));
        assert!(class_and_config("loss", &json!({ "name": "mse" })).is_err());
        assert!(class_and_config("loss", &json!(3)).is_err());
    }

    #[test]
    fn errors_speak_the_spelling_of_who_gave_the_options() {
        let read = |given: Value| {
            let mut options = Options::new("Dense", &given).unwrap();
            options.positive("units")?;
            options.bool("use_bias", true)?;
            options.float("learning_rate", 0.0)?;
            options.finish()
        };
        let message = |given: Value| read(given).unwrap_err().to_string();
        assert_eq!(
            message(json!({ "unit": 3 })),
            "Dense: option 'units' is missing; give a whole number of at least 1; given: unit"
        );
        for (given, expected) in [
            (json!({ "units": 1, "useBias": 1 }), "Dense: option 'useBias' must be true or false; received 1"),
            (json!({ "units": 1, "use_bias": 1 }), "Dense: option 'use_bias' must be true or false; received 1"),
            (
                json!({ "units": 1, "usebia": 1 }),
                "Dense: unknown option 'usebia'; did you mean 'useBias'?; known options: units, useBias, learningRate",
            ),
            (
                json!({ "units": 1, "use_bais": 1 }),
                "Dense: unknown option 'use_bais'; did you mean 'use_bias'?; known options: units, use_bias, learning_rate",
            ),
            (
                json!({ "units": 1, "lr": 1 }),
                "Dense: unknown option 'lr'; did you mean 'learningRate'?; known options: units, useBias, learningRate",
            ),
            (
                json!({ "units": 1, "colour": 1 }),
                "Dense: unknown option 'colour'; known options: units, useBias, learningRate",
            ),
        ] {
            assert_eq!(message(given), expected);
        }
        assert_eq!([distance("", "abc"), distance("kitten", "sitting"), distance("a", "a")], [3, 3, 0]);
    }

    #[test]
    fn errors_in_nested_objects_name_the_option() {
        let mut options = Options::new("Dense", &json!({ "kernelInitializer": "x" })).unwrap();
        let read = |_: &Value| -> Result<()> { Err(Error::config("initializer", "unknown 'x'")) };
        let message = options.nested("kernel_initializer", read).unwrap_err().to_string();
        assert_eq!(message, "Dense: option 'kernelInitializer': initializer: unknown 'x'");
    }
}
