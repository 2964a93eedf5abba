//! Sentences that code makes: the English, and what goes into its holes.
use std::borrow::Cow;
use std::fmt;

use super::language::Language;
use super::said::{Filler, Said};

/// A sentence that is translated where it is shown. `Display` is English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pattern: Cow<'static, str>,
    context: &'static str,
    /// The form for many, and how many there are.
    plural: Option<(&'static str, u64)>,
    /// Nobody's sentence: a name, a number, what others wrote.
    is_data: bool,
    values: Vec<(&'static str, Value)>,
    /// What follows, and what stands between.
    after: Vec<(&'static str, Text)>,
}

/// What goes into a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Data(String),
    Text(Text),
}

/// Whatever `|t` may be asked to translate: by value, as templates give it.
pub trait Sentence<'s> {
    fn say(self, language: &'s Language) -> Said<'s>;
}

impl Text {
    pub const fn new(pattern: &'static str) -> Self {
        Self {
            pattern: Cow::Borrowed(pattern),
            context: "",
            plural: None,
            is_data: false,
            values: Vec::new(),
            after: Vec::new(),
        }
    }

    /// One of two forms, by `count`, which is `{n}` in them.
    pub fn counted(count: impl Number, one: &'static str, many: &'static str) -> Self {
        let plural = Some((many, count.number()));
        Self { plural, ..Self::new(one) }.with("n", count.number().to_string())
    }

    /// What is not to be translated.
    pub fn data(text: impl Into<String>) -> Self {
        Self { pattern: Cow::Owned(text.into()), is_data: true, ..Self::default() }
    }

    /// A sentence that came as a string: translated if it is known as it stands.
    pub fn looked_up(text: impl Into<String>) -> Self {
        Self { pattern: Cow::Owned(text.into()), ..Self::default() }
    }

    /// Fills the hole `name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value));
        self
    }

    /// `next` follows it after a space.
    #[must_use]
    pub fn and(mut self, next: impl Into<Self>) -> Self {
        self.after.push((" ", next.into()));
        self
    }

    /// All that are not empty, with `between` them.
    pub fn joined(texts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut texts = texts.into_iter().filter(|text| !text.is_empty());
        let mut whole = texts.next().unwrap_or_default();
        whole.after.extend(texts.map(|next| (between, next)));
        whole
    }

    pub fn is_empty(&self) -> bool {
        self.pattern.is_empty()
    }

    /// In the words of `language`, to be kept or sent.
    pub fn in_words_of(&self, language: &Language) -> String {
        self.say(language).to_string()
    }
}

impl<'s> Sentence<'s> for &'s Text {
    fn say(self, language: &'s Language) -> Said<'s> {
        // What is data has no holes.
        let mut said = match self.plural {
            _ if self.is_data => Said::whole(self.pattern.as_ref()),
            Some((many, count)) => Said::new(language.counted(&self.pattern, many, count)),
            None => Said::new(language.translated(self.context, &self.pattern)),
        };
        for (name, value) in &self.values {
            let value = match value {
                Value::Data(text) => text.clone(),
                Value::Text(text) => text.in_words_of(language),
            };
            said.set(name, value);
        }
        if self.after.is_empty() {
            return said;
        }
        let mut whole = said.to_string();
        for (between, next) in &self.after {
            whole.push_str(between);
            whole.push_str(&next.in_words_of(language));
        }
        Said::whole(whole)
    }
}

impl<'s> Sentence<'s> for Text {
    fn say(self, language: &'s Language) -> Said<'s> {
        Said::whole(self.in_words_of(language))
    }
}

impl<'s> Sentence<'s> for &'s str {
    fn say(self, language: &'s Language) -> Said<'s> {
        Said::new(language.translated("", self))
    }
}

impl<'s> Sentence<'s> for String {
    fn say(self, language: &'s Language) -> Said<'s> {
        Said::new(language.translated("", &self).to_owned())
    }
}

impl<'s> Sentence<'s> for &'s String {
    fn say(self, language: &'s Language) -> Said<'s> {
        self.as_str().say(language)
    }
}

impl<'s, S: ?Sized> Sentence<'s> for &&'s S
where
    &'s S: Sentence<'s>,
{
    fn say(self, language: &'s Language) -> Said<'s> {
        (*self).say(language)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.say(&Language::ENGLISH).fmt(f)
    }
}

impl From<&'static str> for Text {
    fn from(pattern: &'static str) -> Self {
        Self::new(pattern)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::looked_up(text)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.in_words_of(&Language::ENGLISH) == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl Filler for str {
    fn fill(&self, _: &Language) -> String {
        self.to_owned()
    }
}

impl Filler for Text {
    fn fill(&self, language: &Language) -> String {
        self.in_words_of(language)
    }
}

/// What can be counted, and so choose between one and many.
pub trait Number: Copy {
    fn number(self) -> u64;
}

impl<N: Number> Number for &N {
    fn number(self) -> u64 {
        (*self).number()
    }
}

macro_rules! value {
    ($($kind:ty),*) => { $(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::Data(value.to_string())
            }
        }
    )* };
}

macro_rules! data {
    ($($kind:ty),*) => { $(
        impl Filler for $kind {
            fn fill(&self, _: &Language) -> String {
                self.to_string()
            }
        }

        value!($kind, &$kind);
    )* };
}

macro_rules! numbers {
    ($($kind:ty),*) => { $(
        data!($kind);
        impl Number for $kind {
            fn number(self) -> u64 {
                u64::try_from(self).unwrap_or_default()
            }
        }
    )* };
}

data!(String, Cow<'_, str>, char);
value!(&str, &&str);
numbers!(i32, i64, u8, u16, u32, u64, usize);

/// Makes a [`Text`]: `text!("Last used {days} days ago.", days = 3)`; a name alone
/// stands for itself. `text!(count => "{n} day", "{n} days")` has a form for one.
#[macro_export]
macro_rules! text {
    ($count:expr => $one:literal, $many:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::texts::Text::counted($count, $one, $many)
            $(.with(stringify!($name), $crate::text!(@ $name $(= $value)?)))*
    };
    ($pattern:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::texts::Text::new($pattern)
            $(.with(stringify!($name), $crate::text!(@ $name $(= $value)?)))*
    };
    (@ $name:ident = $value:expr) => { $value };
    (@ $name:ident) => { $name };
}

/// Marks English for the catalogue where it stands: a `&'static str` that `|t`
/// translates where it is shown.
pub const fn en(english: &'static str) -> &'static str {
    english
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_what_was_written_with_its_values() {
        let days = 3;
        let text = text!("{name} was used {days} days ago, {other}.", name = "a{days}", days);
        assert_eq!(text, "a{days} was used 3 days ago, {other}.");
        let text =
            text!(1_usize => "{n} day", "{n} days").and(text!(2_i64 => "{n} hour", "{n} hours"));
        assert_eq!(text, "1 day 2 hours");
        assert_eq!(Text::data("{days}").with("days", 1), "{days}");
    }
}
