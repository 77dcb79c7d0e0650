//! The one file that touches wry and tao: a window with a web view in it. Carries events to the controller and its
//! effects to the toolkit, and decides nothing.
//!
//! The service's certificate comes from the user's own authority, which the web view need not trust. Under Linux the
//! certificate itself is pinned; macOS and Windows have no such call, so there the authority must be in the user's
//! store (`deskhand trust`).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::Context as _;
use tao::dpi::{LogicalSize, PhysicalPosition, PhysicalSize};
use tao::event::{Event as Toolkit, WindowEvent};
use tao::event_loop::{ControlFlow, EventLoop, EventLoopBuilder, EventLoopProxy};
use tao::window::{Window, WindowBuilder};
use wry::{DragDropEvent, NewWindowResponse, PageLoadEvent, WebView, WebViewBuilder};

use crate::controller::{Controller, Effect, Event, Navigation};
use crate::geometry::{Geometry, Screen};
use crate::world::{Send, World};

/// The size of the first start, in logical pixels: the design's reference.
const SIZE: LogicalSize<f64> = LogicalSize::new(1200.0, 800.0);
/// Below this the page has no layout, in logical pixels.
const LEAST: LogicalSize<f64> = LogicalSize::new(480.0, 400.0);

const PICK_FOLDERS: &str = "Attach folders";
const PICK_DOCUMENTS: &str = "Attach documents";
#[cfg(target_os = "linux")]
const PICK: &str = "Attach";

const QUESTION: &str = "Close the window while Deskhand works?";
const CONSEQUENCE: &str = "The work goes on without the window. A question waits until you are back.";
const CLOSE: &str = "Close the window";
const KEEP: &str = "Keep it open";

/// Opens the window and runs until it is closed; the process ends with it.
pub(crate) fn open(controller: Controller, world: World, shape: Option<Geometry>) -> anyhow::Result<()> {
    let events = EventLoopBuilder::<Event>::with_user_event().build();
    let window = build_window(&events, shape).context("the desktop opened no window")?;
    let controller = Rc::new(RefCell::new(controller));
    let web = build_web_view(&window, &controller, events.create_proxy()).context("no web view")?;
    let shell = Shell {
        window,
        web,
        world,
        controller,
        send: sender(events.create_proxy()),
    };
    shell.take(Event::Opened);
    events.run(move |event, _, flow| {
        *flow = ControlFlow::Wait;
        let ended = match event {
            Toolkit::UserEvent(event) => shell.take(event),
            Toolkit::WindowEvent {
                event: WindowEvent::CloseRequested,
                ..
            } => shell.take(Event::CloseChosen),
            Toolkit::WindowEvent {
                event: WindowEvent::Moved(_) | WindowEvent::Resized(_),
                ..
            } => shell.take(Event::Reshaped(shell.shape())),
            _ => false,
        };
        if ended {
            *flow = ControlFlow::Exit;
        }
    });
}

/// The window with all that its effects need.
struct Shell {
    window: Window,
    web: WebView,
    world: World,
    controller: Rc<RefCell<Controller>>,
    send: Send,
}

impl Shell {
    /// Takes an event to the controller and does what it says. True when the window is to end.
    fn take(&self, event: Event) -> bool {
        // The borrow ends before the effects: loading a page asks the controller whether it may.
        let effects = self.controller.borrow_mut().on(event);
        effects.into_iter().any(|effect| self.apply(effect))
    }

    fn apply(&self, effect: Effect) -> bool {
        let shown = match effect {
            Effect::Load(address) => self.web.load_url(&address),
            Effect::Show(html) => self.web.load_html(&html),
            Effect::Close => return true,
            Effect::Bootstrap => {
                self.world.bootstrap(Arc::clone(&self.send));
                Ok(())
            }
            Effect::StartService => {
                self.world.start_service(Arc::clone(&self.send));
                Ok(())
            }
            Effect::OpenInBrowser(address) => {
                World::open_in_browser(&address);
                Ok(())
            }
            Effect::Tell(message) => self.web.evaluate_script(&message.script()),
            Effect::LookAt(paths) => {
                self.world.look_at(paths, Arc::clone(&self.send));
                Ok(())
            }
            Effect::Pick(pick) => {
                os::pick(&self.window, pick, Arc::clone(&self.send));
                Ok(())
            }
            Effect::Remember(shape) => {
                self.world.remember(shape);
                Ok(())
            }
            Effect::Pin { host, certificate } => {
                os::pin(&self.web, &host, &certificate);
                Ok(())
            }
            Effect::AskBeforeClosing => {
                os::ask_before_closing(&self.window, Arc::clone(&self.send));
                Ok(())
            }
        };
        if let Err(error) = shown {
            eprintln!("the page was not shown: {error}");
        }
        false
    }

    fn shape(&self) -> Geometry {
        let PhysicalSize { width, height } = self.window.inner_size();
        let place = self.window.outer_position().ok().map(|place| (place.x, place.y));
        Geometry {
            width,
            height,
            place,
            maximised: self.window.is_maximized(),
        }
    }
}

