//! Where figures on slides came from: what the file keeps ([`deskhand_opc::figures`]), by slide, shape and words. An entry is
//! told as outdated where its shape does not show the words any more; it goes with its slide, its shape or its words, and
//! a copy of the slide takes it along.

mod shown;

use std::collections::BTreeMap;

use deskhand_opc::figures::{self, Fate, Figure, Place};
use deskhand_opc::{Draft, Package};
use deskhand_operations::answer::{SlideContent, SlideShape};
use deskhand_operations::{DeckAnswer, DeckOperation, FigureSource, Refusal};
use deskhand_sheet::figure;

use self::shown::{in_text, shows};
use crate::content::Detail;
use crate::deck::Deck;
use crate::{exchange, refuse};

/// Sources that one operation may carry.
const MAX_SOURCES: usize = 500;
/// What stands for the speaker notes where others are shapes: those have numbers.
const NOTES: &str = "notes";
/// Figures that a warning names.
const NAMED: usize = 10;

/// The shapes in which an operation writes figures.
#[derive(Clone, Copy, Debug)]
enum Written<'o> {
    /// Any on the slide that it adds.
    Slide,
    /// The one of an id.
    Shape(&'o str),
    /// The one that it adds under a name.
    Named(&'o str),
    /// Those that it answers.
    Answered,
}

/// What an operation says of sources.
fn said(operation: &DeckOperation) -> Option<(Written<'_>, &[FigureSource])> {
    use DeckOperation as Op;
    let (written, sources) = match operation {
        Op::SlideAdd(add) => (Written::Slide, &add.sources),
        Op::SlideFromTemplate(add) => (Written::Slide, &add.sources),
        Op::TextSet(set) => (Written::Shape(&set.shape), &set.sources),
        Op::TextReplace(replace) => (Written::Answered, &replace.sources),
        Op::NotesSet(set) => (Written::Shape(NOTES), &set.sources),
        Op::ShapeAdd(add) => (Written::Named(&add.name), &add.sources),
        Op::TableAdd(add) => (Written::Named(&add.name), &add.sources),
        Op::TableSet(set) => (Written::Shape(&set.shape), &set.sources),
        Op::ChartAdd(add) => (Written::Named(&add.name), &add.sources),
        Op::ChartUpdate(update) => (Written::Shape(&update.shape), &update.sources),
        _ => return None,
    };
    Some((written, sources))
}

/// How many sources the file keeps.
pub(crate) fn count(deck: &Deck) -> Result<u32, Refusal> {
    Ok(held(&deck.package, deck)?.len() as u32)
}

/// Puts the sources of its figures beside each shape of a slide.
pub(crate) fn tell(deck: &Deck, content: &mut SlideContent) -> Result<(), Refusal> {
    tell_held(&held(&deck.package, deck)?, content);
    Ok(())
}

fn tell_held(held: &[Figure], content: &mut SlideContent) {
    for shape in &mut content.shapes {
        let of_shape = held.iter().filter_map(|figure| {
            let words = words_on(figure, &content.id, &shape.id)?;
            Some(figure::kept(figure, words, !shows(shape, words)))
        });
        shape.sources = of_shape.collect();
    }
    let notes = notes_of(content);
    let of_notes = held.iter().filter_map(|figure| {
        let words = words_on(figure, &content.id, NOTES)?;
        Some(figure::kept(figure, words, !shows(&notes, words)))
    });
    content.notes_sources = of_notes.collect();
}

/// The speaker notes of a slide in the form of a shape.
fn notes_of(content: &SlideContent) -> SlideShape {
    SlideShape {
        id: NOTES.to_owned(),
        text: content.notes.clone(),
        ..SlideShape::default()
    }
}

/// Lets the entries follow a planned operation: those of what goes go, those of a slide that is copied come along, and those
/// that the operation carries are added. The answer tells them, and what a person should know of those that are not kept.
pub(crate) fn follow(
    deck: &Deck,
    draft: &mut Draft,
    operation: &DeckOperation,
    answer: &mut DeckAnswer,
) -> Result<(), Refusal> {
    let said = said(operation).filter(|(_, sources)| !sources.is_empty());
    if said.is_some_and(|(_, sources)| sources.len() > MAX_SOURCES) {
        return Err(refuse::too_large(format!(
            "one operation carries at most {MAX_SOURCES} sources"
        )));
    }
    let before = held(&deck.package, deck)?;
    let mut added = brought(operation, answer, &before)?;
    if draft.is_empty() || (said.is_none() && before.is_empty() && added.is_empty()) {
        return Ok(());
    }
    let mut after = Slides::of(deck, draft.package())?;
    forget(deck, draft, operation, &before, &mut after)?;
    let mut strange: Vec<&str> = Vec::new();
    if let Some((written, sources)) = said {
        for source in sources {
            let places = after.places(written, &source.figure, operation, answer)?;
            if places.is_empty() {
                strange.push(&source.figure);
            }
            added.extend(
                places
                    .into_iter()
                    .map(|place| figure::entry(place, String::new(), source)),
            );
        }
    }
    after.keep_shown(&mut added)?;
    let kept = figures::add(draft, &deck.presentation, &added).map_err(|error| refuse::patch(&error))?;
    if let Some(content) = content_of(answer) {
        tell_held(&held(draft.package(), deck)?, content);
    }
    warn(answer, added.len() - kept, &mut strange);
    Ok(())
}

/// What stays of the entries when a deck is cut down to some of its slides.
pub(crate) fn keep_slides(draft: &mut Draft, deck: &Deck, kept: &[&str]) -> Result<(), Refusal> {
    let mut fate = |figure: &Figure| match &figure.place {
        Place::Words { slide, .. } if kept.contains(&slide.as_str()) => Fate::Stays,
        _ => Fate::Goes,
    };
    figures::follow(draft, &deck.presentation, &mut fate).map_err(|error| refuse::patch(&error))
}

fn held(package: &Package, deck: &Deck) -> Result<Vec<Figure>, Refusal> {
    figures::read(package, &deck.presentation).map_err(|error| refuse::package(&error))
}

/// The words of an entry that belongs to a shape.
fn words_on<'f>(figure: &'f Figure, on: &str, of: &str) -> Option<&'f str> {
    match &figure.place {
        Place::Words { slide, shape, words } if slide == on && shape == of => Some(words),
        Place::Words { .. } | Place::Cell { .. } => None,
    }
}

