//! `table.add`: a native table in the deck's own table style.

use deskhand_opc::Draft;
use deskhand_operations::deck::TableAdd;
use deskhand_operations::{Applied, Refusal};

use super::{applied, placement};
use crate::deck::Deck;
use crate::insertion::NewShape;
use crate::part::{Part, related};
use crate::refuse;
use crate::table::{DEFAULT_STYLE, MAX_COLUMNS, MAX_ROWS, TablePlan, graphic_data};
use crate::text::check;

pub(super) fn add(deck: &Deck, draft: &mut Draft, add: &TableAdd) -> Result<Applied, Refusal> {
    let slide = deck.read(deck.slide(&add.slide)?)?;
    slide.check_new_name(&add.name)?;
    check_rows(&add.rows)?;
    let place = placement::place(deck, &slide, add.frame, "tbl")?;
    let style = style(deck)?;
    let table = TablePlan::new(&add.rows, place.frame, place.is_given, &style);
    let shape = NewShape {
        id: placement::free_shape_id(&slide)?,
        name: &add.name,
        description: "",
        placeholder: place.mark.clone(),
        dialect: deck.dialect,
    };
    let xml = shape.graphic_frame(table.frame, |xml| graphic_data(xml, &table, deck.dialect));
    placement::insert(draft, &slide, &place, &xml)?;
    Ok(applied(
        &add.slide,
        &add.name,
        placement::warnings(deck, table.frame),
    ))
}

fn check_rows(rows: &[Vec<String>]) -> Result<(), Refusal> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns == 0 {
        return Err(refuse::bad_input("a table needs at least one row and one column"));
    }
    if rows.len() > MAX_ROWS || columns > MAX_COLUMNS {
        return Err(refuse::too_large(format!(
            "a table on a slide takes at most {MAX_ROWS} rows and {MAX_COLUMNS} columns; this one has {} and {columns}",
            rows.len()
        )));
    }
    rows.iter()
        .flatten()
        .try_for_each(|text| check("a cell of the table", text))
}

/// The style that the deck names for new tables.
fn style(deck: &Deck) -> Result<String, Refusal> {
    let Some(part) = related(&deck.package, &deck.presentation, "tableStyles")? else {
        return Ok(DEFAULT_STYLE.to_owned());
    };
    let part = Part::read(&deck.package, &part)?;
    let tree = part.tree()?;
    Ok(tree
        .root()
        .attribute("def")
        .map_or_else(|| DEFAULT_STYLE.to_owned(), std::borrow::Cow::into_owned))
}
