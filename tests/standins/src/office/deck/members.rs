//! Reading members of the deck's objects, and calling their methods.

use deskhand_operations::answer::{SlideLayout, SlideShape};
use serde_json::{Value, json};

use super::{Argument, Deck, Fault, Member, Node, number_of, slide_id};

/// Ids of masters and layouts follow their place; the numbers are in PowerPoint's range.
pub(super) fn master_id(place: usize) -> String {
    format!("{}#", 2_147_483_648_u64 + place as u64 * 100)
}

pub(super) fn layout_id(place: usize) -> String {
    format!("{}#", 2_147_484_000_u64 + place as u64)
}

impl Deck {
    pub(super) fn member(&mut self, node: &Node, name: &str) -> Result<Member<Node>, Fault> {
        let of = |node| Ok(Member::Node(node));
        match (node, name) {
            (Node::Presentation, "slides") => of(Node::Slides),
            (Node::Presentation, "slideMasters") => of(Node::Masters),
            (Node::Presentation, "title") => Ok(Member::Value(self.name.clone().into())),
            (Node::Slide(number), _) => self.slide_member(*number, name),
            (Node::Shape(slide, id), "textFrame") => of(Node::TextFrame(*slide, id.clone())),
            (Node::Shape(slide, id), _) => shape_value(&self.shape(*slide, id)?, name).map(Member::Value),
            (Node::TextFrame(slide, id), "textRange") => of(Node::TextRange(*slide, id.clone())),
            (Node::TextFrame(slide, id), "hasText") => {
                Ok(Member::Value((!self.text(*slide, id)?.is_empty()).into()))
            }
            // PowerPoint parts paragraphs by carriage returns.
            (Node::TextRange(slide, id), "text") => {
                Ok(Member::Value(self.text(*slide, id)?.replace('\n', "\r").into()))
            }
            (Node::Tag(slide, key), "key") => {
                self.tag(*slide, key)?.ok_or_else(Fault::not_found)?;
                Ok(Member::Value(key.clone().into()))
            }
            (Node::Tag(slide, key), "value") => Ok(Member::Value(
                self.tag(*slide, key)?.ok_or_else(Fault::not_found)?.into(),
            )),
            (Node::Master(place), "layouts") => of(Node::Layouts(*place)),
            (Node::Master(place), "id") => Ok(Member::Value(master_id(*place).into())),
            (Node::Master(place), "name") => {
                let masters = self.masters()?;
                Ok(Member::Value(
                    masters.get(*place).ok_or_else(Fault::not_found)?.clone().into(),
                ))
            }
            (Node::Layout(place), "id") => Ok(Member::Value(layout_id(*place).into())),
            (Node::Layout(place), "name") => {
                let layouts = self.info()?.layouts;
                Ok(Member::Value(
                    layouts
                        .get(*place)
                        .ok_or_else(Fault::not_found)?
                        .name
                        .clone()
                        .into(),
                ))
            }
            _ => Err(Fault::missing(&format!("{}.{name}", kind(node)))),
        }
    }

    fn slide_member(&mut self, number: u32, name: &str) -> Result<Member<Node>, Fault> {
        self.slide(number)?;
        Ok(match name {
            "id" => Member::Value(slide_id(number).into()),
            "shapes" => Member::Node(Node::Shapes(number)),
            "tags" => Member::Node(Node::Tags(number)),
            "layout" | "slideMaster" => {
                let wanted = self.content(number)?.layout;
                let layouts = self.info()?.layouts;
                let place = layouts
                    .iter()
                    .position(|layout| layout.name == wanted)
                    .ok_or_else(Fault::not_found)?;
                if name == "layout" {
                    Member::Node(Node::Layout(place))
                } else {
                    let master = self
                        .masters()?
                        .iter()
                        .position(|master| *master == layouts[place].master);
                    Member::Node(Node::Master(master.ok_or_else(Fault::not_found)?))
                }
            }
            _ => return Err(Fault::missing(&format!("Slide.{name}"))),
        })
    }

    pub(super) fn collection(&mut self, node: &Node) -> Result<Option<Vec<Node>>, Fault> {
        Ok(Some(match node {
            Node::Slides => self
                .listed()?
                .into_iter()
                .map(|slide| Node::Slide(slide.number))
                .collect(),
            Node::Shapes(slide) => self
                .content(*slide)?
                .shapes
                .into_iter()
                .map(|shape| Node::Shape(*slide, shape.id))
                .collect(),
            Node::Tags(slide) => self
                .tags(*slide)?
                .into_iter()
                .map(|(key, _)| Node::Tag(*slide, key))
                .collect(),
            Node::Masters => (0..self.masters()?.len()).map(Node::Master).collect(),
            Node::Layouts(master) => self.layouts_of(*master)?.into_iter().map(Node::Layout).collect(),
            _ => return Ok(None),
        }))
    }

