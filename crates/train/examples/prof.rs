use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_nn::{layers, model::Model, optimizers};
use glorot_tensor::Tensor;
use glorot_train::{Compiled, Dataset, Event, FitOptions, Flow, Target, Trainer};
use serde_json::json;
use std::{cell::RefCell, rc::Rc, sync::Arc, sync::atomic::AtomicBool, time::Instant};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let threads: usize = args[1].parse().unwrap();
    let kind = args.get(2).map(String::as_str).unwrap_or("plain20");
    let batch: usize = args.get(3).map(|b| b.parse().unwrap()).unwrap_or(32);
    let d = |u: usize, a: &str, i: &str| {
        layers::create("Dense", &json!({"units":u,"activation":a,"kernel_initializer":i})).unwrap()
    };
    let (features, mut ls): (usize, Vec<_>) = match kind {
        "fashion" => (784, [300, 100, 50, 50, 50].iter().map(|&u| d(u, "selu", "lecun_normal")).collect()),
        "wide" => (784, (0..4).map(|_| d(4096, "relu", "he_normal")).collect()),
        "bn20" => (
            3072,
            (0..20)
                .flat_map(|_| {
                    vec![
                        layers::create("Dense", &json!({"units":100,"kernel_initializer":"he_normal"})).unwrap(),
                        layers::create("BatchNormalization", &json!({})).unwrap(),
                        layers::create("Activation", &json!({"activation":"elu"})).unwrap(),
                    ]
                })
                .collect(),
        ),
        "selu20" => (
            3072,
            (0..20)
                .map(|_| d(100, "selu", "lecun_normal"))
                .chain([layers::create("AlphaDropout", &json!({"rate":0.1})).unwrap()])
                .collect(),
        ),
        _ => (3072, (0..20).map(|_| d(100, "elu", "he_normal")).collect()),
    };
    ls.insert(0, layers::create("InputLayer", &json!({"shape":[features]})).unwrap());
    ls.push(d(10, "softmax", "glorot_uniform"));
    let model = Model::sequential(ls, None).unwrap();
    let opt = if kind == "fashion" {
        json!({"class_name":"SGD","config":{"learning_rate":1e-3}})
    } else if kind == "wide" {
        json!("adam")
    } else {
        json!({"class_name":"Nadam","config":{"learning_rate":5e-5}})
    };
    let optimizer = Rc::new(RefCell::new(optimizers::deserialize(&opt).unwrap()));
    let targets = vec![Target::named("sparse_categorical_crossentropy", &["accuracy"])];
    let device = Arc::new(CpuDevice::new(CpuOptions { threads: Some(threads) }));
    let trainer = Trainer::new(model, device, Some(Compiled { optimizer, targets }));
    let n = if kind == "wide" { batch * 20 } else { batch * 350 };
    let x: Vec<f32> =
        (0..n * features).map(|i| ((i as u32).wrapping_mul(2654435761) >> 8) as f32 / (1 << 24) as f32).collect();
    let y: Vec<i32> = (0..n).map(|i| (i * 7 % 10) as i32).collect();
    let data = Dataset::new(Tensor::f32([n, features], x).unwrap(), Tensor::i32([n], y).unwrap());
    let s = Instant::now();
    let mut job = trainer
        .prepare_fit(
            data,
            FitOptions {
                epochs: if kind == "wide" { 6 } else { 150 },
                batch_size: batch,
                steps_per_epoch: if kind == "wide" { None } else { Some(20) },
                ..FitOptions::default()
            },
        )
        .unwrap();
    eprintln!("prepare {:?}", s.elapsed());
    let mut last = Instant::now();
    let mut t = vec![];
    job.run(&AtomicBool::new(false), &mut |e, _| {
        if let Event::EpochEnd { .. } = e {
            t.push(last.elapsed().as_secs_f64() / if kind == "wide" { n / batch } else { 20 } as f64 * 1e6);
            last = Instant::now();
        }
        Flow::Continue
    })
    .unwrap();
    t.sort_by(f64::total_cmp);
    eprintln!("us per step: min {:.1} 10% {:.1} median {:.1}", t[0], t[t.len() / 10], t[t.len() / 2]);
}
