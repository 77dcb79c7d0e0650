//! Lists of cells by sheet: the calculation chain (ECMA-376 part 1, 18.6) and volatile dependencies (18.15).

use std::ops::Range;

use deskhand_opc::Draft;
use deskhand_opc::xml::{Event, Reader, Tree};
use deskhand_operations::Area;

use super::edits::Edits;
use super::{Follow, corners};
use crate::error::Outcome;

/// The chain, read once: it is as long as the workbook has formulas.
pub(super) fn calculation(follow: &Follow<'_>, draft: &mut Draft, part: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let mut reader = Reader::new(part, &content, draft.package().limits())?;
    let mut edits = Edits::new(&content);
    let own = follow.sheet().id.to_string();
    let (mut sheet, mut written, mut kept) = (String::new(), String::new(), 0usize);
    while let Some(event) = reader.next_event()? {
        let Event::Start(tag) = event else { continue };
        if tag.local() != "c" {
            continue;
        }
        // An entry without a sheet is of the sheet of the one before it.
        let said = tag.attribute("i");
        if let Some(said) = &said {
            said.as_ref().clone_into(&mut sheet);
        }
        let place = tag.attribute("r").and_then(|cell| Area::parse(&cell).ok());
        let moved = if sheet == own {
            place.map(|area| follow.shift.cell(area.top, area.left))
        } else {
            None
        };
        if let Some(None) = moved {
            let end = reader.skip()?;
            edits.replace(tag.span.start..end.end.max(tag.span.end), b"");
            continue;
        }
        kept += 1;
        let mut own_edits = Vec::new();
        if let (Some(Some((row, column))), Some(area)) = (moved, place)
            && (row, column) != (area.top, area.left)
        {
            own_edits.push(tag.set_attribute("r", &Area::cell(row, column).to_string()));
        }
        if said.is_none() && written != sheet {
            own_edits.push(tag.set_attribute("i", &sheet));
        }
        edits.extend(own_edits, 0);
        written.clone_from(&sheet);
    }
    if kept > 0 {
        draft.edit(part, edits.finish()?)?;
        return Ok(());
    }
    let relationships = draft.package().relationships(&follow.workbook.part)?;
    for relationship in relationships
        .iter()
        .filter(|relationship| relationship.is("calcChain"))
    {
        draft.remove_relationship(&follow.workbook.part, &relationship.id)?;
    }
    draft.remove_part(part)?;
    Ok(())
}

/// Cells that wait for data from outside.
pub(super) fn volatile(follow: &Follow<'_>, draft: &mut Draft, part: &str) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let tree = Tree::parse(part, &content, draft.package().limits())?;
    let own = follow.sheet().id.to_string();
    let mut edits = Vec::new();
    let mut gone: Vec<Range<usize>> = Vec::new();
    for topic in tree.root().descendants().filter(|node| node.local() == "tp") {
        let cells: Vec<_> = topic.children().filter(|node| node.local() == "tr").collect();
        let mut left = cells.len();
        let mut inside = Vec::new();
        for node in &cells {
            let here = node.attribute("s").is_some_and(|sheet| sheet == own);
            let Some(area) = node
                .attribute("r")
                .and_then(|cell| Area::parse(&cell).ok())
                .filter(|_| here)
            else {
                continue;
            };
            match follow.shift.area(area) {
                Some(moved) if moved != area => inside.push(node.tag().set_attribute("r", &corners(moved))),
                Some(_) => {}
                None => {
                    left -= 1;
                    inside.push(node.replace(""));
                }
            }
        }
        if left == 0 && !cells.is_empty() {
            gone.push(topic.span());
            edits.push(topic.replace(""));
        } else {
            edits.append(&mut inside);
        }
    }
    let topics = tree
        .root()
        .descendants()
        .filter(|node| node.local() == "tp")
        .count();
    if topics > 0 && gone.len() == topics {
        let relationships = draft.package().relationships(&follow.workbook.part)?;
        for relationship in relationships
            .iter()
            .filter(|relationship| relationship.is("volatileDependencies"))
        {
            draft.remove_relationship(&follow.workbook.part, &relationship.id)?;
        }
        draft.remove_part(part)?;
        return Ok(());
    }
    draft.edit(part, edits)?;
    Ok(())
}