fn sender(proxy: EventLoopProxy<Event>) -> Send {
    // It fails only when the loop has ended, and then nobody waits for the event.
    Arc::new(move |event| drop(proxy.send_event(event)))
}

fn build_window(events: &EventLoop<Event>, shape: Option<Geometry>) -> anyhow::Result<Window> {
    let mut builder = WindowBuilder::new()
        .with_title("Deskhand")
        .with_inner_size(SIZE)
        .with_min_inner_size(LEAST);
    if let Some(shape) = shape.map(|shape| shape.fitted(&screens(events))) {
        builder = builder
            .with_inner_size(PhysicalSize::new(shape.width, shape.height))
            .with_maximized(shape.maximised);
        if let Some((x, y)) = shape.place {
            builder = builder.with_position(PhysicalPosition::new(x, y));
        }
    }
    let window = builder.build(events)?;
    os::set_icon(&window);
    Ok(window)
}

fn screens(events: &EventLoop<Event>) -> Vec<Screen> {
    let screen = |monitor: tao::monitor::MonitorHandle| Screen {
        x: monitor.position().x,
        y: monitor.position().y,
        width: monitor.size().width,
        height: monitor.size().height,
    };
    events.available_monitors().map(screen).collect()
}

fn build_web_view(
    window: &Window,
    controller: &Rc<RefCell<Controller>>,
    proxy: EventLoopProxy<Event>,
) -> anyhow::Result<WebView> {
    let send = sender(proxy);
    let (navigating, opening, talking, loading, dragging) = (
        Arc::clone(&send),
        Arc::clone(&send),
        Arc::clone(&send),
        Arc::clone(&send),
        Arc::clone(&send),
    );
    let controller = Rc::clone(controller);
    let builder = WebViewBuilder::new()
        // Nothing of the page stays on disk, the token least of all.
        .with_incognito(true)
        .with_devtools(cfg!(debug_assertions))
        .with_navigation_handler(move |address| match controller.borrow().navigation(&address) {
            Navigation::Follow => true,
            Navigation::Refuse => false,
            Navigation::Start => {
                navigating(Event::StartChosen);
                false
            }
            Navigation::Retry => {
                navigating(Event::RetryChosen);
                false
            }
        })
        .with_new_window_req_handler(move |address, _| {
            opening(Event::LinkOpened(address));
            NewWindowResponse::Deny
        })
        .with_permission_handler(|_| wry::PermissionResponse::Deny)
        .with_ipc_handler(move |request| {
            let from = request.uri().to_string();
            let text = request.into_body();
            talking(Event::Message { from, text });
        })
        // The web view itself does nothing with what is dropped: it would open the file in the place of the page.
        .with_drag_drop_handler(move |event| {
            match event {
                DragDropEvent::Enter { paths, .. } => dragging(Event::DragEntered(paths)),
                DragDropEvent::Leave => dragging(Event::DragLeft),
                DragDropEvent::Drop { paths, .. } => dragging(Event::Dropped(paths)),
                _ => {}
            }
            true
        })
        .with_on_page_load_handler(move |event, _| {
            if matches!(event, PageLoadEvent::Finished) {
                loading(Event::Loaded);
            }
        });
    os::build(builder, window, send)
}

#[cfg(target_os = "linux")]
mod os {
    //! GTK and WebKitGTK.

    use std::cell::RefCell;

    use anyhow::Context as _;
    use gtk::gio::{TlsCertificate, TlsCertificateFlags};
    use gtk::prelude::{
        DialogExt as _, FileChooserExt as _, GtkWindowExt as _, NativeDialogExt as _, PixbufLoaderExt as _,
        WidgetExt as _,
    };
    use tao::platform::unix::WindowExtUnix as _;
    use tao::window::Window;
    use webkit2gtk::{WebContextExt as _, WebViewExt as _};
    use wry::{WebView, WebViewBuilder, WebViewBuilderExtUnix as _, WebViewExtUnix as _};

    use crate::controller::Event;
    use crate::messages::{Pick, What};
    use crate::world::Send;

    const ICON: &[u8] = include_bytes!("../assets/icon-64.png");

    /// Puts the web view into the window's box, and listens for what wry does not tell.
    pub(super) fn build(builder: WebViewBuilder<'_>, window: &Window, send: Send) -> anyhow::Result<WebView> {
        let web = builder.build_gtk(window.default_vbox().context("the window has no box")?)?;
        let refused = std::sync::Arc::clone(&send);
        web.webview()
            .connect_load_failed_with_tls_errors(move |_, _, _, _: TlsCertificateFlags| {
                refused(Event::CertificateRefused);
                true
            });
        web.webview().connect_load_failed(move |_, _, _, error| {
            // A navigation that was refused or replaced is no failure of the page.
            let cancelled = error.matches(webkit2gtk::NetworkError::Cancelled)
                || error.matches(webkit2gtk::PolicyError::FrameLoadInterruptedByPolicyChange);
            if !cancelled {
                send(Event::LoadFailed);
            }
            true
        });
        Ok(web)
    }

