//! Brings a layout with its master into a deck, and registers masters in the presentation part.
//!
//! The master comes with the one layout that is used; its other layouts stay behind.

use deskhand_opc::xml::Node;
use deskhand_opc::{Draft, Target};
use deskhand_operations::Refusal;

use super::import::Import;
use crate::deck::Deck;
use crate::part::{Part, reference_name, related, relationships};
use crate::refuse;

/// The first number that masters and layouts may have (ECMA-376 part 1, 19.7.16 `ST_SlideMasterId`).
const FIRST_NUMBER: u32 = 2_147_483_648;

impl Import<'_> {
    /// Brings a layout with its master; answers the layout's name here.
    pub(super) fn layout_with_master(&mut self, layout: &str) -> Result<String, Refusal> {
        let package = &self.source.package;
        let master = related(package, layout, "slideMaster")?;
        let master = master.ok_or_else(|| refuse::corrupt("the layout of the slide has no master"))?;
        let new_layout = self.draft.free_name("ppt/slideLayouts/slideLayout", ".xml");
        self.add(layout, &new_layout)?;
        let new_master = self.draft.free_name("ppt/slideMasters/slideMaster", ".xml");
        self.add(&master, &new_master)?;
        for (from, to) in [(layout, &new_layout), (master.as_str(), &new_master)] {
            let mut kept = Vec::new();
            for relationship in relationships(package, from)? {
                let part = relationship.part().and_then(|part| package.spelling(part));
                let stays_behind = relationship.is("slideLayout") && part != Some(layout);
                // Links from a layout to a slide lead nowhere here; `slide` is dropped with its reference below.
                if !stays_behind && let Some(target) = self.bring(&relationship)? {
                    kept.push((relationship, target));
                }
            }
            self.drop_references(from, to, &kept)?;
            self.relate(to, &kept)?;
        }
        self.register_master(&master, &new_master, layout)?;
        Ok(new_layout)
    }

    /// Takes links out of a copied layout or master whose relationship did not come along.
    fn drop_references(
        &mut self,
        from: &str,
        to: &str,
        kept: &[(deskhand_opc::Relationship, Target)],
    ) -> Result<(), Refusal> {
        let all = relationships(&self.source.package, from)?;
        let dropped = all.into_iter().filter(|relationship| {
            !relationship.is("slideLayout") && kept.iter().all(|(other, _)| other.id != relationship.id)
        });
        let dropped: Vec<String> = dropped.map(|relationship| relationship.id).collect();
        let part = Part::read(self.draft.package(), to)?;
        let edits = crate::cut::reference_edits(part.tree()?.root(), from, &dropped)?;
        self.draft.edit(to, edits).map_err(|error| refuse::patch(&error))
    }

    /// Enters a master in the presentation, and cuts its list of layouts down to the one that came along.
    fn register_master(&mut self, from: &str, master: &str, layout: &str) -> Result<(), Refusal> {
        let (master_number, layout_number) = free_numbers(self.draft, self.deck)?;
        let package = &self.source.package;
        let ids: Vec<String> = relationships(package, from)?
            .into_iter()
            .filter(|relationship| {
                relationship.part().and_then(|part| package.spelling(part)) == Some(layout)
            })
            .map(|relationship| relationship.id)
            .collect();
        let part = Part::read(self.draft.package(), master)?;
        let tree = part.tree()?;
        let list = tree.root().child("sldLayoutIdLst");
        let entries: Vec<Node<'_, '_>> = list.iter().flat_map(deskhand_opc::xml::Node::children).collect();
        let edits = entries.into_iter().map(|entry| {
            let stays = entry
                .prefixed("id")
                .is_some_and(|id| ids.iter().any(|other| *other == id));
            if stays {
                entry.tag().set_attribute("id", &layout_number.to_string())
            } else {
                entry.replace("")
            }
        });
        let edits: Vec<_> = edits.collect();
        self.draft
            .edit(master, edits)
            .map_err(|error| refuse::patch(&error))?;
        let entry = |prefix: &str, reference: &str| {
            format!("<{prefix}sldMasterId id=\"{master_number}\" {reference}/>")
        };
        register(
            self.draft,
            self.deck,
            master,
            ("slideMaster", "sldMasterIdLst"),
            entry,
        )
    }
}

/// Enters a notes master in a presentation that has none.
pub(super) fn register_notes_master(draft: &mut Draft, deck: &Deck, master: &str) -> Result<(), Refusal> {
    let entry = |prefix: &str, reference: &str| format!("<{prefix}notesMasterId {reference}/>");
    register(draft, deck, master, ("notesMaster", "notesMasterIdLst"), entry)
}

/// Relates the presentation to a part, and enters it in a list; `entry` writes the entry from the prefix and from the
/// reference to the part.
fn register(
    draft: &mut Draft,
    deck: &Deck,
    part: &str,
    (kind, list): (&str, &str),
    entry: impl Fn(&str, &str) -> String,
) -> Result<(), Refusal> {
    let presentation = &deck.presentation;
    let reference = draft
        .add_relationship(
            presentation,
            &deck.dialect.relationship(kind),
            &Target::Part(part.to_owned()),
        )
        .map_err(|error| refuse::patch(&error))?;
    let content = Part::read(draft.package(), presentation)?;
    let tree = content.tree()?;
    let (root, name) = (tree.root(), reference_name(tree.root(), deck.dialect));
    let reference = format!("{}=\"{reference}\"{}", name.attribute, name.declaration);
    let prefix = root.prefix_colon();
    let xml = entry(&prefix, &reference);
    let edit = match (root.child(list), root.child("sldMasterIdLst")) {
        (Some(list), _) => list.append(&xml),
        (None, Some(masters)) => masters.after(&format!("<{prefix}{list}>{xml}</{prefix}{list}>")),
        (None, None) => return Err(refuse::corrupt("the presentation has no slide master")),
    };
    draft
        .edit(presentation, [edit])
        .map_err(|error| refuse::patch(&error))
}

/// Numbers for a new master and its layout: masters and layouts of a deck share them.
fn free_numbers(draft: &Draft, deck: &Deck) -> Result<(u32, u32), Refusal> {
    let package = draft.package();
    let presentation = Part::read(package, &deck.presentation)?;
    let mut taken = numbers(presentation.tree()?.root().child("sldMasterIdLst"));
    for master in package
        .related(&deck.presentation, "slideMaster")
        .map_err(|error| refuse::package(&error))?
    {
        let part = Part::read(package, &master)?;
        taken.extend(numbers(part.tree()?.root().child("sldLayoutIdLst")));
    }
    let above = taken
        .iter()
        .max()
        .map_or(FIRST_NUMBER, |highest| highest.saturating_add(1));
    let mut free = (above..u32::MAX)
        .chain(FIRST_NUMBER..u32::MAX)
        .filter(|number| !taken.contains(number));
    match (free.next(), free.next()) {
        (Some(master), Some(layout)) => Ok((master, layout)),
        _ => Err(refuse::too_large(
            "the deck has no number left for a slide master",
        )),
    }
}

fn numbers(list: Option<Node<'_, '_>>) -> Vec<u32> {
    let entries = list.iter().flat_map(deskhand_opc::xml::Node::children);
    entries
        .filter_map(|entry| entry.attribute("id")?.parse().ok())
        .collect()
}
