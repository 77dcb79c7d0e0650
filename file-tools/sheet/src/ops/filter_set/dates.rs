//! Dates that filters compare with: groups (`dateGroupItem`, ECMA-376 part 1, 18.3.2.4) and the spans of dynamic filters
//! (18.18.26). Serial numbers here count from 1900.

use std::fmt::Write as _;

use deskhand_operations::workbook::DynamicFilter;

use crate::calendar::{civil, month_index, month_start};

/// The levels of a group, as files name them.
const LEVELS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];

/// A year, month, day, hour, minute or second that dates may lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DateGroup(Vec<i64>);

impl DateGroup {
    /// `2026`, `2026-03`, `2026-03-31`, `2026-03-31T09`, `…:30`, `…:15`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let shapes = [
            "0000",
            "0000-00",
            "0000-00-00",
            "0000-00-00T00",
            "0000-00-00T00:00",
            "0000-00-00T00:00:00",
        ];
        let text = text.trim().replace(' ', "T");
        let fits = |shape: &str| {
            shape.len() == text.len()
                && shape.bytes().zip(text.bytes()).all(|(wanted, byte)| {
                    if wanted == b'0' {
                        byte.is_ascii_digit()
                    } else {
                        byte == wanted
                    }
                })
        };
        shapes.into_iter().find(|shape| fits(shape))?;
        let fields = text.split(['-', 'T', ':']).map(|field| field.parse().ok());
        Self::of(fields.collect::<Option<Vec<i64>>>()?)
    }

    /// The group of these fields, from the year on.
    pub(super) fn of(fields: Vec<i64>) -> Option<Self> {
        let bounds = [(1900, 9999), (1, 12), (1, 31), (0, 23), (0, 59), (0, 59)];
        let sound = fields
            .iter()
            .zip(bounds)
            .all(|(field, (least, most))| (least..=most).contains(field));
        (sound && !fields.is_empty() && fields.len() <= LEVELS.len()).then_some(Self(fields))
    }

    /// True for a date inside.
    pub(super) fn holds(&self, serial: f64) -> bool {
        if !(1.0..2_958_466.0).contains(&serial) {
            return false;
        }
        // Times are whole seconds to Excel.
        let seconds = (serial * 86_400.0).round() as i64;
        let (year, month, day) = civil(seconds.div_euclid(86_400) as f64);
        let time = seconds.rem_euclid(86_400);
        let all = [year, month, day, time / 3_600, time / 60 % 60, time % 60];
        self.0.iter().zip(all).all(|(wanted, held)| *wanted == held)
    }

    /// The element.
    pub(super) fn xml(&self, p: &str) -> String {
        let mut xml = format!("<{p}dateGroupItem");
        for (level, field) in LEVELS.iter().zip(&self.0) {
            let _ = write!(xml, r#" {level}="{field}""#);
        }
        let _ = write!(xml, r#" dateTimeGrouping="{}"/>"#, LEVELS[self.0.len() - 1]);
        xml
    }

    /// The group that an element tells, by its attributes.
    pub(super) fn read(attribute: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let grouping = attribute("dateTimeGrouping")?;
        let levels = LEVELS.iter().position(|level| *level == grouping)? + 1;
        let fields = LEVELS[..levels]
            .iter()
            .map(|level| attribute(level)?.parse().ok());
        Self::of(fields.collect::<Option<Vec<i64>>>()?)
    }
}

/// The days of a dynamic filter, the last one not included; `None` where it is none of these.
pub(super) fn span(kind: DynamicFilter, today: f64) -> Option<(f64, f64)> {
    use DynamicFilter as D;
    let day = today.floor();
    let sunday = day - (day - 1.0).rem_euclid(7.0);
    let days = |from: f64, count: f64| Some((from, from + count));
    let month = month_index(day);
    let months = |from: i64, count: i64| Some((month_start(from), month_start(from + count)));
    let (quarter, year) = (month - month.rem_euclid(3), month - month.rem_euclid(12));
    match kind {
        D::Yesterday => days(day - 1.0, 1.0),
        D::Today => days(day, 1.0),
        D::Tomorrow => days(day + 1.0, 1.0),
        D::LastWeek => days(sunday - 7.0, 7.0),
        D::ThisWeek => days(sunday, 7.0),
        D::NextWeek => days(sunday + 7.0, 7.0),
        D::LastMonth => months(month - 1, 1),
        D::ThisMonth => months(month, 1),
        D::NextMonth => months(month + 1, 1),
        D::LastQuarter => months(quarter - 3, 3),
        D::ThisQuarter => months(quarter, 3),
        D::NextQuarter => months(quarter + 3, 3),
        D::LastYear => months(year - 12, 12),
        D::ThisYear => months(year, 12),
        D::NextYear => months(year + 12, 12),
        D::YearToDate => Some((month_start(year), day + 1.0)),
        _ => None,
    }
}

/// The months of any year, from 1, that a dynamic filter shows; `None` where it is none of these.
pub(super) fn months(kind: DynamicFilter) -> Option<std::ops::RangeInclusive<i64>> {
    let name = name(kind);
    let number: i64 = name.get(1..)?.parse().ok()?;
    Some(if name.starts_with('Q') {
        number * 3 - 2..=number * 3
    } else {
        number..=number
    })
}

/// Every dynamic filter with its name in files.
const NAMES: [(DynamicFilter, &str); 34] = {
    use DynamicFilter as D;
    [
        (D::AboveAverage, "aboveAverage"),
        (D::BelowAverage, "belowAverage"),
        (D::Yesterday, "yesterday"),
        (D::Today, "today"),
        (D::Tomorrow, "tomorrow"),
        (D::LastWeek, "lastWeek"),
        (D::ThisWeek, "thisWeek"),
        (D::NextWeek, "nextWeek"),
        (D::LastMonth, "lastMonth"),
        (D::ThisMonth, "thisMonth"),
        (D::NextMonth, "nextMonth"),
        (D::LastQuarter, "lastQuarter"),
        (D::ThisQuarter, "thisQuarter"),
        (D::NextQuarter, "nextQuarter"),
        (D::LastYear, "lastYear"),
        (D::ThisYear, "thisYear"),
        (D::NextYear, "nextYear"),
        (D::YearToDate, "yearToDate"),
        (D::Q1, "Q1"),
        (D::Q2, "Q2"),
        (D::Q3, "Q3"),
        (D::Q4, "Q4"),
        (D::M1, "M1"),
        (D::M2, "M2"),
        (D::M3, "M3"),
        (D::M4, "M4"),
        (D::M5, "M5"),
        (D::M6, "M6"),
        (D::M7, "M7"),
        (D::M8, "M8"),
        (D::M9, "M9"),
        (D::M10, "M10"),
        (D::M11, "M11"),
        (D::M12, "M12"),
    ]
};

/// The name of a dynamic filter in files.
pub(super) fn name(kind: DynamicFilter) -> &'static str {
    let found = NAMES.iter().find(|(known, _)| *known == kind);
    found.map_or("", |(_, name)| name)
}

