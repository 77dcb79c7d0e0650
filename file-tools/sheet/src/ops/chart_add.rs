//! `chart.add`: a native chart part, a frame in the sheet's drawing, and the drawing where there is none.

use deskhand_opc::xml::{Ns, Tree};
use deskhand_opc::{Draft, Target};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ChartAdd;
use deskhand_operations::{Address, Area, CellValue, ChartKind, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use super::table_add::{relationship_attribute, relationship_type};
use crate::addresses;
use crate::cells::Keep;
use crate::chart_xml::{self, Chart, Series};
use crate::drawings;
use crate::error::{Outcome, refuse};
use crate::ops::values::value;
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::workbook::{SheetEntry, Workbook};

const CHART_TYPE: &str = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml";
const DRAWING_TYPE: &str = "application/vnd.openxmlformats-officedocument.drawing+xml";
/// Series of one chart (Excel's limit), and points of one series that are cached.
const MAX_SERIES: u32 = 255;
const MAX_POINTS: u32 = 32_000;
/// How large a chart is where nobody says: columns and rows.
const DEFAULT_SIZE: (u32, u32) = (8, 15);

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, add: &ChartAdd) -> Outcome<Applied> {
    let (data_index, data) = addresses::area(workbook, &add.range)?;
    check_size(data)?;
    let (index, place) = match &add.place {
        Some(place) => addresses::area(workbook, place)?,
        None => (data_index, beside(data)),
    };
    let place = on_sheet(place);
    let sheet = workbook.worksheet(index)?;
    check_name(draft, sheet, &add.name)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    if scanned.protected {
        return refuse(
            RefusalCode::Protected,
            format!("The sheet `{}` is protected; nothing was changed.", sheet.name),
        );
    }
    let strict = scanned.strict;
    let chart = chart(workbook, add, data_index, data, strict)?;
    let part = draft.free_name("xl/charts/chart", ".xml");
    draft.add_part(&part, chart_xml::part(&chart), CHART_TYPE)?;
    let drawing = drawing(draft, sheet, &scanned)?;
    let relationship =
        draft.add_relationship(&drawing, &relationship_type(strict, "chart"), &Target::Part(part))?;
    let anchor = |id: u32| chart_xml::anchor(place, id, &add.name, &relationship, strict);
    frame(draft, &drawing, &anchor)?;
    let mut warnings = Vec::new();
    if add.kind == ChartKind::Pie && data.columns() > 2 {
        warnings.push("A pie shows one series: the first one was taken.".to_owned());
    }
    Ok(Applied {
        target: addresses::on(sheet, place),
        changed: 1,
        read_back: None,
        warnings,
    })
}

/// Refuses data that no chart can show.
fn check_size(data: Area) -> Outcome<()> {
    if data.rows() < 2 || data.columns() < 2 {
        return refuse(
            RefusalCode::BadInput,
            "A chart needs a column of categories, a row of names and at least one value; nothing was changed.",
        );
    }
    if data.columns() - 1 > MAX_SERIES || data.rows() - 1 > MAX_POINTS {
        return refuse(
            RefusalCode::TooLarge,
            format!("A chart holds at most {MAX_SERIES} series of {MAX_POINTS} values; nothing was changed."),
        );
    }
    Ok(())
}

/// Refuses a name that is none, or that a chart of the sheet has.
fn check_name(draft: &Draft, sheet: &SheetEntry, name: &str) -> Outcome<()> {
    if name.trim().is_empty() || name.chars().count() > 255 {
        return refuse(
            RefusalCode::BadInput,
            "A chart's name has 1 to 255 characters; nothing was changed.",
        );
    }
    let taken = drawings::charts(draft.package(), sheet)?;
    if taken.iter().any(|chart| chart.name.eq_ignore_ascii_case(name)) {
        let sentence = format!(
            "There is a chart `{name}` on `{}` already; nothing was changed.",
            sheet.name
        );
        return refuse(RefusalCode::NameTaken, sentence);
    }
    Ok(())
}

/// Puts a frame into a drawing, under an id that no other shape has.
fn frame(draft: &mut Draft, drawing: &str, anchor: &dyn Fn(u32) -> String) -> Outcome<()> {
    let content = draft.package().part(drawing)?;
    let tree = Tree::parse(drawing, &content, draft.package().limits())?;
    let shapes = tree
        .root()
        .descendants()
        .filter(|node| node.is(Ns::SheetDrawing, "cNvPr"));
    let ids = shapes.filter_map(|node| node.attribute("id")?.parse::<u32>().ok());
    let id = ids.max().unwrap_or(1).saturating_add(1);
    draft.edit(drawing, [tree.root().append(&anchor(id))])?;
    Ok(())
}

