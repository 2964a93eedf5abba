//! The languages there are, and which of them somebody reads.
use std::any::Any;
use std::sync::Arc;

use askama::Values;

use super::catalogue::Catalogue;

/// What a page is written in: one of all catalogues. English has none.
#[derive(Clone, Debug, Default)]
pub struct Language(Option<(Arc<[Catalogue]>, usize)>);

/// Every language that can be chosen.
#[derive(Clone, Debug, Default)]
pub struct Texts(Arc<[Catalogue]>);

const KEY: &str = "language";

impl Language {
    pub const ENGLISH: Self = Self(None);

    /// The one that a page is rendered with; English when none was given.
    pub fn among(values: &dyn Values) -> &Self {
        askama::get_value::<Self>(values, KEY).unwrap_or(&Self::ENGLISH)
    }

    fn catalogue(&self) -> Option<&Catalogue> {
        self.0.as_ref().and_then(|(all, place)| all.get(*place))
    }

    /// Its tag, BCP 47; `None`: English.
    pub fn tag(&self) -> Option<&str> {
        self.catalogue().map(Catalogue::tag)
    }

    /// What the catalogue has for `english`, or `english`.
    pub fn translated<'s>(&'s self, context: &str, english: &'s str) -> &'s str {
        let found = self.catalogue().and_then(|known| known.find(context, english));
        found.unwrap_or(english)
    }

    /// The form for `count`.
    pub fn counted<'s>(&'s self, one: &'s str, many: &'s str, count: u64) -> &'s str {
        let found = self.catalogue().and_then(|known| known.find_counted(one, count));
        found.unwrap_or(if count == 1 { one } else { many })
    }
}

/// A page is rendered with its language alone.
impl Values for Language {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == KEY).then_some(self as &dyn Any)
    }
}

impl Texts {
    /// # Errors
    /// Two catalogues of one language.
    pub fn new(mut catalogues: Vec<Catalogue>) -> Result<Self, String> {
        catalogues.sort_by(|a, b| a.tag().cmp(b.tag()));
        for pair in catalogues.windows(2) {
            if let [one, other] = pair
                && one.tag().eq_ignore_ascii_case(other.tag())
            {
                return Err(format!("there are two catalogues for {}", one.tag()));
            }
        }
        Ok(Self(catalogues.into()))
    }

    /// Tag and name of each besides English.
    pub fn offered(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|known| (known.tag(), known.name()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The language of somebody who chose `chosen`, or else of a browser that
    /// accepts `accepted`, in the words of `Accept-Language`.
    pub fn negotiate(&self, chosen: Option<&str>, accepted: &str) -> Language {
        if self.0.is_empty() {
            return Language::ENGLISH;
        }
        if let Some(language) = chosen.and_then(|tag| self.exactly(tag)) {
            return language;
        }
        let mut ranges: Vec<(&str, f32)> = accepted.split(',').filter_map(range).collect();
        // Stable: of two that are liked alike the first wins.
        ranges.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranges.iter().find_map(|(tag, _)| self.lookup(tag)).unwrap_or_default()
    }

    fn exactly(&self, tag: &str) -> Option<Language> {
        if tag.eq_ignore_ascii_case("en") {
            return Some(Language::ENGLISH);
        }
        self.first(|known| known.eq_ignore_ascii_case(tag))
    }

    /// RFC 4647, 3.4: the range, then ever shorter; and of a range that is a
    /// language alone, any of its kinds.
    fn lookup(&self, range: &str) -> Option<Language> {
        if range == "*" {
            return Some(Language::ENGLISH);
        }
        let mut shorter = range;
        loop {
            if let Some(language) = self.exactly(shorter) {
                return Some(language);
            }
            let Some((before, _)) = shorter.rsplit_once('-') else { break };
            shorter = before;
        }
        let is_kind = |tag: &str| {
            let first = tag.split('-').next().unwrap_or_default();
            first.eq_ignore_ascii_case(shorter)
        };
        self.first(is_kind)
    }

    fn first(&self, fits: impl Fn(&str) -> bool) -> Option<Language> {
        let place = self.0.iter().position(|known| fits(known.tag()))?;
        Some(Language(Some((self.0.clone(), place))))
    }
}

/// `de-AT;q=0.8`. `None`: nothing, or not accepted at all.
fn range(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';');
    let tag = parts.next()?.trim();
    let quality = parts.find_map(|part| part.trim().strip_prefix("q="));
    let quality = quality.map_or(Some(1.0), |text| text.trim().parse().ok())?;
    (!tag.is_empty() && quality > 0.0).then_some((tag, quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tags: &[&str]) -> Texts {
        let catalogue = |tag: &&str| {
            let head = format!("msgid \"\"\nmsgstr \"Language: {tag}\\n\"\n");
            Catalogue::parse(&head).expect("a catalogue")
        };
        Texts::new(tags.iter().map(catalogue).collect()).expect("texts")
    }

    fn chosen(language: &Language) -> &str {
        language.tag().unwrap_or("en")
    }

    #[test]
    fn a_choice_goes_before_what_the_browser_likes() {
        let texts = texts(&["de", "fr"]);
        assert_eq!(chosen(&texts.negotiate(Some("fr"), "de")), "fr");
        assert_eq!(chosen(&texts.negotiate(Some("en"), "de")), "en");
        assert_eq!(chosen(&texts.negotiate(Some("xx"), "de")), "de", "a language that went");
    }

    #[test]
    fn a_browser_gets_the_language_that_it_likes_best_of_those_there_are() {
        let texts = texts(&["de", "pt-BR"]);
        for (accepted, language) in [
            ("de-AT,en;q=0.5", "de"),
            ("fr,de;q=0.7,en;q=0.9", "en"),
            ("pt", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("de;q=0", "en"),
            ("ja, *;q=0.1", "en"),
            ("", "en"),
            ("de;q=nonsense", "en"),
        ] {
            assert_eq!(chosen(&texts.negotiate(None, accepted)), language, "{accepted}");
        }
    }
}
