//! The Office manifest: well formed, complete, and with nothing in it that leads off this computer. The limits are those
//! of Microsoft's manifest reference; no copy of Office has judged it.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_test_support::repository;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// An element as these checks need it.
#[derive(Debug)]
struct Element {
    /// The names from the root, joined with `/`, without prefixes.
    path: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

#[test]
fn is_one_task_pane_add_in_for_excel_and_powerpoint() {
    let manifest = manifest();
    assert_eq!(manifest[0].path, "OfficeApp");
    assert_eq!(manifest[0].attributes["xsi:type"], "TaskPaneApp");
    let hosts: Vec<_> = at(&manifest, "OfficeApp/Hosts/Host")
        .map(|host| &host.attributes["Name"])
        .collect();
    assert_eq!(hosts, ["Workbook", "Presentation"]);
    let hosts =
        at(&manifest, "OfficeApp/VersionOverrides/Hosts/Host").map(|host| &host.attributes["xsi:type"]);
    assert_eq!(hosts.collect::<Vec<_>>(), ["Workbook", "Presentation"]);
    assert_eq!(text(&manifest, "OfficeApp/Permissions"), "ReadWriteDocument");
}

#[test]
fn the_children_of_the_root_stand_in_the_order_of_the_schema() {
    let manifest = manifest();
    let children: Vec<&str> = manifest
        .iter()
        .filter_map(|element| {
            element
                .path
                .strip_prefix("OfficeApp/")
                .filter(|rest| !rest.contains('/'))
        })
        .collect();
    let order = [
        "Id",
        "Version",
        "ProviderName",
        "DefaultLocale",
        "DisplayName",
        "Description",
        "IconUrl",
        "HighResolutionIconUrl",
        "SupportUrl",
        "Hosts",
        "DefaultSettings",
        "Permissions",
        "VersionOverrides",
    ];
    assert_eq!(children, order);
}

#[test]
fn the_id_is_a_random_guid_and_the_version_has_numbers_only() {
    let manifest = manifest();
    let id = text(&manifest, "OfficeApp/Id");
    let groups: Vec<&str> = id.split('-').collect();
    assert_eq!(
        groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12],
        "{id}"
    );
    assert!(
        groups
            .iter()
            .all(|group| group.chars().all(|sign| matches!(sign, '0'..='9' | 'a'..='f'))),
        "{id}"
    );
    assert!(
        groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']),
        "{id} is no version 4 GUID"
    );
    let version = text(&manifest, "OfficeApp/Version");
    let parts: Vec<&str> = version.split('.').collect();
    assert!(
        (3..=4).contains(&parts.len()) && parts.iter().all(|part| part.parse::<u16>().is_ok()),
        "{version}"
    );
}

#[test]
fn every_address_is_https_on_this_computer() {
    let manifest = manifest();
    let values = manifest.iter().flat_map(|element| &element.attributes);
    let addresses: Vec<&String> = values
        .filter(|(name, value)| !name.starts_with("xmlns") && value.contains("://"))
        .map(|(_, value)| value)
        .collect();
    assert_eq!(addresses.len(), 9, "{addresses:#?}");
    for address in addresses {
        assert!(address.starts_with("https://localhost:47600/"), "{address}");
    }
}

#[test]
fn every_resource_is_defined_once_and_used() {
    let manifest = manifest();
    let defined: Vec<&String> = at_below(&manifest, "OfficeApp/VersionOverrides/Resources/")
        .filter_map(|element| element.attributes.get("id"))
        .collect();
    let used: BTreeSet<&String> = manifest
        .iter()
        .filter_map(|element| element.attributes.get("resid"))
        .collect();
    assert_eq!(defined.iter().copied().collect::<BTreeSet<_>>(), used);
    assert_eq!(defined.len(), used.len(), "an id is defined twice");
    for id in used {
        assert!(id.len() <= 32, "`{id}` is longer than 32 characters");
    }
}

#[test]
fn every_control_has_an_id_of_its_own() {
    let manifest = manifest();
    let ids: Vec<&String> = at_below(&manifest, "OfficeApp/VersionOverrides/Hosts/")
        .filter_map(|element| element.attributes.get("id"))
        .filter(|id| *id != "TabHome")
        .collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids.iter().all(|id| id.len() <= 125));
}

