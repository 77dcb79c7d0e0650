//! Changing slides: added, inserted, deleted, their texts and shapes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deskhand_opc::{Limits, Package};
use deskhand_operations::answer::SlidePackage;
use deskhand_operations::deck::{PlaceholderText, ShapeDelete, SlideAdd, SlideDelete, SlideReplace, TextSet};
use deskhand_operations::{DeckAnswer, DeckOperation};
use deskhand_slides::Deck as Tools;
use serde_json::Value;

use super::tags::LOGICAL_ID;
use super::{Deck, Fault, members, number_of, refused};

/// The id that a slide is given while another bears the same.
const APART: &str = "apart";
/// The id of an inserted slide until its own tags are back.
const INSERTED: &str = "inserted";

impl Deck {
    /// The package and the id under which the slide tools find just this slide.
    pub(super) fn told_apart(&self, number: u32) -> Result<(Package, String), Fault> {
        let listed = self.listed()?;
        let place = listed
            .iter()
            .position(|slide| slide.number == number)
            .ok_or_else(Fault::not_found)?;
        let tools = Tools::open(self.package.clone()).map_err(refused)?;
        let ids: Vec<&str> = tools.slide_ids().collect();
        let id = ids.get(place).copied().ok_or_else(Fault::not_found)?;
        if ids.iter().filter(|other| **other == id).count() == 1 {
            return Ok((self.package.clone(), id.to_owned()));
        }
        let package = self.tagged(&listed[place].part, LOGICAL_ID, Some(APART))?;
        Ok((package, APART.to_owned()))
    }

    /// Does one operation of the slide tools on one slide, and puts its own id back afterwards.
    fn plan_on(
        &mut self,
        number: u32,
        operation: impl Fn(String) -> DeckOperation,
    ) -> Result<DeckAnswer, Fault> {
        let own = self.tag(number, LOGICAL_ID)?;
        let (package, id) = self.told_apart(number)?;
        let apart = id == APART;
        let planned = Tools::open(package.clone())
            .and_then(|tools| tools.plan(&operation(id)))
            .map_err(refused)?;
        self.put(package);
        self.apply(&planned.patches)?;
        if apart && self.slide(number).is_ok() {
            let part = self.slide(number)?.part;
            let package = self.tagged(&part, LOGICAL_ID, own.as_deref())?;
            self.put(package);
        }
        Ok(planned.answer)
    }

