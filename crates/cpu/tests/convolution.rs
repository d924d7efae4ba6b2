//! Windows, their overlap-add, convolution and pooling with their gradients: whole graphs, compiled and run, against
//! the plain reference.

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_graph::reference::{Value, evaluate};
use glorot_graph::{Padding, Result, Sym, Tracer, Window, compile};
use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Tensor};
use proptest::prelude::*;

fn uniform(shape: &[usize], seed: u64) -> Value {
    let (shape, mut stream) = (Shape::from(shape), Stream::new(seed, 0));
    let data = (0..shape.numel()).map(|_| f64::from((stream.next_f64() * 2.0 - 1.0) as f32)).collect();
    Value::f32(shape, data)
}

/// Compares an expression and the gradients of its weighted sum on every instruction set, with 1 and 3 threads.
fn check(name: &str, values: &[Value], build: impl Fn(&[Sym]) -> Result<Sym>) {
    let tracer = Tracer::new();
    let inputs: Vec<Sym> = values.iter().map(|value| tracer.input(value.shape.clone(), value.dtype)).collect();
    let result = build(&inputs).unwrap();
    let weights = uniform(result.shape().dims(), 7);
    let weighted = result.mul(&tracer.input(result.shape(), DType::F32)).unwrap().sum_all().unwrap();
    tracer.output(&result);
    tracer.gradients(&weighted, &inputs).unwrap().iter().for_each(|gradient| {
        tracer.output(gradient);
    });
    let values = [values, &[weights]].concat();
    let expected = evaluate(&tracer.graph(), &values, &|_| unreachable!("a graph without states")).outputs;
    let program = compile(&tracer.graph());
    let devices = CpuDevice::for_each_instruction_set(CpuOptions { threads: Some(1), ..CpuOptions::default() });
    let threaded = CpuDevice::for_each_instruction_set(CpuOptions { threads: Some(3), ..CpuOptions::default() });
    for threads in [1, 3] {
        let options = CpuOptions { threads: Some(threads), bfloat16: true, ..CpuOptions::default() };
        let results = run(&CpuDevice::new(options), &program, &values, expected.len());
        for (number, (got, want)) in results.iter().zip(&expected).enumerate() {
            let largest = want.data.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            let worst = got.to_f64().iter().zip(&want.data).map(|(got, want)| (got - want).abs()).fold(0.0, f64::max);
            assert!(worst <= 0.06 * largest, "{name} in bfloat16, result {number}: {worst} of {largest}");
        }
    }
    for (device, threaded) in devices.iter().zip(&threaded) {
        let results = run(device, &program, &values, expected.len());
        for (number, (got, want)) in results.iter().zip(&expected).enumerate() {
            assert_eq!(got.shape(), &want.shape, "{name}, result {number}");
            for (i, (got, want)) in got.to_f64().iter().zip(&want.data).enumerate() {
                let close = got == want || (got - want).abs() <= 2e-5 * (1.0 + want.abs());
                assert!(close, "{name}, result {number}, element {i}: {got}, expected {want}");
            }
        }
        let again = run(threaded, &program, &values, expected.len());
        let bits = |results: &[Tensor]| results.iter().map(Tensor::to_f64).collect::<Vec<_>>();
        assert_eq!(bits(&results), bits(&again), "{name}: the number of threads changes the result");
    }
}

fn run(device: &dyn Device, program: &glorot_graph::program::Program, values: &[Value], outputs: usize) -> Vec<Tensor> {
    let mut session = device.session(&[]).unwrap();
    let id = session.add_program(program).unwrap();
    for (number, value) in values.iter().enumerate() {
        let tensor = Tensor::from_f64(value.shape.clone(), value.dtype, &value.data).unwrap();
        session.write_input(id, number, &tensor).unwrap();
    }
    session.run(id).unwrap();
    (0..outputs).map(|output| session.read_output(id, output).unwrap()).collect()
}

#[test]
fn windows_and_their_overlap_add() {
    let window = |size, stride, dilation| Window { size, stride, dilation };
    let sequences = [window(3, 1, 1), window(2, 3, 1), window(3, 2, 2), window(1, 2, 1), window(9, 1, 1)];
    for w in sequences {
        for (outer, inner) in [(1, 1), (3, 1), (2, 5), (1, 33)] {
            let length = 23;
            check(&format!("{w:?}"), &[uniform(&[outer, length, inner], 1)], |x| x[0].windows(1, &[w])?.square());
            let parts = uniform(&[outer, w.positions(length), w.size, inner], 2);
            check(&format!("fold {w:?}"), &[parts], |x| x[0].fold_windows(1, &[w], &[length])?.square());
        }
    }
    let image = [window(3, 2, 1), window(2, 1, 2)];
    check("image", &[uniform(&[2, 9, 8, 3], 3)], |x| x[0].windows(1, &image)?.square());
    let volume = [window(2, 1, 2), window(3, 2, 1), window(2, 2, 1)];
    check("volume", &[uniform(&[2, 6, 7, 5, 2], 4)], |x| x[0].windows(1, &volume)?.square());
    let scattered = uniform(&[2, 4, 3, 2, 2, 3, 2, 2], 5);
    check("fold of a volume", &[scattered], |x| x[0].fold_windows(1, &volume, &[6, 7, 5])?.square());
    // Enough work for several tasks.
    check("threads", &[uniform(&[8, 40, 40, 4], 6)], |x| x[0].windows(1, &[window(3, 1, 1); 2])?.square());
}

