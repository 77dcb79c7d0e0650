//! `chart.update`: only what was asked changes, also in charts that Excel made.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ChartUpdate;
use deskhand_operations::{Address, ChartKind, RefusalCode};

use super::chart_add::{check_title, fit};
use crate::addresses;
use crate::cells::Keep;
use crate::chart::{data, edit, form, look, read, regroup};
use crate::drawings::{self, Object};
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::{SheetEntry, SheetKind, Workbook};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, update: &ChartUpdate) -> Outcome<Applied> {
    let (sheet, chart) = find(workbook, &update.sheet, &update.name)?;
    let empty = update.range.is_none()
        && update.kind.is_none()
        && update.title.is_none()
        && update.place.is_none()
        && update.series.is_empty()
        && update.look.is_none();
    if empty {
        return refuse(
            RefusalCode::BadInput,
            "Nothing is named that the chart is to change; nothing was changed.",
        );
    }
    guard(workbook, sheet, &chart)?;
    check_title(update.title.as_deref())?;
    let mut warnings = Vec::new();
    if let Some(part) = inside(update).then_some(()).and(chart.part.as_deref()) {
        if let Some(range) = &update.range {
            warnings = redraw(workbook, draft, part, update, range)?;
        }
        regroup::kinds(draft, part, update.kind, &update.series)?;
        edit::looks(draft, part, &update.series)?;
        if let Some(title) = &update.title {
            edit::title(draft, part, title)?;
        }
        if let Some(look) = &update.look {
            look::apply(draft, part, look)?;
        }
    }
    let mut target = format!("{} {}", sheet_address(&sheet.name), chart.name);
    if let Some(place) = &update.place {
        let (index, area) = addresses::area(workbook, place)?;
        if workbook.worksheet(index)?.part != sheet.part {
            return refuse(
                RefusalCode::Unsupported,
                "A chart moves on its own sheet: add it to the other one and delete it here; nothing was changed.",
            );
        }
        let area = drawings::on_sheet(area);
        drawings::move_to(draft, &chart, area)?;
        target = addresses::on(sheet, area);
    }
    Ok(Applied {
        target,
        changed: 1,
        read_back: None,
        warnings,
    })
}

/// True where more than the place changes.
fn inside(update: &ChartUpdate) -> bool {
    update.range.is_some()
        || update.kind.is_some()
        || update.title.is_some()
        || !update.series.is_empty()
        || update.look.is_some()
}

/// A chart by the names of its sheet and its object. The one chart of a chart sheet goes by the sheet's name, too.
pub(super) fn find<'w>(workbook: &'w Workbook, sheet: &str, name: &str) -> Outcome<(&'w SheetEntry, Object)> {
    let Some(index) = workbook.sheet_index(sheet) else {
        return addresses::no_sheet(workbook, sheet);
    };
    let sheet = &workbook.sheets[index];
    let mut charts = drawings::charts(&workbook.package, sheet)?;
    let only =
        sheet.kind != SheetKind::Worksheet && charts.len() == 1 && sheet.name.eq_ignore_ascii_case(name);
    let place = charts
        .iter()
        .position(|chart| chart.name.eq_ignore_ascii_case(name))
        .or(only.then_some(0));
    match place {
        Some(place) => Ok((sheet, charts.swap_remove(place))),
        None => refuse(
            RefusalCode::NotFound,
            format!(
                "There is no chart `{name}` on `{}`; nothing was changed.",
                sheet.name
            ),
        ),
    }
}

/// A sheet's name as answers give it.
pub(super) fn sheet_address(name: &str) -> String {
    Address {
        sheet: Some(name.to_owned()),
        area: None,
    }
    .to_string()
}

/// Refuses charts on protected sheets, and those that are no charts of the standard.
fn guard(workbook: &Workbook, sheet: &SheetEntry, chart: &Object) -> Outcome<()> {
    if chart.extended {
        return refuse(
            RefusalCode::Unsupported,
            format!(
                "`{}` is of a kind newer than the standard (waterfall, funnel, treemap, sunburst, histogram, box or map), which can be deleted but not changed here; nothing was changed.",
                chart.name
            ),
        );
    }
    if chart.part.is_none() {
        return refuse(
            RefusalCode::Corrupt,
            format!("The content of `{}` is missing; nothing was changed.", chart.name),
        );
    }
    if sheet.kind == SheetKind::Worksheet {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
        if scanned.protected {
            return refuse(
                RefusalCode::Protected,
                format!("The sheet `{}` is protected; nothing was changed.", sheet.name),
            );
        }
    }
    Ok(())
}

/// Reads the new data as the kind of the chart wants them, and draws them.
fn redraw(
    workbook: &Workbook,
    draft: &mut Draft,
    part: &str,
    update: &ChartUpdate,
    range: &str,
) -> Outcome<Vec<String>> {
    let content = draft.package().part(part)?;
    let tree = deskhand_opc::xml::Tree::parse(part, &content, draft.package().limits())?;
    let plot = edit::plot(&tree)?;
    let own = plot.groups.first().and_then(|group| group.form);
    let kind = own.map_or(ChartKind::Line, |form| form.kind);
    let visible = read::chart(&tree).and_then(|chart| read::value(chart, "plotVisOnly"));
    let hidden = update
        .look
        .as_ref()
        .and_then(|look| look.hidden_cells)
        .unwrap_or_else(|| visible.is_some_and(|visible| !crate::workbook::is_true(&visible)));
    let mut data = data::read(workbook, range, update.series_in, form::of(kind), hidden)?;
    let warnings = fit(kind, &mut data)?;
    edit::data(draft, part, &data)?;
    Ok(warnings)
}
