//! A1 addresses with a sheet, parsed and written (ECMA-376 part 1, 18.17.2.3; sheet names as Excel quotes them).

use std::fmt;

/// Rows of a sheet.
pub const MAX_ROWS: u32 = 1_048_576;
/// Columns of a sheet.
pub const MAX_COLUMNS: u32 = 16_384;

/// A rectangle of cells, zero-based, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Area {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Last row.
    pub bottom: u32,
    /// Last column.
    pub right: u32,
}

/// A sheet, and on it an area or the whole of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The sheet's name without quotes; absent in an address without one.
    pub sheet: Option<String>,
    /// The area; absent for a whole sheet.
    pub area: Option<Area>,
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address such as `Data!B2:D9`")]
pub struct AddressError(String);

impl Area {
    /// One cell.
    pub fn cell(row: u32, column: u32) -> Self {
        Self {
            top: row,
            left: column,
            bottom: row,
            right: column,
        }
    }

    /// An area of a size from its top left cell; `None` beyond the sheet's end or for an empty size.
    pub fn of_size(row: u32, column: u32, rows: u32, columns: u32) -> Option<Self> {
        let bottom = row.checked_add(rows.checked_sub(1)?)?;
        let right = column.checked_add(columns.checked_sub(1)?)?;
        (bottom < MAX_ROWS && right < MAX_COLUMNS).then_some(Self {
            top: row,
            left: column,
            bottom,
            right,
        })
    }

    /// How many rows.
    pub fn rows(&self) -> u32 {
        self.bottom - self.top + 1
    }

    /// How many columns.
    pub fn columns(&self) -> u32 {
        self.right - self.left + 1
    }

    /// How many cells.
    pub fn cells(&self) -> u64 {
        u64::from(self.rows()) * u64::from(self.columns())
    }

    /// True when the cell lies inside.
    pub fn contains(&self, row: u32, column: u32) -> bool {
        (self.top..=self.bottom).contains(&row) && (self.left..=self.right).contains(&column)
    }

    /// What both cover.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let area = Self {
            top: self.top.max(other.top),
            left: self.left.max(other.left),
            bottom: self.bottom.min(other.bottom),
            right: self.right.min(other.right),
        };
        (area.top <= area.bottom && area.left <= area.right).then_some(area)
    }

    /// Parses `B2`, `$B$2:D9`, `A:C` or `3:5`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError(text.to_owned());
        let Some((from, to)) = text.split_once(':') else {
            let (Some(column), Some(row)) = corner(text).ok_or_else(error)? else {
                return Err(error());
            };
            return Ok(Self::cell(row, column));
        };
        let (from_column, from_row) = corner(from).ok_or_else(error)?;
        let (to_column, to_row) = corner(to).ok_or_else(error)?;
        if from_column.is_some() != to_column.is_some() || from_row.is_some() != to_row.is_some() {
            return Err(error());
        }
        let (left, right) = (from_column.unwrap_or(0), to_column.unwrap_or(MAX_COLUMNS - 1));
        let (top, bottom) = (from_row.unwrap_or(0), to_row.unwrap_or(MAX_ROWS - 1));
        Ok(Self {
            top: top.min(bottom),
            left: left.min(right),
            bottom: bottom.max(top),
            right: right.max(left),
        })
    }
}

/// Column and row of one corner; either may be absent (`A`, `3`).
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let text = text.strip_prefix('$').unwrap_or(text);
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, rest) = text.split_at(letters);
    let digits = if letters.is_empty() {
        rest
    } else {
        rest.strip_prefix('$').unwrap_or(rest)
    };
    let column = if letters.is_empty() {
        None
    } else {
        Some(column_index(letters)?)
    };
    let row = if digits.is_empty() {
        None
    } else {
        let plain = digits.len() <= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let row: u32 = plain.then(|| digits.parse().ok())??;
        Some(row.checked_sub(1).filter(|row| *row < MAX_ROWS)?)
    };
    (column.is_some() || row.is_some()).then_some((column, row))
}

/// The zero-based index of a column's letters, in either case; `None` beyond `XFD`.
pub(crate) fn column_index(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut index = 0u32;
    for byte in letters.bytes() {
        let letter = byte.to_ascii_uppercase();
        if !letter.is_ascii_uppercase() {
            return None;
        }
        index = index * 26 + u32::from(letter - b'A') + 1;
    }
    (index <= MAX_COLUMNS).then(|| index - 1)
}

