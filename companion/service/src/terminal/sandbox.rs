//! `deskhand sandbox …`: how the sandbox stands, what is wrong with it, and a command in it. Works without the service.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use deskhand_platform::Paths;
use deskhand_vm_host::{
    Accelerator, Command, Contained, End, Ended, Job, JobInput, Means, Origin, RunLimits, RunOutput,
    SandboxError, Session,
};
use serde::Serialize;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::policy::in_force;
use super::safe::safe_line;
use super::sessions::{print, print_json};
use crate::options::SandboxCommand;
use crate::sandbox;
use crate::settings::Settings;

mod image;

/// What a command that was ended for its limits gives as its exit code, as `timeout` of coreutils does.
const LIMIT_REACHED: u8 = 124;

/// What one that was interrupted twice gives, as shells do.
const INTERRUPTED: u8 = 130;

/// What one that could not be started gives, as shells do.
const NOT_STARTED: u8 = 127;

/// Tells, looks, forgets, runs.
pub(crate) async fn sandbox(paths: &Paths, command: SandboxCommand) -> anyhow::Result<ExitCode> {
    let settings = in_force(paths).await?;
    if !settings.policy.source.deskhand_enabled.value {
        bail!("Deskhand is switched off (`deskhandEnabled`): nothing runs.");
    }
    match command {
        SandboxCommand::Status { json } => status(paths, &settings, json).await,
        SandboxCommand::Doctor { json } => Box::pin(doctor(paths, &settings, json)).await,
        SandboxCommand::Fetch { json } => Box::pin(image::fetch(paths, &settings, json)).await,
        SandboxCommand::Reset => reset(paths),
        SandboxCommand::Run {
            folder,
            time,
            command,
        } => Box::pin(run((paths, &settings), &folder, time, command)).await,
    }
}

/// By what means code runs, in one word that stays and one sentence.
fn tier(accelerator: Accelerator) -> (&'static str, String) {
    match accelerator {
        Accelerator::Tcg => (
            "emulation",
            "Code runs in a virtual machine, in software emulation: slower, and just as closed.".to_owned(),
        ),
        other => (
            "vm",
            format!("Code runs in a virtual machine, with {}.", other.describe()),
        ),
    }
}

