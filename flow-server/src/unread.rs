//! A connection that ends when the other side does not read what is written.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Writes that get nowhere for a time are an error. Without this, whoever asks for much and reads nothing keeps a connection for
/// ever.
pub(crate) struct EndsUnread<S> {
    stream: S,
    time: Duration,
    /// Since a write has got nowhere: until when it may.
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> EndsUnread<S> {
    pub(crate) fn after(time: Duration, stream: S) -> Self {
        EndsUnread { stream, time, until: None }
    }

    /// What has come of a write, or that it has waited too long.
    fn in_time<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.until = None;
            return written;
        }
        let time = self.time;
        ready!(self.until.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads what is written")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for EndsUnread<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for EndsUnread<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.in_time(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nothing is kept back here, and that it is flushed does not say that a write has got anywhere.
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        time::Instant,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_is_written_to_and_who_does_not_is_not() {
        let time = Duration::from_secs(30);
        let (mut reader, writer) = tokio::io::duplex(10);
        let mut writer = EndsUnread::after(time, writer);
        let begun = Instant::now();
        let slow = async {
            let mut ten = [0; 10];
            for _ in 0..10 {
                sleep(time - Duration::from_secs(1)).await;
                reader.read_exact(&mut ten).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(writer.write_all(&[0; 100]), slow);
        written.unwrap();
        assert_eq!(begun.elapsed(), (time - Duration::from_secs(1)) * 10);
        writer.write_all(&[0; 10]).await.unwrap();
        // A pause between two writes is none of the reader's.
        sleep(time * 2).await;
        let begun = Instant::now();
        let error = writer.write_all(&[0; 1]).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed()), (io::ErrorKind::TimedOut, time));
    }
}
