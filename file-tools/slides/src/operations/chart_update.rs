//! `chart.update`: data, kind, title, axes and legend of a chart. Its embedded workbook follows: figures go into the
//! cells that the chart names; a workbook that is laid out another way is made anew.

use deskhand_opc::{Blob, Draft, Relationship, Target};
use deskhand_operations::deck::ChartUpdate;
use deskhand_operations::{Applied, ChartSource, Refusal, RefusalCode};

use super::applied;
use super::chart_add::{WORKBOOK, refusal};
use crate::chart::cells::Cells;
use crate::chart::update::ChartPart;
use crate::chart::{Plot, embedded, embedded_workbook, is_of_points, place, read, write};
use crate::deck::{Deck, Slide};
use crate::element::fitted;
use crate::markup::Markup;
use crate::part::{Part, relationships, target};
use crate::refuse;
use crate::shape::{Shape, ShapeKind};
use crate::text::{check, check_line};

pub(super) fn update(deck: &Deck, draft: &mut Draft, update: &ChartUpdate) -> Result<Applied, Refusal> {
    if update.data.is_none() && update.kind.is_none() && update.title.is_none() && update.look.is_none() {
        return Err(refuse::bad_input(
            "nothing is named that is to change in the chart",
        ));
    }
    let slide = deck.read(deck.slide(&update.slide)?)?;
    let shape = slide.shape(&update.shape)?;
    let part = chart_part(deck, &slide, shape)?;
    let mut warnings = Vec::new();
    if update.data.is_some() || update.kind.is_some() {
        change_data(deck, draft, &part, update, &mut warnings)?;
    }
    if let Some(title) = &update.title {
        check("the title", title)?;
        edit(deck, draft, &part.name, |chart| Ok(chart.title_edits(title)))?;
    }
    if let Some(look) = &update.look {
        for text in [
            &look.category_title,
            &look.value_title,
            &look.secondary_title,
            &look.value_format,
        ] {
            text.as_deref()
                .map(|text| check_line("a text of the chart", text))
                .transpose()?;
        }
        let bounds = [look.minimum, look.maximum];
        if bounds.iter().flatten().any(|bound| !bound.is_finite()) {
            return Err(refuse::bad_input("the bounds of an axis are numbers"));
        }
        edit(deck, draft, &part.name, |chart| {
            chart
                .look_edits(look)
                .map_err(|missing| refuse::bad_input(format!("the chart '{}' has no {missing}", shape.name)))
        })?;
    }
    Ok(applied(&update.slide, &shape.name, warnings))
}

/// The part of a chart.
fn chart_part(deck: &Deck, slide: &Slide<'_>, shape: &Shape) -> Result<Part, Refusal> {
    if shape.kind != ShapeKind::Chart {
        return Err(refuse::bad_input(format!(
            "the shape '{}' is a {} and no chart",
            shape.name,
            shape.kind.called()
        )));
    }
    let links = relationships(&deck.package, &slide.part.name)?;
    let reference = shape.chart.as_deref().ok_or_else(|| {
        refuse::unsupported(format!(
            "the chart '{}' is of a newer kind (waterfall, funnel, map, …), which only PowerPoint changes",
            shape.name
        ))
    })?;
    let name = target(&deck.package, &links, reference);
    let name = name.ok_or_else(|| refuse::corrupt(format!("the chart '{}' has no part", shape.name)))?;
    Part::read(&deck.package, name)
}

/// Edits the chart as the draft has it now.
fn edit(
    deck: &Deck,
    draft: &mut Draft,
    name: &str,
    edits: impl FnOnce(ChartPart<'_, '_>) -> Result<Vec<crate::chart::update::Edit>, Refusal>,
) -> Result<(), Refusal> {
    let part = Part::read(draft.package(), name)?;
    let tree = part.tree()?;
    let edits = edits(ChartPart {
        root: tree.root(),
        content: &part.content,
        dialect: deck.dialect,
    })?;
    draft.edit(name, edits).map_err(|error| refuse::patch(&error))
}

