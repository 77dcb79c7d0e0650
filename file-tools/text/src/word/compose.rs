//! New blocks as WordprocessingML.

use deskhand_opc::xml::escape;
use deskhand_operations::Refusal;
use deskhand_operations::text::TextRun;
use deskhand_operations::text::document::{NewBlock, NewText};

use super::redline::Writer;
use super::resources::{Resources, StoredPicture};
use crate::refuse;

/// What stands around the place of new blocks: Word joins tables that touch, and needs a paragraph after the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbours {
    /// A table ends where the blocks begin.
    pub(super) after_table: bool,
    /// What follows is no paragraph.
    pub(super) needs_paragraph: bool,
}

/// Writes blocks.
pub(super) struct Composer<'c, 'w> {
    writer: Writer<'w>,
    resources: &'c Resources,
    pictures: usize,
    /// Lists so far, each a group of items that follow one another.
    lists: usize,
    in_list: bool,
}

/// Properties of a paragraph, in the order of the schema.
#[derive(Debug, Default)]
struct ParagraphLook<'l> {
    style: Option<&'l str>,
    list: Option<(u32, u8)>,
    right: bool,
    outline: Option<u8>,
}

impl<'c, 'w> Composer<'c, 'w> {
    pub(super) fn new(writer: Writer<'w>, resources: &'c Resources) -> Self {
        Self {
            writer,
            resources,
            pictures: 0,
            lists: 0,
            in_list: false,
        }
    }

    /// All blocks, with the empty paragraphs that tables need around them.
    pub(super) fn blocks(mut self, blocks: &[NewBlock], around: Neighbours) -> Result<String, Refusal> {
        let mut markup = String::new();
        let mut after_table = around.after_table;
        for block in blocks {
            let table = matches!(block, NewBlock::Table { .. });
            if table && after_table {
                markup.push_str(&self.paragraph(&ParagraphLook::default(), ""));
            }
            let item = matches!(block, NewBlock::ListItem { .. });
            self.lists += usize::from(self.in_list && !item);
            self.in_list = item;
            markup.push_str(&self.block(block)?);
            after_table = table;
        }
        if after_table && around.needs_paragraph {
            markup.push_str(&self.paragraph(&ParagraphLook::default(), ""));
        }
        Ok(markup)
    }

    fn block(&mut self, block: &NewBlock) -> Result<String, Refusal> {
        Ok(match block {
            NewBlock::Heading { level, text } => {
                let style = self.resources.heading(*level);
                let look = ParagraphLook {
                    style,
                    outline: style.is_none().then(|| *level - 1),
                    ..ParagraphLook::default()
                };
                // Without styles a heading is told by its outline level, and looks like one by being bold.
                let content = self.content(text, style.is_none());
                self.paragraph(&look, &content)
            }
            NewBlock::Paragraph { text, style } => {
                let look = ParagraphLook {
                    style: style.as_deref().and_then(|name| self.resources.style(name)),
                    ..ParagraphLook::default()
                };
                let content = self.content(text, false);
                self.paragraph(&look, &content)
            }
            NewBlock::ListItem {
                text,
                numbered,
                level,
            } => {
                let list = self.resources.list(self.lists, *numbered);
                let look = ParagraphLook {
                    style: self.resources.list_paragraph(),
                    list: list.map(|list| (list, *level - 1)),
                    ..ParagraphLook::default()
                };
                let content = self.content(text, false);
                self.paragraph(&look, &content)
            }
            NewBlock::Table { rows, header } => self.table(rows, *header),
            NewBlock::PageBreak {} => {
                let names = &self.writer.names;
                let run = names.element("r", &[], &names.empty("br", &[("type", "page")]));
                let content = self.writer.tracked("ins", &run);
                self.paragraph(&ParagraphLook::default(), &content)
            }
            NewBlock::Picture { alt_text, width, .. } => {
                let content = self.picture(alt_text, *width)?;
                self.paragraph(&ParagraphLook::default(), &content)
            }
        })
    }

