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

/// Programs that run what they are told as a command: what that is, nobody reads here.
const RUNNERS: [&str; 16] = [
    "eval", "source", ".", "sh", "bash", "dash", "zsh", "xargs", "find", "timeout", "nice", "setsid",
    "python", "python3", "perl", "awk",
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
        // What stands in for other text may hide a separator.
        let hidden = line.contains(['`', '<']) || line.contains("$(");
        hidden
            || fits(line.trim())
            || line
                .split(SEPARATORS)
                .any(|part| read(part).is_none_or(|part| fits(&part)))
    }
}

/// A command without what stands before it; none where it cannot be told which program it is.
fn read(part: &str) -> Option<String> {
    let mut words = part.split_whitespace().peekable();
    while words
        .next_if(|word| BEFORE.contains(word) || is_assignment(word))
        .is_some()
    {}
    let Some(first) = words.next() else {
        return Some(String::new());
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._+-".contains(letter);
    let name = first.rsplit('/').next().unwrap_or(first);
    if !first.chars().all(plain) || RUNNERS.contains(&name) {
        return None;
    }
    let rest = words.map(|word| format!(" {word}"));
    Some(std::iter::once(name.to_owned()).chain(rest).collect())
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
            ("[", "ls", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(line), fits, "{pattern} {line:?}");
        }
    }
}
