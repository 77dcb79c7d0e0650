//! Property lists, in XML and binary, as trees within caps.
//!
//! XML is read here and not by the library that reads the binary form: that one leaves CDATA and unknown entities out
//! without a word, knows no lines, and lets the later of two equal keys win.

use std::io::Cursor;

use plist::stream::{BinaryReader, Event, OwnedEvent};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event as XmlEvent;
use quick_xml::reader::Reader;
use serde_json::{Map, Number, Value, json};

use super::text::Lines;
use super::{DEPTH_CAP, FILE_CAP, ITEM_CAP, ReadError};

/// A value of a property list.
#[derive(Clone, PartialEq)]
pub(crate) enum Node {
    /// What JSON has a form for.
    Plain(Value),
    /// Bytes or a date: no setting is one.
    Foreign(&'static str),
    /// A list.
    List(Vec<Node>),
    /// A dictionary in order, with keys that stand there twice.
    Dictionary(Vec<Member>),
}

/// A key of a dictionary with its value.
#[derive(Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) line: Option<usize>,
    pub(crate) value: Node,
}

impl Node {
    /// The value as JSON, or why it has no such form.
    pub(crate) fn into_json(self) -> Result<Value, String> {
        match self {
            Self::Plain(value) => Ok(value),
            Self::Foreign(what) => Err(format!("{what} is no value of a setting")),
            Self::List(entries) => entries
                .into_iter()
                .map(Self::into_json)
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Self::Dictionary(members) => members
                .into_iter()
                .map(|member| Ok((member.key, member.value.into_json()?)))
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
        }
    }
}

/// The value of an XML property list.
pub(crate) fn xml(text: &str) -> Result<Node, ReadError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut xml = Xml {
        reader,
        lines: Lines::new(text),
        items: 0,
    };
    match xml.opened()? {
        Some(name) if name == "plist" => {}
        _ => return Err(xml.error("the XML is no property list")),
    }
    let root = xml
        .opened()?
        .ok_or_else(|| xml.error("the property list is empty"))?;
    xml.value(&root, 0)
}

struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    lines: Lines<'a>,
    items: usize,
}

impl<'a> Xml<'a> {
    fn line(&mut self) -> usize {
        let at = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        self.lines.of(at.min(FILE_CAP * 4))
    }

    fn error(&mut self, reason: &str) -> ReadError {
        ReadError::Syntax {
            line: self.line(),
            reason: reason.to_owned(),
        }
    }

    fn event(&mut self) -> Result<XmlEvent<'a>, ReadError> {
        match self.reader.read_event() {
            Ok(event) => Ok(event),
            Err(_) => Err(self.error("the XML is not well-formed")),
        }
    }

    /// The name of the next element, or `None` where the one around it ends.
    fn opened(&mut self) -> Result<Option<String>, ReadError> {
        loop {
            match self.event()? {
                XmlEvent::Start(start) => return Ok(Some(start.local_name().as_ref().to_owned())),
                XmlEvent::End(_) => return Ok(None),
                XmlEvent::Eof => return Err(self.error("the XML ends too early")),
                XmlEvent::Text(text) if text.as_ref().trim().is_empty() => {}
                XmlEvent::Decl(_) | XmlEvent::DocType(_) | XmlEvent::Comment(_) | XmlEvent::PI(_) => {}
                XmlEvent::Text(_) | XmlEvent::CData(_) | XmlEvent::GeneralRef(_) | XmlEvent::Empty(_) => {
                    return Err(self.error("text stands where an element must stand"));
                }
            }
        }
    }

    /// The text of the element that was just opened, to its end.
    fn text(&mut self) -> Result<String, ReadError> {
        let mut text = String::new();
        loop {
            match self.event()? {
                XmlEvent::Text(part) => text.push_str(part.as_ref()),
                XmlEvent::CData(part) => text.push_str(part.as_ref()),
                XmlEvent::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(letter)) => text.push(letter),
                    Ok(None) => match resolve_xml_entity(reference.as_ref()) {
                        Some(entity) => text.push_str(entity),
                        None => return Err(self.error("the XML uses an entity that it may not define")),
                    },
                    Err(_) => return Err(self.error("the XML names a sign that does not exist")),
                },
                XmlEvent::End(_) => return Ok(text),
                XmlEvent::Comment(_) | XmlEvent::PI(_) => {}
                XmlEvent::Eof => return Err(self.error("the XML ends too early")),
                XmlEvent::Start(_) | XmlEvent::Empty(_) | XmlEvent::Decl(_) | XmlEvent::DocType(_) => {
                    return Err(self.error("an element stands where text must stand"));
                }
            }
        }
    }

    fn value(&mut self, name: &str, depth: usize) -> Result<Node, ReadError> {
        self.items += 1;
        if depth > DEPTH_CAP || self.items > ITEM_CAP {
            return Err(ReadError::TooMuch);
        }
        Ok(match name {
            "dict" => Node::Dictionary(self.members(depth)?),
            "array" => {
                let mut entries = Vec::new();
                while let Some(name) = self.opened()? {
                    entries.push(self.value(&name, depth + 1)?);
                }
                Node::List(entries)
            }
            "true" | "false" => {
                self.text()?;
                Node::Plain(json!(name == "true"))
            }
            "string" => Node::Plain(json!(self.text()?)),
            "integer" => Node::Plain(self.integer()?),
            "real" => {
                let number = self.text()?.trim().parse().ok().and_then(Number::from_f64);
                Node::Plain(number.map_or_else(|| Err(self.error("no number")), |number| Ok(number.into()))?)
            }
            "data" | "date" => {
                self.text()?;
                Node::Foreign(if name == "data" { "data" } else { "a date" })
            }
            _ => return Err(self.error("the property list holds an element that it has no name for")),
        })
    }

    /// Digits, with a sign or in hexadecimal, as property lists have them.
    fn integer(&mut self) -> Result<Value, ReadError> {
        let text = self.text()?;
        let text = text.trim();
        let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let number = match hexadecimal {
            Some(digits) => u64::from_str_radix(digits, 16).ok().map(Number::from),
            None => {
                let unsigned = text.parse::<u64>().ok().map(Number::from);
                unsigned.or_else(|| text.parse::<i64>().ok().map(Number::from))
            }
        };
        number
            .map(Value::Number)
            .ok_or_else(|| self.error("no whole number"))
    }

    fn members(&mut self, depth: usize) -> Result<Vec<Member>, ReadError> {
        let mut members = Vec::new();
        while let Some(name) = self.opened()? {
            if name != "key" {
                return Err(self.error("a value stands where a key must stand"));
            }
            let line = Some(self.line());
            let key = self.text()?;
            let Some(name) = self.opened()? else {
                return Err(self.error("a key has no value"));
            };
            let value = self.value(&name, depth + 1)?;
            members.push(Member { key, line, value });
        }
        Ok(members)
    }
}

