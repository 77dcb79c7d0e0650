//! `conditionalFormat.set`.

mod dates;

use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_opc::xml::escape;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{
    CellFormat, Comparison, Condition, ConditionalFormatSet, ConditionalRule,
};
use deskhand_operations::{Area, CellValue, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::ops::{guards, range_format};
use crate::rules::{self, RuleKind};
use crate::sheet::Worksheet;
use crate::style_edit::StyleEdit;
use crate::workbook::Workbook;

/// Rules that one operation may set.
const MAX_RULES: usize = 64;
/// Icon sets of the standard (18.18.42), with how many icons each has.
const ICONS: &[(&str, u32)] = &[
    ("3Arrows", 3),
    ("3ArrowsGray", 3),
    ("3Flags", 3),
    ("3TrafficLights1", 3),
    ("3TrafficLights2", 3),
    ("3Signs", 3),
    ("3Symbols", 3),
    ("3Symbols2", 3),
    ("4Arrows", 4),
    ("4ArrowsGray", 4),
    ("4RedToBlack", 4),
    ("4Rating", 4),
    ("4TrafficLights", 4),
    ("5Arrows", 5),
    ("5ArrowsGray", 5),
    ("5Rating", 5),
    ("5Quarters", 5),
];

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, set: &ConditionalFormatSet) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &set.range)?;
    let sheet = workbook.worksheet(index)?;
    guards::of_part(workbook, draft, sheet)?;
    if set.rules.len() > MAX_RULES {
        return refuse(
            RefusalCode::TooLarge,
            format!("A range gets at most {MAX_RULES} rules at once; nothing was changed."),
        );
    }
    let part = &sheet.part;
    let limits = workbook.package.limits();
    if !set.keep {
        let content = draft.package().part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
        let edits = rules::take_out(&scanned, limits, RuleKind::Format, area)?;
        draft.edit(part, edits)?;
    }
    if !set.rules.is_empty() {
        let content = draft.package().part(part)?;
        let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
        let p = scanned.prefix.clone();
        let mut xml = format!(r#"<{p}conditionalFormatting sqref="{area}">"#);
        let mut styles = StyleEdit::new(workbook, draft)?;
        for (number, rule) in set.rules.iter().enumerate() {
            xml.push_str(&written(rule, number + 1, area, &p, &mut styles)?);
        }
        styles.finish(draft)?;
        let _ = write!(xml, "</{p}conditionalFormatting>");
        // The new rules come first: the others keep their order behind them.
        let mut edits: Vec<Edit> = rules::later(&scanned, limits, set.rules.len() as u32)?;
        edits.push(scanned.insert("conditionalFormatting", &xml));
        draft.edit(part, edits)?;
    }
    Ok(Applied {
        target: addresses::on(sheet, area),
        changed: set.rules.len() as u32,
        ..Applied::default()
    })
}

fn bad<T>(why: &str) -> Outcome<T> {
    refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."))
}

