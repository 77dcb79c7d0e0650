//! `document.create`: a new document with styles, a theme and settings, filled with blocks.

use deskhand_opc::xml::escape;
use deskhand_opc::{Draft, Limits, Package, Target};
use deskhand_operations::Refusal;
use deskhand_operations::text::document::{DocumentCreate, Paper};

use super::insert::{check_blocks, insert_blocks};
use super::names::Names;
use super::replace::check_text;
use super::resources::heading_style;
use super::{Document, Revision};
use crate::refuse;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CORE: &str = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

/// Makes a document: the bytes of a .docx. Nothing in it is tracked; the revision says who made it and when.
pub fn create_document(create: &DocumentCreate, revision: &Revision) -> Result<Vec<u8>, Refusal> {
    if !create.blocks.is_empty() {
        check_blocks(&create.blocks)?;
    }
    let title = create.title.as_deref().unwrap_or_default();
    check_text("the title", title)?;
    let language = create.language.as_deref().unwrap_or("en-GB");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if language.is_empty() || language.len() > 35 || !language.chars().all(plain) {
        return Err(refuse::bad_input(format!(
            "'{}' is no language tag such as en-GB",
            language.chars().take(40).collect::<String>()
        )));
    }
    let mut draft = Draft::new(&Package::new(&Limits::default()));
    skeleton(&mut draft, create.paper, title, language, revision).map_err(|error| refuse::patch(&error))?;
    let document = Document::open(draft.package().clone())?;
    let mut filled = Draft::new(document.package());
    insert_blocks(&document, &mut filled, None, &create.blocks, None)?;
    filled.package().write().map_err(|error| refuse::io(&error))
}

fn skeleton(
    draft: &mut Draft,
    paper: Paper,
    title: &str,
    language: &str,
    revision: &Revision,
) -> Result<(), deskhand_opc::PatchError> {
    let main = "word/document.xml";
    draft.add_part(main, body(paper), &format!("{TYPES}.document.main+xml"))?;
    let properties = "docProps/core.xml";
    draft.add_part(
        properties,
        core_properties(title, revision),
        "application/vnd.openxmlformats-package.core-properties+xml",
    )?;
    let document = Target::Part(main.to_owned());
    draft.add_relationship("", &format!("{RELATIONSHIPS}/officeDocument"), &document)?;
    draft.add_relationship("", CORE, &Target::Part(properties.to_owned()))?;
    let parts = [
        (
            "styles",
            "word/styles.xml",
            styles(language),
            format!("{TYPES}.styles+xml"),
        ),
        (
            "settings",
            "word/settings.xml",
            settings(),
            format!("{TYPES}.settings+xml"),
        ),
        (
            "theme",
            "word/theme/theme1.xml",
            format!("{HEAD}{THEME}"),
            "application/vnd.openxmlformats-officedocument.theme+xml".to_owned(),
        ),
    ];
    for (kind, name, content, content_type) in parts {
        draft.add_part(name, content, &content_type)?;
        draft.add_relationship(
            main,
            &format!("{RELATIONSHIPS}/{kind}"),
            &Target::Part(name.to_owned()),
        )?;
    }
    Ok(())
}

/// An empty body on paper with margins of an inch; sizes in twentieths of a point.
fn body(paper: Paper) -> String {
    let (width, height) = match paper {
        Paper::A4 => (11_906, 16_838),
        Paper::Letter => (12_240, 15_840),
    };
    format!(
        "{HEAD}<w:document xmlns:w=\"{WORD}\" xmlns:r=\"{RELATIONSHIPS}\"><w:body><w:sectPr><w:pgSz w:w=\"{width}\" \
         w:h=\"{height}\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" w:header=\"708\" \
         w:footer=\"708\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>"
    )
}

