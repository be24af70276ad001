//! Tables of text: a header, a rule, columns that line up.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::number::NOTHING;

/// Texts in rows and columns.
#[derive(Debug, Default)]
pub(super) struct Grid {
    header: Vec<(String, CellAlignment)>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// Adds a column of texts.
    pub fn left(mut self, name: &str) -> Self {
        self.header.push((name.into(), CellAlignment::Left));
        self
    }

    /// Adds a column of numbers.
    pub fn right(mut self, name: &str) -> Self {
        self.header.push((name.into(), CellAlignment::Right));
        self
    }

    /// Adds a row, one text per column.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, each with its line break. Columns that say nothing are left out; with `colour` a
    /// status at the start of a line is coloured.
    pub fn render(&self, colour: bool) -> String {
        let says = |column: usize| self.rows.iter().any(|row| row[column] != NOTHING);
        let shown: Vec<usize> =
            (0..self.header.len()).filter(|&c| self.rows.is_empty() || says(c)).collect();
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let line = |cells: &[String]| -> Vec<Cell> {
            let cell = |&c: &usize| Cell::new(&cells[c]).set_alignment(self.header[c].1);
            shown.iter().map(cell).collect()
        };
        let names: Vec<String> = self.header.iter().map(|(name, _)| name.clone()).collect();
        table.set_header(line(&names));
        for row in &self.rows {
            table.add_row(line(row));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let mut text = String::new();
        for (i, line) in table.lines().enumerate() {
            let line = line.trim_end();
            match colour {
                true if i > 0 => text += &coloured(line),
                _ => text += line,
            }
            text.push('\n');
        }
        text
    }
}

/// A line whose status is coloured.
fn coloured(line: &str) -> String {
    for (status, code) in [("ok", 32), ("review", 33), ("failed", 31)] {
        if let Some(rest) = line.strip_prefix(status).filter(|rest| rest.starts_with(' ')) {
            return format!("\x1b[{code}m{status}\x1b[0m{rest}");
        }
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::default().left("status").left("model").right("test").right("ESS");
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        grid.row(row(["ok", "München", "–", "1,200"]));
        grid.row(row(["failed", "okra", "–", "–"]));
        grid
    }

    #[test]
    fn columns_line_up_and_empty_ones_are_left_out() {
        let lines = ["status  model      ESS", "ok      München  1,200", "failed  okra         –"];
        assert_eq!(grid().render(false), lines.join("\n") + "\n");
    }

    #[test]
    fn only_a_status_is_coloured() {
        let text = grid().render(true);
        assert!(text.contains("\x1b[32mok\x1b[0m      München"), "{text}");
        assert!(text.contains("\x1b[31mfailed\x1b[0m  okra"), "{text}");
        assert_eq!(text.matches("\x1b[0m").count(), 2);
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(Grid::default().left("a").right("b").render(false), "a  b\n");
    }
}
