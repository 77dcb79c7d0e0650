//! `document.replace`: words in place of others, formatting kept.

use std::ops::Range;

use deskhand_opc::{Blob, Draft};
use deskhand_operations::text::document::DocumentReplace;
use deskhand_operations::{Applied, Refusal};

use super::block::shown;
use super::diff::{self, Change};
use super::info::protection;
use super::inline::{Inline, LINE_BREAK, inline};
use super::names::Names;
use super::redline::{Ids, Writer, edits};
use super::story::{Entry, StoryKind};
use super::{Document, Part, Revision};
use crate::refuse;

/// Places that one operation changes.
const MAX_PLACES: usize = 2_000;
/// Longest text that is taken, in bytes.
const MAX_TEXT: usize = 1_000_000;

/// What is asked for.
enum Wish<'o> {
    /// These words by those, everywhere or in one paragraph.
    Words(&'o str, &'o str),
    /// The whole text of one paragraph.
    Text(&'o str),
}

/// What came of it so far.
#[derive(Debug, Default)]
struct Outcome {
    places: usize,
    locked: usize,
    twofold: usize,
    in_field: usize,
}

type Edits = Vec<(Range<usize>, Blob)>;

pub(super) fn replace(
    document: &Document,
    draft: &mut Draft,
    operation: &DocumentReplace,
    revision: &Revision,
) -> Result<Applied, Refusal> {
    let wish = wish(operation)?;
    document.check_fingerprint(operation.fingerprint.as_deref())?;
    check_changeable(document, operation.tracked)?;
    let mut ids = Ids::of(document)?;
    let mut outcome = Outcome::default();
    let mut found = operation.paragraph.is_none();
    for part in document
        .parts
        .iter()
        .filter(|part| part.kind != StoryKind::Comments)
    {
        let source = Part::read(&document.package, &part.name)?;
        let tree = source.tree()?;
        let mut writer = Writer {
            names: Names::of(tree.root(), tree.is_strict()),
            revision: operation.tracked.then_some(revision),
            ids: &mut ids,
        };
        let mut edits: Edits = Vec::new();
        for story in part.stories(tree.root()) {
            for entry in story.entries().iter().filter(|entry| !entry.table) {
                let named = operation
                    .paragraph
                    .as_ref()
                    .is_some_and(|id| *id == story.id(entry));
                if named || operation.paragraph.is_none() {
                    found = true;
                    edits.extend(in_paragraph(&mut writer, entry, &source, &wish, &mut outcome)?);
                }
            }
        }
        draft
            .edit(&part.name, edits)
            .map_err(|error| refuse::patch(&error))?;
    }
    if !found {
        let id = operation.paragraph.as_deref().unwrap_or_default();
        return Err(refuse::not_found(format!(
            "there is no paragraph '{id}'; nothing was changed"
        )));
    }
    outcome.applied(operation)
}

/// Refuses what makes no sense.
fn wish(operation: &DocumentReplace) -> Result<Wish<'_>, Refusal> {
    let wish = match (
        &operation.find,
        &operation.replace,
        &operation.text,
        &operation.paragraph,
    ) {
        (Some(find), Some(replace), None, _) if find == replace => {
            return Err(refuse::bad_input(
                "the words to find and to put there are the same",
            ));
        }
        (Some(find), Some(replace), None, _) if !find.is_empty() => Wish::Words(find, replace),
        (None, None, Some(text), Some(_)) => Wish::Text(text),
        _ => {
            return Err(refuse::bad_input(
                "'document.replace' takes either 'find' and 'replace', or 'paragraph' and 'text'",
            ));
        }
    };
    let new = match wish {
        Wish::Words(_, new) | Wish::Text(new) => new,
    };
    check_text("the new text", new)?;
    if new.contains(['\n', '\r']) {
        return Err(refuse::bad_input(
            "the new text has to stand in one line: paragraphs are inserted with 'document.insert'",
        ));
    }
    Ok(wish)
}

