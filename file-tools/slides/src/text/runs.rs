//! Reading how text is formatted: what stands on paragraphs and runs themselves, not what they inherit.

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Relationship, Target};
use deskhand_operations::answer::{SlideParagraph, SlideRun};
use deskhand_operations::deck::TextAlign;

use super::{LINE_BREAK, paragraphs};
use crate::theme;

/// The paragraphs of a body with their runs. `links` are the relationships of the part.
pub(crate) fn formatted(body: Node<'_, '_>, links: &[Relationship]) -> Vec<SlideParagraph> {
    paragraphs(body)
        .map(|paragraph| {
            let properties = paragraph.child("pPr");
            let attribute = |name: &str| properties.and_then(|properties| properties.attribute(name));
            SlideParagraph {
                level: attribute("lvl").and_then(|level| level.parse().ok()).unwrap_or(0),
                align: attribute("algn").and_then(|align| alignment(&align)),
                runs: paragraph
                    .children()
                    .filter(|node| node.tag().ns == Ns::Drawing)
                    .filter_map(|node| run(node, links))
                    .collect(),
            }
        })
        .collect()
}

fn run(node: Node<'_, '_>, links: &[Relationship]) -> Option<SlideRun> {
    let text = match node.local() {
        "r" | "fld" => node
            .child("t")
            .map(|text| text.own_text().to_owned())
            .unwrap_or_default(),
        "br" => LINE_BREAK.to_string(),
        _ => return None,
    };
    let Some(properties) = node.child("rPr") else {
        return Some(SlideRun {
            text,
            ..SlideRun::default()
        });
    };
    let flag = |name: &str| {
        properties
            .attribute(name)
            .map(|value| value != "0" && value != "false" && value != "none")
    };
    let font = properties
        .child("latin")
        .and_then(|latin| latin.attribute("typeface"));
    let link = properties
        .child("hlinkClick")
        .and_then(|link| link.prefixed("id"))
        .and_then(|id| links.iter().find(|relationship| relationship.id == id));
    Some(SlideRun {
        text,
        font: font.map(|font| match &*font {
            "+mj-lt" => "heading".to_owned(),
            "+mn-lt" => "body".to_owned(),
            _ => font.into_owned(),
        }),
        size: properties
            .attribute("sz")
            .and_then(|size| size.parse::<f64>().ok())
            .map(|hundredths| hundredths / 100.0),
        bold: flag("b"),
        italic: flag("i"),
        underline: flag("u"),
        color: properties.child("solidFill").and_then(theme::shown),
        link: link.map(|relationship| match &relationship.target {
            Target::External(target) => target.clone(),
            Target::Part(part) => part.clone(),
        }),
    })
}

fn alignment(name: &str) -> Option<TextAlign> {
    Some(match name {
        "l" => TextAlign::Left,
        "ctr" => TextAlign::Center,
        "r" => TextAlign::Right,
        "just" | "justLow" | "dist" | "thaiDist" => TextAlign::Justify,
        _ => return None,
    })
}
