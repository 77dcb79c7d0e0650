//! Which files are documents, told by their names.

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `.xlsx`, `.xlsm`, `.xltx`.
    Workbook,
    /// `.pptx`, `.pptm`, `.potx`.
    Deck,
    /// `.docx`, `.docm`.
    Text,
    /// `.csv`, `.tsv`.
    Table,
    /// `.xls`, `.xlsb`, `.ods`.
    OldSheets,
    /// `.pdf`.
    Pdf,
    /// `.txt`, `.md`, `.json`, `.xml`.
    Plain,
}

impl FileKind {
    /// The kind that a name tells; none for other files, hidden ones and the side files of other programs.
    pub fn of_name(name: &str) -> Option<Self> {
        if name.starts_with(['.', '~']) {
            return None;
        }
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "xlsx" | "xlsm" | "xltx" => Some(Self::Workbook),
            "pptx" | "pptm" | "potx" => Some(Self::Deck),
            "docx" | "docm" => Some(Self::Text),
            "csv" | "tsv" => Some(Self::Table),
            "xls" | "xlsb" | "ods" => Some(Self::OldSheets),
            "pdf" => Some(Self::Pdf),
            "txt" | "md" | "json" | "xml" => Some(Self::Plain),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_by_their_names() {
        let cases = [
            ("Revenue.XLSX", Some(FileKind::Workbook)),
            ("a.b.pptm", Some(FileKind::Deck)),
            ("data.csv", Some(FileKind::Table)),
            ("old.XLS", Some(FileKind::OldSheets)),
            ("~$Revenue.xlsx", None),
            (".~lock.Revenue.xlsx#", None),
            (".hidden.xlsx", None),
            ("xlsx", None),
            ("a.exe", None),
        ];
        for (name, kind) in cases {
            assert_eq!(FileKind::of_name(name), kind, "{name}");
        }
    }
}
