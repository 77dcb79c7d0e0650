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
use crate::grid::{differing, padded};
use crate::journal::{Image, Record};
use crate::preview::{
    deck_in, deck_info, range_in, range_to_keep, slide_in, slide_of, slide_read, workbook_in, workbook_info,
};
use crate::tools::DocumentTools;

impl DocumentTools {
    /// Undoes a change set; answers the places that were left alone. Undoing twice is no error.
    pub async fn undo(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
        overwrite: bool,
        progress: &dyn Progress,
    ) -> Result<Vec<String>, UserError> {
        let (key, mut record, document) = self.change(session, id).await?;
        if record.undone {
            return Ok(Vec::new());
        }
        let reach = self.reach(session, &document, progress);
        let exactly = self.exactly(reach, &record).await;
        let kept = if exactly.map_err(|trouble| in_words(&trouble))? {
            Vec::new()
        } else {
            self.by_operation(session, reach, &record, overwrite).await?
        };
        record.undone = true;
        record.patch = None;
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
        let (key, mut record, document) = self.change(session, id).await?;
        if !record.undone {
            return Ok(());
        }
        let reach = self.reach(session, &document, progress);
        let apply_id = format!("{id}/redo/{}", self.world.now());
        let done = reach
            .perform(&apply_id, record.operation.clone(), record.expected.clone())
            .await;
        let done = done.map_err(|trouble| in_words(&trouble))?;
        record.patch = done.patch;
        record.undone = false;
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

    /// The exact way back of a file, byte for byte, when nobody changed the parts since.
    async fn exactly(&self, reach: Reach<'_>, record: &Record) -> Result<bool, Trouble> {
        if !reach.let_pane_return().await {
            return Err(Trouble::Away);
        }
        match (&record.patch, reach.door()) {
            (Some(patch), Some(door)) if !reach.is_live() => {
                self.backends.files.restore(door, patch.clone()).await
            }
            _ => Ok(false),
        }
    }

    /// The way back by operations.
    async fn by_operation(
        &self,
        session: &SessionId,
        reach: Reach<'_>,
        record: &Record,
        overwrite: bool,
    ) -> Result<Vec<String>, UserError> {
        let (back, kept) = self
            .back(session, reach, record, overwrite)
            .await
            .map_err(|trouble| in_words(&trouble))?;
        let Some(back) = back else {
            let sentence = "This was changed since, so it was left as it is.";
            return Err(UserError::new(ErrorCode::UndoConflict)
                .happened(sentence)
                .detail(kept.join(", ")));
        };
        let apply_id = format!("{}/undo/{}", record.change_set, self.world.now());
        reach
            .perform(&apply_id, back, None)
            .await
            .map_err(|trouble| in_words(&trouble))?;
        Ok(kept)
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
        (DeckOperation::SlideAdd(params), _) => {
            let slide = params.id.clone();
            let delete = SlideDelete { slide: slide.clone() };
            (slide, DeckOperation::SlideDelete(delete))
        }
        (operation, Image::Slide { package, after, .. }) => {
            let Some(slide) = slide_of(operation).map(str::to_owned) else {
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

/// A trouble for a person.
fn in_words(trouble: &Trouble) -> UserError {
    let (code, message) = match trouble {
        Trouble::Away => return UserError::new(ErrorCode::DocumentPaneClosed),
        Trouble::Unknown => return UserError::new(ErrorCode::DocumentPartial),
        Trouble::Refused(refusal) => (refusal.code, &refusal.message),
    };
    UserError::new(error_code(code)).detail(message)
}
