//! `picture.replace`: another image in the frame of a picture. What belonged to the old image goes: its vector form, its
//! artistic effects, its link.

use std::collections::BTreeSet;

use deskhand_opc::xml::{Node, Ns};
use deskhand_opc::{Draft, Target};
use deskhand_operations::deck::{PictureFit, PictureReplace};
use deskhand_operations::{Applied, Refusal};

use super::{applied, picture_add};
use crate::content::node_to_change;
use crate::cut::remove_unused;
use crate::deck::Deck;
use crate::element::{Element, fitted};
use crate::part::references;
use crate::picture::Picture;
use crate::refuse;
use crate::shape::{Shape, ShapeKind};
use crate::text::check;

/// The children of `p:blipFill` in order (ECMA-376 part 1, 20.1.8.14).
const BLIP_FILL: &[&str] = &["blip", "srcRect", "tile", "stretch"];

/// Below this share of a side a crop is not worth one.
const LEAST_CROP: f64 = 0.002;

pub(super) fn replace(deck: &Deck, draft: &mut Draft, replace: &PictureReplace) -> Result<Applied, Refusal> {
    check("the alternative text", &replace.alt_text)?;
    let slide = deck.read(deck.slide(&replace.slide)?)?;
    let shape = slide.shape(&replace.shape)?;
    if shape.kind != ShapeKind::Picture {
        return Err(refuse::bad_input(format!(
            "the shape '{}' is a {} and no picture",
            shape.name,
            shape.kind.called()
        )));
    }
    let tree = slide.part.tree()?;
    let node = node_to_change(tree.root(), shape)?;
    let (bytes, picture) = picture_add::decode(&replace.data)?;
    let name = draft.free_name("ppt/media/image", &format!(".{}", picture.format.extension()));
    let mut link = || {
        draft.add_part(&name, bytes.clone(), picture.format.content_type())?;
        let kind = deck.dialect.relationship("image");
        draft.add_relationship(&slide.part.name, &kind, &Target::Part(name.clone()))
    };
    let reference = link().map_err(|error| refuse::patch(&error))?;
    let fill = node.child_in(Ns::Presentation, "blipFill");
    let fill = fill.ok_or_else(|| refuse::corrupt("the picture has no image"))?;
    let identity = node.children().next().and_then(|head| head.child("cNvPr"));
    let identity = identity.ok_or_else(|| refuse::corrupt("the picture has no name"))?;
    let root = tree.root();
    let element = filled(fill, &slide.part.content, &reference, |xml| {
        fitted(xml, root, deck.dialect)
    });
    let element = cropped(element, fill, shape, picture, replace.fit, |xml| {
        fitted(xml, root, deck.dialect)
    });
    let before: BTreeSet<String> = references(root).map(str::to_owned).collect();
    let edits = [
        identity.tag().set_attribute("descr", &replace.alt_text),
        element.instead_of(fill),
    ];
    draft
        .edit(&slide.part.name, edits)
        .map_err(|error| refuse::patch(&error))?;
    remove_unused(draft, &slide.part.name, &before)?;
    Ok(applied(&replace.slide, &shape.name, Vec::new()))
}

/// The fill with the new image; recolouring and transparency stay.
fn filled(fill: Node<'_, '_>, content: &[u8], reference: &str, fit: impl Fn(&str) -> String) -> Element {
    let mut element = Element::of(fill, content);
    let blip = fill.child_in(Ns::Drawing, "blip");
    let xml = match blip {
        Some(blip) => {
            let mut image = Element::of(blip, content);
            for attribute in blip.tag().attributes().map(|attribute| attribute.name) {
                if attribute.ends_with(":link") || attribute.ends_with(":embed") {
                    image.unset(attribute);
                }
            }
            image.take(&["extLst"]);
            let prefix = blip.tag().attributes().find_map(|attribute| {
                let prefix = attribute.name.strip_suffix(":embed");
                prefix
                    .or_else(|| attribute.name.strip_suffix(":link"))
                    .map(str::to_owned)
            });
            image.set(&format!("{}:embed", prefix.as_deref().unwrap_or("r")), reference);
            let xml = image.xml();
            if prefix.is_some() { xml } else { fit(&xml) }
        }
        None => fit(&format!("<a:blip r:embed=\"{reference}\"/>")),
    };
    element.put(BLIP_FILL, &["blip"], "blip", xml);
    element
}

/// The fill with the crop that was asked for.
fn cropped(
    mut element: Element,
    fill: Node<'_, '_>,
    shape: &Shape,
    picture: Picture,
    fit: PictureFit,
    fitted: impl Fn(&str) -> String,
) -> Element {
    if fit == PictureFit::KeepCrop {
        return element;
    }
    element.take(&["srcRect"]);
    if fill.child("tile").is_none() {
        element.put(
            BLIP_FILL,
            &["stretch"],
            "stretch",
            fitted("<a:stretch><a:fillRect/></a:stretch>"),
        );
    }
    let crop = shape
        .frame
        .filter(|_| fit == PictureFit::Fill)
        .and_then(|frame| crop(frame.width, frame.height, picture));
    if let Some(crop) = crop {
        element.put(BLIP_FILL, &["srcRect"], "srcRect", fitted(&crop));
    }
    element
}

/// The crop with which a picture fills a frame evenly; nothing where it has the frame's ratio.
fn crop(width: i64, height: i64, picture: Picture) -> Option<String> {
    if width <= 0 || height <= 0 {
        return None;
    }
    let frame = width as f64 / height as f64;
    let own = f64::from(picture.width) / f64::from(picture.height);
    let thousandths = |share: f64| ((share / 2.0) * 100_000.0).round() as i64;
    if own > frame {
        let lost = 1.0 - frame / own;
        let side = thousandths(lost);
        (lost > LEAST_CROP).then(|| format!("<a:srcRect l=\"{side}\" r=\"{side}\"/>"))
    } else {
        let lost = 1.0 - own / frame;
        let side = thousandths(lost);
        (lost > LEAST_CROP).then(|| format!("<a:srcRect t=\"{side}\" b=\"{side}\"/>"))
    }
}
