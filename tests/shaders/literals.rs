//! The float literals of a WGSL text, and a text in which each can be perturbed at run time.

use std::ops::Range;

/// Gives literal `k` its value, or a wrong one: slightly for mutant 2k + 1, grossly for 2k + 2.
pub const SWITCH: &str = "\
var<private> mutant: u32;
fn literal(x: f32, k: u32) -> f32 {
    if mutant == 2u * k + 1u { return x * 1.01 + 0.001; }
    if mutant == 2u * k + 2u { return x * 2.0 + 1.0; }
    return x;
}
";

/// A text whose literals went through the switch.
pub struct Switched {
    /// The text, without its module constants.
    pub text: String,
    /// Those constants: names and expressions.
    pub constants: Vec<(String, String)>,
    /// Every literal as it stood, with its line.
    pub literals: Vec<(usize, String)>,
}

impl Switched {
    /// Replaces every literal by a call of the switch.
    pub fn new(text: &str) -> Self {
        let mut switched =
            Switched { text: String::new(), constants: Vec::new(), literals: Vec::new() };
        for (n, line) in (1..).zip(text.lines()) {
            let line = switched.line(n, line);
            // A constant cannot call a function: its uses do.
            let constant = line
                .strip_prefix("const ")
                .filter(|rest| rest.contains("literal("))
                .and_then(|rest| rest.split_once(" = "))
                .map(|(name, value)| {
                    let name = name.split(':').next().unwrap_or(name);
                    (name.to_owned(), format!("({})", value.split(';').next().unwrap_or(value)))
                });
            match constant {
                Some(constant) => switched.constants.push(constant),
                None => switched.text.push_str(&line),
            }
            switched.text.push('\n');
        }
        switched.text = switched.inline(&switched.text);
        switched
    }

    fn line(&mut self, n: usize, line: &str) -> String {
        let (mut out, mut at) = (String::new(), 0);
        for literal in literals(line) {
            let k = self.literals.len();
            out += &line[at..literal.start];
            out += &format!("literal({}, {k}u)", &line[literal.clone()]);
            self.literals.push((n, line[literal.clone()].to_owned()));
            at = literal.end;
        }
        out + &line[at..]
    }

    /// Puts the constants' expressions into a text that uses them.
    pub fn inline(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, expression) in &self.constants {
            let mut parts = text.split(name.as_str()).map(str::to_owned);
            let mut joined = parts.next().unwrap_or_default();
            for part in parts {
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let whole = !joined.ends_with(word) && !part.starts_with(word);
                joined += if whole { expression } else { name };
                joined += &part;
            }
            text = joined;
        }
        text
    }
}

/// Where the float literals of a line stand.
fn literals(line: &str) -> Vec<Range<usize>> {
    let code = line.split("//").next().unwrap_or_default().as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < code.len() {
        let start = at;
        if !code[at].is_ascii_alphanumeric() && code[at] != b'_' {
            at += 1;
            continue;
        }
        // A word, or a number with its sign of the exponent.
        let number = code[at].is_ascii_digit();
        let hexadecimal = code[at..].starts_with(b"0x");
        while at < code.len() {
            let exponent =
                number && !hexadecimal && at > start && matches!(code[at - 1], b'e' | b'E');
            let part = code[at].is_ascii_alphanumeric()
                || code[at] == b'_'
                || number && code[at] == b'.'
                || exponent && matches!(code[at], b'+' | b'-');
            if !part {
                break;
            }
            at += 1;
        }
        let integer = code[start..at].iter().all(|c| c.is_ascii_digit() || b"ui".contains(c));
        if number && !hexadecimal && !integer {
            found.push(start..at);
        }
    }
    found
}

#[test]
fn float_literals_are_found() {
    let found =
        |line: &str| literals(line).into_iter().map(|r| line[r].to_owned()).collect::<Vec<_>>();
    assert_eq!(found("fma(p, -0.25, 1.5e-7 * x2) + vec2f(3f, y.x)"), ["0.25", "1.5e-7", "3f"]);
    assert_eq!(found("case 1u: { a[2] = b << 23u; } // 0.5"), [""; 0]);
    assert_eq!(found("bitcast<u32>(x) & 0x7f800000u"), [""; 0]);
    assert_eq!(found("0xe-1.0"), ["1.0"]);
}

#[test]
fn constants_go_where_they_are_used() {
    let switched =
        Switched::new("const A: f32 = 0.5; // half\nconst N: u32 = 3u;\nlet b = -A * A1 + 2.0;\n");
    assert_eq!(
        switched.text,
        "\nconst N: u32 = 3u;\nlet b = -(literal(0.5, 0u)) * A1 + literal(2.0, 1u);\n"
    );
    assert_eq!(switched.inline("A"), "(literal(0.5, 0u))");
    assert_eq!(switched.literals, [(1, "0.5".into()), (3, "2.0".into())]);
}
