//! `chart.add`: a native chart part, a frame in the sheet's drawing, and the drawing where there is none.

use deskhand_opc::xml::escape;
use deskhand_opc::{Draft, Target};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ChartAdd;
use deskhand_operations::{Area, ChartKind, RefusalCode};

use super::relationship_type;
use crate::addresses;
use crate::cells::Keep;
use crate::chart::data::Data;
use crate::chart::{data, form, look, spaces, write};
use crate::drawings;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

const CHART_TYPE: &str = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml";

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, add: &ChartAdd) -> Outcome<Applied> {
    let form = form::of(add.kind);
    let look = add.look.clone().unwrap_or_default();
    look::check(&look)?;
    check_title(add.title.as_deref())?;
    let hidden = look.hidden_cells == Some(true);
    let mut data = data::read(workbook, &add.range, add.series_in, form, hidden)?;
    let warnings = fit(form.kind, &mut data)?;
    let (index, place) = match &add.place {
        Some(place) => addresses::area(workbook, place)?,
        None => (data.sheet, drawings::beside(data.bounds)),
    };
    let place = drawings::on_sheet(place);
    let sheet = workbook.worksheet(index)?;
    drawings::check_name(&drawings::charts(draft.package(), sheet)?, sheet, &add.name)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    if scanned.protected {
        return refuse(
            RefusalCode::Protected,
            format!("The sheet `{}` is protected; nothing was changed.", sheet.name),
        );
    }
    let strict = scanned.strict;
    let xml = write::part(&write::Chart {
        form,
        title: add.title.as_deref().filter(|title| !title.trim().is_empty()),
        data: &data,
        drawn: write::drawn(form, &data, &add.series)?,
        look: &look,
        strict,
        date_1904: workbook.date_1904,
    });
    let part = draft.free_name("xl/charts/chart", ".xml");
    draft.add_part(&part, xml, CHART_TYPE)?;
    let drawing = drawings::of_sheet(draft, sheet, &scanned)?;
    let kind = relationship_type(strict, "chart");
    let relationship = draft.add_relationship(&drawing, &kind, &Target::Part(part))?;
    drawings::add(draft, &drawing, &|id| {
        anchor(place, id, &add.name, &relationship, strict)
    })?;
    Ok(Applied {
        target: addresses::on(sheet, place),
        changed: 1,
        read_back: None,
        warnings,
    })
}

/// Refuses a title that no chart can show.
pub(super) fn check_title(title: Option<&str>) -> Outcome<()> {
    if title.is_some_and(|title| title.chars().count() > 1_000) {
        return refuse(
            RefusalCode::TooLarge,
            "A chart's title has at most 1,000 characters; nothing was changed.",
        );
    }
    Ok(())
}

/// Leaves out what a kind cannot show, and says so; refuses what is too little for it.
pub(super) fn fit(kind: ChartKind, data: &mut Data) -> Outcome<Vec<String>> {
    let mut warnings = Vec::new();
    if kind == ChartKind::Pie && data.series.len() > 1 {
        warnings.push("A pie shows one series: the first one was taken.".to_owned());
        data.series.truncate(1);
    }
    if kind == ChartKind::Bubble && data.series.iter().any(|series| series.sizes.is_none()) {
        return refuse(
            RefusalCode::BadInput,
            "A bubble chart needs x values, and for each series values and sizes; nothing was changed.",
        );
    }
    Ok(warnings)
}

/// The anchor of a chart over an area of its sheet. It declares its own prefixes, so that it stands in any drawing.
fn anchor(place: Area, id: u32, name: &str, relationship: &str, strict: bool) -> String {
    let spaces = spaces(strict);
    format!(
        concat!(
            r#"<xdr:twoCellAnchor xmlns:xdr="{}" xmlns:a="{}"><xdr:from>{}</xdr:from><xdr:to>{}</xdr:to>"#,
            r#"<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="{}" name="{}"/><xdr:cNvGraphicFramePr/>"#,
            r#"</xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic>"#,
            r#"<a:graphicData uri="{}"><c:chart xmlns:c="{}" xmlns:r="{}" r:id="{}"/></a:graphicData></a:graphic>"#,
            r#"</xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor>"#
        ),
        spaces.sheet_drawing,
        spaces.drawing,
        drawings::corner("xdr:", place.left, place.top),
        drawings::corner("xdr:", place.right + 1, place.bottom + 1),
        id,
        escape(name),
        spaces.chart,
        spaces.chart,
        spaces.relationships,
        relationship
    )
}
