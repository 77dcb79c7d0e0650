//! How two decks differ: slides, then what is on them.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_operations::answer::{Difference, SlideContent, SlideShape};
use deskhand_operations::deck::{DeckInfo, SlideRead};
use deskhand_operations::{DeckAnswer, DeckOperation, Refusal};
use deskhand_slides::Deck;

use super::{cut, other_parts};

/// Points that a shape may be off without having been moved: files round.
const NEAR: f64 = 0.05;

pub(super) fn compare(before: &Deck, after: &Deck) -> Result<Vec<Difference>, Refusal> {
    let (earlier, later) = (slides(before)?, slides(after)?);
    let known: BTreeMap<&str, &SlideContent> =
        earlier.iter().map(|slide| (slide.id.as_str(), slide)).collect();
    let ids: BTreeSet<&str> = later.iter().map(|slide| slide.id.as_str()).collect();
    let mut told = Vec::new();
    for slide in earlier.iter().filter(|slide| !ids.contains(slide.id.as_str())) {
        let sentence = format!("{} was deleted.", named(slide));
        told.push(difference("slide.deleted", slide, None, None, None, sentence));
    }
    let mut last = 0;
    for slide in &later {
        let Some(held) = known.get(slide.id.as_str()) else {
            let sentence = format!("{} was added.", named(slide));
            told.push(difference("slide.added", slide, None, None, None, sentence));
            continue;
        };
        if held.index < last {
            let sentence = format!("{} was moved from place {}.", named(slide), held.index);
            told.push(difference("slide.moved", slide, None, None, None, sentence));
        } else {
            last = held.index;
        }
        if held.layout != slide.layout {
            let sentence = format!(
                "{} has the layout {} instead of {}.",
                named(slide),
                slide.layout,
                held.layout
            );
            told.push(difference(
                "slide.layout",
                slide,
                None,
                Some(&held.layout),
                Some(&slide.layout),
                sentence,
            ));
        }
        shapes(held, slide, &mut told);
    }
    let parts = told.is_empty();
    if parts {
        other_parts(before.package(), after.package(), &mut told)?;
    }
    Ok(told)
}

/// Every slide, whole.
fn slides(deck: &Deck) -> Result<Vec<SlideContent>, Refusal> {
    let DeckAnswer::Info(info) = deck.answer(&DeckOperation::Info(DeckInfo {}))? else {
        return Ok(Vec::new());
    };
    let mut slides = Vec::with_capacity(info.slides.len());
    for slide in info.slides {
        let read = DeckOperation::SlideRead(SlideRead {
            slide: slide.id,
            runs: false,
        });
        if let DeckAnswer::SlideRead(content) = deck.answer(&read)? {
            slides.push(content);
        }
    }
    Ok(slides)
}

fn shapes(before: &SlideContent, after: &SlideContent, told: &mut Vec<Difference>) {
    let known: BTreeMap<&str, &SlideShape> = before
        .shapes
        .iter()
        .map(|shape| (shape.id.as_str(), shape))
        .collect();
    let ids: BTreeSet<&str> = after.shapes.iter().map(|shape| shape.id.as_str()).collect();
    for shape in before
        .shapes
        .iter()
        .filter(|shape| !ids.contains(shape.id.as_str()))
    {
        let sentence = format!("On {}, {} was deleted.", lower(after), called(shape));
        told.push(difference(
            "shape.deleted",
            after,
            Some(shape),
            None,
            None,
            sentence,
        ));
    }
    for shape in &after.shapes {
        match known.get(shape.id.as_str()) {
            None => {
                let sentence = format!("On {}, {} was added.", lower(after), called(shape));
                told.push(difference(
                    "shape.added",
                    after,
                    Some(shape),
                    None,
                    shape.text.as_deref(),
                    sentence,
                ));
            }
            Some(held) => shape_changes(after, held, shape, told),
        }
    }
}

