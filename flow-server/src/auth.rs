//! Who asks, and what they may do.

use std::{fmt, str::FromStr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{problem::Problem, state::Shared};

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// See all there is: runs with their inputs and outputs, questions, sessions.
    Read,
    /// Start runs, cancel them, try them again, copy them: on one's own behalf. Includes [`Read`](Access::Read).
    Run,
    /// Answer questions. Includes [`Read`](Access::Read).
    Answer,
    /// Everything: also make links, save definitions, rename and delete sessions, deal with runs of others, and put other values
    /// into copies.
    Admin,
}

impl Access {
    /// All there are.
    pub(crate) const ALL: [Access; 4] = [Access::Read, Access::Run, Access::Answer, Access::Admin];

    /// The name: `read`, `run`, `answer`, `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Run => "run",
            Access::Answer => "answer",
            Access::Admin => "admin",
        }
    }

    /// The access of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Access::ALL.into_iter().find(|access| access.as_str() == name)
    }
}

/// Who asks, and what they may do. A layer of one's own says so by putting one into the request's extensions; it is then used
/// in place of tokens, and [`Server::protect`](crate::Server::protect) refuses those it says nothing of.
///
/// ```
/// use flow_server::{Access, Identity};
///
/// let ann = Identity::new("ann").access(Access::Answer).role("editor");
/// assert!(ann.may(Access::Read) && !ann.may(Access::Run));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    user: String,
    roles: Vec<String>,
    access: Vec<Access>,
}

impl Identity {
    /// A user of this name, who may do nothing yet.
    pub fn new(user: impl Into<String>) -> Self {
        Identity { user: user.into(), roles: Vec::new(), access: Vec::new() }
    }

    /// This user may do this, too.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access.push(access);
        self
    }

    /// This user has this role, for [questions to a role](flow_runtime::Ask::to_role).
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user's roles.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Whether this user may do this.
    pub fn may(&self, access: Access) -> bool {
        self.access.iter().any(|has| match has {
            Access::Admin => true,
            Access::Run | Access::Answer => *has == access || access == Access::Read,
            Access::Read => access == Access::Read,
        })
    }
}

/// A secret, and who it stands for. Its text form, for command lines, is `SECRET`, `USER:SECRET` or `USER:WORDS:SECRET`, where the
/// words are `read`, `run`, `answer`, `admin`, and roles. **Without words it may do everything**, as `admin`; without a user its name
/// is `admin`, too. A word that is nearly one of the accesses is no role but a mistake; `Identity` takes any.
///
/// ```
/// use flow_server::{Access, Token};
///
/// let token: Token = "ann:answer,editor:3f9a5c2e7b1d8046".parse()?;
/// assert!(token.identity().may(Access::Answer) && !token.identity().may(Access::Run));
/// assert_eq!((token.identity().user(), token.identity().roles()), ("ann", &["editor".to_owned()][..]));
/// # Ok::<(), flow_server::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Token {
    /// Its hash: of one length, so that comparing says nothing about the length of the secret.
    digest: [u8; 32],
    identity: Identity,
}

/// The shortest secret that is taken.
const SHORTEST: usize = 16;

/// Why a token was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The secret can be guessed.
    #[error(
        "a token of {length} characters can be guessed: take {SHORTEST} at least, from `openssl rand -hex 16` for instance"
    )]
    TooShort {
        /// How long it is.
        length: usize,
    },
    /// The secret cannot be sent in a header.
    #[error("a token consists of visible ASCII characters, without spaces")]
    Characters,
    /// A word is nearly an access, and would be a role that lets do nothing.
    #[error(
        "`{word}` is nearly the access `{access}`, and would be a role as it stands: write `{access}`, or give the role another \
         name"
    )]
    NearlyAccess {
        /// The word.
        word: String,
        /// The access it is nearly.
        access: &'static str,
    },
    /// The user has no name.
    #[error("a token `USER:SECRET` needs the name of a user before the colon")]
    NoUser,
}

impl Token {
    /// A secret that stands for this user.
    ///
    /// # Errors
    /// [`TokenError`] for a secret that is short, or cannot be sent.
    pub fn new(secret: &str, identity: Identity) -> Result<Self, TokenError> {
        if secret.len() < SHORTEST {
            return Err(TokenError::TooShort { length: secret.len() });
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Characters);
        }
        Ok(Token { digest: Sha256::digest(secret).into(), identity })
    }

    /// Who it stands for.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let parts: Vec<&str> = text.splitn(3, ':').collect();
        let (user, words, secret) = match parts[..] {
            [user, words, secret] => (user, words, secret),
            [user, secret] => (user, "admin", secret),
            _ => ("admin", "admin", text),
        };
        if user.is_empty() {
            return Err(TokenError::NoUser);
        }
        let mut identity = Identity::new(user);
        for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            identity = match Access::parse(word) {
                Some(access) => identity.access(access),
                None => match nearly(word) {
                    Some(access) => return Err(TokenError::NearlyAccess { word: word.to_owned(), access }),
                    None => identity.role(word),
                },
            };
        }
        Token::new(secret, identity)
    }
}

