//! `chart.add`: a native chart, with the workbook that "Edit Data" opens.

use deskhand_opc::{Draft, Target};
use deskhand_operations::deck::ChartAdd;
use deskhand_operations::{Applied, Refusal, RefusalCode};

use super::{applied, placement};
use crate::chart::write::{WORKBOOK_REFERENCE, chart_part};
use crate::chart::{ChartError, Plot, embedded_workbook};
use crate::deck::Deck;
use crate::insertion::NewShape;
use crate::refuse;
use crate::text::check;

const CHART: &str = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml";
pub(super) const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) fn add(deck: &Deck, draft: &mut Draft, add: &ChartAdd) -> Result<Applied, Refusal> {
    let slide = deck.read(deck.slide(&add.slide)?)?;
    slide.check_new_name(&add.name)?;
    let title = add.title.as_deref().filter(|title| !title.trim().is_empty());
    let plot = Plot::new(add.kind, title, &add.data).map_err(|error| refusal(&error))?;
    plot.texts()
        .try_for_each(|text| check("a text of the chart", text))?;
    let place = placement::place(deck, &slide, add.frame, "chart")?;
    let reference = add_parts(deck, draft, &slide.part.name, &plot)?;
    let shape = NewShape {
        id: placement::free_shape_id(&slide)?,
        name: &add.name,
        description: &plot.description(),
        placeholder: place.mark.clone(),
        dialect: deck.dialect,
    };
    let xml = shape.graphic_frame(place.frame, |xml| {
        xml.element("a:graphicData", &[("uri", deck.dialect.chart())], |xml| {
            xml.empty(
                "c:chart",
                &[("xmlns:c", deck.dialect.chart()), ("r:id", &reference)],
            );
        });
    });
    placement::insert(draft, &slide, &place, &xml)?;
    Ok(applied(
        &add.slide,
        &add.name,
        placement::warnings(deck, place.frame),
    ))
}

/// Adds the chart part and its workbook; answers the slide's reference to the chart.
fn add_parts(deck: &Deck, draft: &mut Draft, slide: &str, plot: &Plot<'_>) -> Result<String, Refusal> {
    let workbook = embedded_workbook(plot).map_err(|error| {
        Refusal::new(
            RefusalCode::Failed,
            format!("the workbook of the chart could not be made: {error}"),
        )
    })?;
    let chart_name = draft.free_name("ppt/charts/chart", ".xml");
    let workbook_name = draft.free_name("ppt/embeddings/Microsoft_Excel_Sheet", ".xlsx");
    let mut link = || {
        draft.add_part(&workbook_name, workbook.clone(), WORKBOOK)?;
        let kind = deck.dialect.relationship("package");
        // The chart names this relationship, so it is made before the chart: afterwards its id would be taken.
        let inner = draft.add_relationship(&chart_name, &kind, &Target::Part(workbook_name.clone()))?;
        debug_assert_eq!(inner, WORKBOOK_REFERENCE, "the chart has no other relationship");
        draft.add_part(&chart_name, chart_part(plot, deck.dialect), CHART)?;
        draft.add_relationship(
            slide,
            &deck.dialect.relationship("chart"),
            &Target::Part(chart_name.clone()),
        )
    };
    link().map_err(|error| refuse::patch(&error))
}

pub(super) fn refusal(error: &ChartError) -> Refusal {
    match error {
        ChartError::TooLarge => refuse::too_large(error.to_string()),
        _ => refuse::bad_input(error.to_string()),
    }
}
