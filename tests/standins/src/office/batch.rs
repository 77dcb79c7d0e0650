//! Rich API batches: object paths, actions, references, null objects, traces and errors by action index.
//!
//! Knows the wire form of Office.js and nothing about workbooks or decks; those come in through [`ObjectModel`].

mod query;
mod wire;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::fault::Fault;
use wire::{Action, ArgumentInfo, Body, ObjectPath};

/// References that a page may hold; Office.js frees them at the end of each `run`.
const MAX_REFERENCES: usize = 100_000;
/// Paths that may stand in each other; a page that sends more is broken.
const MAX_PATH_DEPTH: usize = 64;

/// What a member answers.
#[derive(Clone, Debug)]
pub(super) enum Member<N> {
    /// A plain value.
    Value(Value),
    /// Another object.
    Node(N),
    /// The null object.
    Null,
}

/// What a member takes.
#[derive(Clone, Debug)]
pub(super) enum Argument<N> {
    /// A plain value.
    Value(Value),
    /// An object of the document.
    Node(N),
}

/// How a page names an object again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// By its path alone.
    Path,
    /// By `Id`.
    Id(String),
    /// By `_Id`.
    HiddenId(String),
    /// By a reference that the host keeps.
    Reference,
}

/// A document as objects with members.
pub(super) trait ObjectModel {
    /// One object of the document.
    type Node: Clone + PartialEq + std::fmt::Debug;

    /// The object at the root of all paths.
    fn root(&self) -> Self::Node;
    /// A service object that a page makes by name.
    fn service(&self, name: &str) -> Result<Self::Node, Fault>;
    /// Reads a member; `name` begins with a small letter.
    fn get(&mut self, node: &Self::Node, name: &str) -> Result<Member<Self::Node>, Fault>;
    /// Sets a member.
    fn set(&mut self, node: &Self::Node, name: &str, value: &Value) -> Result<(), Fault>;
    /// Calls a member.
    fn call(
        &mut self,
        node: &Self::Node,
        name: &str,
        arguments: &[Argument<Self::Node>],
    ) -> Result<Member<Self::Node>, Fault>;
    /// The items, where the object is a collection.
    fn items(&mut self, node: &Self::Node) -> Result<Option<Vec<Self::Node>>, Fault>;
    /// The members that a load without names answers.
    fn scalars(&self, node: &Self::Node) -> &'static [&'static str];
    /// How a page names the object again.
    fn identity(&self, node: &Self::Node) -> Identity;
}

/// The references that pages hold, across batches.
#[derive(Debug)]
pub(super) struct References<N> {
    next: u64,
    kept: HashMap<String, N>,
}

impl<N> Default for References<N> {
    fn default() -> Self {
        Self {
            next: 0,
            kept: HashMap::new(),
        }
    }
}

impl<N> References<N> {
    fn keep(&mut self, node: N) -> Result<String, Fault> {
        if self.kept.len() >= MAX_REFERENCES {
            return Err(Fault::operation("Too many references are held."));
        }
        self.next += 1;
        let name = format!("ref{}", self.next);
        self.kept.insert(name.clone(), node);
        Ok(name)
    }
}

/// A batch that was carried out.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The reply's body.
    pub reply: Value,
    /// Members that the host does not have, `Range.autoFill`.
    pub missing: Vec<String>,
}

/// An object on its path, with the reference it was given.
#[derive(Clone)]
struct Resolved<N> {
    node: Option<N>,
    reference: Option<String>,
}

/// One batch while it runs.
struct Run<'a, M: ObjectModel> {
    model: &'a mut M,
    references: &'a mut References<M::Node>,
    paths: HashMap<u64, ObjectPath>,
    resolved: HashMap<u64, Resolved<M::Node>>,
}

