//! `picture.add`: a picture in the sheet's drawing, anchored at a cell, in its own size or as large as an area allows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_opc::xml::escape;
use deskhand_opc::{Draft, Target};
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::PictureAdd;
use deskhand_operations::{Area, RefusalCode};

use super::{relationship_type, within};
use crate::addresses;
use crate::cells::Keep;
use crate::chart::spaces;
use crate::drawings;
use crate::error::{Outcome, refuse};
use crate::measure::Measure;
use crate::picture::{self, MAX_BYTES, Picture, PictureError};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// Longer descriptions are refused, in characters.
const MAX_ALT_TEXT: usize = 2_000;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, add: &PictureAdd) -> Outcome<Applied> {
    let (index, place) = addresses::area(workbook, &add.place)?;
    within(place.cells())?;
    let sheet = workbook.worksheet(index)?;
    let taken = [
        drawings::pictures(draft.package(), sheet)?,
        drawings::charts(draft.package(), sheet)?,
    ];
    drawings::check_name(&taken.concat(), sheet, &add.name)?;
    if add.alt_text.chars().count() > MAX_ALT_TEXT {
        return refuse(
            RefusalCode::TooLarge,
            format!("A description has at most {MAX_ALT_TEXT} characters; nothing was changed."),
        );
    }
    let (bytes, picture) = decode(&add.data)?;
    let content = draft.package().part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    if scanned.protected {
        return refuse(
            RefusalCode::Protected,
            format!("The sheet `{}` is protected; nothing was changed.", sheet.name),
        );
    }
    let strict = scanned.strict;
    let size = fitted(picture, place, &Measure::new(&scanned));
    let media = media(draft, bytes, picture)?;
    let drawing = drawings::of_sheet(draft, sheet, &scanned)?;
    let relationships = draft.package().relationships(&drawing)?;
    let leads = |target: Option<&str>| target.is_some_and(|target| target.eq_ignore_ascii_case(&media));
    let held = relationships
        .into_iter()
        .find(|held| held.is("image") && leads(held.part()));
    let relationship = match held {
        Some(held) => held.id,
        None => draft.add_relationship(
            &drawing,
            &relationship_type(strict, "image"),
            &Target::Part(media),
        )?,
    };
    drawings::add(draft, &drawing, &|id| {
        anchor(add, place, size, id, &relationship, strict)
    })?;
    Ok(Applied {
        target: addresses::on(sheet, place),
        changed: 1,
        ..Applied::default()
    })
}

fn decode(data: &str) -> Outcome<(Vec<u8>, Picture)> {
    let too_large = || {
        refuse(
            RefusalCode::TooLarge,
            "A picture takes at most 10 MB; nothing was changed.",
        )
    };
    // Four characters hold three bytes; looked at before anything is decoded.
    if data.len() / 4 * 3 > MAX_BYTES + 3 {
        return too_large();
    }
    let Ok(bytes) = STANDARD.decode(data.trim()) else {
        return refuse(
            RefusalCode::BadInput,
            "The picture is not base64; nothing was changed.",
        );
    };
    if bytes.len() > MAX_BYTES {
        return too_large();
    }
    match picture::read(&bytes) {
        Ok(picture) => Ok((bytes, picture)),
        Err(error) => {
            let code = match error {
                PictureError::TooLarge => RefusalCode::TooLarge,
                PictureError::UnknownFormat | PictureError::Vector | PictureError::Damaged => {
                    RefusalCode::BadInput
                }
            };
            let mut sentence = format!("{error}; nothing was changed.");
            sentence[..1].make_ascii_uppercase();
            refuse(code, sentence)
        }
    }
}

/// The part that holds the bytes: one that is there with the same, or a new one.
fn media(draft: &mut Draft, bytes: Vec<u8>, picture: Picture) -> Outcome<String> {
    let ending = format!(".{}", picture.format.extension());
    let alike = |part: &&str| {
        let lower = part.to_lowercase();
        lower.starts_with("xl/media/") && draft.package().part(part).is_ok_and(|held| held[..] == bytes[..])
    };
    if let Some(part) = draft.package().parts().find(alike) {
        return Ok(part.to_owned());
    }
    let part = draft.free_name("xl/media/image", &ending);
    draft.add_part(&part, bytes, picture.format.content_type())?;
    Ok(part)
}

/// Width and height in English metric units: the picture's own at one cell, otherwise as large as the area takes.
fn fitted(picture: Picture, place: Area, measure: &Measure) -> (u64, u64) {
    let (width, height) = picture.size();
    let scale = if place.cells() == 1 {
        1.0
    } else {
        let (across, down) = measure.size(place);
        (across / width).min(down / height).max(f64::MIN_POSITIVE)
    };
    let side = |side: f64| (side * scale).round().max(9_525.0) as u64;
    (side(width), side(height))
}

/// The anchor of a picture. It declares its own prefixes, so that it stands in any drawing.
fn anchor(
    add: &PictureAdd,
    place: Area,
    size: (u64, u64),
    id: u32,
    relationship: &str,
    strict: bool,
) -> String {
    let spaces = spaces(strict);
    format!(
        concat!(
            r#"<xdr:oneCellAnchor xmlns:xdr="{0}" xmlns:a="{1}"><xdr:from>{2}</xdr:from><xdr:ext cx="{3}" cy="{4}"/>"#,
            r#"<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="{5}" name="{6}" descr="{7}"/><xdr:cNvPicPr>"#,
            r#"<a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr><xdr:blipFill>"#,
            r#"<a:blip xmlns:r="{8}" r:embed="{9}"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill>"#,
            r#"<xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{3}" cy="{4}"/></a:xfrm>"#,
            r#"<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic><xdr:clientData/></xdr:oneCellAnchor>"#
        ),
        spaces.sheet_drawing,
        spaces.drawing,
        drawings::corner("xdr:", place.left, place.top),
        size.0,
        size.1,
        id,
        escape(&add.name),
        escape(&add.alt_text),
        spaces.relationships,
        relationship
    )
}
