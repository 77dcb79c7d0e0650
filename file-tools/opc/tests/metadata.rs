//! What a file says of itself: sensitivity labels and signatures.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::path::Path;

use deskhand_opc::{Draft, Label, LabelMethod, Limits, Package, Target};

fn fixture(name: &str) -> Package {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/workbooks")
        .join(name);
    Package::open(std::fs::read(path).unwrap(), &Limits::default()).unwrap()
}

/// A workbook with these parts, as Office relates them.
fn labelled(info: Option<&str>, properties: Option<&str>) -> Package {
    let package = fixture("ironcalc__example.xlsx");
    let mut draft = Draft::new(&package);
    let parts = [
        (
            "docMetadata/LabelInfo.xml",
            info,
            "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels",
            "application/vnd.ms-office.classificationlabels+xml",
        ),
        (
            "docProps/custom.xml",
            properties,
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
            "application/vnd.openxmlformats-officedocument.custom-properties+xml",
        ),
    ];
    for (part, content, kind, content_type) in parts {
        if let Some(content) = content {
            draft.add_part(part, content, content_type).unwrap();
            draft
                .add_relationship("", kind, &Target::Part(part.to_owned()))
                .unwrap();
        }
    }
    draft.package().clone()
}

fn info(labels: &str) -> String {
    let namespace = "http://schemas.microsoft.com/office/2020/mipLabelMetadata";
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><clbl:labelList xmlns:clbl="{namespace}">{labels}</clbl:labelList>"#
    )
}

fn properties(named: &[(&str, &str)]) -> String {
    let properties = named.iter().enumerate().map(|(index, (name, value))| {
        let number = index + 2;
        format!(r#"<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{name}"><vt:lpwstr>{value}</vt:lpwstr></property>"#)
    });
    format!(
        r#"<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{}</Properties>"#,
        properties.collect::<String>()
    )
}

const ID: &str = "2096f6a2-d2f7-48be-b329-b73aaa526e5d";
const SITE: &str = "cb46c030-1825-4e81-a295-151c039dbf02";

#[test]
fn a_label_of_label_info_gets_its_name_from_the_properties() {
    let list = info(&format!(
        r#"<clbl:label id="{{{}}}" enabled="1" method="Privileged" siteId="{{{SITE}}}" contentBits="10" removed="0"/>"#,
        ID.to_uppercase()
    ));
    let label = Label {
        id: ID.to_owned(),
        site: Some(SITE.to_owned()),
        method: Some(LabelMethod::Privileged),
        enabled: true,
        content_bits: Some(10),
        ..Label::default()
    };
    let alone = labelled(Some(&list), None);
    assert_eq!(alone.labels().unwrap(), std::slice::from_ref(&label));
    assert_eq!(alone.label().unwrap().as_deref(), Some(ID));

    let name = format!("MSIP_Label_{ID}_Name");
    let stale = format!("MSIP_Label_{ID}_ContentBits");
    let both = labelled(
        Some(&list),
        Some(&properties(&[(&name, "Confidential \\ Finance"), (&stale, "0")])),
    );
    let named = Label {
        name: Some("Confidential \\ Finance".to_owned()),
        ..label
    };
    assert_eq!(both.labels().unwrap(), [named]);
    assert_eq!(both.label().unwrap().as_deref(), Some("Confidential \\ Finance"));
}

#[test]
fn a_label_in_properties_alone_is_told_with_all_that_they_say() {
    let names = [
        "Enabled",
        "SetDate",
        "Method",
        "Name",
        "SiteId",
        "ActionId",
        "ContentBits",
    ];
    let values = [
        "true",
        "2026-03-01T08:00:00Z",
        "Standard",
        "General",
        SITE,
        "1",
        "2",
    ];
    let named: Vec<(String, &str)> = names
        .iter()
        .map(|name| format!("MSIP_Label_{ID}_{name}"))
        .zip(values)
        .collect();
    let named: Vec<(&str, &str)> = named
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let package = labelled(None, Some(&properties(&named)));
    let label = Label {
        id: ID.to_owned(),
        name: Some("General".to_owned()),
        site: Some(SITE.to_owned()),
        method: Some(LabelMethod::Standard),
        enabled: true,
        removed: false,
        content_bits: Some(2),
        set_at: Some("2026-03-01T08:00:00Z".to_owned()),
    };
    assert_eq!(package.labels().unwrap(), [label]);
    assert_eq!(package.label().unwrap().as_deref(), Some("General"));
}

#[test]
fn a_label_that_was_taken_away_or_switched_off_does_not_count() {
    let removed = format!(r#"<clbl:label id="{ID}" enabled="1" removed="1"/>"#);
    let off = format!(r#"<clbl:label id="{ID}" enabled="0"/>"#);
    for labels in [removed, off] {
        let package = labelled(Some(&info(&labels)), None);
        assert_eq!(package.labels().unwrap().len(), 1);
        assert_eq!(package.label().unwrap(), None, "{labels}");
    }
    // Names of properties that only look like labels.
    for name in ["MSIP_Label_", "MSIP_Label_x", "Title"] {
        let package = labelled(None, Some(&properties(&[(name, "x")])));
        assert_eq!(package.labels().unwrap(), [], "{name}");
    }
}

#[test]
fn a_file_full_of_labels_is_read_up_to_a_cap() {
    let label = |number: usize| format!(r#"<clbl:label id="{number}" enabled="1"/>"#);
    let list: String = (0..1000).map(label).collect();
    assert_eq!(labelled(Some(&info(&list)), None).labels().unwrap().len(), 100);
    let names: Vec<String> = (0..1000).map(|n| format!("MSIP_Label_{n}_Name")).collect();
    let named: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let labels = labelled(None, Some(&properties(&named))).labels().unwrap();
    assert_eq!(labels.len(), 100);
}

#[test]
fn a_label_that_cannot_be_read_is_an_error_and_not_no_label() {
    let package = labelled(Some("<clbl:labelList"), None);
    assert!(package.label().is_err());
}

#[test]
fn a_signature_tells_who_signed_when_and_what() {
    let package = fixture("poi__ms-office-2010-signed.xlsx");
    let signatures = package.signatures().unwrap();
    let [signature] = signatures.as_slice() else {
        panic!("{signatures:?}");
    };
    assert_eq!(signature.part, "_xmlsignatures/sig1.xml");
    assert_eq!(signature.signer.as_deref(), Some("Frank Cornelis (Signature)"));
    assert!(
        signature.signed_at.as_deref().unwrap().starts_with("20"),
        "{signature:?}"
    );
    for part in ["xl/workbook.xml", "/xl/worksheets/sheet2.xml", "_rels/.rels"] {
        assert!(signature.covers(part), "{part}");
    }
    for part in ["docProps/core.xml", "docProps/app.xml", "[Content_Types].xml"] {
        assert!(!signature.covers(part), "{part}");
    }
    assert_eq!(signature.parts.len(), 9);
    assert_eq!(fixture("calamine__date_1904.xlsx").signatures().unwrap(), []);
}
