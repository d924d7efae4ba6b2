use super::error::EventError;
use super::proto::tensor::TensorProto;
use super::writer::EventWriter;

impl EventWriter {
    /// Adds a point to the series `tag` of the Scalars tab.
    ///
    /// `wall_time`: seconds since 1970-01-01 UTC, see [`wall_time_now`](super::wall_time_now). NaN and infinities are
    /// written as they are; TensorBoard marks them.
    ///
    /// # Errors
    /// Where the tag is empty or a full buffer cannot be flushed.
    pub fn scalar(&mut self, tag: &str, step: i64, value: f32, wall_time: f64) -> Result<(), EventError> {
        self.tensor(tag, step, wall_time, TensorProto::scalar(value), ("scalars", Vec::new()))
    }
}
