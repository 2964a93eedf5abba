//! A sentence in some language on its way into a page.
use std::borrow::Cow;
use std::fmt::{self, Write as _};

use askama::filters::{Escaper as _, Html, HtmlSafe};

use super::language::Language;

/// A sentence with holes, `{name}`, and what fills them. Escaped by the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'s> {
    pattern: Cow<'s, str>,
    values: Vec<(String, String)>,
    is_whole: bool,
}

/// One with inline markup in it. What fills its holes was escaped.
#[derive(Clone, Debug)]
pub struct Marked<'s>(Said<'s>);

/// What has holes to be filled.
pub trait Holes {
    fn put(&mut self, name: &str, value: String);
}

/// What a hole may be filled with: data as it is, a sentence in its language.
pub trait Filler {
    fn fill(&self, language: &Language) -> String;
}

/// What writes its own markup, with all data in it escaped.
pub trait Markup {
    fn markup(&self, language: &Language) -> String;
}

impl<'s> Said<'s> {
    pub fn new(pattern: impl Into<Cow<'s, str>>) -> Self {
        Self { pattern: pattern.into(), values: Vec::new(), is_whole: false }
    }

    /// Nothing in it is a hole.
    pub fn whole(text: impl Into<Cow<'s, str>>) -> Self {
        Self { is_whole: true, ..Self::new(text) }
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.values.retain(|(known, _)| known != name);
        self.values.push((name.to_owned(), value));
    }
}

impl<'s> Marked<'s> {
    pub fn new(pattern: &'s str) -> Self {
        Self(Said::new(pattern))
    }

    /// Fills a hole with markup.
    pub fn put_markup(&mut self, name: &str, markup: String) {
        self.0.set(name, markup);
    }
}

/// `text` as it may stand in markup, and in an attribute.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    // A `String` takes everything.
    let _ = Html.write_escaped_str(&mut escaped, text);
    escaped
}

impl Holes for Said<'_> {
    fn put(&mut self, name: &str, value: String) {
        self.set(name, value);
    }
}

impl Holes for Marked<'_> {
    fn put(&mut self, name: &str, value: String) {
        self.0.set(name, escaped(&value));
    }
}

/// Holes that nobody filled stay as they are.
impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole || self.values.is_empty() {
            return f.write_str(&self.pattern);
        }
        let mut rest = self.pattern.as_ref();
        while let Some((before, after)) = rest.split_once('{') {
            f.write_str(before)?;
            let filled = after.split_once('}').and_then(|(name, after)| {
                let value = self.values.iter().find(|(known, _)| known == name)?;
                Some((&value.1, after))
            });
            rest = if let Some((value, after)) = filled {
                f.write_str(value)?;
                after
            } else {
                f.write_char('{')?;
                after
            };
        }
        f.write_str(rest)
    }
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HtmlSafe for Marked<'_> {}

impl Filler for Said<'_> {
    fn fill(&self, _: &Language) -> String {
        self.to_string()
    }
}

impl<F: Filler + ?Sized> Filler for &F {
    fn fill(&self, language: &Language) -> String {
        (**self).fill(language)
    }
}

impl<M: Markup + ?Sized> Markup for &M {
    fn markup(&self, language: &Language) -> String {
        (**self).markup(language)
    }
}
