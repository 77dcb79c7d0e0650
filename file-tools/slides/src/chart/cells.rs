//! Where the figures of a chart stand in its workbook: a header row, below it one row a category; or for charts of
//! points, columns of their own for each series.

use deskhand_operations::ChartKind;

use super::{Plot, is_of_points};

/// The name of the sheet in a workbook that is made here.
pub(crate) const SHEET: &str = "Sheet1";

/// The columns of one series, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Categories, or places on the horizontal axis.
    pub(crate) along: usize,
    pub(crate) values: usize,
    pub(crate) sizes: Option<usize>,
}

/// The cells of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cells {
    /// The sheet as formulas write it, in quotes where it needs them.
    pub(crate) sheet: String,
    /// The row of the names, from 0; figures stand below it.
    pub(crate) top: usize,
    pub(crate) series: Vec<Columns>,
}

impl Cells {
    /// The cells in a workbook that is made for a chart: categories in column A, one series a column from B on.
    pub(crate) fn fresh(plot: &Plot<'_>) -> Self {
        let series = (0..plot.series.len()).map(|index| match plot.kind {
            ChartKind::Bubble => Columns {
                along: index * 3,
                values: index * 3 + 1,
                sizes: Some(index * 3 + 2),
            },
            kind if is_of_points(kind) => Columns {
                along: index * 2,
                values: index * 2 + 1,
                sizes: None,
            },
            _ => Columns {
                along: 0,
                values: index + 1,
                sizes: None,
            },
        });
        Self {
            sheet: SHEET.to_owned(),
            top: 0,
            series: series.collect(),
        }
    }

    /// The formula of a series' name.
    pub(crate) fn name(&self, series: usize) -> String {
        let column = self.series.get(series).map_or(0, |columns| columns.values);
        format!("{}!${}${}", self.sheet, column_letters(column), self.top + 1)
    }

    /// The formula of `count` figures in a column.
    pub(crate) fn figures(&self, column: usize, count: usize) -> String {
        let (letters, first) = (column_letters(column), self.top + 2);
        if count <= 1 {
            format!("{}!${letters}${first}", self.sheet)
        } else {
            format!(
                "{}!${letters}${first}:${letters}${}",
                self.sheet,
                self.top + 1 + count
            )
        }
    }
}

/// The letters of a column, counted from 0.
pub(crate) fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return letters.iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

/// A column that a formula names, `$AB$12`: the column from 0 and the row from 1.
pub(crate) fn parse_cell(cell: &str) -> Option<(usize, usize)> {
    let cell: String = cell.chars().filter(|character| *character != '$').collect();
    let digits = cell.find(|character: char| character.is_ascii_digit())?;
    let (letters, row) = cell.split_at(digits);
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut column = 0;
    for letter in letters.chars() {
        let letter = letter.to_ascii_uppercase();
        if !letter.is_ascii_uppercase() {
            return None;
        }
        column = column * 26 + (letter as usize - 'A' as usize + 1);
    }
    let row: usize = row.parse().ok()?;
    (row > 0).then_some((column - 1, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cells_as_excel_does() {
        let cells = |column: usize| Cells {
            sheet: "'Our data'".into(),
            top: 2,
            series: vec![Columns {
                along: 0,
                values: column,
                sizes: None,
            }],
        };
        for (column, name, figures) in [
            (1, "'Our data'!$B$3", "'Our data'!$B$4:$B$8"),
            (25, "'Our data'!$Z$3", "'Our data'!$Z$4:$Z$8"),
            (26, "'Our data'!$AA$3", "'Our data'!$AA$4:$AA$8"),
            (255, "'Our data'!$IV$3", "'Our data'!$IV$4:$IV$8"),
        ] {
            let cells = cells(column);
            assert_eq!(
                (cells.name(0).as_str(), cells.figures(column, 5).as_str()),
                (name, figures)
            );
        }
        assert_eq!(cells(1).figures(1, 1), "'Our data'!$B$4");
    }

    #[test]
    fn reads_the_cells_that_formulas_name() {
        assert_eq!(parse_cell("$B$2"), Some((1, 2)));
        assert_eq!(parse_cell("IV12"), Some((255, 12)));
        for bad in ["", "$2", "B", "B0", "ABCD1", "B-1", "é1"] {
            assert_eq!(parse_cell(bad), None, "{bad}");
        }
    }
}
