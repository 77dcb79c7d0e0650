//! Settings in and out of files.

use std::collections::BTreeMap;

use deskhand_protocol::ErrorCode;
use deskhand_protocol::configuration::{ExportContent, ExportSettingsParams, SettingsFile};
use serde_json::json;

use super::super::files;
use super::{GATEWAY, Home, KEY, SECRET, changes, file, managed};

#[test]
fn every_form_is_given_out_and_none_holds_the_secret() {
    let home = Home::new(None);
    let draft =
        json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com", KEY: SECRET });
    for form in files::exports() {
        let text = home.export(&form.format, &draft);
        assert!(!text.contains(SECRET), "{}", form.format);
        if form.holds == ExportContent::Values {
            assert!(text.contains("gateway.example.com"), "{}: {text}", form.format);
        } else {
            assert!(!text.is_empty(), "{}", form.format);
        }
    }
    let sources = home.configuration.sources();
    let gate = home.configuration.gate(&sources.policy);
    let error = files::export("docx", &sources.policy, &gate).expect_err("no such form");
    assert_eq!(error.code, ErrorCode::BadRequest);
}

#[test]
fn a_file_is_saved_beside_what_is_there() {
    let home = Home::new(None);
    let params = ExportSettingsParams {
        format: "json".to_owned(),
        changes: BTreeMap::new(),
    };
    let folder = home.folder.path().join("Downloads");
    let saved = [(); 2].map(|()| {
        let file = home.configuration.export(&params).expect("a file");
        files::save(&file, &folder).expect("it is saved").path
    });
    let name = |path: &String| path.rsplit('/').next().map(str::to_owned);
    assert_eq!(
        saved.each_ref().map(name).map(Option::unwrap_or_default),
        ["managed-settings.json", "managed-settings (2).json"]
    );
    assert!(saved.iter().all(|path| std::path::Path::new(path).is_file()));

    let file = home.configuration.export(&params).expect("a file");
    let taken = home.folder.path().join("data/settings.json");
    std::fs::write(&taken, "{}").expect("a file");
    let error = files::save(&file, &taken).expect_err("no folder");
    assert_eq!(error.code, ErrorCode::FileNotSaved);
}

#[test]
fn an_import_makes_a_draft_of_what_differs_and_names_the_rest() {
    let home = Home::new(Some(r#"{"deskhandMaxStepsPerTurn": 50}"#));
    let content = format!(
        "{{\n\"deskhandMaxStepsPerTurn\": 50,\n\"{GATEWAY}\": \"https://gateway.example.com\",\n\"{KEY}\": \"{SECRET}\",\n\"noSuchKey\": 1\n}}"
    );
    let answer = files::import(&file(&content), &home.configuration.sources().policy).expect("a draft");
    assert_eq!(
        answer.changes,
        changes(json!({ GATEWAY: "https://gateway.example.com" }))
    );
    let named: Vec<_> = answer
        .differences
        .iter()
        .map(|one| (one.key.as_str(), one.line))
        .collect();
    assert_eq!(named, [("noSuchKey", Some(5)), (KEY, Some(4))]);
    assert!(!format!("{answer:?}").contains(SECRET));
    assert_eq!(
        home.file().as_deref(),
        Some(r#"{"deskhandMaxStepsPerTurn": 50}"#),
        "nothing is written"
    );
}

#[test]
fn an_import_takes_no_key_over_that_the_organisation_fixes() {
    let sources = managed(json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com" }));
    let content = format!(r#"{{"{GATEWAY}": "https://elsewhere.example.org"}}"#);
    let answer = files::import(&file(&content), &sources.policy).expect("an answer");
    assert!(answer.changes.is_empty());
    let only = answer.differences.first().expect("a difference");
    assert_eq!(only.key, GATEWAY);
    assert!(only.sentence.contains("your organisation"), "{}", only.sentence);
}

#[test]
fn what_is_no_file_of_settings_is_refused_with_the_reason() {
    let home = Home::new(None);
    let policy = home.configuration.sources().policy;
    let not_base64 = SettingsFile {
        name: String::new(),
        bytes: "%".to_owned(),
    };
    for file in [file("PK\u{3}\u{4}"), file("{"), file(""), not_base64] {
        let error = files::import(&file, &policy).expect_err("refused");
        assert_eq!(error.code, ErrorCode::SettingsFileRefused);
        assert!(error.detail.is_some());
    }
}
