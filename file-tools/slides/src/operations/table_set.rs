//! `table.set`: texts of an existing table, and rows and columns that come and go; merged cells, styles and widths of the
//! others stay.

use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::deck::{TableLines, TableSet};
use deskhand_operations::{Applied, Refusal};

use super::{applied, placement};
use crate::content::node_to_change;
use crate::deck::{Deck, Slide};
use crate::geometry::EmuFrame;
use crate::grid::{Axis, Grid};
use crate::refuse;
use crate::shape::{Shape, ShapeKind, table};
use crate::table::{MAX_COLUMNS, MAX_ROWS};
use crate::text::{Formatting, check, paragraphs};

pub(super) fn set(deck: &Deck, draft: &mut Draft, set: &TableSet) -> Result<Applied, Refusal> {
    let texts = set.cells.iter().flatten().flatten();
    texts
        .clone()
        .try_for_each(|text| check("a cell of the table", text))?;
    let slide = deck.read(deck.slide(&set.slide)?)?;
    let shape = slide.shape(&set.shape)?;
    if shape.kind != ShapeKind::Table {
        return Err(refuse::bad_input(format!(
            "the shape '{}' is a {} and no table",
            shape.name,
            shape.kind.called()
        )));
    }
    let changes_lines = [
        &set.delete_rows,
        &set.delete_columns,
        &set.insert_rows,
        &set.insert_columns,
    ]
    .iter()
    .any(|lines| lines.is_some());
    let mut changed = 0;
    let mut warnings = Vec::new();
    if changes_lines {
        let frame = change_lines(draft, &slide, shape, set)?;
        warnings.extend(placement::warnings(deck, frame));
        changed += 1;
    }
    if !set.cells.is_empty() {
        let now = Deck::open(draft.package().clone())?;
        let slide = now.read(now.slide(&set.slide)?)?;
        let shape = slide.shape(&set.shape)?;
        changed += write_cells(draft, &slide, shape, set, &mut warnings)?;
    }
    if !changes_lines && texts.count() == 0 {
        return Err(refuse::bad_input(
            "nothing is named that is to change in the table",
        ));
    }
    Ok(Applied {
        changed,
        ..applied(&set.slide, &shape.name, warnings)
    })
}

/// Deletes and inserts lines; answers where the table then stands.
fn change_lines(
    draft: &mut Draft,
    slide: &Slide<'_>,
    shape: &Shape,
    set: &TableSet,
) -> Result<EmuFrame, Refusal> {
    let tree = slide.part.tree()?;
    let node = node_to_change(tree.root(), shape)?;
    let uneven = || {
        refuse::unsupported(format!(
            "the rows of the table '{}' have not as many cells as the table has columns",
            shape.name
        ))
    };
    let table = table(node).ok_or_else(uneven)?;
    let mut grid = Grid::of(table, &slide.part.content).ok_or_else(uneven)?;
    for (axis, lines) in [
        (Axis::Rows, set.delete_rows.as_ref()),
        (Axis::Columns, set.delete_columns.as_ref()),
    ] {
        if let Some(lines) = lines {
            let (at, count) = checked(&grid, axis, lines, 0)?;
            if count >= grid.count(axis) {
                return Err(refuse::bad_input(
                    "a table keeps at least one row and one column; delete the shape instead",
                ));
            }
            grid.delete(axis, at, count);
        }
    }
    for (axis, lines) in [
        (Axis::Rows, set.insert_rows.as_ref()),
        (Axis::Columns, set.insert_columns.as_ref()),
    ] {
        if let Some(lines) = lines {
            let (at, count) = checked(&grid, axis, lines, 1)?;
            let most = if axis == Axis::Rows { MAX_ROWS } else { MAX_COLUMNS };
            if grid.count(axis) + count > most {
                return Err(refuse::too_large(format!(
                    "a table on a slide takes at most {MAX_ROWS} rows and {MAX_COLUMNS} columns"
                )));
            }
            grid.insert(axis, at, count);
        }
    }
    let frame = shape.frame.unwrap_or(EmuFrame {
        left: 0,
        top: 0,
        width: 0,
        height: 0,
    });
    if set.delete_columns.is_some() || set.insert_columns.is_some() {
        grid.fit_columns(frame.width);
    }
    write_lines(draft, slide, node, table, &grid)?;
    Ok(EmuFrame {
        height: grid.height(),
        ..frame
    })
}