/// The access that this word is nearly: off by one letter, or by two in the longer names.
fn nearly(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    Access::ALL
        .map(Access::as_str)
        .into_iter()
        .find(|name| strsim::osa_distance(&word, name) <= if name.len() > 4 { 2 } else { 1 })
}

impl fmt::Debug for Token {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// Who asks, as handlers see it.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Nobody is asked who they are: a server for those at the same machine, or inside of another one.
    Anyone,
    /// Somebody who has said who they are.
    Known(Identity),
    /// Somebody who has to say who they are, and has not, or not rightly.
    Unknown,
}

impl Caller {
    /// In whose name something is done: the caller's own, or one that is given where nobody is asked who they are, or by an
    /// admin. `pointer` is where it was given.
    pub(crate) fn name(&self, given: Option<String>, pointer: &str) -> Result<Option<String>, Problem> {
        match (self, given) {
            (Caller::Known(identity), Some(given)) if given != identity.user && !identity.may(Access::Admin) => {
                let detail =
                    format!("You are `{}`, and only an admin does something in the name of others.", identity.user);
                Err(Problem::new(StatusCode::FORBIDDEN, "other_user", detail).with("pointer", pointer))
            }
            (Caller::Known(identity), None) => Ok(Some(identity.user.clone())),
            (_, given) => Ok(given),
        }
    }

    /// The roles that count: the caller's own, or those that are given where nobody is asked who they are.
    pub(crate) fn roles(&self, given: Vec<String>) -> Vec<String> {
        match self {
            Caller::Known(identity) => identity.roles.clone(),
            Caller::Anyone | Caller::Unknown => given,
        }
    }
}

/// Finds out who asks, before anything else is done.
pub(crate) async fn identify(State(state): State<Shared>, mut request: Request, next: Next) -> Response {
    let caller = match request.extensions_mut().remove::<Identity>() {
        Some(identity) => Caller::Known(identity),
        None if state.options.tokens.is_empty() && !state.options.layer_says_who => Caller::Anyone,
        None => known(&state.options.tokens, request.headers()).map_or(Caller::Unknown, Caller::Known),
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Whose token the request carries. Each is compared, in the same time whatever is given.
fn known(tokens: &[Token], headers: &HeaderMap) -> Option<Identity> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = given.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let digest: [u8; 32] = Sha256::digest(secret.trim()).into();
    let mut found = None;
    for token in tokens {
        if bool::from(token.digest.ct_eq(&digest)) {
            found = Some(&token.identity);
        }
    }
    found.cloned()
}

/// Lets those pass who may do this.
pub(crate) async fn require(State(access): State<Access>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Caller>() {
        Some(Caller::Anyone) => next.run(request).await,
        Some(Caller::Known(identity)) if identity.may(access) => next.run(request).await,
        Some(Caller::Known(identity)) => {
            let detail = format!("`{}` may not do this: it needs the access `{}`.", identity.user, access.as_str());
            Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).with("needs", access.as_str()).into_response()
        }
        Some(Caller::Unknown) | None => {
            let detail = "Say who you are: send a token this server knows, as `Authorization: Bearer …`.";
            Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
                .into_response()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_from_command_lines() {
        let plain: Token = "0123456789abcdef".parse().unwrap();
        assert_eq!(plain.identity(), &Identity::new("admin").access(Access::Admin));
        let named: Token = "ann:0123456789abcdef".parse().unwrap();
        assert_eq!(named.identity().user(), "ann");
        let words: Token = "ann:read, answer,editor:0123456789abcdef:with:colons".parse().unwrap();
        assert_eq!(words.identity(), &Identity::new("ann").access(Access::Read).access(Access::Answer).role("editor"));
        assert!(matches!("short".parse::<Token>(), Err(TokenError::TooShort { length: 5 })));
        assert!(matches!(":0123456789abcdef".parse::<Token>(), Err(TokenError::NoUser)));
        assert!(matches!("a b:0123456789abc def".parse::<Token>(), Err(TokenError::Characters)));
        for wrong in ["anwser", "Read", "admn", "raed", "runs", "answers", "admins"] {
            let error = format!("ann:editor,{wrong}:0123456789abcdef").parse::<Token>().unwrap_err();
            assert!(matches!(&error, TokenError::NearlyAccess { word, .. } if word == wrong), "{wrong}: {error}");
        }
        let roles: Token = "ann:editor,reader,runner,author,board:0123456789abcdef".parse().unwrap();
        assert_eq!(roles.identity().roles().len(), 5);
        assert!(!format!("{plain:?}").contains("0123"), "a secret is not shown");
    }
}
