//! The commands of a session that run: those that calls wait for, and those that were left to run in the background. All can be
//! listed and ended; what those in the background write is gathered, and their end is told in the session's log.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deskhand_core::line::one_line;
use deskhand_protocol::command::{BackgroundCommand, CommandEnd, RunningCommand};
use deskhand_protocol::permission::CommandFolder;
use deskhand_protocol::{CallId, CommandId, SessionId, Timestamp};
use deskhand_vm_host::{Ended, Job, RunOutput, SandboxError};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::collected::{Collected, plain};
use crate::surroundings::Surroundings;
use crate::told;

/// Commands of one session that may run in the background at once.
const MOST: usize = 16;
/// Commands that ended in the background and whose end was not told yet; the oldest are forgotten.
const UNTOLD: usize = 16;
/// How often it is looked whether one has ended.
const LOOKS: Duration = Duration::from_millis(50);
/// How long a command that was told to end is waited for, before its machine is ended.
pub(crate) const ENDS: Duration = Duration::from_secs(5);
/// Bytes of the output in which the last line is looked for.
const LAST: usize = 1_024;
/// Characters of the last line.
const LINE: usize = 200;

/// The commands of one session, also where its machines come and go.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    all: Mutex<BTreeMap<CommandId, Arc<Running>>>,
    /// The number of the last one that was left to run.
    last: Mutex<u32>,
}

/// What is known of a command from its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) id: CommandId,
    pub(crate) call: CallId,
    pub(crate) command: String,
    pub(crate) folders: Vec<CommandFolder>,
    pub(crate) at: Timestamp,
}

/// A command that runs, or whose end was not told yet.
#[derive(Debug)]
pub(crate) struct Running {
    begun: Begun,
    /// What the model calls it, for one in the background.
    number: Option<u32>,
    seen: Mutex<Seen>,
    stop: Notify,
    /// Who wanted it to end first.
    by: Mutex<Option<CommandEnd>>,
}

#[derive(Debug, Default)]
struct Seen {
    output: Collected,
    bytes: u64,
    last: VecDeque<u8>,
    /// True from its end on, also while that is being told.
    over: bool,
    ended: Option<Result<Ended, SandboxError>>,
}

impl Seen {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.last
            .extend(bytes.iter().skip(bytes.len().saturating_sub(LAST)));
        let over = self.last.len().saturating_sub(LAST);
        self.last.drain(..over);
    }

    /// The last line with words in it. A program that draws over its line is shown as it drew last.
    fn last_line(&self) -> String {
        let bytes: Vec<u8> = self.last.iter().copied().collect();
        let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).rev();
        let line = lines.map(|line| one_line(&plain(line)));
        let line = line
            .map(|line| line.trim().to_owned())
            .find(|line| !line.is_empty());
        line.unwrap_or_default().chars().take(LINE).collect()
    }
}

impl Running {
    /// Has it end. Who asks first did it.
    pub(crate) fn end(&self, by: CommandEnd) {
        lock(&self.by).get_or_insert(by);
        self.stop.notify_one();
    }

    /// Waits until it is to end.
    pub(crate) async fn to_end(&self) {
        self.stop.notified().await;
    }

    /// Who had it end; nobody where it ended by itself.
    pub(crate) fn ended_by(&self) -> Option<CommandEnd> {
        *lock(&self.by)
    }

    /// Takes note of what it wrote, for who looks on.
    pub(crate) fn wrote(&self, bytes: &[u8]) {
        lock(&self.seen).push(bytes);
    }

    pub(crate) fn id(&self) -> &CommandId {
        &self.begun.id
    }

    /// True until its end is in the log.
    fn runs(&self) -> bool {
        lock(&self.seen).ended.is_none()
    }

    fn is_over(&self) -> bool {
        lock(&self.seen).over
    }

