//! Frames on a byte stream: a 4-byte big-endian length, then that many bytes. The mirror of `protocol/framing.py`.

use bytes::{Buf, Bytes, BytesMut};

/// Most bytes that a frame holds: also the longest Noise message (Noise rev 34, section 3).
pub const MAX_FRAME: usize = 65_535;
const HEADER: usize = 4;

/// A frame is empty or longer than [`MAX_FRAME`]: the stream cannot be used any more.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongSize(pub usize);

/// Returns what goes onto the byte stream for `frame`.
pub fn pack(frame: &[u8]) -> Result<Bytes, WrongSize> {
    check(frame.len())?;
    let mut packed = BytesMut::with_capacity(HEADER + frame.len());
    packed.extend_from_slice(&(frame.len() as u32).to_be_bytes());
    packed.extend_from_slice(frame);
    Ok(packed.freeze())
}

/// Cuts a byte stream, which arrives in pieces of any size, into frames.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: BytesMut,
}

impl FrameDecoder {
    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// Returns the next whole frame, or `None` until more bytes are there.
    ///
    /// A wrong length is noticed as soon as the header is there, before its content has come.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, WrongSize> {
        let Some(header) = self.buffer.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let size = u32::from_be_bytes(*header) as usize;
        check(size)?;
        if self.buffer.len() < HEADER + size {
            return Ok(None);
        }
        self.buffer.advance(HEADER);
        Ok(Some(self.buffer.split_to(size).freeze()))
    }

    /// Whether a frame has begun and not ended: at the end of a stream, it was cut off.
    pub fn is_inside_frame(&self) -> bool {
        !self.buffer.is_empty()
    }
}

fn check(size: usize) -> Result<(), WrongSize> {
    match size {
        1..=MAX_FRAME => Ok(()),
        _ => Err(WrongSize(size)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames_of(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, WrongSize> {
        let mut decoder = FrameDecoder::default();
        let mut frames = Vec::new();
        for piece in pieces {
            decoder.feed(piece);
            while let Some(frame) = decoder.next_frame()? {
                frames.push(frame.to_vec());
            }
        }
        Ok(frames)
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_the_stream_is_cut() {
        let frames = [vec![7], vec![1; 300], vec![2; MAX_FRAME]];
        let stream: Vec<u8> = frames.iter().flat_map(|frame| pack(frame).unwrap()).collect();
        for size in [1, 2, 3, 5, 301, 4096, stream.len()] {
            let pieces: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(frames_of(&pieces).unwrap(), frames);
        }
    }

    #[test]
    fn an_unfinished_frame_is_told_from_a_whole_one() {
        let mut decoder = FrameDecoder::default();
        decoder.feed(&[0, 0, 0, 2, 9]);
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(decoder.is_inside_frame());
        decoder.feed(&[9]);
        assert_eq!(decoder.next_frame(), Ok(Some(Bytes::from_static(&[9, 9]))));
        assert!(!decoder.is_inside_frame());
    }

    #[test]
    fn frames_of_a_wrong_size_are_refused_on_both_sides() {
        assert_eq!(pack(&[]), Err(WrongSize(0)));
        assert_eq!(pack(&vec![0; MAX_FRAME + 1]), Err(WrongSize(MAX_FRAME + 1)));
        assert_eq!(frames_of(&[&[0, 0, 0, 0]]), Err(WrongSize(0)));
        assert_eq!(frames_of(&[&[0, 1, 0, 0]]), Err(WrongSize(65_536)));
        assert_eq!(frames_of(&[&[255, 255, 255, 255]]), Err(WrongSize(4_294_967_295)));
    }
}
