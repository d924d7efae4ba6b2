use super::canvas::{Canvas, SIDE, sin_cos};
use super::{CLASSES, glyphs};

// What seed 58 gave when these shapes were fixed.
const TRAIN_X: u64 = 16128632183397065634;
const TEST_Y: [u8; 20] = [8, 6, 2, 0, 9, 1, 4, 7, 0, 0, 2, 9, 5, 3, 9, 3, 2, 9, 4, 7];

/// FNV-1a, 64 bits: enough to notice one changed pixel.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn a_seed_gives_the_same_bytes_everywhere() {
    let data = glyphs(58, 100, 20);
    assert_eq!(data.train.x.shape().dims(), [100, 28, 28]);
    assert_eq!(data.test.y.shape().dims(), [20]);
    assert_eq!(hash(data.train.x.bytes()), TRAIN_X);
    assert_eq!(data.test.y.as_u8().unwrap(), TEST_Y);
    assert_ne!(hash(glyphs(59, 100, 0).train.x.bytes()), TRAIN_X);
}

#[test]
fn sizes_do_not_change_what_is_drawn() {
    let (small, large) = (glyphs(7, 30, 10), glyphs(7, 60, 25));
    assert_eq!(small.train.x.bytes(), &large.train.x.bytes()[..30 * SIDE * SIDE]);
    assert_eq!(small.test.x.bytes(), &large.test.x.bytes()[..10 * SIDE * SIDE]);
    assert_ne!(small.train.x.bytes()[..SIDE * SIDE], small.test.x.bytes()[..SIDE * SIDE]);
}

#[test]
fn every_class_is_drawn_about_as_often() {
    let mut counts = [0; CLASSES.len()];
    for &label in glyphs(1, 5000, 0).train.y.as_u8().unwrap() {
        counts[usize::from(label)] += 1;
    }
    // 500 expected, standard deviation 21.
    assert!(counts.iter().all(|count| (400..600).contains(count)), "{counts:?}");
}

#[test]
fn pixels_alone_do_not_give_the_class_away() {
    let data = glyphs(58, 4000, 1000);
    let pixels = SIDE * SIDE;
    let (x, y) = (data.train.x.as_u8().unwrap(), data.train.y.as_u8().unwrap());
    let mut means = vec![0f64; CLASSES.len() * pixels];
    for (image, &label) in x.chunks_exact(pixels).zip(y) {
        let share = 1.0 / y.iter().filter(|&&other| other == label).count() as f64;
        let mean = &mut means[usize::from(label) * pixels..][..pixels];
        mean.iter_mut().zip(image).for_each(|(mean, &pixel)| *mean += share * f64::from(pixel));
    }
    let distance = |image: &[u8], class: usize| -> f64 {
        let mean = &means[class * pixels..][..pixels];
        image.iter().zip(mean).map(|(&pixel, mean)| (f64::from(pixel) - mean).powi(2)).sum()
    };
    let (x, y) = (data.test.x.as_u8().unwrap(), data.test.y.as_u8().unwrap());
    let right = x.chunks_exact(pixels).zip(y).filter(|(image, label)| {
        let nearest = (0..CLASSES.len()).min_by(|&a, &b| distance(image, a).total_cmp(&distance(image, b)));
        nearest == Some(usize::from(**label))
    });
    let right = right.count();
    // Far better than guessing (100), far from solved.
    assert!((250..650).contains(&right), "nearest class mean is right for {right} of 1000");
}

#[test]
fn a_line_covers_what_it_passes() {
    let mut canvas = Canvas::new();
    canvas.line((-5.0, 10.5), (100.0, 10.5), 2.0, 0.5);
    let row = |row: usize| &canvas.coverage()[row * SIDE..][..SIDE];
    assert!(row(10).iter().all(|&coverage| coverage == 0.5));
    // One pixel aside: half covered, at half opacity.
    assert!(row(11).iter().all(|&coverage| coverage == 0.25));
    assert!(row(12).iter().all(|&coverage| coverage == 0.0));
}

#[test]
fn sine_and_cosine_are_right() {
    for step in -10..=10 {
        let angle = step as f32 / 10.0;
        let (sin, cos) = sin_cos(angle);
        assert!((sin - angle.sin()).abs() < 1e-6 && (cos - angle.cos()).abs() < 1e-6, "at {angle}");
    }
}
