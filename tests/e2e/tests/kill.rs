//! `kill -9` at seeded points of a turn that changes an open workbook (Invariants 1, 6 and 10): every acknowledged event
//! is in the log once and in order, front ends go on from their cursors, the turn goes on and ends, and nothing is done
//! to the workbook twice.
//!
//! `DESKHAND_KILL_SEED` and `DESKHAND_KILL_POINTS` choose other points and more of them.

use std::collections::BTreeMap;
use std::fmt;

use deskhand_e2e::{ApplyRequest, FrontEnd, PATIENCE, Pane, Service, Setup, View, Workbook, play};
use deskhand_protocol::event::{ToolOutcome, TurnOutcome};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::Block;
use deskhand_protocol::operations::CellValue;
use deskhand_protocol::permission::{AnswerAnswer, AnswerParams, Choice};
use deskhand_protocol::session::{PermissionMode, PromptAnswer, PromptParams};
use deskhand_protocol::{EventBody, Method, SessionId};
use deskhand_standins::gateway::Gateway;
use deskhand_test_support::{free_port, repository};
use pretty_assertions::assert_eq;
use tokio::task::JoinSet;

/// The turn: reads, adds a sheet, writes to it, writes over numbers (which is asked for), draws a chart, talks.
const SCRIPT: &str = r#"
models: [claude-standin]
key: e2e-key
pace_ms: 1
capture: { book: { before: " | workbook | " } }
steps:
  - answer:
      say:
        - text: "I look at the workbook first, then at its numbers."
        - tool: plan_update
          input: { steps: [{ title: "Look", state: active }, { title: "Write", state: pending }] }
        - { tool: workbook_info, input: { document: "{{book}}" } }
        - { tool: range_read, input: { document: "{{book}}", range: "Data!A1:B3" } }
  - answer:
      say:
        - text: "Now a sheet of its own with the sums."
        - { tool: sheet_add, input: { document: "{{book}}", name: Summary } }
        - tool: range_write
          input: { document: "{{book}}", range: "Summary!A1:B2", cells: [[1, "=SUM(Data!A1:A3)"], [2, "=SUM(Data!B1:B3)"]] }
  - answer:
      say:
        - { tool: range_write, input: { document: "{{book}}", range: "Data!B2:B3", cells: [[77], [78]] } }
  - answer:
      say:
        - { tool: chart_add, input: { document: "{{book}}", range: "Summary!A1:B2", kind: columnClustered, name: Sums } }
  - answer:
      say:
        - text: "Done. The sheet Summary holds both sums as formulas, the second and third number of column B are new, and the chart shows them side by side."
"#;
/// What the turn does to the workbook, each once.
const CHANGES: [&str; 4] = [
    "sheet.add Summary",
    "range.write Summary!A1:B2",
    "range.write Data!B2:B3",
    "chart.add Sums",
];
/// Calls of tools that the turn makes, the plan not counted.
const CALLS: usize = 6;
const SEED: u64 = 0x005E_ED0F_DE5C;
const POINTS: u64 = 200;
const LANES: u64 = 4;

/// When the service is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// The prompt is sent and not answered.
    PromptSent,
    /// The prompt is answered.
    PromptAnswered,
    /// This many events were received.
    Event(usize),
    /// A person is asked and has not answered.
    Asked,
    /// The answer of the person is acknowledged.
    Answered,
    /// At this request to the pane.
    Apply(usize, Apply),
}

/// Where in a request to the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Apply {
    /// It has come; the pane does it all the same and cannot answer.
    BeforeWriting,
    /// It has come; the pane is gone too and never does it.
    PaneGone,
    /// It is done and not answered; the pane keeps its memory.
    BeforeAnswering,
    /// It is done and not answered; the pane is loaded anew.
    BeforeAnsweringPaneGone,
    /// It is done and answered.
    Answered,
    /// It is done and not answered; the pane is loaded anew while the service runs on, which is killed one request later.
    PaneReloadedFirst,
}

/// What a run of the turn is counted under.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Phase(Point);

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Point::Event(_) => write!(f, "after an event"),
            Point::Apply(_, apply) => write!(f, "at a request to the pane: {apply:?}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// Chance with a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn point(&mut self, events: usize, applies: usize) -> Point {
        let apply = self.below(applies as u64) as usize + 1;
        match self.below(20) {
            0 => Point::PromptSent,
            1 => Point::PromptAnswered,
            2 => Point::Asked,
            3 => Point::Answered,
            4..=9 => Point::Event(self.below(events as u64) as usize + 1),
            10..=11 => Point::Apply(apply, Apply::BeforeWriting),
            12..=13 => Point::Apply(apply, Apply::PaneGone),
            14..=15 => Point::Apply(apply, Apply::BeforeAnswering),
            16..=17 => Point::Apply(apply, Apply::BeforeAnsweringPaneGone),
            18 => Point::Apply(apply, Apply::Answered),
            _ => Point::Apply(apply.min(applies - 1), Apply::PaneReloadedFirst),
        }
    }
}