#[test]
fn convolution() {
    for (channels, filters, groups) in [(1, 4, 1), (3, 16, 1), (8, 8, 2), (6, 6, 6)] {
        for (size, stride, dilation) in [(3, 1, 1), (5, 2, 1), (2, 1, 2), (1, 1, 1), (1, 2, 1)] {
            let values = [
                uniform(&[3, 12, 11, channels], 1),
                uniform(&[size, size, channels / groups, filters], 2),
                uniform(&[filters], 3),
            ];
            for padding in [Padding::Valid, Padding::Same] {
                let name = format!("{channels} {filters} {groups}, {size} {stride} {dilation} {padding:?}");
                check(&name, &values, |x| {
                    let sums = x[0].conv(&x[1], &[stride; 2], padding, &[dilation; 2], groups)?;
                    sums.add(&x[2])?.tanh()
                });
            }
        }
    }
    let sequence = [uniform(&[4, 20, 6], 1), uniform(&[3, 6, 10], 2)];
    check("causal", &sequence, |x| x[0].conv(&x[1], &[1], Padding::Causal, &[2], 1));
    let depthwise = [uniform(&[2, 9, 9, 5], 1), uniform(&[3, 3, 5, 2], 2)];
    check("depthwise", &depthwise, |x| x[0].depthwise_conv(&x[1], &[2, 1], Padding::Same, &[1, 1]));
    let wide = [uniform(&[2, 9, 9, 5], 1), uniform(&[7, 5, 5, 1], 2)];
    check("wide depthwise", &wide, |x| x[0].depthwise_conv(&x[1], &[1, 2], Padding::Same, &[1, 1]));
}

#[test]
fn pooling() {
    let image = [uniform(&[3, 11, 8, 5], 1)];
    for (size, stride) in [(2, 2), (3, 2), (2, 1), (3, 3), (2, 3)] {
        for padding in [Padding::Valid, Padding::Same] {
            let name = format!("{size} {stride} {padding:?}");
            check(&name, &image, |x| x[0].max_pool(&[size; 2], &[stride; 2], padding));
            check(&name, &image, |x| x[0].average_pool(&[size; 2], &[stride; 2], padding));
        }
    }
    // Rows of whole vectors, which are not next to each other.
    let wide = [uniform(&[3, 12, 10, 32], 3)];
    check("wide", &wide, |x| x[0].relu()?.max_pool(&[2; 2], &[2; 2], Padding::Valid));
    check("wide average", &wide, |x| x[0].tanh()?.average_pool(&[2; 2], &[2; 2], Padding::Valid));
    check("sequence", &[uniform(&[4, 30, 3], 2)], |x| x[0].max_pool(&[4], &[3], Padding::Same));
}

#[test]
fn a_small_network() {
    let values = [
        uniform(&[4, 12, 12, 3], 1),
        uniform(&[3, 3, 3, 8], 2),
        uniform(&[8], 3),
        uniform(&[3, 3, 8, 12], 4),
        uniform(&[108, 10], 5),
    ];
    check("network", &values, |x| {
        let convolved = x[0].conv(&x[1], &[1, 1], Padding::Same, &[1, 1], 1)?.add(&x[2])?.relu()?;
        let pooled = convolved.max_pool(&[2, 2], &[2, 2], Padding::Valid)?;
        let convolved = pooled.conv(&x[3], &[1, 1], Padding::Same, &[1, 1], 1)?.relu()?;
        let pooled = convolved.average_pool(&[2, 2], &[2, 2], Padding::Valid)?;
        pooled.reshape([4, 108])?.mat_mul(&x[4])
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_convolution(
        (images, height, width) in (1usize..11, 4usize..15, 4usize..15),
        (channels, filters) in (1usize..24, 1usize..70),
        kernel in (1usize..5, 1usize..4),
        strides in (1usize..3, 1usize..3),
        dilations in (1usize..3, 1usize..3),
        (same, depthwise) in any::<(bool, bool)>(),
        seed: u64,
    ) {
        // Strides and dilations do not go together.
        let dilations = if strides == (1, 1) { dilations } else { (1, 1) };
        let fits = (kernel.0 - 1) * dilations.0 < height && (kernel.1 - 1) * dilations.1 < width;
        let padding = if same || !fits { Padding::Same } else { Padding::Valid };
        let groups = if depthwise { channels } else { 1 };
        let filters = if depthwise { channels * (1 + filters / 30) } else { filters };
        let x = uniform(&[images, height, width, channels], seed);
        let weights = uniform(&[kernel.0, kernel.1, channels / groups, filters], seed ^ 1);
        let (strides, dilations) = ([strides.0, strides.1], [dilations.0, dilations.1]);
        check("a convolution", &[x, weights], |x| x[0].conv(&x[1], &strides, padding, &dilations, groups)?.tanh());
    }
}
