//! A workbook as an auditor sees it: values, formulas and how they look, without files.

use deskhand_formula::{CellAt, Constant, Formula, Problem, Table, precedents};
use deskhand_operations::{Area, CellValue};

/// A workbook's content.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// All tabs in order; those without cells are empty.
    pub sheets: Vec<Sheet>,
    /// Looks by the number that cells give.
    pub looks: Vec<Look>,
    /// Defined names: the name, the sheet it is local to, and what it refers to, without `=`.
    pub names: Vec<(String, Option<usize>, String)>,
    /// Tables.
    pub tables: Vec<Table>,
    /// True where circles are computed on purpose, step by step.
    pub iterates: bool,
    /// Other workbooks by the number that formulas give them (`[1]`), from 1.
    pub books: Vec<String>,
}

/// A tab.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// False where it is hidden.
    pub visible: bool,
    /// Hidden rows, zero-based.
    pub hidden_rows: Vec<u32>,
    /// Hidden columns, first and last, zero-based.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Cells that hold something, by row and column, each place once.
    pub cells: Vec<Cell>,
}

/// A cell that holds something.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Row, zero-based.
    pub row: u32,
    /// Column, zero-based.
    pub column: u32,
    /// The value that the file holds.
    pub value: Constant,
    /// The formula as files hold it, without `=`.
    pub formula: Option<Box<str>>,
    /// True where the formula is one for an array.
    pub array: bool,
    /// The place among [`Model::looks`].
    pub look: u32,
}

/// What a number format makes of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FormatClass {
    /// Numbers as they are.
    #[default]
    General,
    /// Numbers with decimals or separators.
    Number,
    /// Hundredths.
    Percent,
    /// Dates and times.
    Date,
    /// Texts.
    Text,
}

/// How a cell looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// What its number format makes of numbers.
    pub class: FormatClass,
    /// Decimals that are shown; none where the format says nothing of them.
    pub decimals: Option<u32>,
    /// True for bold text.
    pub bold: bool,
}

impl Look {
    /// From a number format's code (ECMA-376 part 1, 18.8.31).
    pub fn new(format: &str, bold: bool) -> Self {
        let mut plain = String::new();
        let mut characters = format.chars();
        // The first section is that of positive numbers; quoted text, colours and padding say nothing.
        while let Some(character) = characters.next() {
            match character {
                '"' => drop(characters.by_ref().find(|c| *c == '"')),
                '[' => {
                    let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    if matches!(
                        inside.to_ascii_lowercase().as_str(),
                        "h" | "hh" | "m" | "mm" | "s" | "ss"
                    ) {
                        plain.push('h');
                    }
                }
                '\\' | '_' | '*' => drop(characters.next()),
                ';' => break,
                other => plain.push(other.to_ascii_lowercase()),
            }
        }
        let decimals = plain
            .split_once('.')
            .map(|(_, after)| after.chars().take_while(|c| matches!(c, '0' | '#' | '?')).count() as u32);
        let class = if plain.contains("general") || plain.trim().is_empty() {
            FormatClass::General
        } else if plain.contains('%') {
            FormatClass::Percent
        } else if plain.contains('@') {
            FormatClass::Text
        } else if plain.contains(['y', 'd', 'h', 's']) || plain.contains("mm") {
            FormatClass::Date
        } else {
            FormatClass::Number
        };
        Self {
            class,
            decimals: match class {
                FormatClass::Number => Some(decimals.unwrap_or(0)),
                FormatClass::Percent => Some(decimals.unwrap_or(0) + 2),
                _ => None,
            },
            bold,
        }
    }
}

impl Cell {
    /// Its number.
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Constant::Value(CellValue::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Its text, when it is one that shows.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Constant::Value(CellValue::Text(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// Its error.
    pub fn error(&self) -> Option<&str> {
        match &self.value {
            Constant::Error(error) => Some(error),
            Constant::Value(_) => None,
        }
    }
}

impl Model {
    /// All formulas in order, as places: sheet and index of the cell.
    pub(crate) fn formulas(&self) -> Vec<(usize, usize)> {
        let sheets = self.sheets.iter().enumerate();
        sheets
            .flat_map(|(sheet, held)| {
                let cells = held.cells.iter().enumerate();
                cells
                    .filter(|(_, cell)| cell.formula.is_some())
                    .map(move |(cell, _)| (sheet, cell))
            })
            .collect()
    }

    /// What each of some formulas reads, in their order.
    pub(crate) fn reads(&self, formulas: &[(usize, usize)]) -> Vec<Vec<(usize, Area)>> {
        let formula = |(sheet, index): &(usize, usize)| {
            let cell = &self.sheets[*sheet].cells[*index];
            Formula {
                cell: CellAt {
                    sheet: *sheet,
                    row: cell.row,
                    column: cell.column,
                },
                text: cell.formula.as_deref().unwrap_or_default().to_owned(),
                array: cell.array,
            }
        };
        precedents(&Problem {
            sheets: self.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
            formulas: formulas.iter().map(formula).collect(),
            names: self.names.clone(),
            tables: self.tables.clone(),
            ..Problem::default()
        })
    }

    /// The index of a sheet by name, case aside.
    pub(crate) fn sheet(&self, name: &str) -> Option<usize> {
        let same = |sheet: &Sheet| {
            sheet.name.eq_ignore_ascii_case(name) || sheet.name.to_lowercase() == name.to_lowercase()
        };
        self.sheets.iter().position(same)
    }

    /// What a name refers to, seen from a sheet.
    pub(crate) fn refers_to(&self, name: &str, sheet: usize) -> Option<&str> {
        let named = |local: Option<usize>| {
            let mut names = self.names.iter();
            names.find(|entry| entry.1 == local && entry.0.eq_ignore_ascii_case(name))
        };
        let found = named(Some(sheet)).or_else(|| named(None))?;
        Some(found.2.as_str())
    }

    /// An area with its sheet, as answers name it.
    pub(crate) fn address(&self, sheet: usize, area: Area) -> String {
        let name = self.sheets.get(sheet).map_or("", |sheet| sheet.name.as_str());
        deskhand_operations::Address::on(name, area).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{FormatClass, Look};

    #[test]
    fn number_formats_are_told_apart() {
        let cases = [
            ("General", FormatClass::General, None),
            ("0.00", FormatClass::Number, Some(2)),
            ("#,##0_);[Red](#,##0)", FormatClass::Number, Some(0)),
            ("0.0%", FormatClass::Percent, Some(3)),
            ("m/d/yyyy", FormatClass::Date, None),
            ("[h]:mm", FormatClass::Date, None),
            ("\"USD \"#,##0.00", FormatClass::Number, Some(2)),
            ("[$€-407] #,##0.00", FormatClass::Number, Some(2)),
            ("@", FormatClass::Text, None),
            ("mmm-yy", FormatClass::Date, None),
        ];
        for (format, class, decimals) in cases {
            let look = Look::new(format, false);
            assert_eq!((look.class, look.decimals), (class, decimals), "{format}");
        }
    }
}
