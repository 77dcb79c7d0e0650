//! `workbook.trace`.

use deskhand_audit::{Chain, Direction, Model, Step};
use deskhand_formula::{Constant, from_file, references};
use deskhand_operations::answer::{TraceContent, TracedCell};
use deskhand_operations::workbook::{Trace, TraceDirection};
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::model;
use crate::workbook::Workbook;

pub(super) fn answer(workbook: &Workbook, asked: &Trace) -> Outcome<TraceContent> {
    let model = model::read(workbook)?;
    let start = start(workbook, &model, &asked.cell)?;
    workbook.worksheet(start.0)?;
    let direction = match asked.direction {
        TraceDirection::Precedents => Direction::Precedents,
        TraceDirection::Dependents => Direction::Dependents,
    };
    let Chain {
        steps,
        outside,
        not_followed,
        truncated,
    } = deskhand_audit::trace(&model, start, direction, asked.depth);
    let precedents = direction == Direction::Precedents;
    Ok(TraceContent {
        start: addresses::on(&workbook.sheets[start.0], start.1),
        cells: steps
            .into_iter()
            .map(|step| traced(workbook, step, precedents))
            .collect(),
        outside,
        not_followed,
        truncated,
    })
}

/// The cells that an address, a name or a table stands for.
fn start(workbook: &Workbook, model: &Model, text: &str) -> Outcome<(usize, Area)> {
    let name = text.trim();
    if let Some(refers_to) = workbook.refers_to(name) {
        let found = references(refers_to);
        return match &found.ranges[..] {
            [range] if !found.external => match range
                .sheet
                .as_deref()
                .and_then(|sheet| workbook.sheet_index(sheet))
            {
                Some(sheet) => Ok((sheet, range.area)),
                None => refuse(
                    RefusalCode::NotFound,
                    format!("The name `{name}` refers to a sheet that is not there; nothing was changed."),
                ),
            },
            _ => refuse(
                RefusalCode::Unsupported,
                format!(
                    "The name `{name}` does not stand for one range: it is `={refers_to}`; nothing was changed."
                ),
            ),
        };
    }
    let table = model
        .tables
        .iter()
        .find(|table| table.name.eq_ignore_ascii_case(name));
    if let Some((sheet, table)) = table.and_then(|table| Some((workbook.sheet_index(&table.sheet)?, table))) {
        return Ok((sheet, table.area));
    }
    addresses::area(workbook, text)
}

fn traced(workbook: &Workbook, step: Step, precedents: bool) -> TracedCell {
    let place = |(sheet, area): (usize, Area)| match workbook.sheets.get(sheet) {
        Some(sheet) => addresses::on(sheet, area),
        None => area.to_string(),
    };
    TracedCell {
        address: place((step.sheet, step.area)),
        depth: step.depth,
        label: step.label,
        value: step.value.map(|value| match value {
            Constant::Value(value) => value,
            Constant::Error(error) => CellValue::Text(error),
        }),
        formula: step.formula.map(|text| format!("={}", from_file(&text))),
        alike: (step.alike > 1).then_some(step.alike),
        holds: step.holds,
        links: step.links.into_iter().map(place).collect(),
        input: precedents && step.input,
    }
}
