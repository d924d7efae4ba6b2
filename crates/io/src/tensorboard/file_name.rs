//! `events.out.tfevents.<seconds>.<host>.<process>.<number><suffix>`, as `tf.summary.create_file_writer` names files.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::EventError;

/// The suffix that TensorFlow 2 gives its event files.
pub const DEFAULT_SUFFIX: &str = ".v2";

/// A name that this process has not used before.
pub fn next(seconds: u64, suffix: &str) -> Result<String, EventError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if suffix.contains(['/', '\\', '\0']) {
        return Err(EventError::Suffix(suffix.to_owned()));
    }
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    Ok(format!("events.out.tfevents.{seconds:010}.{}.{process}.{number}{suffix}", host()))
}

/// This machine's name, made fit for a file name.
fn host() -> String {
    let name = hostname::get().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if name.is_empty() { "localhost".to_owned() } else { fit(&name) }
}

fn fit(name: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().map(|c| if keep(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time_and_never_repeat() {
        let first = next(1_795_409_209, DEFAULT_SUFFIX).unwrap();
        let second = next(1_795_409_209, DEFAULT_SUFFIX).unwrap();
        assert_ne!(first, second);
        let fields: Vec<_> = first.splitn(5, '.').collect();
        assert_eq!(fields[..4], ["events", "out", "tfevents", "1795409209"]);
        assert!(fields[4].starts_with(&format!("{}.{}.", host(), std::process::id())), "{first}");
        assert!(first.ends_with(".v2"));
        assert!(next(7, "").unwrap().starts_with("events.out.tfevents.0000000007."));
    }

    #[test]
    fn a_host_name_is_made_fit_for_a_file_name() {
        assert_eq!(fit("Mary's box/α.local-1_2"), "Mary_s_box__.local-1_2");
    }

    #[test]
    fn a_suffix_must_stay_in_the_folder() {
        for suffix in ["/../x", "a\\b", "\0"] {
            let error = next(0, suffix).unwrap_err().to_string();
            assert!(error.contains(&format!("received {suffix:?}")), "{error}");
        }
    }
}
