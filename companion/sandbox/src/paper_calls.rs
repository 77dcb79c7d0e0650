//! The tools for whole documents as the model sees them, and what each can be given.

use deskhand_core::model::ToolDefinition;
use deskhand_core::tool::{CONVERT_TOOL, RENDER_TOOL};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::call::{definition, parsed};

/// Pages that one call draws.
pub(crate) const MOST_PAGES: usize = 8;
/// The highest number of a page.
const LAST_PAGE: u32 = 100_000;

/// Draws the pages of a document with LibreOffice in the sandbox and shows them as pictures: look at what you made before you
/// say that it is done. For workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods, .csv), decks (.pptx, .pptm, .ppt, .odp) and documents (.docx, .docm, .doc,
/// .odt, .rtf). Slides are counted with the hidden ones; of a workbook each sheet is one page, in order, unless `print` is true. It
/// is drawn from the file as it was saved last. LibreOffice is not Office: where a font is not there, or for charts of the newest
/// kinds, the looks differ. Takes up to a minute.
#[derive(Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Render {
    /// The file's whole path in an attached folder, or the id of a document that is not open in Office.
    path: String,
    /// Pages, such as `1-4` or `2,5,7-8`; at most 8, and the first 8 when absent.
    pages: Option<String>,
    /// True to draw a workbook on the pages on which it would be printed.
    #[serde(default)]
    print: bool,
}

/// A render call that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drawing {
    pub(crate) named: String,
    /// In their order, each once.
    pub(crate) pages: Vec<u32>,
    /// True where the model did not say which.
    pub(crate) first: bool,
    pub(crate) print: bool,
}

impl Render {
    /// Reads the input of a call; the error is a sentence for the model.
    pub(crate) fn of(input: &Value) -> Result<Drawing, String> {
        let asked: Self = parsed(input)?;
        let first = asked.pages.is_none();
        Ok(Drawing {
            named: asked.path,
            pages: pages(asked.pages.as_deref().unwrap_or("1-8"))?,
            first,
            print: asked.print,
        })
    }
}

/// Makes a document of today out of one in an old or another format, beside it under a free name, with LibreOffice in the
/// sandbox: .xls, .xlsb and .ods become .xlsx, .ppt and .odp .pptx, .doc, .odt and .rtf .docx. The old file stays as it is. Macros are not
/// taken over, numbers have 15 digits, and LibreOffice is not Office: compare what counts, figures above all, with the old file. The user is asked.
#[derive(Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Convert {
    /// The file's whole path in an attached folder, or the id of a document.
    pub(crate) path: String,
}

impl Convert {
    /// As for [`Render::of`].
    pub(crate) fn of(input: &Value) -> Result<Self, String> {
        parsed(input)
    }
}

/// What a model may call where the image has LibreOffice.
pub(crate) fn definitions() -> [ToolDefinition; 2] {
    [
        definition(RENDER_TOOL, schemars::schema_for!(Render).into()),
        definition(CONVERT_TOOL, schemars::schema_for!(Convert).into()),
    ]
}

/// Pages as a person writes them.
fn pages(text: &str) -> Result<Vec<u32>, String> {
    let unread = || format!("pages are written like `1-4` or `2,5`, at most {MOST_PAGES} of them");
    let number = |text: &str| {
        let number: Option<u32> = text.trim().parse().ok();
        number.filter(|number| (1..=LAST_PAGE).contains(number))
    };
    let mut pages = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (Some(from), Some(to)) = (number(from), number(to)) else {
            return Err(unread());
        };
        // Counted before it is gone through.
        if to < from || to - from >= MOST_PAGES as u32 {
            return Err(unread());
        }
        pages.extend(from..=to);
        if pages.len() > MOST_PAGES {
            return Err(unread());
        }
    }
    let mut seen = Vec::new();
    pages.retain(|page| {
        !seen.contains(page) && {
            seen.push(*page);
            true
        }
    });
    Ok(pages)
}

/// A family of documents, as LibreOffice opens them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Workbook,
    Deck,
    Text,
}

