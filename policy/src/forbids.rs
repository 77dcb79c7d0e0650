//! What a value of a key forbids while it is in effect, as the key's row says it.

use serde_json::Value;

/// What a key forbids: for a case of its value a sentence without its end, `{}` for the value. Cases are tried in their
/// order: `true`, `false`, a word as it is; `unset`; `none` for an empty list or object; `any` for every
/// value that is none of these two.
pub type Cases = &'static [(&'static str, &'static str)];

/// Entries of a list that are named.
const NAMED: usize = 8;

/// The sentence for a value, if it forbids anything.
pub(crate) fn sentence(cases: Cases, value: &Value) -> Option<String> {
    let names = names(value);
    let is_empty = matches!(value, Value::Array(_) | Value::Object(_)) && names.is_empty();
    // Who lists `*` lists all.
    let is_all = names.iter().any(|name| name == "*") && value.is_array();
    let fits = |case: &str| match (case, value) {
        ("unset", value) => value.is_null(),
        ("none", _) => is_empty,
        ("any", value) => !value.is_null() && !is_empty && !is_all,
        ("true", Value::Bool(said)) => *said,
        ("false", Value::Bool(said)) => !said,
        (case, Value::String(text)) => case == text,
        _ => false,
    };
    let (_, sentence) = cases.iter().find(|(case, _)| fits(case))?;
    let more = names.len().saturating_sub(NAMED);
    let mut named = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        named = format!("{named} and {more} more");
    }
    Some(sentence.replace("{}", &named))
}

/// A value as part of a sentence: the names of its entries, of an object of rules those that do not allow.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(name).collect(),
        Value::Object(map) => {
            let rules = map.iter().filter(|(_, word)| **word != "allow");
            rules.map(|(name, _)| name.clone()).collect()
        }
        other => vec![name(other)],
    }
}

fn name(value: &Value) -> String {
    let named = ["name", "path", "host", "pattern"]
        .into_iter()
        .find_map(|field| value.get(field)?.as_str());
    match named.or(value.as_str()) {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CASES: Cases = &[
        ("unset", "everything"),
        ("none", "all of it"),
        ("strict", "what is lax"),
        ("any", "all but {}"),
    ];

    #[test]
    fn each_case_has_its_sentence() {
        for (value, expected) in [
            (json!(null), "everything"),
            (json!([]), "all of it"),
            (json!({}), "all of it"),
            (json!("strict"), "what is lax"),
            (json!("x"), "all but x"),
            (json!(3), "all but 3"),
            (json!(["a", {"name": "b"}, {"path": "/c"}]), "all but a, b, /c"),
            (json!({"Edit": "ask"}), "all but Edit"),
        ] {
            assert_eq!(sentence(CASES, &value).as_deref(), Some(expected), "{value}");
        }
        assert_eq!(sentence(&[("true", "x")], &json!(false)), None);
    }

    #[test]
    fn a_long_list_is_told_by_its_first_entries_and_a_number() {
        let list: Vec<String> = (0..20).map(|number| format!("h{number}")).collect();
        let told = sentence(CASES, &json!(list)).expect("a sentence");
        assert_eq!(told, "all but h0, h1, h2, h3, h4, h5, h6, h7 and 12 more");
    }
}
