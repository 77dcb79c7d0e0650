//! Takes out of a text what must not stand in a diagnostic record or a log: places, names, secrets, addresses, values.
//!
//! The rules run in one order, the greedy ones first. They cannot know what a free word means; so records that may leave the
//! machine are made of words that were written when Deskhand was (see [`crate::diagnostics`]), and what people type never reaches a
//! log but as its length.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexBuilder};

/// Bytes of a text that are looked at; the rest is left out, which is said.
const LOOKED_AT: usize = 8 * 1024;
/// Names that an installation gives, at most.
const NAMES: usize = 4_096;
/// Shorter names would take words out of every sentence.
const SHORTEST_NAME: usize = 3;

/// What was taken out, by rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys, tokens, passwords, headers.
    pub secrets: usize,
    /// Queries and fragments of addresses.
    pub addresses: usize,
    /// Paths.
    pub paths: usize,
    /// Names that people or organisations gave, e-mail addresses, hosts.
    pub names: usize,
    /// Addresses of the network.
    pub hosts: usize,
    /// Texts in quotation marks.
    pub quoted: usize,
    /// Texts of which only the beginning was kept.
    pub cut: usize,
}

impl Counts {
    /// The sum of two counts.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            secrets: self.secrets + other.secrets,
            addresses: self.addresses + other.addresses,
            paths: self.paths + other.paths,
            names: self.names + other.names,
            hosts: self.hosts + other.hosts,
            quoted: self.quoted + other.quoted,
            cut: self.cut + other.cut,
        }
    }
}

impl fmt::Display for Counts {
    /// What was taken out, in words; what was not is not named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.secrets, "secret", "secrets"),
            (self.addresses, "query of an address", "queries of addresses"),
            (self.paths, "path", "paths"),
            (self.names, "name", "names"),
            (self.hosts, "network address", "network addresses"),
            (self.quoted, "quoted value", "quoted values"),
            (self.cut, "end of a long line", "ends of long lines"),
        ];
        let mut told = counts.into_iter().filter(|(count, ..)| *count > 0);
        let Some((count, one, many)) = told.next() else {
            return f.write_str("nothing");
        };
        write!(f, "{count} {}", if count == 1 { one } else { many })?;
        told.try_for_each(|(count, one, many)| write!(f, ", {count} {}", if count == 1 { one } else { many }))
    }
}

/// What is known of this machine.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The home folders of this user, in every form.
    pub homes: Vec<String>,
    /// Where Deskhand is installed: paths in it become relative.
    pub install: Vec<String>,
    /// The login name, the host's name, and names that people or the organisation gave to folders, servers, plugins.
    pub names: Vec<String>,
    /// Words that were written when Deskhand was, and may stand in quotation marks: names of settings, the words that they take,
    /// commands.
    pub words: BTreeSet<String>,
}

/// The rules for one machine.
#[derive(Clone, Debug)]
pub struct Scrubber {
    homes: Vec<String>,
    install: Vec<String>,
    names: Option<Regex>,
    words: BTreeSet<String>,
}

impl Scrubber {
    /// The rules with what is known of this machine.
    pub fn new(known: Known) -> Self {
        let names = known
            .names
            .iter()
            .filter(|name| name.trim().chars().count() >= SHORTEST_NAME)
            .take(NAMES);
        let mut names: Vec<String> = names.map(|name| regex::escape(name.trim())).collect();
        // The longest first: a name may begin with another one.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let pattern = names.join("|");
        let names = RegexBuilder::new(&pattern)
            .case_insensitive(true)
            .size_limit(64 << 20)
            .build();
        Self {
            homes: folders(known.homes),
            install: folders(known.install),
            names: names.ok().filter(|_| !pattern.is_empty()),
            words: known.words,
        }
    }

    /// The text without what the rules take out.
    pub fn text(&self, text: &str) -> String {
        self.counted(text).0
    }

