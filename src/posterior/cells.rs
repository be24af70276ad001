//! Cells of a run's tables, read by column name; what is not there is empty.

use super::table::{Column, Table};

/// A table to read from.
#[derive(Clone, Copy)]
pub struct Cells<'a>(pub &'a Table);

impl<'a> Cells<'a> {
    /// The text of a cell.
    pub fn text(self, column: &str, row: usize) -> &'a str {
        match self.0.column(column) {
            Some(Column::Text(texts)) => texts.get(row).map_or("", String::as_str),
            _ => "",
        }
    }

    /// The number of a cell; NaN where there is none.
    pub fn number(self, column: &str, row: usize) -> f64 {
        match self.0.column(column) {
            Some(Column::Number(numbers)) => numbers.get(row).copied().unwrap_or(f64::NAN),
            Some(Column::Int(numbers)) => numbers.get(row).map_or(f64::NAN, |&x| x as f64),
            _ => f64::NAN,
        }
    }

    /// All row numbers.
    pub fn rows(self) -> std::ops::Range<usize> {
        0..self.0.rows()
    }
}

/// Names of the dims of a table's series: of its columns of text between the model's key and the first
/// column that is one of `known`, or is none of text.
pub fn dims<'a>(table: &'a Table, known: &[&str]) -> Vec<&'a str> {
    let after = table.columns.iter().skip_while(|(name, _)| name != "model").skip(1);
    after
        .take_while(|(name, column)| {
            matches!(column, Column::Text(_)) && !known.contains(&name.as_str())
        })
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The rows of a table for which `keep` is true.
pub fn filter(table: &Table, keep: impl Fn(usize) -> bool) -> Table {
    fn pick<T: Clone>(cells: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|&row| cells[row].clone()).collect()
    }
    let rows: Vec<usize> = (0..table.rows()).filter(|&row| keep(row)).collect();
    let column = |column: &Column| match column {
        Column::Text(x) => Column::Text(pick(x, &rows)),
        Column::Number(x) => Column::Number(pick(x, &rows)),
        Column::Int(x) => Column::Int(pick(x, &rows)),
        Column::Date(x) => Column::Date(pick(x, &rows)),
        Column::Bool(x) => Column::Bool(pick(x, &rows)),
    };
    let columns = table.columns.iter().map(|(name, cells)| (name.clone(), column(cells)));
    Table { columns: columns.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_by_name() {
        let mut table = Table::default();
        table.push("model", Column::Text(vec!["a".into(), "b".into()]));
        table.push("x", Column::Number(vec![1.5, 2.5]));
        table.push("n", Column::Int(vec![3, 4]));
        let cells = Cells(&table);
        assert_eq!((cells.text("model", 1), cells.text("x", 0), cells.text("y", 0)), ("b", "", ""));
        assert_eq!((cells.number("x", 0), cells.number("n", 1)), (1.5, 4.0));
        assert!(cells.number("model", 0).is_nan() && cells.number("x", 9).is_nan());
        let second = filter(&table, |row| cells.text("model", row) == "b");
        assert_eq!(second.column("n"), Some(&Column::Int(vec![4])));
        assert_eq!(second.rows(), 1);
    }

    #[test]
    fn dims_stand_behind_the_model() {
        let mut table = Table::default();
        for name in ["model", "brand", "geo", "channel"] {
            table.push(name, Column::Text(vec!["a".into()]));
        }
        table.push("spend", Column::Number(vec![1.0]));
        assert_eq!(dims(&table, &["channel"]), ["brand", "geo"]);
        assert_eq!(dims(&table, &["brand"]), [""; 0]);
        table.columns.remove(3);
        assert_eq!(dims(&table, &["channel"]), ["brand", "geo"]);
    }
}
