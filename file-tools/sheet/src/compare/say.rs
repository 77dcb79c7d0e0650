//! Differences in words.

use deskhand_operations::answer::Difference;
use deskhand_operations::{Address, Area, CellValue};

use super::align::{Alignment, Lines};
use super::cells::{Change, Held, Kind};
use crate::sheet::Worksheet;
use crate::styles::Styles;

/// Differences that are told.
const MAX_DIFFERENCES: usize = 2_000;
/// Characters of a content that a sentence shows.
const MAX_SHOWN: usize = 120;

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) differences: Vec<Difference>,
}

impl Said {
    pub(super) fn plain(&mut self, code: &str, location: &str, sentence: String) {
        self.change(code, location, None, None, sentence);
    }

    pub(super) fn changed(
        &mut self,
        code: &str,
        location: &str,
        before: &str,
        after: &str,
        sentence: String,
    ) {
        self.change(code, location, Some(before), Some(after), sentence);
    }

    pub(super) fn change(
        &mut self,
        code: &str,
        location: &str,
        before: Option<&str>,
        after: Option<&str>,
        sentence: String,
    ) {
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference {
                code: code.to_owned(),
                location: location.to_owned(),
                before: before.map(str::to_owned),
                after: after.map(str::to_owned),
                sentence,
            });
        }
    }

    /// Rows and columns that were inserted or deleted.
    pub(super) fn structure(&mut self, sheet: &str, alignment: &Alignment) {
        let area = |first: u32, last: u32, rows: bool| {
            let whole = if rows {
                format!("{}:{}", first + 1, last + 1)
            } else {
                let edge = |column| Area::cell(0, column).to_string().trim_end_matches('1').to_owned();
                format!("{}:{}", edge(first), edge(last))
            };
            Area::parse(&whole).map_or(whole, |area| Address::on(sheet, area).to_string())
        };
        let mut tell = |lines: &Lines, rows: bool| {
            let (one, many) = if rows {
                ("Row", "Rows")
            } else {
                ("Column", "Columns")
            };
            let (code, noun) = if rows { ("rows", one) } else { ("columns", one) };
            for (list, verb) in [(&lines.inserted, "inserted"), (&lines.deleted, "deleted")] {
                for (first, last) in list {
                    let place = area(*first, *last, rows);
                    let (noun, be) = if first == last {
                        (noun, "was")
                    } else {
                        (many, "were")
                    };
                    self.plain(
                        &format!("{code}.{verb}"),
                        &place,
                        format!("{noun} {place} {be} {verb}."),
                    );
                }
            }
        };
        tell(&alignment.rows, true);
        tell(&alignment.columns, false);
    }

    /// Cells that changed: neighbours that changed alike are told together.
    pub(super) fn cells(&mut self, sheet: &str, changes: &[Change], before: &Styles, after: &Styles) {
        for kind in [Kind::Value, Kind::Formula, Kind::Result, Kind::Look] {
            let of_kind: Vec<&Change> = changes.iter().filter(|change| change.kind == kind).collect();
            for (area, change) in runs(&of_kind, before, after) {
                let place = Address::on(sheet, area).to_string();
                match kind {
                    Kind::Value => self.value(&place, change),
                    Kind::Formula => self.formula(&place, area, change),
                    Kind::Result => self.result(&place, area, change),
                    Kind::Look => self.look(&place, change, before, after),
                }
            }
        }
    }

    fn value(&mut self, place: &str, change: &Change) {
        let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
        match (before, after) {
            (None, Some(after)) => {
                self.change(
                    "cell.filled",
                    place,
                    None,
                    Some(&after),
                    format!("{place} holds {after} now; it was empty."),
                );
            }
            (Some(before), None) => {
                let sentence = format!("{place} was emptied; it held {before}.");
                self.change("cell.emptied", place, Some(&before), None, sentence);
            }
            (before, after) => {
                let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
                self.changed(
                    "cell.value",
                    place,
                    &before,
                    &after,
                    format!("{place} changed from {before} to {after}."),
                );
            }
        }
    }

    fn formula(&mut self, place: &str, area: Area, change: &Change) {
        let cells = if area.cells() > 1 {
            format!(" and alike in {} cells", area.cells())
        } else {
            String::new()
        };
        let formula = |held: &Option<Held>| held.as_ref().and_then(|held| held.formula.clone());
        let (before, after) = (formula(&change.before), formula(&change.after));
        let value = |held: &Option<Held>| shown(held.as_ref());
        let (code, sentence) = match (&before, &after) {
            (Some(before), Some(after)) => (
                "cell.formula",
                format!(
                    "{place}: the formula changed from {} to {}{cells}.",
                    cut(before),
                    cut(after)
                ),
            ),
            (Some(before), None) => match value(&change.after) {
                Some(after) => (
                    "cell.hardCoded",
                    format!(
                        "{place}: the formula {} was replaced by {after}{cells}.",
                        cut(before)
                    ),
                ),
                None => (
                    "cell.emptied",
                    format!("{place} was emptied; it held {}{cells}.", cut(before)),
                ),
            },
            (None, Some(after)) => match value(&change.before) {
                Some(before) => (
                    "cell.formula",
                    format!(
                        "{place}: {before} was replaced by the formula {}{cells}.",
                        cut(after)
                    ),
                ),
                None => (
                    "cell.filled",
                    format!(
                        "{place} holds the formula {} now{cells}; it was empty.",
                        cut(after)
                    ),
                ),
            },
            (None, None) => return,
        };
        let before = before.or_else(|| value(&change.before));
        let after = after.or_else(|| value(&change.after));
        self.change(code, place, before.as_deref(), after.as_deref(), sentence);
    }

    fn result(&mut self, place: &str, area: Area, change: &Change) {
        let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
        let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let (before, after) = (told(&before), told(&after));
        let sentence = if area.cells() == 1 {
            format!("{place} answers {after} instead of {before}; its formula is the same.")
        } else {
            format!("The formulas in {place} answer other values; they are the same.")
        };
        let one = area.cells() == 1;
        self.change(
            "cell.result",
            place,
            one.then_some(&before),
            one.then_some(&after),
            sentence,
        );
    }

    fn look(&mut self, place: &str, change: &Change, before: &Styles, after: &Styles) {
        let format = |held: &Option<Held>, styles: &Styles| {
            styles
                .number_format(held.as_ref().map_or(0, |held| held.style))
                .to_owned()
        };
        let (held, now) = (format(&change.before, before), format(&change.after, after));
        if held == now {
            self.plain("cell.look", place, format!("{place} looks different."));
        } else {
            let sentence = format!("The number format of {place} changed from {held} to {now}.");
            self.changed("cell.numberFormat", place, &held, &now, sentence);
        }
    }

    /// What stands beside the cells in a worksheet part.
    pub(super) fn elements(
        &mut self,
        sheet: &str,
        before: &Worksheet<'_>,
        after: &Worksheet<'_>,
        alignment: &Alignment,
    ) {
        // References follow rows and columns that moved: then a difference in bytes says nothing.
        if *alignment != Alignment::default() {
            return;
        }
        let bytes = |sheet: &Worksheet<'_>, local: &str| -> Vec<u8> {
            let elements = sheet
                .elements
                .iter()
                .filter(|element| element.tag.local() == local);
            elements
                .flat_map(|element| sheet.content[element.span.clone()].to_vec())
                .collect()
        };
        for (local, code, what) in ELEMENTS {
            if bytes(before, local) != bytes(after, local) {
                self.plain(code, sheet, format!("{what} of {sheet} changed."));
            }
        }
    }
}

