//! The logical id of a slide: a tag of the slide (ECMA-376 part 1, 19.3.3.4 `tagLst`), so that it stays when PowerPoint
//! moves the slide to another file or gives it another number.

use deskhand_opc::xml::{Ns, Tree, escape};
use deskhand_opc::{Draft, Package, Target};
use deskhand_operations::Refusal;

use crate::dialect::Dialect;
use crate::markup::Markup;
use crate::part::{Part, reference_name, relationships, target};
use crate::refuse;

/// The name of the tag. Names of tags are upper case.
const NAME: &str = "DESKHAND_ID";

/// The longest id, in bytes.
const LONGEST: usize = 200;

const CONTENT_TYPE: &str = "application/vnd.openxmlformats-officedocument.presentationml.tags+xml";

/// The id on a slide's tags, where there is one.
pub(crate) fn logical_id(package: &Package, slide: &str) -> Result<Option<String>, Refusal> {
    for part in tag_parts(package, slide)? {
        let part = Part::read(package, &part)?;
        let tree = part.tree()?;
        let tag = tree
            .root()
            .children()
            .find(|tag| tag.attribute("name").is_some_and(|name| name == NAME));
        let id = tag.and_then(|tag| tag.attribute("val"));
        if let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= LONGEST) {
            return Ok(Some(id.into_owned()));
        }
    }
    Ok(None)
}

/// Refuses an id that no tag can hold.
pub(crate) fn check(id: &str) -> Result<(), Refusal> {
    crate::text::check_line("the id of the slide", id)?;
    if id.is_empty() || id.len() > LONGEST {
        return Err(refuse::bad_input(format!(
            "the id of a slide has 1 to {LONGEST} characters"
        )));
    }
    Ok(())
}

/// Writes the id on a slide of a draft.
pub(crate) fn set_logical_id(
    draft: &mut Draft,
    slide: &str,
    id: &str,
    dialect: Dialect,
) -> Result<(), Refusal> {
    if let Some(part) = own_tags(draft.package(), slide)? {
        return put_tag(draft, &part, id);
    }
    let mut xml = Markup::part();
    xml.element("p:tagLst", &[("xmlns:p", dialect.presentation())], |xml| {
        xml.empty("p:tag", &[("name", NAME), ("val", id)]);
    });
    let name = draft.free_name("ppt/tags/tag", ".xml");
    draft
        .add_part(&name, xml.finish(), CONTENT_TYPE)
        .map_err(|error| refuse::patch(&error))?;
    let reference = draft
        .add_relationship(slide, &dialect.relationship("tags"), &Target::Part(name))
        .map_err(|error| refuse::patch(&error))?;
    let part = Part::read(draft.package(), slide)?;
    let edit = refer(&part.tree()?, &reference, dialect)?;
    draft.edit(slide, [edit]).map_err(|error| refuse::patch(&error))
}

/// The edit that makes a slide refer to its tags.
fn refer(
    tree: &Tree<'_>,
    reference: &str,
    dialect: Dialect,
) -> Result<(std::ops::Range<usize>, deskhand_opc::Blob), Refusal> {
    let root = tree.root();
    let slide = root.child_in(Ns::Presentation, "cSld");
    let shapes = slide.and_then(|slide| slide.child("spTree"));
    let (Some(slide), Some(shapes)) = (slide, shapes) else {
        return Err(refuse::corrupt("the slide has no shape tree"));
    };
    let (prefix, name) = (slide.prefix_colon(), reference_name(root, dialect));
    let tags = format!(
        "<{prefix}tags{} {}=\"{reference}\"/>",
        name.declaration, name.attribute
    );
    Ok(match slide.child("custDataLst") {
        Some(list) => list.append(&tags),
        None => shapes.after(&format!("<{prefix}custDataLst>{tags}</{prefix}custDataLst>")),
    })
}

/// Sets our tag in a part of tags.
fn put_tag(draft: &mut Draft, name: &str, id: &str) -> Result<(), Refusal> {
    let part = Part::read(draft.package(), name)?;
    let tree = part.tree()?;
    let root = tree.root();
    let edit = match root
        .children()
        .find(|tag| tag.attribute("name").is_some_and(|name| name == NAME))
    {
        Some(tag) => tag.tag().set_attribute("val", id),
        None => root.append(&format!(
            "<{}tag name=\"{NAME}\" val=\"{}\"/>",
            root.prefix_colon(),
            escape(id)
        )),
    };
    draft.edit(name, [edit]).map_err(|error| refuse::patch(&error))
}

/// The part of the slide's own tags, not of those of its shapes.
fn own_tags(package: &Package, slide: &str) -> Result<Option<String>, Refusal> {
    let part = Part::read(package, slide)?;
    let tree = part.tree()?;
    let list = tree
        .root()
        .child_in(Ns::Presentation, "cSld")
        .and_then(|slide| slide.child("custDataLst"));
    let Some(id) = list
        .and_then(|list| list.child("tags"))
        .and_then(|tags| tags.prefixed("id"))
    else {
        return Ok(None);
    };
    Ok(target(package, &relationships(package, slide)?, &id).map(str::to_owned))
}

fn tag_parts(package: &Package, slide: &str) -> Result<Vec<String>, Refusal> {
    package
        .related(slide, "tags")
        .map_err(|error| refuse::package(&error))
}
