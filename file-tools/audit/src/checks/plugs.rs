//! Numbers inside formulas: plugs, and assumptions that belong into cells of their own.

use deskhand_operations::Area;

use super::context::Context;
use crate::finding::{Code, Severity, shown};
use crate::model::FormatClass;
use crate::parsed::{Literal, Parsed};

/// Numbers that are units, not figures: months, days, hours, hundredths, thousands.
const UNITS: [f64; 26] = [
    0.0,
    0.5,
    1.0,
    2.0,
    3.0,
    4.0,
    7.0,
    10.0,
    12.0,
    13.0,
    24.0,
    30.0,
    52.0,
    60.0,
    90.0,
    100.0,
    180.0,
    360.0,
    365.0,
    365.25,
    366.0,
    1000.0,
    1024.0,
    3600.0,
    86400.0,
    1_000_000.0,
];

/// Functions whose answers are places, dates and lengths, to which numbers are added by right.
const COUNTING: [&str; 44] = [
    "ROW",
    "ROWS",
    "COLUMN",
    "COLUMNS",
    "MATCH",
    "XMATCH",
    "LEN",
    "FIND",
    "SEARCH",
    "MID",
    "LEFT",
    "RIGHT",
    "CODE",
    "CHAR",
    "MOD",
    "TODAY",
    "NOW",
    "DATE",
    "DATEVALUE",
    "TIME",
    "TIMEVALUE",
    "YEAR",
    "MONTH",
    "DAY",
    "WEEKDAY",
    "WEEKNUM",
    "EDATE",
    "EOMONTH",
    "HOUR",
    "MINUTE",
    "SECOND",
    "COUNT",
    "COUNTA",
    "COUNTIF",
    "COUNTIFS",
    "SUBTOTAL",
    "INDEX",
    "OFFSET",
    "INDIRECT",
    "RAND",
    "RANDBETWEEN",
    "TEXT",
    "SHEET",
    "RANK",
];

/// Calls through which a number stays a figure.
const THROUGH: [&str; 9] = [
    "",
    "SUM",
    "ROUND",
    "ROUNDUP",
    "ROUNDDOWN",
    "IFERROR",
    "IF",
    "MAX",
    "MIN",
];

/// Looks at every number in every formula.
pub(super) fn check(context: &mut Context<'_>) {
    for (sheet, index) in context.formulas.clone() {
        let cell = context.cell(sheet, index);
        let digits = cell
            .formula
            .as_deref()
            .is_some_and(|text| text.bytes().any(|byte| byte.is_ascii_digit()));
        if !digits || cell.number().is_none() || context.class(cell) == FormatClass::Date {
            continue;
        }
        let parsed = context.parsed(sheet, index);
        if parsed.literals.is_empty() || parsed.references.is_empty() || parsed.calls_any(&COUNTING) {
            continue;
        }
        let Some(form) = context.fact(sheet, index).map(|fact| fact.form) else {
            continue;
        };
        let sums = parsed.calls_any(&["SUM"]);
        let Some(literal) = parsed
            .literals
            .iter()
            .find(|literal| is_plug(&parsed, literal, sums))
        else {
            continue;
        };
        let dates = parsed.references.iter().any(|reference| {
            let read = reference
                .sheet
                .and_then(|on| context.grids.get(on)?.at(reference.area.top, reference.area.left));
            read.is_some_and(|read| context.class(read) == FormatClass::Date)
        });
        if dates {
            continue;
        }
        let place = Area::cell(cell.row, cell.column);
        let (address, formula) = (context.address(sheet, place), Context::written(cell));
        let number = shown(literal.value);
        let many = context.count(form) >= 3;
        let (code, severity) = if many {
            (Code::NumberInFormulas, Severity::Note)
        } else {
            (Code::Plug, Severity::Warning)
        };
        let sentence = format!("{address} has the number {number} typed into its formula {formula}.");
        let mut finding = context.finding(code, severity, sheet, place, sentence);
        finding.actual = Some(formula);
        context.add(finding, Some(form));
    }
}

/// True for a number that is added to figures, or that scales a sum.
fn is_plug(parsed: &Parsed, literal: &Literal, sums: bool) -> bool {
    let mut call = literal.call;
    let mut at = literal.call;
    while let Some((inside, argument)) = at {
        let name = parsed.calls[inside].name.as_str();
        let value = match name {
            "ROUND" | "ROUNDUP" | "ROUNDDOWN" | "IFERROR" => argument == 0,
            "IF" => argument > 0,
            _ => true,
        };
        if !THROUGH.contains(&name) || !value {
            return false;
        }
        call = call.filter(|call| *call != (inside, argument) || !name.is_empty());
        at = parsed.calls[inside].parent;
    }
    let beside = literal.beside;
    let joined = |wanted: [char; 2]| {
        beside.before.is_some_and(|c| wanted.contains(&c))
            || beside.after.is_some_and(|c| wanted.contains(&c))
    };
    let compared = |c: Option<char>| c.is_some_and(|c| matches!(c, '=' | '<' | '>' | '&' | '^' | '%'));
    if compared(beside.before) || compared(beside.after) {
        return false;
    }
    let added = joined(['+', '-']) && !joined(['*', '/']);
    let argument = parsed.name_of(call) == "SUM" && beside.before.is_none() && beside.after.is_none();
    let alone_in_sum = argument
        && parsed
            .references
            .iter()
            .any(|reference| reference.call.map(|call| call.0) == literal.call.map(|call| call.0));
    if added || alone_in_sum {
        let small = literal.value <= 2.0 && [0.0, 0.5, 1.0, 2.0].contains(&literal.value);
        return !small;
    }
    let part = 1.0 / literal.value;
    let share = (part - part.round()).abs() < f64::EPSILON;
    sums && joined(['*', '/']) && literal.call.is_none() && !UNITS.contains(&literal.value) && !share
}