/// A user with a service, a window that follows and a pane in a workbook.
struct Lane {
    setup: Setup,
    service: Service,
    window: FrontEnd,
    pane: Pane,
    book: std::path::PathBuf,
    saved: Vec<u8>,
}

impl Lane {
    async fn new(gateway: &Gateway) -> Self {
        let setup = Setup::with_gateway(&gateway.base_url());
        // The workbook is a file too, which must stay as it is: what is open in Excel is changed there.
        let book = setup.path().join("book.xlsx");
        let fixture = repository().join("file-tools/fixtures/workbooks/ironcalc__example.xlsx");
        let saved = std::fs::read(fixture).expect("the fixture");
        std::fs::write(&book, &saved).expect("a file in the home");
        let service = start(&setup, free_port());
        let mut window = service.join(FrontEndKind::Window).await;
        let live = Pane::workbook_at(book.to_str().expect("a path of text"));
        let pane = Pane::pair(&service, &mut window, live, workbook()).await;
        Self {
            setup,
            service,
            window,
            pane,
            book,
            saved,
        }
    }
}

/// Starting waits for a line of the process: other lanes go on meanwhile.
fn start(setup: &Setup, port: u16) -> Service {
    tokio::task::block_in_place(|| Service::start(setup, port))
}

fn workbook() -> Workbook {
    Workbook::with_sheet("Data", &[&[1.0, 10.0], &[2.0, 20.0], &[3.0, 30.0]])
}

/// One turn with one kill.
struct Run<'a> {
    lane: &'a mut Lane,
    session: SessionId,
    view: View,
    point: Option<Point>,
    events: usize,
    applies: usize,
    acknowledged: u64,
}

impl<'a> Run<'a> {
    async fn begin(lane: &'a mut Lane, name: &str, point: Option<Point>) -> Self {
        lane.pane.workbook = workbook();
        let session = lane.window.create(name).await;
        lane.window.follow(&session, 0).await;
        Self {
            lane,
            session,
            view: View::default(),
            point,
            events: 0,
            applies: 0,
            acknowledged: 0,
        }
    }

    fn reached(&mut self, point: Point) -> bool {
        let reached = self.point == Some(point);
        if reached {
            self.point = None;
        }
        reached
    }

    /// Plays the turn to its end.
    async fn play(&mut self) {
        let prompt = PromptParams {
            session: self.session.clone(),
            client_id: "the prompt".to_owned(),
            text: "Sum the numbers on a sheet of their own".to_owned(),
            documents: vec![self.lane.pane.document.clone()],
            selection: None,
            model: None,
            mode: PermissionMode::Ask,
            budget: None,
        };
        if self.reached(Point::PromptSent) {
            let sent = self.lane.window.begin(Method::SessionPrompt, &prompt).await;
            sent.expect("the prompt is sent");
            self.kill(false).await;
        }
        let PromptAnswer { seq, .. } = self
            .lane
            .window
            .prompt(prompt)
            .await
            .expect("the prompt is taken");
        self.acknowledged = seq;
        if self.reached(Point::PromptAnswered) {
            self.kill(false).await;
        }
        while self.view.outcome().is_none() {
            let Self { lane, session, .. } = self;
            let Lane { window, pane, .. } = &mut **lane;
            tokio::select! {
                events = window.events(session) => {
                    self.take(events.expect("the window stays connected")).await;
                }
                request = pane.next() => {
                    self.applies += 1;
                    self.apply(request.expect("the pane stays connected")).await;
                }
            }
        }
    }

    async fn take(&mut self, events: Vec<deskhand_protocol::SessionEvent>) {
        let mut killed = false;
        for event in events {
            self.view.take(&event);
            self.events += 1;
            killed |= self.reached(Point::Event(self.events));
        }
        if killed {
            self.kill(self.events.is_multiple_of(2)).await;
        }
        self.settle().await;
    }

