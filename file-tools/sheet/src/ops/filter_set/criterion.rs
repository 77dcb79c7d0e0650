//! What one column of a filter lets through (ECMA-376 part 1, 18.3.2): as an operation asks for it, and as files hold it.

mod held;

pub(super) use held::held;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deskhand_opc::xml::escape;
use deskhand_operations::workbook::{
    DynamicFilter, FilterColumn, FilterCondition, FilterOperator, FilterTop,
};
use deskhand_operations::{CellValue, RefusalCode};

use super::dates::{self, DateGroup};
use super::rows::{Held, Rows};
use crate::calendar::civil;
use crate::columns;
use crate::error::{Outcome, refuse};

/// What one column lets through.
pub(super) struct Criterion {
    pub(super) column: u32,
    pub(super) test: Test,
}

/// How a cell is looked at.
pub(super) enum Test {
    /// One of some texts as the sheet shows them (by the text in lower case), a blank, or a date of a group.
    Values {
        texts: BTreeMap<String, String>,
        blank: bool,
        dates: Vec<DateGroup>,
    },
    /// One or two conditions.
    Conditions { all: Vec<Condition>, any: bool },
    /// Among the largest or smallest: the last number that is.
    Top { top: FilterTop, bound: Option<f64> },
    /// Above or below the average.
    Average { below: bool, average: Option<f64> },
    /// A span of time by serial numbers from 1900, the end not included.
    Span { kind: DynamicFilter, from: f64, to: f64 },
    /// Months of any year.
    Months(DynamicFilter),
    /// A colour of the cell's fill or font; empty for none.
    Color { fill: bool, color: String },
    /// A filter that cannot be computed here.
    Unknown,
}

/// One condition.
pub(super) enum Condition {
    Asked(FilterCondition),
    /// A text with `*` and `?`, in lower case, to be met or not.
    Pattern {
        not: bool,
        pattern: Vec<char>,
    },
}

impl Criterion {
    /// What an operation asks for. `today` is a serial number from 1900.
    pub(super) fn of(rows: &Rows, column: &FilterColumn, today: Option<f64>) -> Outcome<Self> {
        let header = |column: u32| {
            let held = rows.cells.get(&(rows.area.top, column));
            held.map(|held| held.text.clone())
        };
        let at = columns::find(&column.column, rows.area, &header)?;
        let kinds = [
            !column.values.is_empty() || !column.dates.is_empty(),
            !column.conditions.is_empty(),
            column.top.is_some(),
            column.dynamic.is_some(),
            column.fill_color.is_some(),
            column.font_color.is_some(),
        ];
        if kinds.iter().filter(|is| **is).count() != 1 || column.conditions.len() > 2 {
            return bad(&format!(
                "The column `{}` is filtered in one way: by values and dates, by one or two conditions, or by one of the others",
                column.column
            ));
        }
        let test = if let Some(top) = &column.top {
            let most = if top.percent { 100 } else { 500 };
            if !(1..=most).contains(&top.count) {
                return bad(&format!("`top` counts from 1 to {most}"));
            }
            Test::Top {
                top: top.clone(),
                bound: rows.bound(at, top),
            }
        } else if let Some(kind) = column.dynamic {
            dynamic(rows, at, kind, today)?
        } else if let Some((fill, color)) = color(column) {
            Test::Color {
                fill,
                color: checked(color)?,
            }
        } else if column.conditions.is_empty() {
            values(rows, at, column)?
        } else {
            Test::Conditions {
                all: column.conditions.iter().cloned().map(Condition::Asked).collect(),
                any: column.any,
            }
        };
        Ok(Self { column: at, test })
    }

    /// True where the row is shown.
    pub(super) fn meets(&self, rows: &Rows, row: u32) -> bool {
        let nothing = Held::default();
        let held = rows.cells.get(&(row, self.column)).unwrap_or(&nothing);
        let number = match held.value {
            CellValue::Number(number) => Some(number),
            _ => None,
        };
        match &self.test {
            Test::Values { texts, blank, dates } => {
                if held.text.is_empty() {
                    return *blank;
                }
                let date = number.filter(|_| held.is_date).map(|number| number + rows.shift);
                texts.contains_key(&held.text.to_lowercase())
                    || date.is_some_and(|date| dates.iter().any(|group| group.holds(date)))
            }
            Test::Conditions { all, any } => {
                let mut results = all.iter().map(|condition| condition.is_met(held));
                if *any {
                    results.any(|met| met)
                } else {
                    results.all(|met| met)
                }
            }
            Test::Top { top, bound } => match (number, bound) {
                (Some(number), Some(bound)) if top.bottom => number <= *bound,
                (Some(number), Some(bound)) => number >= *bound,
                _ => false,
            },
            Test::Average { below, average } => match (number, average) {
                (Some(number), Some(average)) if *below => number < *average,
                (Some(number), Some(average)) => number > *average,
                _ => false,
            },
            Test::Span { from, to, .. } => {
                number.is_some_and(|number| (*from..*to).contains(&(number + rows.shift)))
            }
            Test::Months(kind) => {
                let month = number.map(|number| civil(number + rows.shift).1);
                month.is_some_and(|month| dates::months(*kind).is_some_and(|months| months.contains(&month)))
            }
            Test::Color { fill, color } => {
                let format = rows.styles.of(held.style).format;
                let shown = if *fill {
                    format.fill_color
                } else {
                    format.font_color
                };
                shown.unwrap_or_default().eq_ignore_ascii_case(color)
            }
            Test::Unknown => !rows.hidden.contains(&row),
        }
    }

