//! Formulas by where they stand in parts: in cells, rules, names, charts, drawings, controls and pivot caches. One walk
//! finds them all and gives the edits that rewrite them.

use deskhand_formula::{Book, Change, Holder, rewrite};
use deskhand_opc::xml::{Event, Reader, Tag, Tree, escape};
use deskhand_opc::{Draft, Limits, Package, relationships_of};

use crate::element_list::Edit;
use crate::error::Outcome;
use crate::workbook::Workbook;

/// Elements whose text is a formula.
const ELEMENTS: &[&str] = &[
    "f",
    "formula",
    "formula1",
    "formula2",
    "calculatedColumnFormula",
    "totalsRowFormula",
    "definedName",
    "FmlaRange",
    "FmlaLink",
    "FmlaPict",
    "FmlaTxbx",
];
/// Attributes that are formulas, with their elements.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("hyperlink", "location"),
    ("sp", "textlink"),
    ("formControlPr", "fmlaLink"),
    ("formControlPr", "fmlaRange"),
    ("formControlPr", "fmlaTxbx"),
];
/// Elements that name a sheet of this workbook, unless they lead outside.
const SHEET_NAMES: &[&str] = &["worksheetSource", "rangeSet", "dataRef"];

/// Changes of names that formulas follow.
pub(crate) struct Renames {
    changes: Vec<Change>,
    book: Book,
    /// The sheet's name so far, and its new one.
    sheet: (String, String),
}

impl Renames {
    /// A sheet that is called otherwise.
    pub(crate) fn of_sheet(workbook: &Workbook, from: &str, to: &str) -> Self {
        Self {
            changes: vec![Change::SheetRenamed {
                from: from.to_owned(),
                to: to.to_owned(),
            }],
            book: Book {
                sheets: workbook.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
                ..Book::default()
            },
            sheet: (from.to_owned(), to.to_owned()),
        }
    }

    /// A table that is called otherwise too.
    pub(crate) fn and_table(&mut self, from: &str, to: &str) {
        self.changes.push(Change::TableRenamed {
            from: from.to_owned(),
            to: to.to_owned(),
        });
    }

    /// A formula under its new names; `None` where it stays.
    pub(crate) fn rewritten(&self, formula: &str) -> Option<String> {
        let mut text: Option<String> = None;
        for change in &self.changes {
            let held = text.as_deref().unwrap_or(formula);
            if let Some(new) = rewrite(held, &Holder::Part, change, &self.book) {
                text = Some(new);
            }
        }
        text
    }

    /// True when a part can hold one of the names.
    fn may_concern(&self, content: &[u8]) -> bool {
        let text = String::from_utf8_lossy(content).to_lowercase();
        self.changes.iter().any(|change| {
            let (Change::SheetRenamed { from, .. } | Change::TableRenamed { from, .. }) = change else {
                return true;
            };
            // In formulas quotes are doubled, and in XML some signs are escaped.
            let name = from.to_lowercase();
            let doubled = name.replace('\'', "''");
            let forms = [
                escape(&name).into_owned(),
                escape(&doubled).into_owned(),
                name,
                doubled,
            ];
            forms.iter().any(|form| text.contains(form.as_str())) || text.contains("&#")
        })
    }

    /// The edits of a part.
    pub(crate) fn edits(&self, part: &str, content: &[u8], limits: &Limits) -> Outcome<Vec<Edit>> {
        if !self.may_concern(content) {
            return Ok(Vec::new());
        }
        let mut edits = rewritten(part, content, limits, &mut |formula| self.rewritten(formula))?;
        let mut reader = Reader::new(part, content, limits)?;
        while let Some(event) = reader.next_event()? {
            if let Event::Start(tag) = event {
                edits.extend(self.sheet_name(&tag));
            }
        }
        Ok(edits)
    }

