//! The operations on a deck, one file each, and which of them answers what.

mod chart_add;
mod export;
mod import;
mod master_import;
mod picture_add;
mod placement;
mod shape_delete;
mod slide_add;
mod slide_delete;
mod slide_replace;
mod table_add;
mod text_set;

use deskhand_opc::{Draft, PatchSet};
use deskhand_operations::answer::DeckContent;
use deskhand_operations::{Applied, DeckAnswer, DeckOperation, Refusal};

use crate::deck::{Deck, Detail};
use crate::layout::Layout;
use crate::refuse;

/// What an operation would answer, and the changes that it needs. Nothing is changed until the patches are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The answer once the patches are applied.
    pub answer: DeckAnswer,
    /// The changes to the package; none for an operation that reads.
    pub patches: PatchSet,
}

impl Deck {
    /// Answers an operation that reads: `deck.info`, `slide.read`, `slide.export`.
    ///
    /// Refused for an operation that changes the deck: plan that.
    pub fn answer(&self, operation: &DeckOperation) -> Result<DeckAnswer, Refusal> {
        match operation {
            DeckOperation::Info(_) => self.info().map(DeckAnswer::Info),
            DeckOperation::SlideRead(read) => self
                .content(self.slide(&read.slide)?, Detail::Whole)
                .map(DeckAnswer::SlideRead),
            DeckOperation::SlideExport(export) => export::export(self, export).map(DeckAnswer::SlideExport),
            other => Err(refuse::bad_input(format!(
                "'{}' changes the deck",
                other.definition().name
            ))),
        }
    }

    /// Works out an operation: its answer and the patches that make the change. Operations that read have none.
    pub fn plan(&self, operation: &DeckOperation) -> Result<Planned, Refusal> {
        let mut draft = Draft::new(&self.package);
        let answer = match operation {
            DeckOperation::SlideAdd(add) => DeckAnswer::SlideAdd(slide_add::add(self, &mut draft, add)?),
            DeckOperation::SlideDelete(delete) => {
                DeckAnswer::SlideDelete(slide_delete::delete(self, &mut draft, delete)?)
            }
            DeckOperation::TextSet(set) => DeckAnswer::TextSet(text_set::set(self, &mut draft, set)?),
            DeckOperation::ShapeDelete(delete) => {
                DeckAnswer::ShapeDelete(shape_delete::delete(self, &mut draft, delete)?)
            }
            DeckOperation::TableAdd(add) => DeckAnswer::TableAdd(table_add::add(self, &mut draft, add)?),
            DeckOperation::ChartAdd(add) => DeckAnswer::ChartAdd(chart_add::add(self, &mut draft, add)?),
            DeckOperation::PictureAdd(add) => {
                DeckAnswer::PictureAdd(picture_add::add(self, &mut draft, add)?)
            }
            DeckOperation::SlideReplace(replace) => {
                DeckAnswer::SlideReplace(slide_replace::replace(self, &mut draft, replace)?)
            }
            DeckOperation::Info(_) | DeckOperation::SlideRead(_) | DeckOperation::SlideExport(_) => {
                self.answer(operation)?
            }
            other => {
                return Err(refuse::unsupported(format!(
                    "'{}' cannot be done on a closed file yet",
                    other.definition().name
                )));
            }
        };
        Ok(Planned {
            answer,
            patches: draft.finish(),
        })
    }

    fn info(&self) -> Result<DeckContent, Refusal> {
        let slides: Result<Vec<_>, _> = self
            .slides
            .iter()
            .map(|slide| self.content(slide, Detail::Outline))
            .collect();
        let size = self.size.points();
        Ok(DeckContent {
            kind: "deck".to_owned(),
            width: size.width,
            height: size.height,
            masters: Vec::new(),
            sections: Vec::new(),
            layouts: self.layouts.iter().map(Layout::answer).collect(),
            slides: slides?,
            // The label belongs to the file, not to the slides: whoever opened the file knows it.
            label: None,
        })
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