    fn shown(&self) -> RunningCommand {
        let seen = lock(&self.seen);
        RunningCommand {
            id: self.begun.id.clone(),
            number: self.number,
            call: self.begun.call.clone(),
            command: self.begun.command.clone(),
            folders: self.begun.folders.clone(),
            started_at: self.begun.at,
            output_bytes: seen.bytes,
            last_line: seen.last_line(),
        }
    }
}

/// A command that a call waits for. It is listed until this is dropped.
#[derive(Debug)]
pub(crate) struct Attended {
    pub(crate) running: Arc<Running>,
    commands: Arc<Commands>,
}

impl Drop for Attended {
    fn drop(&mut self) {
        self.commands.all().remove(&self.running.begun.id);
    }
}

impl Commands {
    /// True where one more may be left to run.
    pub(crate) fn has_room(&self) -> bool {
        let all = self.all();
        let left = all.values().filter(|one| one.number.is_some() && one.runs());
        left.count() < MOST
    }

    /// True while one runs in the background.
    pub(crate) fn is_busy(&self) -> bool {
        self.all().values().any(|one| one.number.is_some() && one.runs())
    }

    /// True for one that runs here, or whose end is not in the log yet.
    pub(crate) fn knows(&self, id: &CommandId) -> bool {
        self.all().contains_key(id)
    }

    /// Takes note of a command that a call waits for.
    pub(crate) fn attend(self: &Arc<Self>, begun: Begun) -> Attended {
        Attended {
            running: self.add(begun, None),
            commands: Arc::clone(self),
        }
    }

    /// Takes a command over that is left to run; it ends with its machine at the latest. It is in the log when this answers.
    pub(crate) async fn leave(
        &self,
        (begun, seconds): (Begun, u32),
        job: Job,
        session: &SessionId,
        surroundings: &Arc<dyn Surroundings>,
    ) -> (u32, Arc<Running>) {
        let number = {
            let mut last = lock(&self.last);
            *last = last.saturating_add(1);
            *last
        };
        let running = self.add(begun.clone(), Some(number));
        let left = BackgroundCommand {
            id: begun.id,
            number,
            call: begun.call,
            command: begun.command,
            folders: begun.folders,
            seconds,
        };
        surroundings.left(session, left).await;
        let (session, surroundings) = (session.clone(), Arc::clone(surroundings));
        tokio::spawn(look_after(job, Arc::clone(&running), session, surroundings));
        (number, running)
    }

    fn add(&self, begun: Begun, number: Option<u32>) -> Arc<Running> {
        let running = Arc::new(Running {
            begun,
            number,
            seen: Mutex::default(),
            stop: Notify::new(),
            by: Mutex::default(),
        });
        let mut all = self.all();
        let ended = all.values().filter(|one| !one.runs());
        let mut ended: Vec<_> = ended.map(|one| (one.number, one.begun.id.clone())).collect();
        ended.sort_unstable();
        for (_, old) in ended.iter().take((ended.len() + 1).saturating_sub(UNTOLD)) {
            all.remove(old);
        }
        all.insert(running.begun.id.clone(), Arc::clone(&running));
        running
    }

    /// Those that run, for a person, the oldest first.
    pub(crate) fn running(&self) -> Vec<RunningCommand> {
        let all = self.all();
        let mut running: Vec<_> = all
            .values()
            .filter(|one| !one.is_over())
            .map(|one| one.shown())
            .collect();
        running.sort_by_key(|one| one.started_at);
        running
    }

    /// Has one end; false where it does not run.
    pub(crate) fn end(&self, id: &CommandId, by: CommandEnd) -> bool {
        let found = self.all().get(id).filter(|one| !one.is_over()).cloned();
        found.inspect(|one| one.end(by)).is_some()
    }

    /// Has all of them end.
    pub(crate) fn end_all(&self, by: CommandEnd) {
        let all = self.all();
        all.values().filter(|one| one.runs()).for_each(|one| one.end(by));
    }

