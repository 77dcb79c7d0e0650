//! Finding where the figures of an existing chart stand in its workbook, from the formulas of its series.

use deskhand_opc::xml::Node;

use super::cells::{Cells, Columns, parse_cell};

/// The sheets and rows of Excel.
const LAST_ROW: usize = 1_048_576;

/// Where the series of a chart stand, when they stand as PowerPoint lays them out: names in one row, figures below them,
/// categories in one column to the left; nothing where they stand another way.
pub(crate) fn cells(series: &[Node<'_, '_>]) -> Option<Cells> {
    let mut found: Option<Cells> = None;
    for node in series {
        let name = formula(node.child("tx")?)?;
        let along = formula(node.child("cat")?)?;
        let values = formula(node.child("val")?)?;
        let (sheet, name) = split(&name)?;
        let (column, row) = parse_cell(name)?;
        let (values, along) = (
            column_below(&values, sheet, row)?,
            column_below(&along, sheet, row)?,
        );
        if values != column {
            return None;
        }
        let columns = Columns {
            along,
            values,
            sizes: None,
        };
        match &mut found {
            None => {
                found = Some(Cells {
                    sheet: sheet.to_owned(),
                    top: row - 1,
                    series: vec![columns],
                });
            }
            Some(cells) => {
                let same = cells.sheet == sheet && cells.top == row - 1;
                let beside = cells
                    .series
                    .iter()
                    .all(|other| other.along == along && other.values != values && other.along != values);
                if !same || !beside {
                    return None;
                }
                cells.series.push(columns);
            }
        }
    }
    found
}

/// The formula behind a name, categories or values.
fn formula(node: Node<'_, '_>) -> Option<String> {
    let reference = node.children().find(|child| child.local().ends_with("Ref"))?;
    Some(reference.child("f")?.own_text().trim().to_owned())
}

fn split(formula: &str) -> Option<(&str, &str)> {
    let (sheet, cells) = formula.rsplit_once('!')?;
    // A reference to another workbook names it in brackets.
    (!sheet.is_empty() && !sheet.contains('[')).then_some((sheet, cells))
}

/// The column of a range of one column that begins right below `row` (from 1).
fn column_below(formula: &str, sheet: &str, row: usize) -> Option<usize> {
    let (own, range) = split(formula)?;
    let (from, to) = range.split_once(':').unwrap_or((range, range));
    let ((column, first), (last_column, last)) = (parse_cell(from)?, parse_cell(to)?);
    let fits = own == sheet && column == last_column && first == row + 1 && last >= first && last <= LAST_ROW;
    fits.then_some(column)
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::*;

    fn place(series: &[(&str, &str, &str)]) -> Option<Cells> {
        let one = |(name, along, values): &(&str, &str, &str)| {
            format!(
                "<c:ser><c:tx><c:strRef><c:f>{name}</c:f></c:strRef></c:tx><c:cat><c:strRef><c:f>{along}</c:f>\
                 </c:strRef></c:cat><c:val><c:numRef><c:f>{values}</c:f></c:numRef></c:val></c:ser>"
            )
        };
        let series = series.iter().map(one).collect::<Vec<_>>().concat();
        let xml =
            format!("<c:x xmlns:c=\"http://schemas.openxmlformats.org/drawingml/2006/chart\">{series}</c:x>");
        let tree = Tree::parse("x", xml.as_bytes(), &Limits::default()).unwrap();
        let nodes: Vec<Node<'_, '_>> = tree.root().children().collect();
        cells(&nodes)
    }

    #[test]
    fn finds_a_block_wherever_it_stands() {
        let found = place(&[
            ("'My data'!$D$3", "'My data'!$B$4:$B$9", "'My data'!$D$4:$D$9"),
            ("'My data'!$C$3", "'My data'!$B$4:$B$9", "'My data'!$C$4:$C$9"),
        ])
        .unwrap();
        assert_eq!((found.sheet.as_str(), found.top), ("'My data'", 2));
        let columns: Vec<_> = found
            .series
            .iter()
            .map(|columns| (columns.along, columns.values))
            .collect();
        assert_eq!(columns, [(1, 3), (1, 2)]);
    }

    #[test]
    fn other_layouts_are_none() {
        for (what, series) in [
            ("in rows", ("S!$A$2", "S!$B$1:$D$1", "S!$B$2:$D$2")),
            (
                "another workbook",
                ("[1]S!$B$1", "[1]S!$A$2:$A$3", "[1]S!$B$2:$B$3"),
            ),
            ("two sheets", ("S!$B$1", "T!$A$2:$A$3", "S!$B$2:$B$3")),
            ("a gap below the name", ("S!$B$1", "S!$A$3:$A$4", "S!$B$3:$B$4")),
            ("a name", ("S!$B$1", "S!$A$2:$A$4", "Values")),
        ] {
            assert_eq!(place(&[series]), None, "{what}");
        }
    }
}
