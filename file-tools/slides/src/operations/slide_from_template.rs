//! `slide.fromTemplate`: a slide of another deck, with its own master, or mapped to this deck: onto one of its layouts,
//! with fonts and colours of its theme where the slide names those of the other theme by value.

use deskhand_opc::Draft;
use deskhand_operations::Refusal;
use deskhand_operations::answer::SlideContent;
use deskhand_operations::deck::{PlaceholderText, SlideFromTemplate, TemplateLook};

use super::import::Import;
use super::slide_add::{find_placeholder, read_back};
use super::text_set::body_edit;
use crate::adapt;
use crate::content::node_to_change;
use crate::deck::{Deck, SlideEntry};
use crate::layout::Layout;
use crate::part::related;
use crate::resize::Fit;
use crate::shape::flattened;
use crate::text::check;
use crate::{exchange, list, refuse, tag};

pub(super) fn add(deck: &Deck, draft: &mut Draft, add: &SlideFromTemplate) -> Result<SlideContent, Refusal> {
    for given in &add.texts {
        check("the text", &given.text)?;
    }
    let package = add.package.as_ref().ok_or_else(|| {
        refuse::bad_input("the other deck is missing: it comes as a document of the session or as a package")
    })?;
    let source = exchange::open(package)?;
    if source.dialect != deck.dialect {
        return Err(refuse::unsupported(
            "one of the two decks is a Strict Open XML Presentation, and slides do not go between the two formats",
        ));
    }
    let named = add
        .slide
        .as_ref()
        .and_then(|id| source.slides.iter().find(|slide| slide.id == *id));
    let incoming = match named {
        Some(slide) => slide,
        None => exchange::slide(&source, package)?,
    };
    let after = match &add.after {
        Some(id) => Some(deck.slide(id)?),
        None => deck.slides.last(),
    };
    let number = list::free_number(deck, None)?;
    let id = if add.id.is_empty() {
        number.to_string()
    } else {
        tag::check(&add.id)?;
        list::check_new_id(deck, &add.id)?;
        add.id.clone()
    };
    let part = draft.free_name("ppt/slides/slide", ".xml");
    let fit = Fit::between(&source, deck);
    let brought = match add.look {
        TemplateLook::Template if add.layout.is_some() => {
            return Err(refuse::bad_input(
                "a slide that keeps its look keeps its layout too, so no layout is to be named",
            ));
        }
        TemplateLook::Template => with_master(deck, draft, (&source, incoming), &part, fit)?,
        TemplateLook::Deck => mapped(deck, draft, &source, incoming, (&part, add.layout.as_deref()))?,
    };
    if let Some(fit) = fit {
        fit.parts(draft, &source, &brought)?;
    }
    adapt::bring_table_styles(draft, deck, &source, &part)?;
    let tagged = tag::logical_id(draft.package(), &part)?;
    if tagged.unwrap_or_else(|| number.to_string()) != id {
        tag::set_logical_id(draft, &part, &id, deck.dialect)?;
    }
    list::enter(draft, deck, &part, number, after)?;
    fill(draft, &part, &add.texts)?;
    read_back(draft, &part)
}

/// Brings a slide with its layout and master; those that came along before are taken again. Answers the parts that came.
fn with_master(
    deck: &Deck,
    draft: &mut Draft,
    (source, slide): (&Deck, &SlideEntry),
    to: &str,
    fit: Option<Fit>,
) -> Result<Vec<String>, Refusal> {
    let layout = source_layout(source, slide)?;
    for own in deck.layouts.iter().filter(|own| own.name == layout.name) {
        if same_look((source, layout), (deck, own), fit)? {
            let way = (layout.part.as_str(), own.part.as_str());
            return Import::onto(source, deck, draft, way).slide(slide, to);
        }
    }
    Import::with_master(source, deck, draft).slide(slide, to)
}

fn source_layout<'d>(source: &'d Deck, slide: &SlideEntry) -> Result<&'d Layout, Refusal> {
    let layout = slide.layout.and_then(|index| source.layouts.get(index));
    layout.ok_or_else(|| refuse::corrupt("the slide of the other deck has no layout"))
}

