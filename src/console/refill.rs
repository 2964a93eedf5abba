//! Fills a form of a page in again. Pure. Our own pages are what it reads: tags
//! in small letters, values in double quotes.

const MAIN: &str = "<main id=\"main\" tabindex=\"-1\">\n";

/// The page with the form that is sent to `action` filled in with `fields`, and
/// `note` above all; `None`: it has no such form.
pub fn refill(html: &str, action: &str, fields: &[(String, String)], note: &str) -> Option<String> {
    let mark = format!("action=\"{}\"", escaped(action));
    let start = html.match_indices("<form ").find_map(|(at, _)| {
        let tag = &html[at..at + html[at..].find('>')?];
        (tag.contains(&mark) && tag.contains("method=\"post\"")).then_some(at)
    })?;
    let end = start + html[start..].find("</form>")?;
    let form = Form { fields: fields.to_vec(), select: String::new() }.fill(&html[start..end]);
    let (before, after) = (&html[..start], &html[end..]);
    let note = escaped(note);
    let note = format!("{MAIN}<div class=\"notice\" role=\"status\"><p>{note}</p></div>\n");
    Some(format!("{}{form}{after}", before.replacen(MAIN, &note, 1)))
}

/// The page with the reason that was given in its field, wherever that is empty.
pub fn because_again(html: &str, text: &str) -> Option<String> {
    let at = html.find(" name=\"because\"")?;
    let start = html[..at].rfind('<')?;
    let end = start + html[start..].find('>')? + 1;
    let tag = Tag::read(&html[start..end])?.with("value", text);
    Some(format!("{}{tag}{}", &html[..start], &html[end..]))
}

struct Form {
    /// What is not filled in yet.
    fields: Vec<(String, String)>,
    /// The name of the list that options stand in.
    select: String,
}

impl Form {
    fn fill(mut self, html: &str) -> String {
        let mut filled = String::with_capacity(html.len());
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            let (text, from) = rest.split_at(start);
            filled.push_str(text);
            let Some(length) = length(from) else { break };
            let (tag, after) = from.split_at(length);
            rest = after;
            let Some(read) = Tag::read(tag) else {
                filled.push_str(tag);
                continue;
            };
            if read.name == "textarea" {
                filled.push_str(tag);
                if let Some((value, end)) = self.take(&read).zip(rest.find("</textarea>")) {
                    filled.push_str(&escaped(&value));
                    rest = &rest[end..];
                }
                continue;
            }
            filled.push_str(&self.tag(read, tag));
        }
        filled.push_str(rest);
        filled
    }

    fn tag(&mut self, read: Tag, as_it_was: &str) -> String {
        let kind = read.of("type").unwrap_or_default();
        match (read.name.as_str(), kind.as_str()) {
            ("select", _) => {
                self.select = read.of("name").unwrap_or_default();
                as_it_was.to_owned()
            }
            ("option", _) if self.fields.iter().any(|(name, _)| *name == self.select) => {
                let value = read.of("value").unwrap_or_default();
                let is = self.has(&self.select, &value);
                read.flag("selected", is).to_string()
            }
            ("input", "checkbox" | "radio") => {
                let name = read.of("name").unwrap_or_default();
                let value = read.of("value").unwrap_or_else(|| "on".to_owned());
                let is = self.has(&name, &value);
                read.flag("checked", is).to_string()
            }
            // What it was made from stays what it was: it may be another by now.
            ("input", "hidden") if read.of("name").is_none_or(|name| name != "version") => {
                as_it_was.to_owned()
            }
            ("input", "password" | "submit") => as_it_was.to_owned(),
            ("input", _) => match self.take(&read) {
                Some(value) => read.with("value", &value).to_string(),
                None => as_it_was.to_owned(),
            },
            _ => as_it_was.to_owned(),
        }
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(known, typed)| known == name && typed == value)
    }

    /// The next value of this name: a name may stand on several fields.
    fn take(&mut self, tag: &Tag) -> Option<String> {
        let name = tag.of("name")?;
        let at = self.fields.iter().position(|(known, _)| *known == name)?;
        Some(self.fields.remove(at).1)
    }
}

/// A tag and its attributes, as they are written.
struct Tag {
    name: String,
    attributes: Vec<(String, Option<String>)>,
}

impl Tag {
    /// `None`: it ends another, or is no tag.
    fn read(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('<')?.strip_suffix('>')?;
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
        let (name, mut rest) = inner.split_at(end);
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                break;
            }
            let quoted = after.strip_prefix("=\"").and_then(|value| value.split_once('"'));
            attributes.push((key.to_owned(), quoted.map(|(value, _)| value.to_owned())));
            rest = quoted.map_or(after, |(_, after)| after);
            if quoted.is_none() && after.starts_with('=') {
                // Not as we write it.
                return None;
            }
        }
        (!name.is_empty()).then(|| Self { name: name.to_owned(), attributes })
    }

    fn of(&self, key: &str) -> Option<String> {
        let found = self.attributes.iter().find(|(known, _)| known == key)?;
        Some(unescaped(found.1.as_deref().unwrap_or_default()))
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.attributes.retain(|(known, _)| known != key);
        self.attributes.push((key.to_owned(), Some(escaped(value))));
        self
    }

    fn flag(mut self, key: &str, is: bool) -> Self {
        self.attributes.retain(|(known, _)| known != key);
        if is {
            self.attributes.push((key.to_owned(), None));
        }
        self
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}", self.name)?;
        for (key, value) in &self.attributes {
            match value {
                Some(value) => write!(f, " {key}=\"{value}\"")?,
                None => write!(f, " {key}")?,
            }
        }
        f.write_str(">")
    }
}