    /// The element inside `filterColumn`; `difference` is the format that tells a colour.
    pub(super) fn xml(&self, rows: &Rows, p: &str, difference: Option<usize>) -> String {
        let mut xml = String::new();
        match &self.test {
            Test::Values { texts, blank, dates } => {
                let blank = if *blank { r#" blank="1""# } else { "" };
                let _ = write!(xml, "<{p}filters{blank}>");
                for text in texts.values() {
                    let _ = write!(xml, r#"<{p}filter val="{}"/>"#, escape(text));
                }
                xml.extend(dates.iter().map(|group| group.xml(p)));
                let _ = write!(xml, "</{p}filters>");
            }
            Test::Conditions { all, any } => {
                let both = if *any || all.len() == 1 { "" } else { r#" and="1""# };
                let _ = write!(xml, "<{p}customFilters{both}>");
                for condition in all {
                    let Condition::Asked(condition) = condition else {
                        continue;
                    };
                    let (operator, value) = custom(condition);
                    let operator = operator.map_or_else(String::new, |name| format!(r#" operator="{name}""#));
                    let _ = write!(xml, r#"<{p}customFilter{operator} val="{}"/>"#, escape(&value));
                }
                let _ = write!(xml, "</{p}customFilters>");
            }
            Test::Top { top, bound } => {
                let side = if top.bottom { r#" top="0""# } else { "" };
                let percent = if top.percent { r#" percent="1""# } else { "" };
                let bound =
                    bound.map_or_else(String::new, |bound| format!(r#" filterVal="{}""#, plain(bound)));
                let _ = write!(xml, r#"<{p}top10{side}{percent} val="{}"{bound}/>"#, top.count);
            }
            Test::Average { below, average } => {
                let kind = if *below { "belowAverage" } else { "aboveAverage" };
                let value = average.map_or_else(String::new, |value| format!(r#" val="{}""#, plain(value)));
                let _ = write!(xml, r#"<{p}dynamicFilter type="{kind}"{value}/>"#);
            }
            Test::Span { kind, from, to } => {
                let _ = write!(
                    xml,
                    r#"<{p}dynamicFilter type="{}" val="{}" maxVal="{}"/>"#,
                    dates::name(*kind),
                    plain(from - rows.shift),
                    plain(to - rows.shift)
                );
            }
            Test::Months(kind) => {
                let _ = write!(xml, r#"<{p}dynamicFilter type="{}"/>"#, dates::name(*kind));
            }
            Test::Color { fill, .. } => {
                let cell = if *fill { "" } else { r#" cellColor="0""# };
                let _ = write!(
                    xml,
                    r#"<{p}colorFilter dxfId="{}"{cell}/>"#,
                    difference.unwrap_or_default()
                );
            }
            Test::Unknown => {}
        }
        xml
    }
}

fn bad<T>(why: &str) -> Outcome<T> {
    refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."))
}

fn plain(number: f64) -> String {
    crate::cell_edit::number(number)
}

fn color(column: &FilterColumn) -> Option<(bool, &str)> {
    let fill = column.fill_color.as_deref().map(|color| (true, color));
    fill.or_else(|| column.font_color.as_deref().map(|color| (false, color)))
}

/// A colour as formats hold it.
fn checked(color: &str) -> Outcome<String> {
    let hex = color.strip_prefix('#').unwrap_or(color);
    if !hex.is_empty() && (hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return bad(&format!("`{color}` is no colour of the form `#RRGGBB`"));
    }
    Ok(if hex.is_empty() {
        String::new()
    } else {
        format!("#{}", hex.to_ascii_uppercase())
    })
}

/// Values and groups of dates.
fn values(rows: &Rows, at: u32, column: &FilterColumn) -> Outcome<Test> {
    let mut texts = BTreeMap::new();
    let mut blank = false;
    for value in &column.values {
        let shown = match value {
            CellValue::Empty => {
                blank = true;
                continue;
            }
            CellValue::Text(text) => vec![text.clone()],
            CellValue::Boolean(value) => vec![(if *value { "TRUE" } else { "FALSE" }).to_owned()],
            CellValue::Number(number) => rows.texts_of(at, *number),
        };
        texts.extend(shown.into_iter().map(|text| (text.to_lowercase(), text)));
    }
    let mut dates = Vec::new();
    for text in &column.dates {
        match DateGroup::parse(text) {
            Some(group) => dates.push(group),
            None => {
                return bad(&format!(
                    "`{text}` is no year, month, day or time such as `2026`, `2026-03` or `2026-03-31T09`"
                ));
            }
        }
    }
    Ok(Test::Values { texts, blank, dates })
}

/// What changes by itself.
pub(super) fn dynamic(rows: &Rows, column: u32, kind: DynamicFilter, today: Option<f64>) -> Outcome<Test> {
    if matches!(kind, DynamicFilter::AboveAverage | DynamicFilter::BelowAverage) {
        return Ok(Test::Average {
            below: kind == DynamicFilter::BelowAverage,
            average: rows.average(column),
        });
    }
    if dates::months(kind).is_some() {
        return Ok(Test::Months(kind));
    }
    match today.and_then(|today| dates::span(kind, today)) {
        Some((from, to)) => Ok(Test::Span { kind, from, to }),
        None => bad(&format!(
            "`{}` needs `today`, the day that it counts from, such as `2026-03-31`",
            dates::name(kind)
        )),
    }
}

impl Condition {
    fn is_met(&self, held: &Held) -> bool {
        match self {
            Self::Asked(condition) => met(condition, &held.value, &held.text),
            Self::Pattern { not, pattern } => {
                let text: Vec<char> = held.text.to_lowercase().chars().collect();
                let is_text = matches!(held.value, CellValue::Text(_));
                (is_text && matches(pattern, &text)) != *not
            }
        }
    }
}

/// True where a text fits a pattern of `*` and `?`, with `~` before a sign that means itself.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        let escaped = pattern.get(at) == Some(&'~') && at + 1 < pattern.len();
        let sign = pattern.get(at + usize::from(escaped)).copied();
        if sign == Some('*') && !escaped {
            star = Some((at, seen));
            at += 1;
        } else if sign == Some(text[seen]) || (sign == Some('?') && !escaped) {
            at += 1 + usize::from(escaped);
            seen += 1;
        } else if let Some((from, to)) = star {
            star = Some((from, to + 1));
            at = from + 1;
            seen = to + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|sign| *sign == '*')
}

/// True when a cell meets a condition. Numbers compare with numbers, everything else as the text that is shown.
fn met(condition: &FilterCondition, value: &CellValue, text: &str) -> bool {
    use FilterOperator as Op;
    let wanted = match &condition.value {
        CellValue::Number(number) => crate::cell_edit::number(*number),
        CellValue::Text(text) => text.clone(),
        CellValue::Boolean(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Empty => String::new(),
    };
    let (held, wanted_text) = (text.to_lowercase(), wanted.to_lowercase());
    let order = match (value, &condition.value) {
        (CellValue::Number(held), CellValue::Number(wanted)) => held.partial_cmp(wanted),
        (CellValue::Text(_), CellValue::Text(_)) => Some(held.cmp(&wanted_text)),
        _ => None,
    };
    match condition.operator {
        Op::Equal => order.map_or(held == wanted_text, std::cmp::Ordering::is_eq),
        Op::NotEqual => !order.map_or(held == wanted_text, std::cmp::Ordering::is_eq),
        Op::GreaterThan => order.is_some_and(std::cmp::Ordering::is_gt),
        Op::GreaterThanOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        Op::LessThan => order.is_some_and(std::cmp::Ordering::is_lt),
        Op::LessThanOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
        // Only texts have beginnings and ends, in Excel's filters.
        Op::BeginsWith => matches!(value, CellValue::Text(_)) && held.starts_with(&wanted_text),
        Op::EndsWith => matches!(value, CellValue::Text(_)) && held.ends_with(&wanted_text),
        Op::Contains => matches!(value, CellValue::Text(_)) && held.contains(&wanted_text),
        Op::DoesNotContain => !(matches!(value, CellValue::Text(_)) && held.contains(&wanted_text)),
    }
}

/// A condition as the file has it: texts with `*` for what may stand before or after.
fn custom(condition: &FilterCondition) -> (Option<&'static str>, String) {
    use FilterOperator as Op;
    let plain = match &condition.value {
        CellValue::Number(number) => crate::cell_edit::number(*number),
        CellValue::Text(text) => text.replace('~', "~~").replace('*', "~*").replace('?', "~?"),
        CellValue::Boolean(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
        CellValue::Empty => " ".to_owned(),
    };
    match condition.operator {
        Op::Equal => (None, plain),
        Op::NotEqual => (Some("notEqual"), plain),
        Op::GreaterThan => (Some("greaterThan"), plain),
        Op::GreaterThanOrEqual => (Some("greaterThanOrEqual"), plain),
        Op::LessThan => (Some("lessThan"), plain),
        Op::LessThanOrEqual => (Some("lessThanOrEqual"), plain),
        Op::BeginsWith => (None, format!("{plain}*")),
        Op::EndsWith => (None, format!("*{plain}")),
        Op::Contains => (None, format!("*{plain}*")),
        Op::DoesNotContain => (Some("notEqual"), format!("*{plain}*")),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_as_in_excel() {
        let cases = [
            ("*north*", "far north west", true),
            ("n?rth", "north", true),
            ("n?rth", "nrth", false),
            ("a~*b", "a*b", true),
            ("a~*b", "axb", false),
            ("*", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b", "abc", false),
        ];
        for (pattern, text, expected) in cases {
            let signs = |text: &str| text.chars().collect::<Vec<char>>();
            assert_eq!(
                matches(&signs(pattern), &signs(text)),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
