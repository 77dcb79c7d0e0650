//! Looks what a call would do, and changes nothing.

use deskhand_core::ports::Progress;
use deskhand_core::tool::{Ask, AskReason, Prepared, ToolFailure, ToolRequest};
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::operations::answer::{SheetContent, SlideContent, SlideShape, WorkbookContent};
use deskhand_protocol::operations::workbook::RangeFacet;
use deskhand_protocol::operations::{
    Address, Answer, Area, CellValue, DeckAnswer, DeckOperation, Effect, Operation, Refusal, RefusalCode,
    WorkbookOperation,
};
use deskhand_protocol::permission::BeforeAfter;
use deskhand_protocol::{ErrorCode, UserError};

use crate::backend::{Reach, Trouble};
use crate::call::{Call, LIST_TOOL, failure, kind_of, parse, refused};
use crate::grid::{padded, same};
use crate::journal::{Image, Record, Stage};
use crate::preview::{
    ask_lost, ask_write, deck_in, deck_info, range_in, range_to_keep, read_of, slide_export, slide_in,
    slide_of, slide_read, workbook_in, workbook_info,
};
use crate::tools::{DocumentTools, OwnCells};

/// What was found out about a change.
struct Look {
    before: Image,
    expected: Option<String>,
    ask: Option<Ask>,
}

impl DocumentTools {
    pub(crate) async fn prepare_call(
        &self,
        request: &ToolRequest,
        progress: &dyn Progress,
    ) -> Result<Prepared, ToolFailure> {
        if request.name == LIST_TOOL {
            return Ok(Prepared {
                effect: Effect::Read,
                document: None,
                ask: None,
            });
        }
        let call = parse(&request.name, &request.input)?;
        let document = self.document_of(request, &call)?;
        let effect = call.definition.effect;
        let free = Prepared {
            effect,
            document: Some(document.id.clone()),
            ask: None,
        };
        if effect == Effect::Read {
            return Ok(free);
        }
        let known = self
            .records
            .of_call(request)
            .await
            .map_err(|error| internal(&error))?;
        if known.is_some_and(|record| record.stage != Stage::Prepared) {
            // It was begun before a restart: `run` finds out what came of it, and the question was answered then.
            return Ok(free);
        }
        let operation = self.completed(call.operation);
        let look = self
            .look(
                request,
                self.reach(&request.session, &document, progress),
                &operation,
            )
            .await
            .map_err(|trouble| told(&trouble))?;
        let record = Record {
            stage: Stage::Prepared,
            document: document.id.clone(),
            operation,
            before: look.before,
            expected: look.expected,
            change_set: self.new_change_set(),
            after: Image::Nothing,
            patch: None,
            result: None,
            undone: false,
        };
        self.records
            .put(request, &record)
            .await
            .map_err(|error| internal(&error))?;
        Ok(Prepared {
            ask: look.ask,
            ..free
        })
    }

    /// The document of a call, if it is part of the session and of the right kind.
    pub(crate) fn document_of(
        &self,
        request: &ToolRequest,
        call: &Call,
    ) -> Result<DocumentView, ToolFailure> {
        let Some(document) = self.registry.of_session(&request.session, &call.document) else {
            let reason = format!(
                "`{}` is no document of this session; see documents_list",
                call.document
            );
            return Err(failure("Not a document of this session", &reason));
        };
        if document.kind != kind_of(call.definition) {
            let reason = format!(
                "{} is for another kind of document than {}",
                request.name, document.title
            );
            return Err(failure("Not for this kind of document", &reason));
        }
        Ok(document)
    }

    /// Gives what the model leaves to us: ids of new slides.
    fn completed(&self, mut operation: Operation) -> Operation {
        if let Operation::Deck(DeckOperation::SlideAdd(slide)) = &mut operation {
            let chance = self.world.chance();
            slide.id = chance.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        }
        operation
    }

    async fn look(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        operation: &Operation,
    ) -> Result<Look, Trouble> {
        match operation {
            Operation::Workbook(workbook) => {
                if let Some((sheet, area, read)) = range_to_keep(workbook)? {
                    let own = self.own_cells(&request.session, &reach.document.id).await;
                    return look_at_range(reach, workbook, &sheet, area, read, &own).await;
                }
                let content = workbook_in(reach.read(workbook_info()).await?).unwrap_or_default();
                let own = self.own_cells(&request.session, &reach.document.id).await;
                self.look_at_structure(reach, workbook, &content, &own).await
            }
            Operation::Deck(deck) => self.look_at_deck(request, reach, deck).await,
        }
    }

