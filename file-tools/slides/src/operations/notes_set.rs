//! `notes.set`: the speaker notes of a slide; with a notes slide and a notes master where there are none, as PowerPoint
//! makes them.

use deskhand_opc::{Draft, Target};
use deskhand_operations::deck::NotesSet;
use deskhand_operations::{Applied, Refusal};

use super::applied;
use super::import::Import;
use super::master_import::register_notes_master;
use super::text_set::body_edit;
use crate::content::node_to_change;
use crate::deck::{Deck, SlideEntry};
use crate::notes;
use crate::notes_markup::{notes_master, notes_slide};
use crate::part::{Part, related};
use crate::refuse;
use crate::text::check;

const SLIDE: &str = "application/vnd.openxmlformats-officedocument.presentationml.notesSlide+xml";
const MASTER: &str = "application/vnd.openxmlformats-officedocument.presentationml.notesMaster+xml";

pub(super) fn set(deck: &Deck, draft: &mut Draft, set: &NotesSet) -> Result<Applied, Refusal> {
    check("the notes", &set.text)?;
    let slide = deck.slide(&set.slide)?;
    match related(&deck.package, &slide.part, "notesSlide")? {
        Some(notes) => write(deck, draft, &notes, &set.text)?,
        None if set.text.is_empty() => {}
        None => add(deck, draft, slide, &set.text)?,
    }
    Ok(applied(&set.slide, "notes", Vec::new()))
}

fn write(deck: &Deck, draft: &mut Draft, notes: &str, text: &str) -> Result<(), Refusal> {
    let part = Part::read(&deck.package, notes)?;
    let tree = part.tree()?;
    let body = notes::body(tree.root());
    let body = body.ok_or_else(|| {
        refuse::unsupported("the notes page of the slide has no placeholder for text any more")
    })?;
    let node = node_to_change(tree.root(), &body)?;
    let edit = body_edit(deck.dialect, &part.content, node, text);
    draft.edit(notes, [edit]).map_err(|error| refuse::patch(&error))
}

/// Adds a notes slide that the slide and it refer to each other.
fn add(deck: &Deck, draft: &mut Draft, slide: &SlideEntry, text: &str) -> Result<(), Refusal> {
    let master = match related(&deck.package, &deck.presentation, "notesMaster")? {
        Some(master) => master,
        None => add_master(deck, draft)?,
    };
    let name = draft.free_name("ppt/notesSlides/notesSlide", ".xml");
    let mut link = || {
        draft.add_part(&name, notes_slide(text, deck.dialect), SLIDE)?;
        let relate = |draft: &mut Draft, from: &str, kind: &str, to: &str| {
            let kind = deck.dialect.relationship(kind);
            draft.add_relationship(from, &kind, &Target::Part(to.to_owned()))
        };
        relate(draft, &name, "notesMaster", &master)?;
        relate(draft, &name, "slide", &slide.part)?;
        relate(draft, &slide.part, "notesSlide", &name)
    };
    link().map(|_| ()).map_err(|error| refuse::patch(&error))
}

/// Adds a notes master with a theme of its own: a copy of the first master's, which shares its pictures.
fn add_master(deck: &Deck, draft: &mut Draft) -> Result<String, Refusal> {
    let theme = match deck.layouts.first() {
        Some(layout) => related(&deck.package, &layout.master_part, "theme")?,
        None => None,
    };
    let theme = theme.ok_or_else(|| refuse::corrupt("the deck has no theme"))?;
    let own_theme = Import::within(deck, draft).bring_part(&theme, false)?;
    let master = draft.free_name("ppt/notesMasters/notesMaster", ".xml");
    let mut link = || {
        draft.add_part(&master, notes_master(deck.dialect), MASTER)?;
        let kind = deck.dialect.relationship("theme");
        draft.add_relationship(&master, &kind, &Target::Part(own_theme.clone()))
    };
    link().map_err(|error| refuse::patch(&error))?;
    register_notes_master(draft, deck, &master)?;
    Ok(master)
}
