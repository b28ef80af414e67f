//! Sending one event.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper::{Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use sha2::Sha256;

use super::{Webhook, WebhookError};

#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;
#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// What sends.
pub(super) type Sender = Client<Connector, Full<Bytes>>;

/// A client for all webhooks. It follows no redirects.
pub(super) fn client() -> Result<Sender, WebhookError> {
    Ok(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector()?))
}

#[cfg(not(feature = "tls"))]
fn connector() -> Result<Connector, WebhookError> {
    Ok(HttpConnector::new())
}

#[cfg(feature = "tls")]
fn connector() -> Result<Connector, WebhookError> {
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let builder = builder.with_native_roots().map_err(WebhookError::Certificates)?;
    Ok(builder.https_or_http().enable_http1().build())
}

/// A message to be sent.
pub(super) struct Message {
    /// The same each time it is sent.
    pub(super) id: String,
    pub(super) body: String,
}

impl Message {
    /// Sends it, once. `Err` says why it was not taken.
    pub(super) async fn send(&self, hook: &Webhook, client: &Sender, now_ms: i64) -> Result<(), String> {
        let seconds = now_ms / 1_000;
        let request = Request::post(&hook.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("flow-server/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature(&hook.secret, &self.id, seconds, &self.body))
            .body(Full::new(Bytes::from(self.body.clone())))
            .map_err(|error| error.to_string())?;
        match tokio::time::timeout(hook.timeout, client.request(request)).await {
            Ok(Ok(response)) if response.status().is_success() => Ok(()),
            Ok(Ok(response)) => Err(format!("it was answered with {}", response.status())),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it was not answered in time".to_owned()),
        }
    }
}

/// The signature in the style of Standard Webhooks.
fn signature(secret: &[u8], id: &str, seconds: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        // The example of the specification.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap_or_default();
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
