//! The ten shapes, as strokes around the origin within a radius of about 1 (y points down).

use super::canvas::Point;

/// Names of the classes, by label.
pub const CLASSES: [&str; 10] =
    ["ring", "triangle", "square", "plus", "arrow", "zigzag", "fork", "hook", "hourglass", "ladder"];

/// The strokes of a class.
pub fn strokes(label: u8) -> Vec<Vec<Point>> {
    match label {
        0 => vec![circle()],
        1 => vec![vec![(0.0, -1.0), (0.9, 0.75), (-0.9, 0.75), (0.0, -1.0)]],
        2 => vec![vec![(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8)]],
        3 => vec![vec![(0.0, -1.0), (0.0, 1.0)], vec![(-1.0, 0.0), (1.0, 0.0)]],
        4 => vec![vec![(0.0, 1.0), (0.0, -1.0)], vec![(-0.7, -0.3), (0.0, -1.0), (0.7, -0.3)]],
        5 => vec![vec![(-0.8, -0.9), (0.7, -0.5), (-0.7, 0.0), (0.7, 0.5), (-0.8, 0.9)]],
        6 => vec![vec![(0.0, 1.0), (0.0, 0.0), (-0.8, -0.9)], vec![(0.0, 0.0), (0.8, -0.9)]],
        7 => vec![vec![(-0.6, -1.0), (-0.6, 0.8), (0.7, 0.8), (0.7, 0.1)]],
        8 => vec![vec![(-0.8, -0.9), (0.8, -0.9), (-0.8, 0.9), (0.8, 0.9), (-0.8, -0.9)]],
        _ => vec![
            vec![(-0.6, -1.0), (-0.6, 1.0)],
            vec![(0.6, -1.0), (0.6, 1.0)],
            vec![(-0.6, -0.35), (0.6, -0.35)],
            vec![(-0.6, 0.4), (0.6, 0.4)],
        ],
    }
}

/// A regular polygon of 16 corners, which the width of the pen rounds to a circle; each corner is the one before, turned
/// by 22.5 degrees.
fn circle() -> Vec<Point> {
    const RADIUS: f32 = 0.9;
    const COS: f32 = 0.923_879_5;
    const SIN: f32 = 0.382_683_43;
    let mut corner = (RADIUS, 0.0);
    (0..=16)
        .map(|_| {
            let here = corner;
            corner = (here.0 * COS - here.1 * SIN, here.0 * SIN + here.1 * COS);
            here
        })
        .collect()
}
