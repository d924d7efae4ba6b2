//! File formats: IDX data sets.
