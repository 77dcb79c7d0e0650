//! One line about each column, from one pass over the records.

use std::collections::BTreeMap;

use deskhand_operations::text::csv::{ColumnKind, CsvColumn};

use super::detect::Dialect;
use super::records::Record;
use super::value::{DateForm, Numbers, Value, is_formula_like, of};

/// Columns that are summed up.
const MAX_COLUMNS: usize = 1_000;
/// Example values of a column, and how much of each is shown.
const EXAMPLES: usize = 3;
const EXAMPLE_LENGTH: usize = 80;
/// Widths of rows that are told apart while counting.
const MAX_WIDTHS: usize = 1_000;

/// A column while it is summed up.
#[derive(Clone, Debug, Default)]
struct Column {
    empty: u64,
    integers: u64,
    numbers: u64,
    dates: [u64; 5],
    booleans: u64,
    texts: u64,
    formula_like: u64,
    min: Option<f64>,
    max: Option<f64>,
    /// Sum and what rounding lost of it (Neumaier).
    sum: (f64, f64),
    examples: Vec<String>,
}

/// The columns while they are summed up.
#[derive(Debug)]
pub(super) struct Summary {
    header: Vec<String>,
    numbers: Numbers,
    columns: Vec<Column>,
    widths: BTreeMap<usize, u64>,
    rows: u64,
}

impl Summary {
    pub(super) fn new(header: &[String], dialect: &Dialect) -> Self {
        Self {
            header: header.to_vec(),
            numbers: dialect.numbers,
            columns: vec![Column::default(); header.len().min(MAX_COLUMNS)],
            widths: BTreeMap::new(),
            rows: 0,
        }
    }

    pub(super) fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        if self.widths.len() < MAX_WIDTHS || self.widths.contains_key(&record.width()) {
            *self.widths.entry(record.width()).or_default() += 1;
        }
        let width = record.width().min(MAX_COLUMNS);
        if self.columns.len() < width {
            // Rows before had nothing here.
            let missing = Column {
                empty: self.rows - 1,
                ..Column::default()
            };
            self.columns.resize(width, missing);
        }
        let absent = self.columns.len() - width;
        for (column, field) in self.columns.iter_mut().zip(record.values()) {
            column.add(&field, self.numbers);
        }
        for column in self.columns.iter_mut().rev().take(absent) {
            column.empty += 1;
        }
    }

    /// The columns, how many rows have another width than most, and that width.
    pub(super) fn finish(self) -> (Vec<CsvColumn>, u64, usize) {
        let most = self.widths.iter().max_by_key(|(_, count)| **count);
        let (width, fitting) = most.map_or((0, 0), |(width, count)| (*width, *count));
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            let name = self.header.get(index).filter(|name| !name.trim().is_empty());
            column.answer(name.map_or_else(|| format!("Column {}", index + 1), |name| name.trim().to_owned()))
        });
        (columns.collect(), self.rows - fitting, width)
    }
}

impl Column {
    fn add(&mut self, field: &str, numbers: Numbers) {
        let value = of(field, numbers);
        match value {
            Value::Empty => {
                self.empty += 1;
                return;
            }
            Value::Integer(number) => {
                self.integers += 1;
                self.count(number);
            }
            Value::Number(number) => self.count(number),
            Value::Date(form) => self.dates[form as usize] += 1,
            Value::Boolean => self.booleans += 1,
            Value::Text => self.texts += 1,
        }
        self.formula_like += u64::from(is_formula_like(field, value));
        if self.examples.len() < EXAMPLES {
            let example: String = field.trim().chars().take(EXAMPLE_LENGTH).collect();
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
    }

    fn count(&mut self, number: f64) {
        self.numbers += 1;
        self.min = Some(self.min.map_or(number, |min| min.min(number)));
        self.max = Some(self.max.map_or(number, |max| max.max(number)));
        let (sum, lost) = self.sum;
        let total = sum + number;
        let rounded = if sum.abs() >= number.abs() {
            (sum - total) + number
        } else {
            (number - total) + sum
        };
        self.sum = (total, lost + rounded);
    }

    fn answer(&self, name: String) -> CsvColumn {
        let dates: u64 = self.dates.iter().sum();
        let kinds = [
            (self.integers, ColumnKind::Integer),
            (self.numbers - self.integers, ColumnKind::Number),
            (dates, ColumnKind::Date),
            (self.booleans, ColumnKind::Boolean),
            (self.texts, ColumnKind::Text),
        ];
        let mut present = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(_, kind)| *kind);
        let kind = match (present.next(), present.next(), present.next()) {
            (None, ..) => ColumnKind::Empty,
            (Some(kind), None, _) => kind,
            (Some(ColumnKind::Integer), Some(ColumnKind::Number), None) => ColumnKind::Number,
            _ => ColumnKind::Mixed,
        };
        let sum = self.sum.0 + self.sum.1;
        CsvColumn {
            name,
            kind,
            empty: self.empty,
            numbers: self.numbers,
            dates,
            date_form: self.date_form().map(|form| form.name().to_owned()),
            min: self.min,
            max: self.max,
            sum: (self.numbers > 0).then_some(sum).filter(|sum| sum.is_finite()),
            formula_like: self.formula_like,
            examples: self.examples.clone(),
        }
    }

    /// How most dates are written; one whose day is above 12 decides for the others with slashes.
    fn date_form(&self) -> Option<DateForm> {
        let of = |form: DateForm| self.dates[form as usize];
        let slashes = match (of(DateForm::DaySlashes), of(DateForm::MonthSlashes)) {
            (0, 0) => DateForm::EitherSlashes,
            (_, 0) => DateForm::DaySlashes,
            (0, _) => DateForm::MonthSlashes,
            // Both: the column mixes the two, and nobody can tell.
            _ => DateForm::EitherSlashes,
        };
        let slashed = of(DateForm::DaySlashes) + of(DateForm::MonthSlashes) + of(DateForm::EitherSlashes);
        let forms = [
            (of(DateForm::Iso), DateForm::Iso),
            (of(DateForm::DayDots), DateForm::DayDots),
            (slashed, slashes),
        ];
        let most = forms.into_iter().max_by_key(|(count, _)| *count)?;
        (most.0 > 0).then_some(most.1)
    }
}
