//! Registry files of Windows.

use deskhand_policy::format::{Form, ReadError, WrittenFor, read};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{entries, utf16, value};

fn file(body: &str) -> String {
    format!(
        "Windows Registry Editor Version 5.00\r\n\r\n{}",
        body.replace('\n', "\r\n")
    )
}

const KEY: &str = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Deskhand]";

#[test]
fn every_kind_of_data_is_what_deskhand_would_read() {
    let body = format!(
        r#"; a comment
{KEY}
@="default"
"deskhandEnabled"="true" ; said twice
"deskhandMaxStepsPerTurn"=dword:0000001e
"deskhandContextTokens"=hex(4):80,84,1e,00
"organizationInstructions"=hex(1):41,00,e9,00,\
  0d,00,0a,00,42,00,00,00
"allowedWorkspaceFolders"="[\"C:\\\\Work\",\"~\"]"
"banner"=hex(2):25,00,00,00
"inferenceModels"=hex(7):41,00,00,00,00,00
"deskhandJournalMegabytes"=hex(b):01,00,00,00,00,00,00,00
"disabledBuiltinTools"=-
"#
    );
    for bytes in [
        utf16(&file(&body), false),
        utf16(&file(&body), true),
        file(&body).into_bytes(),
    ] {
        let read = read(&bytes, "").unwrap();
        assert_eq!(
            (read.form, read.written_for),
            (Form::Registry, WrittenFor::Deskhand)
        );
        assert_eq!(value(&read, "deskhandEnabled"), json!("true"));
        assert_eq!(value(&read, "deskhandMaxStepsPerTurn"), json!(30));
        assert_eq!(value(&read, "deskhandContextTokens"), json!(2_000_000));
        assert_eq!(value(&read, "organizationInstructions"), json!("Aé\r\nB"));
        assert_eq!(
            value(&read, "allowedWorkspaceFolders"),
            json!(r#"["C:\\Work","~"]"#)
        );
        assert_eq!(read.entries.len(), 6, "what is invisible is no entry");
        let banner = read.entries.iter().find(|entry| entry.key == "banner").unwrap();
        assert!(banner.value.as_ref().unwrap_err().contains("REG_EXPAND_SZ"));
        assert_eq!(banner.line, Some(12));
        let told: Vec<_> = read.remarks.iter().filter_map(|remark| remark.line).collect();
        assert_eq!(told, [5, 13, 14, 15]);
    }
}

#[test]
fn the_first_version_in_the_code_page_of_the_machine_is_read() {
    let mut bytes =
        b"REGEDIT4\n\n[HKEY_CURRENT_USER\\Software\\Policies\\Claude]\n\"organizationInstructions\"=\"caf"
            .to_vec();
    bytes.extend(b"\xe9\"\n\"deploymentDisplayName\"=hex(1):63,61,66,e9,00\n");
    let read = read(&bytes, "").unwrap();
    assert_eq!(read.written_for, WrittenFor::Reference);
    assert_eq!(value(&read, "organizationInstructions"), json!("café"));
    assert_eq!(value(&read, "deploymentDisplayName"), json!("café"));
}

#[test]
fn values_of_the_machine_hide_those_of_the_user() {
    let body = r#"[HKCU\SOFTWARE\Policies\Deskhand]
"deskhandPairing"="once"
[HKLM\software\policies\DESKHAND]
"deskhandEnabled"="false"
"#;
    let read = read(file(body).as_bytes(), "").unwrap();
    assert_eq!(
        entries(&read),
        [("deskhandEnabled".to_owned(), Ok(json!("false")))]
    );
    assert_eq!(read.remarks[0].line, Some(4));
}

#[test]
fn other_keys_and_sub_keys_are_told_and_not_read() {
    let body = format!(
        "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Deskhand]\n{KEY}\n\"deskhandEnabled\"=\"true\"\n\
         [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Deskhand\\inferenceModels]\n\"1\"=\"m\"\n\
         [HKEY_LOCAL_MACHINE\\SOFTWARE\\Example]\n\"x\"=\"y\"\n"
    );
    let read = read(file(&body).as_bytes(), "").unwrap();
    assert_eq!(read.entries.len(), 1);
    assert_eq!(read.remarks.len(), 3);
    assert!(read.remarks[1].sentence.contains("sub-keys"));
}

#[test]
fn text_over_several_lines_is_one_value() {
    let body = format!(
        "{KEY}\n\"organizationInstructions\"=\"one\ntwo \\\"three\\\"\"\n\"deskhandEnabled\"=\"true\"\n"
    );
    let read = read(file(&body).as_bytes(), "").unwrap();
    assert_eq!(
        value(&read, "organizationInstructions"),
        json!("one\r\ntwo \"three\"")
    );
    assert_eq!(read.entries[1].line, Some(6));
}

#[test]
fn damaged_lines_are_refused_with_their_number() {
    let cases = [
        "deskhandEnabled=\"true\"",
        "\"deskhandEnabled\"",
        "\"deskhandEnabled\"=true",
        "\"deskhandEnabled\"=\"true\" false",
        "\"deskhandEnabled\"=\"true",
        "\"deskhandEnabled\"=dword:xyz",
        "\"deskhandEnabled\"=dword:123456789",
        "\"deskhandEnabled\"=hex(1):zz",
        "\"deskhandEnabled\"=hex(4):01",
        "\"deskhandEnabled\"=hex(1):41,\\",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE",
    ];
    for case in cases {
        match read(file(&format!("{KEY}\n{case}\n")).as_bytes(), "") {
            Err(ReadError::Syntax { line: 4, .. }) => {}
            other => panic!("{case}: {other:?}"),
        }
    }
    let nothing = file("[HKEY_LOCAL_MACHINE\\SOFTWARE\\Example]\n\"x\"=\"y\"\n");
    assert!(matches!(
        read(nothing.as_bytes(), ""),
        Err(ReadError::NoSettings(_))
    ));
}