/// What a file is by the ending of its name, in lower case: what it is drawn as, and what it may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// The ending.
    pub(crate) ending: &'static str,
    pub(crate) family: Family,
    /// True for what there are no tools for.
    pub(crate) is_old: bool,
}

const FORMS: [Form; 20] = {
    const fn form(ending: &'static str, family: Family, is_old: bool) -> Form {
        Form {
            ending,
            family,
            is_old,
        }
    }
    [
        form("xlsx", Family::Workbook, false),
        form("xlsm", Family::Workbook, false),
        form("xltx", Family::Workbook, false),
        form("csv", Family::Workbook, false),
        form("xls", Family::Workbook, true),
        form("xlsb", Family::Workbook, true),
        form("ods", Family::Workbook, true),
        form("pptx", Family::Deck, false),
        form("pptm", Family::Deck, false),
        form("potx", Family::Deck, false),
        form("ppsx", Family::Deck, false),
        form("ppt", Family::Deck, true),
        form("odp", Family::Deck, true),
        form("docx", Family::Text, false),
        form("docm", Family::Text, false),
        form("dotx", Family::Text, false),
        form("doc", Family::Text, true),
        form("odt", Family::Text, true),
        form("rtf", Family::Text, true),
        form("txt", Family::Text, false),
    ]
};