    /// Sheets, tables and charts: names that are taken, and what would be lost.
    async fn look_at_structure(
        &self,
        reach: Reach<'_>,
        operation: &WorkbookOperation,
        content: &WorkbookContent,
        own: &OwnCells,
    ) -> Result<Look, Trouble> {
        let sheet = |name: &str| {
            content
                .sheets
                .iter()
                .find(|sheet| sheet.name.eq_ignore_ascii_case(name))
        };
        let mut look = Look {
            before: Image::Nothing,
            expected: None,
            ask: None,
        };
        match operation {
            WorkbookOperation::SheetAdd(params) if sheet(&params.name).is_some() => {
                return Err(refusal(
                    RefusalCode::NameTaken,
                    format!("a sheet `{}` is there already", params.name),
                ));
            }
            WorkbookOperation::TableAdd(params) => {
                let taken = content
                    .sheets
                    .iter()
                    .flat_map(|sheet| &sheet.tables)
                    .any(|table| table.name.eq_ignore_ascii_case(&params.name));
                if taken {
                    return Err(refusal(
                        RefusalCode::NameTaken,
                        format!("a table `{}` is there already", params.name),
                    ));
                }
            }
            WorkbookOperation::ChartAdd(params) => {
                let on = params.place.as_deref().unwrap_or(&params.range);
                let name = Address::parse(on)
                    .ok()
                    .and_then(|address| address.sheet)
                    .unwrap_or_default();
                if sheet(&name).is_some_and(|sheet| sheet.charts.contains(&params.name)) {
                    return Err(refusal(
                        RefusalCode::NameTaken,
                        format!("a chart `{}` is there already", params.name),
                    ));
                }
            }
            WorkbookOperation::SheetDelete(params) => {
                let found = sheet(&params.name);
                let found = found
                    .ok_or_else(|| refusal(RefusalCode::NotFound, format!("no sheet `{}`", params.name)))?;
                if reach.is_live() && !self.is_own_sheet(reach, found, own).await {
                    return Err(refusal(RefusalCode::Unsupported, NO_WAY_BACK.to_owned()));
                }
                look.ask = Some(removal(
                    format!("Delete the sheet {}?", params.name),
                    "Every other sheet stays as it is.",
                ));
            }
            WorkbookOperation::TableDelete(params) => {
                if reach.is_live() {
                    return Err(refusal(RefusalCode::Unsupported, NO_WAY_BACK.to_owned()));
                }
                look.ask = Some(removal(
                    format!("Remove the table {}?", params.name),
                    "Its cells stay as they are.",
                ));
            }
            WorkbookOperation::ChartDelete(params) => {
                if reach.is_live() {
                    return Err(refusal(RefusalCode::Unsupported, NO_WAY_BACK.to_owned()));
                }
                look.ask = Some(removal(
                    format!("Delete the chart {}?", params.name),
                    "Cells stay as they are.",
                ));
            }
            _ => {}
        }
        Ok(look)
    }

    /// True when every filled cell of the sheet still holds what this session wrote there.
    pub(crate) async fn is_own_sheet(&self, reach: Reach<'_>, sheet: &SheetContent, own: &OwnCells) -> bool {
        let Some(used) = sheet.used_range.as_deref() else {
            return true;
        };
        let Ok(area) = Area::parse(used) else { return false };
        let read = read_of(&sheet.name, area, vec![RangeFacet::Formulas]);
        let Ok(answer) = reach.read(read).await else {
            return false;
        };
        let Some(content) = range_in(answer) else {
            return false;
        };
        let content = padded(content, &sheet.name, area);
        let name = sheet.name.to_lowercase();
        (area.top..)
            .zip(content.formulas.iter().flatten())
            .all(|(row, line)| {
                (area.left..).zip(line).all(|(column, now)| {
                    let known = own.get(&(name.clone(), row, column));
                    same(now, &CellValue::Empty) || known.is_some_and(|known| same(known, now))
                })
            })
    }

    async fn look_at_deck(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        operation: &DeckOperation,
    ) -> Result<Look, Trouble> {
        let Some(id) = slide_of(operation) else {
            return Ok(Look {
                before: Image::Nothing,
                expected: None,
                ask: None,
            });
        };
        let slide = slide_in(reach.read(slide_read(id)).await?);
        let slide = slide.ok_or_else(|| refusal(RefusalCode::NotFound, format!("no slide `{id}`")))?;
        let deck = deck_in(reach.read(deck_info()).await?).unwrap_or_default();
        let place = deck.slides.iter().position(|other| other.id == slide.id);
        let after = place
            .and_then(|place| deck.slides.get(place.checked_sub(1)?))
            .map(|slide| slide.id.clone());
        let package = match reach.read(slide_export(id)).await? {
            Answer::Deck(DeckAnswer::SlideExport(package)) => package,
            _ => {
                return Err(refusal(
                    RefusalCode::Failed,
                    "the slide could not be taken out".to_owned(),
                ));
            }
        };
        let fingerprint = slide.fingerprint.clone();
        let own = self.is_own_slide(request, reach.document, &slide).await;
        let ask = if own { None } else { ask_deck(operation, &slide)? };
        Ok(Look {
            expected: Some(fingerprint.clone()),
            before: Image::Slide {
                package,
                after,
                fingerprint,
            },
            ask,
        })
    }

