//! A file that can be dragged: a small window beside Deskhand's, as a file manager has it. It is this program again, in the test
//! that asked for it.

use std::path::Path;
use std::process::Command;

use deskhand_test_support::Child;
use gtk::prelude::{
    ContainerExt as _, CssProviderExt as _, GtkWindowExt as _, StyleContextExt as _, WidgetExt as _,
    WidgetExtManual as _,
};

use crate::screen::Screen;

/// Its colour.
pub(crate) const COLOUR: [u8; 3] = [0xe0, 0x30, 0x90];
/// The file that it hands out, as an address.
const FILE: &str = "DESKHAND_TEST_DRAGS";

/// Runs until it is dropped.
pub(crate) struct Source(#[expect(dead_code, reason = "ends with the value")] Child);

impl Source {
    pub(crate) fn start(screen: &Screen, file: &Path, test: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", test]);
        command
            .env("DISPLAY", screen.display())
            .env_remove("WAYLAND_DISPLAY");
        command.env("NO_AT_BRIDGE", "1");
        Self(Child::spawn(
            command.env(FILE, format!("file://{}", file.display())),
        ))
    }
}

/// The address of the file that this process is to show, where it was started for that.
pub(crate) fn wanted() -> Option<String> {
    std::env::var(FILE).ok()
}

/// Shows the window until the process is ended.
pub(crate) fn show(address: &str) {
    let address = address.to_owned();
    gtk::init().expect("a display");
    let window = gtk::Window::new(gtk::WindowType::Popup);
    let [red, green, blue] = COLOUR;
    let style = gtk::CssProvider::new();
    style
        .load_from_data(format!("* {{ background: rgb({red},{green},{blue}); }}").as_bytes())
        .expect("a style");
    let file = gtk::EventBox::new();
    file.style_context()
        .add_provider(&style, gtk::STYLE_PROVIDER_PRIORITY_APPLICATION);
    let targets = [gtk::TargetEntry::new(
        "text/uri-list",
        gtk::TargetFlags::empty(),
        0,
    )];
    file.drag_source_set(
        gtk::gdk::ModifierType::BUTTON1_MASK,
        &targets,
        gtk::gdk::DragAction::COPY | gtk::gdk::DragAction::MOVE,
    );
    file.connect_drag_data_get(move |_, _, data, _, _| {
        data.set_uris(&[&address]);
    });
    // What a file manager does where the other side took the file for itself.
    file.connect_drag_data_delete(|_, _| panic!("the file was to be moved"));
    window.add(&file);
    window.set_default_size(60, 60);
    window.move_(1210, 820);
    window.show_all();
    gtk::main();
}