    /// The edit of an element that names a sheet of this workbook.
    fn sheet_name(&self, tag: &Tag<'_>) -> Option<Edit> {
        let name = tag
            .attribute("sheet")
            .filter(|_| SHEET_NAMES.contains(&tag.local()))?;
        let own = tag.prefixed("id").is_none() && name.to_lowercase() == self.sheet.0.to_lowercase();
        own.then(|| tag.set_attribute("sheet", &self.sheet.1))
    }
}

/// The edits that rewrite the formulas of a part.
pub(crate) fn rewritten(
    part: &str,
    content: &[u8],
    limits: &Limits,
    rewrite: &mut dyn FnMut(&str) -> Option<String>,
) -> Outcome<Vec<Edit>> {
    let mut edits = Vec::new();
    let mut reader = Reader::new(part, content, limits)?;
    while let Some(event) = reader.next_event()? {
        let Event::Start(tag) = event else { continue };
        let held = ATTRIBUTES
            .iter()
            .find(|(element, name)| *element == tag.local() && tag.find(name).is_some());
        if let Some((name, text)) = held.and_then(|(_, name)| Some((name, tag.attribute(name)?)))
            && let Some(new) = rewrite(&text)
        {
            edits.push(tag.set_attribute(name, &new));
        }
        if ELEMENTS.contains(&tag.local()) && !tag.self_closing {
            let (text, end) = reader.text()?;
            if let Some(new) = rewrite(&text) {
                edits.push((tag.span.end..end.start, escape(&new).as_ref().into()));
            }
        }
    }
    Ok(edits)
}

/// The parts below a folder of the workbook that can hold formulas, but for drawings of old that are no XML.
pub(crate) fn parts(package: &Package) -> Outcome<Vec<String>> {
    let types = package.content_types()?;
    let holds = |part: &&str| {
        let lower = part.to_lowercase();
        let is_xml = types
            .of(part)
            .is_some_and(|kind| kind.ends_with("+xml") || kind.ends_with("vmlDrawing"));
        let other = [
            "sharedstrings",
            "styles",
            "/theme/",
            "/externallinks/",
            "/revisions/",
            "calcchain",
        ];
        lower.starts_with("xl/")
            && is_xml
            && !lower.contains("/_rels/")
            && !other.iter().any(|word| lower.contains(word))
    };
    Ok(package.parts().filter(holds).map(str::to_owned).collect())
}

/// Rewrites the formulas of a part of the draft. A VML part that cannot be read as XML is left as it is.
pub(crate) fn apply(draft: &mut Draft, part: &str, renames: &Renames) -> Outcome<()> {
    let content = draft.package().part(part)?;
    let edits = match renames.edits(part, &content, draft.package().limits()) {
        Err(_) if is_vml(part) => return Ok(()),
        edits => edits?,
    };
    draft.edit(part, edits)?;
    Ok(())
}

/// Rewrites the places that links of a part lead to: those of shapes and pictures stand among its relationships, as `#` and
/// the place, with spaces as `%20`.
pub(crate) fn apply_to_links(draft: &mut Draft, source: &str, renames: &Renames) -> Outcome<()> {
    let part = relationships_of(source);
    let Ok(content) = draft.package().part(&part) else {
        return Ok(());
    };
    let tree = Tree::parse(&part, &content, draft.package().limits())?;
    let mut edits: Vec<Edit> = Vec::new();
    for node in tree.root().children() {
        let kind = node.attribute("Type").unwrap_or_default();
        let target = node.attribute("Target").unwrap_or_default();
        let Some(place) = target.strip_prefix('#').filter(|_| kind.ends_with("/hyperlink")) else {
            continue;
        };
        if let Some(new) = renames.rewritten(&place.replace("%20", " ")) {
            let new = format!("#{}", new.replace(' ', "%20"));
            edits.push(node.tag().set_attribute("Target", &new));
        }
    }
    draft.edit(&part, edits)?;
    Ok(())
}

/// True for a drawing of old.
pub(crate) fn is_vml(part: &str) -> bool {
    part.rsplit('.')
        .next()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("vml"))
}
