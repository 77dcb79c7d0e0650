//! Slides as answers show them.

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Fingerprint, Relationship};
use deskhand_operations::Refusal;
use deskhand_operations::answer::{SlideContent, SlideShape};

use crate::chart;
use crate::deck::{Deck, Slide, SlideEntry};
use crate::geometry::EmuFrame;
use crate::notes;
use crate::operations::is_hidden;
use crate::part::{Part, relationships, target};
use crate::refuse;
use crate::shape::{Shape, flattened, in_reading_order};
use crate::sources;
use crate::text::runs::formatted;

/// How much of a slide an answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Shapes and their texts.
    Outline,
    /// Everything but how text is formatted.
    Whole,
    /// Everything.
    Runs,
}

impl Deck {
    /// A slide as answers show it.
    pub(crate) fn content(&self, entry: &SlideEntry, detail: Detail) -> Result<SlideContent, Refusal> {
        let part = Part::read(&self.package, &entry.part)?;
        let tree = part.tree()?;
        let slide = self.read_tree(entry, tree.root())?;
        let layout = entry.layout.and_then(|index| self.layouts.get(index));
        let index = self
            .slides
            .iter()
            .position(|slide| slide.part == entry.part)
            .unwrap_or(0);
        let mut content = SlideContent {
            id: entry.id.clone(),
            index: index as u32 + 1,
            layout: layout.map(|layout| layout.name.clone()).unwrap_or_default(),
            title: title(&slide),
            hidden: is_hidden(tree.root()),
            ..SlideContent::default()
        };
        if detail == Detail::Outline {
            let ordered = in_reading_order(&slide);
            content.shapes = ordered.into_iter().map(outline).collect();
        } else {
            self.add_details(&mut content, &part, tree.root(), &slide, detail)?;
            sources::tell(self, &mut content)?;
        }
        Ok(content)
    }

    /// A slide that was just read, to be worked on.
    pub(crate) fn read<'d>(&'d self, entry: &'d SlideEntry) -> Result<Slide<'d>, Refusal> {
        let part = Part::read(&self.package, &entry.part)?;
        let shapes = self.read_tree(entry, part.tree()?.root())?;
        Ok(Slide { entry, part, shapes })
    }

    fn add_details(
        &self,
        content: &mut SlideContent,
        part: &Part,
        root: Node<'_, '_>,
        shapes: &[Shape],
        detail: Detail,
    ) -> Result<(), Refusal> {
        let related = relationships(&self.package, &part.name)?;
        let mut fingerprint = Fingerprint::of(&part.content);
        let (effects, animated) = notes::animations(root);
        for shape in in_reading_order(shapes) {
            let mut answer = whole(shape);
            answer.animated = animated.contains(&shape.id);
            if detail == Detail::Runs {
                answer.paragraphs = body(root, shape).map(|body| formatted(body, &related));
            }
            self.add_chart(&mut answer, shape, &related, &mut fingerprint)?;
            content.shapes.push(answer);
        }
        content.animations = effects;
        content.transition = notes::has_transition(root);
        content.comments = notes::comments(&self.package, &part.name)?;
        content.notes = notes::text(&self.package, &part.name)?;
        if let Some(notes) = &content.notes {
            fingerprint.add(notes.as_bytes());
        }
        content.fingerprint = fingerprint.to_string();
        Ok(())
    }

    fn add_chart(
        &self,
        answer: &mut SlideShape,
        shape: &Shape,
        related: &[Relationship],
        fingerprint: &mut Fingerprint,
    ) -> Result<(), Refusal> {
        let Some(chart) = shape
            .chart
            .as_deref()
            .and_then(|id| target(&self.package, related, id))
        else {
            return Ok(());
        };
        let chart = Part::read(&self.package, chart)?;
        fingerprint.add(&chart.content);
        let tree = chart.tree()?;
        answer.chart = chart::read::data(tree.root());
        answer.chart_kind = chart::read::kind_name(tree.root());
        answer.chart_title = chart::read::title(tree.root());
        Ok(())
    }
}

/// The text body of a shape that stands in the part with this root.
pub(crate) fn body<'t, 'a>(root: Node<'t, 'a>, shape: &Shape) -> Option<Node<'t, 'a>> {
    node(root, shape)?.child_in(Ns::Presentation, "txBody")
}

/// The element of a shape; none for one that stands in two forms.
pub(crate) fn node<'t, 'a>(root: Node<'t, 'a>, shape: &Shape) -> Option<Node<'t, 'a>> {
    let mut found = root.descendants().filter(|node| node.span() == shape.span);
    found.find(|node| !node.is(Ns::Markup, "AlternateContent"))
}

/// The element of a shape, to be changed.
pub(crate) fn node_to_change<'t, 'a>(root: Node<'t, 'a>, shape: &Shape) -> Result<Node<'t, 'a>, Refusal> {
    if shape.has_alternative {
        return Err(refuse::unsupported(format!(
            "the shape '{}' stands in two forms for different versions of PowerPoint, and changing it would keep only \
             one of them",
            shape.name
        )));
    }
    node(root, shape).ok_or_else(|| refuse::corrupt("the shape is not where it was read"))
}

/// The text of the title placeholder on one line.
pub(crate) fn title(shapes: &[Shape]) -> Option<String> {
    flattened(shapes).into_iter().find_map(|shape| {
        let text = shape
            .placeholder
            .as_ref()
            .filter(|mark| mark.is_title())
            .and(shape.text.as_deref())?;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|title| !title.is_empty())
    })
}

fn outline(shape: &Shape) -> SlideShape {
    SlideShape {
        id: shape.id.clone(),
        name: shape.name.clone(),
        kind: shape.kind.name().to_owned(),
        placeholder: shape.placeholder.as_ref().map(|mark| mark.kind.clone()),
        text: shape.text.clone(),
        ..SlideShape::default()
    }
}

fn whole(shape: &Shape) -> SlideShape {
    SlideShape {
        rows: shape.rows.clone(),
        group: shape.group.clone(),
        alt_text: shape.description.clone(),
        hidden: shape.hidden,
        frame: shape.frame.map(EmuFrame::points),
        ..outline(shape)
    }
}
