//! Places in the arena for buffers that live during a part of the step.

/// From the kernel that writes a buffer first to the last that uses it, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetime {
    pub first: usize,
    pub last: usize,
}

/// Every buffer begins at a multiple of this many bytes: a cache line, and an AVX-512 register.
pub const ALIGNMENT: usize = 64;

/// Byte offsets for buffers of the given sizes and lifetimes, and the bytes needed. Large buffers are placed first, each
/// at the lowest place that no buffer alive at the same time covers.
pub fn place(buffers: &[(usize, Lifetime)]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(buffers[index].0), buffers[index].1.first));
    let mut offsets = vec![0; buffers.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut total = 0;
    for index in order {
        let (bytes, lifetime) = buffers[index];
        let size = bytes.next_multiple_of(ALIGNMENT);
        let overlaps = |other: usize| {
            let taken = buffers[other].1;
            taken.first <= lifetime.last && lifetime.first <= taken.last
        };
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&other| overlaps(other))
            .map(|&other| (offsets[other], offsets[other] + buffers[other].0.next_multiple_of(ALIGNMENT)))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, end) in taken {
            if offset + size <= start {
                break;
            }
            offset = offset.max(end);
        }
        offsets[index] = offset;
        total = total.max(offset + size);
        placed.push(index);
    }
    (offsets, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(first: usize, last: usize) -> Lifetime {
        Lifetime { first, last }
    }

    #[test]
    fn disjoint_lifetimes_share_memory() {
        let (offsets, total) = place(&[(256, life(0, 1)), (256, life(2, 3)), (128, life(1, 2))]);
        assert_eq!(offsets[0], offsets[1]);
        assert_eq!(offsets[2], 256);
        assert_eq!(total, 384);
    }

    #[test]
    fn a_buffer_that_dies_where_another_is_written_keeps_its_place() {
        let (offsets, _) = place(&[(64, life(0, 5)), (64, life(5, 6))]);
        assert_ne!(offsets[0], offsets[1]);
    }

    #[test]
    fn offsets_are_aligned() {
        let (offsets, total) = place(&[(4, life(0, 9)), (100, life(0, 9)), (1, life(0, 9))]);
        assert!(offsets.iter().all(|offset| offset % ALIGNMENT == 0));
        assert_eq!(total, 64 + 128 + 64);
    }
}
