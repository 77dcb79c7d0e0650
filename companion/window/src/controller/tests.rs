//! The controller against a window that only remembers what it was told.

use pretty_assertions::assert_eq;

use super::*;

mod attaching;

/// Where the page is.
const PAGE: &str = "https://localhost:47600/desktop/";
const LINK: &str = "https://docs.example.com/guide";
const SHAPE: Geometry = Geometry {
    width: 900,
    height: 600,
    place: None,
    maximised: false,
};

/// A window without a screen.
struct Fake {
    controller: Controller,
    done: Vec<Effect>,
}

#[test]
fn opens_the_page_with_the_token_behind_the_hash() {
    let mut window = Fake::new();
    window.on(Event::Opened);
    assert_eq!(window.done.pop(), Some(Effect::Bootstrap));
    window.on(Event::Bootstrapped(Ok(page("one"))));
    assert_eq!(
        window.done,
        [
            Effect::Pin {
                host: "localhost".into(),
                certificate: "PEM one".into()
            },
            Effect::Load("https://localhost:47600/desktop/#token=one".into()),
        ]
    );
}

#[test]
fn a_service_that_is_not_there_is_said_and_can_be_started() {
    let mut window = Fake::new();
    window.on(Event::Opened);
    window.on(Event::Bootstrapped(Err(BootstrapError::NoService(None))));
    assert!(window.shows("NET_SERVICE") && window.shows("Start the service"));

    assert_eq!(window.controller.navigation(START), Navigation::Start);
    window.on(Event::StartChosen);
    assert_eq!(window.done.pop(), Some(Effect::StartService));
    window.on(Event::ServiceStarted(Ok(())));
    assert_eq!(window.done.pop(), Some(Effect::Bootstrap));
}

#[test]
fn a_service_that_cannot_start_is_quoted() {
    let mut window = Fake::new();
    window.on(Event::Opened);
    window.on(Event::StartChosen);
    window.on(Event::ServiceStarted(Err(
        "port 47600 is held by process 7".into()
    )));
    assert!(window.shows("port 47600 is held by process 7"));
}

#[test]
fn every_reason_for_no_page_has_its_code() {
    let cases = [
        (BootstrapError::NoService(None), "NET_SERVICE"),
        (BootstrapError::OtherUser, "NET_OTHER_USER"),
        (
            BootstrapError::Refused(UserError::new(ErrorCode::Disabled)),
            "POL_DISABLED",
        ),
        (BootstrapError::Answer("it is not the expected JSON"), "INTERNAL"),
    ];
    for (error, code) in cases {
        let mut window = Fake::new();
        window.on(Event::Opened);
        window.on(Event::Bootstrapped(Err(error)));
        assert!(window.shows(code), "{code}");
    }
}

#[test]
fn a_renewed_certificate_is_pinned_and_the_page_loaded_again() {
    let mut window = Fake::with_page();
    window.on(Event::CertificateRefused);
    assert_eq!(window.done, [Effect::Bootstrap]);
    window.on(Event::Bootstrapped(Ok(page("one"))));
    assert!(matches!(window.done[..], [Effect::Pin { .. }, Effect::Load(_)]));
    window.on(Event::Loaded);
    window.on(Event::CertificateRefused);
    assert_eq!(
        window.done,
        [Effect::Bootstrap],
        "the next renewal has its own try"
    );
}

#[test]
fn a_certificate_that_is_refused_twice_is_an_error_and_no_loop() {
    let mut window = Fake::with_page();
    window.on(Event::CertificateRefused);
    window.on(Event::Bootstrapped(Ok(page("one"))));
    window.on(Event::CertificateRefused);
    assert!(window.shows("TLS_UNTRUSTED"));
}

