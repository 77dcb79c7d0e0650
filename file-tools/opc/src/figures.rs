//! Where written figures came from, kept in a custom XML part of the file (ECMA-376 part 1, 15.2.5), so that the next person
//! who opens it can ask. One part a file, with an entry for each source of each figure.
//!
//! Knows entries and their part. What a mark means, and when an entry follows or goes, is for workbooks and decks to say.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::draft::Draft;
use crate::error::{PackageError, PatchError};
use crate::package::Package;
use crate::relationships::Target;
use crate::xml::{Node, Tree, escape};

/// The name of the part as it is made; Office gives it a name of its own. Parts of this name are shared by all changes.
pub(crate) const PART: &str = "customXml/deskhandSources.xml";
const PROPERTIES: &str = "customXml/deskhandSourcesProps.xml";
const PROPERTIES_TYPE: &str = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml";
const SPACE: &str = "urn:deskhand:figure-sources:1";
/// The id of the item in the package: there is one.
const ITEM: &str = "{5D0C6E0F-3B53-4E5B-9C6B-7C1E0D6A4F21}";
/// Entries that are read, and that a file holds.
const MOST: usize = 20_000;
/// Characters of one text of an entry.
const LONGEST: usize = 1_000;

/// Where a figure stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a cell.
    Cell {
        /// The sheet by `sheetId`, which it keeps under another name.
        sheet: u32,
        /// The cell, `B4`.
        cell: String,
    },
    /// In words on a slide.
    Words {
        /// The slide's logical id.
        slide: String,
        /// The shape's id on it.
        shape: String,
        /// The words that show the figure.
        words: String,
    },
}

/// What a source held when the figure was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// TRUE or FALSE.
    Boolean(bool),
    /// A number or a date.
    Number(f64),
    /// A text.
    Text(String),
}

/// One source of one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Where the figure stands.
    pub place: Place,
    /// A mark of what stood there when it was written; empty where none was taken.
    pub mark: String,
    /// The document that it came from, by id.
    pub document: String,
    /// The name of that document.
    pub title: Option<String>,
    /// The address in that document, with its sheet.
    pub address: String,
    /// What stood there.
    pub value: Option<Held>,
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Stays,
    /// It stands in another cell of its sheet now.
    Moves(String),
    /// Its figure is gone.
    Goes,
}

/// The entries of a file, in the order in which they were written; at most 20,000. A part that cannot be read holds none:
/// notes about figures never stand in the way of the file.
pub fn read(package: &Package, main: &str) -> Result<Vec<Figure>, PackageError> {
    let Some(part) = part_of(package, main)? else {
        return Ok(Vec::new());
    };
    let content = package.part(&part)?;
    let tree = Tree::parse(&part, &content, package.limits())?;
    let nodes = tree.root().children().take(MOST);
    Ok(nodes.filter_map(figure).collect())
}

/// Lets every entry follow what happened to its figure. Where the file has none, nothing is done.
pub fn follow(
    draft: &mut Draft,
    main: &str,
    fate: &mut dyn FnMut(&Figure) -> Fate,
) -> Result<(), PatchError> {
    let Some(part) = part_of(draft.package(), main)? else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let mut edits = Vec::new();
    for node in tree.root().children().take(MOST) {
        let Some(held) = figure(node) else { continue };
        match fate(&held) {
            Fate::Stays => {}
            Fate::Goes => edits.push(node.replace("")),
            Fate::Moves(cell) => edits.push(node.tag().set_attribute("ref", &cell)),
        }
    }
    draft.edit(&part, edits)
}

