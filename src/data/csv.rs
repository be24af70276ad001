//! CSV: checks the shape of every record, then lets polars parse the columns wanted.

use std::{borrow::Cow, io::Cursor, ops::Range, sync::Arc};

use polars::prelude::{Column, CsvReadOptions, DataType, Field, PolarsResult, Schema, SerReader};

use crate::error::{Error, Result};

/// A CSV file whose records all have as many fields as its header.
pub(super) struct Csv<'a> {
    /// Names of the columns.
    pub header: Vec<String>,
    /// The records after the header, blank lines left out.
    body: Cow<'a, [u8]>,
    /// Line of the file on which each record of the body begins, from 1.
    lines: Vec<usize>,
}

impl<'a> Csv<'a> {
    /// Splits the file called `from` into records: comma, optional double quotes (RFC 4180), UTF-8
    /// with or without byte order mark, lines ending in LF or CRLF, blank lines skipped.
    ///
    /// polars would cut a record that is too long and fill up one that is too short; both shift
    /// numbers into columns where they do not belong, so here they are errors.
    pub fn scan(bytes: &'a [u8], from: &str) -> Result<Csv<'a>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if let Err(error) = std::str::from_utf8(bytes) {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            return Err(Error::input(format!("{from}, line {line}: the text is not UTF-8"))
                .help("save the file as CSV in UTF-8"));
        }
        let mut records = Records { bytes, at: 0, line: 1 };
        let mut header: Option<Vec<String>> = None;
        let (mut lines, mut kept) = (Vec::new(), Vec::<Range<usize>>::new());
        while let Some(record) = records.next_record(from)? {
            let text = &bytes[record.span.clone()];
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Some(header) = &header else {
                header = Some(split(text));
                continue;
            };
            if record.fields != header.len() {
                let (line, fields, columns) = (record.line, record.fields, header.len());
                return Err(Error::input(format!(
                    "{from}, line {line}: the header has {columns} fields, this line has {fields}"
                ))
                .help(
                    "put fields that hold a comma in double quotes, and write numbers without \
                       thousands separators",
                ));
            }
            lines.push(record.line);
            match kept.last_mut() {
                Some(last) if last.end == record.span.start => last.end = record.span.end,
                _ => kept.push(record.span),
            }
        }
        let Some(header) = header else {
            return Err(Error::input(format!("{from} is empty"))
                .help("the first line names the columns, separated by commas"));
        };
        let body = match &kept[..] {
            [] => Cow::Borrowed(&bytes[..0]),
            [all] => Cow::Borrowed(&bytes[all.clone()]),
            parts => {
                Cow::Owned(parts.iter().flat_map(|part| &bytes[part.clone()]).copied().collect())
            }
        };
        Ok(Csv { header, body, lines })
    }

    /// Line of the file on which the record begins, from 1.
    pub fn line(&self, row: usize) -> usize {
        self.lines[row]
    }

    /// The columns at `texts`, as strings, then those at `numbers`: as floats, or all as strings
    /// where one of them holds something else.
    pub fn columns(&self, texts: &[usize], numbers: &[usize]) -> PolarsResult<Vec<Column>> {
        self.parse(texts, numbers, DataType::Float64)
            .or_else(|_| self.parse(texts, numbers, DataType::String))
    }

    fn parse(
        &self,
        texts: &[usize],
        numbers: &[usize],
        number: DataType,
    ) -> PolarsResult<Vec<Column>> {
        // Columns go by their position, so that odd or repeated names cannot matter.
        let mut types = vec![number; self.header.len()];
        for &i in texts {
            types[i] = DataType::String;
        }
        let name = |i: usize| i.to_string();
        let schema: Schema =
            types.into_iter().enumerate().map(|(i, t)| Field::new(name(i).into(), t)).collect();
        let wanted: Vec<usize> = texts.iter().chain(numbers).copied().collect();
        let frame = CsvReadOptions::default()
            .with_has_header(false)
            .with_infer_schema_length(Some(0))
            .with_raise_if_empty(false)
            .with_schema(Some(Arc::new(schema)))
            .with_projection(Some(Arc::new(wanted.clone())))
            .into_reader_with_file_handle(Cursor::new(&self.body))
            .finish()?;
        wanted.iter().map(|&i| frame.column(&name(i)).cloned()).collect()
    }
}