    /// The masters' names, each once, in the order of their first layout.
    fn masters(&self) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> = Vec::new();
        for SlideLayout { master, .. } in self.info()?.layouts {
            if !names.contains(&master) {
                names.push(master);
            }
        }
        Ok(names)
    }

    fn layouts_of(&self, master: usize) -> Result<Vec<usize>, Fault> {
        let masters = self.masters()?;
        let name = masters.get(master).ok_or_else(Fault::not_found)?;
        let layouts = self.info()?.layouts;
        Ok((0..layouts.len())
            .filter(|place| layouts[*place].master == *name)
            .collect())
    }

    pub(super) fn shape(&self, slide: u32, id: &str) -> Result<SlideShape, Fault> {
        self.content(slide)?
            .shapes
            .into_iter()
            .find(|shape| shape.id == id)
            .ok_or_else(Fault::not_found)
    }

    /// The text of a shape; a table, a chart and a picture have no text frame.
    fn text(&self, slide: u32, id: &str) -> Result<String, Fault> {
        let shape = self.shape(slide, id)?;
        if matches!(
            shape.kind.as_str(),
            "table" | "chart" | "picture" | "group" | "line" | "other"
        ) {
            return Err(Fault::argument("The shape has no text frame."));
        }
        Ok(shape.text.unwrap_or_default())
    }

    pub(super) fn call_member(
        &mut self,
        node: &Node,
        name: &str,
        arguments: &[Argument<Node>],
    ) -> Result<Member<Node>, Fault> {
        let done = |()| Member::Value(Value::Null);
        match (node, name) {
            (Node::Service, "notifyActionHandlerReady") => Ok(done(())),
            (Node::Slides, "add") => self.add_slide(&value(arguments, 0)).map(done),
            (Node::Slide(number), "delete") => self.delete_slide(*number).map(done),
            (Node::Shape(slide, id), "delete") => self.delete_shape(*slide, id).map(done),
            (Node::Presentation, "insertSlidesFromBase64") => {
                self.insert(&text(arguments, 0)?, &value(arguments, 1)).map(done)
            }
            (Node::Tags(slide), "add") => self
                .set_tag(*slide, &text(arguments, 0)?, &text(arguments, 1)?)
                .map(done),
            (Node::Tags(slide), "delete") => self.delete_tag(*slide, &text(arguments, 0)?).map(done),
            (_, "getItem" | "getItemOrNullObject") => {
                let found = self.item(node, &text(arguments, 0)?)?;
                match found {
                    Some(node) => Ok(Member::Node(node)),
                    None if name.ends_with("OrNullObject") => Ok(Member::Null),
                    None => Err(Fault::not_found()),
                }
            }
            (_, "getItemAt") => {
                let place = value(arguments, 0).as_u64().unwrap_or(u64::MAX);
                let items = self.collection(node)?.unwrap_or_default();
                let item = usize::try_from(place)
                    .ok()
                    .and_then(|place| items.into_iter().nth(place));
                item.map(Member::Node).ok_or_else(Fault::not_found)
            }
            (_, "getCount") => match self.collection(node)? {
                Some(items) => Ok(Member::Value(items.len().into())),
                None => Err(Fault::missing(&format!("{}.getCount()", kind(node)))),
            },
            _ => Err(Fault::missing(&format!("{}.{name}()", kind(node)))),
        }
    }

    fn item(&mut self, node: &Node, key: &str) -> Result<Option<Node>, Fault> {
        let items = self
            .collection(node)?
            .ok_or_else(|| Fault::missing(&format!("{}.getItem()", kind(node))))?;
        let number = number_of(key);
        Ok(items.into_iter().find(|item| match item {
            Node::Slide(found) => Some(*found) == number,
            Node::Shape(_, id) => id == key,
            Node::Tag(_, found) => found.eq_ignore_ascii_case(key),
            Node::Master(place) => master_id(*place) == key,
            Node::Layout(place) => layout_id(*place) == key,
            _ => false,
        }))
    }
}

/// What PowerPoint calls such an object.
fn kind(node: &Node) -> &'static str {
    match node {
        Node::Presentation => "Presentation",
        Node::Service => "AddinInternalService",
        Node::Slides => "SlideCollection",
        Node::Slide(_) => "Slide",
        Node::Shapes(_) => "ShapeCollection",
        Node::Shape(..) => "Shape",
        Node::TextFrame(..) => "TextFrame",
        Node::TextRange(..) => "TextRange",
        Node::Tags(_) => "TagCollection",
        Node::Tag(..) => "Tag",
        Node::Masters => "SlideMasterCollection",
        Node::Master(_) => "SlideMaster",
        Node::Layouts(_) => "SlideLayoutCollection",
        Node::Layout(_) => "SlideLayout",
    }
}

fn shape_value(shape: &SlideShape, name: &str) -> Result<Value, Fault> {
    let frame = shape.frame;
    Ok(match name {
        "id" => shape.id.clone().into(),
        "name" => shape.name.clone().into(),
        "type" => match shape.kind.as_str() {
            "placeholder" => "Placeholder",
            "text" => "TextBox",
            "shape" => "GeometricShape",
            "table" => "Table",
            "chart" => "Chart",
            "picture" => "Image",
            "group" => "Group",
            "line" => "Line",
            _ => "Unsupported",
        }
        .into(),
        "left" => json!(frame.map_or(0.0, |frame| frame.left)),
        "top" => json!(frame.map_or(0.0, |frame| frame.top)),
        "width" => json!(frame.map_or(0.0, |frame| frame.width)),
        "height" => json!(frame.map_or(0.0, |frame| frame.height)),
        _ => return Err(Fault::missing(&format!("Shape.{name}"))),
    })
}

fn value(arguments: &[Argument<Node>], index: usize) -> Value {
    match arguments.get(index) {
        Some(Argument::Value(value)) => value.clone(),
        _ => Value::Null,
    }
}

fn text(arguments: &[Argument<Node>], index: usize) -> Result<String, Fault> {
    match arguments.get(index) {
        Some(Argument::Value(Value::String(text))) => Ok(text.clone()),
        _ => Err(Fault::argument(
            "The argument is invalid or missing or has an incorrect format.",
        )),
    }
}
