//! How two workbooks differ, as a person would say it: sheets, rows that were inserted, cells, formulas, looks, names, tables,
//! charts. What has no words of its own is named by its part.

mod align;
mod cells;
mod follow;
mod say;

use std::collections::{BTreeMap, BTreeSet};

use deskhand_operations::Refusal;
use deskhand_operations::answer::Difference;

use crate::cells::Keep;
use crate::error::Outcome;
use crate::room::Room;
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::workbook::{SheetEntry, SheetKind, Workbook};
use crate::{drawings, tables};
use align::Alignment;
use cells::{Grid, read};
use follow::{Beside, Follow};
use say::Said;

/// Differences of an earlier workbook from a later one, in the order of the later one's tabs.
pub fn compare(before: &Workbook, after: &Workbook) -> Result<Vec<Difference>, Refusal> {
    let mut said = Said::default();
    let pairs = pairs(before, after);
    tabs(before, after, &pairs, &mut said);
    let context = Context {
        before,
        after,
        strings: (strings::shared(before)?, strings::shared(after)?),
        styles: (Styles::read(before)?, Styles::read(after)?),
    };
    let mut beside = Vec::new();
    for (index, sheet) in after.sheets.iter().enumerate() {
        if let Some(earlier) = pairs.get(&index) {
            beside.extend(context.beside(&before.sheets[*earlier], sheet)?);
        }
    }
    let follow = Follow::new(before, &beside);
    for sheet in &mut beside {
        follow.drop_what_follows(sheet);
        context.say(sheet, &mut said)?;
    }
    names(before, after, &mut said);
    objects(before, after, &pairs, &mut said)?;
    parts(before, after, &mut said)?;
    Ok(said.differences)
}

/// For each sheet of the later workbook the same one in the earlier: by name, otherwise by its id (renamed).
fn pairs(before: &Workbook, after: &Workbook) -> BTreeMap<usize, usize> {
    let mut pairs = BTreeMap::new();
    for (index, sheet) in after.sheets.iter().enumerate() {
        if let Some(earlier) = before.sheet_index(&sheet.name) {
            pairs.insert(index, earlier);
        }
    }
    let taken: BTreeSet<usize> = pairs.values().copied().collect();
    for (index, sheet) in after.sheets.iter().enumerate() {
        let renamed = |(earlier, candidate): &(usize, &SheetEntry)| {
            !taken.contains(earlier) && candidate.id == sheet.id && candidate.kind == sheet.kind
        };
        if !pairs.contains_key(&index)
            && let Some((earlier, _)) = before.sheets.iter().enumerate().find(renamed)
        {
            pairs.insert(index, earlier);
        }
    }
    pairs
}

fn tabs(before: &Workbook, after: &Workbook, pairs: &BTreeMap<usize, usize>, said: &mut Said) {
    let kept: BTreeSet<usize> = pairs.values().copied().collect();
    for (index, sheet) in before.sheets.iter().enumerate() {
        if !kept.contains(&index) {
            said.plain(
                "sheet.deleted",
                &sheet.name,
                format!("The sheet {} was deleted.", sheet.name),
            );
        }
    }
    let mut last = None;
    for (index, sheet) in after.sheets.iter().enumerate() {
        let Some(earlier) = pairs.get(&index) else {
            said.plain(
                "sheet.added",
                &sheet.name,
                format!("The sheet {} was added.", sheet.name),
            );
            continue;
        };
        let held = &before.sheets[*earlier];
        if held.name != sheet.name {
            let sentence = format!("The sheet {} was renamed to {}.", held.name, sheet.name);
            said.changed("sheet.renamed", &sheet.name, &held.name, &sheet.name, sentence);
        }
        if held.visible != sheet.visible {
            let state = if sheet.visible { "shown" } else { "hidden" };
            said.plain(
                "sheet.visibility",
                &sheet.name,
                format!("The sheet {} is {state} now.", sheet.name),
            );
        }
        if last.is_some_and(|last| last > *earlier) {
            said.plain(
                "sheet.moved",
                &sheet.name,
                format!("The sheet {} was moved.", sheet.name),
            );
        } else {
            last = Some(*earlier);
        }
    }
}

/// What both workbooks' cells refer to.
struct Context<'w> {
    before: &'w Workbook,
    after: &'w Workbook,
    strings: (Vec<String>, Vec<String>),
    styles: (Styles, Styles),
}

impl Context<'_> {
    /// Lays two sheets beside each other; nothing where they hold the same.
    fn beside<'w>(&self, earlier: &'w SheetEntry, later: &'w SheetEntry) -> Outcome<Option<Beside<'w>>> {
        if earlier.kind != SheetKind::Worksheet || later.kind != SheetKind::Worksheet {
            return Ok(None);
        }
        let contents = (
            self.before.package.part(&earlier.part)?,
            self.after.package.part(&later.part)?,
        );
        let alike = self.strings.0 == self.strings.1 && self.styles.0 == self.styles.1;
        if contents.0 == contents.1 && alike {
            return Ok(None);
        }
        let before = Worksheet::read(self.before, &earlier.part, &contents.0, &Keep::All)?;
        let after = Worksheet::read(self.after, &later.part, &contents.1, &Keep::All)?;
        let mut room = Room::new(self.after.package.limits());
        room.take_texts(&before.data.cells, &self.strings.0)?;
        room.take_texts(&after.data.cells, &self.strings.1)?;
        let grids = (
            read(&before, &self.strings.0, &self.styles.0),
            read(&after, &self.strings.1, &self.styles.1),
        );
        let (alignment, changes) = best(&grids.0, &grids.1);
        Ok(Some(Beside {
            earlier,
            later,
            alignment,
            changes,
        }))
    }

    fn say(&self, sheet: &Beside<'_>, said: &mut Said) -> Outcome<()> {
        said.structure(&sheet.later.name, &sheet.alignment);
        said.cells(&sheet.later.name, &sheet.changes, &self.styles.0, &self.styles.1);
        let none = Keep::Areas(Vec::new());
        let contents = (
            self.before.package.part(&sheet.earlier.part)?,
            self.after.package.part(&sheet.later.part)?,
        );
        let before = Worksheet::read(self.before, &sheet.earlier.part, &contents.0, &none)?;
        let after = Worksheet::read(self.after, &sheet.later.part, &contents.1, &none)?;
        said.elements(&sheet.later.name, &before, &after, &sheet.alignment);
        Ok(())
    }
}

