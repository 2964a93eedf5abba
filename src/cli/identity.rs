//! Who sits at the machine, where that matters: an act that takes two persons
//! takes two who can be told apart.
use std::io::BufRead as _;

use anyhow::{Context as _, bail, ensure};
use zeroize::Zeroizing;

use super::operator::Operator;
use super::output;
use crate::admin::sessions::{self, Refused};
use crate::admin::{self, Actor};
use crate::host::Entropy;
use crate::keys::{MasterKey, sealed_text};
use crate::model::administrator::Administrator;
use crate::model::password::{self, Password};
use crate::model::totp::Secret;
use crate::oauth::UnixTime;
use crate::store::authenticator_apps::AuthenticatorApp;
use crate::store::{Conn, authenticator_apps};

impl Operator {
    /// The one who signs in as `email`, after they proved it: by their password,
    /// the first line of standard input or `COUNTERSIGN_PASSWORD`, and where they
    /// have an authenticator app by its code, the line after.
    ///
    /// # Errors
    /// It is not them, or they are suspended. What was tried is recorded.
    pub fn identify(&self, email: &str) -> anyhow::Result<Actor> {
        let found = self.find(|conn| sessions::candidate(conn, email))?;
        let (person, hash) = found.with_context(|| format!("there is no administrator {email}"))?;
        let mut lines = std::io::stdin().lock().lines();
        let mut ask = |what: &str| -> anyhow::Result<Zeroizing<String>> {
            output::prompt(what);
            Ok(Zeroizing::new(lines.next().transpose()?.unwrap_or_default()))
        };
        let typed = match std::env::var("COUNTERSIGN_PASSWORD") {
            Ok(text) => Zeroizing::new(text),
            Err(_) => ask("Password")?,
        };
        let is_right = Password::present(typed.trim_end_matches('\r'))
            .is_some_and(|password| password::verify(&password, &hash));
        if !is_right {
            return self.refused(&person, Refused::BadPassword);
        }
        if !person.active {
            return self.refused(&person, Refused::Suspended);
        }
        let actor = self.actor().signed_in_as(&person);
        let app = self.find(|conn| Ok(authenticator_apps::find(conn, &person.id)?))?;
        if let Some(app) = app {
            let code = ask("Code of the authenticator app")?;
            let Some(proof) = self.proof(&person.id, &app, &code, actor.now)? else {
                return self.refused(&person, Refused::BadCode);
            };
            let spend = |conn: &mut Conn, _: &Actor| {
                admin::factors::spend(conn, &actor, &person.id, &proof)
            };
            ensure!(self.act(spend)?, "this code was used before");
        }
        Ok(actor)
    }

    fn proof(
        &self,
        id: &str,
        app: &AuthenticatorApp,
        code: &str,
        now: UnixTime,
    ) -> anyhow::Result<Option<admin::factors::Proof>> {
        let master = MasterKey::load(&self.config.master_key, false, &Entropy::System)?;
        let ring = self.key_ring(master)?;
        let opened = ring.open_text(&sealed_text::of_app(id), &app.sealed)?;
        let Some(secret) = Secret::read(&opened) else { return Ok(None) };
        let step = secret.accepts(code.trim(), now, Some(app.last));
        Ok(step.map(|step| admin::factors::Proof::App { created_at: app.created_at, step }))
    }

    fn refused(&self, person: &Administrator, why: Refused) -> anyhow::Result<Actor> {
        let record = |conn: &mut Conn, actor: &Actor| {
            let event = sessions::refusal(actor, &person.email, why);
            Ok(crate::store::audit_chains::append(conn, &actor.chain, &[event])?)
        };
        self.act(record)?;
        bail!("this is not {}", person.email)
    }
}