/// A place of a size that can be seen, within the sheet.
fn on_sheet(place: Area) -> Area {
    let place = if place.cells() == 1 {
        sized(place.top, place.left)
    } else {
        place
    };
    Area {
        bottom: place.bottom.min(MAX_ROWS - 2),
        right: place.right.min(MAX_COLUMNS - 2),
        ..place
    }
}

/// The default place: two columns to the right of the data.
fn beside(data: Area) -> Area {
    sized(data.top, (data.right + 2).min(MAX_COLUMNS - DEFAULT_SIZE.0 - 2))
}

fn sized(top: u32, left: u32) -> Area {
    Area {
        top,
        left,
        bottom: top + DEFAULT_SIZE.1 - 1,
        right: left + DEFAULT_SIZE.0 - 1,
    }
}

/// The chart with the values that stand in its cells now.
fn chart<'c>(
    workbook: &Workbook,
    add: &'c ChartAdd,
    index: usize,
    data: Area,
    strict: bool,
) -> Outcome<Chart<'c>> {
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![data]))?;
    let strings = strings::shared(workbook)?;
    let styles = Styles::read(workbook)?;
    let cell = |row: u32, column: u32| {
        let held = scanned
            .data
            .cells
            .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
        held.ok().map(|index| &scanned.data.cells[index])
    };
    let at = |row: u32, column: u32| cell(row, column).map_or(CellValue::Empty, |cell| value(cell, &strings));
    let formula = |area: Area| absolute(&sheet.name, area);
    let column = |column: u32| Area {
        top: data.top + 1,
        left: column,
        bottom: data.bottom,
        right: column,
    };
    let values =
        |column: u32| -> Vec<CellValue> { (data.top + 1..=data.bottom).map(|row| at(row, column)).collect() };
    let last = if add.kind == ChartKind::Pie {
        data.left + 1
    } else {
        data.right
    };
    let series = (data.left + 1..=last).map(|across| Series {
        name: (
            formula(Area::cell(data.top, across)),
            match at(data.top, across) {
                CellValue::Text(text) => text,
                CellValue::Number(number) => number.to_string(),
                CellValue::Boolean(value) => value.to_string(),
                CellValue::Empty => String::new(),
            },
        ),
        values: (formula(column(across)), values(across)),
        number_format: cell(data.top + 1, across)
            .map_or("General", |cell| styles.number_format(cell.style))
            .to_owned(),
    });
    Ok(Chart {
        kind: add.kind,
        title: add.title.as_deref().filter(|title| !title.is_empty()),
        categories: (formula(column(data.left)), values(data.left)),
        series: series.collect(),
        strict,
    })
}

/// `Data!$A$2:$A$9`.
fn absolute(sheet: &str, area: Area) -> String {
    let address = Address::on(sheet, Area::cell(0, 0)).to_string();
    let sheet = address.trim_end_matches("A1");
    let corner = |row: u32, column: u32| {
        let letters = Area::cell(0, column).to_string();
        format!("${}${}", letters.trim_end_matches('1'), row + 1)
    };
    let (from, to) = (corner(area.top, area.left), corner(area.bottom, area.right));
    if from == to {
        format!("{sheet}{from}")
    } else {
        format!("{sheet}{from}:{to}")
    }
}

/// The sheet's drawing; a new one where it has none.
fn drawing(draft: &mut Draft, sheet: &SheetEntry, scanned: &Worksheet<'_>) -> Outcome<String> {
    if let Some(drawing) = draft
        .package()
        .related(&sheet.part, "drawing")?
        .into_iter()
        .next()
        && scanned.find("drawing").is_some()
    {
        return Ok(drawing);
    }
    let part = draft.free_name("xl/drawings/drawing", ".xml");
    draft.add_part(&part, chart_xml::empty_drawing(scanned.strict), DRAWING_TYPE)?;
    let kind = relationship_type(scanned.strict, "drawing");
    let id = draft.add_relationship(&sheet.part, &kind, &Target::Part(part.clone()))?;
    let xml = format!(
        "<{}drawing {}/>",
        scanned.prefix,
        relationship_attribute(scanned.strict, &id)
    );
    draft.edit(&sheet.part, [scanned.insert("drawing", &xml)])?;
    Ok(part)
}
