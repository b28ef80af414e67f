//! Text in a type: the marker of a step that is a method.
//!
//! The marker of a function is a type of its own, hidden behind `impl HasMeta`. A method's cannot be: what is hidden there
//! has to mention every generic parameter around the method, which the macro does not see.

use std::marker::PhantomData;

use super::{CallKind, CallMeta, HasMeta};
use crate::Policy;

/// The marker of a method: `LEN` bytes of text, the first `NAME` of them its name, the others its doc comment.
pub struct Method<const NAME: usize, const LEN: usize, T>(PhantomData<fn() -> T>);

/// 64 bytes, and what follows. The last word is filled up with zeros.
pub struct Words<const A: u128, const B: u128, const C: u128, const D: u128, R = ()>(PhantomData<fn() -> R>);

/// A part of a text.
#[derive(Debug)]
pub struct Part {
    words: [u128; 4],
    next: Option<&'static Part>,
}

/// A text in a type.
pub trait Text: 'static {
    /// Its beginning.
    const PART: Option<&'static Part>;
}

impl Text for () {
    const PART: Option<&'static Part> = None;
}

impl<const A: u128, const B: u128, const C: u128, const D: u128, R: Text> Text for Words<A, B, C, D, R> {
    const PART: Option<&'static Part> = Some(&Part { words: [A, B, C, D], next: R::PART });
}

const fn bytes<const LEN: usize>(mut part: Option<&'static Part>) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let mut at = 0;
    while let Some(known) = part {
        let mut byte = 0;
        while byte < 64 && at < LEN {
            bytes[at] = known.words[byte / 16].to_le_bytes()[byte % 16];
            at += 1;
            byte += 1;
        }
        part = known.next;
    }
    bytes
}

impl<const NAME: usize, const LEN: usize, T: Text> Method<NAME, LEN, T> {
    const BYTES: [u8; LEN] = bytes(T::PART);
    const TEXTS: (&'static str, &'static str) = match std::str::from_utf8(&Self::BYTES) {
        Ok(text) => text.split_at(NAME),
        Err(_) => ("", ""),
    };
}

impl<const NAME: usize, const LEN: usize, T: Text> HasMeta for Method<NAME, LEN, T> {
    const META: CallMeta =
        CallMeta { name: Self::TEXTS.0, doc: Self::TEXTS.1, kind: CallKind::Step, policy: Policy::PLAIN };
}