/// Elements of a worksheet with the words for them.
const ELEMENTS: [(&str, &str, &str); 12] = [
    ("mergeCells", "sheet.merged", "The merged cells"),
    (
        "conditionalFormatting",
        "sheet.conditionalFormats",
        "The conditional formats",
    ),
    ("dataValidations", "sheet.dataValidation", "The data validation"),
    ("autoFilter", "sheet.filter", "The filter"),
    ("cols", "sheet.columns", "Widths or looks of columns"),
    ("sheetProtection", "sheet.protection", "The protection"),
    ("hyperlinks", "sheet.hyperlinks", "The hyperlinks"),
    ("sheetViews", "sheet.view", "The view (frozen panes, selection)"),
    ("pageSetup", "sheet.page", "The page set-up"),
    ("pageMargins", "sheet.margins", "The page margins"),
    ("headerFooter", "sheet.headerFooter", "The header or footer"),
    ("sheetPr", "sheet.properties", "The properties"),
];

/// Neighbouring cells that changed alike, down a column and then across columns.
fn runs<'c>(changes: &[&'c Change], before: &Styles, after: &Styles) -> Vec<(Area, &'c Change)> {
    let mut by_column: Vec<&Change> = changes.to_vec();
    by_column.sort_by_key(|change| (change.column, change.row));
    let mut runs: Vec<(Area, &Change)> = Vec::new();
    for change in by_column {
        match runs.last_mut() {
            Some((area, first))
                if area.left == change.column
                    && area.bottom + 1 == change.row
                    && alike(first, change, before, after) =>
            {
                area.bottom = change.row;
            }
            _ => runs.push((Area::cell(change.row, change.column), change)),
        }
    }
    runs.sort_by_key(|(area, _)| (area.top, area.bottom, area.left));
    let mut wide: Vec<(Area, &Change)> = Vec::new();
    for (area, change) in runs {
        match wide.last_mut() {
            Some((held, first))
                if (held.top, held.bottom) == (area.top, area.bottom)
                    && held.right + 1 == area.left
                    && alike(first, change, before, after) =>
            {
                held.right = area.right;
            }
            _ => wide.push((area, change)),
        }
    }
    wide
}

