//! The sandbox as tools of the agent, beside those that there are.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::instructions::as_data;
use deskhand_core::model::ToolDefinition;
use deskhand_core::papers::Papers;
use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::{
    Ask, BASH_OUTPUT_TOOL, BASH_TOOL, CONVERT_TOOL, Prepared, RENDER_TOOL, ToolFailure, ToolRequest,
    ToolResult,
};
use deskhand_operations::Effect;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::{AskReason, CommandFolder, CommandRequest};
use deskhand_protocol::{CommandId, SessionId};
use deskhand_vm_host::{Ended, Job, RunOutput, SandboxError};
use tokio::time::Instant;

use crate::answer::{How, append_changes, failure, left, not_started, result, stopped_early, trouble, whole};
use crate::call::{self, Bash, BashOutput};
use crate::collected::{Collected, Live};
use crate::commands::{Attended, Begun, ENDS, tell_end};
use crate::fault;
use crate::journal::{Key, Ran};
use crate::machine::{Machine, Shown};
use crate::machines::{Machines, Place};
use crate::paper_calls;
use crate::paper_tools::asks_libre_office;
use crate::terms::limits;
use crate::told;

/// How often it is looked whether a person stopped the turn, and what a command wrote is shown.
const HEED: Duration = Duration::from_millis(200);
/// Hosts that a question names.
const MAX_HOSTS: usize = 30;

/// The tools that there are, with those of the sandbox.
#[derive(Clone)]
pub struct SandboxTools {
    others: Arc<dyn Tools>,
    pub(crate) machines: Machines,
    pub(crate) papers: Option<Arc<dyn Papers>>,
}

impl fmt::Debug for SandboxTools {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SandboxTools");
        shown.field("machines", &self.machines).finish_non_exhaustive()
    }
}

impl SandboxTools {
    /// Puts them beside `others`.
    pub fn new(others: Arc<dyn Tools>, machines: Machines) -> Self {
        Self {
            others,
            machines,
            papers: None,
        }
    }

    /// The same with documents that are drawn and converted.
    #[must_use]
    pub fn with_papers(self, papers: Arc<dyn Papers>) -> Self {
        Self {
            papers: Some(papers),
            ..self
        }
    }

    async fn prepare_command(&self, request: &ToolRequest) -> Result<Prepared, ToolFailure> {
        let bash = Bash::of(&request.input).map_err(|why| failure(&why))?;
        let inner = self.machines.inner();
        let shown = inner.shown(&request.session);
        let begun = inner.records().get(&request.session, &Key::of(request)).await;
        // One that was begun before a restart was answered then, and is not begun again.
        let begun = begun.map_err(|error| trouble(&error))?.is_some();
        if !begun && shown.iter().any(|shown| shown.writable) {
            // Without room for the way back nothing is changed (Invariant 6).
            inner.journal.room().await.map_err(|error| trouble(&error))?;
        }
        let mut hosts = inner.hosts();
        let more_hosts = hosts.len().saturating_sub(MAX_HOSTS) as u32;
        hosts.truncate(MAX_HOSTS);
        let command = CommandRequest {
            seconds: (bash.time() / 1000) as u32,
            background: bash.background,
            command: bash.command,
            folders: shown.iter().map(folder_of).collect(),
            hosts,
            more_hosts,
        };
        Ok(Prepared {
            effect: Effect::Change,
            document: None,
            file: None,
            ask: (!begun).then(|| ask(&command)),
            directory: None,
            web: None,
            command: Some(command),
        })
    }

