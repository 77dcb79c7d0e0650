//! `sheet.rename`.

use deskhand_formula::{Kind, tokens};
use deskhand_opc::Draft;
use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::SheetRename;

use crate::addresses;
use crate::cells::Keep;
use crate::element_list::Edit;
use crate::error::{Outcome, refuse};
use crate::formula_text::{self, Renames};
use crate::ops::sheet_add::check_name;
use crate::sheet::Worksheet;
use crate::workbook::{SheetKind, Workbook, guard_structure};

/// Cells named in a warning.
const NAMED: usize = 10;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, rename: &SheetRename) -> Outcome<Applied> {
    let Some(index) = workbook.sheet_index(&rename.name) else {
        return addresses::no_sheet(workbook, &rename.name);
    };
    check_name(&rename.to)?;
    if workbook
        .sheet_index(&rename.to)
        .is_some_and(|other| other != index)
    {
        return refuse(
            RefusalCode::NameTaken,
            format!("There is a sheet `{}` already; nothing was changed.", rename.to),
        );
    }
    let from = &workbook.sheets[index].name;
    let renames = Renames::of_sheet(workbook, from, &rename.to);
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    guard_structure(tree.root())?;
    let entry = tree
        .root()
        .child("sheets")
        .and_then(|list| list.children().nth(index));
    let edits: Vec<Edit> = entry
        .iter()
        .map(|node| node.tag().set_attribute("name", &rename.to))
        .collect();
    draft.edit(&workbook.part, edits)?;
    for part in formula_text::parts(draft.package())? {
        formula_text::apply(draft, &part, &renames)?;
        formula_text::apply_to_links(draft, &part, &renames)?;
    }
    titles(draft, &renames, from, &rename.to)?;
    Ok(Applied {
        target: rename.to.clone(),
        changed: 1,
        warnings: texts(workbook, from)?,
        ..Applied::default()
    })
}

/// The list of sheets and names in the document's properties (ECMA-376 part 1, 22.2.2.26).
fn titles(draft: &mut Draft, renames: &Renames, from: &str, to: &str) -> Outcome<()> {
    let Some(part) = draft
        .package()
        .related("", "extended-properties")?
        .into_iter()
        .next()
    else {
        return Ok(());
    };
    let content = draft.package().part(&part)?;
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let titles = tree
        .root()
        .children()
        .find(|node| node.local() == "TitlesOfParts");
    let entries = titles
        .iter()
        .flat_map(Node::descendants)
        .filter(|node| node.local() == "lpstr");
    let edits: Vec<Edit> = entries
        .filter_map(|node| {
            let text = node.text();
            let new = if text == from {
                Some(to.to_owned())
            } else {
                renames.rewritten(&text)
            };
            Some((node.inner(), escape(&new?).as_ref().into()))
        })
        .collect();
    draft.edit(&part, edits)?;
    Ok(())
}

/// Formulas that name the sheet in a text, as `INDIRECT` takes it: texts do not follow, in Excel neither.
fn texts(workbook: &Workbook, name: &str) -> Outcome<Vec<String>> {
    let name = name.to_lowercase();
    let names = |formula: &str| {
        let lower = formula.to_lowercase();
        lower.contains(&name)
            && tokens(&lower).iter().any(|token| {
                token.kind == Kind::Text && token.text.contains(&name) && token.text.contains('!')
            })
    };
    let mut found = Vec::new();
    for sheet in workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.kind == SheetKind::Worksheet)
    {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        let cells = scanned.data.cells.iter();
        let named = cells.filter(|cell| cell.formula.as_ref().is_some_and(|held| names(&held.text)));
        found.extend(
            named
                .take(NAMED)
                .map(|cell| addresses::cell(sheet, cell.row, cell.column)),
        );
    }
    found.truncate(NAMED);
    if found.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "These formulas hold the old name in a text, which does not follow: {}.",
        found.join(", ")
    )])
}
