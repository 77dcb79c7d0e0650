//! `deck.create`: a new deck, from a template or with a plain master. Knows no paths: a template comes as bytes.

mod master;
mod plain;
mod theme;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_opc::xml::{Tree, escape};
use deskhand_opc::{Draft, Limits, Package, Target};
use deskhand_operations::Refusal;
use deskhand_operations::answer::Applied;
use deskhand_operations::deck::DeckCreate;

use crate::cut::{remove_slides, remove_unreachable};
use crate::deck::{Deck, SlideEntry};
use crate::operations::export::make_plain;
use crate::part::{reachable, relationships};
use crate::text::check_line;
use crate::{lint, refuse, sources};

/// The longest title, in bytes.
const LONGEST_TITLE: usize = 1_000;

const CORE: &str = "docProps/core.xml";
const CORE_KIND: &str =
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
const CORE_TYPE: &str = "application/vnd.openxmlformats-package.core-properties+xml";

/// Makes the deck that an operation describes; nothing is written to disk. `date` is when, as RFC 3339.
///
/// Refused where the template is none or damaged, or has been named by path and not been read.
pub fn create_deck(create: &DeckCreate, date: Option<&str>) -> Result<(Deck, Applied), Refusal> {
    let title = create.title.as_deref().unwrap_or_default();
    check_line("the title", title)?;
    if title.len() > LONGEST_TITLE {
        return Err(refuse::too_large(format!(
            "a title has at most {LONGEST_TITLE} bytes"
        )));
    }
    let mut draft = match &create.package {
        Some(template) => from_template(create, template)?,
        None if create.template.is_some() => {
            return Err(refuse::bad_input(
                "the template was named and not read: it comes as a path on the command line, else as a package",
            ));
        }
        None => plain::deck(create.size.unwrap_or_default()).map_err(|error| refuse::patch(&error))?,
    };
    set_properties(&mut draft, title, date, create.package.is_some())?;
    let deck = Deck::open(draft.package().clone())?;
    if create.package.is_none()
        && let Some(finding) = lint(&deck)?.first()
    {
        return Err(refuse::corrupt(format!(
            "the new deck would not pass its check: {}",
            finding.sentence
        )));
    }
    let applied = Applied {
        changed: deck.slides.len() as u32,
        ..Applied::default()
    };
    Ok((deck, applied))
}

/// A template without its slides, as a plain presentation.
fn from_template(create: &DeckCreate, template: &str) -> Result<Draft, Refusal> {
    if create.size.is_some() {
        return Err(refuse::bad_input(
            "a template has the size of its own, so none is to be given",
        ));
    }
    let limits = Limits::default();
    // Four characters hold three bytes; looked at before anything is decoded.
    if template.len() as u64 / 4 * 3 > limits.file_bytes {
        return Err(refuse::too_large("the template is too large"));
    }
    let bytes = STANDARD.decode(template.trim());
    let bytes = bytes.map_err(|_| refuse::bad_input("the template is not base64"))?;
    let package = Package::open(bytes, &limits).map_err(|error| refuse::package(&error))?;
    let deck = Deck::open(package)?;
    let mut draft = Draft::new(&deck.package);
    remove_signatures(&mut draft)?;
    if !create.keep_slides {
        let all: Vec<&SlideEntry> = deck.slides.iter().collect();
        remove_slides(&mut draft, &deck, &all)?;
        sources::keep_slides(&mut draft, &deck, &[])?;
    }
    make_plain(&mut draft, &deck.presentation)?;
    Ok(draft)
}

/// Takes the signatures out: they are of the template, and would not hold.
fn remove_signatures(draft: &mut Draft) -> Result<(), Refusal> {
    let before = reachable(draft.package(), "", &[])?;
    let signed = relationships(draft.package(), "")?.into_iter();
    for signature in signed.filter(|relationship| relationship.is("origin")) {
        draft
            .remove_relationship("", &signature.id)
            .map_err(|error| refuse::patch(&error))?;
    }
    remove_unreachable(draft, &before)
}

/// Writes title and dates into the core properties (ECMA-376 part 2, 8.3). Those of a template stay, but for the title.
fn set_properties(
    draft: &mut Draft,
    title: &str,
    date: Option<&str>,
    is_template: bool,
) -> Result<(), Refusal> {
    let failed = |error: deskhand_opc::PatchError| refuse::patch(&error);
    let held = draft.package().related("", "core-properties");
    let held = held.map_err(|error| refuse::package(&error))?.into_iter().next();
    let Some(part) = held else {
        let properties = properties(title, date);
        draft.add_part(CORE, properties, CORE_TYPE).map_err(failed)?;
        let target = Target::Part(CORE.to_owned());
        return draft
            .add_relationship("", CORE_KIND, &target)
            .map(drop)
            .map_err(failed);
    };
    if title.is_empty() || !is_template {
        return Ok(());
    }
    let content = draft
        .package()
        .part(&part)
        .map_err(|error| refuse::package(&error))?;
    let tree =
        Tree::parse(&part, &content, draft.package().limits()).map_err(|error| refuse::package(&error))?;
    let root = tree.root();
    let title = escape(title);
    let edit = match root.child("title") {
        Some(node) => node.replace(&format!(
            "<dc:title xmlns:dc=\"http://purl.org/dc/elements/1.1/\">{title}</dc:title>"
        )),
        None => root.append(&format!(
            "<dc:title xmlns:dc=\"http://purl.org/dc/elements/1.1/\">{title}</dc:title>"
        )),
    };
    draft.edit(&part, [edit]).map_err(failed)
}

fn properties(title: &str, date: Option<&str>) -> String {
    let dates = date.map(|date| {
        let date = escape(date);
        format!(
            "<dcterms:created xsi:type=\"dcterms:W3CDTF\">{date}</dcterms:created>\
             <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{date}</dcterms:modified>"
        )
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cp:coreProperties \
         xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{}</dc:title>\
         <dc:creator>Deskhand</dc:creator>{}</cp:coreProperties>",
        escape(title),
        dates.unwrap_or_default()
    )
}