    async fn run_command(
        &self,
        request: &ToolRequest,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ToolFailure> {
        let bash = Bash::of(&request.input).map_err(|why| failure(&why))?;
        let (inner, session) = (self.machines.inner(), &request.session);
        let key = Key::of(request);
        let begun = inner.records().get(session, &key).await;
        let mut place = tokio::select! {
            biased;
            () = stopped(progress) => return Ok(stopped_early()),
            place = self.machines.place(session) => place,
        };
        if let Some(ran) = begun.map_err(|error| trouble(&error))? {
            return self.interrupted(request, key, ran).await;
        }
        let machine = tokio::select! {
            biased;
            () = stopped(progress) => return Ok(stopped_early()),
            machine = self.ready(request, &mut place) => machine?,
        };
        if bash.background && !machine.jobs.has_room() {
            return Err(failure(
                "as many commands as there may be were left to run: look after them with BashOutput",
            ));
        }
        let begun = inner.begin_call(request, machine).await;
        begun.map_err(|error| trouble(&error))?;
        let started = machine.start(&bash.command, limits(bash.time())).await;
        let job = match started {
            Ok(job) => job,
            Err(error) => {
                let changed = inner.end_call(request, machine).await;
                return Ok(not_started(&error, changed.map_err(|error| trouble(&error))?));
            }
        };
        if bash.background {
            self.leave(request, &bash, job, machine).await
        } else {
            self.attend(request, &bash, job, machine, progress).await
        }
    }

    /// What is known of a command that has just begun.
    fn begun(&self, request: &ToolRequest, bash: &Bash, machine: &Machine) -> Begun {
        let surroundings = &self.machines.inner().surroundings;
        Begun {
            id: CommandId::new(surroundings.now(), surroundings.chance()),
            call: request.call.clone(),
            at: surroundings.now(),
            folders: machine.sees(),
            command: bash.command.clone(),
        }
    }

    /// Leaves a command to run.
    async fn leave(
        &self,
        request: &ToolRequest,
        bash: &Bash,
        job: Job,
        machine: &mut Machine,
    ) -> Result<ToolResult, ToolFailure> {
        let (inner, session) = (self.machines.inner(), &request.session);
        let begun = (self.begun(request, bash, machine), (bash.time() / 1000) as u32);
        let leaving = machine.jobs.leave(begun, job, session, &inner.surroundings);
        let (number, running) = leaving.await;
        if let Some(by) = inner.must_end(session, machine) {
            running.end(by);
        }
        let changed = inner.end_call(request, machine).await;
        Ok(left(number, changed.map_err(|error| trouble(&error))?, machine))
    }

    /// Waits for a command.
    async fn attend(
        &self,
        request: &ToolRequest,
        bash: &Bash,
        job: Job,
        machine: &mut Machine,
        progress: &dyn Progress,
    ) -> Result<ToolResult, ToolFailure> {
        let (inner, session) = (self.machines.inner(), &request.session);
        let attended = machine.jobs.attend(self.begun(request, bash, machine));
        if let Some(by) = inner.must_end(session, machine) {
            attended.running.end(by);
        }
        let mut output = Collected::default();
        let ended = follow(job, progress, &mut output, &attended).await;
        machine.used = Instant::now();
        let changed = inner.end_call(request, machine).await;
        let by = attended.running.ended_by();
        if by.is_some() {
            tell_end(&attended.running, &ended, session, &inner.surroundings).await;
        }
        let changed = changed.map_err(|error| trouble(&error))?;
        let how = How::of(&ended, by, progress.is_cancelled());
        Ok(result(&ended, &how, &output, changed, machine))
    }

    /// The session's machine with its folders, as they are now.
    async fn ready<'a>(
        &self,
        request: &ToolRequest,
        place: &'a mut Place,
    ) -> Result<&'a mut Machine, ToolFailure> {
        let (inner, session) = (self.machines.inner(), &request.session);
        if place.is_none() {
            inner.recover(session, Some(&Key::of(request))).await;
        }
        let machine = self.machines.machine(session, place).await;
        let machine = machine.map_err(|error| fault::of_call(&error))?;
        let mut shown = inner.shown(session);
        if let Some(asked) = &request.command {
            // What a person was not asked about stays outside, also where it was attached meanwhile.
            shown.retain_mut(|shown| is_asked(asked, shown));
        }
        let showing = machine
            .show(&shown, |folder| inner.journal_of(session, folder))
            .await;
        inner.keep_cuts(session, machine);
        showing.map_err(|error| fault::of_call(&error))?;
        if inner.must_end(session, machine).is_some() {
            return Err(failure("what may be changed was taken back meanwhile"));
        }
        Ok(machine)
    }

    /// A command that ran when the service ended: it is not run again, and what it changed can be undone.
    async fn interrupted(
        &self,
        request: &ToolRequest,
        key: Key,
        ran: Ran,
    ) -> Result<ToolResult, ToolFailure> {
        let inner = self.machines.inner();
        let changed = inner.settle_from_journal(&request.session, key, ran).await;
        let changed = changed.map_err(|error| trouble(&error))?;
        let mut output =
            "Deskhand was started again while this command ran, which ended it. It was not run again."
                .to_owned();
        append_changes(&mut output, changed.as_ref());
        let mut result = ToolResult::new(ToolOutcome::Failed, "Cut off by a restart", output);
        result.change_set = changed;
        Ok(result)
    }

    async fn look_after(&self, request: &ToolRequest) -> Result<ToolResult, ToolFailure> {
        let asked = BashOutput::of(&request.input).map_err(|why| failure(&why))?;
        let (inner, session) = (self.machines.inner(), &request.session);
        let mut place = self.machines.place(session).await;
        let jobs = inner.commands_of(session);
        let Some(number) = asked.job else {
            let list = jobs.list();
            let none = list.is_empty();
            let told = if none {
                "No command was left to run.".to_owned()
            } else {
                as_data("commands", &list)
            };
            let title = if none { "Nothing runs" } else { "Looked what runs" };
            return Ok(ToolResult::new(ToolOutcome::Done, title, told));
        };
        if asked.stop && jobs.stop(number) {
            jobs.ended(number).await;
        }
        let Some((state, output)) = jobs.tell(number) else {
            return Err(failure(&format!("there is no job {number}")));
        };
        if let Some(machine) = place.as_mut() {
            let told = inner.look(session, machine).await;
            told.map_err(|error| trouble(&error))?;
        }
        let output = format!(
            "Job {number}: {state}.\n{}",
            as_data("output of the command", &output)
        );
        let mut result = ToolResult::new(ToolOutcome::Done, format!("Job {number}: {state}"), output);
        result.tier = place.as_ref().map(Machine::tier);
        Ok(result)
    }
}

