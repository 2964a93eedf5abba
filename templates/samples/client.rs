use std::error::Error;
use std::sync::Mutex;
use std::time::{Duration, Instant};

static KEPT: Mutex<Option<(String, Instant)>> = Mutex::new(None);

/// A token, kept until half a minute before it expires.
fn token() -> Result<String, Box<dyn Error>> {
    let mut kept = KEPT.lock().map_err(|_| "another thread panicked")?;
    if let Some((token, until)) = kept.as_ref() {
        if Instant::now() < *until {
            return Ok(token.clone());
        }
    }
    let secret = std::env::var("CLIENT_SECRET")?;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", {{ quoted::rust(sample.client_id) }}),
        ("client_secret", secret.as_str()),
        ("resource", {{ quoted::rust(sample.resource) }}),{% if !sample.scope.is_empty() %}
        ("scope", {{ quoted::rust(sample.scope) }}),{% endif %}
    ];
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent.post({{ quoted::rust(sample.token_url) }}).send_form(form)?;
    let answer: serde_json::Value = response.body_mut().read_json()?;
    let (Some(token), Some(seconds)) = (answer["access_token"].as_str(), answer["expires_in"].as_u64())
    else {
        return Err(format!("no token: {} {answer}", response.status()).into());
    };
    let until = Instant::now() + Duration::from_secs(seconds.saturating_sub(30));
    *kept = Some((token.to_owned(), until));
    Ok(token.to_owned())
}

fn call() -> Result<(), Box<dyn Error>> {
    let bearer = format!("Bearer {}", token()?);
    let mut response = ureq::get({{ quoted::rust(sample.call_url) }}).header("Authorization", &bearer).call()?;
    println!("{}", response.body_mut().read_to_string()?);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    call()?;
    Ok(())
}
