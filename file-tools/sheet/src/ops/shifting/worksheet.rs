//! The part of a sheet: its cells, and the elements around them.

use deskhand_formula::Axis;
use deskhand_opc::Draft;
use deskhand_opc::xml::{Event, Reader, Tree};
use deskhand_operations::RefusalCode;

use super::cells::Cells;
use super::edits::Edits;
use super::elements::Elements;
use super::{Follow, columns};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::SheetKind;

/// Follows the change in one sheet of the workbook.
pub(super) fn follow(follow: &mut Follow<'_>, draft: &mut Draft, index: usize) -> Outcome<()> {
    let workbook = follow.workbook;
    let sheet = &workbook.sheets[index];
    if sheet.part.is_empty() {
        return Ok(());
    }
    let content = draft.package().part(&sheet.part)?;
    let own = index == follow.index;
    if !own && !may_refer(follow, &content) {
        return Ok(());
    }
    let scanned = if own {
        Some(Worksheet::read(
            workbook,
            &sheet.part,
            &content,
            &Keep::Areas(Vec::new()),
        )?)
    } else {
        None
    };
    let mut edits = Edits::new(&content);
    let limits = draft.package().limits();
    let mut reader = Reader::new(&sheet.part, &content, limits)?;
    if reader.next_event()?.is_none() {
        return refuse(
            RefusalCode::Corrupt,
            format!(
                "The sheet `{}` is empty of content; nothing was changed.",
                sheet.name
            ),
        );
    }
    while let Some(event) = reader.next_event()? {
        let Event::Start(tag) = event else {
            continue;
        };
        if tag.local() == "sheetData" {
            Cells::new(follow, (index, sheet), scanned.as_ref(), &mut edits).walk(&mut reader, &tag)?;
            continue;
        }
        reader.skip()?;
        let span = tag.span.start..reader.position();
        // A fragment: prefixes stay undeclared in it, which its offsets do not mind.
        let tree = Tree::parse(&sheet.part, &content[span.clone()], limits)?;
        let found = if own && tag.local() == "cols" {
            columns::follow(follow, &tree)
        } else {
            Elements::new(follow, sheet, own && sheet.kind == SheetKind::Worksheet).of(tree.root())?
        };
        edits.extend(found, span.start);
    }
    draft.edit(&sheet.part, edits.finish()?)?;
    Ok(())
}

/// True when a part that is not the sheet's own can hold something that follows: it names a sheet, or uses a name or
/// table whose cells are other ones now.
fn may_refer(follow: &Follow<'_>, content: &[u8]) -> bool {
    let names_columns = follow.shift.axis == Axis::Columns && follow.changes.len() > 1;
    names_columns || !follow.book.touched.is_empty() || content.contains(&b'!')
}
