//! The check after every change: what PowerPoint repairs or refuses and no schema validator sees. A change that leaves a
//! finding which was not there before is not made.
//!
//! Must not know: operations, and whether a deck looks good (`check`).

mod chart;
mod sheet;

use std::collections::{BTreeSet, HashSet};

pub use deskhand_opc::integrity::Finding;
use deskhand_opc::integrity::{self, Codes, Links, References};
use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{Package, PackageError, PatchSet};
use deskhand_operations::Refusal;

use crate::deck::Deck;
use crate::refuse;

/// Numbers of slides (ECMA-376 part 1, 19.7.13 `ST_SlideId`).
const SLIDES: std::ops::Range<u64> = 256..2_147_483_648;

/// Numbers of masters and layouts, which share them (19.7.14, 19.7.15).
const MASTERS: std::ops::Range<u64> = 2_147_483_648..4_294_967_296;

/// Checks a whole deck.
///
/// Refused where parts are above the limits of the package.
pub fn lint(deck: &Deck) -> Result<Vec<Finding>, Refusal> {
    findings(&deck.package, &deck.presentation, None)
}

/// The first finding that a change would bring. What a part has that comes with the change may be known from another one:
/// a copy has the findings of its original, `known` those of a deck that it comes from.
pub(crate) fn new_finding(
    deck: &Deck,
    changed: &Package,
    patches: &PatchSet,
    known: impl FnOnce() -> Result<Vec<Finding>, Refusal>,
) -> Result<Option<Finding>, Refusal> {
    let touched: BTreeSet<String> = patches
        .patches
        .iter()
        .map(|patch| patch.part().to_lowercase())
        .collect();
    let mut after = findings(changed, &deck.presentation, Some(&touched))?;
    if after.is_empty() {
        return Ok(None);
    }
    // All parts: the original of a copy is not touched.
    let before = findings(&deck.package, &deck.presentation, None)?;
    let same: HashSet<&Finding> = before.iter().collect();
    after.retain(|finding| !same.contains(finding));
    let (new_parts, old): (Vec<Finding>, Vec<Finding>) = after
        .into_iter()
        .partition(|finding| !deck.package.contains(&finding.part));
    if let Some(finding) = old.into_iter().next() {
        return Ok(Some(finding));
    }
    if new_parts.is_empty() {
        return Ok(None);
    }
    let known = known()?;
    let kinds: HashSet<(&str, &str)> = before
        .iter()
        .chain(&known)
        .map(|finding| (finding.code, finding.sentence.as_str()))
        .collect();
    Ok(new_parts
        .into_iter()
        .find(|finding| !kinds.contains(&(finding.code, finding.sentence.as_str()))))
}

/// Findings of some parts (in lower case), or of all.
pub(crate) fn findings(
    package: &Package,
    presentation: &str,
    only: Option<&BTreeSet<String>>,
) -> Result<Vec<Finding>, Refusal> {
    let mut found = Findings {
        package,
        found: integrity::Findings::new(package, &Codes::PARTS),
    };
    let parts: Vec<&str> = package.parts().collect();
    // A part that went away may leave anybody's relationship behind.
    let gone = only.is_some_and(|only| only.iter().any(|part| !package.contains(part)));
    let looks_at = |part: &str| only.is_none_or(|only| only.contains(&part.to_lowercase()));
    let types = found.found.content_types(&looks_at);
    types.map_err(|error| refuse::package(&error))?;
    for part in std::iter::once("").chain(parts.iter().copied()) {
        let links = deskhand_opc::relationships_of(part);
        let (own, of_links) = (looks_at(part), looks_at(&links));
        if is_links(part) || !(own || of_links || gone) {
            continue;
        }
        let links = found.found.links(part);
        let links = links.map_err(|error| refuse::package(&error))?;
        if !part.is_empty() && (own || of_links) && is_markup(part) {
            found.part(part, presentation, &links)?;
        }
    }
    Ok(found.found.into_list())
}

fn is_links(part: &str) -> bool {
    part.to_lowercase().ends_with(".rels")
}

/// Whether a part is XML that belongs to the deck itself.
fn is_markup(part: &str) -> bool {
    part.to_lowercase().ends_with(".xml")
}

