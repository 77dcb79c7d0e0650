//! Looks what a call would do, and changes nothing.

use deskhand_core::ports::Progress;
use deskhand_core::tool::{Ask, AskReason, DIRECTORY_TOOL, FolderTool, Prepared, ToolFailure, ToolRequest};
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::operations::answer::WorkbookContent;
use deskhand_protocol::operations::{
    Address, Area, CellValue, DeckOperation, Effect, Operation, Refusal, RefusalCode, WorkbookOperation,
};
use deskhand_protocol::{ErrorCode, UserError};

use crate::backend::{Reach, Trouble};
use crate::call::{Call, LIST_TOOL, failure, kind_of, parse, refused};
use crate::door::Door;
use crate::grid::{padded, same};
use crate::journal::{Image, Record, Stage};
use crate::preview::{ask_lost, ask_write, named, range_in, range_to_keep, workbook_in, workbook_info};
use crate::tools::{DocumentTools, OwnCells};
use change::ask_change;

mod change;
mod deck;
mod structure;

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
        let reads = |file| {
            Ok(Prepared {
                effect: Effect::Read,
                document: None,
                file,
                ask: None,
                directory: None,
                web: None,
                command: None,
            })
        };
        match FolderTool::of_name(&request.name) {
            Some(FolderTool::Open) => self.prepare_open(request).await,
            Some(tool) if tool.only_reads() => reads(self.file_to_read(tool, request)),
            Some(tool) => self.prepare_file(tool, request).await,
            None if request.name == LIST_TOOL => reads(None),
            None if request.name == DIRECTORY_TOOL => self.prepare_directory(request).await,
            None => self.prepare_operation(request, progress).await,
        }
    }

    async fn prepare_operation(
        &self,
        request: &ToolRequest,
        progress: &dyn Progress,
    ) -> Result<Prepared, ToolFailure> {
        let call = parse(&request.name, &request.input)?;
        let document = self.document_of(request, &call)?;
        self.check_label(request, &document).await?;
        let effect = call.definition.effect;
        let free = Prepared {
            effect,
            document: Some(document.id.clone()),
            file: self.file_of(&request.session, &document),
            ask: None,
            directory: None,
            web: None,
            command: None,
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
        let reach = self.reach(&request.session, &document, progress);
        let look = self.look(request, reach, &operation).await;
        let look = look.map_err(|trouble| told(&trouble))?;
        let record = Record {
            stage: Stage::Prepared,
            document: document.id.clone(),
            operation,
            before: look.before,
            expected: look.expected,
            change_set: self.new_change_set(),
            after: Image::Nothing,
            steps: Vec::new(),
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
        let id = match &mut operation {
            Operation::Deck(DeckOperation::SlideAdd(slide)) => Some(&mut slide.id),
            Operation::Deck(DeckOperation::SlideDuplicate(slide)) => Some(&mut slide.id),
            Operation::Deck(DeckOperation::SlideFromTemplate(slide)) => Some(&mut slide.id),
            _ => None,
        };
        if let Some(id) = id {
            let chance = self.world.chance();
            let digits = chance.iter().take(6).flat_map(|byte| [byte >> 4, byte & 0xf]);
            *id = digits
                .filter_map(|digit| char::from_digit(u32::from(digit), 16))
                .collect();
        }
        operation
    }

    /// True for the first change of a signed file in a session.
    async fn would_break_signature(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        door: Door,
    ) -> Result<bool, Trouble> {
        let done = self.records.done(&request.session).await.unwrap_or_default();
        let is_known = done
            .iter()
            .any(|record| record.document == reach.document.id && !record.undone);
        Ok(!is_known && self.backends.files.is_signed(door).await?)
    }

    async fn look(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        operation: &Operation,
    ) -> Result<Look, Trouble> {
        reach.let_pane_return().await;
        let file = reach.door().filter(|_| !reach.is_live());
        if let Some(door) = &file {
            self.backends.files.check_writable(door.clone()).await?;
        }
        let mut look = self.look_at_target(request, reach, operation).await?;
        if let Some(door) = file
            && self.would_break_signature(request, reach, door).await?
        {
            look.ask = Some(ask_signed(reach.document, look.ask));
        }
        Ok(look)
    }

    async fn look_at_target(
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
                let look = self.look_at_structure(reach, workbook, &content, &own).await?;
                self.with_question(reach, operation, &content, look).await
            }
            Operation::Deck(deck) => self.look_at_deck(request, reach, deck).await,
            Operation::Text(_) => {
                let look = Look {
                    before: Image::Nothing,
                    expected: None,
                    ask: None,
                };
                self.with_question(reach, operation, &WorkbookContent::default(), look)
                    .await
            }
        }
    }

    /// The look with a question, where it has none of its own and the file tells what would change.
    async fn with_question(
        &self,
        reach: Reach<'_>,
        operation: &Operation,
        content: &WorkbookContent,
        look: Look,
    ) -> Result<Look, Trouble> {
        let door = reach.door().filter(|_| !reach.is_live());
        let (None, Some(door)) = (&look.ask, door) else {
            return Ok(look);
        };
        let differences = self.backends.files.preview(door, operation.clone()).await?;
        Ok(Look {
            ask: ask_change(operation, &differences, content),
            ..look
        })
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
        WorkbookOperation::RangeWrite(write) => {
            // A formula may reach outside through a name, so the names are looked up before anybody is asked.
            let has_formula = write
                .cells
                .iter()
                .flatten()
                .any(|input| input.formula().is_some());
            let workbook = if has_formula {
                workbook_in(reach.read(workbook_info()).await?).unwrap_or_default()
            } else {
                WorkbookContent::default()
            };
            ask_write(sheet, area, write, &named(&workbook), &before, &is_own)
        }
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

/// The question before a signed file is changed, together with the one that the change asks anyway.
fn ask_signed(document: &DocumentView, ask: Option<Ask>) -> Ask {
    let told = format!("{} is signed; an edit breaks the signature.", document.title);
    match ask {
        Some(ask) => Ask {
            // A grant for looks alone is none for the signature.
            reason: ask.reason.max(AskReason::Overwrites),
            question: format!("{told} {}", ask.question),
            ..ask
        },
        None => Ask {
            reason: AskReason::Overwrites,
            question: format!("{told} Edit it?"),
            scope: "Undo brings the signed file back as it was.".to_owned(),
            rows: Vec::new(),
            total: 1,
            risks: Vec::new(),
        },
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
        Trouble::Journal(error) => internal(error),
        Trouble::Away | Trouble::Unknown => {
            let error = UserError::new(ErrorCode::DocumentPaneClosed);
            failure(&error.happened, &error.to_string())
        }
    }
}
