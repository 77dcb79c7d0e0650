//! The operations on a deck, one file each, and which of them answers what.

mod chart_add;
mod chart_update;
mod deck_check;
mod deck_info;
pub(crate) mod export;
mod import;
mod master_import;
mod notes_set;
mod picture_add;
mod picture_replace;
mod placement;
mod shape_add;
mod shape_delete;
mod shape_format;
mod shape_place;
mod slide_add;
mod slide_delete;
mod slide_duplicate;
mod slide_from_template;
mod slide_hide;
mod slide_move;
mod slide_replace;
mod table_add;
mod table_set;
mod text_replace;
mod text_set;

use deskhand_opc::{Draft, Package, PatchSet};
use deskhand_operations::{Applied, DeckAnswer, DeckOperation, Refusal, RefusalCode};

use crate::content::Detail;
use crate::deck::Deck;
use crate::lint::{self, lint};
use crate::{exchange, refuse, sources};

pub(crate) use slide_hide::is_hidden;

/// What an operation would answer, and the changes that it needs. Nothing is changed until the patches are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The answer once the patches are applied.
    pub answer: DeckAnswer,
    /// The changes to the package; none for an operation that reads.
    pub patches: PatchSet,
}

impl Deck {
    /// Answers an operation that reads: `deck.info`, `slide.read`, `slide.export`, `deck.check`.
    ///
    /// Refused for an operation that changes the deck: plan that.
    pub fn answer(&self, operation: &DeckOperation) -> Result<DeckAnswer, Refusal> {
        match operation {
            DeckOperation::Info(_) => deck_info::info(self).map(DeckAnswer::Info),
            DeckOperation::SlideRead(read) => {
                let detail = if read.runs { Detail::Runs } else { Detail::Whole };
                let slide = self.content(self.slide(&read.slide)?, detail)?;
                Ok(DeckAnswer::SlideRead(slide))
            }
            DeckOperation::Check(check) => deck_check::check(self, check).map(DeckAnswer::Check),
            DeckOperation::SlideExport(export) => export::export(self, export).map(DeckAnswer::SlideExport),
            DeckOperation::Create(_) => Err(refuse::bad_input(
                "'deck.create' makes a new file, and this one is there already; nothing was changed",
            )),
            other => Err(refuse::bad_input(format!(
                "'{}' changes the deck",
                other.definition().name
            ))),
        }
    }

    /// Works out an operation: its answer and the patches that make the change. Operations that read have none.
    ///
    /// Refused, among other reasons, where the changed deck would have a finding (see [`lint()`]) that this one has not.
    pub fn plan(&self, operation: &DeckOperation) -> Result<Planned, Refusal> {
        let mut draft = Draft::new(&self.package);
        let mut answer = match self.plan_slide(&mut draft, operation)? {
            Some(answer) => answer,
            None => match self.plan_shape(&mut draft, operation)? {
                Some(answer) => answer,
                None => self.answer(operation)?,
            },
        };
        sources::follow(self, &mut draft, operation, &mut answer)?;
        let changed = draft.package().clone();
        let patches = draft.finish();
        self.check_change(operation, &changed, &patches)?;
        Ok(Planned { answer, patches })
    }

    /// Refuses a change that leaves a finding which was not there before. Decks may have findings of their own, and so
    /// may the deck that a slide comes from.
    pub(crate) fn check_change(
        &self,
        operation: &DeckOperation,
        changed: &Package,
        patches: &PatchSet,
    ) -> Result<(), Refusal> {
        let from = match operation {
            DeckOperation::SlideReplace(replace) => Some(&replace.package),
            DeckOperation::SlideFromTemplate(add) => add.package.as_ref(),
            _ => None,
        };
        let known = || from.map_or_else(|| Ok(Vec::new()), |package| lint(&exchange::open(package)?));
        match lint::new_finding(self, changed, patches, known)? {
            Some(finding) => Err(Refusal::new(
                RefusalCode::Failed,
                format!(
                    "The change was not made, because the deck would not pass its check: {}.",
                    finding.sentence
                ),
            )),
            None => Ok(()),
        }
    }