/// The way of laying the sheets beside each other that leaves the fewest differences.
fn best(before: &Grid, after: &Grid) -> (Alignment, Vec<cells::Change>) {
    let mut best: Option<(usize, Alignment, Vec<cells::Change>)> = None;
    for alignment in align::candidates(before, after) {
        let changes = cells::changes(before, after, &alignment);
        let cost = changes.iter().filter(|change| change.weighs()).count() + alignment.cost();
        if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
            best = Some((cost, alignment, changes));
        }
    }
    best.map_or_else(Default::default, |(_, alignment, changes)| (alignment, changes))
}

fn names(before: &Workbook, after: &Workbook, said: &mut Said) {
    let all = |workbook: &Workbook| -> BTreeMap<String, String> {
        let named = workbook.names.iter().map(|name| {
            let scope = name.local.and_then(|local| workbook.sheets.get(local));
            let scope = scope.map(|sheet| format!("{}!", sheet.name)).unwrap_or_default();
            (format!("{scope}{}", name.name), name.refers_to.clone())
        });
        named.collect()
    };
    let (earlier, later) = (all(before), all(after));
    for (name, meaning) in &later {
        match earlier.get(name) {
            None => {
                let sentence = format!("The name {name} was added; it stands for {meaning}.");
                said.change("name.added", name, None, Some(meaning), sentence);
            }
            Some(held) if held != meaning => {
                let sentence = format!("The name {name} stands for {meaning} instead of {held}.");
                said.changed("name.changed", name, held, meaning, sentence);
            }
            Some(_) => {}
        }
    }
    for (name, meaning) in earlier.iter().filter(|(name, _)| !later.contains_key(*name)) {
        said.change(
            "name.deleted",
            name,
            Some(meaning),
            None,
            format!("The name {name} was deleted."),
        );
    }
}

/// Tables and charts.
fn objects(
    before: &Workbook,
    after: &Workbook,
    pairs: &BTreeMap<usize, usize>,
    said: &mut Said,
) -> Outcome<()> {
    let listed = |workbook: &Workbook| -> Outcome<BTreeMap<String, String>> {
        let tables = tables::all(workbook)?.into_iter();
        let named = tables.map(|(sheet, table)| {
            let address = crate::addresses::on(&workbook.sheets[sheet], table.area);
            (table.name, address)
        });
        Ok(named.collect())
    };
    let (earlier, later) = (listed(before)?, listed(after)?);
    for (name, place) in &later {
        match earlier.get(name) {
            None => said.plain(
                "table.added",
                name,
                format!("The table {name} was added at {place}."),
            ),
            Some(held) if held != place => {
                let sentence = format!("The table {name} covers {place} instead of {held}.");
                said.changed("table.resized", name, held, place, sentence);
            }
            Some(_) => {}
        }
    }
    for name in earlier.keys().filter(|name| !later.contains_key(*name)) {
        said.plain("table.deleted", name, format!("The table {name} was removed."));
    }
    let charts = |workbook: &Workbook, sheet: &SheetEntry| -> Outcome<BTreeSet<String>> {
        let charts = drawings::charts(&workbook.package, sheet)?;
        Ok(charts.into_iter().map(|chart| chart.name).collect())
    };
    for (index, sheet) in after.sheets.iter().enumerate() {
        let Some(held) = pairs.get(&index).map(|earlier| &before.sheets[*earlier]) else {
            continue;
        };
        let (earlier, later) = (charts(before, held)?, charts(after, sheet)?);
        for chart in later.difference(&earlier) {
            said.plain(
                "chart.added",
                &sheet.name,
                format!("The chart {chart} was added on {}.", sheet.name),
            );
        }
        for chart in earlier.difference(&later) {
            said.plain(
                "chart.deleted",
                &sheet.name,
                format!("The chart {chart} was deleted from {}.", sheet.name),
            );
        }
    }
    Ok(())
}

/// Parts that nothing above has words for.
fn parts(before: &Workbook, after: &Workbook, said: &mut Said) -> Outcome<()> {
    let told = |part: &str| {
        let part = part.to_lowercase();
        [
            "worksheets/sheet",
            "sharedstrings",
            "styles.xml",
            "calcchain",
            "tables/table",
            "[content_types]",
            "_rels/",
        ]
        .iter()
        .any(|known| part.contains(known))
            || part.ends_with("workbook.xml")
    };
    for part in after.package.parts().filter(|part| !told(part)) {
        if !before.package.contains(part) {
            said.plain(
                "part.added",
                part,
                format!("{} was added ({part}).", say::part_in_words(part)),
            );
        } else if before.package.part(part)? != after.package.part(part)? {
            said.plain(
                "part.changed",
                part,
                format!("{} changed ({part}).", say::part_in_words(part)),
            );
        }
    }
    for part in before
        .package
        .parts()
        .filter(|part| !told(part) && !after.package.contains(part))
    {
        said.plain(
            "part.deleted",
            part,
            format!("{} is gone ({part}).", say::part_in_words(part)),
        );
    }
    Ok(())
}
