//! Text tables with box-drawing characters, laid out as the Python package `rich` does for Keras.

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Align {
    Left,
    Right,
    Center,
}

/// A column: its header, its alignment and where it ends as a fraction of the line.
pub struct Column {
    pub header: &'static str,
    pub align: Align,
    pub end: f64,
}

/// Lays a table out for lines of at most `line_length` characters.
pub fn render(columns: &[Column], rows: &[Vec<String>], line_length: usize) -> String {
    let widths = widths(columns, line_length);
    let bar = |left: &str, fill: &str, cross: &str, right: &str| {
        let cells: Vec<String> = widths.iter().map(|&width| fill.repeat(width + 2)).collect();
        format!("{left}{}{right}\n", cells.join(cross))
    };
    let header: Vec<String> = columns.iter().map(|column| column.header.to_string()).collect();
    let mut text = bar("┏", "━", "┳", "┓");
    text += &cells(columns, &widths, &header, "┃");
    text += &bar("┡", "━", "╇", "┩");
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            text += &bar("├", "─", "┼", "┤");
        }
        text += &cells(columns, &widths, row, "│");
    }
    text + &bar("└", "─", "┴", "┘")
}

/// Characters of text in each column. The columns get their share of the line, from which borders and padding are then
/// taken evenly.
fn widths(columns: &[Column], line_length: usize) -> Vec<usize> {
    let mut start = 0;
    let mut widths = Vec::new();
    for column in columns {
        let end = (column.end * line_length as f64) as usize;
        widths.push(end.saturating_sub(start) + 2);
        start = end.max(start);
    }
    let room = line_length.saturating_sub(columns.len() + 1);
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    for (i, width) in widths.iter_mut().enumerate() {
        let share = (excess as f64 / (columns.len() - i) as f64).round_ties_even() as usize;
        // One character must remain beside the padding.
        let taken = share.min(width.saturating_sub(3));
        *width -= taken;
        excess -= taken;
    }
    widths.iter().map(|width| width - 2).collect()
}

/// The lines of one row.
fn cells(columns: &[Column], widths: &[usize], row: &[String], border: &str) -> String {
    let wrapped: Vec<Vec<String>> = row.iter().zip(widths).map(|(cell, &width)| wrap(cell, width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for line in 0..height {
        text += border;
        for ((column, lines), &width) in columns.iter().zip(&wrapped).zip(widths) {
            let cell = lines.get(line).map_or("", String::as_str);
            let padded = match column.align {
                Align::Left => format!(" {cell:<width$} "),
                Align::Right => format!(" {cell:>width$} "),
                Align::Center => format!(" {cell:^width$} "),
            };
            text += &padded;
            text += border;
        }
        text += "\n";
    }
    text
}

/// Breaks text between words; a longer word is cut and ends in `…`.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let mut lines: Vec<String> = vec![String::new()];
    let mut rest = text;
    while !rest.is_empty() {
        // A word with the spaces before it, which count only at the beginning of the text.
        let word_start = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let word_end = rest[word_start..].find(char::is_whitespace).map_or(rest.len(), |end| word_start + end);
        let (word, after) = rest.split_at(word_end);
        let line = lines.last_mut().expect("there is a line");
        if line.is_empty() || length(line) + length(word) <= width {
            *line += word;
        } else {
            lines.push(word.trim_start().to_string());
        }
        rest = after;
    }
    for line in &mut lines {
        if length(line) > width {
            *line = line.chars().take(width.saturating_sub(1)).chain(['…']).collect();
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_and_long_words_are_cut() {
        assert_eq!(
            wrap("batch_normalization (BatchNormalization)", 22),
            ["batch_normalization", "(BatchNormalization)"]
        );
        assert_eq!(wrap("dense (Dense)", 13), ["dense (Dense)"]);
        assert_eq!(wrap("   └ ii (InputLayer)", 15), ["   └ ii", "(InputLayer)"]);
        assert_eq!(wrap("Trainable", 4), ["Tra…"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn lines_have_the_length_asked_for() {
        let column = |header, align, end| Column { header, align, end };
        let columns = [column("a", Align::Left, 0.45), column("b", Align::Right, 0.8), column("c", Align::Center, 1.0)];
        let rows = vec![vec!["one".into(), "two".into(), "three".into()]];
        for line_length in [20, 40, 76, 88, 200] {
            let table = render(&columns, &rows, line_length);
            for line in table.lines() {
                assert_eq!(line.chars().count(), line_length, "{table}");
            }
        }
    }
}