/// Writes the grid in place of the table's columns and rows, and its height on the frame.
fn write_lines(
    draft: &mut Draft,
    slide: &Slide<'_>,
    node: Node<'_, '_>,
    table: Node<'_, '_>,
    grid: &Grid,
) -> Result<(), Refusal> {
    let columns = table.child("tblGrid");
    let rows: Vec<Node<'_, '_>> = table.children().filter(|child| child.local() == "tr").collect();
    let (Some(columns), Some(first), Some(last)) = (columns, rows.first(), rows.last()) else {
        return Err(refuse::corrupt("the table has no rows"));
    };
    let height = node
        .children()
        .find(|child| child.is(Ns::Presentation, "xfrm"))
        .and_then(|place| place.children().find(|child| child.local() == "ext"));
    let mut edits = vec![
        (columns.inner(), grid.columns_xml().as_str().into()),
        (
            first.span().start..last.span().end,
            grid.rows_xml().as_str().into(),
        ),
    ];
    edits.extend(height.map(|extent| extent.tag().set_attribute("cy", &grid.height().to_string())));
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))
}

/// Lines that are there, counted from 0; with one `beyond` for insertion behind the last.
fn checked(grid: &Grid, axis: Axis, lines: &TableLines, beyond: usize) -> Result<(usize, usize), Refusal> {
    let (at, count) = (lines.at as usize, lines.count as usize);
    let there = grid.count(axis);
    let last = if beyond == 0 {
        at.saturating_add(count).saturating_sub(1)
    } else {
        at
    };
    if at == 0 || count == 0 || last > there + beyond {
        let what = if axis == Axis::Rows { "rows" } else { "columns" };
        return Err(refuse::bad_input(format!(
            "the table has {there} {what}, counted from 1, and those named are not among them"
        )));
    }
    Ok((at - 1, count))
}

/// Writes texts; answers how many cells changed.
fn write_cells(
    draft: &mut Draft,
    slide: &Slide<'_>,
    shape: &Shape,
    set: &TableSet,
    warnings: &mut Vec<String>,
) -> Result<u32, Refusal> {
    let tree = slide.part.tree()?;
    let node = node_to_change(tree.root(), shape)?;
    let rows = table(node).into_iter().flat_map(|table| table.children());
    let rows: Vec<Vec<Node<'_, '_>>> = rows
        .filter(|child| child.local() == "tr")
        .map(|row| row.children().filter(|cell| cell.local() == "tc").collect())
        .collect();
    let (first_row, first_column) = (set.row.unwrap_or(1), set.column.unwrap_or(1));
    if first_row == 0 || first_column == 0 {
        return Err(refuse::bad_input("rows and columns are counted from 1"));
    }
    let mut edits = Vec::new();
    for (row, line) in set.cells.iter().enumerate() {
        for (column, text) in line.iter().enumerate() {
            let Some(text) = text else { continue };
            let (row, column) = (first_row as usize - 1 + row, first_column as usize - 1 + column);
            let cell = rows.get(row).and_then(|cells| cells.get(column));
            let cell = cell.ok_or_else(|| {
                refuse::bad_input(format!(
                    "the table '{}' has {} rows and {} columns, so there is no cell in row {} and column {}",
                    shape.name,
                    rows.len(),
                    rows.first().map_or(0, Vec::len),
                    row + 1,
                    column + 1
                ))
            })?;
            if is_covered(*cell) && !text.is_empty() {
                warnings.push(format!(
                    "the cell in row {} and column {} is covered by a merged cell, so its text is not seen",
                    row + 1,
                    column + 1
                ));
            }
            edits.push(cell_edit(*cell, &slide.part.content, text)?);
        }
    }
    let count = edits.len() as u32;
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    Ok(count)
}

fn is_covered(cell: Node<'_, '_>) -> bool {
    ["hMerge", "vMerge"].iter().any(|name| {
        cell.attribute(name)
            .is_some_and(|value| value == "1" || value == "true")
    })
}

/// The edit that gives a cell another text in its formatting.
fn cell_edit(
    cell: Node<'_, '_>,
    content: &[u8],
    text: &str,
) -> Result<(std::ops::Range<usize>, deskhand_opc::Blob), Refusal> {
    let prefix = cell.prefix_colon();
    let Some(body) = cell.child("txBody") else {
        let paragraphs = Formatting::plain_in(prefix.clone()).paragraphs(text);
        return Ok(cell.prepend(&format!(
            "<{prefix}txBody><{prefix}bodyPr/><{prefix}lstStyle/>{paragraphs}</{prefix}txBody>"
        )));
    };
    let spans: Vec<_> = paragraphs(body).map(|paragraph| paragraph.span()).collect();
    match (spans.first(), spans.last(), Formatting::of_body(body, content)) {
        (Some(first), Some(last), Some(formatting)) => {
            Ok((first.start..last.end, formatting.paragraphs(text).as_str().into()))
        }
        _ => Err(refuse::corrupt("a cell of the table has no paragraph")),
    }
}
