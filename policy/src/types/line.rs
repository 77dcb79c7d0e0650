//! Short text: names that services give, and lines that people read.

use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, text};

/// One line for people, at most `CAP` characters. Letters that reorder or hide others may not be in it: what is read must
/// be what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<const CAP: usize>(pub String);

/// Characters that reorder or hide others (Unicode bidirectional controls, line separators, invisible characters).
fn misleads(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

impl<const CAP: usize> PolicyValue for Line<CAP> {
    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let line = text(value, CAP * 4)?;
        if line.trim().is_empty() {
            return Err(Invalid("the text is empty".to_owned()));
        }
        if line.chars().count() > CAP {
            return Err(Invalid(format!("the text is longer than {CAP} characters")));
        }
        if line.chars().any(misleads) {
            return Err(Invalid(
                "the text holds invisible or reordering characters".to_owned(),
            ));
        }
        Ok(Self(line.to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("text, at most {CAP} characters")
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP })
    }
}

/// Declares a kind of name that a service gives: which ASCII characters it has and how many.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident $kind:literal, $cap:literal, $pattern:literal, $good:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub String);

        impl PolicyValue for $name {
            fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
                let name = text(value, $cap)?;
                let good: fn(&str) -> bool = $good;
                if good(name) { Ok(Self(name.to_owned())) } else { Err(Invalid(concat!("expected ", $kind).to_owned())) }
            }

            fn to_json(&self) -> Value {
                json!(self.0)
            }

            fn kind() -> String {
                $kind.to_owned()
            }

            fn schema() -> Value {
                json!({ "type": "string", "minLength": 1, "maxLength": $cap, "pattern": $pattern })
            }
        }
    };
}

/// Every byte is a letter, a digit or one of `others`.
fn plain(text: &str, others: &[u8]) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

fn is_lower(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

names! {
    /// A region of a cloud. It becomes part of a host name, so nothing else may be in it.
    Region "a region in lower-case letters, digits and dashes", 63, "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    |name| plain(name, b"-") && is_lower(name) && !name.starts_with('-') && !name.ends_with('-')
}

names! {
    /// The name of an Azure resource. It becomes part of a host name.
    ResourceName "a resource's name in letters, digits and dashes", 63, "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$",
    |name| plain(name, b"-") && !name.starts_with('-') && !name.ends_with('-')
}

names! {
    /// A Google Cloud project.
    ProjectId "a project's id in lower-case letters, digits, dots, colons and dashes", 128, "^[a-z0-9][a-z0-9.:-]*$",
    |name| plain(name, b".:-") && is_lower(name) && name.as_bytes()[0].is_ascii_alphanumeric()
}

names! {
    /// An AWS account.
    AccountId "an account of 12 digits", 12, "^[0-9]{12}$",
    |name| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

names! {
    /// A name that is sent to a service as it is: a profile, a role, a client, a tenant, a login.
    ServiceName "a name in printable ASCII without spaces", 512, "^[!-~]+$",
    |name| name.bytes().all(|byte| byte.is_ascii_graphic())
}

names! {
    /// OAuth scopes with spaces between them (RFC 6749, section 3.3).
    Scopes "scopes with single spaces between them", 4096, "^[!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*$",
    |name| name.split(' ').all(|scope| {
        !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    })
}

/// A number above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction(pub f64);

impl PolicyValue for Fraction {
    /// Native, or in text sources decimal digits with a point.
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number = match (value, encoding) {
            (Value::Number(number), _) => number.as_f64(),
            (Value::String(text), Encoding::Text) if digits(text) => text.parse().ok(),
            _ => return Err(Invalid::kind("a number above 0 and at most 1", value)),
        };
        number
            .filter(|number| *number > 0.0 && *number <= 1.0)
            .map(Self)
            .ok_or_else(|| Invalid("expected a number above 0 and at most 1".to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        "number above 0, at most 1".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 })
    }
}