async fn status(paths: &Paths, settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let workshop = match sandbox::workshop(paths).await {
        Ok(workshop) => workshop,
        Err(error) => return status_without((paths, settings), &error, json),
    };
    let (tier, says) = tier(workshop.verdict().accelerator);
    let image = workshop.image();
    let size = image.size();
    let tried: Vec<String> = workshop.verdict().trials.iter().map(trial).collect();
    if json {
        return print_json(&json!({
            "tier": tier,
            "accelerator": workshop.verdict().accelerator,
            "tried": workshop.verdict().trials,
            "engine": workshop.engine(),
            "cage": workshop.cage(),
            "image": { "id": image.id, "bytes": size, "folder": image.folder },
            "images": image::json_of(paths, settings),
            "states": { "bytes": workshop.states().size() },
        }))
        .map(|()| ExitCode::SUCCESS);
    }
    print(&says)?;
    for line in &tried {
        print(&format!("Acceleration {line}"))?;
    }
    print(&format!("Engine       {}", workshop.engine()))?;
    print(&format!("Cage         {}", workshop.cage().describe()))?;
    let id = image.id.get(..12).unwrap_or_default();
    print(&format!(
        "Image        {id}, {} MB in {}",
        size / 1_000_000,
        image.folder.display()
    ))?;
    image::lines(paths, settings)
        .iter()
        .try_for_each(|line| print(line))?;
    let kept = workshop.states().size();
    print(&match kept {
        0 => "Kept state   none yet: machines start from their kernel".to_owned(),
        bytes => format!("Kept state   {} MB: machines resume from it", bytes / 1_000_000),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Where no machine can be had: what stands in where policy allows it, else why nothing runs.
fn status_without(
    (paths, settings): (&Paths, &Settings),
    why: &SandboxError,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let error = match sandbox::processes(paths, settings, why.clone()) {
        Ok(processes) => return status_of_processes((paths, settings), &processes, why, json),
        Err(error) => error,
    };
    if json {
        let images = image::json_of(paths, settings);
        print_json(&json!({ "tier": "none", "failed": failure(&error), "images": images }))?;
    } else {
        print("Code cannot run on this computer now; files, documents and the web can be worked with.")?;
        say(&error)?;
        image::lines(paths, settings)
            .iter()
            .try_for_each(|line| print(line))?;
    }
    Ok(ExitCode::FAILURE)
}

/// As a person is told, with why.
const PROCESSES: &str = "Code runs in a process sandbox of this computer, which your organisation allows where no virtual machine can be had: \
     weaker, since it shares this computer's kernel.";

fn because(error: &SandboxError) -> String {
    safe_line(&format!("There is no virtual machine: {error}."))
}

/// Where a machine could not be had for this reason, and policy allows what stands in.
fn status_of_processes(
    (paths, settings): (&Paths, &Settings),
    processes: &Contained,
    why: &SandboxError,
    json: bool,
) -> anyhow::Result<ExitCode> {
    if json {
        let images = image::json_of(paths, settings);
        print_json(
            &json!({ "tier": "processes", "engine": processes.version(), "failed": failure(why), "images": images }),
        )?;
    } else {
        print(PROCESSES)?;
        print(&because(why))?;
        print(&format!("Engine       {}", processes.version()))?;
        print("Seen         the commands that the agent starts, and not what they start")?;
        image::lines(paths, settings)
            .iter()
            .try_for_each(|line| print(line))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn trial(trial: &deskhand_vm_host::Trial) -> String {
    let name = trial.accelerator.describe();
    match (&trial.fault, trial.took) {
        (Some(fault), _) => format!("{name} was tried and is not used: {}", safe_line(fault)),
        (None, Some(took)) => format!("{name} was tried: a machine started in {took} ms"),
        (None, None) => name.to_owned(),
    }
}

/// One thing that the doctor looked at.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Looked {
    step: &'static str,
    good: bool,
    finding: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    milliseconds: u64,
}

async fn doctor(paths: &Paths, settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let mut looked = Vec::new();
    let mut failed = Box::pin(examine(paths, &mut looked, json)).await?.err();
    let mut stands_in = false;
    if let Some((begun, error)) = &failed {
        tell(&mut looked, json, *begun, error.step.as_str(), Err(error))?;
        let begun = Instant::now();
        if sandbox::allows_processes(settings) {
            let tried = Box::pin(processes_work(paths, settings, error)).await;
            stands_in = tried.is_ok();
            tell(
                &mut looked,
                json,
                begun,
                "the process sandbox",
                tried.as_ref().cloned(),
            )?;
        }
    }
    if stands_in {
        failed = None;
    }
    // Without it code runs as long as an image is here.
    let store = image::looked(paths, settings);
    let found = match &store {
        Ok(says) => Ok(says.clone()),
        Err(error) => Err(error),
    };
    tell(&mut looked, json, Instant::now(), "the image store", found)?;
    if json {
        print_json(&looked)?;
    } else if failed.is_none() {
        print(if stands_in {
            PROCESSES
        } else {
            "Code can run on this computer."
        })?;
    }
    Ok(if failed.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

type Found = Result<(), (Instant, SandboxError)>;

/// Each step, as far as the ones before it are good.
async fn examine(paths: &Paths, looked: &mut Vec<Looked>, json: bool) -> anyhow::Result<Found> {
    let begun = Instant::now();
    let workshop = match Box::pin(sandbox::workshop_with_states(paths)).await {
        Ok(workshop) => workshop,
        Err(error) => return Ok(Err((begun, error))),
    };
    tell(looked, json, begun, "the engine", Ok(workshop.engine()))?;
    tell(
        looked,
        json,
        Instant::now(),
        "the engine's cage",
        Ok(workshop.cage().describe()),
    )?;
    let begun = Instant::now();
    if let Err(error) = workshop.image().verify() {
        return Ok(Err((begun, error)));
    }
    let id = workshop.image().id.get(..12).unwrap_or_default().to_owned();
    tell(
        looked,
        json,
        begun,
        "the image",
        Ok(format!("every file of {id} is what was built")),
    )?;
    let tried: Vec<String> = workshop.verdict().trials.iter().map(trial).collect();
    let accelerator = format!("{} {}", tier(workshop.verdict().accelerator).1, tried.join(" "));
    tell(
        looked,
        json,
        Instant::now(),
        "the accelerator",
        Ok(accelerator.trim().to_owned()),
    )?;
    for (name, resumes) in [
        ("a start from the kernel", false),
        ("a start from a kept state", true),
    ] {
        let begun = Instant::now();
        let tried = async {
            if resumes {
                workshop.keep_state().await?;
            } else {
                // Only for the doctor's own look: the next line keeps one anew.
                workshop.states().clear().ok();
            }
            command_works(&sandbox::session(&workshop).await?).await
        };
        match tried.await {
            Ok(said) => tell(looked, json, begun, name, Ok(said))?,
            Err(error) => return Ok(Err((begun, error))),
        }
    }
    Ok(Ok(()))
}

async fn processes_work(
    paths: &Paths,
    settings: &Settings,
    failed: &SandboxError,
) -> Result<String, SandboxError> {
    let processes = sandbox::processes(paths, settings, failed.clone())?;
    command_works(&sandbox::session_of_processes(&processes).await?).await
}

async fn command_works(session: &Session) -> Result<String, SandboxError> {
    let mut job = session
        .start(command(
            vec!["uname".to_owned(), "-r".to_owned()],
            sandbox::limits_of_a_look(),
        ))
        .await?;
    let mut said = String::new();
    while let Some(output) = job.next().await? {
        match output {
            RunOutput::Out(bytes) if said.len() < 100 => said.push_str(&String::from_utf8_lossy(&bytes)),
            RunOutput::Ended(ended) if ended.end == (End::Exited { code: 0 }) => {
                let how = match session.summary().origin {
                    Origin::Cold => "from its kernel",
                    Origin::Resumed => "from its kept state",
                };
                let took = session.summary().took.as_millis();
                let said = said.trim();
                return Ok(match session.summary().means {
                    Means::Machine(_) => {
                        format!("a machine was ready {how} in {took} ms and ran a command; Linux {said}")
                    }
                    Means::Processes => format!("one was ready in {took} ms and ran a command"),
                });
            }
            _ => {}
        }
    }
    let reason = "a command did not end well in it";
    Err(SandboxError::new(
        deskhand_vm_host::Step::Run,
        reason,
        "run `deskhand sandbox reset`, then look again",
    ))
}

fn tell(
    looked: &mut Vec<Looked>,
    json: bool,
    begun: Instant,
    step: &'static str,
    found: Result<String, &SandboxError>,
) -> anyhow::Result<()> {
    let one = Looked {
        step,
        good: found.is_ok(),
        finding: found
            .as_ref()
            .map_or_else(|error| error.reason.clone(), Clone::clone),
        remedy: found.as_ref().err().map(|error| error.remedy.clone()),
        detail: found.err().and_then(|error| error.detail.clone()),
        milliseconds: begun.elapsed().as_millis() as u64,
    };
    if !json {
        let mark = if one.good { "ok  " } else { "BAD " };
        print(&format!("{mark}  {:<26} {}", one.step, one.finding))?;
        for line in one.remedy.iter().chain(&one.detail) {
            print(&format!("{:32} {line}", ""))?;
        }
    }
    looked.push(one);
    Ok(())
}

fn reset(paths: &Paths) -> anyhow::Result<ExitCode> {
    let settings = sandbox::settings(paths, false);
    let forgotten = deskhand_vm_host::forget(&settings.workplace)?;
    print(&match forgotten.running {
        0 => {
            "Kept states and what was found out about acceleration are forgotten. The image stays.".to_owned()
        }
        1 => "A machine runs: it and the kept states stay. The rest is forgotten.".to_owned(),
        running => format!("{running} machines run: they and the kept states stay. The rest is forgotten."),
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn run(
    (paths, settings): (&Paths, &Settings),
    folders: &[PathBuf],
    time: Option<u64>,
    words: Vec<String>,
) -> anyhow::Result<ExitCode> {
    let (session, _workshop) = match Box::pin(sandbox::any_session(paths, settings)).await {
        Ok((session, workshop, why)) => {
            if let Some(why) = why {
                writeln!(std::io::stderr().lock(), "{PROCESSES} {}", because(&why))?;
            }
            (session, workshop)
        }
        Err(error) => {
            say(&error)?;
            return Ok(ExitCode::from(NOT_STARTED));
        }
    };
    for folder in folders {
        show(&session, folder).await?;
    }
    let mut limits = sandbox::usual_limits();
    if let Some(seconds) = time {
        limits.time = seconds.saturating_mul(1000);
        limits.processor = limits.time.saturating_mul(2);
    }
    let mut command = command(words, limits);
    command.input = !std::io::stdin().is_terminal();
    let job = session.start(command).await?;
    Box::pin(follow(&session, job)).await
}

/// Shares a folder under the last part of its name.
async fn show(session: &Session, folder: &Path) -> anyhow::Result<()> {
    let real = folder.canonicalize()?;
    let Some(name) = real.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        bail!(
            "{} has no name under which it could be shown; take a folder in it.",
            folder.display()
        );
    };
    sandbox::show(session, &name, &real).await?;
    writeln!(
        std::io::stderr().lock(),
        "{} is /mnt/{} there, for reading.",
        safe_line(&real.display().to_string()),
        safe_line(&name)
    )?;
    Ok(())
}

fn command(arguments: Vec<String>, limits: RunLimits) -> Command {
    Command {
        arguments,
        folder: None,
        environment: std::collections::BTreeMap::new(),
        input: false,
        limits,
    }
}

/// Output as it comes, input as it is typed or piped; the command's exit code in the end.
async fn follow(session: &Session, mut job: Job) -> anyhow::Result<ExitCode> {
    if !std::io::stdin().is_terminal() {
        tokio::spawn(feed(job.input()));
    }
    let mut interrupted = false;
    loop {
        tokio::select! {
            output = job.next() => match output? {
                Some(RunOutput::Started(_)) => {}
                Some(RunOutput::Out(bytes)) => whole(std::io::stdout().lock(), &bytes)?,
                Some(RunOutput::Err(bytes)) => whole(std::io::stderr().lock(), &bytes)?,
                Some(RunOutput::Ended(ended)) => return finish(&ended),
                None => bail!("The machine ended before the command did: {}", safe_line(&session.console())),
            },
            pressed = tokio::signal::ctrl_c() => {
                pressed?;
                // A command that does not listen is ended with its machine.
                if interrupted {
                    return Ok(ExitCode::from(INTERRUPTED));
                }
                interrupted = true;
                job.signal(2).await?;
            }
        }
    }
}

/// Standard input to the command, for as long as it reads.
async fn feed(input: JobInput) {
    let mut from = tokio::io::stdin();
    let mut piece = vec![0; 32 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        if input.write(piece.get(..read).unwrap_or_default()).await.is_err() {
            return;
        }
    }
    // One that is over needs no end of its input.
    input.end().await.ok();
}

/// What the command wrote, as it wrote it: it may be a picture for a file. A terminal gets it without what moves its
/// cursor or sets its title.
fn whole(mut to: impl std::io::Write + std::io::IsTerminal, bytes: &[u8]) -> std::io::Result<()> {
    if to.is_terminal() {
        to.write_all(super::safe::safe(&String::from_utf8_lossy(bytes)).as_bytes())?;
    } else {
        to.write_all(bytes)?;
    }
    to.flush()
}

fn finish(ended: &Ended) -> anyhow::Result<ExitCode> {
    let (code, says) = match &ended.end {
        End::Exited { code } => return Ok(ExitCode::from(u8::try_from(*code).unwrap_or(1))),
        End::Signalled { signal } => {
            return Ok(ExitCode::from(
                u8::try_from(signal.saturating_add(128)).unwrap_or(1),
            ));
        }
        End::NotStarted { reason } => (NOT_STARTED, format!("It was not started: {reason}.")),
        End::TimeUp => (
            LIMIT_REACHED,
            "It was ended: its time was up (--time).".to_owned(),
        ),
        End::ProcessorUp => (
            LIMIT_REACHED,
            "It was ended: it had used its time of the processor.".to_owned(),
        ),
        End::OutOfMemory => (
            LIMIT_REACHED,
            "It was ended: it wanted more memory than there is for it.".to_owned(),
        ),
        End::TooMuchOutput => (
            LIMIT_REACHED,
            "It was ended: it wrote more than is taken.".to_owned(),
        ),
        End::Stopped => (LIMIT_REACHED, "It was stopped.".to_owned()),
    };
    writeln!(std::io::stderr().lock(), "{}", safe_line(&says))?;
    Ok(ExitCode::from(code))
}

fn failure(error: &SandboxError) -> serde_json::Value {
    json!({
        "step": error.step.as_str(),
        "code": error.code,
        "reason": error.reason,
        "remedy": error.remedy,
        "detail": error.detail,
    })
}

fn say(error: &SandboxError) -> anyhow::Result<()> {
    let mut to = std::io::stderr().lock();
    writeln!(to, "{}", safe_line(&format!("Workspace unavailable: {error}.")))?;
    writeln!(to, "{}", safe_line(&format!("What helps: {}.", error.remedy)))?;
    for line in error.detail.iter().flat_map(|detail| detail.lines()) {
        writeln!(to, "    {}", safe_line(line))?;
    }
    Ok(())
}
