//! Patterns of commands, as administrators write them: `curl *`, `git push:*`.
//!
//! They ask, and nothing else: a command may be written in a thousand ways, so whatever cannot be read for certain fits every
//! pattern. What a program may do is decided by the sandbox.

use globset::{GlobBuilder, GlobMatcher};

/// What separates the commands of a line, and what begins another one inside.
const SEPARATORS: [char; 10] = [';', '|', '&', '\n', '\r', '(', ')', '{', '}', '!'];

/// Words in front of a command that are not the command.
const BEFORE: [&str; 14] = [
    "then", "do", "else", "elif", "if", "while", "until", "time", "exec", "command", "builtin", "nohup",
    "env", "sudo",
];

/// Where the system has its programs: what lies elsewhere may be a script of anything.
const PLACES: [&str; 3] = ["/usr/bin/", "/bin/", "/usr/sbin/"];

/// Programs that do what their name says and start no other that is not named here, as far as a line shows. Any other may run
/// anything: what that is, nobody reads here.
const KNOWN: [&str; 44] = [
    "basename", "cat", "cd", "chmod", "cmp", "comm", "cp", "cut", "date", "df", "diff", "dirname", "done",
    "du", "echo", "expr", "false", "fi", "file", "git", "grep", "head", "jq", "ls", "mkdir", "mv", "nl",
    "paste", "printf", "pwd", "rg", "rm", "rmdir", "seq", "sort", "stat", "tail", "test", "touch", "tr",
    "true", "uniq", "wc", "which",
];

/// A pattern of commands.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Option<GlobMatcher>);

impl Pattern {
    /// A pattern that cannot be read fits everything: it was written to be asked.
    pub(super) fn new(pattern: &str) -> Self {
        let pattern = pattern.trim();
        // The way in which other products write a prefix.
        let pattern = pattern
            .strip_suffix(":*")
            .map_or_else(|| pattern.to_owned(), |prefix| format!("{prefix}*"));
        // The star of commands goes over everything.
        let built = GlobBuilder::new(&pattern).literal_separator(false).build();
        Self(built.ok().map(|glob| glob.compile_matcher()))
    }

    /// True where a command of the line fits, or may fit.
    pub(super) fn fits(&self, line: &str) -> bool {
        let Some(glob) = &self.0 else { return true };
        let fits = |part: &str| glob.is_match(part) || glob.is_match(format!("{part} "));
        let may_fit = |part: &str| {
            read(part).is_none_or(|(name, part)| fits(&part) || !(name.is_empty() || KNOWN.contains(&name)))
        };
        // What stands in for other text may hide a separator.
        let hidden = line.contains(['`', '<']) || line.contains("$(");
        hidden || fits(line.trim()) || line.split(SEPARATORS).any(may_fit)
    }
}

/// The name of the program, and the command without what stands before it; none where that cannot be told.
fn read(part: &str) -> Option<(&str, String)> {
    let mut words = part.split_whitespace().peekable();
    let mut led = false;
    while let Some(word) = words.next_if(|word| BEFORE.contains(word) || is_assignment(word)) {
        led |= !is_assignment(word);
    }
    let Some(first) = words.next() else {
        return Some(("", String::new()));
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._+-".contains(letter);
    let place = PLACES.into_iter().find(|place| first.starts_with(place));
    let name = first.strip_prefix(place.unwrap_or_default()).unwrap_or(first);
    // An option of what stands before it, and a program that lies elsewhere, may lead to anything.
    if !first.chars().all(plain) || name.contains('/') || led && name.starts_with('-') {
        return None;
    }
    let rest = words.map(|word| format!(" {word}"));
    Some((name, std::iter::once(name.to_owned()).chain(rest).collect()))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_a_command_wherever_it_stands_in_the_line_and_whatever_cannot_be_read() {
        for (pattern, line, fits) in [
            ("curl *", "curl https://example.com", true),
            ("curl *", "curl", true),
            ("curl *", "ls && curl -s https://example.com | head", true),
            ("curl *", "if true; then curl x; fi", true),
            ("curl *", "(cd /mnt; curl x)", true),
            ("curl *", "A=1 curl x", true),
            ("curl *", "/usr/bin/curl x", true),
            ("curl *", "sudo env A=1 curl x", true),
            ("curl *", "ls -la /mnt", false),
            ("curl *", "echo curl x", false),
            ("curl *", "", false),
            ("git push:*", "git push origin", true),
            ("git push:*", "git pull", false),
            // What cannot be read.
            ("curl *", "c\"\"url x", true),
            ("curl *", "$C x", true),
            ("curl *", "sh -c 'curl x'", true),
            ("curl *", "echo `curl x`", true),
            ("curl *", "echo $(curl x)", true),
            ("curl *", "python3 get.py", true),
            ("curl *", "xargs curl < list", true),
            ("curl *", "cat <<E\ncurl\nE", true),
            ("curl *", "A=$(curl x) ls", true),
            ("curl *", "env -i curl x", true),
            ("curl *", "command -p curl x", true),
            ("curl *", "coproc curl x", true),
            ("curl *", "trap 'curl x' EXIT", true),
            ("curl *", "stdbuf -o0 curl x", true),
            ("curl *", "/tmp/script", true),
            ("curl *", "for a in 1 2; do ls $a; done", true),
            ("curl *", "time ls; cat a | sort -u > b", false),
            ("[", "ls", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(line), fits, "{pattern} {line:?}");
        }
    }
}