/// The entries that come with a slide from where it is copied.
fn brought(operation: &DeckOperation, answer: &DeckAnswer, own: &[Figure]) -> Result<Vec<Figure>, Refusal> {
    let onto = match answer {
        DeckAnswer::SlideDuplicate(content)
        | DeckAnswer::SlideFromTemplate(content)
        | DeckAnswer::SlideReplace(content) => content.id.as_str(),
        _ => return Ok(Vec::new()),
    };
    let moved = |held: &[Figure], from: &str| -> Vec<Figure> {
        let of_slide = held.iter().filter_map(|figure| match &figure.place {
            Place::Words { slide, shape, words } if slide == from => Some(Figure {
                place: Place::Words {
                    slide: onto.to_owned(),
                    shape: shape.clone(),
                    words: words.clone(),
                },
                ..figure.clone()
            }),
            Place::Words { .. } | Place::Cell { .. } => None,
        });
        of_slide.collect()
    };
    let (package, named) = match operation {
        DeckOperation::SlideDuplicate(copy) => return Ok(moved(own, &copy.slide)),
        DeckOperation::SlideFromTemplate(add) => (add.package.as_ref(), add.slide.as_deref()),
        DeckOperation::SlideReplace(replace) => (Some(&replace.package), None),
        _ => (None, None),
    };
    let Some(package) = package else {
        return Ok(Vec::new());
    };
    let source = exchange::open(package)?;
    let theirs = held(&source.package, &source)?;
    if theirs.is_empty() {
        return Ok(Vec::new());
    }
    let from = match named.and_then(|id| source.slides.iter().find(|slide| slide.id == *id)) {
        Some(slide) => slide,
        None => exchange::slide(&source, package)?,
    };
    let mut come = moved(&theirs, &from.id);
    // A slide that is put back has them in the file as well.
    come.retain(|figure| !own.contains(figure));
    Ok(come)
}

/// Takes out the entries of what an operation removes or writes anew.
fn forget(
    deck: &Deck,
    draft: &mut Draft,
    operation: &DeckOperation,
    held: &[Figure],
    after: &mut Slides,
) -> Result<(), Refusal> {
    let target = operation.target();
    let touched = target.strip_prefix("slide:");
    let mut before = Slides::of(deck, &deck.package)?;
    let mut gone = Vec::new();
    for figure in held {
        let Place::Words { slide, shape, words } = &figure.place else {
            continue;
        };
        if touched.is_some_and(|touched| touched != slide) {
            continue;
        }
        let goes = match after.shape(slide, shape)? {
            None => true,
            Some(now) => {
                let lost = !shows(now, words);
                writes_anew(operation, shape, words)
                    || (lost && before.shape(slide, shape)?.is_some_and(|then| shows(then, words)))
            }
        };
        if goes {
            gone.push(&figure.place);
        }
    }
    let mut fate = |figure: &Figure| {
        if gone.contains(&&figure.place) {
            Fate::Goes
        } else {
            Fate::Stays
        }
    };
    figures::follow(draft, &deck.presentation, &mut fate).map_err(|error| refuse::patch(&error))
}

/// True where an operation writes the words of a shape, also where they stood there before.
fn writes_anew(operation: &DeckOperation, shape: &str, words: &str) -> bool {
    match operation {
        DeckOperation::TextSet(set) => set.shape == shape,
        DeckOperation::NotesSet(_) => shape == NOTES,
        DeckOperation::ChartUpdate(update) => update.shape == shape && update.data.is_some(),
        DeckOperation::TableSet(set) => {
            let mut cells = set.cells.iter().flatten().flatten();
            set.shape == shape && cells.any(|cell| in_text(cell, words))
        }
        _ => false,
    }
}

/// Slides of a draft by the ids that they have in the deck, each read once.
struct Slides {
    deck: Deck,
    read: BTreeMap<String, Option<SlideContent>>,
}