#[test]
fn the_texts_fit() {
    let manifest = manifest();
    let cases = [
        ("OfficeApp/DisplayName", 125),
        ("OfficeApp/Description", 250),
        ("OfficeApp/VersionOverrides/Resources/ShortStrings/String", 125),
        ("OfficeApp/VersionOverrides/Resources/LongStrings/String", 250),
    ];
    for (path, most) in cases {
        let texts: Vec<&String> = at(&manifest, path)
            .map(|element| &element.attributes["DefaultValue"])
            .collect();
        assert!(!texts.is_empty(), "{path}");
        assert!(
            texts
                .iter()
                .all(|text| !text.is_empty() && text.chars().count() <= most),
            "{path}: {texts:?}"
        );
    }
}

#[test]
fn each_icon_is_a_picture_of_its_size() {
    let manifest = manifest();
    for (name, size) in [("IconUrl", "32"), ("HighResolutionIconUrl", "64")] {
        let icon = at(&manifest, &format!("OfficeApp/{name}"))
            .next()
            .expect("an icon");
        assert!(
            icon.attributes["DefaultValue"].ends_with(&format!("/icons/icon-{size}.png")),
            "{icon:?}"
        );
    }
    let images: BTreeMap<&String, &String> =
        at(&manifest, "OfficeApp/VersionOverrides/Resources/Images/Image")
            .map(|image| (&image.attributes["id"], &image.attributes["DefaultValue"]))
            .collect();
    let wanted: Vec<&Element> = manifest
        .iter()
        .filter(|element| element.path.ends_with("/Icon/Image"))
        .collect();
    assert_eq!(
        wanted.len(),
        12,
        "three sizes for a group and a button in two applications"
    );
    for image in wanted {
        let address = images[&image.attributes["resid"]];
        assert!(
            address.ends_with(&format!("/icons/icon-{}.png", image.attributes["size"])),
            "{address}"
        );
    }
}

#[test]
fn each_button_opens_the_pane_of_its_application() {
    let manifest = manifest();
    let urls: BTreeMap<&String, &String> = at(&manifest, "OfficeApp/VersionOverrides/Resources/Urls/Url")
        .map(|url| (&url.attributes["id"], &url.attributes["DefaultValue"]))
        .collect();
    let opened: Vec<&String> = manifest
        .iter()
        .filter(|element| element.path.ends_with("/Action/SourceLocation"))
        .map(|element| urls[&element.attributes["resid"]])
        .collect();
    assert_eq!(
        opened,
        [
            "https://localhost:47600/excel/",
            "https://localhost:47600/powerpoint/"
        ]
    );
}

#[test]
fn nothing_is_left_open() {
    assert!(!rendered().contains("{{"), "a placeholder has no variable");
}

/// The template with its variables, as the service prints it.
fn rendered() -> String {
    let folder = repository().join("office-manifests");
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect(path);
    let variables: BTreeMap<String, String> =
        serde_json::from_str(&read("variables.json")).expect("the variables are texts by name");
    let version = ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let filled =
        |text: String, (name, value): (String, String)| text.replace(&format!("{{{{{name}}}}}"), &value);
    variables
        .into_iter()
        .chain([version])
        .fold(read("templates/addin.xml"), filled)
}

/// Every element in the order of the document; a document that is not well formed is refused here.
fn manifest() -> Vec<Element> {
    let xml = rendered();
    let mut reader = Reader::from_str(&xml);
    reader.config_mut().check_end_names = true;
    let (mut elements, mut open) = (Vec::<Element>::new(), Vec::<usize>::new());
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => {
                elements.push(element(&start, &elements, &open));
                open.push(elements.len() - 1);
            }
            Event::Empty(start) => elements.push(element(&start, &elements, &open)),
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => {
                if let Some(&index) = open.last() {
                    elements[index].text += &text;
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "an element is not closed");
    elements
}

fn element(start: &BytesStart<'_>, before: &[Element], open: &[usize]) -> Element {
    let name = start.local_name().as_ref().to_owned();
    let path = open
        .last()
        .map_or(name.clone(), |&parent| format!("{}/{name}", before[parent].path));
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.expect("a well-formed attribute");
        let name = attribute.key.as_ref().to_owned();
        (name, attribute.value.into_owned())
    });
    Element {
        path,
        attributes: attributes.collect(),
        text: String::new(),
    }
}

fn at<'a>(manifest: &'a [Element], path: &str) -> impl Iterator<Item = &'a Element> {
    manifest.iter().filter(move |element| element.path == path)
}

fn at_below<'a>(manifest: &'a [Element], path: &str) -> impl Iterator<Item = &'a Element> {
    manifest
        .iter()
        .filter(move |element| element.path.starts_with(path))
}

fn text<'a>(manifest: &'a [Element], path: &str) -> &'a str {
    at(manifest, path)
        .next()
        .expect("the element is there")
        .text
        .trim()
}
