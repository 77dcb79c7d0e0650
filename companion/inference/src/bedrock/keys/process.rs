//! The program of a profile (`credential_process`; AWS SDKs and Tools Reference Guide, "Process credential provider"). It is
//! started without a shell, as AWS's command line does it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use deskhand_platform::program::{self, ProgramError};

use super::error::AwsError;
use super::profile::{ProfileSettings, Whose};
use crate::Secret;
use crate::credential::{Credential, read_answer};

/// Bytes that it may print.
const PRINTED: usize = 64 * 1024;
/// Words that a command line may have.
const MOST: usize = 256;

/// Runs the program of a command line. One that is named without its folder is looked for in the settings' folders.
pub(super) async fn run(
    command: &Secret,
    settings: &ProfileSettings,
    now: SystemTime,
) -> Result<Credential, AwsError> {
    if settings.whose == Whose::Managed {
        return Err(AwsError::Program(
            "is not run: where the organisation manages the settings, it names the folder of such files (inferenceBedrockAwsDir)",
        ));
    }
    let words = words(command.expose(), cfg!(windows)).ok_or(AwsError::Program("is no command line"))?;
    let (name, arguments) = words
        .split_first()
        .ok_or(AwsError::Program("is no command line"))?;
    let mut path = found(name, &settings.folders).ok_or(AwsError::Program("is not there"))?;
    if settings.whose == Whose::Organisation {
        path = program::check(&path).map_err(|error| told(&error, settings.within))?;
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = program::run_with(&path, &arguments, &[], settings.within, PRINTED).await;
    let ran = ran.map_err(|error| told(&error, settings.within))?;
    if ran.code != Some(0) {
        return Err(AwsError::Failed(ran.code));
    }
    let printed = read_answer(&ran.output, true, now).map_err(AwsError::Printed)?;
    if printed.aws.is_none() {
        return Err(AwsError::Printed("it has no `Version` 1"));
    }
    Ok(printed)
}

fn told(error: &ProgramError, within: Duration) -> AwsError {
    match error {
        ProgramError::TimedOut => AwsError::TimedOut(within),
        ProgramError::TooLong => AwsError::Printed("it is longer than 64 KiB"),
        ProgramError::NotAbsolute => AwsError::Program("has no absolute path"),
        ProgramError::Missing => AwsError::Program("is not there"),
        ProgramError::Open(_) => AwsError::Program("is not run, because others could have changed it"),
        _ => AwsError::Program("is not started by the system"),
    }
}

/// The file of a program: as it is named, or in the first folder that has it.
fn found(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let named = Path::new(name);
    if named.is_absolute() {
        return Some(named.to_owned());
    }
    if named.components().count() != 1 {
        return None;
    }
    let endings: &[&str] = if cfg!(windows) { &["", ".exe"] } else { &[""] };
    let files = folders.iter().filter(|folder| folder.is_absolute());
    let mut files =
        files.flat_map(|folder| endings.iter().map(move |end| folder.join(format!("{name}{end}"))));
    files.find(|file| file.is_file())
}

/// The words of a command line: parted by blanks, kept together by quotation marks. A backslash takes the next character as it is,
/// but on Windows, where paths have them, only before a quotation mark. `None` where a quotation has no end.
fn words(command: &str, is_windows: bool) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars().peekable();
    while let Some(letter) = letters.next() {
        let escapes = letter == '\\'
            && quote != Some('\'')
            && letters.peek().is_some_and(|next| match (is_windows, quote) {
                (true, _) => *next == '"',
                (false, Some(_)) => matches!(next, '"' | '\\'),
                (false, None) => true,
            });
        match quote {
            _ if escapes => word.get_or_insert_default().extend(letters.next()),
            Some(open) if letter == open => quote = None,
            None if letter == '"' || letter == '\'' && !is_windows => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
        if words.len() > MOST {
            return None;
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_a_command_line_as_the_system_writes_it() {
        let unix: [(&str, Option<&[&str]>); 8] = [
            (
                "/opt/creds --user helen",
                Some(&["/opt/creds", "--user", "helen"]),
            ),
            ("\"/opt/my creds\" 'a b'c", Some(&["/opt/my creds", "a bc"])),
            (
                "/opt/a\\ b \"x\\\"y\\z\" '\\'",
                Some(&["/opt/a b", "x\"y\\z", "\\"]),
            ),
            ("  a \t '' ", Some(&["a", ""])),
            ("$(rm) `x` ; | &", Some(&["$(rm)", "`x`", ";", "|", "&"])),
            ("", Some(&[])),
            ("\"open", None),
            ("'open", None),
        ];
        for (line, wanted) in unix {
            assert_eq!(
                words(line, false).as_deref(),
                wanted
                    .map(|words| words.iter().map(ToString::to_string).collect::<Vec<_>>())
                    .as_deref(),
                "{line}"
            );
        }
        let windows = r#""C:\Program Files\x.exe" C:\a\b 'c \"d"#;
        assert_eq!(
            words(windows, true),
            Some(vec![
                r"C:\Program Files\x.exe".to_owned(),
                r"C:\a\b".to_owned(),
                "'c".to_owned(),
                "\"d".to_owned()
            ])
        );
    }

    #[test]
    fn a_program_without_its_folder_is_looked_for_where_it_may_be_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("creds"), "").expect("a file");
        let folders = [PathBuf::from("relative"), folder.path().to_owned()];
        assert_eq!(found("creds", &folders), Some(folder.path().join("creds")));
        for name in ["other", "../creds", "./creds", "x/creds", ""] {
            assert_eq!(found(name, &folders), None, "{name}");
        }
    }
}
