//! What the model reads of a deck.

use std::fmt::Write as _;

use deskhand_protocol::operations::answer::{DeckContent, SlideContent, SlideShape};

use super::{counted, sources};
use crate::grid::shown;

pub(super) fn deck(content: &DeckContent) -> String {
    let mut out = format!("slides are {} by {} points\n", content.width, content.height);
    for layout in &content.layouts {
        let places: Vec<String> = layout
            .placeholders
            .iter()
            .map(|place| format!("{} ({})", place.name, place.kind))
            .collect();
        let _ = writeln!(out, "layout \"{}\": {}", layout.name, places.join(", "));
    }
    for content in &content.slides {
        out.push_str(&slide(content));
    }
    out
}

pub(super) fn slide(content: &SlideContent) -> String {
    let title = content.title.as_deref().unwrap_or("without a title");
    let mut out = format!(
        "slide {} id {} layout \"{}\": {title}\n",
        content.index, content.id, content.layout
    );
    let told = [
        (content.hidden, "hidden".to_owned()),
        (content.transition, "transition".to_owned()),
        (
            content.animations > 0,
            counted(content.animations as usize, "animation"),
        ),
        (
            content.comments > 0,
            counted(content.comments as usize, "comment"),
        ),
    ];
    for (_, what) in told.iter().filter(|(there, _)| *there) {
        let _ = writeln!(out, "  {what}");
    }
    for held in &content.shapes {
        shape(&mut out, held);
    }
    if let Some(notes) = &content.notes {
        let _ = writeln!(out, "  speaker notes: {}", notes.replace('\n', " / "));
    }
    sources(&mut out, content.notes_sources.iter());
    out
}

fn shape(out: &mut String, shape: &SlideShape) {
    let place = shape.frame.map(|f| {
        format!(
            " at {:.0},{:.0} size {:.0}x{:.0}",
            f.left, f.top, f.width, f.height
        )
    });
    let _ = write!(
        out,
        "  shape {} \"{}\" {}{}",
        shape.id,
        shape.name,
        shape.kind,
        place.unwrap_or_default()
    );
    if shape.hidden {
        out.push_str(" (hidden)");
    }
    if let Some(text) = shape.text.as_deref().filter(|text| !text.is_empty()) {
        let _ = write!(out, ": {}", text.replace('\n', " / "));
    }
    out.push('\n');
    if let Some(text) = shape.alt_text.as_deref().filter(|text| !text.is_empty()) {
        let _ = writeln!(out, "    alternative text: {}", text.replace('\n', " / "));
    }
    sources(out, shape.sources.iter());
    for row in shape.rows.iter().flatten() {
        let _ = writeln!(out, "    {}", row.join(" | "));
    }
    if let Some(chart) = &shape.chart {
        let _ = writeln!(out, "    categories: {}", chart.categories.join(" | "));
        for series in &chart.series {
            let values: Vec<String> = series.values.iter().map(shown).collect();
            let _ = writeln!(out, "    {}: {}", series.name, values.join(" | "));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::slide;

    #[test]
    fn notes_and_alternative_texts_of_a_slide_are_told() {
        let content = json!({
            "id": "s", "index": 1, "layout": "Blank", "hidden": true, "notes": "say this",
            "notesSources": [{"figure": "7", "document": "d", "address": "Data!D9"}],
            "shapes": [{"id": "4", "name": "Picture", "kind": "picture", "altText": "a bridge",
                "sources": [{"figure": "4", "document": "d", "address": "Data!C4"}]}],
        });
        let told = slide(&serde_json::from_value(content).unwrap());
        for word in ["hidden", "say this", "a bridge", "Data!C4", "Data!D9"] {
            assert!(told.contains(word), "{told}");
        }
    }
}
