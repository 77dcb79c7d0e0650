//! How a line of cells goes on: numbers by their step, dates by days, months or years, texts that count, names of days and
//! months. Pure: values in, values out.

use deskhand_operations::workbook::DateUnit;

use crate::calendar::{after_months, after_weekdays, civil, ends_month, month_index};

/// A cell of the source, as far as a series cares.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// A number that is no date.
    Number(f64),
    /// A date, a time or both, as a serial number of a workbook that counts from 1900.
    Date(f64),
    Text(String),
    /// Blank cells, logical values, errors, formulas: they repeat.
    Other,
}

/// What the caller asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    pub(super) step: Option<f64>,
    pub(super) unit: Option<DateUnit>,
}

/// A run of neighbours of one kind, which goes on by its own rule.
#[derive(Clone, Debug)]
struct Run {
    from: usize,
    length: usize,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Repeat,
    Linear {
        first: f64,
        step: f64,
    },
    Weekdays {
        first: f64,
        step: i64,
    },
    Months {
        first: f64,
        step: i64,
        at_end: bool,
    },
    Counted {
        before: String,
        width: usize,
        first: f64,
        step: f64,
        quarters: bool,
    },
    Named {
        names: &'static [&'static str],
        first: i64,
        step: i64,
        case: Case,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Case {
    Upper,
    Lower,
    Title,
}

const LISTS: [&[&str]; 4] = [
    &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    &[
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    &[
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    &[
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// A line of the source, ready to go on.
#[derive(Clone, Debug)]
pub(super) struct Series {
    runs: Vec<Run>,
    length: usize,
}

impl Series {
    /// Finds how a line goes on.
    pub(super) fn of(line: &[Item], wish: Wish) -> Self {
        let mut runs = Vec::new();
        let mut from = 0;
        while from < line.len() {
            let mut length = 1;
            while from + length < line.len() && goes_with(&line[from], &line[from + length]) {
                length += 1;
            }
            let rule = rule(&line[from..from + length], wish);
            runs.push(Run { from, length, rule });
            from += length;
        }
        Self {
            runs,
            length: line.len(),
        }
    }

    /// The value of a place counted from the first cell of the source; negative places lie before it. `None` where the
    /// source's cell is repeated.
    pub(super) fn at(&self, place: i64) -> Option<Item> {
        let length = self.length as i64;
        let (round, inside) = (place.div_euclid(length), place.rem_euclid(length) as usize);
        let run = self
            .runs
            .iter()
            .find(|run| (run.from..run.from + run.length).contains(&inside))?;
        run.rule
            .at(round * run.length as i64 + (inside - run.from) as i64)
    }
}

fn goes_with(first: &Item, next: &Item) -> bool {
    match (first, next) {
        (Item::Number(_), Item::Number(_)) | (Item::Date(_), Item::Date(_)) | (Item::Other, Item::Other) => {
            true
        }
        (Item::Text(first), Item::Text(next)) => match (listed(first), listed(next)) {
            (Some((one, ..)), Some((other, ..))) => std::ptr::eq(LISTS[one], LISTS[other]),
            (None, None) => match (counted(first), counted(next)) {
                (Some(one), Some(other)) => one.0 == other.0,
                (None, None) => true,
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

fn rule(run: &[Item], wish: Wish) -> Rule {
    match &run[0] {
        Item::Other => Rule::Repeat,
        Item::Number(_) => linear(&numbers(run), wish.step),
        Item::Date(_) => dates(&numbers(run), wish),
        Item::Text(text) => texts(run, text, wish.step),
    }
}

fn numbers(run: &[Item]) -> Vec<f64> {
    run.iter()
        .filter_map(|item| match item {
            Item::Number(value) | Item::Date(value) => Some(*value),
            _ => None,
        })
        .collect()
}

/// The straight line through the values: their own where they have one step, otherwise the closest one.
fn linear(values: &[f64], step: Option<f64>) -> Rule {
    let first = values[0];
    if let Some(step) = step {
        return Rule::Linear { first, step };
    }
    let count = values.len();
    if count == 1 {
        return Rule::Linear { first, step: 1.0 };
    }
    let step = values[1] - values[0];
    let near = |index: usize| {
        let expected = first + step * index as f64;
        (values[index] - expected).abs() <= 1e-9 * expected.abs().max(step.abs())
    };
    if (0..count).all(near) {
        return Rule::Linear { first, step };
    }
    let middle = (count - 1) as f64 / 2.0;
    let mean = values.iter().sum::<f64>() / count as f64;
    let spread: f64 = (0..count).map(|index| (index as f64 - middle).powi(2)).sum();
    let lean: f64 = values
        .iter()
        .enumerate()
        .map(|(index, value)| (index as f64 - middle) * (value - mean))
        .sum();
    let step = lean / spread;
    Rule::Linear {
        first: mean - step * middle,
        step,
    }
}

fn dates(values: &[f64], wish: Wish) -> Rule {
    let first = values[0];
    let by_month = |months: i64, at_end: bool| Rule::Months {
        first,
        step: months,
        at_end,
    };
    let whole = wish.step.map(|step| step.round() as i64);
    match wish.unit {
        Some(DateUnit::Month) => return by_month(whole.unwrap_or(1), ends_month(first)),
        Some(DateUnit::Year) => return by_month(whole.unwrap_or(1).saturating_mul(12), ends_month(first)),
        Some(DateUnit::Weekday) => {
            return Rule::Weekdays {
                first,
                step: whole.unwrap_or(1),
            };
        }
        Some(DateUnit::Day) => return linear(&values[..1], Some(wish.step.unwrap_or(1.0))),
        None => {}
    }
    if wish.step.is_none() && values.len() > 1 {
        let at_end = values.iter().all(|value| ends_month(*value));
        let months: Vec<i64> = values.iter().map(|value| month_index(*value)).collect();
        let step = months[1] - months[0];
        let even = months.windows(2).all(|pair| pair[1] - pair[0] == step);
        let same_day = values.iter().all(|value| civil(*value).2 == civil(first).2);
        let same_time = values
            .iter()
            .all(|value| (value.fract() - first.fract()).abs() < 1e-9);
        if even && step != 0 && same_time && (same_day || at_end) {
            return by_month(step, at_end);
        }
    }
    // A time of the day alone goes on by the hour.
    if values.len() == 1 && wish.step.is_none() && first < 1.0 {
        return linear(values, Some(1.0 / 24.0));
    }
    linear(values, wish.step)
}

fn texts(run: &[Item], text: &str, step: Option<f64>) -> Rule {
    let texts: Vec<&str> = run
        .iter()
        .filter_map(|item| match item {
            Item::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if let Some((list, first, case)) = listed(text) {
        let count = LISTS[list].len() as i64;
        let places: Vec<i64> = texts
            .iter()
            .filter_map(|text| listed(text).map(|(_, place, _)| place))
            .collect();
        let seen = places
            .get(1)
            .map_or(1, |second| (second - first).rem_euclid(count));
        let even = places
            .windows(2)
            .all(|pair| (pair[1] - pair[0]).rem_euclid(count) == seen);
        if !even && step.is_none() {
            return Rule::Repeat;
        }
        return Rule::Named {
            names: LISTS[list],
            first,
            step: step.map_or(seen, |step| step.round() as i64),
            case,
        };
    }
    let Some((before, width, _)) = counted(text) else {
        return Rule::Repeat;
    };
    let values: Vec<f64> = texts
        .iter()
        .filter_map(|text| counted(text).map(|(_, _, value)| value))
        .collect();
    let Rule::Linear { first, step } = linear(&values, step) else {
        return Rule::Repeat;
    };
    let word = before.trim_end().to_ascii_lowercase();
    let quarters = matches!(word.as_str(), "q" | "qtr" | "quarter")
        && values.iter().all(|value| (1.0..=4.0).contains(value));
    Rule::Counted {
        before: before.to_owned(),
        width,
        first,
        step,
        quarters,
    }
}

impl Rule {
    fn at(&self, place: i64) -> Option<Item> {
        let along = place as f64;
        Some(match self {
            Self::Repeat => return None,
            Self::Linear { first, step } => Item::Number(rounded(first + step * along)),
            Self::Weekdays { first, step } => Item::Number(after_weekdays(*first, step * place)),
            Self::Months { first, step, at_end } => Item::Number(after_months(*first, step * place, *at_end)),
            Self::Counted {
                before,
                width,
                first,
                step,
                quarters,
            } => {
                let mut value = (first + step * along).round() as i64;
                if *quarters {
                    value = (value - 1).rem_euclid(4) + 1;
                }
                Item::Text(format!("{before}{:0width$}", value.unsigned_abs()))
            }
            Self::Named {
                names,
                first,
                step,
                case,
            } => {
                let index = (first + step * place).rem_euclid(names.len() as i64) as usize;
                let name = names[index];
                Item::Text(match case {
                    Case::Upper => name.to_uppercase(),
                    Case::Lower => name.to_lowercase(),
                    Case::Title => name.to_owned(),
                })
            }
        })
    }
}

/// A number without the dust of binary arithmetic: 15 digits, as Excel keeps them.
fn rounded(value: f64) -> f64 {
    format!("{value:.14e}").parse().unwrap_or(value)
}

/// The list, place and case of a name of a day or month. `May` is taken for short.
fn listed(text: &str) -> Option<(usize, i64, Case)> {
    let find = |list: &[&str]| list.iter().position(|name| name.eq_ignore_ascii_case(text));
    let (list, place) = LISTS
        .iter()
        .enumerate()
        .find_map(|(index, list)| find(list).map(|place| (index, place)))?;
    let case = if text.chars().all(char::is_uppercase) {
        Case::Upper
    } else if text.chars().all(char::is_lowercase) {
        Case::Lower
    } else {
        Case::Title
    };
    Some((list, place as i64, case))
}

/// A text that ends in a number: what stands before it, its least width, and the number.
fn counted(text: &str) -> Option<(&str, usize, f64)> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 15 {
        return None;
    }
    let (before, number) = text.split_at(text.len() - digits);
    let width = if number.starts_with('0') { digits } else { 1 };
    Some((before, width, number.parse().ok()?))
}

#[cfg(test)]
mod tests;
