//! Undo and redo of change sets. What a person changed since stays, unless it was chosen to be undone too.

use deskhand_core::ports::Progress;
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::operations::deck::{SlideDelete, SlideReplace};
use deskhand_protocol::operations::workbook::{ChartDelete, RangeRestore, SheetDelete, TableDelete};
use deskhand_protocol::operations::{
    Address, DeckOperation, Operation, Refusal, RefusalCode, WorkbookOperation,
};
use deskhand_protocol::{ChangeSetId, ErrorCode, SessionId, UserError};

use crate::backend::{Reach, Trouble};
use crate::call::error_code;
use crate::file::Taken;
use crate::grid::{differing, padded};
use crate::journal::{Image, Record, steps_of};
use crate::preview::{
    added_slide_of, deck_in, deck_info, range_in, range_to_keep, slide_in, slide_of, slide_read, workbook_in,
    workbook_info,
};
use crate::tools::DocumentTools;
use crate::write::writes_file;

/// What came of the exact way.
enum Exactly {
    /// The change is where it should be.
    Done,
    /// There is none, for this reason where there could be one.
    Barred(Option<String>),
}

impl DocumentTools {
    /// Undoes a change set; answers the places that were left alone. Undoing twice is no error.
    pub async fn undo(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
        overwrite: bool,
        progress: &dyn Progress,
    ) -> Result<Vec<String>, UserError> {
        if let Some(file) = self.records.file_of_change(session, id).await? {
            self.take_back(session, file, true, overwrite).await?;
            return Ok(Vec::new());
        }
        let (key, mut record, document) = self.change(session, id).await?;
        let reach = self.reach(session, &document, progress);
        let kept = match self.exactly(reach, &key, &mut record, true).await? {
            Exactly::Done => Vec::new(),
            Exactly::Barred(_) if record.undone => return Ok(Vec::new()),
            Exactly::Barred(reason) => {
                self.by_operation(reach, &key, &mut record, (overwrite, reason))
                    .await?
            }
        };
        self.records.replace(session, &key, &record).await?;
        self.forget_own(session, &document.id);
        Ok(kept)
    }

    /// Does an undone change set again, when its target still is as it was before.
    pub async fn redo(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
        progress: &dyn Progress,
    ) -> Result<(), UserError> {
        if let Some(file) = self.records.file_of_change(session, id).await? {
            return self.take_back(session, file, false, false).await;
        }
        let (key, mut record, document) = self.change(session, id).await?;
        let reach = self.reach(session, &document, progress);
        match self.exactly(reach, &key, &mut record, false).await? {
            Exactly::Barred(_) if !record.undone => return Ok(()),
            Exactly::Barred(_) => {
                let apply_id = format!("{id}/redo/{}", self.world.now());
                let (operation, expected) = (record.operation.clone(), record.expected.clone());
                record.undone = false;
                let done = self
                    .write(reach, &key, &mut record, (&apply_id, operation, expected))
                    .await;
                done.map_err(|trouble| in_words(&trouble))?;
            }
            Exactly::Done => {}
        }
        self.records.replace(session, &key, &record).await?;
        self.forget_own(session, &document.id);
        Ok(())
    }

    async fn change(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
    ) -> Result<(String, Record, DocumentView), UserError> {
        let missing = || UserError::new(ErrorCode::DocumentNotFound);
        let (key, record) = self.records.of_change(session, id).await?.ok_or_else(missing)?;
        let document = self
            .registry
            .of_session(session, &record.document)
            .ok_or_else(missing)?;
        Ok((key, record, document))
    }

