use std::collections::HashMap;

use glorot_graph::TensorSpec;
use glorot_graph::program::{BufferId, FoldWindowsKernel, Kernel, MatMulKernel, Program};
use glorot_tensor::{DType, Shape};

use super::convolution::{self, Filters, LibraryConvolution};
use super::product::{self, LibraryProduct, Operand, Storage};
use super::rows::Rows;
use super::{LIBRARY_MULTIPLICATIONS, Phase, Refused, Tuning, Work};
use crate::codegen::{self, Batch, Cut, Function, Functions, Own, Parameters, RowAxis};
use crate::gpu::{Computes, ConvolutionShape};

/// Multiplications of the largest product, and elements of the largest loop, of a step that one kernel may run.
const NARROW_WORK: usize = 1 << 24;

/// Blocks that the products of a narrow program are cut for, so that a few multiprocessors that share their barriers
/// have enough to do. Independent of how the program is run and of the GPU, so that the bits are.
const NARROW_BLOCKS: usize = 12;

/// Those of other programs, for a GPU of the size of an A100 or an H100.
const WIDE_BLOCKS: usize = 128;

/// True if no kernel of the program can fill a GPU for long: then launches and barriers take the time.
pub(super) fn is_narrow(program: &Program) -> bool {
    program.kernels.iter().all(|kernel| work(kernel) < NARROW_WORK)
}

/// Multiplications of a product, elements of a loop.
fn work(kernel: &Kernel) -> usize {
    match kernel {
        Kernel::Map(map) => map.domain.numel(),
        Kernel::Reduce(reduce) => reduce.domain.numel(),
        Kernel::MatMul(product) => multiplications(product),
        Kernel::Gather(gather) => gather.rows * gather.row_len,
        Kernel::ScatterAdd(scatter) => scatter.rows * scatter.rows.max(scatter.row_len),
        Kernel::FoldWindows(fold) => {
            fold.outer * fold.inner * fold.axes.iter().map(|axis| axis.positions * axis.size).product::<usize>()
        }
    }
}

/// See [`Phase::cost`].
fn cost(kernel: &Kernel) -> usize {
    if matches!(kernel, Kernel::Reduce(_)) { work(kernel) / 8 } else { work(kernel) }
}

fn multiplications(product: &MatMulKernel) -> usize {
    product.batch * product.m * product.n * product.k
}

/// Turns kernels into phases.
pub(super) struct Builder<'a> {
    pub specs: Vec<TensorSpec>,
    pub storage: Vec<Storage>,
    pub functions: Functions,
    pub phases: Vec<Phase>,
    /// The 16-bit copy of a buffer's present content.
    halves: HashMap<BufferId, BufferId>,
    /// The copies of filters as the library takes them.
    filters: HashMap<Filters, BufferId>,
    tuning: Tuning,
    refused: &'a Refused,
    blocks: usize,
    narrow: bool,
    /// What of it can be done row by row; nothing if the program is not narrow, or has no batch.
    pub rows: Option<Rows>,
}

