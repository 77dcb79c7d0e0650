//! Widths of columns (ECMA-376 part 1, 18.3.1.13): set, and fitted to the texts in them.
//!
//! A width in a file is a number of digits of the default font, room at the sides included. What a person sets is without
//! that room.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_operations::Area;

use crate::cells::Keep;
use crate::element_list::Fragment;
use crate::error::Outcome;
use crate::ops::values::{shown, value};
use crate::room::Room;
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::{DefaultFont, Styles};
use crate::workbook::Workbook;

/// Excel's widest column, in characters.
const WIDEST: f64 = 255.0;
/// Pixels of room at the sides of a cell, with the line between columns.
const ROOM: f64 = 5.0;
/// Characters of a column that nobody set.
const STANDARD: f64 = 8.43;

/// A width that a person asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Width {
    /// So many characters of the default font.
    Characters(f64),
    /// The sheet's own.
    Default,
}

/// A run of columns with the attributes of its element.
#[derive(Clone, Debug)]
struct Run {
    first: u32,
    last: u32,
    attributes: Vec<(String, String)>,
}

impl Run {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.attributes.iter().position(|(held, _)| held == name)?;
        Some(self.attributes.remove(at).1)
    }

    fn put(&mut self, name: &str, value: String) {
        match self.attributes.iter_mut().find(|(held, _)| held == name) {
            Some((_, held)) => *held = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }
}

/// A width as the file has it, for so many characters: 18.3.1.13 gives the formula.
fn in_file(characters: f64, digit: f64) -> f64 {
    let pixels = if characters < 1.0 {
        characters * (digit + ROOM)
    } else {
        characters * digit + ROOM
    };
    (pixels.round() / digit * 256.0).trunc() / 256.0
}

/// Gives the columns of an area a width, hides or shows them.
pub(crate) fn set(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    area: Area,
    width: Option<Width>,
    hidden: Option<bool>,
) -> Outcome<()> {
    let digit = Styles::read(workbook)?.default_font().digit_width();
    let standard = in_file(STANDARD, digit).to_string();
    change(workbook, draft, index, &mut |columns| {
        columns.over(area.left, area.right, &mut |run| {
            match width {
                Some(Width::Characters(characters)) => {
                    run.put("width", in_file(characters, digit).to_string());
                    run.put("customWidth", "1".to_owned());
                    run.take("bestFit");
                }
                Some(Width::Default) => {
                    for name in ["width", "customWidth", "bestFit", "hidden"] {
                        run.take(name);
                    }
                }
                None => {}
            }
            match hidden {
                Some(true) => run.put("hidden", "1".to_owned()),
                Some(false) => {
                    run.take("hidden");
                    if run
                        .attributes
                        .iter()
                        .any(|(name, value)| name == "width" && value == "0")
                    {
                        run.take("width");
                    }
                }
                None => {}
            }
            // What is left of a run needs a width; one that has nothing left goes.
            let has_width = run.attributes.iter().any(|(name, _)| name == "width");
            if !has_width && !run.attributes.is_empty() {
                run.put("width", standard.clone());
            }
        });
    })
}

/// Fits the columns of an area to the texts that stand in it. Columns without text stay as they are.
pub(crate) fn fit(workbook: &Workbook, draft: &mut Draft, index: usize, area: Area) -> Outcome<()> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let strings = strings::shared(workbook)?;
    Room::new(workbook.package.limits()).take_texts(&scanned.data.cells, &strings)?;
    let styles = Styles::read(&Workbook::read(draft.package().clone())?)?;
    let font = styles.default_font();
    let mut widths: BTreeMap<u32, f64> = BTreeMap::new();
    let merged = |row: u32, column: u32| scanned.merged.iter().any(|area| area.contains(row, column));
    for cell in scanned
        .data
        .cells
        .iter()
        .filter(|cell| !merged(cell.row, cell.column))
    {
        let text = shown(&value(cell, &strings), cell.style, &styles);
        let format = styles.of(cell.style).format;
        let size = format.font_size.unwrap_or(font.size) / font.size;
        let weight = if format.bold == Some(true) { 1.08 } else { 1.0 };
        let longest = text.lines().map(letters).fold(0.0, f64::max) * size * weight;
        let held = widths.entry(cell.column).or_insert(0.0);
        *held = held.max(longest.min(WIDEST));
    }
    widths.retain(|_, longest| *longest > 0.0);
    if widths.is_empty() {
        return Ok(());
    }
    let digit = font.digit_width();
    change(workbook, draft, index, &mut |columns| {
        for (column, longest) in &widths {
            // A character more than it takes, since other fonts run wider than the default one.
            let width = in_file((longest + 1.0).min(WIDEST), digit).to_string();
            columns.over(*column, *column, &mut |run| {
                run.put("width", width.clone());
                run.put("bestFit", "1".to_owned());
                run.put("customWidth", "1".to_owned());
            });
        }
    })
}