/// Writes a zero-based column as letters.
fn write_column(f: &mut fmt::Formatter<'_>, column: u32) -> fmt::Result {
    if column >= 26 {
        write_column(f, column / 26 - 1)?;
    }
    let letter = char::from(b'A' + (column % 26) as u8);
    write!(f, "{letter}")
}

/// A column as letters, through `Display`.
struct Letters(u32);

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_column(f, self.0)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = (Letters(self.left), Letters(self.right));
        let (top, bottom) = (self.top + 1, self.bottom + 1);
        if self.top == 0 && self.bottom == MAX_ROWS - 1 {
            write!(f, "{left}:{right}")
        } else if self.left == 0 && self.right == MAX_COLUMNS - 1 {
            write!(f, "{top}:{bottom}")
        } else if self.top == self.bottom && self.left == self.right {
            write!(f, "{left}{top}")
        } else {
            write!(f, "{left}{top}:{right}{bottom}")
        }
    }
}

impl Address {
    /// An area on a sheet.
    pub fn on(sheet: impl Into<String>, area: Area) -> Self {
        Self {
            sheet: Some(sheet.into()),
            area: Some(area),
        }
    }

    /// Parses `Data!B2:D9`, `'Q1 2026'!B2`, `B2`, or a sheet's name alone (`Data`, `'Q1 2026'`).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError(text.to_owned());
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('\'') {
            let (sheet, rest) = quoted(rest).ok_or_else(error)?;
            let area = match rest.strip_prefix('!') {
                Some(area) => Some(Area::parse(area).map_err(|_| error())?),
                None if rest.is_empty() => None,
                None => return Err(error()),
            };
            return Ok(Self {
                sheet: Some(sheet),
                area,
            });
        }
        if let Some((sheet, area)) = text.rsplit_once('!') {
            if sheet.is_empty() {
                return Err(error());
            }
            return Ok(Self {
                sheet: Some(sheet.to_owned()),
                area: Some(Area::parse(area).map_err(|_| error())?),
            });
        }
        match Area::parse(text) {
            Ok(area) => Ok(Self {
                sheet: None,
                area: Some(area),
            }),
            Err(_) if !text.is_empty() => Ok(Self {
                sheet: Some(text.to_owned()),
                area: None,
            }),
            Err(_) => Err(error()),
        }
    }
}

/// Reads a quoted sheet name up to its closing quote; a doubled quote stands for one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        if character != '\'' {
            name.push(character);
        } else if characters.peek().is_some_and(|(_, next)| *next == '\'') {
            name.push('\'');
            characters.next();
        } else {
            return (!name.is_empty()).then(|| (name, &text[position + 1..]));
        }
    }
    None
}

/// True when a sheet's name must be quoted in a formula.
fn needs_quotes(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    !plain || name.starts_with(|c: char| c.is_ascii_digit() || c == '.') || Area::parse(name).is_ok()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sheet) = &self.sheet {
            if needs_quotes(sheet) {
                write!(f, "'{}'", sheet.replace('\'', "''"))?;
            } else {
                write!(f, "{sheet}")?;
            }
        }
        match (&self.sheet, &self.area) {
            (Some(_), Some(area)) => write!(f, "!{area}"),
            (None, Some(area)) => write!(f, "{area}"),
            (_, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Area};

    #[test]
    fn an_address_reads_as_it_is_written() {
        for text in [
            "Data!B2:D9",
            "'Q1 2026'!A1",
            "'It''s'!XFD1048576",
            "Data!A:C",
            "Data!3:5",
            "B2",
            "Data",
            "'Q1'!A1",
        ] {
            assert_eq!(
                Address::parse(text).map(|address| address.to_string()).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn corners_in_any_order_give_the_same_area() {
        assert_eq!(Area::parse("D9:B2"), Area::parse("$B$2:$D$9"));
    }

    #[test]
    fn refuses_what_lies_outside_a_sheet() {
        for text in [
            "XFE1", "A1048577", "A0", "1A", "A1:", "A1:B", "A", "'x", "!A1", "",
        ] {
            assert!(Area::parse(text).is_err(), "{text}");
        }
    }
}