    /// Accepts this very certificate (DER, base64) for the host, besides those that the system trusts.
    pub(super) fn pin(web: &WebView, host: &str, certificate: &str) {
        let context = web.webview().context();
        // PEM is just this, in lines (RFC 7468); GLib takes one long line as well.
        let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
        match (TlsCertificate::from_pem(&pem), context) {
            (Ok(certificate), Some(context)) => context.allow_tls_certificate_for_host(&certificate, host),
            (Err(error), _) => eprintln!("the service's certificate cannot be read: {error}"),
            (_, None) => eprintln!("the web view has no context"),
        }
    }

    /// Asks in a dialog of the desktop, which works whatever the page does. Keeping the window open is the default.
    pub(super) fn ask_before_closing(window: &Window, send: Send) {
        let dialog = gtk::MessageDialog::new(
            Some(window.gtk_window()),
            gtk::DialogFlags::MODAL | gtk::DialogFlags::DESTROY_WITH_PARENT,
            gtk::MessageType::Question,
            gtk::ButtonsType::None,
            super::QUESTION,
        );
        gtk::prelude::MessageDialogExt::set_secondary_text(&dialog, Some(super::CONSEQUENCE));
        dialog.add_button(super::CLOSE, gtk::ResponseType::Accept);
        dialog.add_button(super::KEEP, gtk::ResponseType::Cancel);
        dialog.set_default_response(gtk::ResponseType::Cancel);
        dialog.connect_response(move |dialog, answer| {
            if answer == gtk::ResponseType::Accept {
                send(Event::CloseConfirmed);
            }
            gtk::prelude::GtkWindowExt::close(dialog);
        });
        dialog.show_all();
    }

    /// Lets the person choose in the dialog of the desktop.
    pub(super) fn pick(window: &Window, pick: Pick, send: Send) {
        let (title, action) = match pick.what {
            What::Folder | What::Folders => (super::PICK_FOLDERS, gtk::FileChooserAction::SelectFolder),
            What::Documents => (super::PICK_DOCUMENTS, gtk::FileChooserAction::Open),
        };
        let parent = Some(window.gtk_window());
        let dialog = gtk::FileChooserNative::new(Some(title), parent, action, Some(super::PICK), None);
        dialog.set_select_multiple(pick.what != What::Folder);
        dialog.set_modal(true);
        // Nobody else holds a native dialog: it holds itself until it is answered.
        let held = RefCell::new(Some(dialog.clone()));
        dialog.connect_response(move |dialog, answer| {
            let paths = match answer {
                gtk::ResponseType::Accept => dialog.filenames(),
                _ => Vec::new(),
            };
            send(Event::Picked(pick, paths));
            drop(held.take());
        });
        dialog.show();
    }

    pub(super) fn set_icon(window: &Window) {
        let loader = gtk::gdk_pixbuf::PixbufLoader::new();
        let read = loader.write(ICON).and_then(|()| loader.close());
        if read.is_ok() {
            window.gtk_window().set_icon(loader.pixbuf().as_ref());
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod os {
    //! WebView2 and WKWebView.

    use tao::window::Window;
    use wry::{WebView, WebViewBuilder};

    use crate::controller::Event;
    use crate::messages::{Pick, What};
    use crate::world::Send;

    pub(super) fn build(builder: WebViewBuilder<'_>, window: &Window, _: Send) -> anyhow::Result<WebView> {
        Ok(builder.build(window)?)
    }

    /// These web views read the user's store of authorities and offer no pin.
    pub(super) fn pin(_: &WebView, _: &str, _: &str) {}

    /// Asks in a dialog of the system.
    pub(super) fn ask_before_closing(window: &Window, send: Send) {
        let buttons = rfd::MessageButtons::OkCancelCustom(super::CLOSE.to_owned(), super::KEEP.to_owned());
        let dialog = rfd::MessageDialog::new()
            .set_parent(window)
            .set_title(super::QUESTION)
            .set_description(super::CONSEQUENCE)
            .set_buttons(buttons);
        if matches!(dialog.show(), rfd::MessageDialogResult::Custom(chosen) if chosen == super::CLOSE) {
            send(Event::CloseConfirmed);
        }
    }

    /// Lets the person choose in the dialog of the system.
    pub(super) fn pick(window: &Window, pick: Pick, send: Send) {
        let dialog = rfd::FileDialog::new().set_parent(window);
        let chosen = match pick.what {
            What::Folder => dialog
                .set_title(super::PICK_FOLDERS)
                .pick_folder()
                .map(|path| vec![path]),
            What::Folders => dialog.set_title(super::PICK_FOLDERS).pick_folders(),
            What::Documents => dialog.set_title(super::PICK_DOCUMENTS).pick_files(),
        };
        send(Event::Picked(pick, chosen.unwrap_or_default()));
    }

    /// The icon is part of the program's file there.
    pub(super) fn set_icon(_: &Window) {}
}