    /// Answers what a person is asked.
    async fn settle(&mut self) {
        let Some(permission) = self.view.question().map(|request| request.id.clone()) else {
            return;
        };
        if self.reached(Point::Asked) {
            self.kill(false).await;
        }
        let answer = AnswerParams {
            session: self.session.clone(),
            permission,
            choice: Choice::AllowOnce,
            folder: None,
        };
        let answered: Result<AnswerAnswer, _> = self.lane.window.call(Method::PermissionAnswer, answer).await;
        answered.expect("the answer is taken");
        if self.reached(Point::Answered) {
            self.kill(false).await;
        }
    }

    async fn apply(&mut self, request: ApplyRequest) {
        let at = |apply| Point::Apply(self.applies, apply);
        let [before, gone, between, between_gone, after, reloaded] = [
            Apply::BeforeWriting,
            Apply::PaneGone,
            Apply::BeforeAnswering,
            Apply::BeforeAnsweringPaneGone,
            Apply::Answered,
            Apply::PaneReloadedFirst,
        ]
        .map(at);
        if self.reached(before) {
            self.lane.service.kill();
            self.lane.pane.perform(&request);
            self.kill(false).await;
        } else if self.reached(gone) {
            self.kill(true).await;
        } else if self.reached(between) {
            self.lane.pane.perform(&request);
            self.kill(false).await;
        } else if self.reached(between_gone) {
            self.lane.pane.perform(&request);
            self.kill(true).await;
        } else if self.reached(after) {
            self.lane.pane.serve(&request).await;
            self.kill(false).await;
        } else if self.reached(reloaded) {
            self.lane.pane.perform(&request);
            self.lane.pane.reload();
            self.lane.pane.open(&self.lane.service).await;
            self.point = Some(Point::Apply(self.applies + 1, Apply::BeforeAnsweringPaneGone));
        } else {
            self.lane.pane.serve(&request).await;
        }
    }

    /// Kills the service, takes in what it had sent, starts it again, and brings both front ends back.
    async fn kill(&mut self, pane_gone: bool) {
        self.lane.service.kill();
        while let Ok(events) = self.lane.window.events(&self.session).await {
            for event in &events {
                self.view.take(event);
            }
        }
        if pane_gone {
            self.lane.pane.reload();
        }
        let port = self.lane.service.port();
        self.lane.service = start(&self.lane.setup, port);
        self.lane.window = self.lane.service.join(FrontEndKind::Window).await;
        self.lane.window.follow(&self.session, self.view.cursor()).await;
        self.lane.pane.open(&self.lane.service).await;
        // A question that stood open stands open still, and no event says so again.
        Box::pin(self.settle()).await;
    }

    async fn check(self) {
        assert_eq!(self.point, None, "the point was reached");
        let Self {
            lane, view, session, ..
        } = self;
        let mut whole = View::default();
        // A pane that comes back says so in the log, also behind the end of the turn.
        let events = lane.window.export(&session).await;
        for event in events.iter().filter(|event| event.seq <= view.cursor()) {
            whole.take(event);
        }
        assert_eq!(
            whole.gaps(),
            Vec::<u64>::new(),
            "every number of the log stands for something"
        );
        assert_eq!(view.gaps(), Vec::<u64>::new(), "the window missed nothing");
        assert_eq!(
            view.settled(),
            whole.settled(),
            "the window and the log say the same"
        );
        assert_eq!(view.outcome(), Some(&TurnOutcome::Completed));
        assert!(self.acknowledged <= whole.cursor());
        check_events(&whole);
        assert_eq!(lane.pane.workbook.changes, CHANGES, "each change was made once");
        assert_eq!(lane.pane.workbook.cell("Data!B3"), CellValue::Number(78.0));
        let on_disk = std::fs::read(&lane.book).expect("the file");
        assert!(
            on_disk == lane.saved,
            "the file of an open workbook is Excel's to write"
        );
    }
}

