//! The embedded id as Office stores it in a file (MS-OWEXML).

use deskhand_opc::Package;
use deskhand_opc::{Draft, Target};
use deskhand_operations::CellInput;
use deskhand_sheet::{NewSheet, create_workbook};

use super::*;

const ID: &str = "018f0000-0000-7000-8000-00000000abcd";
const RELATIONSHIPS: &str = "http://schemas.microsoft.com/office/2011/relationships";

/// A workbook whose add-ins keep these properties in it.
fn workbook(properties: &str) -> Vec<u8> {
    let cells = vec![vec![CellInput::Number(1.0)]];
    let name = "Data".to_owned();
    let (bytes, _) = create_workbook(&[NewSheet { name, cells }]).unwrap();
    let mut package = Package::open(bytes, &Limits::default()).unwrap();
    let mut draft = Draft::new(&package);
    let [panes, extension] =
        ["taskpanes", "webextension1"].map(|name| format!("xl/webextensions/{name}.xml"));
    draft
        .add_part(
            &panes,
            b"<taskpanes/>".to_vec(),
            "application/vnd.ms-office.webextensiontaskpanes+xml",
        )
        .unwrap();
    let content =
        format!("<webextension><reference id=\"a\"/><properties>{properties}</properties></webextension>");
    draft
        .add_part(
            &extension,
            content.into_bytes(),
            "application/vnd.ms-office.webextension+xml",
        )
        .unwrap();
    for (source, kind, target) in [
        ("", "webextensiontaskpanes", &panes),
        (panes.as_str(), "webextension", &extension),
    ] {
        let kind = format!("{RELATIONSHIPS}/{kind}");
        draft
            .add_relationship(source, &kind, &Target::Part(target.clone()))
            .unwrap();
    }
    package.apply(&draft.finish()).unwrap();
    package.write().unwrap()
}

fn embedded_in(content: &[u8]) -> Option<DocumentId> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("book.xlsx"), content).unwrap();
    let folder = Folders::new(None).attach(folder.path()).unwrap();
    embedded_id(&Door::alone(folder, RelativePath::parse("book.xlsx").unwrap()))
}

#[test]
fn reads_the_id_that_a_pane_embedded() {
    let other = r#"<property name="other" value="1"/>"#;
    let own = format!(r#"<property name="deskhand.documentId" value="&quot;{ID}&quot;"/>"#);
    let found = embedded_in(&workbook(&format!("{other}{own}")));
    assert_eq!(found, Some(DocumentId::from_text(ID)));
}

#[test]
fn finds_no_id_where_none_can_be_read() {
    let not_json = format!(r#"<property name="deskhand.documentId" value="{ID}"/>"#);
    let files = [
        workbook(""),
        workbook(&not_json),
        workbook(r#"<property name="deskhand.documentId" value="{}"/>"#),
        workbook("<property"),
        b"no package".to_vec(),
    ];
    for (case, content) in files.iter().enumerate() {
        assert_eq!(embedded_in(content), None, "case {case}");
    }
}
