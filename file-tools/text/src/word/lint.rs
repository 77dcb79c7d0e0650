//! The check after every change: what Word repairs, refuses or quietly drops, and no schema validator sees. A change that
//! leaves a finding which was not there before is not made.
//!
//! Must not know: operations, and whether a document reads well (`check`).

mod known;
mod marks;
mod story;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{PackageError, PatchSet, Relationship};
use deskhand_operations::Refusal;

use super::Document;
use crate::refuse;
use known::Known;
use story::Stories;

/// Findings that one check tells at most: a damaged document has as many as it likes.
const LISTED: usize = 10_000;

/// Something wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// A stable code: `bookmark.open`, `relation.target`.
    pub code: &'static str,
    /// The part.
    pub part: String,
    /// Where in it: a paragraph, a relationship; empty for the part as a whole.
    pub location: String,
    /// One sentence without its full stop. It names no place, which a change may move.
    pub sentence: String,
}

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
        *left.entry(finding.kind()).or_default() += 1;
    }
    let new = found.iter().find(|finding| match left.get_mut(&finding.kind()) {
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
        list: Vec::new(),
    };
    let package = &document.package;
    let parts: Vec<&str> = package.parts().collect();
    // A part that went away may leave anybody's relationship behind.
    let gone = only.is_some_and(|only| only.iter().any(|part| !package.contains(part)));
    let looks_at = |part: &str| only.is_none_or(|only| only.contains(&part.to_lowercase()));
    found.content_types(&parts, &looks_at)?;
    let known = Known::read(&mut found)?;
    let mut stories = Stories::new(&known);
    for part in std::iter::once("").chain(parts.iter().copied()) {
        let links_part = deskhand_opc::relationships_of(part);
        let story = document.parts.iter().find(|story| story.name == part);
        let own = looks_at(part) || looks_at(&links_part);
        if has_ending(part, "rels") || !(own || gone || story.is_some()) {
            continue;
        }
        let links = found.links(part, &links_part)?;
        if !part.is_empty() && (own || story.is_some()) && has_ending(part, "xml") {
            found.part(part, &links, |found, root| {
                if let Some(story) = story {
                    stories.read(found, story, root);
                }
            })?;
        }
    }
    stories.finish(&mut found);
    found.list.truncate(LISTED);
    Ok(found.list)
}

fn has_ending(part: &str, ending: &str) -> bool {
    part.rsplit_once('.')
        .is_some_and(|(_, own)| own.eq_ignore_ascii_case(ending))
}

/// The relationships of a part by id.
type Links = BTreeMap<String, Relationship>;

impl Finding {
    /// What tells it from others, wherever it stands.
    fn kind(&self) -> (&str, &str, &str) {
        (self.code, &self.part, &self.sentence)
    }
}

/// What was found so far.
struct Findings<'d> {
    document: &'d Document,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, code: &'static str, part: &str, location: impl Into<String>, sentence: String) {
        if self.list.len() < LISTED {
            self.list.push(Finding {
                code,
                part: part.to_owned(),
                location: location.into(),
                sentence,
            });
        }
    }

    /// What a part holds that is no XML is a finding; what is above a limit is a refusal.
    fn readable<T>(&mut self, part: &str, read: Result<T, PackageError>) -> Result<Option<T>, Refusal> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error @ PackageError::TooLarge(_)) => Err(refuse::package(&error)),
            Err(_) => {
                self.add("part.damaged", part, "", "a part cannot be read".to_owned());
                Ok(None)
            }
        }
    }

    /// Every part has a content type (ECMA-376 part 2, 6.2.3).
    fn content_types(&mut self, parts: &[&str], looks_at: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
        let name = "[Content_Types].xml";
        let types = self.document.package.content_types();
        let Some(types) = self.readable(name, types)? else {
            return Ok(());
        };
        let all = looks_at(name);
        let wanted = parts.iter().filter(|part| all || looks_at(part));
        for part in wanted.filter(|part| !part.eq_ignore_ascii_case(name) && !part.ends_with('/')) {
            if types.of(part).is_none() {
                self.add(
                    "part.contentType",
                    part,
                    "",
                    "a part has no content type".to_owned(),
                );
            }
        }
        Ok(())
    }

    /// Ids once, targets there.
    fn links(&mut self, source: &str, name: &str) -> Result<Links, Refusal> {
        let mut links = Links::new();
        let package = &self.document.package;
        let read = package.relationships(source);
        for link in self.readable(name, read)?.into_iter().flatten() {
            // Word itself writes `NULL` for a picture that it lost, and `#` for places in this document.
            let lost = link.part().is_some_and(|part| {
                let nowhere = part.is_empty() || part.ends_with("NULL") || part.contains('#');
                !nowhere && !package.contains(part)
            });
            if lost {
                let kind = link.kind.rsplit('/').next().unwrap_or_default();
                let sentence = format!("a relationship leads to a {kind} that is not in the file");
                self.add("relation.target", source, link.id.clone(), sentence);
            }
            if let Some(twice) = links.insert(link.id.clone(), link) {
                let sentence = format!("the relationship {} is there twice", twice.id);
                self.add("relation.twice", source, twice.id, sentence);
            }
        }
        Ok(links)
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
        let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        if content.iter().any(is_control) {
            // XML 1.0, 2.2; by number the reader does not take them.
            let sentence = "a part holds a control character, which XML cannot".to_owned();
            self.add("xml.character", name, "", sentence);
        }
        let tree = Tree::parse(name, &content, package.limits());
        if let Some(tree) = self.readable(name, tree)? {
            self.references(name, tree.root(), links);
            then(self, tree.root());
        }
        Ok(())
    }

    /// Every `r:…` names a relationship of the part.
    fn references(&mut self, name: &str, root: Node<'_, '_>, links: &Links) {
        let mut prefixes = BTreeSet::new();
        let mut missing = BTreeSet::new();
        for node in root.descendants() {
            for attribute in node.tag().attributes() {
                let Some((prefix, local)) = attribute.name.split_once(':') else {
                    continue;
                };
                if prefix == "xmlns" && is_reference(attribute.raw) {
                    prefixes.insert(local);
                } else if prefixes.contains(prefix)
                    && !attribute.raw.is_empty()
                    && !links.contains_key(attribute.raw)
                {
                    missing.insert(attribute.raw);
                }
            }
        }
        for id in missing {
            let sentence = format!("something refers to the relationship {id}, which is not there");
            self.add("relation.missing", name, id, sentence);
        }
    }
}

/// True for the namespace of references to relationships, in either dialect.
fn is_reference(uri: &str) -> bool {
    deskhand_opc::xml::Ns::of(uri) == deskhand_opc::xml::Ns::Relationship
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