    /// The same, and how much each rule took out. Line by line: a rule that takes the rest takes the rest of a line.
    pub fn counted(&self, text: &str) -> (String, Counts) {
        let mut end = text.len().min(LOOKED_AT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut counts = Counts::default();
        let lines: Vec<String> = text[..end]
            .lines()
            .map(|line| self.line(line, &mut counts))
            .collect();
        let mut clean = lines.join("\n");
        if end < text.len() {
            counts.cut += 1;
            // Writing to a string cannot fail.
            let _ = write!(clean, " <{} more bytes>", text.len() - end);
        }
        (clean, counts)
    }

    /// A text that passed the rules when it was written, without names that became known since.
    pub fn names(&self, text: &str) -> (String, Counts) {
        let mut counts = Counts::default();
        let Some(names) = &self.names else {
            return (text.to_owned(), counts);
        };
        let text = replace(names, text, &mut counts.names, |_| REDACTED.to_owned()).into_owned();
        (text, counts)
    }

    /// The name of a source file, relative to the app; a file from elsewhere keeps its own name alone.
    pub fn frame(&self, file: &str) -> String {
        let plain = file.replace('\\', "/");
        for root in &self.install {
            if let Some(inside) = plain.strip_prefix(root.as_str()) {
                return inside.trim_start_matches('/').to_owned();
            }
        }
        // Where the compiler was told relative names, they are relative to the app already.
        let relative = !plain.starts_with('/') && !plain.contains(':') && !plain.contains("..");
        if relative && self.text(&plain) == plain {
            return plain;
        }
        plain
            .rsplit('/')
            .next()
            .map(|name| self.text(name))
            .unwrap_or_default()
    }

    fn line(&self, line: &str, counts: &mut Counts) -> String {
        let line = replace(&PEM, line, &mut counts.secrets, |_| REDACTED.to_owned());
        let line = replace(&URL, &line, &mut counts.addresses, bare_url);
        let line = replace(&HEADER, &line, &mut counts.secrets, |found| {
            format!("{}{REDACTED}", &found[1])
        });
        let line = replace(&SECRET, &line, &mut counts.secrets, |_| REDACTED.to_owned());
        let line = replace(&QUOTED, &line, &mut counts.quoted, |found| {
            self.unquoted(&found[0])
        });
        let line = replace(&PATH, &line, &mut counts.paths, |found| {
            format!("{}{}", &found[1], self.path(&found[2]))
        });
        let line = replace(&FILE, &line, &mut counts.paths, |_| "<file>".to_owned());
        let line = replace(&MAIL, &line, &mut counts.names, |_| "<email>".to_owned());
        let line = replace(&IP, &line, &mut counts.hosts, |_| "<address>".to_owned());
        let line = replace(&DENSE, &line, &mut counts.secrets, dense);
        match &self.names {
            Some(names) => replace(names, &line, &mut counts.names, |_| REDACTED.to_owned()).into_owned(),
            None => line.into_owned(),
        }
    }

    /// A text in quotation marks without its words, where they are none of ours. The mark at its end may be missing.
    fn unquoted(&self, text: &str) -> String {
        let mut letters = text.chars();
        let Some(open) = letters.next() else {
            return String::new();
        };
        let rest = letters.as_str();
        let inner = rest.strip_suffix(closing(open)).unwrap_or(rest);
        if OWN_WORDS.contains(&inner) || self.words.contains(inner) {
            return text.to_owned();
        }
        format!(
            "{open}{} characters{}",
            inner.chars().count(),
            &rest[inner.len()..]
        )
    }

    fn path(&self, path: &str) -> String {
        let plain = path.replace('\\', "/");
        if let Some(inside) = self.install.iter().find_map(|root| within(&plain, root)) {
            // Names of our own files; whoever put another one there named it.
            let own = inside
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
            return if own {
                inside.to_owned()
            } else {
                "<app>/<path>".to_owned()
            };
        }
        let at_home = self.homes.iter().any(|home| within(&plain, home).is_some());
        if at_home || HOME.is_match(&plain) {
            "<home>/<path>".to_owned()
        } else {
            "<path>".to_owned()
        }
    }
}

/// What takes the place of a secret or a name.
const REDACTED: &str = "<redacted>";

/// A method and a bare address: what may be told of a request.
pub fn bare(address: &str) -> String {
    let end = address.find(['?', '#', ' ', '\t', '\n']).unwrap_or(address.len());
    let address = &address[..end];
    match address.split_once("://") {
        // Names and passwords before the host are no part of a bare address.
        Some((scheme, rest)) => {
            let host_ends = rest.find('/').unwrap_or(rest.len());
            let host = rest[..host_ends].rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{}", &rest[host_ends..])
        }
        None => address.to_owned(),
    }
}

fn bare_url(found: &Captures<'_>) -> String {
    let address = bare(&found[0]);
    // A path may hold what was cut from the query elsewhere; of a path only its first step is kept.
    let (scheme, rest) = address.split_once("://").unwrap_or(("", &address));
    let mut steps = rest.split('/');
    let host = steps.next().unwrap_or_default();
    let host = if IP.is_match(host) { "<address>" } else { host };
    let more = if steps.any(|step| !step.is_empty()) {
        "/…"
    } else {
        ""
    };
    format!("{scheme}:{SLASHES}{host}{more}")
}

/// Two slashes that no rule after this one takes for a path.
const SLASHES: &str = "//";

/// The marks that end what this mark begins.
fn closing(open: char) -> &'static [char] {
    match open {
        '"' => &['"'],
        '`' => &['`'],
        '\'' => &['\''],
        '“' => &['”'],
        '‘' => &['’'],
        '«' => &['»'],
        '„' => &['“', '”'],
        _ => &[],
    }
}

