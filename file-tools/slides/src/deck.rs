//! A deck: its slides with their logical ids, its layouts, and finding what an operation names.

use std::collections::BTreeSet;

use deskhand_opc::Package;
use deskhand_opc::xml::Node;
use deskhand_operations::Refusal;

use crate::dialect::Dialect;
use crate::geometry::EmuFrame;
use crate::layout::{Layout, read_layouts};
use crate::part::{Part, related, relationships, target};
use crate::refuse;
use crate::shape::{Shape, flattened, shape_tree, shapes};
use crate::tag;

/// A deck, open for reading and for planning changes. It never changes itself.
#[derive(Clone, Debug)]
pub struct Deck {
    pub(crate) package: Package,
    /// The presentation part.
    pub(crate) presentation: String,
    pub(crate) dialect: Dialect,
    /// Size of a slide; the place has its corner at 0.
    pub(crate) size: EmuFrame,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) slides: Vec<SlideEntry>,
}

/// A slide in the list of the presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlideEntry {
    pub(crate) part: String,
    /// `sldId/@id`.
    pub(crate) number: u32,
    /// The logical id.
    pub(crate) id: String,
    /// The layout, by its place among [`Deck::layouts`].
    pub(crate) layout: Option<usize>,
}

/// One slide as read: its part and its shapes in the order of the file.
#[derive(Debug)]
pub(crate) struct Slide<'d> {
    pub(crate) entry: &'d SlideEntry,
    pub(crate) part: Part,
    pub(crate) shapes: Vec<Shape>,
}

impl Deck {
    /// Reads the structure of a deck.
    ///
    /// Refused where the package is no presentation, or where a part that it needs is missing or damaged.
    pub fn open(package: Package) -> Result<Self, Refusal> {
        let name = package.main_part().map_err(|error| refuse::package(&error))?;
        let presentation = Part::read(&package, &name)?;
        let tree = presentation.tree()?;
        let root = tree.root();
        if !root.is(deskhand_opc::xml::Ns::Presentation, "presentation") {
            return Err(refuse::corrupt("the file is not a presentation"));
        }
        let dialect = if tree.is_strict() {
            Dialect::Strict
        } else {
            Dialect::Transitional
        };
        let layouts = read_layouts(&package, &presentation)?;
        let slides = read_slides(&package, &name, root, &layouts)?;
        let size = slide_size(root);
        Ok(Self {
            presentation: name,
            dialect,
            size,
            layouts,
            slides,
            package,
        })
    }

    /// The package that the deck was read from.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// The logical ids of the slides, in order.
    pub fn slide_ids(&self) -> impl Iterator<Item = &str> {
        self.slides.iter().map(|slide| slide.id.as_str())
    }

    /// The slide of a logical id.
    pub(crate) fn slide(&self, id: &str) -> Result<&SlideEntry, Refusal> {
        self.slides.iter().find(|slide| slide.id == id).ok_or_else(|| {
            refuse::not_found(format!(
                "there is no slide '{id}'; the deck has {}",
                refuse::listed(self.slide_ids())
            ))
        })
    }

    /// The layout of a name: the first one where several masters have it. Line breaks in names count as spaces.
    pub(crate) fn layout(&self, name: &str) -> Result<&Layout, Refusal> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let exact = self.layouts.iter().find(|layout| layout.name == name);
        let found = exact.or_else(|| {
            self.layouts
                .iter()
                .find(|layout| words(&layout.name) == words(name))
        });
        found.ok_or_else(|| {
            let names: Vec<&str> = self.layouts.iter().map(|layout| layout.name.as_str()).collect();
            refuse::not_found(format!(
                "there is no layout '{name}'; the deck has {}",
                refuse::listed(names)
            ))
        })
    }

    /// The shapes of a slide, from the root of its part.
    pub(crate) fn read_tree(&self, entry: &SlideEntry, root: Node<'_, '_>) -> Result<Vec<Shape>, Refusal> {
        let layout = entry.layout.and_then(|index| self.layouts.get(index));
        let found = shape_tree(root).map(|tree| {
            shapes(tree, &|mark| {
                layout
                    .and_then(|layout| layout.placeholder(mark))
                    .and_then(|found| found.frame)
            })
        });
        found.ok_or_else(|| refuse::corrupt(format!("the slide '{}' has no shape tree", entry.id)))
    }
}

impl Slide<'_> {
    /// The shape of an id; refused where the slide has none or two of it.
    pub(crate) fn shape(&self, id: &str) -> Result<&Shape, Refusal> {
        let all = flattened(&self.shapes);
        let mut found = all.iter().filter(|shape| shape.id == id);
        match (found.next(), found.next()) {
            (Some(shape), None) => Ok(shape),
            (Some(_), Some(_)) => Err(refuse::bad_input(format!(
                "the slide '{}' has more than one shape with the id {id}, so it is not clear which one is meant",
                self.entry.id
            ))),
            (None, _) => {
                let names = all.iter().map(|shape| format!("{} {}", shape.id, shape.name));
                Err(refuse::not_found(format!(
                    "the slide '{}' has no shape with the id {id}; it has {}",
                    self.entry.id,
                    refuse::listed(names)
                )))
            }
        }
    }

    /// Refuses a name that a shape of the slide has.
    pub(crate) fn check_new_name(&self, name: &str) -> Result<(), Refusal> {
        crate::text::check_line("the name of the shape", name)?;
        if name.is_empty() {
            return Err(refuse::bad_input("the new shape needs a name"));
        }
        if flattened(&self.shapes).iter().any(|shape| shape.name == name) {
            return Err(Refusal::new(
                deskhand_operations::RefusalCode::NameTaken,
                format!("the slide '{}' has a shape named '{name}' already", self.entry.id),
            ));
        }
        Ok(())
    }
}

/// The size of a slide; ten by seven and a half inches where the presentation names none.
fn slide_size(root: Node<'_, '_>) -> EmuFrame {
    let number = |name: &str| root.child("sldSz")?.attribute(name)?.parse().ok();
    EmuFrame {
        left: 0,
        top: 0,
        width: number("cx").unwrap_or(9_144_000),
        height: number("cy").unwrap_or(6_858_000),
    }
}

fn read_slides(
    package: &Package,
    presentation: &str,
    root: Node<'_, '_>,
    layouts: &[Layout],
) -> Result<Vec<SlideEntry>, Refusal> {
    let references = relationships(package, presentation)?;
    let mut slides: Vec<SlideEntry> = Vec::new();
    let mut taken = BTreeSet::new();
    for entry in root
        .child("sldIdLst")
        .iter()
        .flat_map(deskhand_opc::xml::Node::children)
    {
        let number = entry
            .attribute("id")
            .and_then(|number| number.parse::<u32>().ok());
        let part = entry
            .prefixed("id")
            .and_then(|id| target(package, &references, &id));
        let (Some(number), Some(part)) = (number, part) else {
            return Err(refuse::corrupt(
                "the list of slides names a slide that is not in the file",
            ));
        };
        // PowerPoint copies tags with a slide: of two slides with one tag the first keeps it.
        let tagged = tag::logical_id(package, part)?.filter(|id| !taken.contains(id));
        let id = tagged.unwrap_or_else(|| number.to_string());
        taken.insert(id.clone());
        let layout = related(package, part, "slideLayout")?;
        let layout = layout.and_then(|layout| layouts.iter().position(|other| other.part == layout));
        slides.push(SlideEntry {
            part: part.to_owned(),
            number,
            id,
            layout,
        });
    }
    Ok(slides)
}
