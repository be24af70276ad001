//! Mappings of the document that remember what nobody asked for, so that nothing is lost in silence.

use serde_json::{Map, Value};

use super::one_line;

/// What could not be carried over, a line each.
#[derive(Default)]
pub struct Left {
    pub lines: Vec<String>,
}

impl Left {
    /// Notes what stands at `path`, and why it was left out.
    pub fn add(&mut self, path: &str, why: &str) {
        self.lines.push(one_line(&format!("{path}: {why}")));
    }

    /// Notes a value that means nothing here.
    pub fn value(&mut self, path: &str, value: &Value) {
        let shown: String = value.to_string().chars().take(80).collect();
        self.add(path, &format!("{shown} cannot be said here"));
    }
}

/// A mapping; its path in the document is for messages.
pub struct Node {
    pub path: String,
    entries: Map<String, Value>,
}

impl Node {
    /// A mapping; another value is noted.
    pub fn new(path: &str, value: Value, left: &mut Left) -> Option<Self> {
        match value {
            Value::Object(entries) => Some(Self { path: path.into(), entries }),
            other => {
                left.value(if path.is_empty() { "the document" } else { path }, &other);
                None
            }
        }
    }

    /// What is built by `class` (its last part) from keyword arguments; another value is noted.
    pub fn object(path: &str, value: Value, left: &mut Left) -> Option<(String, Self)> {
        let mut node = Self::new(path, value, left)?;
        let Some(class) = node.text("class", left) else {
            left.add(path, "no class says what it is");
            return None;
        };
        let class = class.rsplit('.').next().unwrap_or_default().to_owned();
        let kwargs = node.take("kwargs").unwrap_or_else(|| Value::Object(Map::new()));
        let args = node.take("args").and_then(|args| match args {
            Value::Array(args) => Some(args),
            _ => None,
        });
        let path = format!("{path}.kwargs");
        let mut kwargs = Self::new(&path, kwargs, left)?;
        // Positional arguments are asked for by their place.
        for (k, value) in args.into_iter().flatten().enumerate() {
            kwargs.entries.insert(k.to_string(), value);
        }
        node.close(left);
        Some((class, kwargs))
    }

    /// The path of one of its keys.
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|value| !value.is_null())
    }

    /// The value under `key`, once; null is none.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.entries.shift_remove(key).filter(|value| !value.is_null())
    }

    /// The mapping under `key`.
    pub fn node(&mut self, key: &str, left: &mut Left) -> Option<Node> {
        let value = self.take(key)?;
        Node::new(&self.at(key), value, left)
    }

    /// The text under `key`.
    pub fn text(&mut self, key: &str, left: &mut Left) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => self.wrong(key, &other, left),
        }
    }

    /// The text or the texts under `key`.
    pub fn texts(&mut self, key: &str, left: &mut Left) -> Option<Vec<String>> {
        let value = self.take(key)?;
        let all = match &value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(list) => {
                list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()
            }
            _ => None,
        };
        all.or_else(|| self.wrong(key, &value, left))
    }

    /// The flag under `key`.
    pub fn flag(&mut self, key: &str, left: &mut Left) -> Option<bool> {
        let value = self.take(key)?;
        value.as_bool().or_else(|| self.wrong(key, &value, left))
    }

    /// The whole number under `key`.
    pub fn count(&mut self, key: &str, left: &mut Left) -> Option<u64> {
        let value = self.take(key)?;
        value.as_u64().or_else(|| self.wrong(key, &value, left))
    }

    /// The number under `key`.
    pub fn number(&mut self, key: &str, left: &mut Left) -> Option<f64> {
        let value = self.take(key)?;
        value.as_f64().or_else(|| self.wrong(key, &value, left))
    }

    /// The same with one more entry.
    pub fn with(mut self, key: &str, value: Value) -> Option<Self> {
        self.entries.insert(key.into(), value);
        Some(self)
    }

    /// The entries whose keys begin so, without that beginning.
    pub fn starting(&mut self, prefix: &str) -> Vec<(String, Value)> {
        let (found, rest): (Vec<_>, Vec<_>) =
            self.rest().into_iter().partition(|(key, _)| key.starts_with(prefix));
        self.entries = rest.into_iter().collect();
        found.into_iter().map(|(key, value)| (key[prefix.len()..].to_owned(), value)).collect()
    }

    /// Everything that is left, with its keys.
    pub fn rest(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.entries).into_iter().collect()
    }

    /// Notes what nobody asked for.
    pub fn close(mut self, left: &mut Left) {
        for (key, value) in self.rest() {
            if !value.is_null() {
                left.value(&self.at(&key), &value);
            }
        }
    }

    fn wrong<T>(&self, key: &str, value: &Value, left: &mut Left) -> Option<T> {
        left.value(&self.at(key), value);
        None
    }
}
