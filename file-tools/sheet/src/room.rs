//! What formulas and texts that many cells share may take when each cell has its own: a file of a few kilobytes can name one
//! long text a million times.

use deskhand_opc::Limits;
use deskhand_operations::RefusalCode;

use crate::cells::ScannedCell;
use crate::error::{Outcome, refuse};

/// Bytes that are left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(usize);

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(limits.written_out)
    }

    /// Takes the place of a formula or text.
    pub(crate) fn take(&mut self, bytes: usize) -> Outcome<()> {
        let Some(left) = self.0.checked_sub(bytes) else {
            return refuse(
                RefusalCode::TooLarge,
                "Many cells share formulas or texts that are too long to be looked at cell by cell; nothing was changed.",
            );
        };
        self.0 = left;
        Ok(())
    }

    /// Takes the place of the shared texts that cells name.
    pub(crate) fn take_texts(&mut self, cells: &[ScannedCell<'_>], texts: &[String]) -> Outcome<()> {
        for cell in cells.iter().filter(|cell| cell.kind == "s") {
            let index = cell
                .value
                .as_ref()
                .and_then(|index| index.trim().parse::<usize>().ok());
            if let Some(text) = index.and_then(|index| texts.get(index)) {
                self.take(text.len())?;
            }
        }
        Ok(())
    }
}
