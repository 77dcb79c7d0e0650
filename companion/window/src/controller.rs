//! What the window does about what happens, without doing it: events in, effects out (Invariant 10). Knows no toolkit,
//! no file and no socket, so that every path is a test.

use std::path::PathBuf;

use deskhand_protocol::{ErrorCode, UserError};

use crate::bootstrap::{Bootstrap, BootstrapError};
use crate::geometry::Geometry;
use crate::messages::{Chosen, FromPage, Item, ItemKind, MESSAGE_CAP, MOST_ITEMS, Pick, ToPage, What};
use crate::pages;

#[cfg(test)]
mod tests;

/// The address behind the button of the error page.
pub(crate) const START: &str = "deskhand-window:start";
/// The address behind its other button.
pub(crate) const RETRY: &str = "deskhand-window:retry";

/// Something happened.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only WebKitGTK tells that a load failed")
)]
pub(crate) enum Event {
    /// The window is there.
    Opened,
    /// The service answered over the local channel, or did not.
    Bootstrapped(Result<Bootstrap, BootstrapError>),
    /// The web view does not accept the certificate that it was shown.
    CertificateRefused,
    /// The page could not be loaded.
    LoadFailed,
    /// The page is there.
    Loaded,
    /// A page sent a message; from this address.
    Message { from: String, text: String },
    /// The person chose in the dialog of the system; nothing where they closed it.
    Picked(Pick, Vec<PathBuf>),
    /// Files are held over the window.
    DragEntered(Vec<PathBuf>),
    /// They are not any more.
    DragLeft,
    /// They were let go over it.
    Dropped(Vec<PathBuf>),
    /// It is known what they are.
    LookedAt(Vec<Item>),
    /// Something in the page asks for a window of its own: a link to elsewhere.
    LinkOpened(String),
    /// A button of the error page.
    StartChosen,
    /// Another button of the error page.
    RetryChosen,
    /// The program that was to be the service listens, or it ended and said why.
    ServiceStarted(Result<(), String>),
    /// The person wants to close the window.
    CloseChosen,
    /// The person was asked and wants it still.
    CloseConfirmed,
    /// The window was moved or its size changed.
    Reshaped(Geometry),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Ask the service for address, token and certificate.
    Bootstrap,
    /// Accept this certificate (DER, base64) for this host, and no other that is not trusted by the system.
    Pin { host: String, certificate: String },
    /// Show the page at this address.
    Load(String),
    /// Show a page of our own.
    Show(String),
    /// Let the person choose in a dialog of the system.
    Pick(Pick),
    /// Look what lies at these paths.
    LookAt(Vec<PathBuf>),
    /// Tell the page.
    Tell(ToPage),
    /// Start the service.
    StartService,
    /// Hand an address to the user's browser.
    OpenInBrowser(String),
    /// Ask the person whether to close while a turn runs.
    AskBeforeClosing,
    /// Write the shape down for the next time.
    Remember(Geometry),
    /// Close the window and end.
    Close,
}

/// What may happen to an address that the web view wants to go to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Navigation {
    /// It is ours.
    Follow,
    /// It is not; nothing happens.
    Refuse,
    /// It is the button of our own page that starts the service.
    Start,
    /// It is the button of our own page that asks again.
    Retry,
}

/// What the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Our own words, while the service is asked.
    Connecting,
    /// The service's page, or what the web view makes of it while it loads.
    Page,
    /// Our own page that says what is wrong.
    Error,
    /// Our own words, while the service starts.
    Starting,
}

/// The window's state machine.
#[derive(Debug)]
pub(crate) struct Controller {
    state: State,
    page: Option<Bootstrap>,
    /// A certificate was refused and a new one asked for; a second refusal is an error.
    repinning: bool,
    turn_running: bool,
    /// A dialog is open in which the person chooses.
    picking: bool,
    geometry: Option<Geometry>,
}

