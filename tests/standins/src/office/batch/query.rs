//! Loads: which members of an object, or of a collection's items, go into a reply.

use serde_json::{Map, Value, json};

use super::wire::QueryInfo;
use super::{Identity, Member, ObjectModel};
use crate::office::fault::Fault;

/// Answers a load of one object or collection.
pub(super) fn query<M: ObjectModel>(model: &mut M, node: &M::Node, info: &QueryInfo) -> Result<Value, Fault> {
    let Some(items) = model.items(node)? else {
        return object(model, node, info);
    };
    let of_items = QueryInfo {
        select: stripped(&info.select),
        expand: stripped(&info.expand),
        ..QueryInfo::default()
    };
    let skip = info.skip.unwrap_or(0);
    let top = info.top.unwrap_or(usize::MAX);
    let mut values = Vec::new();
    for item in items.into_iter().skip(skip).take(top) {
        let mut value = query(model, &item, &of_items)?;
        if let Value::Object(fields) = &mut value {
            match model.identity(&item) {
                Identity::Id(id) => fields.insert("Id".into(), id.into()),
                Identity::HiddenId(id) => fields.insert("_Id".into(), id.into()),
                Identity::Path | Identity::Reference => None,
            };
        }
        values.push(value);
    }
    Ok(json!({ "_Items": values }))
}

/// Takes the leading `items/` away; a bare `items` asks for what an item answers unasked.
fn stripped(names: &[String]) -> Vec<String> {
    let strip = |name: &String| match name.strip_prefix("items/") {
        Some(rest) => rest.to_owned(),
        None if name == "items" => String::new(),
        None => name.clone(),
    };
    names.iter().map(strip).filter(|name| !name.is_empty()).collect()
}

fn object<M: ObjectModel>(model: &mut M, node: &M::Node, info: &QueryInfo) -> Result<Value, Fault> {
    let mut plain: Vec<String> = Vec::new();
    let mut nested: Vec<(String, QueryInfo)> = Vec::new();
    for name in info
        .select
        .iter()
        .filter(|name| !name.is_empty() && *name != "$all")
    {
        match name.split_once('/') {
            None => plain.push(name.clone()),
            Some((head, rest)) => group(&mut nested, head).select.push(rest.to_owned()),
        }
    }
    for name in &info.expand {
        let (head, rest) = name.split_once('/').unwrap_or((name, ""));
        let under = group(&mut nested, head);
        if !rest.is_empty() {
            under.expand.push(rest.to_owned());
        }
    }
    if plain.is_empty() && nested.is_empty() {
        plain = model
            .scalars(node)
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
    }
    let mut fields = Map::new();
    for name in plain {
        let value = match model.get(node, &name)? {
            Member::Value(value) => value,
            Member::Node(inner) => query(model, &inner, &QueryInfo::default())?,
            Member::Null => Value::Null,
        };
        fields.insert(wire_name(&name), value);
    }
    for (name, under) in nested {
        let value = match model.get(node, &name)? {
            Member::Node(inner) => query(model, &inner, &under)?,
            Member::Value(value) => value,
            Member::Null => Value::Null,
        };
        fields.insert(wire_name(&name), value);
    }
    Ok(Value::Object(fields))
}

/// The query of one nested member, made where it is not there yet.
fn group<'a>(nested: &'a mut Vec<(String, QueryInfo)>, head: &str) -> &'a mut QueryInfo {
    let position = nested
        .iter()
        .position(|(name, _)| name == head)
        .unwrap_or_else(|| {
            nested.push((head.to_owned(), QueryInfo::default()));
            nested.len() - 1
        });
    &mut nested[position].1
}

/// A member's name as replies write it: `values` becomes `Values`.
fn wire_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}
