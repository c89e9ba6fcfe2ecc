//! A body of which the first piece was looked at.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

/// The first piece of a body, or why there is none.
type First = Option<Result<Frame<Bytes>, hyper::Error>>;

/// The first piece is usually all of it; it is taken out, and is put back for who reads this.
pub(super) struct Resumed {
    first: First,
    rest: Incoming,
}

impl Resumed {
    /// Takes the first piece out, if it is there.
    pub(super) fn peek(mut rest: Incoming, context: &mut Context<'_>) -> Self {
        let mut first = None;
        if !rest.is_end_stream()
            && let Poll::Ready(piece) = Pin::new(&mut rest).poll_frame(context)
        {
            first = piece;
        }
        Self { first, rest }
    }

    /// All of the body, if it is there and no longer than `most` bytes.
    pub(super) fn whole(&self, most: usize) -> Option<&[u8]> {
        let data = data(self.first.as_ref());
        (self.rest.is_end_stream() && data.len() <= most).then_some(data)
    }
}

fn data(first: Option<&Result<Frame<Bytes>, hyper::Error>>) -> &[u8] {
    let frame = first.and_then(|first| first.as_ref().ok());
    frame.and_then(Frame::data_ref).map_or(&[], |data| data)
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = data(self.first.as_ref()).len() as u64;
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + first);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + first);
        }
        hint
    }
}
