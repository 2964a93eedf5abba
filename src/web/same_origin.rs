//! Protection against forged requests, by headers that browsers set and pages
//! cannot: no token has to travel in forms.
use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HOST, ORIGIN};

/// Whether a request that changes something comes from a page of ours.
///
/// `Sec-Fetch-Site` decides where the browser sends it; else `Origin` must
/// name the host that was asked. A browser sends one of them with every POST;
/// without either it is none of a browser's, and then it has no cookie of a
/// person to abuse, but it is refused all the same.
pub fn is_same_origin(request: &HttpRequest) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return true;
    }
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = header(ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    let host = header(HOST.as_str()).or_else(|| request.uri().host());
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin == host)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn post(headers: &[(&'static str, &'static str)]) -> bool {
        let request = headers.iter().fold(TestRequest::post(), |r, h| r.insert_header(*h));
        is_same_origin(&request.to_http_request())
    }

    #[test]
    fn only_a_page_of_ours_may_post() {
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        for site in ["same-site", "cross-site", "none", ""] {
            assert!(!post(&[("sec-fetch-site", site)]), "{site}");
        }
        assert!(post(&[("origin", "http://console:8080"), ("host", "console:8080")]));
        assert!(!post(&[("origin", "http://evil"), ("host", "console:8080")]));
        assert!(!post(&[("origin", "null"), ("host", "console:8080")]));
        assert!(!post(&[("host", "console:8080")]));
        assert!(is_same_origin(&TestRequest::get().to_http_request()));
    }
}
