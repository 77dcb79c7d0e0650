//! Taking an earlier change back while later ones stay: the bytes alone do not say whether what stays rests on what goes.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_formula::{CellAt, references};
use deskhand_opc::{Draft, Package, PatchSet, figures};
use deskhand_operations::{Refusal, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::new_finding;
use crate::recalculation::recalculate;
use crate::sheet::Worksheet;
use crate::tables;
use crate::workbook::{SheetKind, Workbook};

/// What a cell holds: its type, value and formula.
type Held = BTreeMap<(u32, u32), (String, Option<String>, Option<String>)>;

impl Workbook {
    /// The patches that take a change back by its way back (in the coordinates of this workbook), and compute the formulas
    /// of later changes that read what it changed.
    ///
    /// Refused with `Changed` where a later change rests on this one: a formula that names a sheet, table or name which
    /// would go, or a finding of the lint that was not there before.
    pub fn take_back(&self, back: &PatchSet) -> Result<PatchSet, Refusal> {
        Ok(self.plan_back(back)?)
    }

    fn plan_back(&self, back: &PatchSet) -> Outcome<PatchSet> {
        let mut draft = Draft::new(&self.package);
        draft.take(back.clone())?;
        figures::settle(&mut draft, &self.part)?;
        let after = Self::read(draft.package().clone())?;
        self.keeps_local_names(&after)?;
        self.leaves_nothing_dangling(&after)?;
        let changed = self.changed_cells(&after, back)?;
        if !changed.is_empty() {
            recalculate(&after, &mut draft, &changed)?;
        }
        let package: Package = draft.package().clone();
        if let Some(finding) = new_finding(self, package, None, false)? {
            return rests(&finding.sentence);
        }
        Ok(draft.finish())
    }

    /// Names that belong to a sheet count sheets: each must still belong to the same one.
    fn keeps_local_names(&self, after: &Self) -> Outcome<()> {
        let owners = |workbook: &Self| -> BTreeSet<(String, Option<String>)> {
            let of = |local: usize| workbook.sheets.get(local).map(|sheet| sheet.name.clone());
            let names = workbook.names.iter();
            names
                .filter_map(|name| Some((name.name.to_lowercase(), of(name.local?))))
                .collect()
        };
        let before = owners(self);
        let known: BTreeSet<&String> = before.iter().map(|(name, _)| name).collect();
        let is_strange =
            |owned: &&(String, Option<String>)| known.contains(&owned.0) && !before.contains(*owned);
        match owners(after).iter().find(is_strange) {
            Some((name, _)) => rests(&format!("the name `{name}` would belong to another sheet")),
            None => Ok(()),
        }
    }

    /// Formulas and names that stay must not name what goes.
    fn leaves_nothing_dangling(&self, after: &Self) -> Outcome<()> {
        let sheets: BTreeSet<String> = gone(
            self.sheets.iter().map(|sheet| &sheet.name),
            after.sheets.iter().map(|sheet| &sheet.name),
        );
        let (tables, left) = (tables::all(self)?, tables::all(after)?);
        let mut names = gone(
            self.names.iter().map(|name| &name.name),
            after.names.iter().map(|name| &name.name),
        );
        names.extend(gone(
            tables.iter().map(|(_, table)| &table.name),
            left.iter().map(|(_, table)| &table.name),
        ));
        if sheets.is_empty() && names.is_empty() {
            return Ok(());
        }
        let dangles = |formula: &str| {
            let found = references(formula);
            let sheet = found.ranges.iter().find_map(|range| {
                range
                    .sheet
                    .clone()
                    .filter(|sheet| sheets.contains(&sheet.to_lowercase()))
            });
            sheet.or_else(|| {
                let mut named = found.names.into_iter();
                named.find(|name| names.contains(&name.to_lowercase()))
            })
        };
        for name in &after.names {
            if let Some(goes) = dangles(&name.refers_to) {
                return rests(&format!("the name `{}` refers to `{goes}`", name.name));
            }
        }
        for sheet in after
            .sheets
            .iter()
            .filter(|sheet| sheet.kind == SheetKind::Worksheet)
        {
            let content = after.package.part(&sheet.part)?;
            let scanned = Worksheet::read(after, &sheet.part, &content, &Keep::Formulas)?;
            for cell in &scanned.data.cells {
                let goes = cell.formula.as_ref().and_then(|formula| dangles(&formula.text));
                if let Some(goes) = goes {
                    let cell = addresses::cell(sheet, cell.row, cell.column);
                    return rests(&format!("the formula in {cell} refers to `{goes}`"));
                }
            }
        }
        Ok(())
    }

    /// The cells that hold something else afterwards, those of sheets that come again among them.
    fn changed_cells(&self, after: &Self, back: &PatchSet) -> Outcome<Vec<CellAt>> {
        let touched: BTreeSet<String> = back
            .patches
            .iter()
            .map(|patch| patch.part().to_lowercase())
            .collect();
        let mut changed = Vec::new();
        for (index, sheet) in after.sheets.iter().enumerate() {
            if sheet.kind != SheetKind::Worksheet || !touched.contains(&sheet.part.to_lowercase()) {
                continue;
            }
            let (was, is) = (held(self, &sheet.part)?, held(after, &sheet.part)?);
            let differs = |cell: &&(u32, u32)| was.get(*cell) != is.get(*cell);
            let mut cells: Vec<_> = was.keys().chain(is.keys()).filter(differs).copied().collect();
            cells.sort_unstable();
            cells.dedup();
            let at = |(row, column)| CellAt {
                sheet: index,
                row,
                column,
            };
            changed.extend(cells.into_iter().map(at));
        }
        Ok(changed)
    }
}

fn rests<T>(on: &str) -> Outcome<T> {
    refuse(
        RefusalCode::Changed,
        format!("A later change rests on this one: {on}; nothing was changed."),
    )
}

/// What is in the first list only, in lower case.
fn gone<'a>(
    before: impl Iterator<Item = &'a String>,
    after: impl Iterator<Item = &'a String>,
) -> BTreeSet<String> {
    let after: BTreeSet<String> = after.map(|name| name.to_lowercase()).collect();
    before
        .map(|name| name.to_lowercase())
        .filter(|name| !after.contains(name))
        .collect()
}

/// The cells of a part; none where there is no such part.
fn held(workbook: &Workbook, part: &str) -> Outcome<Held> {
    if !workbook.package.contains(part) {
        return Ok(Held::new());
    }
    let content = workbook.package.part(part)?;
    let scanned = Worksheet::read(workbook, part, &content, &Keep::All)?;
    let cells = scanned.data.cells.into_iter().map(|cell| {
        let formula = cell.formula.map(|formula| formula.text);
        ((cell.row, cell.column), (cell.kind, cell.value, formula))
    });
    Ok(cells.collect())
}