struct Findings<'p> {
    package: &'p Package,
    found: integrity::Findings<'p>,
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

    fn part(&mut self, name: &str, presentation: &str, links: &Links) -> Result<(), Refusal> {
        let content = self.package.part(name);
        let Some(content) = self.readable(name, content)? else {
            return Ok(());
        };
        self.found.characters(name, &content);
        let limits = self.package.limits();
        let tree = Tree::parse(name, &content, limits);
        let Some(tree) = self.readable(name, tree)? else {
            return Ok(());
        };
        let root = tree.root();
        let mut references = References::new(|id| links.contains_key(id));
        for node in root.descendants() {
            references.see(node.tag());
        }
        self.found.references(name, references);
        match root.local() {
            "presentation" if name.eq_ignore_ascii_case(presentation) => self.lists(name, root, links)?,
            "sld" | "sldLayout" | "sldMaster" | "notes" | "notesMaster" | "handoutMaster" => {
                self.sheet(name, root, links)?;
            }
            "chartSpace" => self.chart(name, root),
            _ => {}
        }
        Ok(())
    }

    /// The lists of the presentation: numbers in range and once, parts once, sections with slides of the list.
    fn lists(&mut self, name: &str, root: Node<'_, '_>, links: &Links) -> Result<(), Refusal> {
        let mut slides = HashSet::new();
        let mut parts = HashSet::new();
        for entry in entries(root, "sldIdLst") {
            let number = number(entry);
            if !slides.insert(number) || !SLIDES.contains(&number) {
                let sentence = format!("the slide number {number} is out of range or there twice");
                self.add("slide.number", name, number.to_string(), sentence);
            }
            let part = entry.prefixed("id").and_then(|id| links.get(&*id)?.part());
            if let Some(part) = part
                && !parts.insert(part.to_lowercase())
            {
                let sentence = format!("the slide number {number} is a slide that has another number too");
                self.add("slide.twice", name, number.to_string(), sentence);
            }
        }
        self.sections(name, root, &slides);
        let mut taken = HashSet::new();
        for entry in entries(root, "sldMasterIdLst") {
            self.master_number(name, entry, &mut taken);
            let part = entry.prefixed("id").and_then(|id| links.get(&*id)?.part());
            let Some(part) = part
                .and_then(|part| self.package.spelling(part))
                .map(str::to_owned)
            else {
                continue;
            };
            let content = self.package.part(&part);
            let Some(content) = self.readable(&part, content)? else {
                continue;
            };
            let tree = Tree::parse(&part, &content, self.package.limits());
            let Some(tree) = self.readable(&part, tree)? else {
                continue;
            };
            for entry in entries(tree.root(), "sldLayoutIdLst") {
                self.master_number(&part, entry, &mut taken);
            }
        }
        Ok(())
    }

    /// Masters and layouts may go without a number (`CT_SlideMasterIdListEntry`, `CT_SlideLayoutIdListEntry`).
    fn master_number(&mut self, part: &str, entry: Node<'_, '_>, taken: &mut HashSet<u64>) {
        if entry.attribute("id").is_none() {
            return;
        }
        let number = number(entry);
        if !taken.insert(number) || !MASTERS.contains(&number) {
            let sentence =
                format!("the number {number} of a master or layout is out of range or there twice");
            self.add("master.number", part, number.to_string(), sentence);
        }
    }

    /// Sections name slides of the list, each once (MS-PPTX 2.8.2).
    fn sections(&mut self, name: &str, root: Node<'_, '_>, slides: &HashSet<u64>) {
        let mut seen = HashSet::new();
        let lists = root.descendants().find(|node| node.local() == "sectionLst");
        let named = lists.iter().flat_map(Node::descendants);
        for entry in named.filter(|node| node.local() == "sldId") {
            let number = number(entry);
            if !slides.contains(&number) || !seen.insert(number) {
                let sentence =
                    format!("a section names the slide number {number}, which is not there or in another");
                self.add("section.slide", name, number.to_string(), sentence);
            }
        }
    }
}

fn entries<'t, 'a: 't>(root: Node<'t, 'a>, list: &str) -> impl Iterator<Item = Node<'t, 'a>> {
    let list = root.child(list);
    list.into_iter()
        .flat_map(|list| list.children().collect::<Vec<_>>())
}