/// The turn as a whole: everything happened once, and well.
fn check_events(whole: &View) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut last_words = String::new();
    for event in whole.events() {
        match &event.body {
            EventBody::PromptAccepted { .. } => *counts.entry("prompts").or_default() += 1,
            EventBody::TurnEnded { .. } => *counts.entry("ends").or_default() += 1,
            EventBody::ChangeSetApplied { .. } => *counts.entry("change sets").or_default() += 1,
            EventBody::ToolCallCompleted { outcome, output, .. } => {
                assert_eq!(*outcome, ToolOutcome::Done, "{output}");
                *counts.entry("calls").or_default() += 1;
            }
            EventBody::MessageCompleted { blocks, .. } => {
                *counts.entry("messages").or_default() += 1;
                if let Some(Block::Text { text }) = blocks.first() {
                    last_words.clone_from(text);
                }
            }
            _ => {}
        }
    }
    let expected = [
        ("calls", CALLS),
        ("change sets", CHANGES.len()),
        ("ends", 1),
        ("messages", 5),
        ("prompts", 1),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    assert!(
        last_words.ends_with("the chart shows them side by side."),
        "{last_words}"
    );
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(otherwise)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_turn_survives_kill_9_at_every_point_and_does_nothing_twice() {
    let gateway = play(SCRIPT).await;
    let mut lane = Box::pin(Lane::new(&gateway)).await;
    let mut whole = Run::begin(&mut lane, "without a kill", None).await;
    whole.play().await;
    let (events, applies) = (whole.events, whole.applies);
    whole.check().await;

    let (seed, points) = (
        number("DESKHAND_KILL_SEED", SEED),
        number("DESKHAND_KILL_POINTS", POINTS),
    );
    println!("seed {seed}: {points} points in a turn of {events} events and {applies} requests to the pane");
    let gateway = &*Box::leak(Box::new(gateway));
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        lanes.spawn(play_lane(gateway, seed, number, points, events, applies));
    }
    let mut hits: BTreeMap<String, usize> = BTreeMap::new();
    // The first lane that breaks ends all.
    while let Some(lane) = lanes.join_next().await {
        for phase in lane.expect("no turn broke") {
            *hits.entry(phase).or_default() += 1;
        }
    }
    for (phase, count) in &hits {
        println!("{count:>4}  {phase}");
    }
    assert_eq!(hits.values().sum::<usize>() as u64, points);
}

/// Every n-th point, one after another in one home, so that a service also starts with the sessions of many crashes.
async fn play_lane(
    gateway: &Gateway,
    seed: u64,
    number: u64,
    points: u64,
    events: usize,
    applies: usize,
) -> Vec<String> {
    let mut lane = Box::pin(Lane::new(gateway)).await;
    let mut phases = Vec::new();
    for index in (number..points).step_by(LANES as usize) {
        let point = Chance(seed ^ (index << 32)).point(events, applies);
        // The name of the session tells in the log of a failing test which point it was.
        let mut run = Run::begin(&mut lane, &format!("point {index} {point:?}"), Some(point)).await;
        let Ok(()) = tokio::time::timeout(PATIENCE, run.play()).await else {
            let last: Vec<_> = run.view.events().collect();
            panic!(
                "{point:?}: the turn stands still behind {:#?}",
                &last[last.len().saturating_sub(4)..]
            );
        };
        run.check().await;
        phases.push(Phase(point).to_string());
    }
    phases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_written_range_is_told_and_never_written_again() {
    let gateway = play(SCRIPT).await;
    let mut lane = Box::pin(Lane::new(&gateway)).await;
    let mut run = Run::begin(&mut lane, "half", None).await;
    let prompt = PromptParams {
        session: run.session.clone(),
        client_id: "half".to_owned(),
        text: "Sum the numbers".to_owned(),
        documents: vec![run.lane.pane.document.clone()],
        selection: None,
        model: None,
        mode: PermissionMode::Act,
        budget: None,
    };
    run.lane.window.prompt(prompt).await.expect("the prompt is taken");
    let mut halved = false;
    while run.view.outcome().is_none() {
        let Run { lane, session, .. } = &mut run;
        let Lane { window, pane, .. } = &mut **lane;
        tokio::select! {
            events = window.events(session) => run.take(events.expect("the window stays connected")).await,
            request = pane.next() => {
                let request = request.expect("the pane stays connected");
                if !halved && request.params.steps[0].expected.is_some() {
                    halved = true;
                    run.lane.pane.workbook.perform_half(&request.params.steps[0]);
                    run.kill(true).await;
                } else {
                    run.lane.pane.serve(&request).await;
                }
            }
        }
    }
    let told = run.view.events().find_map(|event| match &event.body {
        EventBody::ToolCallCompleted {
            outcome: ToolOutcome::Failed,
            output,
            ..
        } => Some(output.clone()),
        _ => None,
    });
    let told = told.expect("the model and the person are told");
    assert!(
        told.contains("[DOC_PARTIAL]") && told.contains("2 of 4"),
        "{told}"
    );
    let writes = run
        .lane
        .pane
        .workbook
        .changes
        .iter()
        .filter(|change| change.contains("Summary!"));
    assert_eq!(
        writes.collect::<Vec<_>>(),
        ["range.write Summary!A1:B1"],
        "the half, and nothing more"
    );
}
