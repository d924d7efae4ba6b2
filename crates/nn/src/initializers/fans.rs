//! How many inputs and outputs a weight connects.

use glorot_tensor::Shape;

/// The fan-in and fan-out of a weight: the lengths of a matrix's axes; of a convolution kernel
/// `[..., input channels, output channels]` each channel count times the receptive field; of a vector its length twice.
pub fn compute_fans(shape: &Shape) -> (f64, f64) {
    match **shape {
        [] => (1.0, 1.0),
        [length] => (length as f64, length as f64),
        [ref field @ .., inputs, outputs] => {
            let field: f64 = field.iter().map(|&dim| dim as f64).product();
            (inputs as f64 * field, outputs as f64 * field)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fans_of_vectors_matrices_and_kernels() {
        assert_eq!(compute_fans(&Shape::scalar()), (1.0, 1.0));
        assert_eq!(compute_fans(&Shape::from([7])), (7.0, 7.0));
        assert_eq!(compute_fans(&Shape::from([784, 300])), (784.0, 300.0));
        assert_eq!(compute_fans(&Shape::from([3, 5, 2, 4])), (30.0, 60.0));
    }
}
