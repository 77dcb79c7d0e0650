//! The tables of cases, `valid.txt` and `malformed.txt`.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_policy::{
    Consequence, Definition, Effect, Encoding, Policy, ProblemKind, definition, definitions,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{effective, managed};

/// An absolute path of the platform.
const PATH: &str = if cfg!(windows) {
    r"C:\srv\desk"
} else {
    "/srv/desk"
};

/// The lines of a table, in fields.
fn lines(table: &'static str) -> Vec<Vec<&'static str>> {
    let lines = table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(" | ").collect()).collect()
}

/// The value of a field: `@path` is a path, `@5` five letters.
fn value(field: &str) -> Value {
    expanded(serde_json::from_str(field).unwrap_or_else(|error| panic!("{field}: {error}")))
}

fn expanded(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let Some((before, code)) = text.split_once('@') else {
                return text.into();
            };
            match (code.strip_prefix("path"), code.parse::<usize>()) {
                (Some(rest), _) => format!("{PATH}{rest}").into(),
                (None, Ok(letters)) => format!("{before}{}", "x".repeat(letters)).into(),
                (None, Err(_)) => text.into(),
            }
        }
        Value::Array(entries) => entries.into_iter().map(expanded).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| (name, expanded(value)))
            .collect(),
        other => other,
    }
}

