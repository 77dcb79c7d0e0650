//! The TypeScript of the protocol is generated from the Rust types. This test writes it anew and fails when what was
//! committed is another; outside CI the new file is left in place.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use deskhand_protocol::methods::{Row, TypeVisitor};
use deskhand_protocol::operations::{Definition, definitions};
use deskhand_protocol::{ErrorCode, EventBody, Method, Notification, PROTOCOL, ServiceCall};
use ts_rs::{Config, TS};

/// Declarations by name.
struct Declarations {
    config: Config,
    seen: BTreeSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl Declarations {
    fn take<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_none() || !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        let name = T::ident(&self.config);
        let docs = T::docs().unwrap_or_default();
        let text = format!("{docs}export {}", T::decl(&self.config));
        let old = self.by_name.insert(name.clone(), text);
        assert!(
            old.is_none(),
            "two types are called `{name}`: give one a `#[ts(rename)]`"
        );
        T::visit_dependencies(&mut Dependencies(self));
    }
}

struct Dependencies<'a>(&'a mut Declarations);

impl ts_rs::TypeVisitor for Dependencies<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.0.take::<T>();
        // Types without a declaration of their own (vectors, options) still lead to others.
        if T::output_path().is_none() && self.0.seen.insert(TypeId::of::<T>()) {
            T::visit_dependencies(self);
            T::visit_generics(self);
        }
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static>(&mut self) -> String {
        self.take::<T>();
        T::name(&self.config)
    }
}

fn table(out: &mut String, name: &str, about: &str, rows: impl Iterator<Item = Row>) {
    let _ = write!(out, "\n/** {about} */\nexport interface {name} {{\n");
    for row in rows {
        let Row {
            name,
            summary,
            params,
            answer,
        } = row;
        let _ = writeln!(
            out,
            "  /** {summary} */\n  '{name}': {{ params: {params}; answer: {answer} }};"
        );
    }
    out.push_str("}\n");
}

fn error_table(out: &mut String) {
    out.push_str("\n/** What happened, what was kept, what to do, by code. */\n");
    out.push_str("export const errorSentences: Record<ErrorCode, readonly [string, string, string]> = {\n");
    for code in ErrorCode::ALL {
        let sentences = serde_json::to_string(&code.sentences()).expect("strings");
        let _ = writeln!(out, "  {}: {sentences},", code.as_str());
    }
    out.push_str("};\n");
}

fn operation_table(out: &mut String) {
    out.push_str("\n/** Every document operation and what it does to the document. */\n");
    out.push_str("export const operationEffects = {\n");
    for Definition {
        name,
        effect,
        document,
        ..
    } in definitions()
    {
        let _ = writeln!(out, "  '{document:?} {name}': '{effect:?}',");
    }
    out.push_str("} as const;\n");
}

fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut types = Declarations {
        config,
        seen: BTreeSet::new(),
        by_name: BTreeMap::new(),
    };
    let mut tables = String::new();
    types.take::<deskhand_protocol::envelope::Frame>();
    types.take::<EventBody>();
    table(
        &mut tables,
        "Methods",
        "Methods of the service.",
        Method::ALL.iter().map(|m| m.row(&mut types)),
    );
    table(
        &mut tables,
        "Notifications",
        "Notifications from the service.",
        Notification::ALL.iter().map(|m| m.row(&mut types)),
    );
    table(
        &mut tables,
        "ServiceCalls",
        "Requests from the service to a pane.",
        ServiceCall::ALL.iter().map(|m| m.row(&mut types)),
    );
    error_table(&mut tables);
    operation_table(&mut tables);
    let mut out = String::from(
        "// Generated from companion/protocol by `cargo test -p deskhand-protocol --test generated`. Do not edit.\n\n",
    );
    let _ = writeln!(
        out,
        "/** The version of the protocol. */\nexport const PROTOCOL = {PROTOCOL};\n"
    );
    for declaration in types.by_name.values() {
        out.push_str(declaration);
        out.push_str("\n\n");
    }
    out.push_str(tables.trim_start());
    out
}

#[test]
fn the_committed_typescript_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../addin-web/shared/src/generated/protocol.ts");
    let new = typescript();
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    if old != new {
        if std::env::var_os("CI").is_none() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            std::fs::write(&path, &new).expect("the file can be written");
        }
        panic!(
            "protocol.ts was not current; run `cargo test -p deskhand-protocol --test generated` and commit it"
        );
    }
}
