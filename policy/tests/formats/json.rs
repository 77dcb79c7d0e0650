//! JSON, flat, nested and in its early form.

use deskhand_policy::format::{Form, ReadError, WrittenFor, read};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::value;

#[test]
fn keys_are_read_with_their_lines() {
    let text = "\u{feff}{\n  \"$comment\": \"x\",\n  \"banner\": {\n    \"text\": \"a \\\" : {\"\n  },\n  \"inferenceProvider\": \"gateway\"\n}\n";
    let read = read(text.as_bytes(), "/etc/deskhand/managed-settings.json").unwrap();
    assert_eq!((read.form, read.written_for), (Form::Json, WrittenFor::Deskhand));
    let lines: Vec<_> = read
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.line))
        .collect();
    assert_eq!(lines, [("banner", Some(3)), ("inferenceProvider", Some(6))]);
}

#[test]
fn nested_names_come_back_flat_with_their_lines() {
    let text = "{\n \"$schemaVersion\": 2,\n \"inference\": {\n  \"provider\": \"gateway\",\n  \"credential\": {\n   \"kind\": \"static\"\n  }\n }\n}";
    let read = read(text.as_bytes(), "").unwrap();
    assert_eq!(read.form, Form::NestedJson);
    assert_eq!(value(&read, "inferenceProvider"), json!("gateway"));
    let lines: Vec<_> = read.entries.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, [Some(4), Some(6)]);
}

#[test]
fn the_early_form_is_read() {
    let text = "{\n \"mcpServers\": {},\n \"enterpriseConfig\": {\n  \"isLocalDevMcpEnabled\": false\n }\n}";
    let read = read(text.as_bytes(), "claude_desktop_config.json").unwrap();
    assert_eq!(read.written_for, WrittenFor::Reference);
    assert_eq!(value(&read, "isLocalDevMcpEnabled"), json!(false));
    assert_eq!(read.entries[0].line, Some(4));
}

#[test]
fn a_key_that_stands_there_twice_has_no_value() {
    let read = read(br#"{"deskhandEnabled": true, "deskhandEnabled": false}"#, "").unwrap();
    assert!(read.entries[0].value.is_err());
}

#[test]
fn damaged_and_hostile_json_is_refused() {
    for text in ["{", "{\"a\"}", "{\"a\": 1,}", "{\"a\": 1} x", "{\"a\": \"\\"] {
        assert!(
            matches!(read(text.as_bytes(), ""), Err(ReadError::Syntax { .. })),
            "{text}"
        );
    }
    match read(b"{\n \"a\": 1\n \"b\": 2\n}", "") {
        Err(ReadError::Syntax { line, reason }) => {
            assert_eq!(line, 3);
            assert!(reason.contains("column 2"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(400_000), "]".repeat(400_000));
    assert_eq!(read(deep.as_bytes(), "").unwrap_err(), ReadError::TooMuch);
    let wide: Vec<String> = (0..20_001).map(|number| format!("\"k{number}\":1")).collect();
    let wide = format!("{{{}}}", wide.join(","));
    assert_eq!(read(wide.as_bytes(), "").unwrap_err(), ReadError::TooMuch);
    assert!(matches!(
        read(br#"{"$schemaVersion": 9}"#, ""),
        Err(ReadError::NoSettings(_))
    ));
}
