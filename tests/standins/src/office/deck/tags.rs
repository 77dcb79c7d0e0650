//! Tags of slides (ECMA-376 part 1, 19.2.1.36 `tagLst`), as `Slide.tags` reads and writes them.

use deskhand_opc::xml::{Tree, escape};
use deskhand_opc::{Blob, Draft, Package, Target};

use super::{Deck, Fault};

/// The tag that holds a slide's logical id.
pub(super) const LOGICAL_ID: &str = "DESKHAND_ID";

const CONTENT_TYPE: &str = "application/vnd.openxmlformats-officedocument.presentationml.tags+xml";
const RELATIONSHIP: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/tags";
const EMPTY: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
    r#"<p:tagLst xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"></p:tagLst>"#
);

fn broken(error: &dyn std::fmt::Display) -> Fault {
    Fault::operation(format!("the tags cannot be used: {error}"))
}

/// The part that holds a slide's own tags.
fn part_of(package: &Package, slide: &str) -> Result<Option<String>, Fault> {
    let content = package.part(slide).map_err(|error| broken(&error))?;
    let tree = Tree::parse(slide, &content, package.limits()).map_err(|error| broken(&error))?;
    let list = tree
        .root()
        .child("cSld")
        .and_then(|common| common.child("custDataLst"));
    let Some(id) = list
        .and_then(|list| list.child("tags"))
        .and_then(|tags| tags.prefixed("id"))
    else {
        return Ok(None);
    };
    let relationships = package.relationships(slide).map_err(|error| broken(&error))?;
    Ok(relationships
        .iter()
        .find(|found| found.id == id)
        .and_then(|found| found.part())
        .map(str::to_owned))
}

/// Names and values of a slide's tags.
pub(super) fn read(package: &Package, slide: &str) -> Result<Vec<(String, String)>, Fault> {
    let Some(part) = part_of(package, slide)? else {
        return Ok(Vec::new());
    };
    let content = package.part(&part).map_err(|error| broken(&error))?;
    let tree = Tree::parse(&part, &content, package.limits()).map_err(|error| broken(&error))?;
    let tag = |node: deskhand_opc::xml::Node<'_, '_>| {
        Some((
            node.attribute("name")?.into_owned(),
            node.attribute("val")?.into_owned(),
        ))
    };
    Ok(tree.root().children().filter_map(tag).collect())
}

impl Deck {
    pub(super) fn tags(&self, slide: u32) -> Result<Vec<(String, String)>, Fault> {
        read(&self.package, &self.slide(slide)?.part)
    }

    pub(super) fn tag(&self, slide: u32, key: &str) -> Result<Option<String>, Fault> {
        let tags = self.tags(slide)?;
        Ok(tags
            .into_iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(key))
            .map(|(_, value)| value))
    }

    /// PowerPoint writes names of tags in capitals.
    pub(super) fn set_tag(&mut self, slide: u32, key: &str, value: &str) -> Result<(), Fault> {
        let part = self.slide(slide)?.part;
        let package = self.tagged(&part, &key.to_uppercase(), Some(value))?;
        self.put(package);
        Ok(())
    }

    pub(super) fn delete_tag(&mut self, slide: u32, key: &str) -> Result<(), Fault> {
        let part = self.slide(slide)?.part;
        let package = self.tagged(&part, &key.to_uppercase(), None)?;
        self.put(package);
        Ok(())
    }

    /// The package with a tag of a slide set, or taken away.
    pub(super) fn tagged(&self, slide: &str, key: &str, value: Option<&str>) -> Result<Package, Fault> {
        let mut draft = Draft::new(&self.package);
        let part = match (part_of(&self.package, slide)?, value) {
            (Some(part), _) => part,
            (None, None) => return Ok(self.package.clone()),
            (None, Some(_)) => add_part(&mut draft, slide)?,
        };
        let content = draft.package().part(&part).map_err(|error| broken(&error))?;
        let tree = Tree::parse(&part, &content, self.package.limits()).map_err(|error| broken(&error))?;
        let root = tree.root();
        let present = root
            .children()
            .find(|tag| tag.attribute("name").is_some_and(|name| name == key));
        let edit = match (present, value) {
            (Some(tag), Some(value)) => Some(tag.tag().set_attribute("val", value)),
            (Some(tag), None) => Some((tag.span(), Blob::default())),
            (None, Some(value)) => Some(root.append(&format!(
                r#"<{}tag name="{}" val="{}"/>"#,
                root.prefix_colon(),
                escape(key),
                escape(value)
            ))),
            (None, None) => None,
        };
        if let Some(edit) = edit {
            draft.edit(&part, [edit]).map_err(|error| broken(&error))?;
        }
        Ok(draft.package().clone())
    }
}

/// Adds an empty part of tags to a slide and refers to it.
fn add_part(draft: &mut Draft, slide: &str) -> Result<String, Fault> {
    let part = draft.free_name("ppt/tags/tag", ".xml");
    draft
        .add_part(&part, EMPTY, CONTENT_TYPE)
        .map_err(|error| broken(&error))?;
    let target = Target::Part(part.clone());
    let id = draft
        .add_relationship(slide, RELATIONSHIP, &target)
        .map_err(|error| broken(&error))?;
    let content = draft.package().part(slide).map_err(|error| broken(&error))?;
    let tree = Tree::parse(slide, &content, draft.package().limits()).map_err(|error| broken(&error))?;
    let common = tree
        .root()
        .child("cSld")
        .ok_or_else(|| broken(&"the slide is empty"))?;
    let prefix = common.prefix_colon();
    let namespace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let tags = format!(r#"<{prefix}tags xmlns:r="{namespace}" r:id="{id}"/>"#);
    let edit = match common.child("custDataLst") {
        Some(list) => list.append(&tags),
        None => common
            .child("spTree")
            .ok_or_else(|| broken(&"the slide has no shapes"))?
            .after(&format!("<{prefix}custDataLst>{tags}</{prefix}custDataLst>")),
    };
    draft.edit(slide, [edit]).map_err(|error| broken(&error))?;
    Ok(part)
}