/// Carries out one batch.
pub(super) fn execute<M: ObjectModel>(
    model: &mut M,
    references: &mut References<M::Node>,
    body: &str,
) -> Outcome {
    let body: Body = match serde_json::from_str(body) {
        Ok(body) => body,
        Err(error) => {
            let fault = Fault::argument(format!("The batch cannot be read: {error}."));
            return Outcome {
                reply: reply(&[], &[], Some((&fault, 0))),
                missing: Vec::new(),
            };
        }
    };
    let mut run = Run {
        model,
        references,
        paths: body.object_paths,
        resolved: HashMap::new(),
    };
    let mut results = Vec::with_capacity(body.actions.len());
    let mut traces = Vec::new();
    let mut failure = None;
    for (index, action) in body.actions.iter().enumerate() {
        match run.perform(action) {
            Ok(value) => {
                if action.kind == wire::TRACE {
                    traces.push(action.id);
                }
                results.push(json!({ "ActionId": action.id, "Value": value }));
            }
            Err(fault) => {
                failure = Some((fault, index));
                break;
            }
        }
    }
    let missing = failure
        .iter()
        .filter(|(fault, _)| fault.code == "ApiNotFound")
        .map(|(fault, _)| fault.message.clone());
    let missing = missing.collect::<HashSet<_>>().into_iter().collect();
    Outcome {
        reply: reply(
            &results,
            &traces,
            failure.as_ref().map(|(fault, index)| (fault, *index)),
        ),
        missing,
    }
}

/// The body of a reply.
pub(super) fn reply(results: &[Value], traces: &[u64], failure: Option<(&Fault, usize)>) -> Value {
    let mut body = json!({ "Results": results, "TraceIds": traces });
    if let Some((fault, index)) = failure {
        body["Error"] = json!({
            "Code": fault.code,
            "Message": fault.message,
            "Location": "",
            "HttpStatusCode": fault.status,
            "ActionIndex": index,
        });
    }
    body
}

