//! `document.check`: what is wrong in the file, and what a careful colleague would point at before it goes out.

use deskhand_opc::xml::Node;
use deskhand_operations::Refusal;
use deskhand_operations::answer::{CheckContent, Finding, Severity};
use deskhand_operations::text::document::ChangeCount;

use super::inline::inline;
use super::{Document, Part, info, lint};

/// Findings that an answer lists.
const LISTED: usize = 500;

/// Findings that are looked for at the most.
const SOUGHT: usize = 10_000;

/// How the text begins that Word shows for a field it cannot make, in the languages of most documents.
const BROKEN: [&str; 6] = ["Error!", "Fehler!", "Erreur", "¡Error!", "Errore.", "Fout!"];

pub(super) fn check(document: &Document) -> Result<CheckContent, Refusal> {
    let mut findings: Vec<Finding> = lint::lint(document)?.into_iter().map(damage).collect();
    for part in &document.parts {
        let source = Part::read(&document.package, &part.name)?;
        let tree = source.tree()?;
        for story in part.stories(tree.root()) {
            for entry in story.entries().iter().filter(|entry| !entry.table) {
                if findings.len() < SOUGHT {
                    let place = (part.name.as_str(), story.id(entry));
                    paragraph(&mut findings, place, entry.node);
                }
            }
        }
    }
    findings.extend(info::info(document)?.changes.iter().map(open_changes));
    // Grave ones first; the order of the text stays.
    findings.sort_by_key(|finding| finding.severity);
    let count = findings.len() as u32;
    findings.truncate(LISTED);
    Ok(CheckContent { findings, count })
}

/// Something wrong with the file itself.
fn damage(found: lint::Finding) -> Finding {
    // Word opens these; what is referred to is not shown, or is shown as plain text.
    let severity = match found.code {
        "style.missing" | "style.twice" | "list.missing" | "list.definition" | "list.twice"
        | "bookmark.open" | "bookmark.twice" | "bookmark.missing" | "comment.open" | "comment.missing"
        | "move.open" | "permission.open" | "paragraph.twice" | "paragraph.id" | "change.twice"
        | "change.text" | "change.author" => Severity::Warning,
        _ => Severity::Error,
    };
    Finding {
        code: found.code.to_owned(),
        severity,
        part: Some(found.part),
        location: (!found.location.is_empty()).then_some(found.location),
        sentence: sentence(&found.sentence),
    }
}

/// Fields that show an error, and pictures without words for people who cannot see them.
fn paragraph(findings: &mut Vec<Finding>, (part, id): (&str, String), node: Node<'_, '_>) {
    let mut add = |code: &str, severity, sentence: String| {
        findings.push(Finding {
            code: code.to_owned(),
            severity,
            part: Some(part.to_owned()),
            location: Some(id.clone()),
            sentence,
        });
    };
    let inline = inline(node);
    for field in inline.fields.iter().filter(|field| !field.control) {
        if BROKEN.iter().any(|broken| field.text.starts_with(broken)) {
            let shown: String = field.text.chars().take(80).collect();
            let sentence = format!("A field shows an error: `{shown}`.");
            add("field.error", Severity::Warning, sentence);
        }
    }
    for drawing in inline.drawings {
        if drawing.descendants().any(is_wordless) {
            let sentence = "A picture has no alternative text.".to_owned();
            add("picture.altText", Severity::Note, sentence);
        }
    }
}

/// True for the properties of a drawing (ECMA-376 part 1, 20.4.2.5) that has no words and is no ornament.
fn is_wordless(node: Node<'_, '_>) -> bool {
    let says = |name: &str| node.attribute(name).is_some_and(|text| !text.trim().is_empty());
    let is_ornament = || {
        let mut inner = node.descendants();
        inner.any(|inner| inner.local() == "decorative" && inner.attribute("val").as_deref() == Some("1"))
    };
    node.local() == "docPr" && !says("descr") && !says("title") && !is_ornament()
}

fn open_changes(count: &ChangeCount) -> Finding {
    let (changes, are) = match count.changes {
        1 => ("tracked change", "is"),
        _ => ("tracked changes", "are"),
    };
    Finding {
        code: "changes.open".to_owned(),
        severity: Severity::Note,
        part: None,
        location: None,
        sentence: format!(
            "{} {changes} by {} {are} neither accepted nor rejected.",
            count.changes, count.author
        ),
    }
}

/// With a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
