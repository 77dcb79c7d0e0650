//! What the organisation says of tools and permissions, in the form in which the agent asks it. Made of the policy once,
//! asked at one place: [`crate::permission::decide`].

use deskhand_operations::Effect;
use deskhand_policy::hosts::Host;
pub use deskhand_policy::types::{AccessPolicies, Label};
use deskhand_policy::types::{ToolAction, ToolNames, ToolRule, ToolRules};
use deskhand_policy::{Encoding, Invalid, PolicyValue as _};
use deskhand_protocol::permission::CommandRequest;
use globset::{GlobBuilder, GlobMatcher};

use crate::tool::{
    BASH_OUTPUT_TOOL, BASH_TOOL, DIRECTORY_TOOL, FETCH_TOOL, FileSubject, FolderTool, Prepared, SEARCH_TOOL,
    paper_tool,
};

mod command;

/// The rules in force.
#[derive(Clone, Debug)]
pub struct Rules {
    disabled: ToolNames,
    asks: Vec<AskRule>,
    act: bool,
    lasting: bool,
}

#[derive(Clone, Debug)]
struct AskRule {
    text: String,
    tool: String,
    about: About,
}

#[derive(Clone, Debug)]
enum About {
    /// Whatever the call is about.
    Any,
    /// Files by their paths.
    Files(GlobMatcher),
    /// A host on the web, in lower case, and those below it.
    Host(String),
    /// Commands of the sandbox.
    Command(command::Pattern),
}

/// What a call is about, as far as rules may name it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The file on disk.
    pub file: Option<&'a FileSubject>,
    /// The host on the web.
    pub host: Option<&'a str>,
    /// What runs in the sandbox.
    pub command: Option<&'a CommandRequest>,
}

impl<'a> Subject<'a> {
    /// What a prepared call is about.
    pub fn of(prepared: &'a Prepared) -> Self {
        Self {
            file: prepared.file.as_ref(),
            host: prepared.web.as_ref().map(|web| web.host.as_str()),
            command: prepared.command.as_ref(),
        }
    }
}

impl<'a> From<&'a FileSubject> for Subject<'a> {
    fn from(file: &'a FileSubject) -> Self {
        Self {
            file: Some(file),
            ..Self::default()
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            disabled: ToolNames::default(),
            asks: Vec::new(),
            act: true,
            lasting: true,
        }
    }
}

/// What the rules say of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Silent,
    /// A person is asked each time, because of this rule as it is written.
    Asks(String),
    /// There is no such tool here: this name is switched off.
    Disabled(String),
}

impl Rules {
    /// Makes them of what the policy says. A pattern that cannot be read fits everything: it was written to be asked.
    pub fn new(disabled: &[String], rules: &ToolRules) -> Self {
        let asks = rules.0.iter().filter(|(_, action)| **action == ToolAction::Ask);
        Self {
            disabled: ToolNames(disabled.to_vec()),
            asks: asks.map(|(rule, _)| AskRule::new(rule)).collect(),
            ..Self::default()
        }
    }

    /// Rules that ask, as an administrator writes them: `{"Edit(**/*.env)": "ask"}`.
    pub fn asking(rules: &serde_json::Value) -> Result<Self, Invalid> {
        ToolRules::parse(rules, Encoding::Json).map(|rules| Self::new(&[], &rules))
    }

    /// The same, with the mode that acts without asking open or closed.
    #[must_use]
    pub fn with_act(self, act: bool) -> Self {
        Self { act, ..self }
    }

    /// The same, with answers that last taken and counted, or neither.
    #[must_use]
    pub fn with_lasting(self, lasting: bool) -> Self {
        Self { lasting, ..self }
    }

    /// Whether the mode that acts without asking is open.
    pub fn lets_act(&self) -> bool {
        self.act
    }

    /// Whether an answer may last, and those that were given to last count.
    pub fn lets_last(&self) -> bool {
        self.lasting
    }

    /// True where a model is offered the tool. A document tool whose file tool is switched off is still there for documents
    /// that are open in Office.
    pub fn offers(&self, tool: &str) -> bool {
        let also = FolderTool::of_name(tool)
            .and_then(FolderTool::part_of)
            .map(FolderTool::name);
        let also = also.or((tool == BASH_OUTPUT_TOOL).then_some(BASH_TOOL));
        let also = also.or_else(|| paper_tool(tool).map(FolderTool::name));
        let reads = paper_tool(tool).map(|_| FolderTool::Read.name());
        let mut parts = [Some(tool), also, reads].into_iter().flatten();
        !parts.any(|part| self.is_disabled(part))
    }

