//! Configuration profiles and property lists, in XML and binary.

use deskhand_policy::Encoding;
use deskhand_policy::format::{Form, ReadError, WrittenFor, read};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{entries, utf16, value};

fn xml(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n{body}\n</plist>"
    )
}

fn profile(payloads: &str) -> String {
    xml(&format!(
        "<dict><key>PayloadType</key><string>Configuration</string>\n<key>PayloadContent</key><array>{payloads}</array></dict>"
    ))
}

fn payload(domain: &str, keys: &str) -> String {
    format!(
        "<dict><key>PayloadType</key><string>{domain}</string><key>PayloadVersion</key><integer>1</integer>\n{keys}</dict>"
    )
}

const OURS: &str = "dev.deskhand.Deskhand";
const THEIRS: &str = "com.anthropic.claudefordesktop";

#[test]
fn every_kind_of_value_is_read_with_its_line() {
    let keys = "<key>deskhandEnabled</key><true/>\n<key>deskhandMaxStepsPerTurn</key><integer>0x20</integer>\n\
        <key>organizationInstructions</key><string>a &amp; b &#233;<![CDATA[ <c> ]]></string>\n\
        <!-- <key>deskhandPairing</key><string>never</string> -->\n\
        <key>inferenceModelPricingMultiplier</key><real>0.5</real>";
    let read = read(profile(&payload(OURS, keys)).as_bytes(), "").unwrap();
    assert_eq!(
        (read.form, read.encoding, read.written_for),
        (Form::Mobileconfig, Encoding::Text, WrittenFor::Deskhand)
    );
    assert_eq!(
        entries(&read),
        [
            ("deskhandEnabled".to_owned(), Ok(json!(true))),
            ("deskhandMaxStepsPerTurn".to_owned(), Ok(json!(32))),
            ("organizationInstructions".to_owned(), Ok(json!("a & b é <c> "))),
            ("inferenceModelPricingMultiplier".to_owned(), Ok(json!(0.5))),
        ]
    );
    let lines: Vec<_> = read.entries.iter().filter_map(|entry| entry.line).collect();
    assert_eq!(lines, [6, 7, 8, 10]);
}

#[test]
fn the_three_ways_of_consoles_say_the_same() {
    let key = "<key>deskhandPairing</key><string>always</string>";
    let managed = |domain: &str| {
        format!(
            "<dict><key>PayloadType</key><string>com.apple.ManagedClient.preferences</string><key>PayloadContent</key><dict>\
             <key>{domain}</key><dict><key>Forced</key><array><dict><key>mcx_preference_settings</key><dict>{key}</dict></dict>\
             </array></dict></dict></dict>"
        )
    };
    let ways = [
        (profile(&payload(OURS, key)), "", WrittenFor::Deskhand),
        (profile(&managed(OURS)), "", WrittenFor::Deskhand),
        (profile(&managed(THEIRS)), "", WrittenFor::Reference),
        (
            xml(&format!("<dict>{key}</dict>")),
            "dev.deskhand.Deskhand.plist",
            WrittenFor::Deskhand,
        ),
        (
            xml(&format!("<dict>{key}</dict>")),
            "com.anthropic.claudefordesktop.plist",
            WrittenFor::Reference,
        ),
        (xml(&payload(THEIRS, key)), "", WrittenFor::Reference),
    ];
    for (text, hint, product) in ways {
        let read = read(text.as_bytes(), hint).unwrap();
        assert_eq!(value(&read, "deskhandPairing"), json!("always"), "{text}");
        assert_eq!(read.written_for, product, "{text}");
    }
}

#[test]
fn several_payloads_are_one_profile_and_other_domains_are_told() {
    let text = profile(
        &[
            payload(OURS, "<key>deskhandEnabled</key><true/>"),
            payload("com.apple.wifi.managed", ""),
            payload(THEIRS, "<key>deskhandPairing</key><string>once</string>"),
            payload(OURS, "<key>deskhandEnabled</key><false/>"),
        ]
        .concat(),
    );
    let read = read(text.as_bytes(), "").unwrap();
    assert_eq!(read.entries.len(), 2, "both stand there; neither counts");
    assert_eq!(read.remarks.len(), 2);
    assert!(read.remarks[0].sentence.contains("com.apple.wifi.managed"));
}

