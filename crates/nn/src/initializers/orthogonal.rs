use std::rc::Rc;

use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, entries, serialized};
use crate::config::Options;
use crate::error::{Error, Result};
use crate::rng::next_seed;

/// `gain` times a random matrix of orthonormal columns (rows, if there are fewer of those), uniformly distributed among
/// them: the Q factor, with a positive diagonal of R, of a matrix of normal numbers. Saxe et al. (2014). A weight of
/// higher rank is such a matrix over its last axis. Default: gain 1.
pub struct Orthogonal {
    pub gain: f64,
    pub seed: Option<u64>,
}

impl Orthogonal {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        Ok(Rc::new(Orthogonal { gain: options.float("gain", 1.0)?, seed: options.seed()? }))
    }
}

impl Initializer for Orthogonal {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        let [outer @ .., columns] = &shape[..] else {
            return Err(rank_error(shape));
        };
        if outer.is_empty() {
            return Err(rank_error(shape));
        }
        let (rows, columns) = (outer.iter().product::<usize>(), *columns);
        let (length, count) = (rows.max(columns), rows.min(columns));
        let mut stream = Stream::new(self.seed.unwrap_or_else(next_seed), 0);
        let vectors = orthonormal(&mut stream, length, count);
        let mut values = vec![0.0; rows * columns];
        for (v, vector) in vectors.iter().enumerate() {
            for (i, &element) in vector.iter().enumerate() {
                let at = if rows >= columns { i * columns + v } else { v * columns + i };
                values[at] = self.gain * element;
            }
        }
        Ok(Tensor::from_f64(shape.clone(), dtype, &values)?)
    }

    fn to_json(&self) -> Value {
        serialized("Orthogonal", entries(json!({ "seed": self.seed, "gain": self.gain })))
    }
}

fn rank_error(shape: &Shape) -> Error {
    Error::config("Orthogonal", format!("expected a weight of rank 2 or more, received shape {shape}"))
}

/// `count` random orthonormal vectors, by the Gram-Schmidt process. What is left of a vector has a positive product with
/// it, so this is the QR decomposition whose R has a positive diagonal.
fn orthonormal(stream: &mut Stream, length: usize, count: usize) -> Vec<Vec<f64>> {
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut vector: Vec<f64> = (0..length).map(|_| stream.next_normal()).collect();
        // Twice is enough: the second pass removes what rounding left in the first.
        for _ in 0..2 {
            for other in &vectors {
                let overlap = dot(&vector, other);
                vector.iter_mut().zip(other).for_each(|(element, other)| *element -= overlap * other);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        vector.iter_mut().for_each(|element| *element /= norm);
        vectors.push(vector);
    }
    vectors
}

/// The inner product, in eight sums that a processor can add at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 8];
    for (a, b) in a.zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}
