//! The settings of the add-in in a document, stored as Office stores them: the property bag of a web extension (MS-OWEXML).
//!
//! Names and values are texts here; office.js makes the values JSON.

use deskhand_opc::xml::{Tree, escape};
use deskhand_opc::{Draft, Package, PackageError, PatchError, PatchSet, Target};

/// Names and values in order.
pub(super) type Settings = Vec<(String, String)>;

/// The add-in as this host has it installed.
const REFERENCE: &str = "5f0e7d3a-9c41-4b6e-8a27-1d4b9e6c0f52";
const RELATIONSHIPS: &str = "http://schemas.microsoft.com/office/2011/relationships";
const PANES_TYPE: &str = "application/vnd.ms-office.webextensiontaskpanes+xml";
const EXTENSION_TYPE: &str = "application/vnd.ms-office.webextension+xml";

/// The add-in's settings; none where the document does not name it.
pub(super) fn read(package: &Package) -> Result<Settings, PackageError> {
    let mut extensions = package.web_extensions()?.into_iter();
    let own = extensions.find(|extension| extension.reference == REFERENCE);
    Ok(own.map(|own| own.properties).unwrap_or_default())
}

/// Puts these settings in the place of the former ones.
pub(super) fn write(package: &Package, settings: &Settings) -> Result<PatchSet, PatchError> {
    let mut draft = Draft::new(package);
    let extensions = package.web_extensions()?;
    match extensions.iter().find(|found| found.reference == REFERENCE) {
        Some(own) => {
            let content = package.part(&own.part)?;
            let tree = Tree::parse(&own.part, &content, package.limits())?;
            let root = tree.root();
            let bag = bag(settings, &root.prefix_colon());
            let edit = match root.child("properties") {
                Some(former) => (former.span(), bag.into_bytes().into()),
                None => root.append(&bag),
            };
            draft.edit(&own.part, [edit])?;
        }
        None => add(&mut draft, settings)?,
    }
    Ok(draft.finish())
}

fn add(draft: &mut Draft, settings: &Settings) -> Result<(), PatchError> {
    let main = draft.package().main_part()?;
    let folder = main.split('/').next().unwrap_or_default().to_owned();
    let part = draft.free_name(&format!("{folder}/webextensions/webextension"), ".xml");
    let extension = format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
            r#"<we:webextension xmlns:we="http://schemas.microsoft.com/office/webextensions/webextension/2010/11" id="{{{id}}}">"#,
            r#"<we:reference id="{id}" version="1.0.0.0" store="developer" storeType="Registry"/><we:alternateReferences/>"#,
            r#"{bag}<we:bindings/></we:webextension>"#,
        ),
        id = REFERENCE,
        bag = bag(settings, "we:"),
    );
    draft.add_part(&part, extension.into_bytes(), EXTENSION_TYPE)?;
    let panes = match draft
        .package()
        .related("", "webextensiontaskpanes")?
        .into_iter()
        .next()
    {
        Some(panes) => panes,
        None => add_panes(draft, &folder)?,
    };
    let kind = format!("{RELATIONSHIPS}/webextension");
    let id = draft.add_relationship(&panes, &kind, &Target::Part(part))?;
    let content = draft.package().part(&panes)?;
    let tree = Tree::parse(&panes, &content, draft.package().limits())?;
    let root = tree.root();
    let pane = format!(
        concat!(
            r#"<{p}taskpane dockstate="right" visibility="0" width="350" row="1">"#,
            r#"<{p}webextensionref xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="{id}"/>"#,
            r#"</{p}taskpane>"#,
        ),
        p = root.prefix_colon(),
        id = id,
    );
    let edit = root.append(&pane);
    draft.edit(&panes, [edit])
}

fn add_panes(draft: &mut Draft, folder: &str) -> Result<String, PatchError> {
    let part = draft.free_name(&format!("{folder}/webextensions/taskpanes"), ".xml");
    let empty = concat!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
        r#"<wetp:taskpanes xmlns:wetp="http://schemas.microsoft.com/office/webextensions/taskpanes/2010/11"></wetp:taskpanes>"#,
    );
    draft.add_part(&part, empty.as_bytes().to_vec(), PANES_TYPE)?;
    let kind = format!("{RELATIONSHIPS}/webextensiontaskpanes");
    draft.add_relationship("", &kind, &Target::Part(part.clone()))?;
    Ok(part)
}

fn bag(settings: &Settings, prefix: &str) -> String {
    let property = |(name, value): &(String, String)| {
        format!(
            r#"<{prefix}property name="{}" value="{}"/>"#,
            escape(name),
            escape(value)
        )
    };
    let properties: String = settings.iter().map(property).collect();
    format!("<{prefix}properties>{properties}</{prefix}properties>")
}
