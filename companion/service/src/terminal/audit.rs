//! `deskhand audit …`: checks, shows and gives out the audit. It is read beside the service, which so has no say in what is
//! found; that it was done is recorded through the service where one runs.

mod verdict;

use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use deskhand_platform::{Paths, SecretStore};
use deskhand_protocol::audit::{AuditNote, ExportFormat};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method, SessionId, UserError};
use deskhand_storage::{AuditReader, AuditRecord, MasterKey};
use deskhand_trail::{Actor, Content, Entry, Machine, Query, Trail, export, read_anchors};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::client::join;
use super::sessions::{print, print_json};
use super::when;
use crate::audit::{format_of, hostname, of_note, user};
use crate::clock::now;
use crate::log::told;
use crate::options::{AuditCommand, AuditExport, AuditFormat};
use crate::serve::{master_key, open_secrets, open_store};
use crate::settings::Settings;

/// Bytes of a file that is compared with a content; no content that is recorded is larger.
const MAX_COMPARED: u64 = 64 << 20;

/// The audit of this user, with what it takes to record that it was read.
struct Opened<'a> {
    paths: &'a Paths,
    secrets: SecretStore,
    settings: Settings,
    reader: AuditReader,
}

/// `deskhand audit …`
pub(crate) async fn audit(paths: &Paths, command: AuditCommand, json: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    let settings = Settings::load(paths, &secrets)?;
    let key = MasterKey::new(master_key(&secrets)?);
    let reader = AuditReader::open(paths.data(), settings.organisation, key).map_err(|error| told(&error))?;
    let Some(reader) = reader else {
        print("There is no audit: Deskhand has not run here.")?;
        return Ok(ExitCode::SUCCESS);
    };
    let opened = Opened {
        paths,
        secrets,
        settings,
        reader,
    };
    match command {
        AuditCommand::Verify { anchors } => Box::pin(opened.verify(anchors.as_deref(), json)).await,
        AuditCommand::Show {
            number: None, last, ..
        } => opened.newest(last, json),
        AuditCommand::Show {
            number: Some(number),
            compare,
            ..
        } => opened.show(number, compare, json),
        AuditCommand::Export(wanted) => Box::pin(opened.export(&wanted)).await,
    }
}

