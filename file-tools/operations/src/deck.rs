//! Operations on a deck. Positions and sizes are in points from the slide's top left corner.

mod create;
mod object;
mod shape;
mod slide;
mod text;

pub use create::*;
pub use object::*;
pub use shape::*;
pub use slide::*;
pub use text::*;

use crate::answer::{Applied, CheckContent, DeckContent, Replacements, SlideContent, SlidePackage};
use crate::definition::Support::{NotLive, OfficeJs, ThroughFile};
use crate::definition::operations;

/// Why an operation is one for closed files: it is about more than one slide.
const FILE_ONLY: &str = "it works on the whole file; close the deck in PowerPoint first";

/// Why an operation is none for an open deck: it makes another one.
const NEW_FILE: &str = "it makes a new file";

operations! {
    Deck, DeckOperation, DeckAnswer;
    /// Lists slide size, masters with theme fonts and colours, layouts with their placeholders, sections, and slides with title and layout.
    "deck.info" Info(DeckInfo) -> DeckContent, Read, OfficeJs("PowerPointApi", "1.3"), "Looking at the deck", "Looked at", |_| String::new();
    /// Makes a new deck, from a template or with a plain master and the usual layouts.
    "deck.create" Create(DeckCreate) -> Applied, Add, NotLive(NEW_FILE), "Making a deck", "Deck made", |_| String::new();
    /// Reads one slide: shapes in reading order with text, tables, chart data, alt text and notes; on request how the text is formatted.
    "slide.read" SlideRead(SlideRead) -> SlideContent, Read, OfficeJs("PowerPointApi", "1.4"), "Reading", "Read", |read| slide(&read.slide);
    /// Adds a slide from a layout and fills its placeholders.
    "slide.add" SlideAdd(SlideAdd) -> SlideContent, Add, OfficeJs("PowerPointApi", "1.3"), "Adding a slide", "Slide added", |add| slide(&add.id);
    /// Copies a slide with its charts, tables, notes and animations.
    "slide.duplicate" SlideDuplicate(SlideDuplicate) -> SlideContent, Add, NotLive(FILE_ONLY), "Copying a slide", "Slide copied", |copy| slide(&copy.id);
    /// Adds a slide of another deck, mapped to this deck's look or with its own master.
    "slide.fromTemplate" SlideFromTemplate(SlideFromTemplate) -> SlideContent, Add, NotLive(FILE_ONLY), "Adding a slide from a template", "Slide added from a template", |add| slide(&add.id);
    /// Moves a slide to another position.
    "slide.move" SlideMove(SlideMove) -> Applied, Change, NotLive(FILE_ONLY), "Moving", "Slide moved", |moved| slide(&moved.slide);
    /// Hides a slide in the show, or shows it again.
    "slide.hide" SlideHide(SlideHide) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Hiding or showing", "Slide hidden or shown", |hide| slide(&hide.slide);
    /// Deletes a slide.
    "slide.delete" SlideDelete(SlideDelete) -> Applied, Remove, OfficeJs("PowerPointApi", "1.2"), "Deleting", "Slide deleted", |delete| slide(&delete.slide);
    /// Sets the text of a shape; lines become paragraphs.
    "text.set" TextSet(TextSet) -> Applied, Change, OfficeJs("PowerPointApi", "1.4"), "Setting text on", "Text changed", |set| slide(&set.slide);
    /// Replaces words in a shape, on a slide or in the whole deck; the formatting stays.
    "text.replace" TextReplace(TextReplace) -> Replacements, Change, ThroughFile("PowerPointApi", "1.2"), "Replacing words on", "Words replaced", |replace| replace.slide.as_deref().map_or_else(String::new, slide);
    /// Sets the speaker notes of a slide.
    "notes.set" NotesSet(NotesSet) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Writing the notes of", "Notes changed", |set| slide(&set.slide);
    /// Adds a text box, a shape, a line or a connector.
    "shape.add" ShapeAdd(ShapeAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a shape to", "Shape added", |add| slide(&add.slide);
    /// Moves a shape to another place on its slide.
    "shape.move" ShapeMove(ShapeMove) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Moving a shape on", "Shape moved", |moved| slide(&moved.slide);
    /// Gives a shape another size.
    "shape.resize" ShapeResize(ShapeResize) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Resizing a shape on", "Shape resized", |resize| slide(&resize.slide);
    /// Sets fill, outline, font, colours and alignment of a shape, and its alternative text.
    "shape.format" ShapeFormat(ShapeFormat) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Formatting a shape on", "Shape formatted", |format| slide(&format.slide);
    /// Deletes a shape.
    "shape.delete" ShapeDelete(ShapeDelete) -> Applied, Remove, OfficeJs("PowerPointApi", "1.3"), "Deleting a shape on", "Shape deleted", |delete| slide(&delete.slide);
    /// Adds a table to a slide.
    "table.add" TableAdd(TableAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a table to", "Table added", |add| slide(&add.slide);
    /// Changes texts of a table on a slide, and inserts or deletes rows and columns.
    "table.set" TableSet(TableSet) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Changing a table on", "Table changed", |set| slide(&set.slide);
    /// Adds a native chart with an embedded workbook to a slide.
    "chart.add" ChartAdd(ChartAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a chart to", "Chart added", |add| slide(&add.slide);
    /// Changes data, kind, title or axes of a chart on a slide; its embedded workbook follows.
    "chart.update" ChartUpdate(ChartUpdate) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Changing a chart on", "Chart changed", |update| slide(&update.slide);
    /// Adds a picture to a slide.
    "picture.add" PictureAdd(PictureAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a picture to", "Picture added", |add| slide(&add.slide);
    /// Puts another picture into the frame of one.
    "picture.replace" PictureReplace(PictureReplace) -> Applied, Change, ThroughFile("PowerPointApi", "1.2"), "Replacing a picture on", "Picture replaced", |replace| slide(&replace.slide);
    /// Checks the deck: texts that overflow, overlaps, shapes off the slide, empty placeholders, fonts and colours off the theme, contrast, missing alternative texts.
    "deck.check" Check(DeckCheck) -> CheckContent, Read, NotLive(FILE_ONLY), "Checking the deck", "Checked", |_| String::new();
    /// Takes one slide out as a package of its own. Used by exchange and undo.
    "slide.export" SlideExport(SlideExport) -> SlidePackage, Read, OfficeJs("PowerPointApi", "1.2"), "Taking out", "Read", |export| slide(&export.slide);
    /// Puts a slide from a package in, and takes the slide of the same id out. Used by exchange and undo.
    "slide.replace" SlideReplace(SlideReplace) -> SlideContent, Change, OfficeJs("PowerPointApi", "1.2"), "Putting back", "Slide replaced", |replace| slide(&replace.slide);
}

/// A slide as a target.
fn slide(id: &str) -> String {
    format!("slide:{id}")
}
