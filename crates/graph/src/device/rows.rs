use glorot_tensor::Shuffle;

/// Which rows of a data set steps take, in order.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// These.
    Listed(&'a [u32]),
    /// Row `first` and those that follow it.
    Following { first: u32, len: u32 },
    /// Elements of a permutation of the first rows, from `first` on.
    Shuffled { shuffle: &'a Shuffle, first: u32, len: u32 },
}

impl<'a> Rows<'a> {
    /// How many they are.
    pub fn len(&self) -> usize {
        match *self {
            Rows::Listed(rows) => rows.len(),
            Rows::Following { len, .. } | Rows::Shuffled { len, .. } => len as usize,
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows from number `first` on.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    pub fn part(self, first: usize, len: usize) -> Rows<'a> {
        let end = first.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.len()), "{len} rows from {first} on, of {}", self.len());
        match self {
            Rows::Listed(rows) => Rows::Listed(&rows[first..first + len]),
            Rows::Following { first: begin, .. } => Rows::Following { first: begin + first as u32, len: len as u32 },
            Rows::Shuffled { shuffle, first: begin, .. } => {
                Rows::Shuffled { shuffle, first: begin + first as u32, len: len as u32 }
            }
        }
    }

    /// A row that a data set of `count` rows does not have, if there is one.
    pub fn beyond(&self, count: usize) -> Option<usize> {
        match *self {
            Rows::Listed(rows) => rows.iter().map(|&row| row as usize).find(|&row| row >= count),
            Rows::Following { first, len } => {
                let end = first as usize + len as usize;
                (len > 0 && end > count).then(|| count.max(first as usize))
            }
            Rows::Shuffled { shuffle, len, .. } => (len > 0 && shuffle.len() as usize > count).then_some(count),
        }
    }

    /// Their numbers, for which `list` lends memory.
    pub fn list<'b>(&self, list: &'b mut Vec<u32>) -> &'b [u32]
    where
        'a: 'b,
    {
        match *self {
            Rows::Listed(rows) => return rows,
            Rows::Following { first, len } => {
                list.clear();
                list.extend(first..first + len);
            }
            Rows::Shuffled { shuffle, first, len } => {
                list.resize(len as usize, 0);
                shuffle.fill(first, list);
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(rows: Rows) -> Vec<u32> {
        rows.list(&mut Vec::new()).to_vec()
    }

    #[test]
    fn parts_are_parts_of_the_list() {
        let shuffle = Shuffle::new(1, 2, 20);
        let numbers = [5, 3, 8, 1, 0, 19, 7, 7, 2, 4];
        let all = [
            Rows::Listed(&numbers),
            Rows::Following { first: 3, len: 10 },
            Rows::Shuffled { shuffle: &shuffle, first: 4, len: 10 },
        ];
        for rows in all {
            let whole = listed(rows);
            assert_eq!((whole.len(), rows.len(), rows.is_empty()), (10, 10, false));
            assert_eq!(listed(rows.part(2, 5)), whole[2..7]);
            assert_eq!(listed(rows.part(2, 5).part(1, 3)), whole[3..6]);
            assert!(rows.part(10, 0).is_empty());
        }
        assert_eq!(listed(all[1]), (3..13).collect::<Vec<_>>());
        assert_eq!(listed(all[2])[1], shuffle.get(5));
    }

    #[test]
    fn rows_that_are_not_there_are_found() {
        let shuffle = Shuffle::new(1, 2, 20);
        assert_eq!(Rows::Listed(&[1, 7, 3]).beyond(7), Some(7));
        assert_eq!(Rows::Listed(&[1, 7, 3]).beyond(8), None);
        assert_eq!(Rows::Following { first: 5, len: 3 }.beyond(8), None);
        assert_eq!(Rows::Following { first: 5, len: 3 }.beyond(7), Some(7));
        assert_eq!(Rows::Following { first: 5, len: 3 }.beyond(2), Some(5));
        assert_eq!(Rows::Following { first: 5, len: 0 }.beyond(2), None);
        assert_eq!(Rows::Shuffled { shuffle: &shuffle, first: 0, len: 3 }.beyond(20), None);
        assert_eq!(Rows::Shuffled { shuffle: &shuffle, first: 0, len: 3 }.beyond(19), Some(19));
    }

    #[test]
    #[should_panic(expected = "4 rows from 7 on, of 10")]
    fn no_part_goes_past_the_end() {
        let _ = Rows::Following { first: 0, len: 10 }.part(7, 4);
    }
}
