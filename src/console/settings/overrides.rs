//! `GET /settings/countersign.toml`: what differs from the defaults, as the
//! file that would set it. Never a secret.
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::config::Effective;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::web::App;

pub async fn get(_: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/toml; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"countersign.toml\""))
        .body(text(&app.config.effective)))
}

fn text(effective: &[Effective]) -> String {
    let mut text = String::from("# What differs from the defaults. Secrets are left out.\n");
    for known in effective.iter().filter(|known| known.differs()) {
        let key = known.setting.key;
        let line = if known.setting.secret {
            format!("# {key} is set, and not shown\n")
        } else {
            format!("{key} = {}\n", toml::Value::String(known.value.clone()))
        };
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn the_file_sets_what_was_set_and_no_secret() {
        let environment: BTreeMap<String, String> = [
            ("COUNTERSIGN_INSTANCE", "one"),
            ("COUNTERSIGN_CONNECTIONS", "8"),
            ("DATABASE_URL", "postgres://u:hunter2@h/d"),
            ("COUNTERSIGN_LOG_LEVEL", "info,\"odd\"=warn"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let config = Config::from_values(&environment, None).unwrap();
        let text = text(&config.effective);
        assert!(!text.contains("hunter2") && text.contains("# database_url is set"));
        assert!(!text.contains("connections"), "as by default");
        let file = Some((Path::new("c.toml"), text.as_str()));
        let again = Config::from_values(&BTreeMap::new(), file).unwrap();
        assert_eq!((again.instance, again.log.level), (config.instance, config.log.level));
    }
}