/// A value as text sources write it.
fn as_text(native: &Value) -> Value {
    match native {
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

/// Keys, native values and values in effect.
fn valid() -> Vec<(&'static str, Value, Value)> {
    let cases = lines(include_str!("valid.txt")).into_iter();
    cases
        .map(|fields| {
            let native = value(fields[1]);
            let effect = fields.get(2).map_or_else(|| native.clone(), |field| value(field));
            (fields[0], native, effect)
        })
        .collect()
}

struct Malformed {
    class: &'static str,
    key: &'static str,
    name: &'static str,
    value: Value,
    becomes: Value,
    stops: bool,
}

fn malformed() -> Vec<Malformed> {
    let cases = lines(include_str!("malformed.txt")).into_iter().map(|fields| {
        let [class, key, name, written, becomes] = fields[..] else {
            panic!("{fields:?}")
        };
        let reading = becomes.strip_suffix(" stops");
        Malformed {
            class,
            key,
            name,
            value: value(written),
            becomes: value(reading.unwrap_or(becomes)),
            stops: reading.is_some(),
        }
    });
    cases.collect()
}

fn uncovered(covered: &[&str]) -> Vec<&'static str> {
    let missing = |row: &&Definition| !covered.contains(&row.name);
    definitions().filter(missing).map(|row| row.name).collect()
}

#[test]
fn valid_values_are_taken_in_both_encodings() {
    for (key, native, expected) in valid() {
        for (encoding, value) in [
            (Encoding::Json, native.clone()),
            (Encoding::Text, as_text(&native)),
        ] {
            let policy = managed(encoding, key, value.clone());
            let refused = policy
                .problems
                .iter()
                .find(|problem| problem.kind == ProblemKind::Invalid);
            assert_eq!(refused, None, "{key} {value}");
            assert_eq!(effective(&policy, key), expected, "{key} {value}");
        }
    }
    let covered: Vec<&str> = valid().iter().map(|(key, ..)| *key).collect();
    assert_eq!(uncovered(&covered), [""; 0], "without a valid case");
}

#[test]
fn switches_and_numbers_of_the_registry_are_read() {
    let cases = [
        ("disableBypassPermissionsMode", json!(1), json!(true)),
        ("mcpPersistentAlwaysAllowEnabled", json!("0"), json!(false)),
        ("deskhandEnabled", json!("FALSE"), json!(false)),
        ("deskhandMaxStepsPerTurn", json!(7), json!(7)),
    ];
    for (key, value, expected) in cases {
        assert_eq!(
            effective(&managed(Encoding::Text, key, value), key),
            expected,
            "{key}"
        );
    }
}

#[test]
fn a_valid_value_that_cannot_be_enforced_stops_sessions_and_says_why() {
    let waiting = |row: &&Definition| matches!(row.effect, Effect::NotEnforceable(_));
    let mut cases: BTreeSet<&str> = definitions().filter(waiting).map(|row| row.name).collect();
    for (key, native, _) in valid() {
        let row = definition(key).unwrap();
        let policy = managed(Encoding::Json, key, native);
        let problem = policy
            .problems
            .iter()
            .find(|it| it.kind == ProblemKind::NotEnforceable);
        let Effect::NotEnforceable(part) = row.effect else {
            assert_eq!(problem, None, "{key}");
            continue;
        };
        cases.remove(row.name);
        assert!(problem.unwrap().reason.contains(part), "{key}");
        assert!(!policy.stopping().is_empty(), "{key}");
    }
    assert!(cases.is_empty(), "keys without a case: {cases:?}");
}

#[test]
fn the_default_of_a_key_that_cannot_be_enforced_stops_nothing() {
    let policy = managed(Encoding::Json, "requireCoworkFullVmSandbox", json!(false));
    assert_eq!(policy.problems, []);
}

#[test]
fn a_malformed_value_becomes_what_the_table_says() {
    for case in malformed() {
        let Malformed {
            class,
            key,
            name,
            value,
            becomes,
            stops,
        } = case;
        let policy = managed(Encoding::Json, key, value.clone());
        let told = format!("{key}, {class}: {name}");
        let problem = policy
            .problems
            .first()
            .unwrap_or_else(|| panic!("{told} is taken: {value}"));
        assert_eq!(
            (problem.key.as_str(), problem.kind),
            (key, ProblemKind::Invalid),
            "{told}"
        );
        assert_eq!(effective(&policy, key), becomes, "{told}");
        assert_eq!(problem.consequence == Consequence::StopsSessions, stops, "{told}");
        assert_eq!(!policy.stopping().is_empty(), stops, "{told}");
    }
    let covered: Vec<&str> = malformed().iter().map(|case| case.key).collect();
    assert_eq!(uncovered(&covered), [""; 0], "without a malformed case");
}

#[test]
fn every_class_of_malformed_values_has_cases() {
    let mut classes = BTreeMap::new();
    for case in malformed() {
        *classes.entry(case.class).or_insert(0) += 1;
    }
    let known = [
        "duplicate",
        "encoding",
        "nesting",
        "range",
        "size",
        "stale",
        "type",
        "unicode",
    ];
    assert_eq!(classes.keys().copied().collect::<Vec<_>>(), known);
    assert!(classes.values().all(|cases| *cases >= 5), "{classes:?}");
    assert!(classes.values().sum::<usize>() >= 150, "{classes:?}");
}

/// What no key takes, whatever its type.
#[test]
fn null_and_depths_and_crowds_are_refused_by_every_key() {
    let deep = (0..60).fold(json!("x"), |inner, _| json!([inner]));
    let crowd: Value = (0..5_000).map(|n| json!(n.to_string())).collect();
    let wide: Value = Value::Object((0..5_000).map(|n| (format!("x{n}"), json!("v"))).collect());
    for row in definitions() {
        for value in [Value::Null, deep.clone(), crowd.clone(), wide.clone()] {
            let policy = managed(Encoding::Json, row.name, value);
            let problem = policy.problems.first();
            assert_eq!(
                problem.map(|it| it.kind),
                Some(ProblemKind::Invalid),
                "{}",
                row.name
            );
        }
    }
}

#[test]
fn native_lists_and_objects_are_no_text_values() {
    let invalid = |value: Value, key: &str| {
        let policy = managed(Encoding::Text, key, value);
        policy.problems.first().map(|problem| problem.kind)
    };
    for (key, native, _) in valid() {
        if native.is_array() || native.is_object() {
            assert_eq!(invalid(native, key), Some(ProblemKind::Invalid), "{key}");
            assert_eq!(
                invalid(json!("{not json"), key),
                Some(ProblemKind::Invalid),
                "{key}"
            );
        }
    }
}

#[test]
fn a_name_that_stands_twice_inside_of_a_text_value_is_refused() {
    let cases = [
        ("builtinToolPolicy", r#"{"Edit": "ask", "Edit": "allow"}"#),
        (
            "allowedWorkspaceFolders",
            r#"[{"path": "/a", "mode": "ro", "mode": "rw"}]"#,
        ),
        ("inferenceCustomHeaders", r#"{"X-A": "1", "X-A": "2"}"#),
    ];
    for (key, text) in cases {
        let policy: Policy = managed(Encoding::Text, key, json!(text));
        assert!(
            policy.problems[0].reason.contains("twice"),
            "{key}: {:?}",
            policy.problems
        );
    }
}
