//! The desktop window: a native frame around the page that the service serves.
//!
//! `controller` decides and touches nothing; `messages` is what it says to the page
//! and hears from it; `webview` is the only file that knows wry and tao; `world` does what needs
//! the local channel, a process or a file. The window holds no credential but the page's token, which it fetches over
//! the local channel and hands to the page (Invariant 2).

mod bootstrap;
mod controller;
mod geometry;
mod messages;
mod pages;
mod webview;
mod world;

use anyhow::Context as _;
use controller::Controller;
use deskhand_platform::Paths;
use world::World;

fn main() -> anyhow::Result<()> {
    let paths = Paths::resolve(|name| std::env::var_os(name)).context("no place for Deskhand's files")?;
    let world = World::new(paths)?;
    let geometry = world.geometry();
    webview::open(Controller::new(), world, geometry)
}
