//! Merged cells (ECMA-376 part 1, 18.3.1.55).

use deskhand_opc::Draft;
use deskhand_operations::Area;

use crate::cells::Keep;
use crate::element_list;
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// Takes merged cells apart and merges others, in the draft.
pub(crate) fn set(
    workbook: &Workbook,
    draft: &mut Draft,
    part: &str,
    goes: &dyn Fn(&Area) -> bool,
    added: &[Area],
) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let scanned = Worksheet::read(workbook, part, &content, &Keep::Areas(Vec::new()))?;
    let p = &scanned.prefix;
    let added: Vec<String> = added
        .iter()
        .map(|area| format!(r#"<{p}mergeCell ref="{area}"/>"#))
        .collect();
    let edits = element_list::edits(
        &scanned,
        draft.package().limits(),
        "mergeCells",
        &|node| {
            let area = node.attribute("ref").and_then(|area| Area::parse(&area).ok());
            area.is_some_and(|area| goes(&area))
        },
        &added,
    )?;
    draft.edit(part, edits)?;
    Ok(())
}