/// A rule's element (18.3.1.10).
fn written(
    rule: &ConditionalRule,
    priority: usize,
    area: Area,
    p: &str,
    styles: &mut StyleEdit,
) -> Outcome<String> {
    let (attributes, inner) = match visual(&rule.condition, p)? {
        Some((kind, inner)) => {
            if rule.format.is_some() || rule.stop {
                return bad("Scales, bars and icons have no format of their own, and stop nothing");
            }
            (format!(r#" type="{kind}""#), inner)
        }
        None => plain(&rule.condition, &Area::cell(area.top, area.left).to_string(), p)?,
    };
    let format = match &rule.format {
        Some(format) => format!(r#" dxfId="{}""#, styles.difference(&checked(format)?)),
        None => String::new(),
    };
    let stop = if rule.stop { r#" stopIfTrue="1""# } else { "" };
    Ok(if inner.is_empty() {
        format!(r#"<{p}cfRule{attributes}{format} priority="{priority}"{stop}/>"#)
    } else {
        format!(r#"<{p}cfRule{attributes}{format} priority="{priority}"{stop}>{inner}</{p}cfRule>"#)
    })
}

/// A format that conditional formats can have.
fn checked(format: &CellFormat) -> Outcome<CellFormat> {
    range_format::check(format)?;
    if format.font_size.is_some() || format.horizontal.is_some() || format.wrap.is_some() {
        return bad("A conditional format sets bold, italic, colours and number format alone");
    }
    Ok(format.clone())
}

/// Scales, bars and icons: type and content.
fn visual(condition: &Condition, p: &str) -> Outcome<Option<(&'static str, String)>> {
    let color = |color: &str| -> Outcome<String> {
        let hex = color.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return bad(&format!("`{color}` is not a colour such as `#1F4E78`"));
        }
        Ok(format!(r#"<{p}color rgb="FF{}"/>"#, hex.to_ascii_uppercase()))
    };
    Ok(Some(match condition {
        Condition::ColorScale { colors } => {
            let points: &[&str] = match colors.len() {
                2 => &[r#"type="min""#, r#"type="max""#],
                3 => &[r#"type="min""#, r#"type="percentile" val="50""#, r#"type="max""#],
                _ => return bad("A colour scale has two or three colours"),
            };
            let mut inner = format!("<{p}colorScale>");
            for point in points {
                let _ = write!(inner, "<{p}cfvo {point}/>");
            }
            for name in colors {
                inner.push_str(&color(name)?);
            }
            let _ = write!(inner, "</{p}colorScale>");
            ("colorScale", inner)
        }
        Condition::DataBar { color: name } => {
            let inner = format!(
                r#"<{p}dataBar><{p}cfvo type="min"/><{p}cfvo type="max"/>{}</{p}dataBar>"#,
                color(name)?
            );
            ("dataBar", inner)
        }
        Condition::IconSet { set, icons_only } => {
            let Some((name, count)) = ICONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(set)) else {
                return bad(&format!("`{set}` is not an icon set such as `3TrafficLights1`"));
            };
            let shown = if *icons_only { r#" showValue="0""# } else { "" };
            let mut inner = format!(r#"<{p}iconSet iconSet="{name}"{shown}>"#);
            for icon in 0..*count {
                let from = (f64::from(icon) * 100.0 / f64::from(*count)).round();
                let _ = write!(inner, r#"<{p}cfvo type="percent" val="{from}"/>"#);
            }
            let _ = write!(inner, "</{p}iconSet>");
            ("iconSet", inner)
        }
        _ => return Ok(None),
    }))
}

/// All other conditions: attributes and formulas. `cell` is the first cell of the range.
fn plain(condition: &Condition, cell: &str, p: &str) -> Outcome<(String, String)> {
    let formula = |text: &str| format!("<{p}formula>{}</{p}formula>", escape(text));
    Ok(match condition {
        Condition::Value {
            operator,
            first,
            second,
        } => compared(*operator, first, second.as_ref(), p)?,
        Condition::Formula { formula: text } => (r#" type="expression""#.to_owned(), formula(&held(text)?)),
        Condition::Contains { text }
        | Condition::NotContains { text }
        | Condition::BeginsWith { text }
        | Condition::EndsWith { text } => {
            let (attributes, text) = words(condition, text, cell)?;
            (attributes, formula(&text))
        }
        Condition::Date { period } => {
            let (name, text) = dates::formula(*period, cell);
            (
                format!(r#" type="timePeriod" timePeriod="{name}""#),
                formula(&text),
            )
        }
        Condition::Duplicate {} => (r#" type="duplicateValues""#.to_owned(), String::new()),
        Condition::Unique {} => (r#" type="uniqueValues""#.to_owned(), String::new()),
        Condition::Blank {} | Condition::NotBlank {} | Condition::Error {} | Condition::NotError {} => {
            let (kind, text) = state(condition, cell);
            (format!(r#" type="{kind}""#), formula(&text))
        }
        Condition::Top {
            rank,
            percent,
            bottom,
        } => {
            let most = if *percent { 100 } else { 1_000 };
            if !(1..=most).contains(rank) {
                return bad(&format!("A rank lies between 1 and {most}"));
            }
            let mut attributes = format!(r#" type="top10" rank="{rank}""#);
            for (name, on) in [("percent", percent), ("bottom", bottom)] {
                if *on {
                    let _ = write!(attributes, r#" {name}="1""#);
                }
            }
            (attributes, String::new())
        }
        Condition::AboveAverage {
            below,
            equal,
            deviations,
        } => (average(*below, *equal, *deviations)?, String::new()),
        Condition::ColorScale { .. } | Condition::DataBar { .. } | Condition::IconSet { .. } => {
            return bad("Scales, bars and icons look for nothing");
        }
    })
}

/// A rule that looks for blank cells or errors: type and formula.
fn state(condition: &Condition, cell: &str) -> (&'static str, String) {
    match condition {
        Condition::Blank {} => ("containsBlanks", format!("LEN(TRIM({cell}))=0")),
        Condition::NotBlank {} => ("notContainsBlanks", format!("LEN(TRIM({cell}))>0")),
        Condition::Error {} => ("containsErrors", format!("ISERROR({cell})")),
        _ => ("notContainsErrors", format!("NOT(ISERROR({cell}))")),
    }
}

/// A rule that looks for words: attributes and formula, as Excel writes them.
fn words(condition: &Condition, text: &str, cell: &str) -> Outcome<(String, String)> {
    if text.is_empty() || text.chars().count() > 255 {
        return bad("The words to look for have 1 to 255 characters");
    }
    let quoted = format!("\"{}\"", text.replace('"', "\"\""));
    let (kind, operator, formula) = match condition {
        Condition::NotContains { .. } => (
            "notContainsText",
            "notContains",
            format!("ISERROR(SEARCH({quoted},{cell}))"),
        ),
        Condition::BeginsWith { .. } => (
            "beginsWith",
            "beginsWith",
            format!("LEFT({cell},LEN({quoted}))={quoted}"),
        ),
        Condition::EndsWith { .. } => (
            "endsWith",
            "endsWith",
            format!("RIGHT({cell},LEN({quoted}))={quoted}"),
        ),
        _ => (
            "containsText",
            "containsText",
            format!("NOT(ISERROR(SEARCH({quoted},{cell})))"),
        ),
    };
    let attributes = format!(r#" type="{kind}" operator="{operator}" text="{}""#, escape(text));
    Ok((attributes, formula))
}

/// A rule that compares with the average of the range.
fn average(below: bool, equal: bool, deviations: Option<u32>) -> Outcome<String> {
    let mut attributes = r#" type="aboveAverage""#.to_owned();
    if below {
        attributes.push_str(r#" aboveAverage="0""#);
    }
    match deviations {
        Some(count @ 1..=3) if !equal => {
            let _ = write!(attributes, r#" stdDev="{count}""#);
        }
        None if equal => attributes.push_str(r#" equalAverage="1""#),
        None => {}
        Some(_) => return bad("Standard deviations are 1 to 3, and not together with `equal`"),
    }
    Ok(attributes)
}

/// A rule that compares with one value, or with two.
fn compared(
    operator: Comparison,
    first: &CellValue,
    second: Option<&CellValue>,
    p: &str,
) -> Outcome<(String, String)> {
    let is_pair = matches!(operator, Comparison::Between | Comparison::NotBetween);
    if is_pair != second.is_some() {
        return bad("A second value is for `between` and `notBetween`");
    }
    let mut inner = String::new();
    for value in [first].into_iter().chain(second) {
        let _ = write!(inner, "<{p}formula>{}</{p}formula>", escape(&operand(value)?));
    }
    let attributes = format!(r#" type="cellIs" operator="{}""#, comparison(operator));
    Ok((attributes, inner))
}

/// The name of a comparison in files (18.18.15, 18.18.20).
pub(super) fn comparison(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Between => "between",
        Comparison::NotBetween => "notBetween",
        Comparison::Equal => "equal",
        Comparison::NotEqual => "notEqual",
        Comparison::GreaterThan => "greaterThan",
        Comparison::LessThan => "lessThan",
        Comparison::GreaterThanOrEqual => "greaterThanOrEqual",
        Comparison::LessThanOrEqual => "lessThanOrEqual",
    }
}

/// A value as a formula; a text with `=` is one already.
fn operand(value: &CellValue) -> Outcome<String> {
    Ok(match value {
        CellValue::Number(number) if number.is_finite() => crate::cell_edit::number(*number),
        CellValue::Boolean(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Text(text) if text.starts_with('=') => held(text)?,
        CellValue::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        CellValue::Number(_) | CellValue::Empty => {
            return bad("A rule compares with a number, a text or a formula");
        }
    })
}

/// A formula with `=` as rules hold it.
pub(super) fn held(text: &str) -> Outcome<String> {
    let formula = text.strip_prefix('=').unwrap_or_default().trim();
    if formula.is_empty() || !deskhand_formula::balanced(formula) || formula.encode_utf16().count() > 8_192 {
        return bad(&format!(
            "`{text}` is not a formula that begins with `=` and closes its brackets and quotes"
        ));
    }
    // Rules compute one value, so functions that spill are welcome.
    Ok(deskhand_formula::to_file(formula).unwrap_or_else(|_| formula.to_owned()))
}
