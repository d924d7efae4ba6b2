//! Training steps of whole networks on this machine, beside what its cores and caches can do:
//! `cargo bench -p glorot-train --bench step -- [NETWORK ...] [--batch N] [--threads N] [--profile]
//! [--bfloat16]`.
//!
//! For each network: the least and the median time of a step for each number of threads, then the least times of its
//! parts on one thread, with the fraction that they reach of the core's multiply-adds.

// A benchmark prints what it found.
#![allow(clippy::print_stdout)]

mod networks;
mod roofline;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use glorot_cpu::{CpuDevice, CpuOptions, LaunchTime};
use glorot_graph::device::Device;
use glorot_train::{Event, FitOptions, Flow};

use networks::{NAMES, Network, is_known};
use roofline::Roofline;

struct Arguments {
    networks: Vec<String>,
    batch: Option<usize>,
    threads: Vec<usize>,
    profile: bool,
    bfloat16: bool,
}

fn arguments() -> Arguments {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let powers = (0..).map(|power| 1 << power).take_while(|&threads| threads < cores);
    let mut arguments = Arguments {
        networks: Vec::new(),
        batch: None,
        threads: powers.chain([cores]).collect(),
        profile: false,
        bfloat16: false,
    };
    let mut given = std::env::args().skip(1);
    let number = |value: Option<String>, option: &str| -> usize {
        let number = value.and_then(|value| value.parse().ok()).filter(|&number| number > 0);
        number.unwrap_or_else(|| panic!("{option} takes a number of at least 1"))
    };
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--batch" => arguments.batch = Some(number(given.next(), "--batch")),
            "--threads" => arguments.threads = vec![number(given.next(), "--threads")],
            "--profile" => arguments.profile = true,
            "--bfloat16" => arguments.bfloat16 = true,
            // What cargo adds.
            "--bench" => {}
            name if is_known(name) => arguments.networks.push(name.into()),
            other => panic!("unknown argument '{other}'; networks: {}, dense<width>x<depth>", NAMES.join(", ")),
        }
    }
    if arguments.networks.is_empty() {
        arguments.networks = NAMES.map(String::from).to_vec();
    }
    arguments
}

/// The least and the median time of a step, in seconds.
fn time(network: &Network, device: Arc<dyn Device>) -> (f64, f64) {
    // Epochs of about 10 ms, so that some are not disturbed by other programs.
    let trainer = network.trainer(device);
    let run = |epochs: usize, steps: usize| -> Vec<f64> {
        let options =
            FitOptions { epochs, steps_per_epoch: Some(steps), batch_size: network.batch, ..FitOptions::default() };
        let mut job = trainer.prepare_fit(network.data(), options).expect("a training");
        let (mut times, mut last) = (Vec::new(), Instant::now());
        job.run(&AtomicBool::new(false), &mut |event, _| {
            if let Event::EpochEnd { .. } = event {
                times.push(last.elapsed().as_secs_f64() / steps as f64);
                last = Instant::now();
            }
            Flow::Continue
        })
        .expect("a training");
        times
    };
    let step = run(3, 4).into_iter().fold(f64::INFINITY, f64::min);
    let steps = ((0.01 / step) as usize).max(1);
    let mut times = run(((1.5 / step) as usize / steps).clamp(5, 400), steps);
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

/// What a part of a step is for.
fn phase(times: &[LaunchTime], number: usize) -> &'static str {
    let time = &times[number];
    // The loss is the first output that is computed from products.
    let loss = times.iter().position(|time| time.is_output).unwrap_or(times.len());
    match time {
        LaunchTime { kernel: None, .. } => "gathering the batch",
        LaunchTime { updates: true, multiply_adds, .. } if *multiply_adds > 0.0 => "weight gradients and their updates",
        _ if number < loss => "forward",
        LaunchTime { multiply_adds, .. } if *multiply_adds > 0.0 => "input gradients",
        _ => "the rest (loss, biases, statistics, metrics)",
    }
}

fn print_phases(times: &[LaunchTime], roofline: &Roofline) {
    let mut phases: Vec<(&str, f64, f64)> = Vec::new();
    for (number, time) in times.iter().enumerate() {
        let name = phase(times, number);
        match phases.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, nanoseconds, multiply_adds)) => {
                *nanoseconds += time.nanoseconds;
                *multiply_adds += time.multiply_adds;
            }
            None => phases.push((name, time.nanoseconds, time.multiply_adds)),
        }
    }
    for (name, nanoseconds, multiply_adds) in phases {
        print!("    {:>9.1} µs  {name}", nanoseconds / 1e3);
        if multiply_adds > 0.0 {
            let gflops = 2.0 * multiply_adds / nanoseconds;
            print!(": {gflops:.0} GFLOP/s, {:.0}% of the peak", 100.0 * gflops / roofline.gflops[0].1);
        }
        println!();
    }
}

fn print_launches(times: &[LaunchTime]) {
    for LaunchTime { name, nanoseconds, multiply_adds, updates, .. } in times {
        let rate = if *multiply_adds > 0.0 {
            format!("{:.0} GFLOP/s", 2.0 * multiply_adds / nanoseconds)
        } else {
            String::new()
        };
        println!(
            "      {:>9.2} µs  {name}{} {rate}",
            nanoseconds / 1e3,
            if *updates { ", updates states" } else { "" }
        );
    }
}

fn main() {
    let arguments = arguments();
    let roofline = Roofline::measure(&arguments.threads);
    println!("{}\n{roofline}", CpuDevice::new(CpuOptions::default()).description());
    for name in &arguments.networks {
        let network = Network::new(name, arguments.batch);
        println!("{name}: {}, batch {}, {} parameters", network.what, network.batch, network.parameters());
        for &threads in &arguments.threads {
            let options = CpuOptions { threads: Some(threads), bfloat16: arguments.bfloat16, ..CpuOptions::default() };
            let (least, median) = time(&network, Arc::new(CpuDevice::new(options)));
            let plural = if threads == 1 { "" } else { "s" };
            println!("  {threads} thread{plural}: {:.1} µs a step, median {:.1}", least * 1e6, median * 1e6);
        }
        let device =
            Arc::new(CpuDevice::new(CpuOptions { threads: Some(1), profile: true, bfloat16: arguments.bfloat16 }));
        time(&network, device.clone());
        let programs = device.profile();
        if let Some(times) = programs.iter().max_by_key(|times| times.len()) {
            println!("  on one thread:");
            print_phases(times, &roofline);
            if arguments.profile {
                print_launches(times);
            }
        }
    }
}