impl Form {
    /// The form of a file's name; none where LibreOffice is not asked about it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        FORMS
            .into_iter()
            .find(|form| form.ending.eq_ignore_ascii_case(ending))
    }

    /// How LibreOffice is told to read such a file with this content; none where the content is another thing, as one that a
    /// password protects is. Left to itself it takes what it does not know for plain text.
    pub(crate) fn reads(self, content: &[u8]) -> Option<&'static str> {
        // [MS-CFB] 2.2, APPNOTE.TXT 4.3.7, RTF 1.9.1, and OpenDocument in one XML file.
        let is = |begin: &[u8]| content.starts_with(begin);
        let (compound, zip) = (is(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), is(b"PK\x03\x04"));
        let plain = is(b"<?xml");
        let (fits, filter) = match self.ending {
            "csv" => (true, "--infilter='Text - txt - csv (StarCalc)'"),
            "txt" => (true, "--infilter='Text (encoded)'"),
            "doc" | "rtf" if is(b"{\\rtf") => (true, "--infilter='Rich Text Format'"),
            "doc" => (compound, "--infilter='MS Word 97'"),
            "xls" => (compound, "--infilter='MS Excel 97'"),
            "ppt" => (compound, "--infilter='MS PowerPoint 97'"),
            "odt" if plain => (true, "--infilter='OpenDocument Text Flat XML'"),
            "ods" if plain => (true, "--infilter='OpenDocument Spreadsheet Flat XML'"),
            "odp" if plain => (true, "--infilter='OpenDocument Presentation Flat XML'"),
            "odt" => (zip, "--infilter='writer8'"),
            "ods" => (zip, "--infilter='calc8'"),
            "odp" => (zip, "--infilter='impress8'"),
            "xlsx" => (zip, "--infilter='Calc MS Excel 2007 XML'"),
            "xlsm" => (zip, "--infilter='Calc MS Excel 2007 VBA XML'"),
            "xltx" => (zip, "--infilter='Calc MS Excel 2007 XML Template'"),
            "xlsb" => (zip, "--infilter='Calc MS Excel 2007 Binary'"),
            "pptx" => (zip, "--infilter='Impress MS PowerPoint 2007 XML'"),
            "pptm" => (zip, "--infilter='Impress MS PowerPoint 2007 XML VBA'"),
            "potx" => (zip, "--infilter='Impress MS PowerPoint 2007 XML Template'"),
            "ppsx" => (zip, "--infilter='Impress MS PowerPoint 2007 XML AutoPlay'"),
            "docx" => (zip, "--infilter='MS Word 2007 XML'"),
            "docm" => (zip, "--infilter='MS Word 2007 XML VBA'"),
            "dotx" => (zip, "--infilter='MS Word 2007 XML Template'"),
            _ => (false, ""),
        };
        fits.then_some(filter)
    }

    /// The ending of what it becomes; none for what is of today already.
    pub(crate) fn becomes(self) -> Option<&'static str> {
        self.is_old.then_some(match self.family {
            Family::Workbook => "xlsx",
            Family::Deck => "pptx",
            Family::Text => "docx",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_are_read_as_people_write_them_and_never_more_than_are_drawn() {
        for (text, expected) in [
            ("3", Some(vec![3])),
            ("1-4", Some(vec![1, 2, 3, 4])),
            (" 2, 5 ,7-8", Some(vec![2, 5, 7, 8])),
            ("4,1-4,4", Some(vec![4, 1, 2, 3])),
            ("1-8", Some((1..=8).collect())),
            ("1-9", None),
            ("1-5,11-15", None),
            ("1-4000000000", None),
            ("1,1,1,1,1,1,1,1,1", None),
            ("0", None),
            ("4-1", None),
            ("100001", None),
            ("", None),
            ("1-", None),
            ("all", None),
            ("-1", None),
            ("1;rm", None),
        ] {
            assert_eq!(pages(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_call_that_is_not_understood_is_refused_by_name() {
        let drawing = Render::of(&json!({ "path": "/a/b.pptx" })).expect("a call");
        assert_eq!(
            (drawing.pages.len(), drawing.first, drawing.print),
            (8, true, false)
        );
        for (input, reason) in [
            (json!({}), "missing field `path`"),
            (
                json!({ "path": "a", "dpi": 600 }),
                "unknown field `dpi`, expected one of `path`, `pages`, `print`",
            ),
            (
                json!({ "path": "a", "pages": "1-100" }),
                "pages are written like `1-4` or `2,5`, at most 8 of them",
            ),
        ] {
            assert_eq!(Render::of(&input), Err(reason.to_owned()));
        }
        assert!(Convert::of(&json!({ "path": "a", "to": "exe" })).is_err());
    }

    #[test]
    fn a_file_is_known_by_its_ending_and_only_old_ones_become_others() {
        for (name, becomes) in [
            ("a.XLS", Some(Some("xlsx"))),
            ("a.b.ppt", Some(Some("pptx"))),
            ("a.rtf", Some(Some("docx"))),
            ("a.odt", Some(Some("docx"))),
            ("a.xlsx", Some(None)),
            ("a.docm", Some(None)),
            ("a.sh", None),
            ("a.xls;x", None),
            ("xls", None),
        ] {
            assert_eq!(Form::of(name).map(Form::becomes), becomes, "{name}");
        }
    }

    #[test]
    fn a_content_that_is_not_what_its_name_says_is_not_opened() {
        let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...";
        for (name, content, opened) in [
            ("a.xls", &compound[..], true),
            ("a.xls", b"<html><table>", false),
            ("a.xls", b"PK\x03\x04", false),
            ("a.doc", b"{\\rtf1", true),
            ("a.doc", b"hello", false),
            ("a.rtf", b"hello", false),
            ("a.ppt", b"", false),
            ("a.odt", b"PK\x03\x04", true),
            ("a.odt", b"<?xml", true),
            ("a.pptx", b"#!/bin/sh", false),
            ("a.pptx", b"PK\x03\x04", true),
            ("a.xlsx", &compound[..], false),
            ("a.xlsx", b"<?xml", false),
            ("a.csv", b"a,b", true),
        ] {
            let reads = Form::of(name).and_then(|form| form.reads(content));
            assert_eq!(reads.is_some(), opened, "{name}");
            assert!(
                reads.is_none_or(|reads| reads.starts_with("--infilter='")),
                "{name}"
            );
        }
    }

    #[test]
    fn the_model_is_told_of_both_in_words_without_references() {
        for definition in definitions() {
            assert!(definition.description.len() > 80, "{}", definition.description);
            assert!(!definition.input_schema.to_string().contains("$ref"));
        }
    }
}
