//! Where a server is found from outside.

use axum::http::{HeaderValue, Uri};

use crate::guard::name_of;

/// The address of a server as others know it, of which the requests that arrive say nothing when a proxy has rewritten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    /// Without a slash at the end.
    url: String,
    origin: String,
    name: String,
}

impl PublicUrl {
    /// Reads one: `https://flow.example.com`, or with a path below which the server is nested.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let usual = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        if uri.query().is_some() || authority.as_str().contains('@') {
            return None;
        }
        // As browsers write it.
        let at = authority.as_str().to_ascii_lowercase();
        let origin = format!("{scheme}://{}", at.strip_suffix(usual).unwrap_or(&at));
        Some(PublicUrl { url: text.trim_end_matches('/').to_owned(), origin, name: name_of(&at) })
    }

    /// The address itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }

    /// The name of its host.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a page of this origin is one of this server.
    pub(crate) fn is_origin(&self, origin: &HeaderValue) -> bool {
        origin.as_bytes() == self.origin.as_bytes()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_of_a_server_is_none() {
        let read = PublicUrl::parse("https://Flow.Example.com:443/x/").unwrap();
        assert_eq!((read.as_str(), read.name()), ("https://Flow.Example.com:443/x", "flow.example.com"));
        assert!(read.is_origin(&HeaderValue::from_static("https://flow.example.com")));
        assert!(!read.is_origin(&HeaderValue::from_static("http://flow.example.com")));
        for wrong in ["", "flow.example.com", "/x", "ftp://x", "https://", "https://a@b", "https://a/?b", "https://a b"]
        {
            assert_eq!(PublicUrl::parse(wrong), None, "{wrong}");
        }
    }
}