    /// The exact way of a file, while the changes of others and later ones of this session stay.
    async fn exactly(
        &self,
        reach: Reach<'_>,
        key: &str,
        record: &mut Record,
        undone: bool,
    ) -> Result<Exactly, UserError> {
        if !reach.let_pane_return().await {
            return Err(in_words(&Trouble::Away));
        }
        let Some(door) = reach
            .door()
            .filter(|_| writes_file(reach) && !record.steps.is_empty())
        else {
            return Ok(Exactly::Barred(None));
        };
        let records = self.records.all(reach.session).await?;
        let of_file = records.iter().filter(|other| other.document == record.document);
        let steps = steps_of(of_file);
        let files = &self.backends.files;
        let taken = files
            .take_back(door, steps, record.change_set.clone(), undone)
            .await;
        match taken.map_err(|trouble| in_words(&trouble))? {
            Taken::Barred(reason) => return Ok(Exactly::Barred(Some(reason))),
            Taken::Nothing => record.undone = undone,
            Taken::Planned(planned) => {
                record.undone = undone;
                let saved = self.commit(reach, key, record, *planned).await;
                saved.map_err(|trouble| in_words(&trouble))?;
            }
        }
        Ok(Exactly::Done)
    }

    /// The way back by operations, where there is no exact one for a reason.
    async fn by_operation(
        &self,
        reach: Reach<'_>,
        key: &str,
        record: &mut Record,
        (overwrite, reason): (bool, Option<String>),
    ) -> Result<Vec<String>, UserError> {
        let conflict = |sentence: String, detail: String| {
            UserError::new(ErrorCode::UndoConflict)
                .happened(sentence)
                .detail(detail)
        };
        let barred = |refusal: &Refusal| {
            let reason = reason.as_deref().unwrap_or(refusal.clause());
            conflict(
                format!("This cannot be undone now: {reason}."),
                refusal.message.clone(),
            )
        };
        let back = self.back(reach.session, reach, record, overwrite).await;
        let (back, kept) = match back {
            Ok(found) => found,
            Err(Trouble::Refused(refusal)) if refusal.code == RefusalCode::Changed => {
                return Err(barred(&refusal));
            }
            Err(trouble) => return Err(in_words(&trouble)),
        };
        let Some(back) = back else {
            return Err(match reason {
                Some(reason) if kept.is_empty() => conflict(sentence(&reason), reason),
                _ => {
                    let sentence = "This was changed since, so it was left as it is.";
                    conflict(sentence.to_owned(), kept.join(", "))
                }
            });
        };
        let apply_id = format!("{}/undo/{}", record.change_set, self.world.now());
        record.undone = true;
        match self.write(reach, key, record, (&apply_id, back, None)).await {
            Ok(_) => Ok(kept),
            Err(Trouble::Refused(refusal)) if reason.is_some() => Err(barred(&refusal)),
            Err(trouble) => Err(in_words(&trouble)),
        }
    }

    /// The operation that leads back, and the places that it leaves alone; no operation when all must be left alone.
    async fn back(
        &self,
        session: &SessionId,
        reach: Reach<'_>,
        record: &Record,
        overwrite: bool,
    ) -> Result<(Option<Operation>, Vec<String>), Trouble> {
        match (&record.operation, &record.before) {
            (Operation::Workbook(operation), Image::Range(before)) => {
                let Some((sheet, area, read)) = range_to_keep(operation)? else {
                    return Ok((None, Vec::new()));
                };
                let now = padded(
                    range_in(reach.read(read).await?).unwrap_or_default(),
                    &sheet,
                    area,
                );
                let changed = match &record.after {
                    Image::Range(after) => differing(area, after.formulas.as_ref(), now.formulas.as_ref()),
                    _ => Vec::new(),
                };
                let places = changed
                    .into_iter()
                    .map(|cell| Address::on(sheet.clone(), cell).to_string());
                let kept: Vec<String> = if overwrite { Vec::new() } else { places.collect() };
                let restore = RangeRestore {
                    image: before.clone(),
                    except: kept.clone(),
                };
                Ok((
                    Some(Operation::Workbook(WorkbookOperation::RangeRestore(restore))),
                    kept,
                ))
            }
            (Operation::Workbook(operation), _) => {
                self.back_structure(session, reach, operation, overwrite).await
            }
            (Operation::Deck(operation), _) => back_slide(reach, operation, record, overwrite).await,
            (Operation::Text(_), _) => Ok((None, Vec::new())),
        }
    }