/// The width of a text in digits: letters differ, and so do scripts.
fn letters(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | '`' => 0.5,
            'f' | 'r' | 't' | ' ' | '(' | ')' | '[' | ']' | '-' | '/' => 0.65,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.6,
            'A'..='Z' => 1.2,
            '\u{1100}'..='\u{11FF}'
            | '\u{2E80}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF00}'..='\u{FF60}' => 2.0,
            _ => 1.0,
        })
        .sum()
}

/// The columns of a sheet, as runs in order.
struct Columns {
    runs: Vec<Run>,
}

impl Columns {
    /// Changes columns from one to another; runs that reach beyond are split.
    fn over(&mut self, first: u32, last: u32, change: &mut dyn FnMut(&mut Run)) {
        let mut runs: Vec<Run> = Vec::with_capacity(self.runs.len() + 2);
        let mut next = first;
        for run in std::mem::take(&mut self.runs) {
            if run.last < first || run.first > last {
                runs.push(run);
                continue;
            }
            if run.first < first {
                runs.push(Run {
                    last: first - 1,
                    ..run.clone()
                });
            }
            if run.first > next {
                runs.push(Run {
                    first: next,
                    last: run.first - 1,
                    attributes: Vec::new(),
                });
            }
            runs.push(Run {
                first: run.first.max(first),
                last: run.last.min(last),
                ..run.clone()
            });
            next = run.last.saturating_add(1);
            if run.last > last {
                runs.push(Run {
                    first: last + 1,
                    ..run
                });
            }
        }
        if next <= last {
            runs.push(Run {
                first: next,
                last,
                attributes: Vec::new(),
            });
        }
        for run in runs
            .iter_mut()
            .filter(|run| run.first >= first && run.last <= last)
        {
            change(run);
        }
        runs.retain(|run| !run.attributes.is_empty());
        runs.sort_by_key(|run| run.first);
        self.runs = runs;
    }
}

/// Changes the columns of a sheet in the draft.
fn change(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    change: &mut dyn FnMut(&mut Columns),
) -> Outcome<()> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let held = scanned.fragment("cols", draft.package().limits())?;
    let mut columns = Columns {
        runs: held.as_ref().map(runs).unwrap_or_default(),
    };
    change(&mut columns);
    let p = &scanned.prefix;
    let mut xml = String::new();
    for run in &columns.runs {
        let _ = write!(xml, r#"<{p}col min="{}" max="{}""#, run.first + 1, run.last + 1);
        for (name, value) in &run.attributes {
            let _ = write!(xml, r#" {name}="{}""#, value.replace('"', "&quot;"));
        }
        xml.push_str("/>");
    }
    let edit = match (held, xml.is_empty()) {
        (Some(held), true) => Some(held.edit(held.tree.root().replace(""))),
        (Some(held), false) if held.tree.root().self_closing() => {
            Some(held.edit(held.tree.root().replace(&format!("<{p}cols>{xml}</{p}cols>"))))
        }
        (Some(held), false) => Some(held.edit((held.tree.root().inner(), xml.into()))),
        (None, true) => None,
        (None, false) => Some(scanned.insert("cols", &format!("<{p}cols>{xml}</{p}cols>"))),
    };
    draft.edit(&sheet.part, edit)?;
    Ok(())
}

/// The runs that a sheet has.
fn runs(held: &Fragment<'_>) -> Vec<Run> {
    let mut runs = Vec::new();
    for node in held.tree.root().children() {
        let number = |name: &str| node.attribute(name).and_then(|value| value.parse::<u32>().ok());
        let (Some(first), Some(last)) = (number("min"), number("max")) else {
            continue;
        };
        let attributes = node
            .tag()
            .attributes()
            .filter(|attribute| !matches!(attribute.name, "min" | "max"));
        runs.push(Run {
            first: first.saturating_sub(1),
            last: last.saturating_sub(1),
            attributes: attributes
                .map(|attribute| (attribute.name.to_owned(), attribute.raw.to_owned()))
                .collect(),
        });
    }
    runs
}

impl DefaultFont {
    /// The width of a digit in pixels at 96 dots an inch.
    fn digit_width(&self) -> f64 {
        let name = self.name.to_ascii_lowercase();
        let share = [
            ("calibri", 0.507),
            ("aptos", 0.507),
            ("arial", 0.556),
            ("helvetica", 0.556),
            ("times", 0.5),
            ("verdana", 0.636),
            ("tahoma", 0.546),
            ("segoe", 0.539),
            ("cambria", 0.554),
        ];
        let known = share.iter().find(|(font, _)| name.starts_with(font));
        let share = known.map_or(0.53, |(_, share)| *share);
        (self.size * 96.0 / 72.0 * share).round().max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::in_file;

    #[test]
    fn widths_in_files_include_the_room_at_the_sides() {
        // Calibri 11 has digits of 7 pixels: Excel writes these widths for 8.43, 10 and 20 characters.
        for (characters, expected) in [(8.43, 9.140_625), (10.0, 10.710_937_5), (20.0, 20.710_937_5)] {
            assert!((in_file(characters, 7.0) - expected).abs() < 1e-9, "{characters}");
        }
    }
}