impl<'a> Builder<'a> {
    pub fn new(program: &Program, tuning: Tuning, refused: &'a Refused, narrow: bool) -> Builder<'a> {
        let specs: Vec<TensorSpec> = program.buffers.iter().map(|buffer| buffer.spec.clone()).collect();
        Builder {
            storage: vec![Storage::Whole; specs.len()],
            specs,
            functions: Functions::default(),
            phases: Vec::new(),
            halves: HashMap::new(),
            filters: HashMap::new(),
            tuning,
            refused,
            blocks: if narrow { NARROW_BLOCKS } else { WIDE_BLOCKS },
            narrow,
            rows: if narrow { Rows::of(program) } else { None },
        }
    }

    /// A buffer of this backend's own.
    fn scratch(&mut self, shape: impl Into<Shape>, dtype: DType, storage: Storage) -> BufferId {
        self.specs.push(TensorSpec { shape: shape.into(), dtype });
        self.storage.push(storage);
        BufferId(self.specs.len() as u32 - 1)
    }

    /// Adds a phase that runs a function, unless it has nothing to do; `cost`: see [`Phase::cost`].
    fn add(&mut self, cost: usize, writes: Vec<BufferId>, make: impl Fn(&mut Parameters) -> Function) {
        self.add_with_rows(cost, writes, |_, _| None, |_, parameters| make(parameters));
    }

    /// The same, also by rows of the batch if `find` finds how.
    fn add_with_rows(
        &mut self,
        cost: usize,
        writes: Vec<BufferId>,
        find: impl FnOnce(Batch, &Own) -> Option<(RowAxis, Own)>,
        make: impl Fn(Option<RowAxis>, &mut Parameters) -> Function,
    ) {
        let mut parameters = Parameters::new(&self.specs);
        let function = make(None, &mut parameters);
        if function.units == 0 {
            return;
        }
        let (number, buffers) = (self.functions.number(function), parameters.buffers);
        let by_rows = self.rows.as_mut().and_then(|rows| {
            let (axis, own) = find(rows.batch, &rows.known)?;
            let mut parameters = Parameters::new(&self.specs);
            let function = make(Some(axis), &mut parameters);
            Some(rows.add(function, parameters.buffers, own, &writes))
        });
        let reads = buffers.clone();
        self.push(Phase { work: Work::Function(number, buffers), reads, writes, cost, by_rows });
    }

    fn push(&mut self, phase: Phase) {
        // A copy of what is overwritten is no longer one.
        self.halves.retain(|buffer, _| !phase.writes.contains(buffer));
        self.filters.retain(|filters, _| !phase.writes.contains(&filters.buffer));
        self.phases.push(phase);
    }

    pub fn kernel(&mut self, kernel: &Kernel) {
        let cost = cost(kernel);
        match kernel {
            Kernel::Map(map) if map.domain.numel() > 0 => {
                self.add_with_rows(
                    cost,
                    kernel.writes(),
                    |batch, known| codegen::map_rows(map, batch, known),
                    |rows, parameters| codegen::map(map, rows, parameters),
                );
            }
            Kernel::Reduce(reduce) => match codegen::partial(reduce) {
                None => {
                    let outputs: Vec<BufferId> = reduce.reductions.iter().map(|r| r.output).collect();
                    self.add_with_rows(
                        cost,
                        kernel.writes(),
                        |batch, known| codegen::reduce_rows(reduce, batch, known),
                        |rows, parameters| codegen::reduce(reduce, &outputs, rows, parameters),
                    );
                }
                Some(partial) => {
                    let dtypes: Vec<DType> =
                        reduce.reductions.iter().map(|r| reduce.body.dtypes[r.value as usize]).collect();
                    let parts: Vec<BufferId> = dtypes
                        .into_iter()
                        .map(|dtype| self.scratch([partial.parts, partial.kept], dtype, Storage::Whole))
                        .collect();
                    self.add(cost, parts.clone(), |parameters| codegen::reduce(reduce, &parts, None, parameters));
                    let rest = codegen::combine(reduce, &partial, &parts);
                    self.kernel(&Kernel::Reduce(rest));
                }
            },
            Kernel::MatMul(product) if product.a.loops.is_some() => self.convolution(product),
            Kernel::MatMul(product) => self.mat_mul(product, cost),
            Kernel::Gather(gather) if gather.rows * gather.row_len > 0 => {
                self.add(cost, kernel.writes(), |parameters| codegen::gather(gather, parameters));
            }
            Kernel::ScatterAdd(scatter) if scatter.row_len > 0 => {
                self.add(cost, kernel.writes(), |parameters| codegen::zero(scatter, parameters));
                self.add(cost, kernel.writes(), |parameters| codegen::scatter_add(scatter, parameters));
            }
            Kernel::FoldWindows(fold) if fold.product.is_some() => self.images(fold),
            Kernel::FoldWindows(fold) if fold.outer * fold.inner > 0 => {
                self.add(cost, kernel.writes(), |parameters| codegen::fold_windows(fold, parameters));
            }
            // Of nothing.
            _ => {}
        }
    }

    fn mat_mul(&mut self, product: &MatMulKernel, cost: usize) {
        let MatMulKernel { batch, m, n, k, .. } = *product;
        if batch * m * n == 0 {
            return;
        }
        let precision = self.tuning.precision;
        let large = !self.narrow && multiplications(product) >= LIBRARY_MULTIPLICATIONS;
        if self.tuning.library
            && large
            && !self.refused.products.contains(&[batch, n, m, k])
            && let Some((a, b)) = product::operands(product)
        {
            self.library(product, a, b);
            return;
        }
        let cut = Cut::new(product, self.blocks);
        if cut.parts == 1 {
            let writes = product.epilogue.stores.iter().map(|store| store.buffer).collect();
            self.add_with_rows(
                cost,
                writes,
                |batch, known| codegen::mat_mul_rows(product, batch, known, None),
                |rows, parameters| codegen::mat_mul(product, cut, precision, rows, parameters),
            );
            return;
        }
        debug_assert!(k > 0, "nothing is not cut into parts");
        let sums = self.scratch([cut.parts, batch, m, n], DType::F32, Storage::Whole);
        self.add_with_rows(
            cost,
            vec![sums],
            |batch, known| codegen::mat_mul_rows(product, batch, known, Some(sums)),
            |rows, parameters| codegen::parts(product, cut, precision, rows, sums, parameters),
        );
        self.kernel(&Kernel::Map(codegen::epilogue(product, cut.parts, sums)));
    }

    /// A product of the library, and what it cannot do after.
    fn library(&mut self, product: &MatMulKernel, a: Operand, b: Operand) {
        let finish = product::finish(product);
        let result = match &finish {
            Some(finish) => finish.result,
            None => self.scratch([product.batch, product.m, product.n], DType::F32, Storage::Whole),
        };
        let precision = self.tuning.precision;
        let [a, b] = [a, b].map(|operand| Operand { buffer: self.operand(operand.buffer), ..operand });
        let bias = finish.as_ref().and_then(|finish| finish.bias);
        let reads = [a.buffer, b.buffer].into_iter().chain(bias).collect();
        let work = LibraryProduct {
            batch: product.batch,
            rows: product.n,
            columns: product.m,
            depth: product.k,
            // The transpose of the result is the product of the transposes, in turn.
            a: b,
            b: a,
            result,
            bias,
            relu: finish.as_ref().is_some_and(|finish| finish.relu),
            precision,
        };
        self.push(Phase {
            work: Work::Product(work),
            reads,
            writes: vec![result],
            cost: multiplications(product),
            by_rows: None,
        });
        if finish.is_none() {
            self.kernel(&Kernel::Map(codegen::epilogue(product, 1, result)));
        }
    }

    /// A convolution of the library, or the gradient of its filters, and what becomes of each sum after.
    fn convolution(&mut self, product: &MatMulKernel) {
        let Some((shape, computes)) = convolution::of_product(product) else { return };
        let MatMulKernel { m, n, a, b, .. } = product;
        let images = a.buffer;
        if computes == Computes::Results {
            let filters = self.filters(Filters::of(b, &shape, true));
            // A bias is left to the loop that follows: the library has it only in engines that it compiles.
            let finish = product::finish(product).filter(|finish| finish.bias.is_none());
            let results = match &finish {
                Some(finish) => finish.result,
                None => self.scratch([*m, *n], DType::F32, Storage::Whole),
            };
            self.convolve(shape, computes, [images, filters, results]);
            if finish.is_none() {
                self.kernel(&Kernel::Map(codegen::epilogue(product, 1, results)));
            }
        } else {
            let filters = self.scratch([*n, *m], DType::F32, Storage::Whole);
            self.convolve(shape, computes, [images, filters, b.buffer]);
            self.kernel(&Kernel::Map(codegen::epilogue_of_transpose(product, filters)));
        }
    }

    /// The gradient of the images of a convolution.
    fn images(&mut self, fold: &FoldWindowsKernel) {
        let (Some(shape), Some(product)) = (convolution::of_fold(fold), &fold.product) else { return };
        let filters = self.filters(Filters::of(&product.b, &shape, false));
        self.convolve(shape, Computes::Images, [fold.output, filters, product.a.buffer]);
    }

    /// A convolution of these images, filters and results.
    fn convolve(&mut self, shape: ConvolutionShape, computes: Computes, tensors: [BufferId; 3]) {
        let computed = match computes {
            Computes::Images => 0,
            Computes::Filters => 1,
            Computes::Results => 2,
        };
        let precision = self.tuning.precision;
        let mut stored = tensors;
        (0..3).filter(|&i| i != computed).for_each(|i| stored[i] = self.operand(tensors[i]));
        let [images, filters, results] = stored;
        let reads = (0..3).filter(|&i| i != computed).map(|i| stored[i]).collect();
        let work = LibraryConvolution { shape, computes, images, filters, results, precision };
        let cost = convolution::multiplications(&shape);
        self.push(Phase { work: Work::Convolution(work), reads, writes: vec![stored[computed]], cost, by_rows: None });
    }

    /// Filters as the library takes them, copied now unless they are.
    fn filters(&mut self, filters: Filters) -> BufferId {
        if filters.is_dense() {
            return filters.buffer;
        }
        if let Some(&known) = self.filters.get(&filters) {
            return known;
        }
        let copy = self.scratch(filters.dims(), DType::F32, Storage::Whole);
        self.kernel(&Kernel::Map(filters.copy(copy)));
        self.filters.insert(filters, copy);
        copy
    }

    /// What a library reads of a buffer.
    fn operand(&mut self, buffer: BufferId) -> BufferId {
        if self.tuning.precision.is_16_bit() { self.half(buffer) } else { buffer }
    }

    /// The 16-bit copy of a buffer, made now unless there is one.
    fn half(&mut self, buffer: BufferId) -> BufferId {
        if let Some(&known) = self.halves.get(&buffer) {
            return known;
        }
        let (shape, precision) = (self.specs[buffer.index()].shape.clone(), self.tuning.precision);
        let count = shape.numel();
        let half = self.scratch(shape, DType::F32, Storage::Half);
        self.add(count, vec![half], |parameters| codegen::halve(buffer, half, count, precision, parameters));
        self.halves.insert(buffer, half);
        half
    }
}