fn shape_changes(slide: &SlideContent, held: &SlideShape, shape: &SlideShape, told: &mut Vec<Difference>) {
    let on = lower(slide);
    let name = called(shape);
    if held.text != shape.text {
        let (before, after) = (held.text.as_deref(), shape.text.as_deref());
        let sentence = match (before, after) {
            (None | Some(""), Some(after)) => format!("On {on}, {name} reads “{}” now.", cut(after)),
            (Some(before), None | Some("")) => {
                format!("On {on}, {name} is empty; it read “{}”.", cut(before))
            }
            (before, after) => format!(
                "On {on}, {name} reads “{}” instead of “{}”.",
                cut(after.unwrap_or_default()),
                cut(before.unwrap_or_default())
            ),
        };
        told.push(difference(
            "shape.text",
            slide,
            Some(shape),
            before,
            after,
            sentence,
        ));
    }
    if held.rows != shape.rows {
        table(slide, held, shape, told);
    }
    if held.chart != shape.chart {
        let sentence = format!("On {on}, the data of {name} changed.");
        told.push(difference("chart.data", slide, Some(shape), None, None, sentence));
    }
    frame(slide, held, shape, told);
    if held.alt_text != shape.alt_text {
        let (before, after) = (held.alt_text.as_deref(), shape.alt_text.as_deref());
        let sentence = format!("On {on}, the alternative text of {name} changed.");
        told.push(difference(
            "shape.altText",
            slide,
            Some(shape),
            before,
            after,
            sentence,
        ));
    }
}

/// Place and size.
fn frame(slide: &SlideContent, held: &SlideShape, shape: &SlideShape, told: &mut Vec<Difference>) {
    let (on, name) = (lower(slide), called(shape));
    if let (Some(from), Some(to)) = (held.frame, shape.frame) {
        let near = |one: f64, other: f64| (one - other).abs() <= NEAR;
        if !near(from.left, to.left) || !near(from.top, to.top) {
            let sentence = format!("On {on}, {name} was moved.");
            told.push(difference(
                "shape.moved",
                slide,
                Some(shape),
                None,
                None,
                sentence,
            ));
        }
        if !near(from.width, to.width) || !near(from.height, to.height) {
            let sentence = format!("On {on}, {name} was resized.");
            told.push(difference(
                "shape.resized",
                slide,
                Some(shape),
                None,
                None,
                sentence,
            ));
        }
    }
}

/// Cells of a table.
fn table(slide: &SlideContent, held: &SlideShape, shape: &SlideShape, told: &mut Vec<Difference>) {
    let (on, name) = (lower(slide), called(shape));
    let (before, after) = (
        held.rows.clone().unwrap_or_default(),
        shape.rows.clone().unwrap_or_default(),
    );
    let size = |rows: &[Vec<String>]| (rows.len(), rows.first().map_or(0, Vec::len));
    if size(&before) != size(&after) {
        let ((rows, columns), (now_rows, now_columns)) = (size(&before), size(&after));
        let sentence =
            format!("On {on}, {name} has {now_rows} by {now_columns} cells instead of {rows} by {columns}.");
        told.push(difference("table.size", slide, Some(shape), None, None, sentence));
        return;
    }
    for (row, (was, is)) in before.iter().zip(&after).enumerate() {
        for (column, (was, is)) in was.iter().zip(is).enumerate().filter(|(_, (was, is))| was != is) {
            let sentence = format!(
                "On {on}, row {}, column {} of {name} reads “{}” instead of “{}”.",
                row + 1,
                column + 1,
                cut(is),
                cut(was)
            );
            told.push(difference(
                "table.cell",
                slide,
                Some(shape),
                Some(was),
                Some(is),
                sentence,
            ));
        }
    }
}

fn difference(
    code: &str,
    slide: &SlideContent,
    shape: Option<&SlideShape>,
    before: Option<&str>,
    after: Option<&str>,
    sentence: String,
) -> Difference {
    let shape = shape
        .map(|shape| format!("/shape:{}", shape.id))
        .unwrap_or_default();
    Difference {
        code: code.to_owned(),
        location: format!("slide:{}{shape}", slide.id),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        sentence,
    }
}

fn named(slide: &SlideContent) -> String {
    match &slide.title {
        Some(title) if !title.is_empty() => format!("Slide {} (“{}”)", slide.index, cut(title)),
        _ => format!("Slide {}", slide.index),
    }
}

fn lower(slide: &SlideContent) -> String {
    format!("slide {}", slide.index)
}

fn called(shape: &SlideShape) -> String {
    if shape.name.is_empty() {
        format!("shape {}", shape.id)
    } else {
        shape.name.clone()
    }
}
