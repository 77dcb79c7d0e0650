//! Writing a change: in a pane at once, in a file only after its exact way back is in the journal (Invariant 6).

use deskhand_protocol::operations::Operation;

use crate::backend::{Done, Reach, Trouble};
use crate::file::Planned;
use crate::journal::Record;
use crate::tools::DocumentTools;

/// True where a change goes to a file.
pub(crate) fn writes_file(reach: Reach<'_>) -> bool {
    !reach.is_live() && reach.door().is_some()
}

impl DocumentTools {
    /// Does a changing operation for a record, which is in the journal under its key with the step to come before a file is
    /// touched.
    pub(crate) async fn write(
        &self,
        reach: Reach<'_>,
        key: &str,
        record: &mut Record,
        (apply_id, operation, expected): (&str, Operation, Option<String>),
    ) -> Result<Done, Trouble> {
        if !reach.let_pane_return().await {
            return Err(Trouble::Away);
        }
        match reach.door() {
            Some(door) if !reach.is_live() => {
                let lent = self.loans.of(reach.session, key);
                let mut planned = self
                    .backends
                    .files
                    .plan(door, (operation, lent), expected, self.world.now())
                    .await?;
                let answer = planned.answer.take();
                let saved = self.commit(reach, key, record, planned).await?;
                let answer = answer.ok_or(Trouble::Unknown)?;
                Ok(Done {
                    answer,
                    saved: Some(saved),
                })
            }
            _ => reach.perform(apply_id, operation, expected).await,
        }
    }

    /// Writes the step down, and then the file. A step that was refused is taken out again; one that was cut off is told
    /// by the file's mark.
    pub(crate) async fn commit(
        &self,
        reach: Reach<'_>,
        key: &str,
        record: &mut Record,
        mut planned: Planned,
    ) -> Result<u64, Trouble> {
        planned.applied.at = self.world.now();
        planned.applied.undone = record.undone;
        record.steps.push(planned.applied.clone());
        self.records
            .replace(reach.session, key, record)
            .await
            .map_err(|error| Trouble::Journal(Box::new(error)))?;
        let saved = self.backends.files.commit(planned).await;
        if matches!(saved, Err(Trouble::Refused(_))) {
            record.steps.pop();
            // Where this fails too, the mark tells that the step was never done.
            drop(self.records.replace(reach.session, key, record).await);
        }
        saved
    }
}
