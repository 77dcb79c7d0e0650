//! What an operation refuses before it changes more than the contents of cells: protected sheets, and what cannot be cut.

use deskhand_opc::{Draft, Package};
use deskhand_operations::{Area, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::pivots;
use crate::sheet::Worksheet;
use crate::stream::SheetPart;
use crate::tables;
use crate::workbook::{SheetEntry, Workbook};

/// A sheet, and the area on it that an operation changes.
pub(super) struct Ground<'s, 'a> {
    pub(super) package: &'s Package,
    pub(super) sheet: &'s SheetEntry,
    pub(super) scanned: &'s Worksheet<'a>,
    pub(super) area: Area,
}

impl Ground<'_, '_> {
    fn stop<T>(&self, why: &str) -> Outcome<T> {
        let place = addresses::on(self.sheet, self.area);
        refuse(
            RefusalCode::Protected,
            format!("{place} {why}; nothing was changed."),
        )
    }

    /// Refuses a sheet that is protected, or whose cells are out of order.
    pub(super) fn is_open(&self) -> Outcome<()> {
        open(self.sheet, self.scanned)
    }

    /// Refuses where an array formula or data table that fills several cells meets the area.
    pub(super) fn no_arrays(&self) -> Outcome<()> {
        let mut arrays = self.scanned.data.arrays.iter();
        match arrays.find(|array| array.cells() > 1 && array.intersection(&self.area).is_some()) {
            Some(array) => self.stop(&format!("meets the array formula in {array}")),
            None => Ok(()),
        }
    }

    /// Refuses where merged cells meet the area.
    pub(super) fn no_merges(&self) -> Outcome<()> {
        let mut merged = self.scanned.merged.iter();
        match merged.find(|merged| merged.intersection(&self.area).is_some()) {
            Some(merged) => self.stop(&format!("holds the merged cells {merged}")),
            None => Ok(()),
        }
    }

    /// Refuses where merged cells lie partly inside the area.
    pub(super) fn no_cut_merges(&self) -> Outcome<()> {
        let cut = |merged: &&Area| {
            merged
                .intersection(&self.area)
                .is_some_and(|common| common != **merged)
        };
        match self.scanned.merged.iter().find(cut) {
            Some(merged) => self.stop(&format!("cuts through the merged cells {merged}")),
            None => Ok(()),
        }
    }

    /// Refuses where a table meets the area.
    pub(super) fn no_tables(&self) -> Outcome<()> {
        let tables = tables::of_sheet(self.package, self.sheet)?;
        match tables
            .iter()
            .find(|table| table.area.intersection(&self.area).is_some())
        {
            Some(table) => self.stop(&format!("meets the table `{}`", table.name)),
            None => Ok(()),
        }
    }

    /// Refuses where a pivot table meets the area.
    pub(super) fn no_pivots(&self) -> Outcome<()> {
        let pivots = pivots::areas(self.package, self.sheet)?;
        match pivots
            .iter()
            .find(|(_, area)| area.intersection(&self.area).is_some())
        {
            Some((name, _)) => self.stop(&format!("meets the pivot table `{name}`")),
            None => Ok(()),
        }
    }
}

/// Refuses a sheet that is protected, or whose cells are out of order.
pub(super) fn open(sheet: &SheetEntry, scanned: &Worksheet<'_>) -> Outcome<()> {
    if scanned.protected {
        return refuse(
            RefusalCode::Protected,
            format!("The sheet `{}` is protected; nothing was changed.", sheet.name),
        );
    }
    ordered(sheet, scanned)
}

/// Refuses a sheet of the draft that is protected, or whose cells are out of order.
pub(super) fn of_part(workbook: &Workbook, draft: &Draft, sheet: &SheetEntry) -> Outcome<()> {
    let part = SheetPart::without_rows(draft.package(), &sheet.part)?;
    let scanned = part.read(workbook, &Keep::Areas(Vec::new()))?;
    open(sheet, &scanned)
}

/// Refuses a sheet whose cells are out of order: edits would not find their place.
pub(super) fn ordered(sheet: &SheetEntry, scanned: &Worksheet<'_>) -> Outcome<()> {
    if !scanned.data.ordered {
        return refuse(
            RefusalCode::Corrupt,
            format!(
                "The cells of `{}` are out of order; nothing was changed.",
                sheet.name
            ),
        );
    }
    Ok(())
}
