//! Slides that travel as packages: opened, edited, and given back. This is how a slide of a deck that is open in
//! PowerPoint gets what Office.js cannot make: it is taken out, edited here and put back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_opc::{Limits, Package};
use deskhand_operations::answer::SlidePackage;
use deskhand_operations::{DeckAnswer, DeckOperation, Refusal, RefusalCode, Support};

use crate::deck::{Deck, SlideEntry};
use crate::refuse;

/// Does one operation on the slide that a package holds; answers the package afterwards.
///
/// The operation's `slide` is the id that the slide has where it came from, whatever it is in the package. Refused for
/// operations that are not about one slide that is there.
pub fn edit_slide_package(
    package: &SlidePackage,
    operation: &DeckOperation,
) -> Result<(SlidePackage, DeckAnswer), Refusal> {
    let id = slide_of(operation)?;
    let mut deck = open(package)?;
    let index = find(&deck, package)?;
    deck.slides[index].id = id;
    let planned = deck.plan(operation)?;
    let mut edited = deck.package().clone();
    edited
        .apply(&planned.patches)
        .map_err(|error| refuse::patch(&error))?;
    let data = if planned.patches.is_empty() {
        package.data.clone()
    } else {
        encode(&edited)?
    };
    Ok((
        SlidePackage {
            data,
            slide_id: package.slide_id.clone(),
        },
        planned.answer,
    ))
}

/// The deck in a package.
pub(crate) fn open(package: &SlidePackage) -> Result<Deck, Refusal> {
    let limits = Limits::default();
    // Four characters hold three bytes; looked at before anything is decoded.
    if package.data.len() as u64 / 4 * 3 > limits.file_bytes {
        return Err(refuse::too_large("the package of the slide is too large"));
    }
    let bytes = STANDARD.decode(package.data.trim());
    let bytes = bytes.map_err(|_| refuse::bad_input("the package of the slide is not base64"))?;
    Deck::open(Package::open(bytes, &limits).map_err(|error| refuse::package(&error))?)
}

/// The slide that a package is about: the one of its number, or the only one.
pub(crate) fn slide<'d>(deck: &'d Deck, package: &SlidePackage) -> Result<&'d SlideEntry, Refusal> {
    Ok(&deck.slides[find(deck, package)?])
}

fn find(deck: &Deck, package: &SlidePackage) -> Result<usize, Refusal> {
    // PowerPoint's own ids have a second number behind `#`, which is in no list of the file.
    let number = package
        .slide_id
        .split('#')
        .next()
        .and_then(|number| number.parse::<u32>().ok());
    let found = deck.slides.iter().position(|slide| Some(slide.number) == number);
    found.or((deck.slides.len() == 1).then_some(0)).ok_or_else(|| {
        let numbers = deck.slides.iter().map(|slide| slide.number.to_string());
        refuse::not_found(format!(
            "the package has no slide '{}'; it has {}",
            package.slide_id,
            refuse::listed(numbers)
        ))
    })
}

/// A package as base64.
pub(crate) fn encode(package: &Package) -> Result<String, Refusal> {
    let bytes = package.write().map_err(|error| {
        Refusal::new(
            RefusalCode::Failed,
            format!("the slide could not be written as a package: {error}"),
        )
    })?;
    Ok(STANDARD.encode(bytes))
}

fn slide_of(operation: &DeckOperation) -> Result<String, Refusal> {
    let row = operation.definition();
    let is_about_slide = matches!(row.live, Support::ThroughFile(..))
        || matches!(
            operation,
            DeckOperation::SlideRead(_) | DeckOperation::TextSet(_) | DeckOperation::ShapeDelete(_)
        );
    let target = operation.target();
    match target.strip_prefix("slide:") {
        Some(slide) if is_about_slide => Ok(slide.to_owned()),
        _ => Err(refuse::unsupported(format!(
            "'{}' is not about one slide, so it cannot be done on a slide taken out of its deck",
            row.name
        ))),
    }
}
