//! Widths of columns (ECMA-376 part 1, 18.3.1.13): fitted to the texts in them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_opc::xml::Tree;
use deskhand_operations::Area;

use crate::cells::Keep;
use crate::error::Outcome;
use crate::ops::values::{shown, value};
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::workbook::Workbook;

/// Excel's widest column, in characters.
const WIDEST: f64 = 255.0;

/// A run of columns with the attributes of its element.
#[derive(Clone, Debug)]
struct Run {
    first: u32,
    last: u32,
    attributes: Vec<(String, String)>,
}

/// Fits the columns of an area to the texts that stand in it.
pub(crate) fn fit(workbook: &Workbook, draft: &mut Draft, index: usize, area: Area) -> Outcome<()> {
    let sheet = workbook.worksheet(index)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let strings = strings::shared(workbook)?;
    let after = Workbook::read(draft.package().clone())?;
    let styles = Styles::read(&after)?;
    let mut widths: BTreeMap<u32, f64> = BTreeMap::new();
    for cell in scanned.data.cells.iter().filter(|cell| {
        !scanned
            .merged
            .iter()
            .any(|area| area.contains(cell.row, cell.column))
    }) {
        let text = shown(&value(cell, &strings), cell.style, &styles);
        let longest = text
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap_or_default();
        let bold = styles.of(cell.style).format.bold == Some(true);
        // Two characters of room; bold letters are about a tenth wider.
        let width = (longest as f64) * if bold { 1.1 } else { 1.0 } + 2.0;
        let held = widths.entry(cell.column).or_insert(0.0);
        *held = held.max(width.min(WIDEST));
    }
    if widths.is_empty() {
        return Ok(());
    }
    let mut runs = runs(&scanned, &content, workbook)?;
    for (column, width) in widths.iter().filter(|(_, width)| **width > 2.0) {
        set(&mut runs, *column, *width);
    }
    let p = &scanned.prefix;
    let mut xml = format!("<{p}cols>");
    for run in &runs {
        let _ = write!(xml, r#"<{p}col min="{}" max="{}""#, run.first + 1, run.last + 1);
        for (name, value) in &run.attributes {
            let _ = write!(xml, r#" {name}="{value}""#);
        }
        xml.push_str("/>");
    }
    let _ = write!(xml, "</{p}cols>");
    let edit = match scanned.find("cols") {
        Some(held) => (held.span.clone(), xml.into()),
        None => scanned.insert("cols", &xml),
    };
    draft.edit(&sheet.part, [edit])?;
    Ok(())
}

/// The runs that the sheet has.
fn runs(sheet: &Worksheet<'_>, content: &[u8], workbook: &Workbook) -> Outcome<Vec<Run>> {
    let Some(held) = sheet.find("cols") else {
        return Ok(Vec::new());
    };
    let inside = &content[held.span.clone()];
    let tree = Tree::parse("cols", inside, workbook.package.limits())?;
    let mut runs = Vec::new();
    for node in tree.root().children() {
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
    Ok(runs)
}

/// Gives one column a width; a run that holds it is split around it.
fn set(runs: &mut Vec<Run>, column: u32, width: f64) {
    let position = runs
        .iter()
        .position(|run| (run.first..=run.last).contains(&column));
    let mut attributes = Vec::new();
    let mut pieces = Vec::new();
    if let Some(position) = position {
        let run = runs.remove(position);
        attributes.clone_from(&run.attributes);
        if run.first < column {
            pieces.push(Run {
                last: column - 1,
                ..run.clone()
            });
        }
        if run.last > column {
            pieces.push(Run {
                first: column + 1,
                ..run
            });
        }
    }
    attributes.retain(|(name, _)| !matches!(name.as_str(), "width" | "customWidth" | "bestFit"));
    for (name, value) in [
        ("width", format!("{width:.2}")),
        ("bestFit", "1".to_owned()),
        ("customWidth", "1".to_owned()),
    ] {
        attributes.push((name.to_owned(), value));
    }
    pieces.push(Run {
        first: column,
        last: column,
        attributes,
    });
    runs.extend(pieces);
    runs.sort_by_key(|run| run.first);
}