fn alike(one: &Change, other: &Change, before: &Styles, after: &Styles) -> bool {
    let relative = |held: &Option<Held>| held.as_ref().and_then(|held| held.relative.clone());
    let is_formula = |held: &Option<Held>| held.as_ref().is_some_and(|held| held.formula.is_some());
    let look = |held: &Option<Held>, styles: &Styles| styles.of(held.as_ref().map_or(0, |held| held.style));
    match one.kind {
        Kind::Value => false,
        Kind::Result => true,
        Kind::Formula => {
            relative(&one.before) == relative(&other.before)
                && relative(&one.after) == relative(&other.after)
                && is_formula(&one.after)
        }
        Kind::Look => {
            look(&one.before, before) == look(&other.before, before)
                && look(&one.after, after) == look(&other.after, after)
        }
    }
}

fn shown(held: Option<&Held>) -> Option<String> {
    match &held?.value {
        CellValue::Empty => None,
        CellValue::Boolean(value) => Some(if *value { "TRUE" } else { "FALSE" }.to_owned()),
        CellValue::Number(value) => Some(value.to_string()),
        CellValue::Text(text) => Some(format!("“{}”", cut(text))),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_SHOWN {
        return text.to_owned();
    }
    let head: String = text.chars().take(MAX_SHOWN).collect();
    format!("{head}…")
}

/// What a part is, for people who do not know its name.
pub(super) fn part_in_words(part: &str) -> &'static str {
    let part = part.to_lowercase();
    let words = [
        ("vbaproject", "The macro code"),
        ("theme", "A theme"),
        ("media/", "A picture"),
        ("drawings/", "A drawing"),
        ("charts/", "A chart"),
        ("pivot", "A pivot table or its cache"),
        ("slicer", "A slicer"),
        ("threadedcomment", "Comments"),
        ("comment", "Notes"),
        ("persons", "The list of people"),
        ("externallink", "A link to another workbook"),
        ("connections", "Data connections"),
        ("customxml", "Custom data"),
        ("docprops", "The document's properties"),
        ("_xmlsignatures", "A signature"),
        ("embeddings", "An embedded object"),
        ("printersettings", "Printer settings"),
        ("chartsheets", "A chart sheet"),
    ];
    words
        .iter()
        .find(|(known, _)| part.contains(known))
        .map_or("A part", |(_, words)| words)
}
