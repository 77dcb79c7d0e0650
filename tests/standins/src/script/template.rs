//! Templates in answers: `{{range_read/values/0/0}}` is a value in the newest result of a tool, by JSON Pointer
//! (RFC 6901); `{{range_read!B4}}` is a cell in the newest result that shows it as a grid with column letters and row
//! numbers; `{{name}}` is a capture of the script. `{{… | thousands}}` rounds a number and groups its digits,
//! `{{… | tenths}}` rounds it to one decimal.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Conversation;

/// A named piece of the conversation: the text between two others at their last occurrence, or from the beginning or to
/// the end of their line where one is absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// What stands before it.
    pub after: Option<String>,
    /// What stands behind it.
    pub before: Option<String>,
}

impl Capture {
    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        match (&self.after, &self.before) {
            (Some(after), before) => {
                let rest = &text[text.rfind(after.as_str())? + after.len()..];
                match before {
                    Some(before) => rest.split_once(before.as_str()).map(|(found, _)| found),
                    None => rest.lines().next(),
                }
            }
            (None, Some(before)) => text[..text.rfind(before.as_str())?].rsplit('\n').next(),
            (None, None) => None,
        }
    }
}

/// Why a template cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template {{{{{expression}}}}}: {why}")]
pub struct TemplateError {
    expression: String,
    why: String,
}