    fn paragraph(&mut self, look: &ParagraphLook<'_>, content: &str) -> String {
        let mut properties = String::new();
        if let Some(style) = look.style {
            properties.push_str(&self.writer.names.empty("pStyle", &[("val", &escape(style))]));
        }
        if let Some((list, level)) = look.list {
            let names = &self.writer.names;
            let level = names.empty("ilvl", &[("val", &level.to_string())]);
            let list = names.empty("numId", &[("val", &list.to_string())]);
            properties.push_str(&names.element("numPr", &[], &(level + &list)));
        }
        if look.right {
            let side = if self.writer.names.strict { "end" } else { "right" };
            properties.push_str(&self.writer.names.empty("jc", &[("val", side)]));
        }
        if let Some(level) = look.outline {
            properties.push_str(
                &self
                    .writer
                    .names
                    .empty("outlineLvl", &[("val", &level.to_string())]),
            );
        }
        // The paragraph's end is part of the insertion.
        if let Some(mark) = self.writer.marking("ins") {
            let mark = mark.replacen('>', "/>", 1);
            properties.push_str(&self.writer.names.element("rPr", &[], &mark));
        }
        let names = &self.writer.names;
        let properties = if properties.is_empty() {
            properties
        } else {
            names.element("pPr", &[], &properties)
        };
        names.element("p", &[], &(properties + content))
    }

    /// Runs with their links.
    fn content(&mut self, text: &NewText, bold: bool) -> String {
        match text {
            NewText::Plain(text) => {
                let run = TextRun {
                    text: text.clone(),
                    bold,
                    ..TextRun::default()
                };
                self.run(&run)
            }
            NewText::Runs(runs) => {
                let runs = runs.iter().map(|run| {
                    let mut run = run.clone();
                    run.bold |= bold;
                    self.run(&run)
                });
                runs.collect()
            }
        }
    }

    fn run(&mut self, run: &TextRun) -> String {
        if run.text.is_empty() {
            return String::new();
        }
        let link = run.link.as_deref().and_then(|link| self.resources.link(link));
        let names = &self.writer.names;
        let mut properties = String::new();
        let style = link.and(self.resources.hyperlink());
        if let Some(style) = style {
            properties.push_str(&names.empty("rStyle", &[("val", &escape(style))]));
        }
        for (on, name) in [(run.bold, "b"), (run.italic, "i")] {
            if on {
                properties.push_str(&names.empty(name, &[]));
            }
        }
        let plain_link = link.is_some() && style.is_none();
        if plain_link {
            properties.push_str(&names.empty("color", &[("val", "0563C1")]));
        }
        if run.underline || plain_link {
            properties.push_str(&names.empty("u", &[("val", "single")]));
        }
        let properties = if properties.is_empty() {
            properties
        } else {
            names.element("rPr", &[], &properties)
        };
        let content = properties + &self.writer.text(&run.text, "t");
        let markup = self.writer.names.element("r", &[], &content);
        let markup = self.writer.tracked("ins", &markup);
        match link {
            Some(id) => {
                let names = &self.writer.names;
                let open = format!(
                    "<{0}hyperlink xmlns:r=\"{1}\" r:id=\"{id}\">",
                    names.element,
                    names.references()
                );
                format!("{open}{markup}{}", names.close("hyperlink"))
            }
            None => markup,
        }
    }

    fn table(&mut self, rows: &[Vec<NewText>], header: bool) -> String {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let width = (self.resources.text_width() / columns as u32)
            .max(200)
            .to_string();
        let mut markup = self.table_properties();
        let names = &self.writer.names;
        let column = names.empty("gridCol", &[("w", &width)]);
        markup.push_str(&names.element("tblGrid", &[], &column.repeat(columns)));
        for (index, row) in rows.iter().enumerate() {
            let head = header && index == 0;
            let mut properties = String::new();
            if head {
                properties.push_str(&self.writer.names.empty("tblHeader", &[]));
            }
            if let Some(mark) = self.writer.marking("ins") {
                properties.push_str(&mark.replacen('>', "/>", 1));
            }
            let mut content = String::new();
            if !properties.is_empty() {
                content.push_str(&self.writer.names.element("trPr", &[], &properties));
            }
            let empty = NewText::default();
            for place in 0..columns {
                let text = row.get(place).unwrap_or(&empty);
                content.push_str(&self.cell(text, &width, head));
            }
            markup.push_str(&self.writer.names.element("tr", &[], &content));
        }
        self.writer.names.element("tbl", &[], &markup)
    }