    /// Plans what changes the list of slides, whole slides or their texts.
    fn plan_slide(
        &self,
        draft: &mut Draft,
        operation: &DeckOperation,
    ) -> Result<Option<DeckAnswer>, Refusal> {
        use DeckOperation as Op;
        Ok(Some(match operation {
            Op::SlideAdd(add) => DeckAnswer::SlideAdd(slide_add::add(self, draft, add)?),
            Op::SlideDuplicate(copy) => {
                DeckAnswer::SlideDuplicate(slide_duplicate::duplicate(self, draft, copy)?)
            }
            Op::SlideFromTemplate(add) => {
                DeckAnswer::SlideFromTemplate(slide_from_template::add(self, draft, add)?)
            }
            Op::SlideMove(moved) => DeckAnswer::SlideMove(slide_move::relocate(self, draft, moved)?),
            Op::SlideHide(hide) => DeckAnswer::SlideHide(slide_hide::hide(self, draft, hide)?),
            Op::SlideDelete(delete) => DeckAnswer::SlideDelete(slide_delete::delete(self, draft, delete)?),
            Op::SlideReplace(replace) => {
                DeckAnswer::SlideReplace(slide_replace::replace(self, draft, replace)?)
            }
            Op::TextSet(set) => DeckAnswer::TextSet(text_set::set(self, draft, set)?),
            Op::TextReplace(replace) => DeckAnswer::TextReplace(text_replace::replace(self, draft, replace)?),
            Op::NotesSet(set) => DeckAnswer::NotesSet(notes_set::set(self, draft, set)?),
            _ => return Ok(None),
        }))
    }

    /// Plans what changes a shape of a slide.
    fn plan_shape(
        &self,
        draft: &mut Draft,
        operation: &DeckOperation,
    ) -> Result<Option<DeckAnswer>, Refusal> {
        use DeckOperation as Op;
        Ok(Some(match operation {
            Op::ShapeAdd(add) => DeckAnswer::ShapeAdd(shape_add::add(self, draft, add)?),
            Op::ShapeMove(moved) => DeckAnswer::ShapeMove(shape_place::relocate(self, draft, moved)?),
            Op::ShapeResize(resize) => DeckAnswer::ShapeResize(shape_place::resize(self, draft, resize)?),
            Op::ShapeFormat(format) => DeckAnswer::ShapeFormat(shape_format::format(self, draft, format)?),
            Op::ShapeDelete(delete) => DeckAnswer::ShapeDelete(shape_delete::delete(self, draft, delete)?),
            Op::TableAdd(add) => DeckAnswer::TableAdd(table_add::add(self, draft, add)?),
            Op::TableSet(set) => DeckAnswer::TableSet(table_set::set(self, draft, set)?),
            Op::ChartAdd(add) => DeckAnswer::ChartAdd(chart_add::add(self, draft, add)?),
            Op::ChartUpdate(update) => DeckAnswer::ChartUpdate(chart_update::update(self, draft, update)?),
            Op::PictureAdd(add) => DeckAnswer::PictureAdd(picture_add::add(self, draft, add)?),
            Op::PictureReplace(replace) => {
                DeckAnswer::PictureReplace(picture_replace::replace(self, draft, replace)?)
            }
            _ => return Ok(None),
        }))
    }
}

/// One shape of a slide changed, or one slide where `shape` is empty.
fn applied(slide: &str, shape: &str, warnings: Vec<String>) -> Applied {
    let target = if shape.is_empty() {
        format!("slide {slide}")
    } else {
        format!("slide {slide}, {shape}")
    };
    Applied {
        target,
        changed: 1,
        read_back: None,
        warnings,
    }
}