impl<M: ObjectModel> Run<'_, M> {
    fn perform(&mut self, action: &Action) -> Result<Value, Fault> {
        if action.kind == wire::TRACE {
            return Ok(Value::Null);
        }
        let resolved = self.resolve(action.object_path_id, 0)?;
        let path = action.object_path_id;
        match action.kind {
            wire::INSTANTIATE => self.identify(path, &resolved),
            wire::QUERY => match &resolved.node {
                None => Ok(Value::Null),
                Some(node) => {
                    let mut value = query::query(self.model, node, &action.query_info)?;
                    let identity = self.identify(path, &resolved)?;
                    merge(&mut value, identity);
                    Ok(value)
                }
            },
            wire::METHOD => self.method(action, &resolved),
            wire::SET_PROPERTY => {
                let node = resolved.node.ok_or_else(Fault::not_found)?;
                let arguments = self.arguments(&action.argument_info, 0)?;
                let [Argument::Value(value)] = arguments.as_slice() else {
                    return Err(Fault::argument("A property takes one plain value."));
                };
                self.model
                    .set(&node, &member_name(&action.name), value)
                    .map(|()| Value::Null)
            }
            wire::ENSURE_UNCHANGED => Ok(Value::Null),
            other => Err(Fault::missing(&format!("action type {other}"))),
        }
    }

    fn method(&mut self, action: &Action, resolved: &Resolved<M::Node>) -> Result<Value, Fault> {
        if action.name == "_KeepReference" {
            return Ok(Value::Null);
        }
        let node = resolved.node.clone().ok_or_else(Fault::not_found)?;
        let arguments = self.arguments(&action.argument_info, 0)?;
        if action.name == "_RemoveReference" {
            if let [Argument::Value(Value::String(name))] = arguments.as_slice() {
                self.references.kept.remove(name);
            }
            return Ok(Value::Null);
        }
        if action.name.starts_with("_Register") || action.name.starts_with("_Unregister") {
            return Ok(Value::Null);
        }
        match self.model.call(&node, &member_name(&action.name), &arguments)? {
            Member::Value(value) => Ok(value),
            Member::Node(node) => match self.model.identity(&node) {
                Identity::Id(id) => Ok(json!({ "Id": id })),
                _ => Ok(json!({})),
            },
            Member::Null => Ok(Value::Null),
        }
    }

    /// What names the object of a path again.
    fn identify(&mut self, path: u64, resolved: &Resolved<M::Node>) -> Result<Value, Fault> {
        let Some(node) = &resolved.node else {
            return Ok(Value::Null);
        };
        Ok(match self.model.identity(node) {
            Identity::Path => json!({}),
            Identity::Id(id) => json!({ "Id": id }),
            Identity::HiddenId(id) => json!({ "_Id": id }),
            Identity::Reference => {
                let name = match &resolved.reference {
                    Some(name) => name.clone(),
                    None => self.references.keep(node.clone())?,
                };
                if let Some(kept) = self.resolved.get_mut(&path) {
                    kept.reference = Some(name.clone());
                }
                json!({ "_ReferenceId": name })
            }
        })
    }

    fn resolve(&mut self, id: u64, depth: usize) -> Result<Resolved<M::Node>, Fault> {
        if let Some(resolved) = self.resolved.get(&id) {
            return Ok(resolved.clone());
        }
        if depth > MAX_PATH_DEPTH {
            return Err(Fault::argument("The object paths are nested too deep."));
        }
        let path = self
            .paths
            .get(&id)
            .cloned()
            .ok_or_else(|| Fault::argument("An object path is missing."))?;
        let resolved = self.follow(&path, depth)?;
        self.resolved.insert(id, resolved.clone());
        Ok(resolved)
    }

    fn follow(&mut self, path: &ObjectPath, depth: usize) -> Result<Resolved<M::Node>, Fault> {
        let plain = |node| {
            Ok(Resolved {
                node,
                reference: None,
            })
        };
        match path.kind {
            wire::PATH_GLOBAL => return plain(Some(self.model.root())),
            wire::PATH_SERVICE => return plain(Some(self.model.service(&path.name)?)),
            wire::PATH_NULL => return plain(None),
            wire::PATH_REFERENCE => {
                let node = self.references.kept.get(&path.name).cloned();
                let node = node.ok_or_else(|| {
                    Fault::new(
                        "InvalidReference",
                        "This reference is not valid for the current operation.",
                        400,
                    )
                })?;
                return Ok(Resolved {
                    node: Some(node),
                    reference: Some(path.name.clone()),
                });
            }
            _ => {}
        }
        let Some(parent) = self.resolve(path.parent_object_path_id, depth + 1)?.node else {
            return plain(None);
        };
        let member = match path.kind {
            wire::PATH_METHOD | wire::PATH_INDEXER => {
                let arguments = self.arguments(&path.argument_info, depth + 1)?;
                let indexer = path.kind == wire::PATH_INDEXER;
                let name = if indexer {
                    "getItem".to_owned()
                } else {
                    member_name(&path.name)
                };
                self.model.call(&parent, &name, &arguments)?
            }
            wire::PATH_PROPERTY => self.model.get(&parent, &member_name(&path.name))?,
            other => return Err(Fault::missing(&format!("object path type {other}"))),
        };
        match member {
            Member::Node(node) => plain(Some(node)),
            Member::Null => plain(None),
            Member::Value(_) => Err(Fault::argument(format!("`{}` is not an object.", path.name))),
        }
    }

    fn arguments(&mut self, info: &ArgumentInfo, depth: usize) -> Result<Vec<Argument<M::Node>>, Fault> {
        let mut arguments = Vec::with_capacity(info.arguments.len());
        for (index, value) in info.arguments.iter().enumerate() {
            let referenced = info
                .referenced_object_path_ids
                .get(index)
                .and_then(Value::as_u64)
                .filter(|id| *id > 0);
            arguments.push(match referenced {
                Some(id) => Argument::Node(self.resolve(id, depth)?.node.ok_or_else(Fault::not_found)?),
                None => Argument::Value(value.clone()),
            });
        }
        Ok(arguments)
    }
}

/// A member's name with a small first letter; the wire writes `GetRange`, a query `values`.
pub(crate) fn member_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + letters.as_str()
    })
}

/// Adds the fields of `from` to `into`, where both are objects.
fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
