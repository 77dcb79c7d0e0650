//! A deck as PowerPoint's objects, over the real package: what a page changes is changed in the parts at once.
//!
//! Slides are known here by their number in the list (`sldId/@id`), as PowerPoint knows them; the logical ids of the slide
//! tools are only used to call those. Knows PowerPoint's members, not the wire.

mod members;
mod slides;
mod tags;
mod view;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use deskhand_opc::xml::Tree;
use deskhand_opc::{Limits, Package, PatchSet};
use deskhand_operations::answer::{DeckContent, SlideContent};
use deskhand_operations::deck::{DeckInfo, SlideRead};
use deskhand_operations::{DeckAnswer, DeckOperation, Refusal};
use deskhand_slides::Deck as Tools;
use serde_json::{Value, json};

use super::batch::{Argument, Identity, Member, ObjectModel};
use super::fault::Fault;

/// The event type of a changed selection, which the page turns into the Common API's event.
const SELECTION_CHANGED: u32 = 14;

/// A slide in the list of the presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    number: u32,
    part: String,
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// The root.
    Presentation,
    /// The add-in service, which answers nothing.
    Service,
    /// All slides.
    Slides,
    /// One slide by its number.
    Slide(u32),
    /// A slide's shapes.
    Shapes(u32),
    /// One shape of a slide by its id.
    Shape(u32, String),
    /// A shape's text frame.
    TextFrame(u32, String),
    /// The text in it.
    TextRange(u32, String),
    /// A slide's tags.
    Tags(u32),
    /// One tag.
    Tag(u32, String),
    /// All masters.
    Masters,
    /// One master by its place.
    Master(usize),
    /// A master's layouts.
    Layouts(usize),
    /// One layout by its place among all.
    Layout(usize),
}

/// What was read of the package as it stands: a page asks for each shape's each member by itself.
#[derive(Default)]
struct Read {
    info: Option<DeckContent>,
    slides: BTreeMap<u32, SlideContent>,
}

/// A deck that is open.
pub(crate) struct Deck {
    package: Package,
    read: RefCell<Read>,
    revision: u64,
    saved: u64,
    selected: u32,
    events: Vec<Value>,
    name: String,
}

impl fmt::Debug for Deck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deck")
            .field("name", &self.name)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Deck {
    /// Opens a deck from the bytes of its file.
    pub(crate) fn open(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        let package = Package::open(bytes.to_vec(), &Limits::default());
        let package = package
            .map_err(|error| Refusal::new(deskhand_operations::RefusalCode::Corrupt, error.to_string()))?;
        Tools::open(package.clone())?;
        let mut deck = Self {
            package,
            read: RefCell::default(),
            revision: 0,
            saved: 0,
            selected: 0,
            events: Vec::new(),
            name: name.to_owned(),
        };
        deck.selected = deck
            .listed()
            .ok()
            .and_then(|listed| listed.first().map(|slide| slide.number))
            .unwrap_or(0);
        Ok(deck)
    }

    /// A number that grows with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Events since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// True when something was changed since the last save.
    pub(crate) fn is_dirty(&self) -> bool {
        self.revision != self.saved
    }

    /// The bytes of the file.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Fault> {
        self.package
            .write()
            .map_err(|error| Fault::operation(error.to_string()))
    }

    /// Everything up to now is in the file.
    pub(crate) fn mark_saved(&mut self) {
        self.saved = self.revision;
    }

    /// Selects a slide as a person does: `slide:<number>`.
    pub(crate) fn select_at(&mut self, address: &str) -> Result<(), Fault> {
        let number = address
            .strip_prefix("slide:")
            .and_then(|number| number.parse().ok());
        let number: u32 =
            number.ok_or_else(|| Fault::argument("A slide is selected by `slide:<number>`."))?;
        self.select(number)
    }

    /// Selects the slide at a place from 1, as `goToByIdAsync` does.
    pub(crate) fn go_to(&mut self, index: u32) -> Result<(), Fault> {
        let listed = self.listed()?;
        let slide = (index as usize)
            .checked_sub(1)
            .and_then(|index| listed.get(index));
        self.select(slide.ok_or_else(Fault::not_found)?.number)
    }

    fn select(&mut self, number: u32) -> Result<(), Fault> {
        self.slide(number)?;
        if self.selected != number {
            self.selected = number;
            self.events
                .push(json!([65536, SELECTION_CHANGED, "Presentation", "{}"]));
        }
        Ok(())
    }

    /// The slides in order.
    fn listed(&self) -> Result<Vec<Listed>, Fault> {
        let broken =
            |error: &dyn fmt::Display| Fault::operation(format!("the presentation cannot be read: {error}"));
        let part = self.package.main_part().map_err(|error| broken(&error))?;
        let content = self.package.part(&part).map_err(|error| broken(&error))?;
        let relationships = self
            .package
            .relationships(&part)
            .map_err(|error| broken(&error))?;
        let tree = Tree::parse(&part, &content, self.package.limits()).map_err(|error| broken(&error))?;
        let mut listed = Vec::new();
        for entry in tree
            .root()
            .child("sldIdLst")
            .iter()
            .flat_map(deskhand_opc::xml::Node::children)
        {
            let number = entry.attribute("id").and_then(|id| id.parse().ok());
            let relationship = relationships
                .iter()
                .find(|found| Some(found.id.as_str()) == entry.prefixed("id").as_deref());
            if let (Some(number), Some(part)) = (number, relationship.and_then(|found| found.part())) {
                listed.push(Listed {
                    number,
                    part: part.to_owned(),
                });
            }
        }
        Ok(listed)
    }

    fn slide(&self, number: u32) -> Result<Listed, Fault> {
        self.listed()?
            .into_iter()
            .find(|slide| slide.number == number)
            .ok_or_else(Fault::not_found)
    }

    /// Takes a package in place of the present one.
    fn put(&mut self, package: Package) {
        self.package = package;
        self.read = RefCell::default();
        self.revision += 1;
    }

    /// The package as it stands.
    pub(crate) fn package(&self) -> &Package {
        &self.package
    }

    /// Changes the package.
    pub(crate) fn apply(&mut self, patches: &PatchSet) -> Result<(), Fault> {
        let mut package = self.package.clone();
        package
            .apply(patches)
            .map_err(|error| Fault::operation(error.to_string()))?;
        self.put(package);
        Ok(())
    }

    fn info(&self) -> Result<DeckContent, Fault> {
        if let Some(info) = &self.read.borrow().info {
            return Ok(info.clone());
        }
        let tools = Tools::open(self.package.clone()).map_err(refused)?;
        match tools.answer(&DeckOperation::Info(DeckInfo {})).map_err(refused)? {
            DeckAnswer::Info(info) => {
                self.read.borrow_mut().info = Some(info.clone());
                Ok(info)
            }
            _ => Err(Fault::operation("the deck cannot be listed")),
        }
    }

    /// A slide's content. While two slides bear the same tag, as between an insertion and a deletion, the slide tools
    /// would find the first: the slide is then looked at under an id of its own.
    fn content(&self, number: u32) -> Result<SlideContent, Fault> {
        if let Some(content) = self.read.borrow().slides.get(&number) {
            return Ok(content.clone());
        }
        let (package, id) = self.told_apart(number)?;
        let tools = Tools::open(package).map_err(refused)?;
        match tools
            .answer(&DeckOperation::SlideRead(SlideRead {
                slide: id,
                runs: false,
            }))
            .map_err(refused)?
        {
            DeckAnswer::SlideRead(content) => {
                self.read.borrow_mut().slides.insert(number, content.clone());
                Ok(content)
            }
            _ => Err(Fault::operation("the slide cannot be read")),
        }
    }
}

