//! Masters and layouts: names, placeholders, and the places that a slide's placeholders inherit.

use deskhand_opc::Package;
use deskhand_opc::xml::Ns;
use deskhand_operations::Refusal;
use deskhand_operations::answer::{Placeholder, SlideLayout};

use crate::geometry::EmuFrame;
use crate::part::{Part, related, relationships, target};
use crate::shape::{Inherit, PlaceholderMark, flattened, shape_tree, shapes};

/// A layout with what it inherits from its master.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) part: String,
    pub(crate) name: String,
    pub(crate) master: String,
    /// The part of its master.
    pub(crate) master_part: String,
    /// Its type, `title`, `obj`, `twoObj`.
    pub(crate) kind: Option<String>,
    pub(crate) placeholders: Vec<LayoutPlaceholder>,
}

/// A placeholder of a layout or master.
#[derive(Clone, Debug)]
pub(crate) struct LayoutPlaceholder {
    pub(crate) name: String,
    pub(crate) mark: PlaceholderMark,
    pub(crate) frame: Option<EmuFrame>,
}

impl Layout {
    /// The placeholder that one on a slide inherits from: the one of the same index; titles by their kind.
    pub(crate) fn placeholder(&self, mark: &PlaceholderMark) -> Option<&LayoutPlaceholder> {
        let same_kind = |other: &&LayoutPlaceholder| other.mark.kind == mark.kind;
        let same_index = |other: &&LayoutPlaceholder| other.mark.index == mark.index;
        let all = || self.placeholders.iter();
        if mark.is_title() {
            return all().find(|other| other.mark.is_title());
        }
        let indexed = all().filter(|other| !other.mark.is_title());
        indexed
            .clone()
            .find(|other| same_index(other) && same_kind(other))
            .or_else(|| {
                // An index of 0 is "none given": then the kind decides.
                let by_index = indexed.clone().find(|other| mark.index != 0 && same_index(other));
                by_index.or_else(|| indexed.clone().find(same_kind))
            })
    }

    /// The layout as answers show it.
    pub(crate) fn answer(&self) -> SlideLayout {
        let placeholders = self.placeholders.iter().map(|placeholder| Placeholder {
            name: placeholder.name.clone(),
            kind: placeholder.mark.kind.clone(),
            frame: placeholder.frame.map(EmuFrame::points),
        });
        SlideLayout {
            name: self.name.clone(),
            master: self.master.clone(),
            kind: self.kind.clone(),
            placeholders: placeholders.collect(),
        }
    }
}

/// The layouts of all masters, in the order in which PowerPoint shows them.
pub(crate) fn read_layouts(package: &Package, presentation: &Part) -> Result<Vec<Layout>, Refusal> {
    let tree = presentation.tree()?;
    let listed = tree.root().child("sldMasterIdLst");
    let related = relationships(package, &presentation.name)?;
    let mut layouts = Vec::new();
    for entry in listed.iter().flat_map(deskhand_opc::xml::Node::children) {
        let Some(id) = entry.prefixed("id") else { continue };
        if let Some(master) = target(package, &related, &id) {
            read_master(package, master, &mut layouts)?;
        }
    }
    Ok(layouts)
}

fn read_master(package: &Package, name: &str, layouts: &mut Vec<Layout>) -> Result<(), Refusal> {
    let master = Part::read(package, name)?;
    let tree = master.tree()?;
    let shown = master_name(package, &master)?;
    let placeholders = placeholders(&master, &|_| None)?;
    let inherit = |mark: &PlaceholderMark| {
        let kind = master_kind(&mark.kind);
        placeholders.iter().find(|other| other.mark.kind == kind)?.frame
    };
    let related = relationships(package, name)?;
    for entry in tree
        .root()
        .child("sldLayoutIdLst")
        .iter()
        .flat_map(deskhand_opc::xml::Node::children)
    {
        let Some(id) = entry.prefixed("id") else { continue };
        let Some(part) = target(package, &related, &id) else {
            continue;
        };
        let layout = Part::read(package, part)?;
        layouts.push(Layout {
            part: part.to_owned(),
            name: layout_name(&layout)?,
            kind: layout_kind(&layout)?,
            master: shown.clone(),
            master_part: name.to_owned(),
            placeholders: self::placeholders(&layout, &inherit)?,
        });
    }
    Ok(())
}

/// The kind of placeholder on a master that one of a layout inherits from.
fn master_kind(kind: &str) -> &str {
    match kind {
        "ctrTitle" => "title",
        "title" | "dt" | "ftr" | "sldNum" => kind,
        _ => "body",
    }
}

fn placeholders(part: &Part, inherit: Inherit<'_>) -> Result<Vec<LayoutPlaceholder>, Refusal> {
    let tree = part.tree()?;
    let shapes = shape_tree(tree.root())
        .map(|tree| shapes(tree, inherit))
        .unwrap_or_default();
    let found = flattened(&shapes).into_iter().filter_map(|shape| {
        let mark = shape.placeholder.clone()?;
        Some(LayoutPlaceholder {
            name: shape.name.clone(),
            mark,
            frame: shape.frame,
        })
    });
    Ok(found.collect())
}

/// The name that PowerPoint shows: that of the layout, else its kind, else that of its part.
pub(crate) fn layout_name(layout: &Part) -> Result<String, Refusal> {
    let tree = layout.tree()?;
    let given = tree
        .root()
        .child_in(Ns::Presentation, "cSld")
        .and_then(|slide| slide.attribute("name"));
    let name = given
        .filter(|name| !name.is_empty())
        .or_else(|| tree.root().attribute("type"));
    let stem = || {
        layout
            .name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".xml")
            .to_owned()
    };
    Ok(name.map_or_else(stem, std::borrow::Cow::into_owned))
}

fn layout_kind(layout: &Part) -> Result<Option<String>, Refusal> {
    let tree = layout.tree()?;
    Ok(tree.root().attribute("type").map(std::borrow::Cow::into_owned))
}

/// The name that PowerPoint shows for a master: that of its theme.
pub(crate) fn master_name(package: &Package, master: &Part) -> Result<String, Refusal> {
    let Some(theme) = related(package, &master.name, "theme")? else {
        return Ok(String::new());
    };
    let theme = Part::read(package, &theme)?;
    let tree = theme.tree()?;
    Ok(tree.root().attribute("name").unwrap_or_default().into_owned())
}
