//! Filters of columns as files hold them.

use std::collections::BTreeMap;

use deskhand_opc::xml::Node;
use deskhand_operations::CellValue;
use deskhand_operations::workbook::{FilterCondition, FilterOperator, FilterTop};

use super::super::dates::{self, DateGroup};
use super::super::rows::Rows;
use super::{Condition, Criterion, Test, dynamic};

/// What a `filterColumn` of the file lets through; `None` where it filters nothing.
pub(in crate::ops::filter_set) fn held(rows: &Rows, node: &Node<'_, '_>) -> Option<Criterion> {
    let column = rows
        .area
        .left
        .checked_add(node.attribute("colId")?.parse().ok()?)?;
    let filter = node.children().next()?;
    let text = |node: &Node<'_, '_>, name: &str| node.attribute(name).map(std::borrow::Cow::into_owned);
    let on = |name: &str| text(&filter, name).map(|value| crate::workbook::is_true(&value));
    let test = match filter.local() {
        "filters" => held_values(&filter),
        "customFilters" => Some(Test::Conditions {
            all: filter
                .children()
                .filter_map(|node| held_condition(&node))
                .collect(),
            any: !on("and").unwrap_or(false),
        }),
        "top10" => text(&filter, "val")
            .and_then(|count| count.parse::<f64>().ok())
            .map(|count| {
                let top = FilterTop {
                    count: count.clamp(0.0, 500.0) as u32,
                    percent: on("percent").unwrap_or(false),
                    bottom: !on("top").unwrap_or(true),
                };
                let bound = rows.bound(column, &top);
                Test::Top { top, bound }
            }),
        "dynamicFilter" => held_dynamic(rows, column, &filter),
        _ => None,
    };
    Some(Criterion {
        column,
        test: test.unwrap_or(Test::Unknown),
    })
}

fn held_values(filter: &Node<'_, '_>) -> Option<Test> {
    let (mut texts, mut groups) = (BTreeMap::new(), Vec::new());
    for node in filter.children() {
        match node.local() {
            "filter" => {
                let text = node.attribute("val").unwrap_or_default().into_owned();
                texts.insert(text.to_lowercase(), text);
            }
            "dateGroupItem" => {
                let attribute = |name: &str| node.attribute(name).map(std::borrow::Cow::into_owned);
                groups.push(DateGroup::read(&attribute)?);
            }
            _ => return None,
        }
    }
    let blank = filter
        .attribute("blank")
        .is_some_and(|blank| crate::workbook::is_true(&blank));
    Some(Test::Values {
        texts,
        blank,
        dates: groups,
    })
}

fn held_condition(node: &Node<'_, '_>) -> Option<Condition> {
    use FilterOperator as Op;
    let value = node.attribute("val")?.into_owned();
    let operator = match node.attribute("operator").as_deref().unwrap_or("equal") {
        "equal" => Op::Equal,
        "notEqual" => Op::NotEqual,
        "greaterThan" => Op::GreaterThan,
        "greaterThanOrEqual" => Op::GreaterThanOrEqual,
        "lessThan" => Op::LessThan,
        "lessThanOrEqual" => Op::LessThanOrEqual,
        _ => return None,
    };
    let is_equality = matches!(operator, Op::Equal | Op::NotEqual);
    if is_equality && value.contains(['*', '?', '~']) {
        return Some(Condition::Pattern {
            not: operator == Op::NotEqual,
            pattern: value.to_lowercase().chars().collect(),
        });
    }
    let value = match value.parse::<f64>() {
        Ok(number) if number.is_finite() => CellValue::Number(number),
        _ if value == " " => CellValue::Empty,
        _ => CellValue::Text(value),
    };
    Some(Condition::Asked(FilterCondition { operator, value }))
}

fn held_dynamic(rows: &Rows, column: u32, filter: &Node<'_, '_>) -> Option<Test> {
    let kind = dates::named(filter.attribute("type")?.as_ref())?;
    let number = |name: &str| filter.attribute(name)?.parse::<f64>().ok();
    if let Ok(test) = dynamic(rows, column, kind, None) {
        return Some(test);
    }
    // The days that it showed when it was last set: files do not say which day it is.
    Some(Test::Span {
        kind,
        from: number("val")? + rows.shift,
        to: number("maxVal")? + rows.shift,
    })
}