struct Record {
    /// Bytes, line end included.
    span: Range<usize>,
    /// Line on which it begins.
    line: usize,
    fields: usize,
}

struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Records<'_> {
    fn next_record(&mut self, from: &str) -> Result<Option<Record>> {
        let (start, line) = (self.at, self.line);
        if start == self.bytes.len() {
            return Ok(None);
        }
        let (mut fields, mut field_start) = (1, true);
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' if field_start => {
                    self.skip_quoted(from)?;
                    field_start = false;
                    continue;
                }
                b'"' => return Err(bad_quote(from, self.line)),
                b',' => fields += 1,
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    break;
                }
                _ => {}
            }
            field_start = byte == b',';
            self.at += 1;
        }
        Ok(Some(Record { span: start..self.at, line, fields }))
    }

    /// Steps from the opening quote behind the closing one.
    fn skip_quoted(&mut self, from: &str) -> Result<()> {
        let opened = self.line;
        self.at += 1;
        loop {
            match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (None, _) => return Err(bad_quote(from, opened)),
                (Some(b'"'), Some(b'"')) => self.at += 2,
                (Some(b'"'), None | Some(b',' | b'\r' | b'\n')) => {
                    self.at += 1;
                    return Ok(());
                }
                (Some(b'"'), _) => return Err(bad_quote(from, self.line)),
                (Some(byte), _) => {
                    self.line += usize::from(*byte == b'\n');
                    self.at += 1;
                }
            }
        }
    }
}

fn bad_quote(from: &str, line: usize) -> Error {
    Error::input(format!("{from}, line {line}: a double quote that does not open or close a field"))
        .help("a field that holds a double quote is put in double quotes and its own are doubled")
}

/// The fields of a record whose quotes are known to be right.
fn split(record: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(record);
    let text = text.trim_end_matches(['\r', '\n']);
    let (mut fields, mut quoted) = (vec![String::new()], false);
    let mut rest = text.chars().peekable();
    while let (Some(c), Some(field)) = (rest.next(), fields.last_mut()) {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                field.push('"');
                rest.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => field.push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let text = b"\xef\xbb\xbfa,\"b \"\"x\"\", y\",c\r\n\r\n1,\"two\nlines\",3\r\n\n4,,6";
        let csv = Csv::scan(text, "t.csv").unwrap();
        assert_eq!(csv.header, ["a", "b \"x\", y", "c"]);
        assert_eq!(csv.lines, [3, 6]);
        assert_eq!(&*csv.body, b"1,\"two\nlines\",3\r\n4,,6");
        let columns = csv.columns(&[1], &[0, 2]).unwrap();
        let texts: Vec<_> = columns[0].str().unwrap().iter().collect();
        assert_eq!(texts, [Some("two\nlines"), None]);
        assert_eq!(columns[2].f64().unwrap().iter().collect::<Vec<_>>(), [Some(3.0), Some(6.0)]);
    }

    #[test]
    fn bad_files() {
        let message = |text: &[u8]| Csv::scan(text, "t.csv").err().unwrap().to_string();
        assert_eq!(message(b""), "t.csv is empty");
        assert_eq!(
            message(b"a,b\n1,2,3\n"),
            "t.csv, line 2: the header has 2 fields, this line has 3"
        );
        assert_eq!(
            message(b"a,b\n\n1\n"),
            "t.csv, line 3: the header has 2 fields, this line has 1"
        );
        assert_eq!(message(b"a,b\n1,\xe4\n"), "t.csv, line 2: the text is not UTF-8");
        let quote = "a double quote that does not open or close a field";
        for bad in ["a,b\n1,5\"\n", "a,b\n1,\"2\n", "a,b\n1,\"2\"3\n"] {
            assert_eq!(message(bad.as_bytes()), format!("t.csv, line 2: {quote}"));
        }
    }
}