impl Controller {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Connecting,
            page: None,
            repinning: false,
            turn_running: false,
            picking: false,
            geometry: None,
        }
    }

    /// Takes an event and says what to do, in this order.
    pub(crate) fn on(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Opened | Event::RetryChosen | Event::ServiceStarted(Ok(())) => self.connect(),
            Event::Bootstrapped(Ok(page)) => self.bootstrapped(page),
            Event::Bootstrapped(Err(error)) => self.unavailable(&error),
            Event::CertificateRefused => self.certificate_refused(),
            Event::LoadFailed => self.fail(&UserError::new(ErrorCode::ServiceUnavailable)),
            Event::Loaded => self.loaded(),
            Event::Message { from, text } => self.message(&from, &text),
            Event::Picked(pick, paths) => self.picked(pick, &paths),
            Event::DragEntered(paths) if paths.iter().any(|path| path.is_absolute()) => {
                self.tell(ToPage::DragEntered)
            }
            // A link of the page, or nothing at all.
            Event::DragEntered(_) => Vec::new(),
            Event::DragLeft => self.tell(ToPage::DragLeft),
            Event::Dropped(paths) => self.dropped(paths),
            Event::LookedAt(items) => self.tell(ToPage::Dropped {
                chosen: Chosen {
                    total: items.len(),
                    items,
                },
            }),
            Event::LinkOpened(address) => self.link_opened(address),
            Event::StartChosen => self.start(),
            Event::ServiceStarted(Err(said)) => {
                self.fail(&UserError::new(ErrorCode::ServiceUnavailable).detail(pages::tail(&said)))
            }
            Event::CloseChosen if self.turn_running => vec![Effect::AskBeforeClosing],
            Event::CloseChosen | Event::CloseConfirmed => self.close(),
            Event::Reshaped(geometry) => {
                self.geometry = Some(geometry);
                Vec::new()
            }
        }
    }

    /// Whether the web view may go to `address`, in any of its frames.
    pub(crate) fn navigation(&self, address: &str) -> Navigation {
        match (self.state, address) {
            (State::Error, START) => Navigation::Start,
            (State::Error, RETRY) => Navigation::Retry,
            (State::Connecting | State::Error | State::Starting, "about:blank") => Navigation::Follow,
            (State::Page, _) if self.is_ours(address) => Navigation::Follow,
            _ => Navigation::Refuse,
        }
    }

    /// Whether `address` belongs to the page's origin.
    fn is_ours(&self, address: &str) -> bool {
        let rest = self
            .page
            .as_ref()
            .and_then(|page| address.strip_prefix(page.origin.as_str()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#', '?']))
    }

    fn connect(&mut self) -> Vec<Effect> {
        self.state = State::Connecting;
        vec![
            Effect::Show(pages::waiting("Connecting to the Deskhand service")),
            Effect::Bootstrap,
        ]
    }

    /// A page that shows already stays when only the certificate is new; its own connection takes the new one then.
    fn bootstrapped(&mut self, page: Bootstrap) -> Vec<Effect> {
        let mut effects = vec![pin(&page)];
        let stays = self.state == State::Page
            && !self.repinning
            && self
                .page
                .as_ref()
                .is_some_and(|shown| shown.origin == page.origin && shown.token == page.token);
        if !stays {
            self.state = State::Page;
            effects.push(Effect::Load(format!(
                "{}/desktop/#token={}",
                page.origin, page.token
            )));
        }
        self.page = Some(page);
        effects
    }

    fn unavailable(&mut self, error: &BootstrapError) -> Vec<Effect> {
        match error {
            // The page itself says that it cannot reach the service, and keeps what was typed.
            BootstrapError::NoService(_) if self.state == State::Page && !self.repinning => Vec::new(),
            BootstrapError::NoService(_) => self.fail(&UserError::new(ErrorCode::ServiceUnavailable)),
            BootstrapError::OtherUser => self.fail(&UserError::new(ErrorCode::OtherUser)),
            BootstrapError::Refused(said) => self.fail(said),
            BootstrapError::Answer(_) => self.fail(&UserError::new(ErrorCode::Internal).detail(error)),
        }
    }

    /// Once, the certificate may have been renewed since it was pinned. Twice, something else answers on the port.
    fn certificate_refused(&mut self) -> Vec<Effect> {
        if self.repinning {
            return self.fail(&UserError::new(ErrorCode::AuthorityUntrusted));
        }
        self.repinning = true;
        vec![Effect::Bootstrap]
    }

    fn loaded(&mut self) -> Vec<Effect> {
        if self.state == State::Page {
            self.repinning = false;
        }
        Vec::new()
    }

    /// Heeds messages of the page alone: of nothing else that the web view may show.
    fn message(&mut self, from: &str, text: &str) -> Vec<Effect> {
        if text.len() > MESSAGE_CAP || self.state != State::Page || !self.is_ours(from) {
            return Vec::new();
        }
        let Ok(message) = serde_json::from_str::<FromPage>(text) else {
            return Vec::new();
        };
        if let Some(running) = message.turn_running {
            self.turn_running = running;
        }
        if message.start_service {
            return self.start();
        }
        if message.connection_lost {
            return vec![Effect::Bootstrap];
        }
        message.pick.map_or_else(Vec::new, |pick| self.pick(pick))
    }

    /// One dialog at a time: a page that asks for another one gets nothing.
    fn pick(&mut self, pick: Pick) -> Vec<Effect> {
        if self.picking {
            return self.tell(ToPage::Picked {
                id: pick.id,
                chosen: Chosen::default(),
            });
        }
        self.picking = true;
        vec![Effect::Pick(pick)]
    }

    fn picked(&mut self, pick: Pick, paths: &[PathBuf]) -> Vec<Effect> {
        self.picking = false;
        let kind = match pick.what {
            What::Folder | What::Folders => ItemKind::Folder,
            What::Documents => ItemKind::File,
        };
        let items = paths.iter().map(|path| Item::new(path, kind));
        self.tell(ToPage::Picked {
            id: pick.id,
            chosen: Chosen {
                items: items.filter(|_| paths.len() <= MOST_ITEMS).collect(),
                total: paths.len(),
            },
        })
    }

    /// What is no path of this computer, such as a link, is left out.
    fn dropped(&self, mut paths: Vec<PathBuf>) -> Vec<Effect> {
        paths.retain(|path| path.is_absolute());
        match paths.len() {
            0 => self.tell(ToPage::DragLeft),
            _ if self.state != State::Page => Vec::new(),
            1..=MOST_ITEMS => vec![Effect::LookAt(paths)],
            total => self.tell(ToPage::Dropped {
                chosen: Chosen {
                    items: Vec::new(),
                    total,
                },
            }),
        }
    }

    /// Says something to the page, where it is there.
    fn tell(&self, message: ToPage) -> Vec<Effect> {
        if self.state == State::Page {
            vec![Effect::Tell(message)]
        } else {
            Vec::new()
        }
    }

    /// Only what the person clicked gets here: the web view opens no window by itself.
    fn link_opened(&self, address: String) -> Vec<Effect> {
        if self.state == State::Page && !self.is_ours(&address) {
            vec![Effect::OpenInBrowser(address)]
        } else {
            Vec::new()
        }
    }

    fn start(&mut self) -> Vec<Effect> {
        self.state = State::Starting;
        vec![
            Effect::Show(pages::waiting("Starting the Deskhand service")),
            Effect::StartService,
        ]
    }

    fn close(&mut self) -> Vec<Effect> {
        self.geometry
            .take()
            .map(Effect::Remember)
            .into_iter()
            .chain([Effect::Close])
            .collect()
    }

    fn fail(&mut self, error: &UserError) -> Vec<Effect> {
        self.state = State::Error;
        self.repinning = false;
        self.turn_running = false;
        vec![Effect::Show(pages::error(error))]
    }
}

/// Certificates are accepted for the host that shows them, not for a port.
fn pin(page: &Bootstrap) -> Effect {
    let host = page.origin.trim_start_matches("https://");
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    Effect::Pin {
        host: host.to_owned(),
        certificate: page.certificate.clone(),
    }
}