#[test]
fn a_page_that_lost_its_connection_gets_the_new_certificate_without_being_reloaded() {
    let mut window = Fake::with_page();
    window.on(message(r#"{"connectionLost":true}"#.into()));
    assert_eq!(window.done, [Effect::Bootstrap]);
    window.on(Event::Bootstrapped(Ok(page("one"))));
    assert!(matches!(window.done[..], [Effect::Pin { .. }]));
}

#[test]
fn a_page_whose_token_is_of_yesterday_is_loaded_with_the_new_one() {
    let mut window = Fake::with_page();
    window.on(message(r#"{"connectionLost":true}"#.into()));
    window.on(Event::Bootstrapped(Ok(page("two"))));
    assert_eq!(
        window.done[1],
        Effect::Load("https://localhost:47600/desktop/#token=two".into())
    );
}

#[test]
fn what_was_typed_stays_while_the_service_is_away() {
    let mut window = Fake::with_page();
    window.on(message(r#"{"connectionLost":true}"#.into()));
    window.on(Event::Bootstrapped(Err(BootstrapError::NoService(None))));
    assert_eq!(window.done, []);
}

#[test]
fn the_page_may_ask_for_the_service_to_be_started() {
    let mut window = Fake::with_page();
    window.on(message(r#"{"startService":true}"#.into()));
    assert_eq!(window.done.last(), Some(&Effect::StartService));
}

#[test]
fn asks_before_it_closes_while_a_turn_runs() {
    let mut window = Fake::with_page();
    window.on(message(r#"{"turnRunning":true}"#.into()));
    window.on(Event::CloseChosen);
    assert_eq!(window.done, [Effect::AskBeforeClosing]);
    window.on(Event::CloseConfirmed);
    assert_eq!(window.done, [Effect::Close]);
}

#[test]
fn closes_at_once_when_no_turn_runs_and_keeps_its_shape() {
    let mut window = Fake::with_page();
    window.on(message(r#"{"turnRunning":true}"#.into()));
    window.on(message(r#"{"turnRunning":false}"#.into()));
    window.on(Event::Reshaped(SHAPE));
    window.on(Event::CloseChosen);
    assert_eq!(window.done, [Effect::Remember(SHAPE), Effect::Close]);
}

#[test]
fn a_message_that_is_no_message_changes_nothing() {
    let long = format!(r#"{{"startService":true,"x":"{}"}}"#, "x".repeat(MESSAGE_CAP));
    for text in [
        "",
        "null",
        "[]",
        "turnRunning",
        r#"{"turnRunning":"yes"}"#,
        r#"{"unknown":1}"#,
        &long,
    ] {
        let mut window = Fake::with_page();
        window.on(message(text.into()));
        window.on(Event::CloseChosen);
        assert_eq!(window.done, [Effect::Close], "{text}");
    }
}

#[test]
fn a_link_to_elsewhere_opens_in_the_browser() {
    let mut window = Fake::with_page();
    window.on(Event::LinkOpened(LINK.into()));
    assert_eq!(window.done, [Effect::OpenInBrowser(LINK.into())]);
}

#[test]
fn a_link_to_the_service_is_not_handed_out_with_its_address() {
    let mut window = Fake::with_page();
    window.on(Event::LinkOpened("https://localhost:47600/desktop/".into()));
    assert_eq!(window.done, []);
}

#[test]
fn stays_on_its_origin() {
    let window = Fake::with_page();
    let cases = [
        ("https://localhost:47600/desktop/#token=one", Navigation::Follow),
        ("https://localhost:47600", Navigation::Follow),
        ("https://localhost:5000/", Navigation::Refuse),
        ("https://localhost:476001/", Navigation::Refuse),
        ("https://localhost:47600.example.com/", Navigation::Refuse),
        ("https://localhost:47600@example.com/", Navigation::Refuse),
        ("http://localhost:47600/", Navigation::Refuse),
        ("about:blank", Navigation::Refuse),
        ("file:///etc/passwd", Navigation::Refuse),
        ("data:text/html,x", Navigation::Refuse),
        (START, Navigation::Refuse),
        (LINK, Navigation::Refuse),
    ];
    for (address, answer) in cases {
        assert_eq!(window.controller.navigation(address), answer, "{address}");
    }
}

#[test]
fn our_own_pages_lead_nowhere_but_to_their_buttons() {
    let mut window = Fake::new();
    window.on(Event::Opened);
    window.on(Event::LoadFailed);
    let cases = [
        ("about:blank", Navigation::Follow),
        (START, Navigation::Start),
        (RETRY, Navigation::Retry),
        ("https://localhost:47600/", Navigation::Refuse),
        (LINK, Navigation::Refuse),
    ];
    for (address, answer) in cases {
        assert_eq!(window.controller.navigation(address), answer, "{address}");
    }
}

impl Fake {
    fn new() -> Self {
        Self {
            controller: Controller::new(),
            done: Vec::new(),
        }
    }

    /// A window that shows its page.
    fn with_page() -> Self {
        let mut window = Self::new();
        window.on(Event::Opened);
        window.on(Event::Bootstrapped(Ok(page("one"))));
        window.on(Event::Loaded);
        window
    }

    /// Takes an event; `done` is what it led to.
    fn on(&mut self, event: Event) {
        self.done = self.controller.on(event);
    }

    /// Whether the last thing shown is a page of our own with these words.
    fn shows(&self, words: &str) -> bool {
        matches!(self.done.last(), Some(Effect::Show(html)) if html.contains(words))
    }
}

fn message(text: String) -> Event {
    let from = PAGE.to_owned();
    Event::Message { from, text }
}

fn page(token: &str) -> Bootstrap {
    Bootstrap {
        origin: "https://localhost:47600".into(),
        token: token.into(),
        certificate: format!("PEM {token}"),
    }
}
