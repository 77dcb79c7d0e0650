//! Whether figures still agree with their sources. A figure that a later change of the session replaced or removed is
//! checked no more; one whose change was undone neither.

use std::collections::HashMap;

use deskhand_core::ports::Progress;
use deskhand_protocol::change::{ChangeEntry, ChangeSet, FigureCheck, FigurePlace, FigureState};
use deskhand_protocol::operations::{
    Address, Area, CellValue, DeckOperation, FigureSource, Operation, WorkbookOperation,
};
use deskhand_protocol::{DocumentId, SessionId, UserError};

use crate::grid::{intended, place, same, written_area};
use crate::journal::Record;
use crate::preview::{added_slide_of, slide_of};
use crate::tools::DocumentTools;

/// Places that one check reads at the most; figures beyond are told as not reached.
const MAX_READS: usize = 1_000;
/// How far two numbers may be apart, relative to the larger, and still be the same figure.
const TOLERANCE: f64 = 1e-9;

/// Stands for the speaker notes where others are shapes: those have numbers.
const NOTES: &str = "notes";

/// A check waits for no pane: what cannot be read at once is told as not reached.
struct AtOnce;

impl Progress for AtOnce {
    fn waiting(&self, _: UserError) {}

    fn is_cancelled(&self) -> bool {
        true
    }
}

/// A figure that nothing replaced so far.
struct Standing {
    spot: Spot,
    check: FigureCheck,
}

/// Where a figure stands in its document, as far as the operation that wrote it tells.
enum Spot {
    Cells(String, Area),
    Slide(String, Option<String>),
}

impl DocumentTools {
    /// Compares every figure that stands with the source it was written from, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn check_figures(&self, session: &SessionId) -> Result<Vec<FigureCheck>, UserError> {
        let mut standing: Vec<Standing> = Vec::new();
        for record in self.records.done(session).await? {
            if record.undone {
                continue;
            }
            standing.retain(|figure| {
                figure.check.document != record.document || !figure.spot.is_taken_by(&record.operation)
            });
            let set = record
                .result
                .as_ref()
                .and_then(|result| result.change_set.as_ref());
            for (set, entry) in set
                .iter()
                .flat_map(|set| set.entries.iter().map(move |entry| (set, entry)))
            {
                let figures = entry.sources.iter();
                standing
                    .extend(figures.filter_map(|source| self.standing(session, &record, set, entry, source)));
            }
        }
        let mut known: HashMap<(String, String), Option<CellValue>> = HashMap::new();
        let mut checks = Vec::with_capacity(standing.len());
        for Standing { mut check, .. } in standing {
            if check.then.is_some() {
                let key = (check.source.document.to_string(), check.source.address.clone());
                if !known.contains_key(&key) && known.len() < MAX_READS {
                    let value = super::value(self, session, &key.0, &key.1, &AtOnce).await;
                    known.insert(key.clone(), value);
                }
                check.now = known.get(&key).cloned().flatten();
            }
            check.state = state(check.then.as_ref(), check.now.as_ref());
            checks.push(check);
        }
        Ok(checks)
    }

    fn standing(
        &self,
        session: &SessionId,
        record: &Record,
        set: &ChangeSet,
        entry: &ChangeEntry,
        source: &FigureSource,
    ) -> Option<Standing> {
        let document = DocumentId::from_text(&source.document);
        let title = self
            .registry
            .of_session(session, &document)
            .map(|view| view.title);
        let check = FigureCheck {
            change_set: set.id.clone(),
            document: entry.document.clone(),
            title: entry.title.clone(),
            target: entry.target.clone(),
            figure: source.figure.clone(),
            source: FigurePlace {
                document,
                title: title.unwrap_or_default(),
                address: source.address.clone(),
            },
            then: source.value.clone(),
            now: None,
            state: FigureState::Unreachable,
            at: set.at,
        };
        let spot = Spot::of(&record.operation, &source.figure)?;
        Some(Standing { spot, check })
    }
}

impl Spot {
    fn of(operation: &Operation, figure: &str) -> Option<Self> {
        match operation {
            Operation::Workbook(WorkbookOperation::RangeWrite(write)) => {
                let (sheet, written) = written_area(write).ok()?;
                let named = Address::parse(figure).ok().and_then(|address| address.area);
                Some(Self::Cells(sheet, named.unwrap_or(written)))
            }
            Operation::Workbook(_) | Operation::Text(_) => None,
            Operation::Deck(DeckOperation::TextSet(params)) => {
                Some(Self::Slide(params.slide.clone(), Some(params.shape.clone())))
            }
            Operation::Deck(DeckOperation::NotesSet(params)) => {
                Some(Self::Slide(params.slide.clone(), Some(NOTES.to_owned())))
            }
            Operation::Deck(operation) => {
                let slide = added_slide_of(operation).or_else(|| slide_of(operation))?;
                Some(Self::Slide(slide, None))
            }
        }
    }

    /// True when the operation puts something else in this place, or takes it away.
    fn is_taken_by(&self, operation: &Operation) -> bool {
        match (self, operation) {
            (Self::Cells(sheet, area), Operation::Workbook(operation)) => {
                cells_taken(sheet, *area, operation)
            }
            (Self::Slide(slide, shape), Operation::Deck(operation)) => match operation {
                DeckOperation::SlideDelete(params) => *slide == params.slide,
                DeckOperation::TextSet(params) => {
                    *slide == params.slide && shape.as_ref() == Some(&params.shape)
                }
                DeckOperation::NotesSet(params) => *slide == params.slide && shape.as_deref() == Some(NOTES),
                DeckOperation::ShapeDelete(params) => {
                    *slide == params.slide && shape.as_ref() == Some(&params.shape)
                }
                _ => false,
            },
            _ => false,
        }
    }
}

fn cells_taken(sheet: &str, area: Area, operation: &WorkbookOperation) -> bool {
    let covers = |other: &str, whole: Area| {
        other.eq_ignore_ascii_case(sheet) && whole.intersection(&area) == Some(area)
    };
    match operation {
        WorkbookOperation::RangeWrite(write) => {
            let Ok((other, written)) = written_area(write) else {
                return false;
            };
            let is_written = |row: u32, column: u32| {
                let line = write.cells.get((row - written.top) as usize);
                line.and_then(|line| line.get((column - written.left) as usize))
                    .is_some_and(|input| intended(input).is_some())
            };
            covers(&other, written)
                && (area.top..=area.bottom)
                    .all(|row| (area.left..=area.right).all(|column| is_written(row, column)))
        }
        WorkbookOperation::RangeClear(clear) => {
            place(&clear.range).is_ok_and(|(other, cleared)| covers(&other, cleared))
        }
        WorkbookOperation::SheetDelete(params) => params.name.eq_ignore_ascii_case(sheet),
        _ => false,
    }
}

fn state(then: Option<&CellValue>, now: Option<&CellValue>) -> FigureState {
    match (then, now) {
        (Some(then), Some(now)) if agree(then, now) => FigureState::Match,
        (Some(_), Some(_)) => FigureState::Changed,
        _ => FigureState::Unreachable,
    }
}

fn agree(then: &CellValue, now: &CellValue) -> bool {
    match (then, now) {
        (CellValue::Number(then), CellValue::Number(now)) => {
            (then - now).abs() <= TOLERANCE * then.abs().max(now.abs())
        }
        _ => same(then, now),
    }
}
