//! The English texts of the administrative template.

use super::NOTE;
use super::admx::{CATEGORY, SCHEMA, releases, supported_id};
use super::words::{lines, paragraph, plain, title};
use super::xml::escape;
use crate::definition::{Definition, Section};
use crate::shape::Shape;

/// The texts.
pub(super) fn render(sections: &[Section]) -> String {
    let rows = || sections.iter().flat_map(|section| section.rows);
    let mut strings = String::new();
    let mut say = |id: &str, text: &str| {
        let text = escape(text, false);
        strings.push_str(&format!("      <string id=\"{id}\">{text}</string>\n"));
    };
    say(&format!("category_{CATEGORY}"), "Deskhand");
    for section in sections {
        say(&format!("category_{}", section.id), section.title);
    }
    for since in releases(rows()) {
        say(&supported_id(since), &format!("At least Deskhand {since}"));
    }
    for row in rows() {
        say(row.name, &format!("{} ({})", title(row.name), row.name));
        say(&format!("{}_explain", row.name), &explanation(row));
        if let Shape::Choice(words) = Shape::of(row) {
            for (index, word) in words.iter().enumerate() {
                say(&format!("{}_choice_{index}", row.name), word);
            }
        }
    }
    let presentations: String = rows().filter_map(presentation).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- {NOTE} -->\n\
         <policyDefinitionResources xmlns=\"{SCHEMA}\" revision=\"1.0\" schemaVersion=\"1.0\">\n  \
         <displayName>Deskhand</displayName>\n  <description>{}</description>\n  <resources>\n    \
         <stringTable>\n{strings}    </stringTable>\n    \
         <presentationTable>\n{presentations}    </presentationTable>\n  </resources>\n</policyDefinitionResources>\n",
        escape(&plain(&paragraph(super::markdown::LOCKING)), false),
    )
}

/// What the editor shows beside the input.
fn explanation(row: &Definition) -> String {
    let switched = match Shape::of(row) {
        Shape::Boolean => "Enabled writes `true`, Disabled writes `false`.",
        Shape::Json => "Enabled writes the text: JSON in one line. Disabled is the same as Not Configured.",
        _ => "Enabled writes the value. Disabled is the same as Not Configured.",
    };
    let mut explanation = lines(row);
    explanation.push(plain(switched));
    explanation.join("\n\n")
}

fn presentation(row: &Definition) -> Option<String> {
    let name = row.name;
    let default = (row.default)();
    let control = match Shape::of(row) {
        Shape::Boolean => return None,
        Shape::Integer { .. } => {
            let default = default
                .as_u64()
                .map_or(String::new(), |value| format!(" defaultValue=\"{value}\""));
            format!("<decimalTextBox refId=\"{name}\"{default}>Value:</decimalTextBox>")
        }
        Shape::Choice(words) => {
            let place = words
                .iter()
                .position(|word| Some(word.as_str()) == default.as_str());
            let item = place.map_or(String::new(), |place| format!(" defaultItem=\"{place}\""));
            format!("<dropdownList refId=\"{name}\" noSort=\"true\"{item}>Value:</dropdownList>")
        }
        Shape::Json => format!("<textBox refId=\"{name}\"><label>JSON in one line:</label></textBox>"),
        Shape::Number | Shape::Text { .. } => {
            format!("<textBox refId=\"{name}\"><label>Value:</label></textBox>")
        }
    };
    Some(format!(
        "      <presentation id=\"{name}\">{control}</presentation>\n"
    ))
}