/// Refuses text that a document cannot hold. `what` names it in the sentence.
pub(super) fn check_text(what: &str, text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_TEXT {
        return Err(refuse::too_large(format!(
            "{what} is longer than {MAX_TEXT} bytes"
        )));
    }
    let bad = |c: &char| {
        (*c < ' ' && !matches!(c, '\t' | '\n' | '\r' | &LINE_BREAK)) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    match text.chars().find(bad) {
        Some(bad) => Err(refuse::bad_input(format!(
            "{what} holds the control character U+{:04X}",
            bad as u32
        ))),
        None => Ok(()),
    }
}

/// Refuses where the document's protection does not let this be changed.
pub(super) fn check_changeable(document: &Document, tracked: bool) -> Result<(), Refusal> {
    let Some(part) = Part::related(&document.package, &document.main, "settings")? else {
        return Ok(());
    };
    match protection(part.tree()?.root()).as_deref() {
        None => Ok(()),
        Some("trackedChanges") if tracked => Ok(()),
        Some("trackedChanges") => Err(refuse::protected(
            "the document is protected so that every change has to be tracked; nothing was changed",
        )),
        Some(_) => Err(refuse::protected(
            "the document is protected against changes to its text; nothing was changed",
        )),
    }
}

/// The edits in one paragraph.
fn in_paragraph(
    writer: &mut Writer<'_>,
    entry: &Entry<'_, '_>,
    source: &Part,
    wish: &Wish<'_>,
    outcome: &mut Outcome,
) -> Result<Edits, Refusal> {
    let inline = inline(entry.node);
    let text = inline.text();
    let changes: Vec<Change> = match wish {
        Wish::Words(find, replace) => text
            .match_indices(find)
            .filter(|(at, _)| is_free(&inline, *at..*at + find.len(), entry, outcome))
            .flat_map(|(at, _)| shifted(diff::changes(find, replace), at))
            .collect(),
        Wish::Text(new) => {
            let changes = diff::changes(&text, new);
            let free = changes
                .iter()
                .all(|change| is_free(&inline, change.range.clone(), entry, outcome));
            if !free {
                return Err(refuse::protected(
                    "the change would reach into a locked or bound content control, a formula, or text that stands in \
                     two forms; nothing was changed",
                ));
            }
            outcome.places = outcome.places.min(1);
            changes
        }
    };
    if outcome.places > MAX_PLACES {
        return Err(refuse::too_large(format!(
            "there are more than {MAX_PLACES} places to change; nothing was changed"
        )));
    }
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(edits(writer, entry.node, &inline, &source.content, &changes))
}

fn shifted(changes: Vec<Change>, by: usize) -> impl Iterator<Item = Change> {
    changes.into_iter().map(move |change| Change {
        range: change.range.start + by..change.range.end + by,
        text: change.text,
    })
}

/// Whether a stretch of text can be changed; counts it either way.
fn is_free(
    inline: &Inline<'_, '_>,
    range: Range<usize>,
    entry: &Entry<'_, '_>,
    outcome: &mut Outcome,
) -> bool {
    if outcome.places.max(outcome.locked) > MAX_PLACES {
        return false;
    }
    if entry.twofold {
        outcome.twofold += 1;
        return false;
    }
    let mut at = 0;
    let mut in_field = false;
    for piece in shown(inline) {
        let (from, to) = (at, at + piece.text.len());
        at = to;
        let touched = if range.is_empty() {
            from <= range.start && range.start <= to
        } else {
            from < range.end && range.start < to
        };
        if !touched {
            continue;
        }
        if piece.locked || !piece.editable {
            outcome.locked += 1;
            return false;
        }
        in_field |= piece.in_field;
    }
    outcome.in_field += usize::from(in_field);
    outcome.places += 1;
    true
}

impl Outcome {
    fn applied(&self, operation: &DocumentReplace) -> Result<Applied, Refusal> {
        if self.places == 0 {
            let skipped = self.locked + self.twofold;
            return Err(match (&operation.find, skipped) {
                (Some(_), 1..) => refuse::protected(
                    "the words stand only where they cannot be changed: in locked or bound content controls, formulas, \
                     or text that stands in two forms; nothing was changed",
                ),
                (Some(find), 0) => refuse::not_found(format!("'{find}' does not occur; nothing was changed")),
                (None, _) => refuse::bad_input("the paragraph has this text already; nothing was changed"),
            });
        }
        let mut warnings = Vec::new();
        let mut warn = |count: usize, what: &str| {
            if count > 0 {
                warnings.push(format!("{count} {what}"));
            }
        };
        warn(
            self.locked,
            "places were left as they are: they stand in locked or bound content controls, or in formulas",
        );
        warn(
            self.twofold,
            "places were left as they are: their text stands in two forms for different versions of Word",
        );
        warn(
            self.in_field,
            "of the changed places are shown by a field, which Word writes anew when the field is updated",
        );
        Ok(Applied {
            target: operation
                .paragraph
                .clone()
                .unwrap_or_else(|| "document".to_owned()),
            changed: self.places as u32,
            read_back: None,
            warnings,
        })
    }
}
