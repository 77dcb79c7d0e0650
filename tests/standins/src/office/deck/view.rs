//! What the host page draws: slides with their shapes, charts and pictures.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Tree};
use serde_json::{Value, json};

use super::{Deck, Fault, Listed};

/// Pictures above this are not drawn.
const MAX_PICTURE: usize = 3 * 1024 * 1024;

impl Deck {
    /// What the page draws.
    pub(crate) fn view(&self) -> Result<Value, Fault> {
        let info = self.info()?;
        let mut slides = Vec::new();
        for (index, listed) in self.listed()?.iter().enumerate() {
            let content = self.content(listed.number)?;
            let mut shapes = serde_json::to_value(&content.shapes).unwrap_or_default();
            for shape in shapes.as_array_mut().into_iter().flatten() {
                self.complete(listed, shape);
            }
            slides.push(json!({
                "id": listed.number.to_string(),
                "index": index + 1,
                "fingerprint": content.fingerprint,
                "shapes": shapes,
            }));
        }
        Ok(json!({
            "kind": "deck",
            "revision": self.revision,
            "width": info.width,
            "height": info.height,
            "selected": self.selected.to_string(),
            "slides": slides,
        }))
    }

    /// Adds what the vocabulary does not tell: the kind of a chart, the bytes of a picture.
    fn complete(&self, slide: &Listed, shape: &mut Value) {
        let Some(id) = shape["id"].as_str().map(str::to_owned) else {
            return;
        };
        match shape["kind"].as_str() {
            Some("chart") => {
                if let Some((kind, title)) = chart(&self.package, &slide.part, &id) {
                    shape["chartKind"] = kind.into();
                    shape["chartTitle"] = title.into();
                }
            }
            Some("picture") => {
                if let Some(picture) = picture(&self.package, &slide.part, &id) {
                    shape["picture"] = picture.into();
                }
            }
            _ => {}
        }
    }
}

/// The part that a shape refers to by the first descendant of a name.
fn referred(package: &Package, slide: &str, id: &str, element: &str, attribute: &str) -> Option<String> {
    let content = package.part(slide).ok()?;
    let tree = Tree::parse(slide, &content, package.limits()).ok()?;
    let is_shape = |node: &Node<'_, '_>| {
        let properties = node.children().find_map(|child| child.child("cNvPr"));
        properties.is_some_and(|properties| properties.attribute("id").as_deref() == Some(id))
    };
    let shape = tree.root().descendants().find(is_shape)?;
    let reference = shape
        .descendants()
        .find(|node| node.local() == element)?
        .prefixed(attribute)?
        .into_owned();
    let relationships = package.relationships(slide).ok()?;
    relationships
        .iter()
        .find(|found| found.id == reference)?
        .part()
        .map(str::to_owned)
}

/// Kind and title of a chart.
fn chart(package: &Package, slide: &str, id: &str) -> Option<(&'static str, Option<String>)> {
    let part = referred(package, slide, id, "chart", "id")?;
    let content = package.part(&part).ok()?;
    let tree = Tree::parse(&part, &content, package.limits()).ok()?;
    let plot = tree
        .root()
        .descendants()
        .find(|node| node.local() == "plotArea")?;
    let value = |node: Node<'_, '_>, name: &str| {
        node.child(name)
            .and_then(|child| child.attribute("val"))
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default()
    };
    let kind = plot.children().find_map(|group| match group.local() {
        "barChart" if value(group, "barDir") == "bar" => Some("barClustered"),
        "barChart" if value(group, "grouping") == "stacked" => Some("columnStacked"),
        "barChart" => Some("columnClustered"),
        "lineChart" => Some("line"),
        "areaChart" => Some("area"),
        "pieChart" => Some("pie"),
        "doughnutChart" => Some("doughnut"),
        _ => None,
    })?;
    let title = tree.root().child("chart").and_then(|chart| chart.child("title"));
    let runs = title.map(|title| {
        title
            .descendants()
            .filter(|node| node.local() == "t")
            .map(|node| node.text())
            .collect()
    });
    Some((kind, runs))
}

/// A picture as a data address.
fn picture(package: &Package, slide: &str, id: &str) -> Option<String> {
    let part = referred(package, slide, id, "blip", "embed")?;
    let kind = match part.rsplit('.').next()?.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    let content = package.part(&part).ok()?;
    (content.len() <= MAX_PICTURE)
        .then(|| format!("data:{kind};base64,{}", BASE64_STANDARD.encode(&content[..])))
}
