//! One table: ours and what it stands beside, in milliseconds, each with how many times ours it took.

use super::work;
use crate::figure::{Aim, Report};

/// Columns of the screen that the name of a row takes.
const NAME: usize = 40;
/// Those of a figure alone.
const FIGURE: usize = 12;
/// Those of a figure with its ratio.
const RATIO: usize = 23;

/// What was measured for a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Took {
    /// As long as this.
    Milliseconds(f64),
    /// Nothing, and why in a word or two.
    Not(&'static str),
}

impl Took {
    fn value(self) -> Option<f64> {
        match self {
            Self::Milliseconds(value) => Some(value),
            Self::Not(_) => None,
        }
    }

    fn figure(self) -> String {
        match self {
            Self::Milliseconds(value) => grouped(value),
            Self::Not(why) => why.to_owned(),
        }
    }

    /// The figure, with its ratio to ours where there are two.
    fn beside(self, ours: Self) -> String {
        match self.value().zip(ours.value()) {
            Some((value, ours)) => format!("{} ({})", self.figure(), times(value / ours)),
            None => self.figure(),
        }
    }
}

/// One way of running a command apart from the computer.
#[derive(Debug)]
pub(super) struct Column {
    /// What it is.
    pub(super) name: &'static str,
    /// From nothing to the end of the first command.
    pub(super) cold: Took,
    /// From a state that was kept to the end of the first command.
    pub(super) kept: Took,
    /// `true` in what runs already.
    pub(super) exec: Took,
    /// The work in a shared folder, in the order of [`work::all`].
    pub(super) work: Vec<Took>,
}

impl Column {
    /// One of which nothing can be measured here.
    pub(super) fn without(name: &'static str, why: &'static str) -> Self {
        let not = Took::Not(why);
        Self {
            name,
            cold: not,
            kept: not,
            exec: not,
            work: vec![not; work::WORK.len() + 1],
        }
    }

    fn took(&self) -> impl Iterator<Item = Took> {
        [self.cold, self.kept, self.exec]
            .into_iter()
            .chain(self.work.iter().copied())
    }

    /// Prints and keeps what was measured of it.
    pub(super) fn report(&self, report: &mut Report) {
        for (row, took) in rows().zip(self.took()) {
            if let Some(value) = took.value() {
                report.add(
                    &format!("  {}: {}", self.name, row.trim()),
                    value,
                    "ms",
                    Aim::None,
                );
            }
        }
    }
}

fn rows() -> impl Iterator<Item = &'static str> {
    let starts = [
        "cold start to the first command, p50",
        "kept state to the first command, p50",
        "`true`, p50",
    ];
    let works = std::iter::once(&work::REPOSITORY).chain(&work::WORK);
    starts.into_iter().chain(works.map(|work| work.name))
}

/// The lines of the table.
pub(super) fn table(ours: &Column, others: &[Column]) -> Vec<String> {
    let line = |row: &str, own: &str, beside: Vec<String>| {
        let beside: Vec<String> = beside.iter().map(|cell| format!("{cell:>RATIO$}")).collect();
        format!("  {row:<NAME$}{own:>FIGURE$}{}", beside.concat())
    };
    let names = others.iter().map(|other| other.name.to_owned()).collect();
    let mut lines = vec![line("ms (times ours)", ours.name, names)];
    for (at, (row, own)) in rows().zip(ours.took()).enumerate() {
        let took = others.iter().filter_map(|other| other.took().nth(at));
        lines.push(line(
            row,
            &own.figure(),
            took.map(|took| took.beside(own)).collect(),
        ));
    }
    lines
}

/// With one digit behind the point, and thousands apart.
fn grouped(value: f64) -> String {
    if !value.is_finite() {
        return "failed".to_owned();
    }
    let text = format!("{value:.1}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{part}")
}

/// With the digits that count.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if !ratio.is_finite() => "-".to_owned(),
        ratio if ratio >= 10.0 => format!("{ratio:.0}"),
        ratio if ratio >= 0.1 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &'static str, kept: Took, value: f64) -> Column {
        let took = Took::Milliseconds(value);
        Column {
            name,
            cold: took,
            kept,
            exec: took,
            work: vec![took; work::WORK.len() + 1],
        }
    }

    #[test]
    fn each_row_shows_ours_and_how_many_times_ours_the_others_took() {
        let ours = column("Deskhand", Took::Milliseconds(400.0), 2_000.0);
        let others = [
            column("plain QEMU, 9p", Took::Not("cannot"), 5_462.44),
            column("bubblewrap", Took::Not("has none"), 2.9),
        ];
        let lines = table(&ours, &others);
        assert_eq!(lines.len(), rows().count() + 1);
        let cells = |at: usize| lines[at].split_whitespace().collect::<Vec<_>>();
        let first = ["2,000.0", "5,462.4", "(2.73)", "2.9", "(0.0014)"];
        assert!(cells(1).ends_with(&first), "{}", lines[1]);
        assert!(
            cells(2).ends_with(&["400.0", "cannot", "has", "none"]),
            "{}",
            lines[2]
        );
    }

    #[test]
    fn the_table_is_aligned_and_fits_a_screen() {
        let slow = |name| column(name, Took::Milliseconds(9_999_999.9), 9_999_999.9);
        let lines = table(&slow("Deskhand"), &[slow("plain QEMU, 9p"), slow("bubblewrap")]);
        assert!(lines.iter().all(|line| line.chars().count() == 100), "{lines:#?}");
        assert!(rows().all(|row| row.len() < NAME));
    }

    #[test]
    fn what_failed_is_no_figure() {
        let ours = column("Deskhand", Took::Not("-"), 2_000.0);
        let failed = column("bubblewrap", Took::Not("has none"), f64::NAN);
        let lines = table(&ours, &[failed]);
        assert!(lines[1].ends_with("failed (-)"), "{}", lines[1]);
    }

    #[test]
    fn thousands_stand_apart() {
        for (value, text) in [(0.04, "0.0"), (999.96, "1,000.0"), (1_234_567.0, "1,234,567.0")] {
            assert_eq!(grouped(value), text);
        }
    }
}