/// The value of a binary property list. Objects may be used in many places, so what comes out is counted, not what is in
/// the file.
pub(crate) fn binary(bytes: &[u8]) -> Result<Node, ReadError> {
    let mut open: Vec<(Node, Option<String>)> = Vec::new();
    let (mut items, mut room) = (0, FILE_CAP);
    for event in BinaryReader::new(Cursor::new(bytes)) {
        let event = event.map_err(|error| ReadError::Binary(error.to_string()))?;
        items += 1;
        let text = if let Event::String(text) = &event {
            text.len()
        } else {
            0
        };
        room = room.checked_sub(text).ok_or(ReadError::TooMuch)?;
        if items > 2 * ITEM_CAP || open.len() > DEPTH_CAP {
            return Err(ReadError::TooMuch);
        }
        let node = match event {
            Event::StartArray(_) => {
                open.push((Node::List(Vec::new()), None));
                continue;
            }
            Event::StartDictionary(_) => {
                open.push((Node::Dictionary(Vec::new()), None));
                continue;
            }
            Event::EndCollection => open.pop().ok_or_else(damaged)?.0,
            other => scalar(&other)?,
        };
        let Some((parent, key)) = open.last_mut() else {
            return Ok(node);
        };
        match (parent, key.take(), node) {
            (Node::List(entries), _, node) => entries.push(node),
            (Node::Dictionary(members), Some(key), value) => members.push(Member {
                key,
                line: None,
                value,
            }),
            (Node::Dictionary(_), None, Node::Plain(Value::String(name))) => *key = Some(name),
            _ => return Err(damaged()),
        }
    }
    Err(damaged())
}

fn damaged() -> ReadError {
    ReadError::Binary("keys and values do not match".to_owned())
}

fn scalar(event: &OwnedEvent) -> Result<Node, ReadError> {
    Ok(match event {
        Event::Boolean(value) => Node::Plain(json!(value)),
        Event::Integer(value) => match (value.as_unsigned(), value.as_signed()) {
            (Some(value), _) => Node::Plain(json!(value)),
            (None, value) => Node::Plain(json!(value)),
        },
        Event::Real(value) => Node::Plain(json!(value)),
        Event::String(text) => Node::Plain(json!(text)),
        Event::Data(_) => Node::Foreign("data"),
        Event::Date(_) => Node::Foreign("a date"),
        Event::Uid(_) => Node::Foreign("a reference"),
        _ => return Err(damaged()),
    })
}