    /// True when the slide still looks as this session left it.
    async fn is_own_slide(
        &self,
        request: &ToolRequest,
        document: &DocumentView,
        slide: &SlideContent,
    ) -> bool {
        let records = self.records.done(&request.session).await.unwrap_or_default();
        let last = records.iter().rev().find(|record| {
            record.document == document.id
                && !record.undone
                && matches!(&record.after, Image::Slide { package, .. } if package.slide_id == slide.id)
        });
        matches!(last.map(|record| &record.after),
            Some(Image::Slide { fingerprint, .. }) if !fingerprint.is_empty() && *fingerprint == slide.fingerprint)
    }
}

/// Ranges: what stands there now, and what of it is somebody's work.
async fn look_at_range(
    reach: Reach<'_>,
    operation: &WorkbookOperation,
    sheet: &str,
    area: Area,
    read: Operation,
    own: &OwnCells,
) -> Result<Look, Trouble> {
    let content = range_in(reach.read(read).await?).unwrap_or_default();
    let expected = Some(content.fingerprint.clone());
    let before = padded(content, sheet, area);
    let folded = sheet.to_lowercase();
    let is_own = |row: u32, column: u32, now: &CellValue| {
        own.get(&(folded.clone(), row, column))
            .is_some_and(|cell| same(cell, now))
    };
    let place = Address::on(sheet, area);
    let ask = match operation {
        WorkbookOperation::RangeWrite(write) => ask_write(sheet, area, write, &before, &is_own),
        WorkbookOperation::RangeClear(_) => {
            let question = |count: u32| format!("Clear {} on {sheet}?", cells(count));
            let scope = format!("{place}. Formats stay as they are.");
            ask_lost(question, scope, AskReason::Removes, area, &before, &is_own)
        }
        _ => {
            let question = |count: u32| format!("Change the look of {} on {sheet}?", cells(count));
            let scope = format!("{place}. Values and formulas stay as they are.");
            ask_lost(question, scope, AskReason::Reformats, area, &before, &is_own)
        }
    };
    Ok(Look {
        before: Image::Range(before),
        expected,
        ask,
    })
}

/// Why something of a person's in an open document is not removed.
const NO_WAY_BACK: &str = "this was not made in this session, and Office gives no way to put it back; ask the user to \
                           remove it, or close the document and change the file";

fn ask_deck(operation: &DeckOperation, slide: &SlideContent) -> Result<Option<Ask>, Trouble> {
    let shape = |id: &str| {
        let known: Vec<String> = slide
            .shapes
            .iter()
            .map(|shape| format!("{} ({})", shape.id, shape.name))
            .collect();
        let missing = || {
            refusal(
                RefusalCode::NotFound,
                format!("no shape `{id}`; there are {}", known.join(", ")),
            )
        };
        slide
            .shapes
            .iter()
            .find(|shape| shape.id == id)
            .ok_or_else(missing)
    };
    let name = format!("slide {}", slide.index);
    Ok(match operation {
        DeckOperation::TextSet(params) => {
            let shape = shape(&params.shape)?;
            let now = shape.text.clone().unwrap_or_default();
            let taken = !now.trim().is_empty() && now != params.text;
            taken.then(|| overwrite(&name, shape, now, &params.text))
        }
        DeckOperation::ShapeDelete(params) => {
            let shape = shape(&params.shape)?;
            Some(removal(
                format!("Delete {} on {name}?", shape.name),
                "The other shapes stay as they are.",
            ))
        }
        DeckOperation::SlideDelete(_) => Some(removal(
            format!("Delete {name}?"),
            "The other slides stay as they are.",
        )),
        _ => None,
    })
}

fn overwrite(slide: &str, shape: &SlideShape, now: String, after: &str) -> Ask {
    let row = BeforeAfter {
        cell: shape.name.clone(),
        label: None,
        now,
        after: after.to_owned(),
        formula: false,
    };
    Ask {
        reason: AskReason::Overwrites,
        question: format!("Replace the text of {} on {slide}?", shape.name),
        scope: "The other shapes stay as they are.".to_owned(),
        rows: vec![row],
        total: 1,
        risks: Vec::new(),
    }
}

fn removal(question: String, scope: &str) -> Ask {
    Ask {
        reason: AskReason::Removes,
        question,
        scope: scope.to_owned(),
        rows: Vec::new(),
        total: 1,
        risks: Vec::new(),
    }
}

fn cells(count: u32) -> String {
    if count == 1 {
        "1 cell".to_owned()
    } else {
        format!("{count} cells")
    }
}

fn refusal(code: RefusalCode, message: String) -> Trouble {
    Trouble::Refused(Refusal::new(code, message))
}

fn internal(error: &UserError) -> ToolFailure {
    failure(&error.happened, &error.to_string())
}

/// A trouble before anything was changed, in words.
pub(crate) fn told(trouble: &Trouble) -> ToolFailure {
    match trouble {
        Trouble::Refused(refusal) => refused(refusal),
        Trouble::Away | Trouble::Unknown => {
            let error = UserError::new(ErrorCode::DocumentPaneClosed);
            failure(&error.happened, &error.to_string())
        }
    }
}
