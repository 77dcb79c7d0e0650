//! `dataValidation.set`.

use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_opc::xml::escape;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{
    Allowed, Comparison, DataValidationSet, ErrorStyle, Message, NumberKind,
};
use deskhand_operations::{Address, CellValue, DateInput, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::element_list;
use crate::error::{Outcome, refuse};
use crate::names;
use crate::ops::conditional_format_set::{comparison, held};
use crate::ops::guards;
use crate::rules::{self, RuleKind};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// Characters of a list that is written out, and of messages.
const MAX_LIST: usize = 255;
const MAX_TITLE: usize = 32;
const MAX_TEXT: usize = 255;

/// A validation's type, comparison and formulas.
#[derive(Default)]
struct Check {
    kind: &'static str,
    operator: Option<Comparison>,
    first: Option<String>,
    second: Option<String>,
}

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, set: &DataValidationSet) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &set.range)?;
    let sheet = workbook.worksheet(index)?;
    guards::of_part(workbook, draft, sheet)?;
    messages(set)?;
    let check = check(workbook, &set.allowed)?;
    let (part, limits) = (&sheet.part, workbook.package.limits());
    let content = draft.package().part(part)?;
    let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
    let edits = rules::take_out(&scanned, limits, RuleKind::Validation, area)?;
    draft.edit(part, edits)?;
    if check.kind != "none" || set.prompt.is_some() {
        let content = draft.package().part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
        let xml = written(set, &check, &area.to_string(), &scanned.prefix);
        let edits = element_list::edits(&scanned, limits, "dataValidations", &|_| false, &[xml])?;
        draft.edit(part, edits)?;
    }
    Ok(Applied {
        target: addresses::on(sheet, area),
        changed: area.cells().min(u64::from(u32::MAX)) as u32,
        ..Applied::default()
    })
}

fn bad<T>(why: &str) -> Outcome<T> {
    refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."))
}

fn messages(set: &DataValidationSet) -> Outcome<()> {
    for Message { title, text } in set.error.iter().chain(&set.prompt) {
        if title.encode_utf16().count() > MAX_TITLE || text.encode_utf16().count() > MAX_TEXT {
            return bad("A message has a title of at most 32 and a text of at most 255 characters");
        }
    }
    Ok(())
}

fn check(workbook: &Workbook, allowed: &Allowed) -> Outcome<Check> {
    Ok(match allowed {
        Allowed::Any {} => Check {
            kind: "none",
            ..Check::default()
        },
        Allowed::List { values } => {
            let whole = values.join(",");
            let odd = values
                .iter()
                .any(|value| value.contains(',') || value.trim().is_empty());
            if values.is_empty() || odd || whole.encode_utf16().count() > MAX_LIST {
                return bad(
                    "A list has texts without commas, at most 255 characters together; use a range for others",
                );
            }
            Check {
                kind: "list",
                first: Some(format!("\"{}\"", whole.replace('"', "\"\""))),
                ..Check::default()
            }
        }
        Allowed::ListFrom { source } => Check {
            kind: "list",
            first: Some(list_source(workbook, source)?),
            ..Check::default()
        },
        Allowed::Formula { formula } => Check {
            kind: "custom",
            first: Some(held(formula)?),
            ..Check::default()
        },
        Allowed::Number {
            of,
            operator,
            first,
            second,
        } => {
            let is_pair = matches!(operator, Comparison::Between | Comparison::NotBetween);
            if is_pair != second.is_some() {
                return bad("A second value is for `between` and `notBetween`");
            }
            let value = |value: &CellValue| operand(workbook, *of, value);
            Check {
                kind: match of {
                    NumberKind::Whole => "whole",
                    NumberKind::Decimal => "decimal",
                    NumberKind::Date => "date",
                    NumberKind::Time => "time",
                    NumberKind::TextLength => "textLength",
                },
                operator: Some(*operator),
                first: Some(value(first)?),
                second: second.as_ref().map(value).transpose()?,
            }
        }
    })
}

/// Where a list comes from: a range, a name, or a formula.
fn list_source(workbook: &Workbook, source: &str) -> Outcome<String> {
    if source.starts_with('=') {
        return held(source);
    }
    let known = workbook
        .names
        .iter()
        .any(|name| name.name.eq_ignore_ascii_case(source.trim()));
    if known {
        return Ok(source.trim().to_owned());
    }
    if let Ok(Address {
        sheet: None,
        area: Some(_),
    }) = Address::parse(source)
    {
        return bad(&format!("`{source}` does not say which sheet it is on"));
    }
    let (index, area) = addresses::area(workbook, source)?;
    if area.rows() > 1 && area.columns() > 1 {
        return bad("A list comes from one row or one column");
    }
    Ok(names::absolute(&workbook.sheets[index].name, area))
}

/// What an entry is compared with.
fn operand(workbook: &Workbook, of: NumberKind, value: &CellValue) -> Outcome<String> {
    match value {
        CellValue::Number(number) if number.is_finite() => {
            let whole = matches!(of, NumberKind::Whole | NumberKind::TextLength);
            if whole && number.fract() != 0.0 {
                return bad(&format!("{number} is no whole number"));
            }
            Ok(crate::cell_edit::number(*number))
        }
        CellValue::Text(text) if text.starts_with('=') => held(text),
        CellValue::Text(text) if matches!(of, NumberKind::Date | NumberKind::Time) => {
            let date = DateInput {
                date: text.clone(),
                format: None,
            };
            match date.serial(workbook.date_1904) {
                Some(serial) => Ok(crate::cell_edit::number(serial)),
                None => bad(&format!(
                    "`{text}` is no date such as 2026-03-31, nor a time such as 14:30"
                )),
            }
        }
        _ => bad("An entry is compared with a number, a date or a formula"),
    }
}

/// The element (18.3.1.32).
fn written(set: &DataValidationSet, check: &Check, sqref: &str, p: &str) -> String {
    let mut xml = format!("<{p}dataValidation");
    let mut put = |name: &str, value: &str| {
        let _ = write!(xml, r#" {name}="{}""#, escape(value));
    };
    if check.kind != "none" {
        put("type", check.kind);
    }
    match set.style {
        None | Some(ErrorStyle::Stop) => {}
        Some(ErrorStyle::Warning) => put("errorStyle", "warning"),
        Some(ErrorStyle::Information) => put("errorStyle", "information"),
    }
    if let Some(operator) = check.operator.filter(|operator| *operator != Comparison::Between) {
        put("operator", comparison(operator));
    }
    if !set.refuse_blank {
        put("allowBlank", "1");
    }
    put("showInputMessage", "1");
    put("showErrorMessage", "1");
    for (message, title_name, text_name) in [
        (&set.error, "errorTitle", "error"),
        (&set.prompt, "promptTitle", "prompt"),
    ] {
        if let Some(Message { title, text }) = message {
            if !title.is_empty() {
                put(title_name, title);
            }
            if !text.is_empty() {
                put(text_name, &text.replace('\n', "_x000a_"));
            }
        }
    }
    put("sqref", sqref);
    xml.push('>');
    for (name, formula) in [("formula1", &check.first), ("formula2", &check.second)] {
        if let Some(formula) = formula {
            let _ = write!(xml, "<{p}{name}>{}</{p}{name}>", escape(formula));
        }
    }
    let _ = write!(xml, "</{p}dataValidation>");
    xml
}