    /// What they say of a call: of the tool by its name, and of the file tool that it stands for where it works on a file.
    pub fn verdict(&self, tool: &str, effect: Effect, subject: Subject<'_>) -> Verdict {
        let names = names(tool, effect, subject.file.is_some());
        if let Some(name) = names.iter().find(|name| self.is_disabled(name)) {
            return Verdict::Disabled((*name).to_owned());
        }
        let fits = |rule: &&AskRule| {
            rule.is_for(&names) && rule.about.fits(subject)
                || subject
                    .command
                    .is_some_and(|command| rule.is_within_reach(command))
        };
        let asking = self.asks.iter().find(fits);
        asking.map_or(Verdict::Silent, |rule| Verdict::Asks(rule.text.clone()))
    }

    /// What a command of the sandbox may do with the folders of a session: as much as the tools for files may, for a program
    /// could do the same. `None` where it sees none; else true where it only reads.
    pub fn folders_of_commands(&self) -> Option<bool> {
        let off = |tool: FolderTool| self.is_disabled(tool.name());
        let changes = [FolderTool::Edit, FolderTool::Write, FolderTool::Delete];
        (!off(FolderTool::Read)).then(|| changes.into_iter().any(off))
    }

    /// True for a file that a rule asks about before it is read: a search cannot ask, so it leaves the file out.
    pub fn keeps_from_searches(&self, file: &FileSubject) -> bool {
        let asks = |rule: &AskRule| rule.is_for(&["Read"]) && rule.about.fits(file.into());
        self.asks.iter().any(asks)
    }

    fn is_disabled(&self, name: &str) -> bool {
        self.disabled.has(name)
    }
}

/// The names under which a call is known to administrators.
fn names(tool: &str, effect: Effect, on_disk: bool) -> Vec<&str> {
    let stands_for = match FolderTool::of_name(tool) {
        Some(tool) => tool.part_of(),
        // To ask for a folder is neither to read nor to write in it.
        None if tool == BASH_OUTPUT_TOOL => return vec![tool, BASH_TOOL],
        None if let Some(tool) = paper_tool(tool) => Some(tool),
        None if !on_disk || tool == DIRECTORY_TOOL => None,
        None if effect == Effect::Read => Some(FolderTool::Read),
        None => Some(FolderTool::Edit),
    };
    std::iter::once(tool)
        .chain(stands_for.map(FolderTool::name))
        .collect()
}

impl AskRule {
    fn new(rule: &ToolRule) -> Self {
        let about = rule.pattern.as_ref().map_or(About::Any, |pattern| {
            if let Some(host) = pattern.strip_prefix("domain:") {
                let is_command = rule.tool.eq_ignore_ascii_case(BASH_TOOL);
                // No command has a host: it was written to be asked.
                return if is_command { About::Any } else { About::host(host) };
            }
            if rule.tool.eq_ignore_ascii_case(BASH_TOOL) {
                return About::Command(command::Pattern::new(pattern));
            }
            // No file is behind these tools: a pattern of paths was written to be asked.
            if [FETCH_TOOL, SEARCH_TOOL]
                .iter()
                .any(|tool| tool.eq_ignore_ascii_case(&rule.tool))
            {
                return About::Any;
            }
            About::files(pattern)
        });
        Self {
            text: rule.text(),
            tool: rule.tool.clone(),
            about,
        }
    }

    /// True where a command could do what the rule asks about: nobody can read out of a command which files it will touch.
    fn is_within_reach(&self, command: &CommandRequest) -> bool {
        let files = FolderTool::ALL.map(FolderTool::name);
        let (of_files, of_web) = match (self.tool.as_str(), &self.about) {
            ("*", About::Files(_)) => (true, false),
            ("*", About::Host(_)) => (false, true),
            ("*", _) => (false, false),
            (tool, _) => (self.is_for(&files), tool.eq_ignore_ascii_case(FETCH_TOOL)),
        };
        of_files && !command.folders.is_empty() || of_web && !command.hosts.is_empty()
    }

    fn is_for(&self, names: &[&str]) -> bool {
        self.tool == "*" || names.iter().any(|name| name.eq_ignore_ascii_case(&self.tool))
    }
}

impl About {
    fn files(pattern: &str) -> Self {
        let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
        let built = GlobBuilder::new(pattern)
            .case_insensitive(true)
            .literal_separator(true)
            .build();
        built.map_or(Self::Any, |glob| Self::Files(glob.compile_matcher()))
    }

    fn host(pattern: &str) -> Self {
        let pattern = pattern.trim();
        let pattern = pattern.strip_prefix("*.").unwrap_or(pattern);
        let host = Host::parse(pattern).filter(|_| !pattern.contains('*'));
        // What is no host, or one with a port, asks about every page rather than about none.
        host.map_or(Self::Any, |host| Self::Host(host.to_string()))
    }