    /// The machine is about to end: so do they, and this is who ended them.
    pub(crate) fn end_with_machine(&self, by: CommandEnd) {
        for one in self.all().values().filter(|one| one.runs()) {
            lock(&one.by).get_or_insert(by);
        }
    }

    /// Those in the background, a line each.
    pub(crate) fn list(&self) -> String {
        let all = self.all();
        let mut left: Vec<_> = all.values().filter_map(|one| Some((one.number?, one))).collect();
        left.sort_unstable_by_key(|(number, _)| *number);
        let line = |(number, one): (u32, &Arc<Running>)| {
            let command = told::first_line(&one.begun.command);
            format!("job {number}: {}: {command}", state(one))
        };
        left.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// How a job stands and what it wrote since it was last asked; `None` where there is no such job. One whose end is told is
    /// forgotten.
    pub(crate) fn tell(&self, number: u32) -> Option<(String, String)> {
        let found = self.job(number)?;
        let state = state(&found);
        let mut seen = lock(&found.seen);
        let mut output = std::mem::take(&mut seen.output).text();
        let ended = seen.ended.clone();
        drop(seen);
        if let Some(ended) = ended {
            self.all().remove(found.id());
            told::add_reason(&mut output, &ended);
        }
        Some((state, output))
    }

    /// Has a job of the background end, for the agent; false where there is none that runs.
    pub(crate) fn stop(&self, number: u32) -> bool {
        let found = self.job(number).filter(|one| one.runs());
        found.inspect(|one| one.end(CommandEnd::Agent)).is_some()
    }

    /// Waits until a job has ended, and its machine where it does not.
    pub(crate) async fn ended(&self, number: u32) {
        let Some(found) = self.job(number) else { return };
        wait_for(ENDS * 2, || !found.runs()).await;
    }

    /// Waits until none runs in the background, at most for so long.
    pub(crate) async fn all_ended(&self, most: Duration) {
        wait_for(most, || !self.is_busy()).await;
    }

    fn job(&self, number: u32) -> Option<Arc<Running>> {
        let all = self.all();
        all.values().find(|one| one.number == Some(number)).cloned()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<CommandId, Arc<Running>>> {
        lock(&self.all)
    }
}

/// How a command stands, in a few words of ours.
fn state(one: &Running) -> String {
    let seen = lock(&one.seen);
    let Some(ended) = &seen.ended else {
        return "runs".to_owned();
    };
    let words = one.ended_by().and_then(CommandEnd::words);
    words.map_or_else(|| told::end(ended), str::to_owned)
}

async fn wait_for(most: Duration, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + most;
    while !condition() && Instant::now() < deadline {
        tokio::time::sleep(LOOKS).await;
    }
}

/// Gathers what a command writes until it ends. That it ended is in the log before anybody is told.
async fn look_after(
    mut job: Job,
    running: Arc<Running>,
    session: SessionId,
    surroundings: Arc<dyn Surroundings>,
) {
    let mut deadline: Option<Instant> = None;
    let ended = loop {
        let output = tokio::select! {
            output = job.next() => output,
            () = running.to_end() => {
                deadline.get_or_insert_with(|| Instant::now() + ENDS);
                job.ask_to_stop();
                continue;
            }
            () = until(deadline) => {
                // A guest that does not end what it is told to end is ended.
                job.end_machine();
                deadline = None;
                continue;
            }
        };
        match output {
            Ok(Some(RunOutput::Out(bytes) | RunOutput::Err(bytes))) => {
                let mut seen = lock(&running.seen);
                seen.push(&bytes);
                seen.output.push(&bytes);
            }
            Ok(Some(RunOutput::Started(_))) => {}
            Ok(Some(RunOutput::Ended(ended))) => break Ok(ended),
            Ok(None) => break Err(told::machine_ended()),
            Err(error) => break Err(error),
        }
    };
    lock(&running.seen).over = true;
    tell_end(&running, &ended, &session, &surroundings).await;
    lock(&running.seen).ended = Some(ended);
}

/// Has the log say that a command ended, and who ended it.
pub(crate) async fn tell_end(
    running: &Running,
    ended: &Result<Ended, SandboxError>,
    session: &SessionId,
    surroundings: &Arc<dyn Surroundings>,
) {
    let by = running.ended_by().unwrap_or(CommandEnd::Itself);
    let (id, call) = (running.begun.id.clone(), running.begun.call.clone());
    surroundings
        .ended(session, (id, call), by, told::end(ended))
        .await;
}

/// Waits until a time; for ever where there is none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(id: &str, at: Timestamp) -> Begun {
        Begun {
            id: CommandId::from_text(id),
            call: CallId::from_text("call"),
            command: "make all".to_owned(),
            folders: Vec::new(),
            at,
        }
    }