    fn table_properties(&self) -> String {
        let names = &self.writer.names;
        let mut properties = String::new();
        if let Some(style) = self.resources.table_grid() {
            properties.push_str(&names.empty("tblStyle", &[("val", &escape(style))]));
        }
        properties.push_str(&names.empty("tblW", &[("w", "0"), ("type", "auto")]));
        if self.resources.table_grid().is_none() {
            let line = [("val", "single"), ("sz", "4"), ("space", "0"), ("color", "auto")];
            let start = if names.strict { "start" } else { "left" };
            let end = if names.strict { "end" } else { "right" };
            let sides = ["top", start, "bottom", end, "insideH", "insideV"];
            let borders: String = sides.iter().map(|side| names.empty(side, &line)).collect();
            properties.push_str(&names.element("tblBorders", &[], &borders));
        }
        names.element("tblPr", &[], &properties)
    }

    fn cell(&mut self, text: &NewText, width: &str, head: bool) -> String {
        let content = self.content(text, head);
        let look = ParagraphLook {
            right: !head && is_figure(text),
            ..ParagraphLook::default()
        };
        let paragraph = self.paragraph(&look, &content);
        let names = &self.writer.names;
        let width = names.empty("tcW", &[("w", width), ("type", "dxa")]);
        let properties = names.element("tcPr", &[], &width);
        names.element("tc", &[], &(properties + &paragraph))
    }

    fn picture(&mut self, alt_text: &str, width: Option<f64>) -> Result<String, Refusal> {
        let picture = self.resources.picture(self.pictures);
        let picture = picture.ok_or_else(|| refuse::bad_input("the picture was not taken in"))?;
        self.pictures += 1;
        let (across, down) = size(picture, width, self.resources.text_width())?;
        let names = &self.writer.names;
        let drawing = format!(
            "<wp:inline xmlns:wp=\"{wp}\" distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent cx=\"{across}\" \
             cy=\"{down}\"/><wp:docPr id=\"{id}\" name=\"Picture {id}\" descr=\"{text}\"/><a:graphic xmlns:a=\"{a}\">\
             <a:graphicData uri=\"{pic}\"><pic:pic xmlns:pic=\"{pic}\"><pic:nvPicPr><pic:cNvPr id=\"{id}\" \
             name=\"Picture {id}\" descr=\"{text}\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip xmlns:r=\"{r}\" \
             r:embed=\"{relationship}\"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>\
             <a:off x=\"0\" y=\"0\"/><a:ext cx=\"{across}\" cy=\"{down}\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/>\
             </a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline>",
            wp = names.word_drawing(),
            a = names.drawing(),
            pic = names.picture(),
            r = names.references(),
            id = picture.number,
            text = escape(alt_text),
            relationship = picture.relationship,
        );
        let run = names.element("r", &[], &names.element("drawing", &[], &drawing));
        Ok(self.writer.tracked("ins", &run))
    }
}

/// The size of a picture in English Metric Units; `text_width` is in twentieths of a point.
fn size(picture: &StoredPicture, width: Option<f64>, text_width: u32) -> Result<(u64, u64), Refusal> {
    const POINT: f64 = 12_700.0;
    let widest = f64::from(text_width) / 20.0;
    // 96 pixels an inch, as Word takes pictures that do not say otherwise.
    let own = f64::from(picture.width) * 0.75;
    let points = width.unwrap_or_else(|| own.min(widest));
    if !(1.0..=1_584.0).contains(&points) {
        return Err(refuse::bad_input("a picture is 1 to 1,584 points wide"));
    }
    let ratio = f64::from(picture.height) / f64::from(picture.width);
    let across = points * POINT;
    Ok((across.round() as u64, (across * ratio).round().max(1.0) as u64))
}

/// Whether a text is a figure, which stands at the right of its cell.
fn is_figure(text: &NewText) -> bool {
    let NewText::Plain(text) = text else { return false };
    let figure = |c: char| c.is_ascii_digit() || ".,'()+-\u{2212}%€$£¥ \u{a0}".contains(c);
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(figure)
}
