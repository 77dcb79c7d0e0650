//! Sources of figures: recorded when a figure is written, with the value that the source held then. They cannot be added
//! afterwards.

mod check;

use deskhand_core::ports::Progress;
use deskhand_protocol::operations::workbook::RangeFacet;
use deskhand_protocol::operations::{Address, CellValue, FigureSource, Operation};
use deskhand_protocol::{DocumentId, SessionId};

use crate::preview::{range_in, read_of};
use crate::tools::DocumentTools;

/// Sources that one operation may carry.
const MAX_SOURCES: usize = 500;

/// The sources that an operation carries.
pub(crate) fn of(operation: &Operation) -> Vec<FigureSource> {
    operation
        .sources()
        .map(|sources| sources.iter().take(MAX_SOURCES).cloned().collect())
        .unwrap_or_default()
}

/// Puts the document's name and the value of now beside each source. What the model gave is replaced: only what stands in
/// the document counts. A source that cannot be read stays without a value, and says so by that.
pub(crate) async fn fill(
    tools: &DocumentTools,
    session: &SessionId,
    operation: &mut Operation,
    progress: &dyn Progress,
) {
    let Some(sources) = operation.sources_mut() else {
        return;
    };
    sources.truncate(MAX_SOURCES);
    for source in sources {
        let document = DocumentId::from_text(&source.document);
        let document = tools.registry.of_session(session, &document);
        source.title = document.map(|document| document.title);
        source.value = value(tools, session, &source.document, &source.address, progress).await;
    }
}

/// The value at a place: of one cell its value, of a range the sum of its numbers.
async fn value(
    tools: &DocumentTools,
    session: &SessionId,
    document: &str,
    address: &str,
    progress: &dyn Progress,
) -> Option<CellValue> {
    let document = tools
        .registry
        .of_session(session, &DocumentId::from_text(document))?;
    let Address {
        sheet: Some(sheet),
        area: Some(area),
    } = Address::parse(address).ok()?
    else {
        return None;
    };
    let reach = tools.reach(session, &document, progress);
    if !reach.is_live() && reach.door().is_none() {
        return None;
    }
    let content = range_in(
        reach
            .read(read_of(&sheet, area, vec![RangeFacet::Values]))
            .await
            .ok()?,
    )?;
    let values = content.values?;
    if area.cells() == 1 {
        return values.into_iter().flatten().next();
    }
    let numbers = values.iter().flatten().filter_map(|value| match value {
        CellValue::Number(number) => Some(*number),
        CellValue::Empty | CellValue::Boolean(_) | CellValue::Text(_) => None,
    });
    Some(CellValue::Number(numbers.sum()))
}