/// The number of an entry; 0, which none may have, where it has none.
fn number(entry: Node<'_, '_>) -> u64 {
    entry.attribute("id").and_then(|id| id.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_operations::{DeckOperation, RefusalCode};

    use super::*;

    fn deck(name: &str) -> Deck {
        let file = deskhand_test_support::repository()
            .join("file-tools/fixtures/decks")
            .join(name);
        let package = Package::open(std::fs::read(file).unwrap(), &Limits::default()).unwrap();
        Deck::open(package).unwrap()
    }

    /// A deck with something in a part replaced, where it is first, and the patches.
    fn replaced(deck: &Deck, part: &str, old: &str, new: &str) -> (Deck, PatchSet) {
        let content = deck.package.part(part).unwrap();
        let at = std::str::from_utf8(&content).unwrap().find(old).unwrap();
        let patch = deck
            .package
            .edit(part, [(at..at + old.len(), new.into())])
            .unwrap();
        let set = PatchSet { patches: vec![patch] };
        let mut package = deck.package.clone();
        package.apply(&set).unwrap();
        (
            Deck {
                package,
                ..deck.clone()
            },
            set,
        )
    }

    const SLIDE: &str = "ppt/slides/slide1.xml";

    fn check(before: &Deck, after: &Deck, patches: &PatchSet) -> Result<(), Refusal> {
        let operation: DeckOperation =
            serde_json::from_str(r#"{"op": "slide.hide", "slide": "256", "hidden": true}"#).unwrap();
        before.check_change(&operation, &after.package, patches)
    }

    #[test]
    fn a_change_that_brings_a_finding_is_refused_and_one_that_keeps_it_is_not() {
        let sound = deck("pptx-automizer__ShapeTypesCollection.pptx");
        let (damaged, patches) = replaced(&sound, SLIDE, "<a:gridCol", "<a:gridCol w=\"9\"/><a:gridCol");
        let refusal = check(&sound, &damaged, &patches).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Failed);
        assert!(
            refusal.message.contains("row 1 of a table has"),
            "{}",
            refusal.message
        );
        // The same part changed again, with the damage that it had.
        let (again, patches) = replaced(&damaged, SLIDE, "<p:cSld", "<p:cSld name=\"x\"");
        check(&damaged, &again, &patches).unwrap();
        // Another damage of the same part.
        let (worse, patches) = replaced(&damaged, SLIDE, "r:id=\"", "r:id=\"no");
        let refusal = check(&damaged, &worse, &patches).unwrap_err();
        assert!(
            refusal.message.contains("refers to the relationship no"),
            "{}",
            refusal.message
        );
    }

    #[test]
    fn masters_need_no_numbers_and_links_to_places_no_parts() {
        let sound = deck("pptx-automizer__ShapeTypesCollection.pptx");
        let known = lint(&sound).unwrap();
        let master = ("<p:sldMasterId id=\"2147483648\"", "<p:sldMasterId");
        let (bare, _) = replaced(&sound, "ppt/presentation.xml", master.0, master.1);
        assert_eq!(lint(&bare).unwrap(), known);
        let link = "<Relationship Id=\"rId900\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink\" \
                    Target=\"#_ftn1\"/></Relationships>";
        let links = "ppt/slides/_rels/slide1.xml.rels";
        let (linked, _) = replaced(&sound, links, "</Relationships>", link);
        assert_eq!(lint(&linked).unwrap(), known);
    }

    #[test]
    fn a_copy_may_have_the_findings_of_its_original() {
        let sound = deck("pptx-automizer__ShapeTypesCollection.pptx");
        let (damaged, _) = replaced(&sound, SLIDE, "<a:gridCol", "<a:gridCol w=\"9\"/><a:gridCol");
        let slide = damaged.slides.iter().find(|slide| slide.part == SLIDE).unwrap();
        let copy = format!(r#"{{"op": "slide.duplicate", "slide": "{}"}}"#, slide.id);
        let planned = damaged.plan(&serde_json::from_str(&copy).unwrap()).unwrap();
        let mut package = damaged.package.clone();
        package.apply(&planned.patches).unwrap();
        let copied = lint(&Deck::open(package).unwrap()).unwrap();
        let tables = copied.iter().filter(|finding| finding.code == "table.grid");
        assert_eq!(tables.count(), 2, "{copied:#?}");
    }
}
