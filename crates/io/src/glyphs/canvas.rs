//! Antialiased lines on a small gray canvas.

/// Height and width of an image in pixels.
pub const SIDE: usize = 28;

pub type Point = (f32, f32);

/// Places a shape given around the origin (radius about 1) on the canvas, in pixels.
pub struct Affine {
    x: (f32, f32, f32),
    y: (f32, f32, f32),
}

impl Affine {
    /// Scales by `scale`, shears along x, turns by `angle` radians (between -1 and 1), moves by `shift` pixels from the
    /// centre.
    pub fn new(angle: f32, scale: (f32, f32), shear: f32, shift: Point) -> Affine {
        const RADIUS: f32 = 10.0;
        let (sin, cos) = sin_cos(angle);
        let (sx, sy) = (RADIUS * scale.0, RADIUS * scale.1);
        let centre = SIDE as f32 / 2.0;
        Affine {
            x: (cos * sx, (cos * shear - sin) * sy, centre + shift.0),
            y: (sin * sx, (sin * shear + cos) * sy, centre + shift.1),
        }
    }

    pub fn apply(&self, (x, y): Point) -> Point {
        (self.x.0 * x + self.x.1 * y + self.x.2, self.y.0 * x + self.y.1 * y + self.y.2)
    }
}

/// Sine and cosine for |angle| <= 1 to about 1e-6 by their Taylor series: the standard library's may differ in the last
/// bit from platform to platform.
pub fn sin_cos(angle: f32) -> (f32, f32) {
    let square = angle * angle;
    let sin = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))));
    let cos = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)));
    (sin, cos)
}

/// How much of each pixel is covered by ink, 0 to 1.
pub struct Canvas([f32; SIDE * SIDE]);

impl Canvas {
    pub fn new() -> Canvas {
        Canvas([0.0; SIDE * SIDE])
    }

    pub fn coverage(&self) -> &[f32] {
        &self.0
    }

    /// Draws a line with round ends, `width` pixels wide, over what is there (lines do not add up).
    pub fn line(&mut self, from: Point, to: Point, width: f32, opacity: f32) {
        // Half a pixel on either side of the edge fades out.
        let reach = width / 2.0 + 0.5;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length_squared = dx * dx + dy * dy;
        for row in span(from.1, to.1, reach) {
            for column in span(from.0, to.0, reach) {
                let (x, y) = (column as f32 + 0.5 - from.0, row as f32 + 0.5 - from.1);
                let along = if length_squared > 0.0 { (x * dx + y * dy) / length_squared } else { 0.0 };
                let along = along.clamp(0.0, 1.0);
                let (x, y) = (x - along * dx, y - along * dy);
                let distance = (x * x + y * y).sqrt();
                let coverage = (reach - distance).clamp(0.0, 1.0) * opacity;
                let pixel = &mut self.0[row * SIDE + column];
                *pixel = pixel.max(coverage);
            }
        }
    }
}

/// The rows or columns that a line between two coordinates can touch.
fn span(a: f32, b: f32, reach: f32) -> std::ops::Range<usize> {
    // Negative floats become 0 and large ones are cut off by `min`.
    let low = (a.min(b) - reach) as usize;
    let high = (a.max(b) + reach) as usize + 1;
    low.min(SIDE)..high.min(SIDE)
}
