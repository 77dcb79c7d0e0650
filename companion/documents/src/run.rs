//! Does a call: intent with pre-image to the journal, apply, read back, outcome to the journal.

use deskhand_core::ports::Progress;
use deskhand_core::tool::{DIRECTORY_TOOL, FolderTool, ToolFailure, ToolRequest, ToolResult};
use deskhand_protocol::change::{ChangeEntry, ChangeSet};
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::deck::SlideReplace;
use deskhand_protocol::operations::{
    Answer, DeckAnswer, DeckOperation, Effect, Operation, Refusal, RefusalCode, Support, WorkbookAnswer,
};
use deskhand_protocol::{ErrorCode, UserError};

use crate::backend::{Done, Reach, Trouble};
use crate::call::{LIST_TOOL, parse};
use crate::journal::{Image, Record, Records, Stage, Stored};
use crate::outcome::{Outcome, classify, look_after};
use crate::prepare::told;
use crate::preview::{slide_export, slide_read, title_of};
use crate::tools::DocumentTools;
use crate::write::writes_file;
use crate::{context, figures, text};

impl DocumentTools {
    pub(crate) async fn run_call(&self, request: &ToolRequest, progress: &dyn Progress) -> ToolResult {
        if request.name == LIST_TOOL {
            let output = self.told_documents(&request.session, context::LISTED).await;
            let output = if output.is_empty() {
                "There are no documents in this session.".to_owned()
            } else {
                output
            };
            return done("Looked which documents are there", output);
        }
        if let Some(tool) = FolderTool::of_name(&request.name) {
            let outcome = match tool {
                FolderTool::Open => self.run_open(request).await,
                tool if tool.only_reads() => self.run_folder_tool(tool, request, progress).await,
                tool => self.run_file(tool, request).await,
            };
            return outcome.unwrap_or_else(|failure| failed(&failure));
        }
        if request.name == DIRECTORY_TOOL {
            return self
                .run_directory(request)
                .await
                .unwrap_or_else(|failure| failed(&failure));
        }
        let outcome = match parse(&request.name, &request.input) {
            Ok(call) => match self.document_of(request, &call) {
                Ok(document) => {
                    let reach = self.reach(&request.session, &document, progress);
                    // Whether the document is live decides the way; a pane that is being loaded anew counts.
                    reach.let_pane_return().await;
                    if call.definition.effect == Effect::Read {
                        self.run_read(request, reach, call.operation).await
                    } else {
                        Box::pin(self.run_change(request, reach)).await
                    }
                }
                Err(failure) => Err(failure),
            },
            Err(failure) => Err(failure),
        };
        outcome.unwrap_or_else(|failure| failed(&failure))
    }

    async fn run_read(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        operation: Operation,
    ) -> Result<ToolResult, ToolFailure> {
        let lent = self.loans.of(&request.session, &Records::call_key(request));
        let answer = match (lent, reach.door()) {
            (Some(lent), Some(door)) if !reach.is_live() => {
                self.backends.files.read(door, operation, Some(lent)).await
            }
            _ => reach.read(operation).await,
        };
        let answer = answer.map_err(|trouble| told(&trouble))?;
        let title = text::title(&answer);
        Ok(done(&title, text::for_model(reach.document, &answer)))
    }

    async fn run_change(&self, request: &ToolRequest, reach: Reach<'_>) -> Result<ToolResult, ToolFailure> {
        let record = self
            .records
            .of_call(request)
            .await
            .map_err(|error| trouble(&error))?;
        let Some(mut record) = record else {
            let error = UserError::new(ErrorCode::Internal).detail("the call was not prepared");
            return Err(trouble(&error));
        };
        if record.stage == Stage::Done {
            return Ok(record
                .result
                .map_or_else(|| done("Done", String::new()), ToolResult::from));
        }
        if record.stage == Stage::Prepared {
            figures::fill(self, &request.session, &mut record.operation, reach.progress).await;
            record.stage = Stage::Intended;
            if !writes_file(reach) {
                self.records
                    .put(request, &record)
                    .await
                    .map_err(|error| trouble(&error))?;
            }
            return self.apply(request, reach, record).await;
        }
        // Begun before, outcome unknown: look first.
        self.settle(request, reach, record).await
    }

    /// Applies an intended change.
    async fn apply(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        mut record: Record,
    ) -> Result<ToolResult, ToolFailure> {
        match self.perform(request, reach, &mut record).await {
            Ok(applied) => self.finish(request, reach, record, Some(applied)).await,
            Err(Trouble::Unknown) => Box::pin(self.settle(request, reach, record)).await,
            Err(trouble) => Err(told(&trouble)),
        }
    }

    /// Does the operation of a record; what Office.js cannot do in a live deck goes through the slide's package.
    async fn perform(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        record: &mut Record,
    ) -> Result<Done, Trouble> {
        let apply_id = record.change_set.to_string();
        let (operation, expected) = (record.operation.clone(), record.expected.clone());
        let through_file = matches!(operation.definition().live, Support::ThroughFile(..));
        match (&operation, &record.before) {
            (Operation::Deck(operation), before) if through_file && reach.is_live() => {
                let after = match before {
                    Image::Slide { after, .. } => after.clone(),
                    _ => None,
                };
                exchange(reach, &apply_id, operation, after, expected.as_deref()).await
            }
            _ => {
                record.steps.clear();
                let key = Records::call_key(request);
                self.write(reach, &key, record, (&apply_id, operation, expected))
                    .await
            }
        }
    }

