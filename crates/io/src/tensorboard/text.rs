use super::error::EventError;
use super::proto::tensor::TensorProto;
use super::writer::EventWriter;

impl EventWriter {
    /// Adds Markdown to the series `tag` of the Text tab: one text is shown as it is, several as the rows of a table.
    ///
    /// `wall_time`: seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where the tag is empty or a full buffer cannot be flushed.
    pub fn text<S: AsRef<str>>(&mut self, tag: &str, step: i64, texts: &[S], wall_time: f64) -> Result<(), EventError> {
        let tensor = match texts {
            [text] => TensorProto::text(text.as_ref()),
            texts => TensorProto::texts(texts),
        };
        self.tensor(tag, step, wall_time, tensor, ("text", Vec::new()))
    }
}
