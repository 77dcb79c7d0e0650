//! `shape.add`: text boxes, preset shapes, lines and connectors, in the theme's look.

use deskhand_opc::Draft;
use deskhand_operations::deck::{ShapeAdd, ShapePreset};
use deskhand_operations::{Applied, Refusal};

use super::{applied, placement, shape_format};
use crate::connector::{self, Course};
use crate::deck::{Deck, Slide};
use crate::geometry::EmuFrame;
use crate::insertion::NewShape;
use crate::look;
use crate::refuse;
use crate::text::check;

pub(super) fn add(deck: &Deck, draft: &mut Draft, add: &ShapeAdd) -> Result<Applied, Refusal> {
    let slide = deck.read(deck.slide(&add.slide)?)?;
    slide.check_new_name(&add.name)?;
    let text = add.text.as_deref().unwrap_or_default();
    check("the text", text)?;
    let alt_text = add.alt_text.as_deref().unwrap_or_default();
    check("the alternative text", alt_text)?;
    if let Some(look) = &add.look {
        look::check(look)?;
    }
    let shape = NewShape {
        id: placement::free_shape_id(&slide)?,
        name: &add.name,
        description: alt_text,
        placeholder: None,
        dialect: deck.dialect,
    };
    let mut warnings = Vec::new();
    let (xml, frame) = if is_line(add.kind) {
        if !text.is_empty() {
            return Err(refuse::bad_input("lines and connectors take no text"));
        }
        let course = course(&slide, add, &mut warnings)?;
        (shape.connector(add.kind, &course), course.frame)
    } else {
        if add.from.is_some() || add.to.is_some() || add.rising {
            return Err(refuse::bad_input(
                "only lines and connectors begin and end at shapes, or rise",
            ));
        }
        let frame = placement::given(add.frame)?;
        (shape.preset(add.kind, frame, text), frame)
    };
    placement::insert(draft, &slide, &placement::Place::at(frame), &xml)?;
    if let Some(look) = &add.look {
        let now = Deck::open(draft.package().clone())?;
        let slide = now.read(now.slide(&add.slide)?)?;
        let added = slide.shape(&shape.id.to_string())?;
        shape_format::apply(&now, draft, &slide, added, look, None)?;
    }
    warnings.extend(placement::warnings(deck, frame));
    Ok(applied(&add.slide, &add.name, warnings))
}

fn is_line(kind: ShapePreset) -> bool {
    matches!(
        kind,
        ShapePreset::Line | ShapePreset::Arrow | ShapePreset::ElbowConnector | ShapePreset::CurvedConnector
    )
}

fn course(slide: &Slide<'_>, add: &ShapeAdd, warnings: &mut Vec<String>) -> Result<Course, Refusal> {
    let (Some(from), Some(to)) = (&add.from, &add.to) else {
        if add.from.is_some() || add.to.is_some() {
            return Err(refuse::bad_input("a connector needs both ends: `from` and `to`"));
        }
        let frame = EmuFrame::from_points_of_line(add.frame).ok_or_else(|| {
            refuse::bad_input("a line needs a width or a height above 0, and sides within 14,400 points")
        })?;
        return Ok(Course::along(frame, add.rising));
    };
    if from == to {
        return Err(refuse::bad_input("a connector needs two shapes"));
    }
    let tree = slide.part.tree()?;
    let end = |id: &str| {
        let shape = slide.shape(id)?;
        connector::End::of(tree.root(), shape).ok_or_else(|| {
            refuse::unsupported(format!(
                "the shape '{}' has no known place to connect to",
                shape.name
            ))
        })
    };
    let (from, to) = (end(from)?, end(to)?);
    if !from.has_sites() || !to.has_sites() {
        warnings.push("the connector stands between the shapes but does not follow them".to_owned());
    }
    let bends = matches!(
        add.kind,
        ShapePreset::ElbowConnector | ShapePreset::CurvedConnector
    );
    Ok(Course::between(&from, &to, bends))
}