impl Tools for SandboxTools {
    fn definitions(&self) -> Vec<ToolDefinition> {
        let mut definitions = self.others.definitions();
        definitions.extend(call::definitions());
        if self.has_papers() {
            definitions.extend(paper_calls::definitions());
        }
        definitions
    }

    fn prepare<'a>(
        &'a self,
        request: &'a ToolRequest,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        match request.name.as_str() {
            BASH_TOOL => Box::pin(self.prepare_command(request)),
            BASH_OUTPUT_TOOL => Box::pin(async {
                Ok(Prepared {
                    effect: Effect::Read,
                    document: None,
                    file: None,
                    ask: None,
                    directory: None,
                    web: None,
                    command: None,
                })
            }),
            RENDER_TOOL | CONVERT_TOOL => Box::pin(self.prepare_paper(request)),
            _ => self.others.prepare(request, progress),
        }
    }

    fn run<'a>(&'a self, request: &'a ToolRequest, progress: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        match request.name.as_str() {
            BASH_TOOL => Box::pin(async move { whole(self.run_command(request, progress).await) }),
            BASH_OUTPUT_TOOL => Box::pin(async move { whole(self.look_after(request).await) }),
            RENDER_TOOL | CONVERT_TOOL => Box::pin(self.run_paper(request, progress)),
            _ if asks_libre_office(request) => Box::pin(self.run_beside(request, progress, &*self.others)),
            _ => self.others.run(request, progress),
        }
    }

    fn context<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, String> {
        Box::pin(async move {
            let mut told = self.others.context(session).await;
            told.push_str(&self.machines.inner().context(session));
            told
        })
    }
}

fn folder_of(shown: &Shown) -> CommandFolder {
    CommandFolder {
        path: shown.folder.path().display().to_string(),
        read_only: !shown.writable,
    }
}

fn ask(command: &CommandRequest) -> Ask {
    let changes = command.folders.iter().any(|folder| !folder.read_only);
    let scope = match (command.folders.is_empty(), changes) {
        (true, _) => "It sees no file of this computer.",
        (false, false) => {
            "It reads these folders and changes nothing in them. It sees nothing else of this computer."
        }
        (false, true) => {
            "What it changes in these folders can be undone. It sees nothing else of this computer."
        }
    };
    Ask {
        reason: AskReason::Runs,
        question: "Run this command in the sandbox?".to_owned(),
        scope: scope.to_owned(),
        rows: Vec::new(),
        total: 1,
        risks: Vec::new(),
    }
}

/// What came of a command: output until it ends, a person stops it, or its machine is gone.
async fn follow(
    mut job: Job,
    progress: &dyn Progress,
    output: &mut Collected,
    attended: &Attended,
) -> Result<Ended, SandboxError> {
    let mut live = Live::default();
    let mut looks = tokio::time::interval(HEED);
    let mut stopping: Option<Instant> = None;
    let ended = loop {
        tokio::select! {
            next = job.next() => match next {
                Ok(Some(RunOutput::Out(bytes) | RunOutput::Err(bytes))) => {
                    output.push(&bytes);
                    live.push(&bytes);
                    attended.running.wrote(&bytes);
                }
                Ok(Some(RunOutput::Started(_))) => {}
                Ok(Some(RunOutput::Ended(ended))) => break Ok(ended),
                Ok(None) => break Err(told::machine_ended()),
                Err(error) => break Err(error),
            },
            () = attended.running.to_end(), if stopping.is_none() => {
                stopping = Some(Instant::now());
                job.ask_to_stop();
            }
            _ = looks.tick() => {
                if let Some(text) = live.take() {
                    progress.output(text);
                }
                match stopping {
                    None if progress.is_cancelled() => {
                        stopping = Some(Instant::now());
                        job.ask_to_stop();
                    }
                    // A guest that does not end what it is told to end is ended.
                    Some(since) if since.elapsed() > ENDS => job.end_machine(),
                    _ => {}
                }
            }
        }
    };
    if let Some(text) = live.take() {
        progress.output(text);
    }
    ended
}

pub(crate) async fn stopped(progress: &dyn Progress) {
    while !progress.is_cancelled() {
        tokio::time::sleep(HEED).await;
    }
}

/// True for a folder that a person was asked about; as far as they were.
fn is_asked(asked: &CommandRequest, shown: &mut Shown) -> bool {
    let path = shown.folder.path().display().to_string();
    let known = asked.folders.iter().find(|folder| folder.path == path);
    shown.writable &= known.is_some_and(|folder| !folder.read_only);
    known.is_some()
}