/// Whether a layout is one of the deck's own, once it has been fitted to it, and their themes are the same.
fn same_look(
    (source, one): (&Deck, &Layout),
    (deck, other): (&Deck, &Layout),
    fit: Option<Fit>,
) -> Result<bool, Refusal> {
    let bytes = |deck: &Deck, part: &str| deck.package.part(part).map_err(|error| refuse::package(&error));
    let own = bytes(deck, &other.part)?;
    let is_same = match fit {
        Some(fit) => *fit.layout(source, &one.part)? == *own,
        None => bytes(source, &one.part)? == own,
    };
    if !is_same {
        return Ok(false);
    }
    let theme = |deck: &Deck, layout: &Layout| -> Result<_, Refusal> {
        let theme = related(&deck.package, &layout.master_part, "theme")?;
        theme.map(|theme| bytes(deck, &theme)).transpose()
    };
    Ok(theme(source, one)? == theme(deck, other)?)
}

/// Brings a slide onto a layout of the deck. Answers the parts that came.
fn mapped(
    deck: &Deck,
    draft: &mut Draft,
    source: &Deck,
    slide: &SlideEntry,
    (to, wanted): (&str, Option<&str>),
) -> Result<Vec<String>, Refusal> {
    let from = source_layout(source, slide)?;
    let onto = match wanted {
        Some(name) => deck.layout(name)?,
        None => nearest(deck, from)?,
    };
    let brought = Import::onto(source, deck, draft, (&from.part, &onto.part)).slide(slide, to)?;
    adapt::to_layout(draft, (source, slide), (deck, onto), to)?;
    adapt::to_theme(draft, (source, from), (deck, onto), to)?;
    Ok(brought)
}

/// The deck's layout that is most like one of another deck: of the same name, of the same type, else with the most
/// placeholders of the same kinds.
fn nearest<'d>(deck: &'d Deck, from: &Layout) -> Result<&'d Layout, Refusal> {
    let kinds = |layout: &Layout| {
        let mut kinds: Vec<String> = layout
            .placeholders
            .iter()
            .filter(|placeholder| !placeholder.mark.is_footer())
            .map(|placeholder| adapt::group(&placeholder.mark.kind).to_owned())
            .collect();
        kinds.sort();
        kinds
    };
    let wanted = kinds(from);
    let distance = |layout: &Layout| {
        let (mut missing, mut spare) = (wanted.clone(), 0);
        for kind in kinds(layout) {
            match missing.iter().position(|other| *other == kind) {
                Some(at) => {
                    missing.remove(at);
                }
                None => spare += 1,
            }
        }
        missing.len() * 3 + spare
    };
    let same_name = || deck.layouts.iter().find(|layout| layout.name == from.name);
    let same_type = || {
        let kind = from.kind.as_ref().filter(|kind| *kind != "cust")?;
        deck.layouts
            .iter()
            .find(|layout| layout.kind.as_ref() == Some(kind))
    };
    same_name()
        .or_else(same_type)
        .or_else(|| deck.layouts.iter().min_by_key(|layout| distance(layout)))
        .ok_or_else(|| refuse::corrupt("the deck has no layouts"))
}

/// Puts texts into the placeholders of the new slide.
fn fill(draft: &mut Draft, part: &str, texts: &[PlaceholderText]) -> Result<(), Refusal> {
    if texts.is_empty() {
        return Ok(());
    }
    let deck = Deck::open(draft.package().clone())?;
    let entry = deck.slides.iter().find(|slide| slide.part == part);
    let entry = entry.ok_or_else(|| refuse::corrupt("the new slide is not in the list"))?;
    let slide = deck.read(entry)?;
    let tree = slide.part.tree()?;
    let marked: Vec<_> = flattened(&slide.shapes)
        .into_iter()
        .filter(|shape| shape.placeholder.is_some() && shape.text.is_some())
        .collect();
    let names: Vec<(&str, &str)> = marked
        .iter()
        .map(|shape| {
            let kind = shape.placeholder.as_ref().map_or("", |mark| mark.kind.as_str());
            (shape.name.as_str(), kind)
        })
        .collect();
    let mut taken = vec![false; marked.len()];
    let mut edits = Vec::new();
    for given in texts {
        let index = find_placeholder(&names, &given.placeholder, &taken).ok_or_else(|| {
            refuse::not_found(format!(
                "the slide has no free placeholder '{}'; it has {}",
                given.placeholder,
                refuse::listed(names.iter().map(|(name, kind)| format!("{name} ({kind})")))
            ))
        })?;
        taken[index] = true;
        let node = node_to_change(tree.root(), marked[index])?;
        edits.push(body_edit(deck.dialect, &slide.part.content, node, &given.text));
    }
    draft.edit(part, edits).map_err(|error| refuse::patch(&error))
}