fn change_data(
    deck: &Deck,
    draft: &mut Draft,
    part: &Part,
    update: &ChartUpdate,
    warnings: &mut Vec<String>,
) -> Result<(), Refusal> {
    let tree = part.tree()?;
    let chart = ChartPart {
        root: tree.root(),
        content: &part.content,
        dialect: deck.dialect,
    };
    let known = read::data(tree.root());
    let source = update.data.as_ref().or(known.as_ref());
    let source = source.ok_or_else(|| refuse::unsupported("the chart plots nothing that could be kept"))?;
    let plots = chart.plots();
    let now = plots.first().and_then(|plot| read::kind(*plot));
    let kind = update.kind.or(now).ok_or_else(|| {
        refuse::unsupported("the chart is of a kind that is not known here; name the kind that it is to be")
    })?;
    let redrawn = update
        .kind
        .is_some_and(|kind| Some(kind) != now || plots.len() > 1);
    let plot = Plot::new(kind, None, source).map_err(|error| refusal(&error))?;
    plot.texts()
        .try_for_each(|text| check("a text of the chart", text))?;
    let old = place::cells(&chart.series()).filter(|_| !is_of_points(kind));
    let (cells, workbook) = workbook(deck, part, &plot, old, known.as_ref(), warnings)?;
    let edits = if redrawn || chart.series().is_empty() {
        vec![redraw(chart, &plot, &cells)?]
    } else {
        chart.data_edits(&plot, &cells)
    };
    draft
        .edit(&part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    put_workbook(deck, draft, part, workbook)
}

/// The plot area drawn anew.
fn redraw(
    chart: ChartPart<'_, '_>,
    plot: &Plot<'_>,
    cells: &Cells,
) -> Result<crate::chart::update::Edit, Refusal> {
    let area = chart
        .area()
        .ok_or_else(|| refuse::corrupt("the chart has no plot area"))?;
    let mut xml = Markup::default();
    xml.element("c:plotArea", &[], |xml| {
        xml.empty("c:layout", &[]);
        write::plot_area(xml, plot, cells);
    });
    Ok(area.replace(&fitted(&xml.finish(), chart.root, chart.dialect)))
}

/// Where the figures stand afterwards, and the workbook with them.
fn workbook(
    deck: &Deck,
    part: &Part,
    plot: &Plot<'_>,
    old: Option<Cells>,
    known: Option<&ChartSource>,
    warnings: &mut Vec<String>,
) -> Result<(Cells, Vec<u8>), Refusal> {
    let existing = embedded_part(deck, part)?;
    if let (Some((name, bytes)), Some(old)) = (&existing, old)
        && name.to_lowercase().ends_with(".xlsx")
    {
        let cells = grown(&old, plot.series.len());
        let rows = known.map_or(0, |known| {
            let longest = known.series.iter().map(|series| series.values.len()).max();
            known.categories.len().max(longest.unwrap_or(0))
        });
        if let Ok(workbook) = embedded::updated(bytes, plot, &cells, (&old, rows)) {
            return Ok((cells, workbook));
        }
    }
    if existing.is_some() {
        warnings.push(
            "the workbook behind the chart was made anew, because its figures were not laid out in columns"
                .to_owned(),
        );
    }
    let workbook = embedded_workbook(plot).map_err(|error| {
        Refusal::new(
            RefusalCode::Failed,
            format!("the workbook of the chart could not be made: {error}"),
        )
    })?;
    Ok((Cells::fresh(plot), workbook))
}

/// The cells for as many series as there are now: known ones stay, further ones stand right of all others.
fn grown(old: &Cells, count: usize) -> Cells {
    let mut cells = old.clone();
    cells.series.truncate(count);
    let mut last = old
        .series
        .iter()
        .map(|columns| columns.values.max(columns.along))
        .max()
        .unwrap_or(0);
    while let (true, Some(model)) = (cells.series.len() < count, cells.series.first().copied()) {
        last += 1;
        cells.series.push(crate::chart::cells::Columns {
            values: last,
            ..model
        });
    }
    cells
}

/// The chart's relationship to its workbook.
fn external(deck: &Deck, part: &Part) -> Result<Option<Relationship>, Refusal> {
    let tree = part.tree()?;
    let id = tree
        .root()
        .child("externalData")
        .and_then(|data| data.prefixed("id"));
    let links = relationships(&deck.package, &part.name)?;
    Ok(id.and_then(|id| links.into_iter().find(|link| link.id == id)))
}

/// The embedded workbook with its name; refused where the figures are in another file.
fn embedded_part(deck: &Deck, part: &Part) -> Result<Option<(String, Blob)>, Refusal> {
    let Some(link) = external(deck, part)? else {
        return Ok(None);
    };
    match &link.target {
        Target::External(file) => Err(refuse::unsupported(format!(
            "the chart draws the figures of another file ({file}); change them there, or break the link in PowerPoint"
        ))),
        Target::Part(name) => {
            let Some(name) = deck.package.spelling(name) else {
                return Ok(None);
            };
            let bytes = deck.package.part(name).map_err(|error| refuse::package(&error))?;
            Ok(Some((name.to_owned(), bytes)))
        }
    }
}

/// Puts the workbook in the place of the old one, or gives the chart its first.
fn put_workbook(deck: &Deck, draft: &mut Draft, part: &Part, workbook: Vec<u8>) -> Result<(), Refusal> {
    let patched = |error: deskhand_opc::PatchError| refuse::patch(&error);
    if let Some((name, bytes)) = embedded_part(deck, part)?
        && name.to_lowercase().ends_with(".xlsx")
    {
        let whole = 0..bytes.len();
        return draft.edit(&name, [(whole, workbook.into())]).map_err(patched);
    }
    let before = crate::part::reachable(draft.package(), "", &[])?;
    let old = external(deck, part)?;
    if let Some(old) = &old {
        draft.remove_relationship(&part.name, &old.id).map_err(patched)?;
    }
    let name = draft.free_name("ppt/embeddings/Microsoft_Excel_Sheet", ".xlsx");
    draft.add_part(&name, workbook, WORKBOOK).map_err(patched)?;
    let kind = deck.dialect.relationship("package");
    let id = draft
        .add_relationship(&part.name, &kind, &Target::Part(name))
        .map_err(patched)?;
    let now = Part::read(draft.package(), &part.name)?;
    let tree = now.tree()?;
    let root = tree.root();
    let edit = if let Some(data) = root.child("externalData") {
        let attribute = data
            .tag()
            .attributes()
            .find(|attribute| attribute.name.ends_with(":id") && !attribute.name.starts_with("xmlns"));
        let name = attribute.map_or("r:id", |attribute| attribute.name);
        data.tag().set_attribute(name, &id)
    } else {
        let xml = format!("<c:externalData r:id=\"{id}\"><c:autoUpdate val=\"0\"/></c:externalData>");
        let xml = fitted(&xml, root, deck.dialect);
        let later = ["printSettings", "userShapes", "extLst"];
        match root.children().find(|child| later.contains(&child.local())) {
            Some(later) => later.before(&xml),
            None => root.append(&xml),
        }
    };
    draft.edit(&part.name, [edit]).map_err(patched)?;
    crate::cut::remove_unreachable(draft, &before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::cells::Columns;

    #[test]
    fn further_series_stand_right_of_all_others() {
        let columns = |values| Columns {
            along: 5,
            values,
            sizes: None,
        };
        let old = Cells {
            sheet: "S".into(),
            top: 0,
            series: vec![columns(2), columns(1)],
        };
        let place = |count| -> Vec<usize> {
            let cells = grown(&old, count);
            cells.series.iter().map(|columns| columns.values).collect()
        };
        assert_eq!(place(1), [2]);
        assert_eq!(place(4), [2, 1, 6, 7]);
    }
}
