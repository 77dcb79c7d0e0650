//! What a structured reference stands for (ECMA-376 part 1, 18.17.6.2): `Sales[Units]`, `[@Price]`,
//! `Sales[[#Totals],[Jan]:[Mar]]`.

use deskhand_operations::Area;

use crate::calculate::Table;

/// The specifier of a structured reference, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct Specifier {
    this_row: bool,
    all: bool,
    headers: bool,
    data: bool,
    totals: bool,
    columns: Option<(String, String)>,
}

/// Why a specifier stands for no cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoCells {
    /// Excel answers `#VALUE!`: `[@Price]` in a row that is not one of the table's.
    OtherRow,
    /// It cannot be read, or names a column or row that the table does not have.
    Unknown,
}

/// The cells of `[…]` after a table's name, for a formula in `row` (zero-based).
pub(crate) fn cells(table: &Table, specifier: &str, row: u32) -> Result<Area, NoCells> {
    let specifier = read(specifier).ok_or(NoCells::Unknown)?;
    let area = table.area;
    let data_top = area.top + table.header_rows.min(area.rows());
    let data_end = (area.bottom + 1).saturating_sub(table.totals_rows).max(data_top);
    let (top, end) = if specifier.this_row {
        if !(data_top..data_end).contains(&row) {
            return Err(NoCells::OtherRow);
        }
        (row, row + 1)
    } else {
        let headers = specifier.headers || specifier.all;
        let totals = specifier.totals || specifier.all;
        let some = headers || totals || specifier.data;
        let top = if headers {
            area.top
        } else if specifier.data || !some {
            data_top
        } else {
            data_end
        };
        let end = if totals {
            area.bottom + 1
        } else if specifier.data || !some {
            data_end
        } else {
            data_top
        };
        (top, end)
    };
    let (left, right) = match &specifier.columns {
        None => (area.left, area.right),
        Some((first, last)) => {
            let place = |name: &String| {
                let name = name.to_lowercase();
                let found = table
                    .columns
                    .iter()
                    .position(|column| column.to_lowercase() == name);
                found.map(|index| area.left + index as u32)
            };
            let ends = place(first).zip(place(last)).ok_or(NoCells::Unknown)?;
            (ends.0.min(ends.1), ends.0.max(ends.1))
        }
    };
    if top >= end || right > area.right {
        return Err(NoCells::Unknown);
    }
    Ok(Area {
        top,
        left,
        bottom: end - 1,
        right,
    })
}

/// Takes `[…]` apart; `None` where it cannot be read.
fn read(text: &str) -> Option<Specifier> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let mut specifier = Specifier::default();
    let mut rest = inner.trim();
    if let Some(after) = rest.strip_prefix('@') {
        specifier.this_row = true;
        rest = after.trim();
    }
    if !rest.starts_with('[') {
        if !rest.is_empty() {
            specifier.add(rest)?;
        }
        return Some(specifier);
    }
    let mut range = false;
    loop {
        let (item, after) = item(rest)?;
        if range {
            let (_, last) = specifier.columns.as_mut()?;
            *last = plain(item);
        } else {
            specifier.add(item)?;
        }
        rest = after.trim_start();
        range = rest.starts_with(':');
        match rest.chars().next() {
            None => return Some(specifier),
            Some(',' | ':') => rest = rest[1..].trim_start(),
            Some(_) => return None,
        }
    }
}

/// The content of the first `[…]` and what follows it.
fn item(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('[')?;
    let mut escaped = false;
    let end = text.char_indices().find_map(|(at, character)| {
        if escaped {
            escaped = false;
            return None;
        }
        escaped = character == '\'';
        (character == ']').then_some(at)
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// A column's name without its escapes.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\'' {
            characters.next()
        } else {
            Some(character)
        });
    }
    plain
}

impl Specifier {
    fn add(&mut self, item: &str) -> Option<()> {
        if let Some(keyword) = item.strip_prefix('#') {
            match keyword.to_ascii_lowercase().as_str() {
                "this row" => self.this_row = true,
                "all" => self.all = true,
                "headers" => self.headers = true,
                "data" => self.data = true,
                "totals" => self.totals = true,
                _ => return None,
            }
            return Some(());
        }
        let name = plain(item);
        self.columns
            .is_none()
            .then(|| self.columns = Some((name.clone(), name)))
    }
}

#[cfg(test)]
mod tests {
    use super::{NoCells, cells};
    use crate::calculate::Table;
    use deskhand_operations::Area;

    #[test]
    fn specifiers_stand_for_the_cells_that_excel_takes() {
        let table = Table {
            name: "Sales".to_owned(),
            sheet: "Data".to_owned(),
            area: Area::parse("B2:E6").expect("an area"),
            header_rows: 1,
            totals_rows: 1,
            columns: ["Region", "Units", "Price [EUR]", "It's"]
                .map(str::to_owned)
                .to_vec(),
        };
        let cases = [
            ("[Units]", Ok("C3:C5")),
            ("[units]", Ok("C3:C5")),
            ("[]", Ok("B3:E5")),
            ("[#All]", Ok("B2:E6")),
            ("[#Data]", Ok("B3:E5")),
            ("[#Headers]", Ok("B2:E2")),
            ("[[#Totals],[Units]]", Ok("C6")),
            ("[[#Headers],[#Data],[Units]]", Ok("C2:C5")),
            ("[[#Data],[#Totals],[Units]]", Ok("C3:C6")),
            ("[[Region]:[Units]]", Ok("B3:C5")),
            ("[[Price '[EUR']]]", Ok("D3:D5")),
            ("[[It''s]]", Ok("E3:E5")),
            ("[@Units]", Ok("C4")),
            ("[@[Price '[EUR']]]", Ok("D4")),
            ("[@[Region]:[Units]]", Ok("B4:C4")),
            ("[[#This Row],[Units]]", Ok("C4")),
            ("[@]", Ok("B4:E4")),
            ("[Nothing]", Err(NoCells::Unknown)),
            ("[#Nothing]", Err(NoCells::Unknown)),
            ("[[Units]", Err(NoCells::Unknown)),
        ];
        for (specifier, expected) in cases {
            let expected = expected.map(|area| Area::parse(area).expect("an area"));
            assert_eq!(cells(&table, specifier, 3), expected, "{specifier}");
        }
        assert_eq!(cells(&table, "[@Units]", 1), Err(NoCells::OtherRow));
        assert_eq!(cells(&table, "[@Units]", 5), Err(NoCells::OtherRow));
    }
}