/// Fills in the templates of a value. A string that is one template takes the type of what it names.
pub(super) fn fill_value(
    value: &Value,
    conversation: Conversation<'_>,
    captures: &BTreeMap<String, Capture>,
) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
            Some(expression) if !expression.contains("{{") => evaluate(expression, conversation, captures)?,
            _ => Value::String(fill_text(text, conversation, captures)?),
        },
        Value::Array(items) => {
            let items = items.iter().map(|item| fill_value(item, conversation, captures));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, field)| Ok((key.clone(), fill_value(field, conversation, captures)?)));
            Value::Object(fields.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// Fills in the templates of a text.
pub(super) fn fill_text(
    text: &str,
    conversation: Conversation<'_>,
    captures: &BTreeMap<String, Capture>,
) -> Result<String, TemplateError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((expression, behind)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        match evaluate(expression, conversation, captures)? {
            Value::String(text) => filled.push_str(&text),
            other => filled.push_str(&other.to_string()),
        }
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn evaluate(
    expression: &str,
    conversation: Conversation<'_>,
    captures: &BTreeMap<String, Capture>,
) -> Result<Value, TemplateError> {
    let failed = |why: String| TemplateError {
        expression: expression.to_owned(),
        why,
    };
    let (path, filter) = match expression.split_once('|') {
        Some((path, filter)) => (path.trim(), Some(filter.trim())),
        None => (expression.trim(), None),
    };
    let value = match (path.split_once('/'), path.split_once('!')) {
        (Some((tool, pointer)), _) => in_result(tool, pointer, conversation),
        (None, Some((tool, cell))) => in_grid(tool, cell, conversation),
        (None, None) => captured(path, conversation, captures),
    };
    let value = value.map_err(failed)?;
    match filter {
        None => Ok(value),
        Some(filter @ ("thousands" | "tenths")) => {
            // A captured piece is text, a value in a result has its type.
            let number = value
                .as_f64()
                .or_else(|| value.as_str()?.parse().ok())
                .ok_or_else(|| failed(format!("{value} is not a number")))?;
            Ok(Value::String(if filter == "tenths" {
                format!("{number:.1}")
            } else {
                thousands(number)
            }))
        }
        Some(other) => Err(failed(format!("there is no filter {other}"))),
    }
}

fn in_result(tool: &str, pointer: &str, conversation: Conversation<'_>) -> Result<Value, String> {
    let results = conversation.results();
    let result = results
        .iter()
        .rev()
        .find(|result| result.tool == tool && !result.is_error);
    let text = &result
        .ok_or_else(|| format!("there is no result of {tool}"))?
        .text;
    let value = first_object(text).ok_or_else(|| format!("the result of {tool} holds no JSON: {text:?}"))?;
    value
        .pointer(&format!("/{pointer}"))
        .cloned()
        .ok_or_else(|| format!("it is not in {value}"))
}

/// The first JSON object of a text: results carry marks around it.
fn first_object(text: &str) -> Option<Value> {
    text.match_indices('{').find_map(|(start, _)| {
        serde_json::Deserializer::from_str(&text[start..])
            .into_iter::<Value>()
            .next()?
            .ok()
    })
}

/// A cell of the newest result that shows it: lines of tab-separated values, each led by its row number, below a line of
/// column letters. A value that reads as a number is one.
fn in_grid(tool: &str, cell: &str, conversation: Conversation<'_>) -> Result<Value, String> {
    let row_at = cell
        .find(|c: char| c.is_ascii_digit())
        .ok_or("a cell is letters and a number")?;
    let (column, row) = cell.split_at(row_at);
    let results = conversation.results();
    let mut grids = results
        .iter()
        .rev()
        .filter(|result| result.tool == tool && !result.is_error);
    let text = grids.find_map(|result| in_lines(&result.text, column, row));
    let text = text.ok_or_else(|| format!("no result of {tool} shows the cell"))?;
    Ok(text
        .parse::<f64>()
        .map_or_else(|_| Value::String(text.to_owned()), Value::from))
}

fn in_lines<'a>(text: &'a str, column: &str, row: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    let heads = lines.find(|line| line.starts_with('\t'))?;
    let place = heads.split('\t').position(|head| head == column)?;
    let cells = lines.find(|line| line.split('\t').next() == Some(row))?;
    cells.split('\t').nth(place)
}

fn captured(
    name: &str,
    conversation: Conversation<'_>,
    captures: &BTreeMap<String, Capture>,
) -> Result<Value, String> {
    let capture = captures.get(name).ok_or("there is no capture of this name")?;
    let text = conversation.all_text();
    let found = capture
        .find(&text)
        .ok_or_else(|| format!("{capture:?} is not in the conversation"))?;
    Ok(Value::String(found.to_owned()))
}

fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0.0 && digits != "0" {
        format!("-{grouped}")
    } else {
        grouped
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Value {
        json!({"messages": [
            {"role": "user", "content": "Open: book.xlsx <doc-1>"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "range_read", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1",
                "content": [{"type": "text", "text": "<data from=\"{x\">\n{\"values\": [[1234567.5, \"a/b\"]], \"a/b\": -999}\n</data>"}]}]}
        ]})
    }

    #[test]
    fn fills_in_values_and_keeps_their_type() {
        let request = request();
        let conversation = Conversation::of(&request);
        let captures = BTreeMap::from([(
            "book".to_owned(),
            Capture {
                after: Some("xlsx <".into()),
                before: Some(">".into()),
            },
        )]);
        let input = json!({"document": "{{book}}", "n": "{{range_read/values/0/0}}", "t": ["sum {{ range_read/values/0/0 | thousands }}"], "k": 3});
        assert_eq!(
            fill_value(&input, conversation, &captures).expect("values"),
            json!({"document": "doc-1", "n": 1_234_567.5, "t": ["sum 1,234,568"], "k": 3})
        );
        assert_eq!(
            fill_text("{{range_read/a~1b|thousands}}", conversation, &captures).expect("a text"),
            "-999"
        );
        assert_eq!(
            fill_text("no {{ end", conversation, &captures).expect("a text"),
            "no {{ end"
        );
    }

    #[test]
    fn finds_captures_between_marks_and_to_the_ends_of_their_line() {
        let text = "first | workbook | a\nsecond | workbook | b\nthe id is 7.";
        let capture = |after: Option<&str>, before: Option<&str>| Capture {
            after: after.map(str::to_owned),
            before: before.map(str::to_owned),
        };
        assert_eq!(capture(None, Some(" | workbook")).find(text), Some("second"));
        assert_eq!(capture(Some("workbook | "), None).find(text), Some("b"));
        assert_eq!(capture(Some("id is "), Some(".")).find(text), Some("7"));
        assert_eq!(capture(Some("id is "), Some("!")).find(text), None);
        assert_eq!(capture(None, None).find(text), None);
    }

    #[test]
    fn finds_cells_in_a_grid() {
        let text = "<data>\n\tB\tC\n3\tx\t12.5\n4\t\t-1\nformulas:\n\tB\tC\n3\t=1\t\n</data>";
        assert_eq!(in_lines(text, "C", "3"), Some("12.5"));
        assert_eq!(in_lines(text, "B", "4"), Some(""));
        assert_eq!(in_lines(text, "D", "3"), None);
        assert_eq!(in_lines(text, "C", "5"), None);
    }

    #[test]
    fn says_what_is_missing() {
        let request = request();
        let conversation = Conversation::of(&request);
        for (text, why) in [
            ("{{range_write/x}}", "no result of range_write"),
            ("{{range_read/values/9}}", "it is not in"),
            ("{{nothing}}", "no capture"),
            ("{{range_read/values/0/1|thousands}}", "not a number"),
            ("{{range_read/values|upper}}", "no filter upper"),
        ] {
            let error = fill_text(text, conversation, &BTreeMap::new()).expect_err(text);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
