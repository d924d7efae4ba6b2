mod json;
mod structure;
mod summary;
