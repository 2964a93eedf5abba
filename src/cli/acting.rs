//! Who acts, for whatever command: somebody at the machine, unless they say who
//! they are.
use clap::Args;

use super::operator::Operator;

#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Acts that take two persons")]
pub struct Acting {
    /// Act as who signs in with this address. Their password comes from
    /// `COUNTERSIGN_PASSWORD` or the first line of standard input; after it the
    /// code of their authenticator app, if they have one.
    #[arg(long = "as", global = true, value_name = "EMAIL")]
    pub person: Option<String>,
    /// In an emergency do alone what takes two persons; --because says why. Not
    /// for what is marked sensitive.
    #[arg(long, global = true, requires = "because", conflicts_with = "person")]
    pub alone: bool,
}

impl Acting {
    /// # Errors
    /// It is not them.
    pub fn on(&self, mut operator: Operator) -> anyhow::Result<Operator> {
        if let Some(email) = &self.person {
            operator.who = operator.identify(email)?.who;
        }
        operator.alone = self.alone;
        Ok(operator)
    }
}
