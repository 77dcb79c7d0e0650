//! Drawings on sheets: which charts stand there, under which names.

use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Ns, Tree};

use crate::error::Outcome;
use crate::workbook::SheetEntry;

/// A chart on a sheet.
#[derive(Clone, Debug)]
pub(crate) struct ChartEntry {
    /// The name of its frame.
    pub(crate) name: String,
    /// The drawing that holds it.
    pub(crate) drawing: String,
    /// The relationship from drawing to chart.
    pub(crate) relationship: String,
    /// The chart's part, where there is one.
    pub(crate) part: Option<String>,
}

/// The charts of a sheet in the order of the drawing.
pub(crate) fn charts(package: &Package, sheet: &SheetEntry) -> Outcome<Vec<ChartEntry>> {
    let mut charts = Vec::new();
    if sheet.part.is_empty() {
        return Ok(charts);
    }
    for drawing in package.related(&sheet.part, "drawing")? {
        let content = package.part(&drawing)?;
        let tree = Tree::parse(&drawing, &content, package.limits())?;
        let relationships = package.relationships(&drawing)?;
        for frame in tree
            .root()
            .descendants()
            .filter(|node| node.is(Ns::SheetDrawing, "graphicFrame"))
        {
            let Some(id) = frame
                .descendants()
                .find(|node| node.local() == "chart")
                .and_then(|node| node.prefixed("id"))
            else {
                continue;
            };
            let name = frame
                .descendants()
                .find(|node| node.is(Ns::SheetDrawing, "cNvPr"));
            let target = relationships.iter().find(|relationship| relationship.id == id);
            let part = target
                .and_then(|target| package.spelling(target.part()?))
                .map(str::to_owned);
            charts.push(ChartEntry {
                name: name
                    .and_then(|node| node.attribute("name"))
                    .unwrap_or_default()
                    .into_owned(),
                drawing: drawing.clone(),
                relationship: id.into_owned(),
                part,
            });
        }
    }
    Ok(charts)
}

/// The anchor (`twoCellAnchor` and its kin) of a chart's frame, by its relationship. Inside `AlternateContent`, the
/// whole of that is the anchor's child, never its parent: charts newer than the standard are wrapped there.
pub(crate) fn anchor<'t, 'a>(tree: &'t Tree<'a>, relationship: &str) -> Option<Node<'t, 'a>> {
    tree.root().children().find(|anchor| {
        let mut charts = anchor.descendants().filter(|node| node.local() == "chart");
        charts.any(|chart| chart.prefixed("id").is_some_and(|id| id == relationship))
    })
}