/// The dynamic filter of a name.
pub(super) fn named(name: &str) -> Option<DynamicFilter> {
    let found = NAMES.iter().find(|(_, known)| *known == name);
    found.map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use deskhand_operations::workbook::DynamicFilter as D;

    use super::{DateGroup, span};

    #[test]
    fn spans_of_time_begin_and_end_as_in_excel() {
        // Saturday, 21 November 2026 is 46347.
        let cases = [
            (D::Today, (46_347.0, 46_348.0)),
            (D::Yesterday, (46_346.0, 46_347.0)),
            (D::Tomorrow, (46_348.0, 46_349.0)),
            // From Sunday the 15th.
            (D::ThisWeek, (46_341.0, 46_348.0)),
            (D::LastWeek, (46_334.0, 46_341.0)),
            (D::NextWeek, (46_348.0, 46_355.0)),
            (D::ThisMonth, (46_327.0, 46_357.0)),
            (D::LastMonth, (46_296.0, 46_327.0)),
            (D::NextMonth, (46_357.0, 46_388.0)),
            (D::ThisQuarter, (46_296.0, 46_388.0)),
            (D::LastQuarter, (46_204.0, 46_296.0)),
            (D::NextQuarter, (46_388.0, 46_478.0)),
            (D::ThisYear, (46_023.0, 46_388.0)),
            (D::LastYear, (45_658.0, 46_023.0)),
            (D::NextYear, (46_388.0, 46_753.0)),
            (D::YearToDate, (46_023.0, 46_348.0)),
        ];
        for (kind, expected) in cases {
            assert_eq!(span(kind, 46_347.4), Some(expected), "{kind:?}");
        }
        assert_eq!(span(D::Q1, 46_347.0), None);
    }

    #[test]
    fn groups_hold_the_dates_that_lie_in_them() {
        // 31 March 2026, 09:30:15 is 46112 and the time.
        let at = 46_112.0 + (9.0 * 3_600.0 + 30.0 * 60.0 + 15.0) / 86_400.0;
        for text in [
            "2026",
            "2026-03",
            "2026-03-31",
            "2026-03-31T09",
            "2026-03-31 09:30",
            "2026-03-31T09:30:15",
        ] {
            assert!(DateGroup::parse(text).unwrap().holds(at), "{text}");
        }
        for text in [
            "2025",
            "2026-04",
            "2026-03-30",
            "2026-03-31T10",
            "2026-03-31T09:31",
            "2026-03-31T09:30:16",
        ] {
            assert!(!DateGroup::parse(text).unwrap().holds(at), "{text}");
        }
        for text in [
            "26",
            "2026-3",
            "2026-13",
            "2026-03-32",
            "2026-03-31T24",
            "March 2026",
            "",
        ] {
            assert_eq!(DateGroup::parse(text), None, "{text}");
        }
    }
}