    async fn back_structure(
        &self,
        session: &SessionId,
        reach: Reach<'_>,
        operation: &WorkbookOperation,
        overwrite: bool,
    ) -> Result<(Option<Operation>, Vec<String>), Trouble> {
        let back = match operation {
            WorkbookOperation::SheetAdd(params) => {
                let content = workbook_in(reach.read(workbook_info()).await?).unwrap_or_default();
                let sheet = content
                    .sheets
                    .iter()
                    .find(|sheet| sheet.name.eq_ignore_ascii_case(&params.name));
                if let Some(sheet) = sheet {
                    let own = self.own_cells(session, &reach.document.id).await;
                    if !overwrite && !self.is_own_sheet(reach, sheet, &own).await {
                        return Ok((None, vec![params.name.clone()]));
                    }
                }
                WorkbookOperation::SheetDelete(SheetDelete {
                    name: params.name.clone(),
                })
            }
            WorkbookOperation::TableAdd(params) => WorkbookOperation::TableDelete(TableDelete {
                name: params.name.clone(),
            }),
            WorkbookOperation::TableDelete(_)
            | WorkbookOperation::SheetDelete(_)
            | WorkbookOperation::ChartDelete(_) => {
                let message = "the way back is kept with the file as it was; the file was changed since";
                return Err(Trouble::Refused(Refusal::new(RefusalCode::Changed, message)));
            }
            WorkbookOperation::ChartAdd(params) => {
                let on = params.place.as_deref().unwrap_or(&params.range);
                let sheet = Address::parse(on)
                    .ok()
                    .and_then(|address| address.sheet)
                    .unwrap_or_default();
                WorkbookOperation::ChartDelete(ChartDelete {
                    sheet,
                    name: params.name.clone(),
                })
            }
            _ => return Ok((None, Vec::new())),
        };
        Ok((Some(Operation::Workbook(back)), Vec::new()))
    }
}

/// The way back of a slide.
async fn back_slide(
    reach: Reach<'_>,
    operation: &DeckOperation,
    record: &Record,
    overwrite: bool,
) -> Result<(Option<Operation>, Vec<String>), Trouble> {
    let (slide, back) = match (operation, &record.before) {
        (operation, _) if added_slide_of(operation).is_some() => {
            let slide = added_slide_of(operation).unwrap_or_default();
            let delete = SlideDelete { slide: slide.clone() };
            (slide, DeckOperation::SlideDelete(delete))
        }
        (operation, Image::Slide { package, after, .. }) => {
            let Some(slide) = slide_of(operation) else {
                return Ok((None, Vec::new()));
            };
            let replace = SlideReplace {
                slide: slide.clone(),
                package: package.clone(),
                after: after.clone(),
            };
            (slide, DeckOperation::SlideReplace(replace))
        }
        _ => return Ok((None, Vec::new())),
    };
    if !overwrite && slide_changed(reach, &slide, &record.after).await? {
        return Ok((None, vec![format!("slide:{slide}")]));
    }
    Ok((Some(Operation::Deck(back)), Vec::new()))
}

/// True when a slide is another than this session left it, or gone.
async fn slide_changed(reach: Reach<'_>, id: &str, after: &Image) -> Result<bool, Trouble> {
    let deck = deck_in(reach.read(deck_info()).await?).unwrap_or_default();
    if deck.slides.iter().all(|slide| slide.id != id) {
        return Ok(false);
    }
    let slide = slide_in(reach.read(slide_read(id)).await?).unwrap_or_default();
    Ok(matches!(after, Image::Slide { fingerprint, .. } if *fingerprint != slide.fingerprint))
}

/// What stands in the way, for a person.
fn sentence(reason: &str) -> String {
    let reason = reason
        .trim_end_matches('.')
        .trim_end_matches("; nothing was changed");
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    let rest = letters.as_str();
    format!(
        "This cannot be undone now: {}{rest}.",
        first.map(String::from).unwrap_or_default()
    )
}

/// A trouble for a person.
fn in_words(trouble: &Trouble) -> UserError {
    let (code, message) = match trouble {
        Trouble::Away => return UserError::new(ErrorCode::DocumentPaneClosed),
        Trouble::Unknown => return UserError::new(ErrorCode::DocumentPartial),
        Trouble::Journal(error) => return (**error).clone(),
        Trouble::Refused(refusal) => (refusal.code, &refusal.message),
    };
    UserError::new(error_code(code)).detail(message)
}