/// A refusal of the slide tools as a fault.
fn refused(refusal: Refusal) -> Fault {
    use deskhand_operations::RefusalCode;
    match refusal.code {
        RefusalCode::NotFound => Fault::not_found(),
        RefusalCode::BadInput | RefusalCode::Corrupt => Fault::argument(refusal.message),
        _ => Fault::operation(refusal.message),
    }
}

/// A number as PowerPoint's ids begin: `256#`.
fn slide_id(number: u32) -> String {
    format!("{number}#")
}

/// The number of an id; what stands after `#` is not looked at.
fn number_of(id: &str) -> Option<u32> {
    id.split('#').next()?.parse().ok()
}

impl ObjectModel for Deck {
    type Node = Node;

    fn root(&self) -> Node {
        Node::Presentation
    }

    fn service(&self, name: &str) -> Result<Node, Fault> {
        if name == "Microsoft.InternalService.AddinInternalService" {
            return Ok(Node::Service);
        }
        Err(Fault::missing(name))
    }

    fn get(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        self.member(node, name)
    }

    fn set(&mut self, node: &Node, name: &str, value: &Value) -> Result<(), Fault> {
        match (node, name, value) {
            (Node::TextRange(slide, shape), "text", Value::String(text)) => {
                self.set_text(*slide, shape, text)
            }
            _ => Err(Fault::missing(&format!("setting {node:?}.{name}"))),
        }
    }

    fn call(&mut self, node: &Node, name: &str, arguments: &[Argument<Node>]) -> Result<Member<Node>, Fault> {
        self.call_member(node, name, arguments)
    }

    fn items(&mut self, node: &Node) -> Result<Option<Vec<Node>>, Fault> {
        self.collection(node)
    }

    fn scalars(&self, node: &Node) -> &'static [&'static str] {
        match node {
            Node::Presentation => &["title"],
            Node::Slide(_) => &["id"],
            Node::Shape(..) => &["id", "name", "type", "left", "top", "width", "height"],
            Node::TextFrame(..) => &["hasText"],
            Node::TextRange(..) => &["text"],
            Node::Tag(..) => &["key", "value"],
            Node::Master(_) | Node::Layout(_) => &["id", "name"],
            Node::Service
            | Node::Slides
            | Node::Shapes(_)
            | Node::Tags(_)
            | Node::Masters
            | Node::Layouts(_) => &[],
        }
    }

    fn identity(&self, node: &Node) -> Identity {
        match node {
            Node::Slide(number) => Identity::Id(slide_id(*number)),
            Node::Shape(_, id) => Identity::Id(id.clone()),
            Node::Master(place) => Identity::Id(members::master_id(*place)),
            Node::Layout(place) => Identity::Id(members::layout_id(*place)),
            _ => Identity::Path,
        }
    }
}
