//! What templates say things with. A template's module needs
//! `use crate::texts::filters;`.
#![expect(clippy::inline_always, reason = "askama writes it")]
use std::fmt::Display;

use askama::{Result, Values};

use super::language::Language;
use super::said::{Filler, Holes, Marked, Markup, Said};
use super::text::{Number, Sentence};

/// `{{ "Applications"|t }}`, `{{ sentence|t }}`: plain text.
#[askama::filter_fn]
pub fn t<'s, S: Sentence<'s>>(sentence: S, values: &'s dyn Values) -> Result<Said<'s>> {
    Ok(sentence.say(Language::among(values)))
}

/// `{{ "Test"|tc("verb") }}`: the same English, told apart by what it is.
#[askama::filter_fn]
pub fn tc<'s>(english: &'s str, values: &'s dyn Values, context: &str) -> Result<Said<'s>> {
    Ok(Said::new(Language::among(values).translated(context, english)))
}

/// `{{ "See <a href=\"/log\">the log</a>."|h }}`: text with inline markup, which
/// must stand in the template or be a constant.
#[askama::filter_fn]
pub fn h<'s, L: Literal>(markup: L, values: &'s dyn Values) -> Result<Marked<'s>> {
    Ok(Marked::new(Language::among(values).translated("", markup.literal())))
}

/// `{{ count|tn("{n} key", "{n} keys") }}`: by number.
#[askama::filter_fn]
pub fn tn<'s, N: Number + Display>(
    count: N,
    values: &'s dyn Values,
    one: &'static str,
    many: &'static str,
) -> Result<Said<'s>> {
    let mut said = Said::new(Language::among(values).counted(one, many, count.number()));
    said.put("n", count.to_string());
    Ok(said)
}

/// [`tn`] with inline markup.
#[askama::filter_fn]
pub fn hn<'s, N: Number + Display>(
    count: N,
    values: &'s dyn Values,
    one: &'static str,
    many: &'static str,
) -> Result<Marked<'s>> {
    let mut said = Marked::new(Language::among(values).counted(one, many, count.number()));
    said.put("n", count.to_string());
    Ok(said)
}

/// `…|put("name", value)`: fills the hole `{name}`. Values are escaped.
#[askama::filter_fn]
pub fn put<H: Holes, V: Filler>(
    mut said: H,
    values: &dyn Values,
    name: &'static str,
    value: V,
) -> Result<H> {
    said.put(name, value.fill(Language::among(values)));
    Ok(said)
}

/// `…|h|putm("when", moment)`: fills a hole with what writes its own markup.
#[askama::filter_fn]
pub fn putm<'s, M: Markup>(
    mut said: Marked<'s>,
    values: &dyn Values,
    name: &'static str,
    value: M,
) -> Result<Marked<'s>> {
    said.put_markup(name, value.markup(Language::among(values)));
    Ok(said)
}

/// `{{ "en"|lang }}`: the language that the page is in, for `<html lang>`.
#[askama::filter_fn]
pub fn lang<'s>(english: &'s str, values: &'s dyn Values) -> Result<&'s str> {
    Ok(Language::among(values).tag().unwrap_or(english))
}

/// Markup that no request has a part in.
pub trait Literal {
    fn literal(&self) -> &'static str;
}

impl Literal for &'static str {
    fn literal(&self) -> &'static str {
        self
    }
}

impl<L: Literal> Literal for &L {
    fn literal(&self) -> &'static str {
        (**self).literal()
    }
}
