//! What a document holds that acts by itself, or leads elsewhere when it is opened: looked at where a document comes from a place
//! that is not trusted.

use deskhand_core::instructions::as_data;
use deskhand_opc::xml::Tree;
use deskhand_opc::{Limits, Package, PackageError, Target};

/// What no document that is taken holds, by the last segment of a relationship's type (ECMA-376 part 1, MS-OFFMACRO2, MS-OFFDI).
const REFUSED: [(&str, &str); 12] = [
    ("vbaProject", "macros"),
    ("wordVbaData", "macros"),
    ("xlMacrosheet", "macros"),
    ("xlIntlMacrosheet", "macros"),
    ("dialogsheet", "macros"),
    ("keyMapCustomizations", "macros"),
    ("attachedToolbars", "macros"),
    ("control", "controls"),
    ("activeXControlBinary", "controls"),
    ("attachedTemplate", "a template elsewhere"),
    ("connections", "connections to data elsewhere"),
    ("customUI", "commands of its own"),
];
/// Types of content that act, in lower case.
const ACTING: [&str; 4] = ["vbaproject", "macroenabled", "macrosheet", "activex"];
/// Fields that ask another program (ECMA-376 part 1, 17.16.5).
const ASKING: [&str; 2] = ["DDE", "DDEAUTO"];

/// Why a document is not taken.
pub(crate) enum Refused {
    Unreadable(PackageError),
    Holds(&'static str),
}

impl Refused {
    /// In words for the model: some may be of the document.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Unreadable(error) => as_data("what came of it", &error.to_string()),
            Self::Holds(what) => format!("it holds {what}"),
        }
    }
}

impl From<PackageError> for Refused {
    fn from(error: PackageError) -> Self {
        Self::Unreadable(error)
    }
}

/// Reads a package and refuses one that acts; answers it with how many places elsewhere it names but for links that a person
/// follows.
pub(crate) fn inert(content: Vec<u8>) -> Result<(Package, usize), Refused> {
    let package = Package::open(content, &Limits::default())?;
    let (types, mut elsewhere) = (package.content_types()?, 0);
    let parts: Vec<String> = package.parts().map(str::to_owned).collect();
    let sources = parts.iter().map(String::as_str).chain([""]);
    for source in sources {
        let kind = types.of(source).unwrap_or_default().to_ascii_lowercase();
        let name = source.to_ascii_lowercase();
        if ACTING
            .iter()
            .any(|acts| kind.contains(acts) || name.contains(acts))
        {
            return Err(Refused::Holds("macros or controls"));
        }
        for relationship in package.relationships(source)? {
            let found = REFUSED.iter().find(|(kind, _)| relationship.is(kind));
            if let Some((_, what)) = found {
                return Err(Refused::Holds(what));
            }
            let leads_away = matches!(&relationship.target, Target::External(to) if !to.starts_with('#'));
            elsewhere += usize::from(leads_away && !relationship.is("hyperlink"));
        }
        let is_text = kind.ends_with("xml");
        if is_text && (name.contains("externallink") || name.starts_with("word/")) {
            asks_no_program(&package, source)?;
        }
    }
    Ok((package, elsewhere))
}