    pub(super) fn set_text(&mut self, slide: u32, shape: &str, text: &str) -> Result<(), Fault> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let shape = shape.to_owned();
        self.plan_on(slide, |slide| {
            DeckOperation::TextSet(TextSet {
                slide,
                shape: shape.clone(),
                text: text.clone(),
                sources: Vec::new(),
            })
        })
        .map(|_| ())
    }

    pub(super) fn delete_shape(&mut self, slide: u32, shape: &str) -> Result<(), Fault> {
        let shape = shape.to_owned();
        self.plan_on(slide, |slide| {
            DeckOperation::ShapeDelete(ShapeDelete {
                slide,
                shape: shape.clone(),
            })
        })
        .map(|_| ())
    }

    pub(super) fn delete_slide(&mut self, number: u32) -> Result<(), Fault> {
        let listed = self.listed()?;
        let place = listed
            .iter()
            .position(|slide| slide.number == number)
            .ok_or_else(Fault::not_found)?;
        self.plan_on(number, |slide| DeckOperation::SlideDelete(SlideDelete { slide }))?;
        if self.selected == number {
            let left = self.listed()?;
            let next = left
                .get(place.min(left.len().saturating_sub(1)))
                .map_or(0, |slide| slide.number);
            if next != 0 {
                self.select(next)?;
            }
        }
        Ok(())
    }

    /// `slides.add`: at the end, with the empty placeholders of its layout.
    pub(super) fn add_slide(&mut self, options: &Value) -> Result<(), Fault> {
        let layouts = self.info()?.layouts;
        let place = match options.get("layoutId").and_then(Value::as_str) {
            Some(id) => (0..layouts.len())
                .find(|place| members::layout_id(*place) == id)
                .ok_or_else(Fault::not_found)?,
            None => 0,
        };
        let layout = &layouts[place];
        let texts = layout.placeholders.iter().filter(|placeholder| {
            // PowerPoint gives a new slide no footers; the slide tools make no empty pictures, charts and tables.
            !matches!(
                placeholder.kind.as_str(),
                "dt" | "ftr" | "sldNum" | "pic" | "chart" | "tbl" | "media" | "dgm" | "clipArt"
            )
        });
        let texts = texts.map(|placeholder| PlaceholderText {
            placeholder: placeholder.name.clone(),
            text: String::new(),
        });
        let operation = DeckOperation::SlideAdd(SlideAdd {
            id: String::new(),
            layout: layout.name.clone(),
            texts: texts.collect(),
            after: None,
            sources: Vec::new(),
        });
        let planned = Tools::open(self.package.clone())
            .and_then(|tools| tools.plan(&operation))
            .map_err(refused)?;
        self.apply(&planned.patches)
    }

    /// `insertSlidesFromBase64`: after the target slide, or first; the slides keep the tags that they bring.
    pub(super) fn insert(&mut self, data: &str, options: &Value) -> Result<(), Fault> {
        let broken = || Fault::argument("The presentation to insert from cannot be read.");
        let bytes = BASE64_STANDARD.decode(data).map_err(|_| broken())?;
        let source = Self::open("", &bytes).map_err(|_| broken())?;
        let all = source.listed()?;
        let numbers: Vec<u32> = match options.get("sourceSlideIds").and_then(Value::as_array) {
            Some(ids) => {
                let wanted = ids.iter().map(|id| id.as_str().and_then(number_of));
                wanted
                    .collect::<Option<_>>()
                    .ok_or_else(|| Fault::argument("A source slide's id is not valid."))?
            }
            None => all.iter().map(|slide| slide.number).collect(),
        };
        let mut after = match options.get("targetSlideId").and_then(Value::as_str) {
            Some(id) => Some(
                number_of(id)
                    .filter(|number| self.slide(*number).is_ok())
                    .ok_or_else(Fault::not_found)?,
            ),
            None => None,
        };
        for number in numbers {
            let incoming = all
                .iter()
                .find(|slide| slide.number == number)
                .ok_or_else(Fault::not_found)?;
            let package = Package::open(bytes.clone(), &Limits::default()).map_err(|_| broken())?;
            let own = super::tags::read(&package, &incoming.part)?;
            let own = own
                .iter()
                .find(|(key, _)| key == LOGICAL_ID)
                .map(|(_, value)| value.clone());
            let before: Vec<u32> = self.listed()?.iter().map(|slide| slide.number).collect();
            self.insert_one(data, number, after)?;
            let new = self
                .listed()?
                .into_iter()
                .find(|slide| !before.contains(&slide.number));
            let new = new.ok_or_else(|| Fault::operation("The slide was not inserted."))?;
            let package = self.tagged(&new.part, LOGICAL_ID, own.as_deref())?;
            self.put(package);
            after = Some(new.number);
        }
        Ok(())
    }

    fn insert_one(&mut self, data: &str, number: u32, after: Option<u32>) -> Result<(), Fault> {
        let (package, after) = match after {
            Some(after) => {
                let (package, id) = self.told_apart(after)?;
                (package, Some((after, id)))
            }
            None => (self.package.clone(), None),
        };
        let own = after
            .as_ref()
            .map(|(number, _)| self.tag(*number, LOGICAL_ID))
            .transpose()?
            .flatten();
        let operation = DeckOperation::SlideReplace(SlideReplace {
            slide: INSERTED.to_owned(),
            package: SlidePackage {
                data: data.to_owned(),
                slide_id: number.to_string(),
            },
            after: after.as_ref().map(|(_, id)| id.clone()),
        });
        let planned = Tools::open(package.clone())
            .and_then(|tools| tools.plan(&operation))
            .map_err(refused)?;
        self.put(package);
        self.apply(&planned.patches)?;
        if let Some((number, id)) = after
            && id == APART
        {
            let part = self.slide(number)?.part;
            let package = self.tagged(&part, LOGICAL_ID, own.as_deref())?;
            self.put(package);
        }
        Ok(())
    }
}
