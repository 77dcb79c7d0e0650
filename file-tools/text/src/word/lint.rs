//! The check after every change: what Word repairs, refuses or quietly drops, and no schema validator sees. A change that
//! leaves a finding which was not there before is not made.
//!
//! Must not know: operations, and whether a document reads well (`check`).

mod known;
mod marks;
mod story;

use std::collections::{BTreeSet, HashMap};

use deskhand_opc::integrity::{self, Codes, Links, References};
use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{PackageError, PatchSet};
use deskhand_operations::Refusal;

use super::Document;
use crate::refuse;
use known::Known;
use story::Stories;

pub use deskhand_opc::integrity::Finding;

/// Checks a whole document.
///
/// Refused where parts are above the limits of the package.
pub fn lint(document: &Document) -> Result<Vec<Finding>, Refusal> {
    findings(document, None)
}

/// The first finding that a change would bring: one that is there more often than before.
pub(super) fn new_finding(
    before: &Document,
    after: &Document,
    patches: &PatchSet,
) -> Result<Option<Finding>, Refusal> {
    let touched = patches.patches.iter().map(|patch| patch.part().to_lowercase());
    let touched: BTreeSet<String> = touched.collect();
    let found = findings(after, Some(&touched))?;
    if found.is_empty() {
        return Ok(None);
    }
    let known = findings(before, Some(&touched))?;
    let mut left: HashMap<(&str, &str, &str), usize> = HashMap::new();
    for finding in &known {
        *left.entry(kind(finding)).or_default() += 1;
    }
    let new = found.iter().find(|finding| match left.get_mut(&kind(finding)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    Ok(new.cloned())
}

/// The findings of all stories, and of some other parts (in lower case) or of all.
fn findings(document: &Document, only: Option<&BTreeSet<String>>) -> Result<Vec<Finding>, Refusal> {
    let mut found = Findings {
        document,
        found: integrity::Findings::new(&document.package, &Codes::PARTS),
    };
    let package = &document.package;
    let parts: Vec<&str> = package.parts().collect();
    // A part that went away may leave anybody's relationship behind.
    let gone = only.is_some_and(|only| only.iter().any(|part| !package.contains(part)));
    let looks_at = |part: &str| only.is_none_or(|only| only.contains(&part.to_lowercase()));
    let types = found.found.content_types(&looks_at);
    types.map_err(|error| refuse::package(&error))?;
    let known = Known::read(&mut found)?;
    let mut stories = Stories::new(&known);
    for part in std::iter::once("").chain(parts.iter().copied()) {
        let links_part = deskhand_opc::relationships_of(part);
        let story = document.parts.iter().find(|story| story.name == part);
        let own = looks_at(part) || looks_at(&links_part);
        if has_ending(part, "rels") || !(own || gone || story.is_some()) {
            continue;
        }
        let links = found.found.links(part);
        let links = links.map_err(|error| refuse::package(&error))?;
        if !part.is_empty() && (own || story.is_some()) && has_ending(part, "xml") {
            found.part(part, &links, |found, root| {
                if let Some(story) = story {
                    stories.read(found, story, root);
                }
            })?;
        }
    }
    stories.finish(&mut found);
    Ok(found.found.into_list())
}

fn has_ending(part: &str, ending: &str) -> bool {
    part.rsplit_once('.')
        .is_some_and(|(_, own)| own.eq_ignore_ascii_case(ending))
}

/// What tells a finding from others, wherever it stands.
fn kind(finding: &Finding) -> (&str, &str, &str) {
    (finding.code, &finding.part, &finding.sentence)
}

/// What was found so far.
struct Findings<'d> {
    document: &'d Document,
    found: integrity::Findings<'d>,
}

impl Findings<'_> {
    fn add(&mut self, code: &'static str, part: &str, location: impl Into<String>, sentence: String) {
        self.found.add(code, part, location, sentence);
    }

    /// What a part holds that is no XML is a finding; what is above a limit is a refusal.
    fn readable<T>(&mut self, part: &str, read: Result<T, PackageError>) -> Result<Option<T>, Refusal> {
        let read = self.found.readable(part, read);
        read.map_err(|error| refuse::package(&error))
    }

    fn part(
        &mut self,
        name: &str,
        links: &Links,
        then: impl FnOnce(&mut Self, Node<'_, '_>),
    ) -> Result<(), Refusal> {
        let package = &self.document.package;
        let content = package.part(name);
        let Some(content) = self.readable(name, content)? else {
            return Ok(());
        };
        self.found.characters(name, &content);
        let tree = Tree::parse(name, &content, package.limits());
        if let Some(tree) = self.readable(name, tree)? {
            let mut references = References::new(|id| links.contains_key(id));
            for node in tree.root().descendants() {
                references.see(node.tag());
            }
            self.found.references(name, references);
            then(self, tree.root());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use deskhand_opc::{Limits, Package};
    use deskhand_operations::RefusalCode;

    use super::*;

    fn fixture() -> Document {
        let file = deskhand_test_support::repository().join("file-tools/fixtures/documents/poi__delins.docx");
        Document::open(Package::open(std::fs::read(file).unwrap(), &Limits::default()).unwrap()).unwrap()
    }

    /// A document with something in its main part replaced, where it is first, and the patches.
    fn replaced(document: &Document, old: &str, new: &str) -> (Document, PatchSet) {
        let mut package = document.package.clone();
        let content = package.part(&document.main).unwrap();
        let at = std::str::from_utf8(&content).unwrap().find(old).unwrap();
        let patch = package
            .edit(&document.main, [(at..at + old.len(), new.into())])
            .unwrap();
        let set = PatchSet { patches: vec![patch] };
        package.apply(&set).unwrap();
        (Document::open(package).unwrap(), set)
    }

    #[test]
    fn a_change_that_brings_a_finding_is_refused_and_one_that_keeps_it_is_not() {
        let sound = fixture();
        let style = "<w:p><w:pPr><w:pStyle w:val=\"Nowhere\"/></w:pPr></w:p>";
        let body = "<w:body>";
        let (damaged, patches) = replaced(&sound, body, &format!("{body}{style}"));
        let refusal = sound.check_change(damaged.package.clone(), &patches).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Failed);
        assert!(
            refusal
                .message
                .contains("something has the paragraph style Nowhere"),
            "{}",
            refusal.message
        );
        // The same part changed again, above the damage that it has.
        let (again, patches) = replaced(&damaged, body, &format!("{body}<w:p/>"));
        damaged.check_change(again.package.clone(), &patches).unwrap();
        // The same damage once more is more than there was.
        let (worse, patches) = replaced(&damaged, body, &format!("{body}{style}"));
        damaged.check_change(worse.package.clone(), &patches).unwrap_err();
        // A change that leaves no word document.
        let (none, patches) = {
            let mut package = sound.package.clone();
            let content = package.part(&sound.main).unwrap();
            let patch = package
                .edit(&sound.main, [(0..content.len(), "<a/>".into())])
                .unwrap();
            let set = PatchSet { patches: vec![patch] };
            package.apply(&set).unwrap();
            (package, set)
        };
        let refusal = sound.check_change(none, &patches).unwrap_err();
        assert!(
            refusal.message.contains("not a word document"),
            "{}",
            refusal.message
        );
    }
}
