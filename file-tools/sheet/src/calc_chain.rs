//! The calculation chain (ECMA-376 part 1, 18.6): an entry for a cell without formula makes Excel repair the file.

use std::collections::HashSet;

use deskhand_opc::xml::Tree;
use deskhand_opc::{Blob, Draft};
use deskhand_operations::Area;

use crate::error::Outcome;
use crate::workbook::Workbook;

/// Which entries go.
pub(crate) enum Gone<'a> {
    /// These cells of a sheet, by its `sheetId`.
    Cells(u32, &'a HashSet<(u32, u32)>),
    /// All cells of a sheet, by its `sheetId`.
    Sheet(u32),
}

/// Takes entries out; the part too, when none is left.
pub(crate) fn remove(workbook: &Workbook, draft: &mut Draft, gone: &Gone<'_>) -> Outcome<()> {
    let relationships = draft.package().relationships(&workbook.part)?;
    let Some(relationship) = relationships
        .into_iter()
        .find(|relationship| relationship.is("calcChain"))
    else {
        return Ok(());
    };
    let Some(part) = relationship
        .part()
        .filter(|part| draft.package().contains(part))
        .map(str::to_owned)
    else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let mut edits = Vec::new();
    let (mut sheet, mut written, mut kept) = (String::new(), String::new(), 0usize);
    for node in tree.root().children() {
        // An entry without a sheet is of the sheet of the one before it.
        let own = node.attribute("i");
        if let Some(own) = &own {
            own.as_ref().clone_into(&mut sheet);
        }
        let area = node.attribute("r").and_then(|cell| Area::parse(&cell).ok());
        let goes = match gone {
            Gone::Sheet(id) => sheet == id.to_string(),
            Gone::Cells(id, cells) => {
                sheet == id.to_string() && area.is_some_and(|area| cells.contains(&(area.top, area.left)))
            }
        };
        if goes {
            edits.push((node.span(), Blob::default()));
            continue;
        }
        kept += 1;
        if own.is_none() && written != sheet {
            edits.push(node.tag().set_attribute("i", &sheet));
        }
        written.clone_from(&sheet);
    }
    if kept > 0 {
        draft.edit(&part, edits)?;
    } else {
        draft.remove_relationship(&workbook.part, &relationship.id)?;
        draft.remove_part(&part)?;
    }
    Ok(())
}