#[test]
fn settings_that_users_may_change_are_no_managed_ones() {
    let text = profile(&format!(
        "<dict><key>PayloadType</key><string>com.apple.ManagedClient.preferences</string><key>PayloadContent</key><dict>\
         <key>{OURS}</key><dict><key>Set-Once</key><array/></dict></dict></dict>"
    ));
    let error = read(text.as_bytes(), "").unwrap_err();
    assert!(error.to_string().contains("users may change"), "{error}");
}

#[test]
fn text_in_utf_16_is_read() {
    let text = profile(&payload(
        OURS,
        "<key>organizationInstructions</key><string>é</string>",
    ));
    for big in [false, true] {
        let read = read(&utf16(&text, big), "").unwrap();
        assert_eq!(value(&read, "organizationInstructions"), json!("é"));
    }
}

#[test]
fn damaged_and_hostile_property_lists_are_refused() {
    let deep = |levels: usize| {
        xml(&format!(
            "<dict><key>a</key>{}{}</dict>",
            "<array>".repeat(levels),
            "</array>".repeat(levels)
        ))
    };
    let wide = format!("<dict>{}</dict>", "<key>a</key><true/>".repeat(20_001));
    let laugh = "<!DOCTYPE plist [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><plist><dict><key>a</key><string>&b;</string></dict></plist>";
    let syntax = |text: &str| match read(text.as_bytes(), "").unwrap_err() {
        ReadError::Syntax { line, reason } => (line, reason),
        other => panic!("{text}: {other}"),
    };
    assert_eq!(read(deep(50_000).as_bytes(), "").unwrap_err(), ReadError::TooMuch);
    assert_eq!(read(xml(&wide).as_bytes(), "").unwrap_err(), ReadError::TooMuch);
    assert!(syntax(laugh).1.contains("entity"));
    assert_eq!(
        syntax(&xml("<dict>\n<key>a</key></dict>")),
        (5, "a key has no value".to_owned())
    );
    assert_eq!(
        syntax(&xml("<dict>\n<true/></dict>")),
        (5, "a value stands where a key must stand".to_owned())
    );
    for damaged in [
        "<html/>",
        "<plist>",
        "<plist><dict></array></plist>",
        "<plist/>",
        "<plist><dict><key>a</key><integer>x</integer></dict></plist>",
    ] {
        assert!(
            matches!(read(damaged.as_bytes(), ""), Err(ReadError::Syntax { .. })),
            "{damaged}"
        );
    }
    assert_eq!(
        read(
            xml("<dict><key>EncryptedPayloadContent</key><data>AA==</data></dict>").as_bytes(),
            ""
        )
        .unwrap_err(),
        ReadError::Encrypted
    );
    assert!(matches!(
        read(xml("<array/>").as_bytes(), ""),
        Err(ReadError::NoSettings(_))
    ));
}

#[test]
fn dates_and_data_are_no_values_of_a_setting() {
    let keys =
        "<key>banner</key><date>2026-01-01T00:00:00Z</date><key>deskhandEnabled</key><data>AA==</data>";
    let read = read(profile(&payload(OURS, keys)).as_bytes(), "").unwrap();
    assert!(read.entries.iter().all(|entry| entry.value.is_err()));
}

#[test]
fn a_small_binary_file_never_becomes_a_large_tree() {
    // 40 arrays, each twice the one before: 2^40 values in a few hundred bytes.
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for level in 0..40_u8 {
        offsets.push(bytes.len() as u8);
        bytes.extend([0xa2, level + 1, level + 1]);
    }
    offsets.push(bytes.len() as u8);
    bytes.push(0x09);
    let table = bytes.len() as u64;
    bytes.extend(&offsets);
    bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    for number in [offsets.len() as u64, 0, table] {
        bytes.extend(number.to_be_bytes());
    }
    assert_eq!(read(&bytes, "").unwrap_err(), ReadError::TooMuch);
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut], "").is_err(), "{cut}");
    }
}
