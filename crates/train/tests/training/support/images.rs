//! Made-up images that a network can learn.

use glorot_tensor::Tensor;
use glorot_tensor::random::Stream;
use glorot_train::Dataset;

/// Images of noise with a bright row, whose number is the label.
pub fn images(n: usize) -> Dataset {
    let mut stream = Stream::new(5, 0);
    let labels: Vec<u8> = (0..n).map(|_| stream.below(10) as u8).collect();
    let bright = |row: usize, label: u8| if row == label as usize { 160 } else { 0 };
    let pixels = labels.iter().flat_map(|&label| (0..100).map(move |i| bright(i / 10, label)));
    let pixels: Vec<u8> = pixels.map(|bright| bright + stream.below(90) as u8).collect();
    Dataset::new(Tensor::u8([n, 10, 10], pixels).unwrap(), Tensor::u8([n], labels).unwrap())
}
