//! Which form a number takes: gettext's `Plural-Forms`, an expression of C over `n`.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plural {
    count: usize,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Number(u64),
    Count,
    Not(Box<Rule>),
    Of(&'static str, Box<(Rule, Rule)>),
    Choice(Box<(Rule, Rule, Rule)>),
}

/// Weakest first; those of one line bind alike, from the left.
const OPERATORS: [&[&str]; 6] =
    [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

/// The deepest that an expression may be nested.
const DEEPEST: usize = 64;

/// Numbers that a rule is tried with before it is believed.
const TRIED: u64 = 1_000;

impl Plural {
    /// `nplurals=2; plural=n != 1;`, which is English and what is taken when
    /// nothing is said.
    ///
    /// # Errors
    /// Not such an expression, or one that names a form that is not there.
    pub fn parse(forms: Option<&str>) -> Result<Self, String> {
        let forms = forms.unwrap_or("nplurals=2; plural=n != 1;");
        let value = |name: &str| {
            let mut parts = forms.split(';').filter_map(|part| part.trim().split_once('='));
            parts.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
        };
        let wrong = || format!("Plural-Forms: {forms:?} cannot be read");
        let count: usize = value("nplurals").and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
        let mut rest = Rest { text: value("plural").ok_or_else(wrong)?, depth: 0 };
        let rule = rest.choice().filter(|_| rest.text.trim().is_empty()).ok_or_else(wrong)?;
        let plural = Self { count, rule };
        match (0..TRIED).find(|n| plural.place(*n).is_none_or(|place| place >= count)) {
            None => Ok(plural),
            Some(n) => Err(format!("Plural-Forms: {n} has none of the {count} forms")),
        }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The place of the form for `n`.
    pub fn form(&self, n: u64) -> usize {
        self.place(n).filter(|place| *place < self.count).unwrap_or(0)
    }

    fn place(&self, n: u64) -> Option<usize> {
        usize::try_from(self.rule.of(n)?).ok()
    }
}

impl Rule {
    /// `None`: divided by nothing, or out of bounds.
    fn of(&self, n: u64) -> Option<u64> {
        Some(match self {
            Self::Number(number) => *number,
            Self::Count => n,
            Self::Not(rule) => u64::from(rule.of(n)? == 0),
            Self::Choice(rules) => {
                let (condition, yes, no) = &**rules;
                if condition.of(n)? == 0 { no.of(n)? } else { yes.of(n)? }
            }
            Self::Of(operator, sides) => {
                let (left, right) = (sides.0.of(n)?, &sides.1);
                match *operator {
                    "||" => u64::from(left != 0 || right.of(n)? != 0),
                    "&&" => u64::from(left != 0 && right.of(n)? != 0),
                    "==" => u64::from(left == right.of(n)?),
                    "!=" => u64::from(left != right.of(n)?),
                    "<=" => u64::from(left <= right.of(n)?),
                    ">=" => u64::from(left >= right.of(n)?),
                    "<" => u64::from(left < right.of(n)?),
                    ">" => u64::from(left > right.of(n)?),
                    "+" => left.checked_add(right.of(n)?)?,
                    "-" => left.checked_sub(right.of(n)?)?,
                    "*" => left.checked_mul(right.of(n)?)?,
                    "/" => left.checked_div(right.of(n)?)?,
                    _ => left.checked_rem(right.of(n)?)?,
                }
            }
        })
    }
}

/// What is not read yet.
struct Rest<'t> {
    text: &'t str,
    depth: usize,
}

impl Rest<'_> {
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.text.trim_start().strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn choice(&mut self) -> Option<Rule> {
        self.depth += 1;
        let condition = self.sides(0).filter(|_| self.depth < DEEPEST)?;
        let rule = if self.takes("?") {
            let yes = self.choice()?;
            let no = self.takes(":").then(|| self.choice())??;
            Rule::Choice(Box::new((condition, yes, no)))
        } else {
            condition
        };
        self.depth -= 1;
        Some(rule)
    }

    fn sides(&mut self, strength: usize) -> Option<Rule> {
        let Some(operators) = OPERATORS.get(strength) else { return self.single() };
        let mut left = self.sides(strength + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.takes(operator)) {
            left = Rule::Of(operator, Box::new((left, self.sides(strength + 1)?)));
        }
        Some(left)
    }

    fn single(&mut self) -> Option<Rule> {
        if self.takes("!") {
            self.depth += 1;
            let rule = (self.depth < DEEPEST).then(|| self.single())??;
            self.depth -= 1;
            return Some(Rule::Not(Box::new(rule)));
        }
        if self.takes("(") {
            let rule = (self.depth < DEEPEST).then(|| self.choice())??;
            return self.takes(")").then_some(rule);
        }
        if self.takes("n") {
            return Some(Rule::Count);
        }
        let text = self.text.trim_start();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        self.text = rest;
        digits.parse().ok().map(Rule::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(rule: &str, numbers: &[u64]) -> Vec<usize> {
        let plural = Plural::parse(Some(rule)).expect(rule);
        numbers.iter().map(|n| plural.form(*n)).collect()
    }

    #[test]
    fn the_rules_of_languages_are_followed() {
        let numbers = [0, 1, 2, 5, 11, 21, 22, 100, 111];
        assert_eq!(forms("nplurals=1; plural=0;", &numbers), [0; 9]);
        assert_eq!(forms("nplurals=2; plural=(n > 1);", &numbers), [0, 0, 1, 1, 1, 1, 1, 1, 1]);
        let polish = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && \
                      (n%100<10 || n%100>=20) ? 1 : 2);";
        assert_eq!(forms(polish, &numbers), [2, 0, 1, 2, 2, 2, 1, 2, 2]);
        let slovenian = "nplurals=4; plural=(n%100==1 ? 0 : n%100==2 ? 1 : \
                         n%100==3 || n%100==4 ? 2 : 3)";
        assert_eq!(forms(slovenian, &[1, 2, 3, 5, 101]), [0, 1, 2, 3, 0]);
        assert_eq!(forms("nplurals=2; plural=!(n-n+1==n)", &[1, 2]), [0, 1]);
    }

    #[test]
    fn a_rule_that_names_no_form_is_refused() {
        let deep = format!("nplurals=2; plural={}n", "(".repeat(10_000));
        let not = format!("nplurals=2; plural={}n", "!".repeat(10_000));
        for rule in [
            "",
            "nplurals=2",
            "plural=0",
            "nplurals=0; plural=0",
            "nplurals=2; plural=n",
            "nplurals=2; plural=1/0",
            "nplurals=2; plural=n>",
            "nplurals=2; plural=m",
            "nplurals=2; plural=(n",
            "nplurals=2; plural=n ? 1",
            "nplurals=2; plural=-1",
            &deep,
            &not,
        ] {
            assert!(Plural::parse(Some(rule)).is_err(), "{}", rule.get(..40).unwrap_or(rule));
        }
    }
}