fn core_properties(title: &str, revision: &Revision) -> String {
    let author = escape(&revision.author);
    let dates = revision.date.as_deref().map(|date| {
        let time = |name: &str| {
            format!(
                "<dcterms:{name} xsi:type=\"dcterms:W3CDTF\">{}</dcterms:{name}>",
                escape(date)
            )
        };
        time("created") + &time("modified")
    });
    let title = if title.is_empty() {
        String::new()
    } else {
        format!("<dc:title>{}</dc:title>", escape(title))
    };
    format!(
        "{HEAD}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{title}<dc:creator>{author}</dc:creator>\
         <cp:lastModifiedBy>{author}</cp:lastModifiedBy>{}</cp:coreProperties>",
        dates.unwrap_or_default()
    )
}

fn settings() -> String {
    format!(
        "{HEAD}<w:settings xmlns:w=\"{WORD}\"><w:defaultTabStop w:val=\"720\"/><w:compat><w:compatSetting \
         w:name=\"compatibilityMode\" w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/></w:compat>\
         </w:settings>"
    )
}

fn styles(language: &str) -> String {
    let names = Names {
        element: "w:".to_owned(),
        attribute: "w:".to_owned(),
        declaration: String::new(),
        strict: false,
    };
    let headings: String = (1..=9)
        .map(|level| heading_style(&names, level, &format!("Heading{level}"), Some("Normal")))
        .collect();
    format!(
        "{HEAD}<w:styles xmlns:w=\"{WORD}\"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:asciiTheme=\"minorHAnsi\" \
         w:eastAsiaTheme=\"minorEastAsia\" w:hAnsiTheme=\"minorHAnsi\" w:cstheme=\"minorBidi\"/><w:sz w:val=\"22\"/>\
         <w:szCs w:val=\"22\"/><w:lang w:val=\"{language}\" w:eastAsia=\"en-US\" w:bidi=\"ar-SA\"/></w:rPr>\
         </w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after=\"120\" w:line=\"264\" w:lineRule=\"auto\"/></w:pPr>\
         </w:pPrDefault></w:docDefaults>{FIRST_STYLES}{headings}{LAST_STYLES}</w:styles>"
    )
}

const FIRST_STYLES: &str = concat!(
    r#"<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>"#,
    r#"<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">"#,
    r#"<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/><w:unhideWhenUsed/></w:style>"#,
    r#"<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>"#,
    r#"<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>"#,
    r#"<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>"#,
    r#"<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>"#,
    r#"<w:style w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/>"#,
    r#"<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/></w:style>"#,
);

const LAST_STYLES: &str = concat!(
    r#"<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/>"#,
    r#"<w:next w:val="Normal"/><w:uiPriority w:val="10"/><w:qFormat/><w:pPr><w:spacing w:after="80"/>"#,
    r#"<w:contextualSpacing/></w:pPr><w:rPr><w:sz w:val="56"/><w:szCs w:val="56"/></w:rPr></w:style>"#,
    r#"<w:style w:type="paragraph" w:styleId="Subtitle"><w:name w:val="Subtitle"/><w:basedOn w:val="Normal"/>"#,
    r#"<w:next w:val="Normal"/><w:uiPriority w:val="11"/><w:qFormat/><w:rPr><w:color w:val="595959"/>"#,
    r#"<w:sz w:val="28"/><w:szCs w:val="28"/></w:rPr></w:style>"#,
    r#"<w:style w:type="paragraph" w:styleId="ListParagraph"><w:name w:val="List Paragraph"/>"#,
    r#"<w:basedOn w:val="Normal"/><w:uiPriority w:val="34"/><w:qFormat/><w:pPr><w:ind w:left="720"/>"#,
    r#"<w:contextualSpacing/></w:pPr></w:style>"#,
    r#"<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Quote"/><w:basedOn w:val="Normal"/>"#,
    r#"<w:next w:val="Normal"/><w:uiPriority w:val="29"/><w:qFormat/><w:pPr><w:ind w:left="720" w:right="720"/>"#,
    r#"</w:pPr><w:rPr><w:i/><w:iCs/></w:rPr></w:style>"#,
    r#"<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>"#,
    r#"<w:basedOn w:val="DefaultParagraphFont"/><w:uiPriority w:val="99"/><w:unhideWhenUsed/><w:rPr>"#,
    r#"<w:color w:val="0563C1" w:themeColor="hyperlink"/><w:u w:val="single"/></w:rPr></w:style>"#,
    r#"<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/>"#,
    r#"<w:uiPriority w:val="39"/><w:pPr><w:spacing w:after="0" w:line="240" w:lineRule="auto"/></w:pPr><w:tblPr>"#,
    r#"<w:tblBorders><w:top w:val="single" w:sz="4" w:space="0" w:color="auto"/>"#,
    r#"<w:left w:val="single" w:sz="4" w:space="0" w:color="auto"/>"#,
    r#"<w:bottom w:val="single" w:sz="4" w:space="0" w:color="auto"/>"#,
    r#"<w:right w:val="single" w:sz="4" w:space="0" w:color="auto"/>"#,
    r#"<w:insideH w:val="single" w:sz="4" w:space="0" w:color="auto"/>"#,
    r#"<w:insideV w:val="single" w:sz="4" w:space="0" w:color="auto"/></w:tblBorders></w:tblPr></w:style>"#,
);

