//! The types that attributes may have, and what they become on the wire.

use super::Kind;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer.
    Whole(i64),
    /// A double.
    Number(f64),
    /// A boolean.
    Truth(bool),
    /// An array of strings.
    Texts(Vec<String>),
}

impl Value {
    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Texts(texts) => texts.iter().map(|text| text.len() + 2).sum(),
            Self::Whole(_) | Self::Number(_) | Self::Truth(_) => 8,
        }
    }
}

/// A Rust type that an attribute of the table may have.
pub trait Field: Sized {
    /// Its type on the wire.
    const KIND: Kind;
    /// True where the attribute may be missing.
    const OPTIONAL: bool = false;

    /// Its value; `None` where it is missing.
    fn value(self) -> Option<Value>;

    /// A value to show in the generated page, the same each time.
    fn example(name: &'static str) -> Self;
}

impl Field for String {
    const KIND: Kind = Kind::Text;

    fn value(self) -> Option<Value> {
        Some(Value::Text(self))
    }

    fn example(name: &'static str) -> Self {
        format!("example of {name}")
    }
}

impl Field for &'static str {
    const KIND: Kind = Kind::Text;

    fn value(self) -> Option<Value> {
        Some(Value::Text(self.to_owned()))
    }

    fn example(name: &'static str) -> Self {
        name
    }
}

/// A truth that the documented schema writes as the text `true` or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Field for Flag {
    const KIND: Kind = Kind::Text;

    fn value(self) -> Option<Value> {
        Some(Value::Text(if self.0 { "true" } else { "false" }.to_owned()))
    }

    fn example(_name: &'static str) -> Self {
        Self(true)
    }
}

impl Field for u64 {
    const KIND: Kind = Kind::Whole;

    fn value(self) -> Option<Value> {
        Some(Value::Whole(i64::try_from(self).unwrap_or(i64::MAX)))
    }

    fn example(name: &'static str) -> Self {
        // Another number for each name, beyond what a double holds exactly: a field that was mixed up shows itself.
        name.bytes().fold(1 << 53, |sum, byte| sum + u64::from(byte))
    }
}

impl Field for i64 {
    const KIND: Kind = Kind::Whole;

    fn value(self) -> Option<Value> {
        Some(Value::Whole(self))
    }

    fn example(name: &'static str) -> Self {
        -name.bytes().fold(1, |sum, byte| sum + i64::from(byte))
    }
}

impl Field for f64 {
    const KIND: Kind = Kind::Number;

    fn value(self) -> Option<Value> {
        // JSON has no other numbers.
        self.is_finite().then_some(Value::Number(self))
    }

    fn example(name: &'static str) -> Self {
        name.len() as f64 + 0.5
    }
}

impl Field for bool {
    const KIND: Kind = Kind::Truth;

    fn value(self) -> Option<Value> {
        Some(Value::Truth(self))
    }

    fn example(_name: &'static str) -> Self {
        true
    }
}

impl Field for Vec<String> {
    const KIND: Kind = Kind::Texts;

    fn value(self) -> Option<Value> {
        Some(Value::Texts(self))
    }

    fn example(name: &'static str) -> Self {
        vec![format!("first {name}"), format!("second {name}")]
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;

    fn value(self) -> Option<Value> {
        self.and_then(T::value)
    }

    fn example(name: &'static str) -> Self {
        Some(T::example(name))
    }
}