impl Opened<'_> {
    async fn verify(self, anchors: Option<&Path>, json: bool) -> anyhow::Result<ExitCode> {
        let anchors = match anchors {
            Some(path) => {
                let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
                read_anchors(BufReader::new(file)).with_context(|| format!("reading {}", path.display()))?
            }
            None => Vec::new(),
        };
        let verdict = self.reader.verify(anchors).map_err(|error| told(&error))?;
        if json {
            print_json(&verdict::json(&verdict))?;
        } else {
            verdict::lines(&verdict).iter().try_for_each(|line| print(line))?;
        }
        let note = AuditNote::Verified {
            records: verdict.records,
            faults: verdict::faults(&verdict),
            anchors: verdict.anchors.agreed,
        };
        Box::pin(self.note(note)).await?;
        Ok(if verdict.holds() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn newest(&self, last: u64, json: bool) -> anyhow::Result<ExitCode> {
        let head = self.reader.last().map_err(|error| told(&error))?;
        let after = head.saturating_sub(last.min(10_000));
        let records = self.reader.records(after, 10_000).map_err(|error| told(&error))?;
        if json {
            let values: Vec<_> = records.iter().map(value).collect();
            print_json(&values)?;
        } else if records.is_empty() {
            print("The audit has no records.")?;
        } else {
            records.iter().try_for_each(|record| print(&line(record)))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, number: u64, compare: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
        let after = number.saturating_sub(1);
        let found = self.reader.records(after, 1).map_err(|error| told(&error))?;
        let Some(record) = found.into_iter().find(|record| record.number == number) else {
            return Err(UserError::new(ErrorCode::BadRequest)
                .happened(format!("The audit has no record {number}."))
                .into());
        };
        let fits = match compare {
            Some(path) => Some(self.compare(&record, &path)?),
            None => None,
        };
        let mut value = value(&record);
        if let (Some(fits), Some(fields)) = (fits, value.as_object_mut()) {
            fields.insert("contentFits".to_owned(), fits.into());
        }
        if json {
            print_json(&value)?;
        } else {
            for (name, field) in value.as_object().into_iter().flatten() {
                let text = field.as_str().map_or_else(|| field.to_string(), str::to_owned);
                print(&format!("{name:<14} {text}"))?;
            }
        }
        Ok(match fits {
            Some(false) => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        })
    }

    /// True where the file holds the content that a record speaks of.
    fn compare(&self, record: &AuditRecord, path: &Path) -> anyhow::Result<bool> {
        let mut content = Vec::new();
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        file.take(MAX_COMPARED).read_to_end(&mut content)?;
        let fits = self
            .reader
            .is_content(record, &content)
            .map_err(|error| told(&error))?;
        let gone = || {
            let sentence = if record.content.is_some() {
                "The session of this record was deleted, and the key of its contents with it."
            } else {
                "This record speaks of no content."
            };
            UserError::new(ErrorCode::BadRequest).happened(sentence)
        };
        Ok(fits.ok_or_else(gone)?)
    }

    async fn export(self, wanted: &AuditExport) -> anyhow::Result<ExitCode> {
        let format = match wanted.format {
            AuditFormat::Jsonl => ExportFormat::Jsonl,
            AuditFormat::Csv => ExportFormat::Csv,
            AuditFormat::Ocsf => ExportFormat::Ocsf,
        };
        let query = Query {
            format: format_of(format),
            after: wanted.after,
            since: wanted.since.as_deref().map(time_of).transpose()?,
            session: wanted.session,
            content: wanted.content,
        };
        let machine = Machine { hostname: hostname() };
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let records = export(&self.reader, &query, &machine, &mut out);
        let records = records.map_err(|error| match error {
            deskhand_trail::ExportError::Store(error) => anyhow::Error::from(told(&error)),
            deskhand_trail::ExportError::Write(error) => error.into(),
        })?;
        out.flush()?;
        drop(out);
        let note = AuditNote::Exported {
            format,
            records,
            session: wanted
                .session
                .map(|session| SessionId::from_text(session.to_string())),
        };
        Box::pin(self.note(note)).await?;
        Ok(ExitCode::SUCCESS)
    }

    /// Records that the audit was read: through the service, or beside none.
    async fn note(self, note: AuditNote) -> anyhow::Result<()> {
        if let Some((_, mut client)) = join(self.paths).await? {
            let _: Nothing = client.call(Method::AuditNote, note).await?;
            return Ok(());
        }
        drop(self.reader);
        let store = open_store(self.paths, &self.secrets, &self.settings)?;
        let trail = Trail::new(store, &user(), Content::Hashed);
        let written = trail.write(now(), Actor::Terminal, None, of_note(note)).await;
        Ok(written.map_err(|error| told(&error))?)
    }
}

/// A record for programs.
fn value(record: &AuditRecord) -> serde_json::Value {
    let mut value = serde_json::json!({ "number": record.number, "at": record.at });
    let entry = match Entry::parse(&record.record) {
        Entry::Known(record) => serde_json::to_value(record).unwrap_or_default(),
        Entry::Other(value) => value,
    };
    match (entry, value.as_object_mut()) {
        (serde_json::Value::Object(entry), Some(fields)) => fields.extend(entry),
        (other, Some(fields)) => drop(fields.insert("text".to_owned(), other)),
        (_, None) => {}
    }
    if let Some(mark) = record.content {
        value["contentLength"] = mark.length.into();
        value["contentKept"] = mark.kept.into();
    }
    value
}

/// A record on one line.
fn line(record: &AuditRecord) -> String {
    let mut value = value(record);
    let mut take = |name: &str| match value.as_object_mut().and_then(|fields| fields.shift_remove(name)) {
        Some(serde_json::Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let [kind, by, session] = ["type", "by", "session"].map(&mut take);
    for known in ["number", "at", "v", "user"] {
        take(known);
    }
    let number = record.number;
    let when = when(record.at);
    format!("{number:>7}  {when}  {by:<10}  {kind:<20}  {session:<36}  {value}")
}

/// A day or a time, in Unix milliseconds.
fn time_of(text: &str) -> anyhow::Result<i64> {
    let day =
        Date::parse(text, format_description!("[year]-[month]-[day]")).map(|day| day.midnight().assume_utc());
    let time = day.or_else(|_| OffsetDateTime::parse(text, &Rfc3339));
    let time = time.with_context(|| {
        format!("`{text}` is neither a day (2026-03-01) nor a time (2026-03-01T14:05:00Z)")
    })?;
    Ok((time.unix_timestamp_nanos() / 1_000_000) as i64)
}

#[cfg(test)]
mod tests {
    use super::time_of;

    #[test]
    fn days_and_times_are_read() {
        for (text, at) in [
            ("1970-01-02", 86_400_000),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01T00:00:01.5Z", 1_500),
        ] {
            assert_eq!(time_of(text).expect(text), at);
        }
        for text in ["", "yesterday", "2026-13-01", "1970-01-01T00:00:00"] {
            assert!(time_of(text).is_err(), "{text}");
        }
    }
}