/// The smallest theme that the schema allows: colours, two fonts, and three plain fills, lines and effects each.
const THEME: &str = concat!(
    r#"<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Plain"><a:themeElements>"#,
    r#"<a:clrScheme name="Plain"><a:dk1><a:sysClr val="windowText" lastClr="000000"/></a:dk1>"#,
    r#"<a:lt1><a:sysClr val="window" lastClr="FFFFFF"/></a:lt1><a:dk2><a:srgbClr val="44546A"/></a:dk2>"#,
    r#"<a:lt2><a:srgbClr val="E7E6E6"/></a:lt2><a:accent1><a:srgbClr val="2F5597"/></a:accent1>"#,
    r#"<a:accent2><a:srgbClr val="C55A11"/></a:accent2><a:accent3><a:srgbClr val="7F7F7F"/></a:accent3>"#,
    r#"<a:accent4><a:srgbClr val="BF9000"/></a:accent4><a:accent5><a:srgbClr val="2E75B6"/></a:accent5>"#,
    r#"<a:accent6><a:srgbClr val="538135"/></a:accent6><a:hlink><a:srgbClr val="0563C1"/></a:hlink>"#,
    r#"<a:folHlink><a:srgbClr val="954F72"/></a:folHlink></a:clrScheme><a:fontScheme name="Plain">"#,
    r#"<a:majorFont><a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/></a:majorFont>"#,
    r#"<a:minorFont><a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/></a:minorFont>"#,
    r#"</a:fontScheme><a:fmtScheme name="Plain"><a:fillStyleLst>"#,
    r#"<a:solidFill><a:schemeClr val="phClr"/></a:solidFill><a:solidFill><a:schemeClr val="phClr"/></a:solidFill>"#,
    r#"<a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:fillStyleLst><a:lnStyleLst>"#,
    r#"<a:ln w="6350"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln>"#,
    r#"<a:ln w="12700"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln>"#,
    r#"<a:ln w="19050"><a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:ln></a:lnStyleLst>"#,
    r#"<a:effectStyleLst><a:effectStyle><a:effectLst/></a:effectStyle><a:effectStyle><a:effectLst/></a:effectStyle>"#,
    r#"<a:effectStyle><a:effectLst/></a:effectStyle></a:effectStyleLst><a:bgFillStyleLst>"#,
    r#"<a:solidFill><a:schemeClr val="phClr"/></a:solidFill><a:solidFill><a:schemeClr val="phClr"/></a:solidFill>"#,
    r#"<a:solidFill><a:schemeClr val="phClr"/></a:solidFill></a:bgFillStyleLst></a:fmtScheme></a:themeElements>"#,
    r#"</a:theme>"#,
);
