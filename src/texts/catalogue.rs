//! One language's translations, checked whole when they are read.
use std::collections::HashMap;

use super::plural::Plural;
use super::po::{self, Entry};

/// What a file `<language>.po` says.
#[derive(Debug)]
pub struct Catalogue {
    tag: String,
    name: String,
    plural: Plural,
    /// By context and English; forms for one, two … in the file's order.
    messages: HashMap<String, HashMap<String, Vec<String>>>,
}

impl Catalogue {
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut entries = po::entries(text)?.into_iter();
        let head = entries.next().filter(|entry| entry.id.is_empty());
        let head = head.and_then(|entry| entry.forms.into_iter().next());
        let head = head.ok_or("line 1: there is no header, an entry with an empty msgid")?;
        let tag = header(&head, "Language").map(|tag| tag.replace('_', "-"));
        let tag = tag.filter(|tag| is_tag(tag));
        let tag = tag.ok_or("the header has no Language that is a language tag, such as de")?;
        let name = header(&head, "X-Language-Name").unwrap_or_else(|| tag.clone());
        let plural = Plural::parse(header(&head, "Plural-Forms").as_deref())?;
        let mut messages: HashMap<String, HashMap<String, Vec<String>>> = HashMap::new();
        for entry in entries {
            if entry.is_fuzzy || entry.forms.iter().all(String::is_empty) {
                continue;
            }
            check(&entry, &plural)?;
            let of_context = messages.entry(entry.context).or_default();
            if of_context.insert(entry.id, entry.forms).is_some() {
                return Err(format!("line {}: this msgid was there before", entry.line));
            }
        }
        Ok(Self { tag, name, plural, messages })
    }

    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What the language calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn find(&self, context: &str, english: &str) -> Option<&str> {
        let forms = self.messages.get(context)?.get(english)?;
        forms.first().map(String::as_str)
    }

    pub fn find_counted(&self, english: &str, count: u64) -> Option<&str> {
        let forms = self.messages.get("")?.get(english)?;
        forms.get(self.plural.form(count)).map(String::as_str)
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(known, _)| known.trim() == name);
    values.next().map(|(_, value)| value.trim().to_owned())
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty()
        && !tag.eq_ignore_ascii_case("en")
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

/// Whatever is translated says what it must: each form, the holes, the markup.
fn check(entry: &Entry, plural: &Plural) -> Result<(), String> {
    let wrong = |what: String| Err(format!("line {}: {what}", entry.line));
    let wanted = if entry.id_plural.is_some() { plural.count() } else { 1 };
    if entry.forms.len() != wanted || entry.forms.iter().any(String::is_empty) {
        return wrong(format!("{} forms, and there must be {wanted}", entry.forms.len()));
    }
    let english = entry.id_plural.as_deref().unwrap_or(&entry.id);
    // A hole that one of two forms does without may be left out: "one key".
    let needed = |hole: &&str| *hole != "{n}" && entry.id.contains(hole);
    for form in &entry.forms {
        let known = |hole: &&str| english.contains(*hole) || entry.id.contains(*hole);
        if let Some(hole) = holes(form).into_iter().find(|hole| !known(hole)) {
            return wrong(format!("{hole} is not in the English"));
        }
        let mut missing = holes(english).into_iter().filter(needed);
        if let Some(hole) = missing.find(|hole| !form.contains(hole)) {
            return wrong(format!("{hole} is missing"));
        }
        if tags(form) != tags(english) {
            return wrong("the tags are not those of the English".to_owned());
        }
    }
    Ok(())
}

/// `{name}` in a text.
fn holes(text: &str) -> Vec<&str> {
    pieces(text, '{', '}').filter(|hole| is_name(hole.trim_matches(['{', '}']))).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whatever a browser would take for a tag, in some order.
fn tags(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = pieces(text, '<', '>').collect();
    found.sort_unstable();
    found
}

/// What begins with `open` and ends with the next `close`, or with the text.
fn pieces(text: &str, open: char, close: char) -> impl Iterator<Item = &str> {
    text.match_indices(open).map(move |(at, _)| {
        let rest = text.get(at..).unwrap_or_default();
        rest.find(close).and_then(|end| rest.get(..=end)).unwrap_or(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\
        \"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n";

    fn with(entry: &str) -> Result<Catalogue, String> {
        Catalogue::parse(&format!("{HEAD}{entry}"))
    }

    #[test]
    fn what_is_there_is_found_and_what_is_unsure_is_not() {
        let catalogue = with(
            "msgid \"Keys\"\nmsgstr \"Schlüssel\"\n\nmsgctxt \"verb\"\nmsgid \"Test\"\n\
             msgstr \"Prüfen\"\n\n#, fuzzy\nmsgid \"Log\"\nmsgstr \"Holz\"\n\n\
             msgid \"{n} day\"\nmsgid_plural \"{n} days\"\nmsgstr[0] \"ein Tag\"\n\
             msgstr[1] \"{n} Tage\"\n",
        )
        .expect("a catalogue");
        assert_eq!(catalogue.find("", "Keys"), Some("Schlüssel"));
        assert_eq!(catalogue.find("verb", "Test"), Some("Prüfen"));
        assert_eq!(catalogue.find("", "Test"), None);
        assert_eq!(catalogue.find("", "Log"), None);
        assert_eq!(catalogue.find_counted("{n} day", 1), Some("ein Tag"));
        assert_eq!(catalogue.find_counted("{n} day", 2), Some("{n} Tage"));
    }

    #[test]
    fn a_translation_that_loses_a_hole_or_brings_markup_is_refused() {
        for (entry, said) in [
            ("msgid \"Of {name}\"\nmsgstr \"Von\"\n", "{name} is missing"),
            ("msgid \"Of {name}\"\nmsgstr \"Von {name} {nom}\"\n", "{nom} is not in"),
            ("msgid \"See <b>it</b>\"\nmsgstr \"Sieh <i>es</i>\"\n", "the tags"),
            ("msgid \"It\"\nmsgstr \"<script>\"\n", "the tags"),
            ("msgid \"It\"\nmsgstr \"<img src=x onerror=y\"\n", "the tags"),
            ("msgid \"a\"\nmsgid_plural \"b\"\nmsgstr[0] \"c\"\n", "1 forms"),
            ("msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"\n", "was there before"),
        ] {
            let error = with(entry).expect_err(entry);
            assert!(error.starts_with("line ") && error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_catalogue_says_whose_language_it_is() {
        for head in ["", "msgid \"a\"\nmsgstr \"b\"\n", "msgid \"\"\nmsgstr \"Language: \\n\"\n"] {
            assert!(Catalogue::parse(head).is_err(), "{head}");
        }
        let head = "msgid \"\"\nmsgstr \"Language: pt_BR\\nX-Language-Name: Português\\n\"\n";
        let catalogue = Catalogue::parse(head).expect("a catalogue");
        assert_eq!((catalogue.tag(), catalogue.name()), ("pt-BR", "Português"));
    }
}
