//! What goes wrong for a user, provoked for real: each error has its stable code, and the prompt is kept.

#[path = "errors/documents.rs"]
mod documents;
#[path = "errors/inference.rs"]
mod inference;
#[path = "errors/start.rs"]
mod start;