/// Refuses links and fields that ask another program.
fn asks_no_program(package: &Package, part: &str) -> Result<(), Refused> {
    let content = package.part(part)?;
    let tree = Tree::parse(part, &content, package.limits())?;
    let asks = |code: &str| {
        let name = code.split_whitespace().next().unwrap_or_default();
        ASKING.iter().any(|asking| name.eq_ignore_ascii_case(asking))
    };
    // The words of a field may be spread over several elements; marks stand between two fields.
    let mut code = String::new();
    for node in tree.root().descendants() {
        let found = match node.local() {
            "ddeLink" => true,
            "fldSimple" => node.prefixed("instr").is_some_and(|code| asks(&code)),
            "instrText" => {
                code.push_str(&node.text());
                asks(&code)
            }
            "fldChar" => {
                code.clear();
                false
            }
            _ => false,
        };
        if found {
            return Err(Refused::Holds("links to other programs"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

    /// A document with this body, and these relationships of its main part.
    fn document(kind: &str, body: &str, relationships: &[(&str, &str)]) -> Vec<u8> {
        let related = |list: &[(&str, &str)]| {
            let rows = list.iter().enumerate().map(|(number, (kind, rest))| {
                format!(r#"<Relationship Id="r{number}" Type="{OFFICE}/{kind}" {rest}/>"#)
            });
            let rows: String = rows.collect();
            format!(
                r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>"#
            )
        };
        let types = format!(
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="bin" ContentType="{kind}"/><Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>"#
        );
        let main = format!(r#"<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>"#);
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in [
            ("[Content_Types].xml", types),
            (
                "_rels/.rels",
                related(&[("officeDocument", r#"Target="word/document.xml""#)]),
            ),
            ("word/document.xml", main),
            ("word/_rels/document.xml.rels", related(relationships)),
            ("word/data.bin", "x".to_owned()),
        ] {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(name, options).expect("a part");
            std::io::Write::write_all(&mut zip, content.as_bytes()).expect("a part");
        }
        zip.finish().expect("a package").into_inner()
    }

    fn told(content: Vec<u8>) -> String {
        match inert(content) {
            Ok((_, elsewhere)) => format!("taken, {elsewhere} elsewhere"),
            Err(refused) => refused.told(),
        }
    }

    #[test]
    fn what_acts_is_refused_by_its_kind_whatever_its_part_is_called() {
        let plain = "application/octet-stream";
        let part = r#"Target="data.bin""#;
        let away = r#"Target="http://192.0.2.1/x" TargetMode="External""#;
        for (kind, relationship, expected) in [
            (plain, ("image", part), "taken, 0 elsewhere"),
            (plain, ("hyperlink", away), "taken, 0 elsewhere"),
            (plain, ("image", away), "taken, 1 elsewhere"),
            (plain, ("oleObject", away), "taken, 1 elsewhere"),
            (plain, ("vbaProject", part), "it holds macros"),
            (plain, ("control", part), "it holds controls"),
            (plain, ("attachedTemplate", away), "it holds a template elsewhere"),
            (
                plain,
                ("connections", part),
                "it holds connections to data elsewhere",
            ),
            (
                "application/vnd.ms-office.vbaProject",
                ("image", part),
                "it holds macros or controls",
            ),
            (
                "application/vnd.ms-office.activeX",
                ("image", part),
                "it holds macros or controls",
            ),
        ] {
            let content = document(kind, "", &[relationship]);
            assert_eq!(told(content), expected, "{kind} {relationship:?}");
        }
    }

    #[test]
    fn a_field_that_asks_another_program_is_refused_however_it_is_written() {
        let run = |inner: &str| format!("<w:p><w:r>{inner}</w:r></w:p>");
        let begin = r#"<w:fldChar w:fldCharType="begin"/>"#;
        for (body, taken) in [
            (
                run(&format!(
                    "{begin}<w:instrText> DDEAUTO cmd \"/c calc\"</w:instrText>"
                )),
                false,
            ),
            (
                run(&format!(
                    "{begin}<w:instrText>D</w:instrText><w:instrText>&#68;E a b</w:instrText>"
                )),
                false,
            ),
            (run(r#"<w:fldSimple w:instr="dde a b"/>"#), false),
            (
                run(&format!("{begin}<w:instrText> HYPERLINK \"ADDED\"</w:instrText>")),
                true,
            ),
            (
                run(&format!(
                    "{begin}<w:instrText>PAGE</w:instrText>{begin}<w:instrText>ADDED</w:instrText>"
                )),
                true,
            ),
            (run("<w:t>DDEAUTO is a field</w:t>"), true),
        ] {
            let found = told(document("application/octet-stream", &body, &[]));
            let expected = if taken {
                "taken, 0 elsewhere"
            } else {
                "it holds links to other programs"
            };
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_package_is_told_as_data() {
        assert!(told(b"PK".to_vec()).contains("<document-data"));
    }
}