/// Adds entries, and their part where there is none yet; the number that was added, which is less where the file holds as
/// many as it can.
pub fn add(draft: &mut Draft, main: &str, added: &[Figure]) -> Result<usize, PatchError> {
    if added.is_empty() {
        return Ok(0);
    }
    let part = if let Some(part) = part_of(draft.package(), main)? {
        part
    } else {
        create(draft, main)?;
        PART.to_owned()
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let root = tree.root();
    let room = MOST.saturating_sub(root.children().count());
    let prefix = root.prefix_colon();
    let xml: String = added
        .iter()
        .take(room)
        .map(|figure| element(&prefix, figure))
        .collect();
    if !xml.is_empty() {
        draft.edit(&part, [root.append(&xml)])?;
    }
    Ok(added.len().min(room))
}

/// After an earlier change was taken back while later ones stay: entries that are left keep their part and what leads to it,
/// and a part without entries goes.
pub fn settle(draft: &mut Draft, main: &str) -> Result<(), PatchError> {
    let Some(part) = draft.package().spelling(PART).map(str::to_owned) else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let is_empty = tree.root().children().next().is_none();
    let relationships = draft.package().relationships(main)?.into_iter();
    let leading: Vec<String> = relationships
        .filter(|relationship| {
            relationship
                .part()
                .is_some_and(|target| target.eq_ignore_ascii_case(PART))
        })
        .map(|relationship| relationship.id)
        .collect();
    if is_empty {
        for id in leading {
            draft.remove_relationship(main, &id)?;
        }
        draft.remove_part(&part)?;
        if draft.package().contains(PROPERTIES) {
            draft.remove_part(PROPERTIES)?;
        }
    } else if leading.is_empty() {
        link(draft, main)?;
    }
    Ok(())
}

/// True for the content of the part that holds entries, as far as its beginning tells.
pub fn holds(content: &[u8]) -> bool {
    let head = content.get(..content.len().min(1_024)).unwrap_or_default();
    head.windows(SPACE.len()).any(|bytes| bytes == SPACE.as_bytes())
}

/// The part, by what it holds: its name is Office's choice.
fn part_of(package: &Package, main: &str) -> Result<Option<String>, PackageError> {
    for part in package.related(main, "customXml")? {
        let content = package.part(&part)?;
        // Other programs' items may be large, or no XML: only ours is read.
        if !holds(&content) {
            continue;
        }
        let Ok(tree) = Tree::parse(&part, &content, package.limits()) else {
            continue;
        };
        let root = tree.root();
        let prefix = root.prefix_colon();
        let declared = match prefix.strip_suffix(':') {
            Some(prefix) => root.attribute(&format!("xmlns:{prefix}")),
            None => root.attribute("xmlns"),
        };
        if root.local() == "figureSources" && declared.is_some_and(|space| space == SPACE) {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

fn create(draft: &mut Draft, main: &str) -> Result<(), PatchError> {
    // Empty at first: so an entry, and the part itself, can be taken back apart.
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<figureSources xmlns=\"{SPACE}\"></figureSources>"
    );
    draft.add_part(PART, xml, "application/xml")?;
    link(draft, main)
}

/// The relationship that leads to the part, and the properties by which Office knows it.
fn link(draft: &mut Draft, main: &str) -> Result<(), PatchError> {
    let content = draft.package().part(main)?;
    let strict = Tree::parse(main, &content, draft.package().limits())?.is_strict();
    let base = if strict {
        "http://purl.oclc.org/ooxml/officeDocument"
    } else {
        "http://schemas.openxmlformats.org/officeDocument/2006"
    };
    if !draft.package().contains(PROPERTIES) {
        let xml = format!(
            concat!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n",
                r#"<ds:datastoreItem ds:itemID="{}" xmlns:ds="{}/customXml"><ds:schemaRefs>"#,
                r#"<ds:schemaRef ds:uri="{}"/></ds:schemaRefs></ds:datastoreItem>"#
            ),
            ITEM, base, SPACE
        );
        draft.add_part(PROPERTIES, xml, PROPERTIES_TYPE)?;
    }
    let part = Target::Part(PART.to_owned());
    draft.add_relationship(main, &format!("{base}/relationships/customXml"), &part)?;
    if draft.package().related(PART, "customXmlProps")?.is_empty() {
        let kind = format!("{base}/relationships/customXmlProps");
        draft.add_relationship(PART, &kind, &Target::Part(PROPERTIES.to_owned()))?;
    }
    Ok(())
}

fn figure(node: Node<'_, '_>) -> Option<Figure> {
    let text = |name: &str| node.attribute(name).map(Cow::into_owned);
    let place = match node.local() {
        "cell" => Place::Cell {
            sheet: text("sheet")?.parse().ok()?,
            cell: text("ref")?,
        },
        "words" => Place::Words {
            slide: text("slide")?,
            shape: text("shape")?,
            words: text("text")?,
        },
        _ => return None,
    };
    let value = match text("type").as_deref() {
        Some("boolean") => text("value").map(|value| Held::Boolean(value == "true")),
        Some("number") => text("value")
            .and_then(|value| value.parse().ok())
            .map(Held::Number),
        Some("text") => text("value").map(Held::Text),
        _ => None,
    };
    Some(Figure {
        place,
        mark: text("mark").unwrap_or_default(),
        document: text("document")?,
        title: text("title"),
        address: text("address")?,
        value,
    })
}

fn element(prefix: &str, figure: &Figure) -> String {
    let mut xml = match &figure.place {
        Place::Cell { sheet, cell } => {
            let mut xml = format!(r#"<{prefix}cell sheet="{sheet}""#);
            attribute(&mut xml, "ref", cell);
            xml
        }
        Place::Words { slide, shape, words } => {
            let mut xml = format!("<{prefix}words");
            attribute(&mut xml, "slide", slide);
            attribute(&mut xml, "shape", shape);
            attribute(&mut xml, "text", words);
            xml
        }
    };
    if !figure.mark.is_empty() {
        attribute(&mut xml, "mark", &figure.mark);
    }
    attribute(&mut xml, "document", &figure.document);
    if let Some(title) = &figure.title {
        attribute(&mut xml, "title", title);
    }
    attribute(&mut xml, "address", &figure.address);
    let value = figure.value.as_ref().map(|value| match value {
        Held::Boolean(value) => ("boolean", value.to_string()),
        Held::Number(value) => ("number", value.to_string()),
        Held::Text(text) => ("text", text.clone()),
    });
    if let Some((kind, value)) = value {
        attribute(&mut xml, "type", kind);
        attribute(&mut xml, "value", &value);
    }
    xml.push_str("/>");
    xml
}

fn attribute(xml: &mut String, name: &str, value: &str) {
    let end = value
        .char_indices()
        .nth(LONGEST)
        .map_or(value.len(), |(at, _)| at);
    // Writing into a string cannot fail.
    let _ = write!(xml, r#" {name}="{}""#, escape(&value[..end]));
}
