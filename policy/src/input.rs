//! What a form on a screen asks for, told from the row alone, so that a new row needs no word in any page.

use serde_json::Value;

use crate::definition::Definition;
use crate::render::words::{paragraph, plain, title};
use crate::shape::Shape;

/// The last words of names that say what is counted.
const UNITS: [(&str, &str); 5] = [
    ("Sec", "seconds"),
    ("Hours", "hours"),
    ("Days", "days"),
    ("Tokens", "tokens"),
    ("Megabytes", "megabytes"),
];

/// A row as a form shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in words.
    pub title: String,
    /// What it does, plain text.
    pub help: String,
    /// What a person gives for it.
    pub input: Input,
}

/// What a person gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// On or off.
    Switch,
    /// One of these words.
    Choice(Vec<String>),
    /// A number.
    Number {
        /// The least, where the row limits it.
        least: Option<u64>,
        /// The most, where the row limits it.
        most: Option<u64>,
        /// True where fractions are none of its values.
        whole: bool,
        /// What is counted, in the plural.
        unit: Option<&'static str>,
    },
    /// Text of at most so many characters.
    Text {
        /// The most characters.
        longest: u64,
        /// True where it may have several lines.
        lines: bool,
    },
    /// Text that is never shown again, of at most so many characters.
    Secret(u64),
    /// Texts, one an entry.
    List {
        /// The most entries.
        most: Option<u64>,
        /// The only words that it may hold; empty for any text.
        words: Vec<String>,
        /// True where an entry may also be an object.
        objects: bool,
    },
    /// A list or object with parts of its own: JSON.
    Json,
}

/// A row as a form shows it.
pub fn field(row: &Definition) -> Field {
    let unit = UNITS.iter().find(|(end, _)| row.name.ends_with(end));
    // The unit stands behind the number.
    let name = unit
        .filter(|(end, _)| *end == "Sec")
        .and_then(|(end, _)| row.name.strip_suffix(end));
    Field {
        title: title(name.unwrap_or(row.name)),
        help: plain(&paragraph(row.doc)),
        input: input(row, unit.map(|(_, words)| *words)),
    }
}

fn input(row: &Definition, unit: Option<&'static str>) -> Input {
    match Shape::of(row) {
        Shape::Boolean => Input::Switch,
        Shape::Choice(words) => Input::Choice(words),
        Shape::Integer { least, most } => Input::Number {
            least: Some(least),
            most: Some(most),
            whole: true,
            unit,
        },
        Shape::Number => Input::Number {
            least: None,
            most: None,
            whole: false,
            unit,
        },
        Shape::Text { longest } if row.secret => Input::Secret(longest),
        Shape::Text { longest } => Input::Text {
            longest,
            lines: (row.schema)()["contentMediaType"].is_string(),
        },
        Shape::Json => texts(&(row.schema)()).unwrap_or(Input::Json),
    }
}

/// The input for a list whose entries are words or texts, beside which some may be objects.
fn texts(schema: &Value) -> Option<Input> {
    let entries = &schema["items"];
    let words = entries["enum"].as_array();
    let other = entries["anyOf"].as_array();
    let text = |form: &Value| form["type"] == "string";
    let objects = other.is_some_and(|forms| forms.iter().any(text));
    (schema["type"] == "array" && (words.is_some() || objects || text(entries))).then(|| Input::List {
        most: schema["maxItems"].as_u64(),
        words: words
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        objects,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{definition, definitions};

    fn of(name: &str) -> Field {
        field(definition(name).expect("a row"))
    }

    #[test]
    fn each_kind_of_value_is_asked_for_in_its_own_way() {
        assert_eq!(of("deskhandEnabled").input, Input::Switch);
        let Input::Choice(words) = of("inferenceProvider").input else {
            panic!("no choice");
        };
        assert!(words.iter().any(|word| word == "gateway"), "{words:?}");
        assert_eq!(
            of("inferenceStreamIdleTimeoutSec"),
            Field {
                input: Input::Number {
                    least: Some(300),
                    most: Some(1_800),
                    whole: true,
                    unit: Some("seconds"),
                },
                title: "Inference stream idle timeout".to_owned(),
                ..of("inferenceStreamIdleTimeoutSec")
            }
        );
        assert!(matches!(of("inferenceGatewayApiKey").input, Input::Secret(_)));
        assert!(matches!(
            of("inferenceGatewayBaseUrl").input,
            Input::Text { lines: false, .. }
        ));
        assert!(matches!(
            of("organizationInstructions").input,
            Input::Text { lines: true, .. }
        ));
        assert!(
            matches!(of("disabledBuiltinTools").input, Input::List { most: Some(_), words, objects: false } if words.is_empty())
        );
        assert!(matches!(of("officeDisabledHosts").input, Input::List { words, .. } if words.len() == 4));
        assert!(matches!(
            of("allowedWorkspaceFolders").input,
            Input::List { objects: true, .. }
        ));
        assert_eq!(of("banner").input, Input::Json);
        assert_eq!(of("builtinToolPolicy").input, Input::Json);
    }

    #[test]
    fn no_help_holds_markdown_or_a_line_break() {
        for row in definitions() {
            let help = field(row).help;
            assert!(
                !help.is_empty() && !help.contains(['`', '\n']),
                "{}: {help}",
                row.name
            );
        }
    }
}
