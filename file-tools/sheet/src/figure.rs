//! Sources as operations say them, as files keep them, and as answers tell them. Knows neither cells nor slides.

use deskhand_opc::figures::{Figure, Held, Place};
use deskhand_operations::{CellValue, FigureSource, KeptSource};

/// The entry that keeps a source of a figure at a place; the mark is of what was written there.
pub fn entry(place: Place, mark: String, source: &FigureSource) -> Figure {
    Figure {
        place,
        mark,
        document: source.document.clone(),
        title: source.title.clone(),
        address: source.address.clone(),
        value: match &source.value {
            None | Some(CellValue::Empty) => None,
            Some(CellValue::Boolean(value)) => Some(Held::Boolean(*value)),
            Some(CellValue::Number(value)) => Some(Held::Number(*value)),
            Some(CellValue::Text(text)) => Some(Held::Text(text.clone())),
        },
    }
}

/// An entry as an answer tells it, with what shows the figure.
pub fn kept(figure: &Figure, shown: &str, outdated: bool) -> KeptSource {
    KeptSource {
        figure: shown.to_owned(),
        document: figure.document.clone(),
        title: figure.title.clone(),
        address: figure.address.clone(),
        value: figure.value.clone().map(|value| match value {
            Held::Boolean(value) => CellValue::Boolean(value),
            Held::Number(value) => CellValue::Number(value),
            Held::Text(text) => CellValue::Text(text),
        }),
        outdated,
    }
}