impl Slides {
    fn of(deck: &Deck, package: &Package) -> Result<Self, Refusal> {
        let mut now = Deck::open(package.clone())?;
        // A slide that travels as a package has another id in it.
        for slide in &mut now.slides {
            if let Some(known) = deck.slides.iter().find(|known| known.part == slide.part) {
                slide.id.clone_from(&known.id);
            }
        }
        Ok(Self {
            deck: now,
            read: BTreeMap::new(),
        })
    }

    fn content(&mut self, slide: &str) -> Result<Option<&SlideContent>, Refusal> {
        if !self.read.contains_key(slide) {
            let entry = self.deck.slides.iter().find(|entry| entry.id == slide);
            let content = entry.map(|entry| self.deck.content(entry, Detail::Whole));
            let mut content = content.transpose()?;
            if let Some(content) = &mut content {
                content.shapes.push(notes_of(content));
            }
            self.read.insert(slide.to_owned(), content);
        }
        Ok(self.read.get(slide).and_then(Option::as_ref))
    }

    fn shape(&mut self, slide: &str, shape: &str) -> Result<Option<&SlideShape>, Refusal> {
        let content = self.content(slide)?;
        Ok(content.and_then(|content| content.shapes.iter().find(|held| held.id == shape)))
    }

    /// The places where written words show a figure: one, or one in each shape in which words were replaced.
    fn places(
        &mut self,
        written: Written<'_>,
        words: &str,
        operation: &DeckOperation,
        answer: &DeckAnswer,
    ) -> Result<Vec<Place>, Refusal> {
        let place = |slide: &str, shape: &SlideShape| Place::Words {
            slide: slide.to_owned(),
            shape: shape.id.clone(),
            words: words.to_owned(),
        };
        if let (Written::Answered, DeckAnswer::TextReplace(replaced)) = (written, answer) {
            let mut places = Vec::new();
            for at in &replaced.shapes {
                let id = if at.shape.is_empty() { NOTES } else { &at.shape };
                let shape = self.shape(&at.slide, id)?;
                places.extend(
                    shape
                        .filter(|shape| shows(shape, words))
                        .map(|shape| place(&at.slide, shape)),
                );
            }
            return Ok(places);
        }
        let target = operation.target();
        let slide = match answer {
            DeckAnswer::SlideAdd(content) | DeckAnswer::SlideFromTemplate(content) => content.id.as_str(),
            _ => target.strip_prefix("slide:").unwrap_or_default(),
        };
        let is_written = |shape: &&SlideShape| match written {
            Written::Slide | Written::Answered => shape.id != NOTES,
            Written::Shape(id) => shape.id == id,
            Written::Named(name) => shape.name == name,
        };
        let content = self.content(slide)?;
        let mut shapes = content
            .into_iter()
            .flat_map(|content| content.shapes.iter())
            .filter(is_written);
        let found = shapes.find(|shape| shows(shape, words));
        Ok(found.map(|shape| place(slide, shape)).into_iter().collect())
    }

    /// Drops the entries of words that no shape shows.
    fn keep_shown(&mut self, entries: &mut Vec<Figure>) -> Result<(), Refusal> {
        let mut kept = Vec::with_capacity(entries.len());
        for figure in entries.drain(..) {
            let Place::Words { slide, shape, words } = &figure.place else {
                continue;
            };
            if self.shape(slide, shape)?.is_some_and(|now| shows(now, words)) {
                kept.push(figure);
            }
        }
        *entries = kept;
        Ok(())
    }
}

/// The slide that an answer shows.
fn content_of(answer: &mut DeckAnswer) -> Option<&mut SlideContent> {
    match answer {
        DeckAnswer::SlideAdd(content)
        | DeckAnswer::SlideDuplicate(content)
        | DeckAnswer::SlideFromTemplate(content)
        | DeckAnswer::SlideReplace(content) => Some(content),
        _ => None,
    }
}

/// Names the sources that the file does not keep.
fn warn(answer: &mut DeckAnswer, too_many: usize, strange: &mut Vec<&str>) {
    let warnings = match answer {
        DeckAnswer::TextSet(applied)
        | DeckAnswer::NotesSet(applied)
        | DeckAnswer::ShapeAdd(applied)
        | DeckAnswer::TableAdd(applied)
        | DeckAnswer::TableSet(applied)
        | DeckAnswer::ChartAdd(applied)
        | DeckAnswer::ChartUpdate(applied) => &mut applied.warnings,
        DeckAnswer::TextReplace(replaced) => &mut replaced.warnings,
        other => match content_of(other) {
            Some(content) => &mut content.warnings,
            None => return,
        },
    };
    if too_many > 0 {
        warnings.push(format!(
            "The file keeps as many sources as it can: {too_many} are not in it, only in the journal."
        ));
    }
    if !strange.is_empty() {
        let more = if strange.len() > NAMED { " and more" } else { "" };
        strange.truncate(NAMED);
        warnings.push(format!(
            "These sources are of words that nothing written shows, and the file does not keep them: {}{more}.",
            strange.join(", ")
        ));
    }
}