/// How long the tag at the beginning is: what is quoted may hold its end.
fn length(html: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, c) in html.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

const MARKS: [(char, &str); 5] =
    [('&', "&#38;"), ('<', "&#60;"), ('>', "&#62;"), ('"', "&#34;"), ('\'', "&#39;")];

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match MARKS.iter().find(|(mark, _)| *mark == c) {
            Some((_, word)) => escaped.push_str(word),
            None => escaped.push(c),
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&amp;", "&#38;").replace("&quot;", "&#34;");
    // The mark of the others last.
    let marks = MARKS.iter().rev();
    marks.fold(plain, |plain, (mark, word)| plain.replace(word, &mark.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(form: &str, fields: &[(&str, &str)]) -> String {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let fields: Vec<_> = fields.iter().map(owned).collect();
        let page = format!(
            "{MAIN}<form method=\"get\" action=\"/a\"><input name=\"a\"></form>\
             <form class=\"f\" method=\"post\" action=\"/a\">{form}</form><input name=\"a\">"
        );
        let new = refill(&page, "/a", &fields, "It's filled in.").unwrap();
        let note = "<div class=\"notice\" role=\"status\"><p>It&#39;s filled in.</p></div>\n";
        assert!(new.starts_with(&format!("{MAIN}{note}<form method=\"get\"")), "{new}");
        let start = new.find("action=\"/a\">").unwrap();
        let start = start + new[start..].find("<form class").unwrap();
        let inner = &new[start + "<form class=\"f\" method=\"post\" action=\"/a\">".len()..];
        inner.strip_suffix("</form><input name=\"a\">").unwrap().to_owned()
    }

    #[test]
    fn what_was_typed_stands_in_its_field_and_is_escaped() {
        let old = "<input class=\"in\" name=\"a\" value=\"old\"> <b>x</b>";
        let new = "<input class=\"in\" name=\"a\" value=\"&#34;&#62;&#60;b&#62;\"> <b>x</b>";
        assert_eq!(filled(old, &[("a", "\"><b>")]), new);
        assert_eq!(filled(old, &[("other", "x")]), old);
        let area = "<textarea name=\"t\" rows=\"3\">old</textarea>";
        let new = "<textarea name=\"t\" rows=\"3\">one\ntwo &#38; three</textarea>";
        assert_eq!(filled(area, &[("t", "one\ntwo & three")]), new);
        let twice = "<input name=\"a\"><input name=\"a\">";
        let new = "<input name=\"a\" value=\"1\"><input name=\"a\" value=\"2\">";
        assert_eq!(filled(twice, &[("a", "1"), ("a", "2")]), new);
    }

    #[test]
    fn boxes_and_choices_are_as_they_were() {
        let boxes = "<input type=\"checkbox\" name=\"s\" value=\"a b\" checked>\
                     <input type=\"checkbox\" name=\"s\" value=\"c\">";
        let new = "<input type=\"checkbox\" name=\"s\" value=\"a b\">\
                   <input type=\"checkbox\" name=\"s\" value=\"c\" checked>";
        assert_eq!(filled(boxes, &[("s", "c")]), new);
        let list = "<select name=\"l\"><option value=\"1\" selected>One</option>\
                    <option value=\"2\">Two</option></select>";
        let new = "<select name=\"l\"><option value=\"1\">One</option>\
                   <option value=\"2\" selected>Two</option></select>";
        assert_eq!(filled(list, &[("l", "2")]), new);
        assert_eq!(filled(list, &[]), list);
    }

    #[test]
    fn a_password_is_not_filled_in_and_the_version_is_the_one_that_was_read() {
        let form = "<input type=\"password\" name=\"p\"><input type=\"hidden\" name=\"h\" value=\"1\">\
                    <input type=\"hidden\" name=\"version\" value=\"2\">";
        let new = "<input type=\"password\" name=\"p\"><input type=\"hidden\" name=\"h\" value=\"1\">\
                   <input type=\"hidden\" name=\"version\" value=\"1\">";
        assert_eq!(filled(form, &[("p", "x"), ("h", "9"), ("version", "1")]), new);
    }

    #[test]
    fn a_page_without_the_form_stays_as_it_is() {
        assert_eq!(refill("<form method=\"post\" action=\"/b\"></form>", "/a", &[], ""), None);
    }

    #[test]
    fn a_reason_is_kept_beside_errors_elsewhere() {
        let html = "<p><input class=\"in\" name=\"because\" value=\"\" maxlength=\"500\"></p>";
        let new = "<p><input class=\"in\" name=\"because\" maxlength=\"500\" value=\"moved &#38; gone\"></p>";
        assert_eq!(because_again(html, "moved & gone").unwrap(), new);
        assert_eq!(because_again("<p></p>", "x"), None);
    }
}
