//! Sheets, tables and charts: names that are taken, and what would be lost.

use deskhand_protocol::operations::answer::{SheetContent, WorkbookContent};
use deskhand_protocol::operations::workbook::RangeFacet;
use deskhand_protocol::operations::{Address, Area, CellValue, RefusalCode, WorkbookOperation};

use super::{Look, refusal, removal};
use crate::backend::{Reach, Trouble};
use crate::grid::{padded, same};
use crate::journal::Image;
use crate::preview::{range_in, read_of};
use crate::tools::{DocumentTools, OwnCells};

/// Why something of a person's in an open document is not removed.
const NO_WAY_BACK: &str = "this was not made in this session, and Office gives no way to put it back; ask the user to \
                           remove it, or close the document and change the file";

impl DocumentTools {
    pub(super) async fn look_at_structure(
        &self,
        reach: Reach<'_>,
        operation: &WorkbookOperation,
        content: &WorkbookContent,
        own: &OwnCells,
    ) -> Result<Look, Trouble> {
        if let Some(message) = name_taken(operation, content) {
            return Err(refusal(RefusalCode::NameTaken, message));
        }
        let no_way_back = || refusal(RefusalCode::Unsupported, NO_WAY_BACK.to_owned());
        let ask = match operation {
            WorkbookOperation::SheetDelete(params) => {
                let missing = || refusal(RefusalCode::NotFound, format!("no sheet `{}`", params.name));
                let found = sheet(content, &params.name).ok_or_else(missing)?;
                if reach.is_live() && !self.is_own_sheet(reach, found, own).await {
                    return Err(no_way_back());
                }
                let question = format!("Delete the sheet {}?", params.name);
                Some(removal(question, "Every other sheet stays as it is."))
            }
            WorkbookOperation::TableDelete(_) | WorkbookOperation::ChartDelete(_) if reach.is_live() => {
                return Err(no_way_back());
            }
            WorkbookOperation::TableDelete(params) => {
                let question = format!("Remove the table {}?", params.name);
                Some(removal(question, "Its cells stay as they are."))
            }
            WorkbookOperation::ChartDelete(params) => {
                let question = format!("Delete the chart {}?", params.name);
                Some(removal(question, "Cells stay as they are."))
            }
            _ => None,
        };
        Ok(Look {
            before: Image::Nothing,
            expected: None,
            ask,
        })
    }

    /// True when every filled cell of the sheet still holds what this session wrote there.
    pub(crate) async fn is_own_sheet(&self, reach: Reach<'_>, sheet: &SheetContent, own: &OwnCells) -> bool {
        let Some(used) = sheet.used_range.as_deref() else {
            return true;
        };
        let Ok(area) = Area::parse(used) else { return false };
        let read = read_of(&sheet.name, area, vec![RangeFacet::Formulas]);
        let Ok(answer) = reach.read(read).await else {
            return false;
        };
        let Some(content) = range_in(answer) else {
            return false;
        };
        let content = padded(content, &sheet.name, area);
        let name = sheet.name.to_lowercase();
        (area.top..)
            .zip(content.formulas.iter().flatten())
            .all(|(row, line)| {
                (area.left..).zip(line).all(|(column, now)| {
                    let known = own.get(&(name.clone(), row, column));
                    same(now, &CellValue::Empty) || known.is_some_and(|known| same(known, now))
                })
            })
    }
}

fn sheet<'a>(content: &'a WorkbookContent, name: &str) -> Option<&'a SheetContent> {
    let mut sheets = content.sheets.iter();
    sheets.find(|sheet| sheet.name.eq_ignore_ascii_case(name))
}

/// What is said where the name of something new is taken.
fn name_taken(operation: &WorkbookOperation, content: &WorkbookContent) -> Option<String> {
    let (what, name, taken) = match operation {
        WorkbookOperation::SheetAdd(params) => {
            ("sheet", &params.name, sheet(content, &params.name).is_some())
        }
        WorkbookOperation::TableAdd(params) => {
            let mut tables = content.sheets.iter().flat_map(|sheet| &sheet.tables);
            let taken = tables.any(|table| table.name.eq_ignore_ascii_case(&params.name));
            ("table", &params.name, taken)
        }
        WorkbookOperation::ChartAdd(params) => {
            let on = Address::parse(params.place.as_deref().unwrap_or(&params.range)).ok();
            let on = on.and_then(|address| address.sheet).unwrap_or_default();
            let taken = sheet(content, &on).is_some_and(|sheet| sheet.charts.contains(&params.name));
            ("chart", &params.name, taken)
        }
        _ => return None,
    };
    taken.then(|| format!("a {what} `{name}` is there already"))
}