    fn fits(&self, subject: Subject<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Files(glob) => subject.file.is_some_and(|file| fits_file(glob, file)),
            Self::Command(pattern) => subject
                .command
                .is_none_or(|command| pattern.fits(&command.command)),
            Self::Host(asked) => subject.host.is_some_and(|host| {
                let above = host.strip_suffix(asked.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }),
        }
    }
}

/// By the whole path, by the path below the attached folder, and by the name where the pattern is a name.
fn fits_file(glob: &GlobMatcher, file: &FileSubject) -> bool {
    let whole = file.path.replace('\\', "/");
    let below = file
        .folder
        .as_ref()
        .and_then(|folder| whole.strip_prefix(&folder.replace('\\', "/")))
        .map(|below| below.trim_start_matches('/'));
    let name = whole.rsplit('/').next().unwrap_or_default();
    let mut forms = [Some(whole.trim_start_matches('/')), below, Some(name)]
        .into_iter()
        .flatten();
    forms.any(|form| glob.is_match(form))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tool::{CONVERT_TOOL, MEMORY_TOOL, RENDER_TOOL};

    fn rules(disabled: &[&str], asks: &Value) -> Rules {
        let disabled: Vec<String> = disabled.iter().map(|name| (*name).to_owned()).collect();
        Rules::new(&disabled, &ToolRules::parse(asks, Encoding::Json).expect("rules"))
    }

    fn file(path: &str) -> FileSubject {
        FileSubject {
            path: path.to_owned(),
            folder: Some("/srv/plans".to_owned()),
        }
    }

    #[test]
    fn every_tool_that_can_be_taken_away_is_named_where_administrators_read_of_it() {
        let row = deskhand_policy::definition("disabledBuiltinTools").expect("a row");
        let others = [
            DIRECTORY_TOOL,
            FETCH_TOOL,
            SEARCH_TOOL,
            MEMORY_TOOL,
            BASH_TOOL,
            RENDER_TOOL,
            CONVERT_TOOL,
        ];
        for tool in FolderTool::ALL.map(FolderTool::name).into_iter().chain(others) {
            assert!(
                row.doc.contains(&format!("`{tool}`")),
                "{tool} is not in the list"
            );
            let none = rules(&[&tool.to_uppercase()], &json!({}));
            assert!(!none.offers(tool), "{tool} stays");
        }
    }

    #[test]
    fn to_draw_is_to_read_and_to_convert_is_to_write() {
        let plan = file("/srv/plans/a.xls");
        for (tool, effect, disabled, rule) in [
            (RENDER_TOOL, Effect::Read, "Read", "Read(**/*.xls)"),
            (CONVERT_TOOL, Effect::Add, "Write", "Write(**/*.xls)"),
        ] {
            let off = rules(&[disabled], &json!({}));
            assert!(!off.offers(tool), "{tool} stays without {disabled}");
            let verdict = off.verdict(tool, effect, (&plan).into());
            assert_eq!(verdict, Verdict::Disabled(disabled.to_owned()));
            let asks = rules(&[], &json!({ rule: "ask" })).verdict(tool, effect, (&plan).into());
            assert_eq!(asks, Verdict::Asks(rule.to_owned()));
            let other = if disabled == "Read" { "Write" } else { "Glob" };
            assert!(rules(&[other], &json!({})).offers(tool), "{other}");
            assert!(
                !rules(&["Read"], &json!({})).offers(tool),
                "what is drawn or converted is read"
            );
        }
    }

    #[test]
    fn a_rule_fits_files_by_whole_path_by_the_path_below_the_folder_and_by_name() {
        for (rule, path, fits) in [
            ("Edit", "/srv/plans/a.txt", true),
            ("edit", "/srv/plans/a.txt", true),
            ("*", "/srv/plans/a.txt", true),
            ("Edit(**/*.env)", "/srv/plans/a/b/prod.env", true),
            ("Edit(**/*.env)", "/srv/plans/prod.ENV", true),
            ("Edit(*.env)", "/srv/plans/a/prod.env", true),
            ("Edit(/srv/plans/**)", "/srv/plans/a/prod.env", true),
            ("Edit(./secret/*)", "/srv/plans/secret/a.txt", true),
            ("Edit(secret/*)", "/srv/plans/public/a.txt", false),
            ("Edit(**/*.env)", "/srv/plans/a.txt", false),
            ("Read(**/*.env)", "/srv/plans/prod.env", false),
            ("Edit([)", "/srv/plans/a.txt", true),
        ] {
            let verdict =
                rules(&[], &json!({ rule: "ask" })).verdict("Edit", Effect::Change, (&file(path)).into());
            assert_eq!(verdict != Verdict::Silent, fits, "{rule} {path}");
        }
    }

    #[test]
    fn a_rule_fits_the_web_by_the_host_and_a_pattern_of_paths_asks_about_every_page() {
        for (rule, tool, host, fits) in [
            ("WebFetch", FETCH_TOOL, "example.com", true),
            ("webfetch(domain:example.com)", FETCH_TOOL, "example.com", true),
            (
                "WebFetch(domain:Example.COM.)",
                FETCH_TOOL,
                "wiki.example.com",
                true,
            ),
            (
                "WebFetch(domain:*.example.com)",
                FETCH_TOOL,
                "a.b.example.com",
                true,
            ),
            (
                "WebFetch(domain:example.com)",
                FETCH_TOOL,
                "notexample.com",
                false,
            ),
            (
                "WebFetch(domain:example.com)",
                FETCH_TOOL,
                "example.com.example.org",
                false,
            ),
            ("WebFetch(domain:*)", FETCH_TOOL, "example.com", true),
            ("WebFetch(domain:)", FETCH_TOOL, "example.com", true),
            (
                "WebFetch(domain:example.org:8443)",
                FETCH_TOOL,
                "example.com",
                true,
            ),
            (
                "WebFetch(domain:bücher.example)",
                FETCH_TOOL,
                "xn--bcher-kva.example",
                true,
            ),
            ("WebFetch(domain:0x7f.1)", FETCH_TOOL, "127.0.0.1", true),
            ("WebFetch(https://example.org/*)", FETCH_TOOL, "example.com", true),
            ("WebSearch(**/*.env)", SEARCH_TOOL, "search.example.org", true),
            ("*(domain:example.org)", SEARCH_TOOL, "search.example.org", true),
            ("Read(domain:example.com)", FETCH_TOOL, "example.com", false),
        ] {
            let subject = Subject {
                host: Some(host),
                ..Subject::default()
            };
            let verdict = rules(&[], &json!({ rule: "ask" })).verdict(tool, Effect::Read, subject);
            assert_eq!(verdict != Verdict::Silent, fits, "{rule} {host}");
        }
        let on_disk = file("/srv/plans/a.txt");
        let verdict = rules(&[], &json!({ "*(domain:example.org)": "ask" }));
        let verdict = verdict.verdict("Edit", Effect::Change, (&on_disk).into());
        assert_eq!(verdict, Verdict::Silent, "a file is no host");
    }

    #[test]
    fn a_document_on_disk_goes_with_the_file_tools_and_an_open_one_does_not() {
        let no_edit = rules(&["Edit"], &json!({}));
        let on_disk = file("/srv/plans/a.xlsx");
        let disabled = Verdict::Disabled("Edit".to_owned());
        assert_eq!(
            no_edit.verdict("range_write", Effect::Change, (&on_disk).into()),
            disabled
        );
        assert_eq!(
            no_edit.verdict("range_write", Effect::Change, Subject::default()),
            Verdict::Silent
        );
        assert_eq!(
            no_edit.verdict("range_read", Effect::Read, (&on_disk).into()),
            Verdict::Silent
        );
        assert!(no_edit.offers("range_write") && !no_edit.offers("Edit"));
        let no_write = rules(&["write"], &json!({}));
        assert!(!no_write.offers("Delete") && !no_write.offers("Write") && no_write.offers("Edit"));
        let off = Verdict::Disabled("Write".to_owned());
        assert_eq!(no_write.verdict("Delete", Effect::Remove, (&on_disk).into()), off);
        assert_eq!(
            no_write.verdict("document_create", Effect::Add, (&on_disk).into()),
            off
        );
        let no_read = rules(&["Read"], &json!({}));
        assert!(!no_write.offers("document_create") && !no_read.offers("document_open"));
        assert_eq!(
            no_read.verdict("document_open", Effect::Read, (&on_disk).into()),
            Verdict::Disabled("Read".to_owned())
        );
    }

    #[test]
    fn what_is_asked_about_before_it_is_read_stays_out_of_searches() {
        let asks = rules(&[], &json!({ "Read(**/*.env)": "ask", "Edit(**/*.md)": "ask" }));
        assert!(asks.keeps_from_searches(&file("/srv/plans/a/prod.env")));
        assert!(!asks.keeps_from_searches(&file("/srv/plans/a/notes.md")));
    }

    #[test]
    fn allow_takes_no_question_away() {
        let both = rules(&[], &json!({ "Edit": "ask", "Edit(**/*.md)": "allow" }));
        let verdict = both.verdict("Edit", Effect::Change, (&file("/srv/plans/a.md")).into());
        assert_eq!(verdict, Verdict::Asks("Edit".to_owned()));
    }
}
