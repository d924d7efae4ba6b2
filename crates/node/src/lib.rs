//! The binding to Node.js: the only crate that knows JavaScript.