    /// Reads back what came of a change whose outcome is not known.
    async fn settle(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        record: Record,
    ) -> Result<ToolResult, ToolFailure> {
        if !reach.is_live() && reach.door().is_none() && !reach.wait_for_pane().await {
            return Err(told(&Trouble::Away));
        }
        // A file tells by its mark whether the step that was written down was done.
        if writes_file(reach)
            && let (Some(step), Some(door)) = (record.steps.last(), reach.door())
        {
            let now = self
                .backends
                .files
                .mark(door)
                .await
                .map_err(|trouble| told(&trouble))?;
            if now == step.file.1 {
                return self.finish(request, reach, record, None).await;
            }
            if now == step.file.0 {
                return self.apply(request, reach, record).await;
            }
        }
        match classify(reach, &record).await.map_err(|trouble| told(&trouble))? {
            Outcome::Applied => self.finish(request, reach, record, None).await,
            Outcome::NotApplied => self.apply(request, reach, record).await,
            Outcome::Partly { done, all } => {
                let error = UserError::new(ErrorCode::DocumentPartial).happened(format!(
                    "The pane closed while writing. I read the cells again: {done} of {all} are written."
                ));
                let mut result = self.finish(request, reach, record, None).await?;
                result.outcome = ToolOutcome::Failed;
                result.title.clone_from(&error.happened);
                result.output = error.to_string();
                Ok(result)
            }
        }
    }

    /// Reads what is there now and closes the record.
    async fn finish(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        mut record: Record,
        applied: Option<Done>,
    ) -> Result<ToolResult, ToolFailure> {
        let (answer, saved) = match applied {
            Some(Done { answer, saved }) => (Some(answer), saved),
            None => (None, None),
        };
        record.after = look_after(reach, &record).await;
        record.stage = Stage::Done;
        let change_set = self.change_set(request, reach.document, &record, answer.as_ref());
        let title = change_set.title.clone();
        let output = text::for_change(reach.document, &record, answer.as_ref(), saved);
        let stored = Stored {
            outcome: ToolOutcome::Done,
            title,
            output,
            change_set: Some(change_set),
            documents: Vec::new(),
        };
        record.result = Some(stored.clone());
        self.records
            .put(request, &record)
            .await
            .map_err(|error| trouble(&error))?;
        self.note_own(&request.session, &record.document, &record.after);
        Ok(stored.into())
    }

    fn change_set(
        &self,
        request: &ToolRequest,
        document: &DocumentView,
        record: &Record,
        answer: Option<&Answer>,
    ) -> ChangeSet {
        let entry = ChangeEntry {
            document: document.id.clone(),
            kind: document.kind,
            title: document.title.clone(),
            target: record.operation.target(),
            count: count(answer),
            sources: figures::of(&record.operation),
        };
        ChangeSet {
            id: record.change_set.clone(),
            turn: request.turn.clone(),
            call: request.call.clone(),
            at: self.world.now(),
            title: title_of(&record.operation),
            entries: vec![entry],
        }
    }
}

/// Takes the slide out, edits it with the file tools, puts it back.
async fn exchange(
    reach: Reach<'_>,
    apply_id: &str,
    operation: &DeckOperation,
    after: Option<String>,
    expected: Option<&str>,
) -> Result<Done, Trouble> {
    let Some(slide) = crate::preview::slide_of(operation) else {
        return Err(Trouble::Refused(Refusal::new(
            RefusalCode::Failed,
            "while the deck is open in PowerPoint this is done on one slide: name it",
        )));
    };
    let look = slide_read(&slide);
    let now = crate::preview::slide_in(reach.read(look).await?).map(|slide| slide.fingerprint);
    if expected.is_some_and(|expected| now.as_deref() != Some(expected)) {
        let message = "the slide changed since it was read; read it again";
        return Err(Trouble::Refused(Refusal::new(RefusalCode::Changed, message)));
    }
    let Answer::Deck(DeckAnswer::SlideExport(package)) = reach.read(slide_export(&slide)).await? else {
        return Err(Trouble::Refused(Refusal::new(
            RefusalCode::Failed,
            "the slide could not be taken out",
        )));
    };
    let operation = operation.clone();
    let work = tokio::task::spawn_blocking(move || deskhand_slides::edit_slide_package(&package, &operation));
    let edited = work
        .await
        .map_err(|_| Trouble::Refused(Refusal::new(RefusalCode::Failed, "the slide was not edited")))?;
    let (package, answer) = edited?;
    let replace = Operation::Deck(DeckOperation::SlideReplace(SlideReplace {
        slide,
        package,
        after,
    }));
    let done = reach.perform(apply_id, replace, None).await?;
    Ok(Done {
        answer: Answer::Deck(answer),
        ..done
    })
}

fn count(answer: Option<&Answer>) -> u32 {
    match answer {
        Some(Answer::Workbook(
            WorkbookAnswer::RangeWrite(applied)
            | WorkbookAnswer::RangeFormatting(applied)
            | WorkbookAnswer::RangeClear(applied)
            | WorkbookAnswer::RangeCopy(applied)
            | WorkbookAnswer::RangeFill(applied)
            | WorkbookAnswer::RangeSort(applied)
            | WorkbookAnswer::RangeRestore(applied),
        )) => applied.changed,
        _ => 1,
    }
}

fn done(title: &str, output: String) -> ToolResult {
    ToolResult::new(ToolOutcome::Done, title, output)
}

fn failed(failure: &ToolFailure) -> ToolResult {
    ToolResult::new(ToolOutcome::Failed, &failure.title, &failure.output)
}

fn trouble(error: &UserError) -> ToolFailure {
    ToolFailure {
        title: error.happened.clone(),
        output: error.to_string(),
    }
}