    #[test]
    fn the_last_line_is_one_line_of_plain_words_however_much_is_written() {
        for (written, expected) in [
            ("", ""),
            ("one\ntwo\n\n  \n", "two"),
            ("one\nhalf", "half"),
            (" 10 %\r 20 %\r", "20 %"),
            ("\u{1b}[31mred\u{1b}[0m\n", "red"),
        ] {
            let mut seen = Seen::default();
            seen.push(written.as_bytes());
            assert_eq!(seen.last_line(), expected, "{written:?}");
        }
        let mut seen = Seen::default();
        seen.push(b"beginning\n");
        seen.push(&vec![b'a'; 1_000_000]);
        assert_eq!(seen.last_line(), "a".repeat(LINE));
        assert_eq!((seen.bytes, seen.last.len()), (1_000_010, LAST));
        seen.push(&[0xff, b'\n']);
        assert_eq!(seen.last_line().chars().last(), Some('a'));
    }

    #[test]
    fn who_ends_a_command_first_did_it_and_one_that_is_over_is_not_ended_again() {
        let commands = Arc::new(Commands::default());
        let attended = commands.attend(begun("a", 2));
        let left = commands.add(begun("b", 1), Some(1));
        let listed: Vec<_> = commands.running().into_iter().map(|one| one.number).collect();
        assert_eq!(listed, [Some(1), None], "the oldest first");
        assert!(commands.end(&CommandId::from_text("b"), CommandEnd::Mode));
        assert!(commands.end(&CommandId::from_text("b"), CommandEnd::Agent));
        assert_eq!(left.ended_by(), Some(CommandEnd::Mode));
        let mut seen = lock(&left.seen);
        (seen.over, seen.ended) = (true, Some(Err(told::machine_ended())));
        drop(seen);
        assert!(!commands.end(&CommandId::from_text("b"), CommandEnd::Agent));
        assert!(!commands.end(&CommandId::from_text("none"), CommandEnd::Agent));
        assert_eq!(commands.running().len(), 1);
        commands.end_all(CommandEnd::Folder);
        assert_eq!(attended.running.ended_by(), Some(CommandEnd::Folder));
        drop(attended);
        assert_eq!(commands.running(), []);
        assert_eq!(
            commands.tell(1).map(|(state, _)| state).as_deref(),
            Some("ended, for the user chose the read-only mode")
        );
        assert_eq!(commands.tell(1), None, "what was told is forgotten");
    }

    #[test]
    fn commands_that_ended_and_that_nobody_asks_about_take_no_room() {
        let commands = Commands::default();
        for number in 1..=100 {
            let one = commands.add(begun(&format!("{number:03}"), 0), Some(number));
            assert!(commands.has_room());
            lock(&one.seen).ended = Some(Err(told::machine_ended()));
        }
        assert!(commands.all().len() <= UNTOLD + 1, "{}", commands.all().len());
        assert!(commands.tell(1).is_none() && commands.tell(100).is_some());
        for number in 101..=116 {
            assert!(commands.has_room(), "{number}");
            commands.add(begun(&format!("{number:03}"), 0), Some(number));
        }
        assert!(!commands.has_room());
    }
}
