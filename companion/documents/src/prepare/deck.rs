//! Slides: what stands there now, and what of it is somebody's work.

use deskhand_core::tool::{Ask, AskReason, ToolRequest};
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::operations::answer::{SlideContent, SlideShape};
use deskhand_protocol::operations::{Answer, DeckAnswer, DeckOperation, Effect, RefusalCode};
use deskhand_protocol::permission::BeforeAfter;

use super::{Look, refusal, removal};
use crate::backend::{Reach, Trouble};
use crate::journal::Image;
use crate::preview::{deck_in, deck_info, short, slide_export, slide_in, slide_of, slide_read};
use crate::tools::DocumentTools;

impl DocumentTools {
    pub(super) async fn look_at_deck(
        &self,
        request: &ToolRequest,
        reach: Reach<'_>,
        operation: &DeckOperation,
    ) -> Result<Look, Trouble> {
        let Some(id) = slide_of(operation) else {
            return Ok(Look {
                before: Image::Nothing,
                expected: None,
                ask: None,
            });
        };
        let slide = slide_in(reach.read(slide_read(&id)).await?);
        let slide = slide.ok_or_else(|| refusal(RefusalCode::NotFound, format!("no slide `{id}`")))?;
        let deck = deck_in(reach.read(deck_info()).await?).unwrap_or_default();
        let place = deck.slides.iter().position(|other| other.id == slide.id);
        let after = place
            .and_then(|place| deck.slides.get(place.checked_sub(1)?))
            .map(|slide| slide.id.clone());
        let Answer::Deck(DeckAnswer::SlideExport(package)) = reach.read(slide_export(&id)).await? else {
            let message = "the slide could not be taken out".to_owned();
            return Err(refusal(RefusalCode::Failed, message));
        };
        let fingerprint = slide.fingerprint.clone();
        let own = self.is_own_slide(request, reach.document, &slide).await;
        let ask = if own { None } else { ask_deck(operation, &slide)? };
        Ok(Look {
            expected: Some(fingerprint.clone()),
            before: Image::Slide {
                package,
                after,
                fingerprint,
            },
            ask,
        })
    }

    /// True when the slide still looks as this session left it.
    async fn is_own_slide(
        &self,
        request: &ToolRequest,
        document: &DocumentView,
        slide: &SlideContent,
    ) -> bool {
        let records = self.records.done(&request.session).await.unwrap_or_default();
        let last = records.iter().rev().find(|record| {
            record.document == document.id
                && !record.undone
                && matches!(&record.after, Image::Slide { package, .. } if package.slide_id == slide.id)
        });
        matches!(last.map(|record| &record.after),
            Some(Image::Slide { fingerprint, .. }) if !fingerprint.is_empty() && *fingerprint == slide.fingerprint)
    }
}

fn ask_deck(operation: &DeckOperation, slide: &SlideContent) -> Result<Option<Ask>, Trouble> {
    let shape = |id: &str| {
        let known: Vec<String> = slide
            .shapes
            .iter()
            .map(|shape| format!("{} ({})", shape.id, shape.name))
            .collect();
        let missing = || {
            refusal(
                RefusalCode::NotFound,
                format!("no shape `{id}`; there are {}", known.join(", ")),
            )
        };
        slide
            .shapes
            .iter()
            .find(|shape| shape.id == id)
            .ok_or_else(missing)
    };
    let name = format!("slide {}", slide.index);
    Ok(match operation {
        DeckOperation::TextSet(params) => {
            let shape = shape(&params.shape)?;
            let now = shape.text.clone().unwrap_or_default();
            let taken = !now.trim().is_empty() && now != params.text;
            taken.then(|| overwrite(&name, shape, now, &params.text))
        }
        DeckOperation::ShapeDelete(params) => {
            let shape = shape(&params.shape)?;
            Some(removal(
                format!("Delete {} on {name}?", shape.name),
                "The other shapes stay as they are.",
            ))
        }
        DeckOperation::SlideDelete(_) => Some(removal(
            format!("Delete {name}?"),
            "The other slides stay as they are.",
        )),
        operation => match operation.definition().effect {
            Effect::Change | Effect::Remove => {
                let doing = operation.definition().doing;
                Some(removal(
                    format!("{doing} {name}: go on?"),
                    operation.definition().summary,
                ))
            }
            Effect::Read | Effect::Add => None,
        },
    })
}

fn overwrite(slide: &str, shape: &SlideShape, now: String, after: &str) -> Ask {
    let row = BeforeAfter {
        cell: shape.name.clone(),
        label: None,
        now: short(now),
        after: short(after.to_owned()),
        formula: false,
    };
    Ask {
        reason: AskReason::Overwrites,
        question: format!("Replace the text of {} on {slide}?", shape.name),
        scope: "The other shapes stay as they are.".to_owned(),
        rows: vec![row],
        total: 1,
        risks: Vec::new(),
    }
}
