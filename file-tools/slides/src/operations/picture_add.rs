//! `picture.add`: a PNG or JPEG picture with its alternative text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_opc::{Draft, Target};
use deskhand_operations::deck::{Frame, PictureAdd};
use deskhand_operations::{Applied, Refusal};

use super::{applied, placement};
use crate::deck::Deck;
use crate::insertion::NewShape;
use crate::picture::{self, MAX_BYTES, Picture, PictureError};
use crate::refuse;
use crate::text::check;

/// Points a pixel where nothing else tells: 96 pixels an inch, as Windows shows pictures.
const POINTS_A_PIXEL: f64 = 0.75;

pub(super) fn add(deck: &Deck, draft: &mut Draft, add: &PictureAdd) -> Result<Applied, Refusal> {
    let slide = deck.read(deck.slide(&add.slide)?)?;
    slide.check_new_name(&add.name)?;
    check("the alternative text", &add.alt_text)?;
    let (bytes, picture) = decode(&add.data)?;
    let frame = placement::given(completed(add.frame, picture))?;
    let name = draft.free_name("ppt/media/image", &format!(".{}", picture.format.extension()));
    draft
        .add_part(&name, bytes, picture.format.content_type())
        .map_err(|error| refuse::patch(&error))?;
    let reference = draft
        .add_relationship(
            &slide.part.name,
            &deck.dialect.relationship("image"),
            &Target::Part(name),
        )
        .map_err(|error| refuse::patch(&error))?;
    let shape = NewShape {
        id: placement::free_shape_id(&slide)?,
        name: &add.name,
        description: &add.alt_text,
        placeholder: None,
        dialect: deck.dialect,
    };
    let xml = shape.picture(frame, &reference);
    placement::insert(draft, &slide, &placement::Place::at(frame), &xml)?;
    Ok(applied(&add.slide, &add.name, placement::warnings(deck, frame)))
}

pub(super) fn decode(data: &str) -> Result<(Vec<u8>, Picture), Refusal> {
    let too_large = || refuse::too_large("a picture takes at most 10 MB");
    // Four characters hold three bytes; looked at before anything is decoded.
    if data.len() / 4 * 3 > MAX_BYTES + 3 {
        return Err(too_large());
    }
    let bytes = STANDARD
        .decode(data.trim())
        .map_err(|_| refuse::bad_input("the picture is not base64"))?;
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    let picture = picture::read(&bytes).map_err(|error| match error {
        PictureError::TooLarge => refuse::too_large(error.to_string()),
        _ => refuse::bad_input(error.to_string()),
    })?;
    Ok((bytes, picture))
}

/// The frame with a side of zero taken from the other side and the ratio; both zero: the picture's own size.
fn completed(frame: Frame, picture: Picture) -> Frame {
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let is_zero = |side: f64| side.abs() < f64::EPSILON;
    match (is_zero(frame.width), is_zero(frame.height)) {
        (true, true) => Frame {
            width: width * POINTS_A_PIXEL,
            height: height * POINTS_A_PIXEL,
            ..frame
        },
        (true, false) => Frame {
            width: frame.height * width / height,
            ..frame
        },
        (false, true) => Frame {
            height: frame.width * height / width,
            ..frame
        },
        (false, false) => frame,
    }
}