/// Words in quotation marks that were written when Deskhand, or Rust, was: they are no values.
const OWN_WORDS: [&str; 9] = [
    "Option::unwrap()",
    "None",
    "Result::unwrap()",
    "Err",
    "Ok",
    "Some",
    "Option::expect()",
    "Result::expect()",
    "Self",
];

/// A long run of letters and digits without a word's look: a token, a hash, a key.
fn dense(found: &Captures<'_>) -> String {
    let run = &found[0];
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits >= 3 && letters >= 3 && !is_uuid(run) {
        REDACTED.to_owned()
    } else {
        run.to_owned()
    }
}

/// Ids of sessions and turns are UUIDs and say nothing.
fn is_uuid(run: &str) -> bool {
    let parts: Vec<usize> = run.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && run.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn folders(folders: Vec<String>) -> Vec<String> {
    let plain = folders
        .into_iter()
        .map(|folder| folder.replace('\\', "/").trim_end_matches('/').to_owned());
    plain
        .filter(|folder| !folder.is_empty() && Path::new(folder).components().count() > 1)
        .collect()
}

/// What of a path is below a folder; without regard to case, as some systems see it.
fn within<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let head = path.get(..folder.len())?;
    let rest = &path[folder.len()..];
    let below = rest.is_empty() || rest.starts_with('/');
    (below && head.eq_ignore_ascii_case(folder)).then(|| rest.trim_start_matches('/'))
}

fn replace<'a>(
    pattern: &Regex,
    text: &'a str,
    count: &mut usize,
    mut with: impl FnMut(&Captures<'_>) -> String,
) -> Cow<'a, str> {
    pattern.replace_all(text, |found: &Captures<'_>| {
        let new = with(found);
        *count += usize::from(new != found[0]);
        new
    })
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
fn pattern(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .build()
        .expect("a pattern that compiles")
}

static PEM: LazyLock<Regex> = LazyLock::new(|| pattern(r"-----BEGIN .*"));
static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r#"\b(?:https?|wss?|ftp|file)://[^\s"'`<>]*"#));
/// `Authorization: …`, `api_key=…`, `"password": "…"`, `--token …`: up to the end of the line.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"((?:authorization|x-api-key|api[-_ ]?key|apikey|passw(?:or)?d|passphrase|pwd|secret|credential|cookie|access[-_ ]?key|client[-_ ]?secret|session[-_ ]?token|token|private[-_ ]?key|signature)s?["'`]?\s*(?:[:=]|\s(?:is|was)\s)\s*).+"#,
    )
});
/// Tokens with a beginning of their own, and what follows a scheme of authentication.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(?:bearer|basic|negotiate)\s+\S+|\b(?:sk|pk|rk)[-_][\w-]{8,}|\b(?:gh[pousr]|github_pat|glpat|xox[abeprs])[-_][\w-]{8,}|\b(?:AKIA|ASIA|ABIA)[A-Z0-9]{12,}|\bAIza[\w-]{20,}|\bya29\.[\w.-]+|\beyJ[\w-]+(?:\.[\w-]*)*)",
    )
});
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?:"(?:\\.|[^"\\])*"?|`[^`]*`?|“[^”]*”?|‘[^’]*’?|«[^»]*»?|„[^“”]*[“”]?|\B'[^']*'?)"#)
});
/// An absolute path of any system, to the end of the line or to what cannot be in a path.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(^|[\s(\[{=,;:])((?:[a-z]:[\\/]|\\\\|~[\\/]|/[^\s/<])[^"`<>|\r\n]*)"#));
/// The home folder in the forms of the three systems, whoever's it is.
static HOME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:[a-z]:)?/(?:home|users)/|^~/|^/root\b"));
/// A name of a file with the ending of a document or of data.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[^\s/\\:*?<>|]+\.(?:xls[xmb]?|xlt[xm]?|ppt[xm]?|pot[xm]?|pps[xm]?|doc[xm]?|dot[xm]?|od[stp]|pdf|csv|tsv|txt|md|rtf|json|xml|ya?ml|zip|png|jpe?g|gif|webp|msg|eml|sqlite|db|log|py|js|ts|sh|ps1)\b",
    )
});
static MAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s@<>:,;()]+@[^\s@<>:,;()]+"));
static IP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\[?\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}\]?|\[?::[0-9a-f]{1,4}\b\]?|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b",
    )
});
static DENSE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z0-9_+=\-]{20,}"));

#[cfg(test)]
mod tests;
