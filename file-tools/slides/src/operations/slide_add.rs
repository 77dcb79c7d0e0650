//! `slide.add`: a new slide from a layout, its placeholders filled.

use deskhand_opc::{Draft, Target};
use deskhand_operations::Refusal;
use deskhand_operations::answer::SlideContent;
use deskhand_operations::deck::{PlaceholderText, SlideAdd};

use crate::content::Detail;
use crate::deck::Deck;
use crate::insertion::{NewShape, slide_part};
use crate::layout::{Layout, LayoutPlaceholder};
use crate::list;
use crate::refuse;
use crate::tag;
use crate::text::check;

pub(crate) const CONTENT_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.slide+xml";

pub(super) fn add(deck: &Deck, draft: &mut Draft, add: &SlideAdd) -> Result<SlideContent, Refusal> {
    let layout = deck.layout(&add.layout)?;
    let filled = fill(layout, &add.texts)?;
    let after = match &add.after {
        Some(id) => Some(deck.slide(id)?),
        None => deck.slides.last(),
    };
    if !add.id.is_empty() {
        tag::check(&add.id)?;
        list::check_new_id(deck, &add.id)?;
    }
    let number = list::free_number(deck, None)?;
    let shapes: String = (2u32..)
        .zip(&filled)
        .map(|(id, filled)| filled.xml(id, deck))
        .collect();
    let part = draft.free_name("ppt/slides/slide", ".xml");
    let mut link = || {
        draft.add_part(&part, slide_part(&shapes, deck.dialect), CONTENT_TYPE)?;
        let kind = deck.dialect.relationship("slideLayout");
        draft.add_relationship(&part, &kind, &Target::Part(layout.part.clone()))
    };
    link().map_err(|error| refuse::patch(&error))?;
    if !add.id.is_empty() {
        tag::set_logical_id(draft, &part, &add.id, deck.dialect)?;
    }
    list::enter(draft, deck, &part, number, after)?;
    read_back(draft, &part)
}

/// The slide of a part as the draft has it.
pub(super) fn read_back(draft: &Draft, part: &str) -> Result<SlideContent, Refusal> {
    let deck = Deck::open(draft.package().clone())?;
    let slide = deck.slides.iter().find(|slide| slide.part == part);
    deck.content(
        slide.ok_or_else(|| refuse::corrupt("the new slide is not in the list"))?,
        Detail::Whole,
    )
}

/// A placeholder with its text.
struct Filled<'a> {
    placeholder: &'a LayoutPlaceholder,
    text: &'a str,
}

impl Filled<'_> {
    fn xml(&self, id: u32, deck: &Deck) -> String {
        // PowerPoint numbers names by id: "Title 1" is shape 2.
        let name = self
            .placeholder
            .name
            .trim_end_matches(|character: char| character.is_ascii_digit());
        let shape = NewShape {
            id,
            name: &format!("{} {}", name.trim_end(), id - 1),
            description: "",
            placeholder: Some(self.placeholder.mark.attributes.clone()),
            dialect: deck.dialect,
        };
        shape.text_placeholder(self.text)
    }
}

/// Finds the placeholder of each text; answers in the order of the layout.
fn fill<'a>(layout: &'a Layout, texts: &'a [PlaceholderText]) -> Result<Vec<Filled<'a>>, Refusal> {
    let mut chosen: Vec<Option<&str>> = vec![None; layout.placeholders.len()];
    for given in texts {
        check("the text", &given.text)?;
        let index = find(layout, &given.placeholder, &chosen)?;
        let mark = &layout.placeholders[index].mark;
        if matches!(
            mark.kind.as_str(),
            "pic" | "chart" | "tbl" | "media" | "dgm" | "clipArt" | "sldNum"
        ) {
            return Err(refuse::bad_input(format!(
                "the placeholder '{}' of the layout '{}' is for '{}' and takes no text",
                layout.placeholders[index].name, layout.name, mark.kind
            )));
        }
        chosen[index] = Some(&given.text);
    }
    let filled = layout.placeholders.iter().zip(chosen);
    Ok(filled
        .filter_map(|(placeholder, text)| {
            Some(Filled {
                placeholder,
                text: text?,
            })
        })
        .collect())
}

/// The placeholder of a layout that a text names.
fn find(layout: &Layout, wanted: &str, chosen: &[Option<&str>]) -> Result<usize, Refusal> {
    let names: Vec<(&str, &str)> = layout
        .placeholders
        .iter()
        .map(|placeholder| (placeholder.name.as_str(), placeholder.mark.kind.as_str()))
        .collect();
    let taken: Vec<bool> = chosen.iter().map(Option::is_some).collect();
    find_placeholder(&names, wanted, &taken).ok_or_else(|| {
        let is_known = |(name, kind): &&(&str, &str)| name.eq_ignore_ascii_case(wanted) || *kind == wanted;
        let what = if names.iter().any(|name| is_known(&name)) {
            "no further"
        } else {
            "no"
        };
        refuse::not_found(format!(
            "the layout '{}' has {what} placeholder '{wanted}'; it has {}",
            layout.name,
            refuse::listed(names.iter().map(|(name, kind)| format!("{name} ({kind})")))
        ))
    })
}

/// The placeholder that a text names, among names and kinds: by its name, else by its kind the first that is not taken.
pub(super) fn find_placeholder(names: &[(&str, &str)], wanted: &str, taken: &[bool]) -> Option<usize> {
    let free = |fits: &dyn Fn(&(&str, &str)) -> bool| {
        let mut all = names.iter().enumerate();
        all.find(|(index, name)| !taken[*index] && fits(name))
            .map(|(index, _)| index)
    };
    // Exact kinds before kindred ones.
    free(&|(name, _)| name.eq_ignore_ascii_case(wanted))
        .or_else(|| free(&|(_, kind)| *kind == wanted))
        .or_else(|| free(&|(_, kind)| is_kindred(kind, wanted)))
}

/// A title is a title in every layout; what holds text in one layout holds any content in another.
fn is_kindred(kind: &str, wanted: &str) -> bool {
    let group = |kind: &str| match kind {
        "title" | "ctrTitle" => 1,
        "body" | "obj" | "content" | "subTitle" => 2,
        _ => 0,
    };
    group(kind) != 0 && group(kind) == group(wanted)
}
