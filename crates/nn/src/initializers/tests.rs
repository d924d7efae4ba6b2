use glorot_tensor::{DType, Shape};
use serde_json::json;

use super::{Distribution, Initializer, Mode, VarianceScaling, class_names, create, deserialize};

/// Mean, standard deviation and largest distance from zero of 512 x 256 values.
fn moments(initializer: &dyn Initializer) -> (f64, f64, f64) {
    let values = initializer.initialize(&Shape::from([512, 256]), DType::F32).unwrap().to_f64();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean, variance.sqrt(), values.iter().fold(0.0, |reach: f64, v| reach.max(v.abs())))
}

#[test]
fn variance_scaling_has_the_variance_asked_for() {
    for (mode, n) in [(Mode::FanIn, 512.0), (Mode::FanOut, 256.0), (Mode::FanAvg, 384.0)] {
        for distribution in [Distribution::TruncatedNormal, Distribution::UntruncatedNormal, Distribution::Uniform] {
            let scale: f64 = 2.0;
            let want = (scale / n).sqrt();
            let (mean, stddev, reach) = moments(&VarianceScaling::new(scale, mode, distribution, Some(58)));
            // 131072 values: the standard error of the mean is 0.0028 deviations, that of the deviation less than 0.2%.
            assert!(mean.abs() < 0.015 * want, "{mode:?} {distribution:?}: mean {mean}");
            assert!((stddev / want - 1.0).abs() < 0.011, "{mode:?} {distribution:?}: deviation {stddev}, want {want}");
            let bound = match distribution {
                Distribution::TruncatedNormal => 2.0 * want / 0.879_625_66,
                Distribution::Uniform => 3f64.sqrt() * want,
                Distribution::UntruncatedNormal => 6.5 * want,
            };
            assert!(reach < bound * 1.000_001, "{mode:?} {distribution:?}: {reach} beyond {bound}");
            let least = if distribution == Distribution::UntruncatedNormal { 3.5 * want } else { 0.995 * bound };
            assert!(reach > least, "{mode:?} {distribution:?}: nothing beyond {reach}");
        }
    }
}

#[test]
fn named_cases_have_their_variance() {
    for (id, variance) in [
        ("glorotNormal", 1.0 / 384.0),
        ("glorot_uniform", 1.0 / 384.0),
        ("heNormal", 2.0 / 512.0),
        ("HeUniform", 2.0 / 512.0),
        ("lecun_normal", 1.0 / 512.0),
        ("lecunUniform", 1.0 / 512.0),
    ] {
        let (_, stddev, _) = moments(&*deserialize(&json!(id)).unwrap());
        assert!((stddev / f64::sqrt(variance) - 1.0).abs() < 0.011, "{id}: {stddev}");
    }
}

#[test]
fn simple_distributions_have_their_moments() {
    let normal = create("RandomNormal", &json!({ "mean": 0.3, "stddev": 0.1 })).unwrap();
    let (mean, stddev, _) = moments(&*normal);
    assert!((mean - 0.3).abs() < 0.0015 && (stddev - 0.1).abs() < 0.0011, "{mean} {stddev}");
    let truncated = create("TruncatedNormal", &json!({ "stddev": 0.1 })).unwrap();
    let (mean, stddev, reach) = moments(&*truncated);
    assert!(mean.abs() < 0.0015 && (stddev - 0.08796).abs() < 0.001, "{mean} {stddev}");
    assert!(reach <= 0.200_000_1 && reach > 0.199, "{reach}");
    let uniform = create("randomUniform", &json!({ "minval": -1.0, "maxval": 3.0 })).unwrap();
    let (mean, stddev, reach) = moments(&*uniform);
    assert!((mean - 1.0).abs() < 0.018 && (stddev - 4.0 / 12f64.sqrt()).abs() < 0.012, "{mean} {stddev}");
    assert!(reach <= 3.0 && reach > 2.999, "{reach}");
}

#[test]
fn constants_are_constant() {
    for (id, config, want) in
        [("zeros", json!({}), 0.0), ("ones", json!({}), 1.0), ("constant", json!({ "value": -0.5 }), -0.5)]
    {
        let values = create(id, &config).unwrap().initialize(&Shape::from([2, 3]), DType::F32).unwrap();
        assert_eq!(values.to_f64(), [want; 6], "{id}");
    }
}

#[test]
fn identity_has_its_gain_on_the_diagonal() {
    for (shape, want) in [([2, 3], [1.5, 0.0, 0.0, 0.0, 1.5, 0.0]), ([3, 2], [1.5, 0.0, 0.0, 1.5, 0.0, 0.0])] {
        let identity = create("identity", &json!({ "gain": 1.5 })).unwrap();
        assert_eq!(identity.initialize(&Shape::from(shape), DType::F32).unwrap().to_f64(), want);
    }
    let unit = create("IdentityInitializer", &json!({})).unwrap();
    assert_eq!(unit.initialize(&Shape::from([1, 1]), DType::F32).unwrap().to_f64(), [1.0]);
    let message = unit.initialize(&Shape::from([2, 2, 2]), DType::F32).unwrap_err().to_string();
    assert_eq!(message, "Identity: expected a weight of rank 2, received shape [2, 2, 2]");
}

#[test]
fn orthogonal_vectors_are_orthonormal() {
    for (shape, gain) in [(vec![40, 13], 1.0), (vec![9, 30], 1.5), (vec![3, 3, 2, 5], 1.0), (vec![17, 17], 0.5)] {
        let orthogonal = create("orthogonal", &json!({ "gain": gain, "seed": 58 })).unwrap();
        let values = orthogonal.initialize(&Shape::from(shape.clone()), DType::F32).unwrap().to_f64();
        let columns = shape[shape.len() - 1];
        let rows = values.len() / columns;
        let at = |vector: usize, i: usize| {
            if rows >= columns { values[i * columns + vector] } else { values[vector * columns + i] }
        };
        for (a, b) in (0..rows.min(columns)).flat_map(|a| (0..=a).map(move |b| (a, b))) {
            let product: f64 = (0..rows.max(columns)).map(|i| at(a, i) * at(b, i)).sum();
            let want = if a == b { gain * gain } else { 0.0 };
            assert!((product - want).abs() < 1e-6, "{shape:?}: vectors {a} and {b} have product {product}");
        }
    }
    // Uniformly distributed: signs are even, and a first element has variance 1 / length.
    let first = |seed: u64| {
        let orthogonal = create("orthogonal", &json!({ "seed": seed })).unwrap();
        orthogonal.initialize(&Shape::from([4, 4]), DType::F32).unwrap().to_f64()[0]
    };
    let firsts: Vec<f64> = (0..2000).map(first).collect();
    let moment = |power| firsts.iter().map(|v: &f64| v.powi(power)).sum::<f64>() / 2000.0;
    assert!(moment(1).abs() < 0.05 && (moment(2) - 0.25).abs() < 0.03, "{} {}", moment(1), moment(2));
    let message = create("orthogonal", &json!({})).unwrap().initialize(&Shape::from([3]), DType::F32).unwrap_err();
    assert_eq!(message.to_string(), "Orthogonal: expected a weight of rank 2 or more, received shape [3]");
}

#[test]
fn seeds_repeat_and_unseeded_calls_do_not() {
    let values = |initializer: &dyn Initializer| {
        initializer.initialize(&Shape::from([3, 3]), DType::F32).unwrap().as_f32().unwrap().to_vec()
    };
    for class in ["GlorotUniform", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling"]
    {
        let make = |config| create(class, &config).unwrap();
        let seeded = make(json!({ "seed": 3 }));
        assert_eq!(values(&*seeded), values(&*seeded), "{class}");
        assert_ne!(values(&*seeded), values(&*make(json!({ "seed": 4 }))), "{class}");
        crate::rng::set_seed(58);
        let unseeded = make(json!({}));
        let first = values(&*unseeded);
        assert_ne!(first, values(&*unseeded), "{class}");
        crate::rng::set_seed(58);
        assert_eq!(first, values(&*unseeded), "{class}");
    }
}

#[test]
fn configs_round_trip() {
    for class in class_names() {
        let json = create(class, &json!({})).unwrap().to_json();
        assert_eq!(json["class_name"], class);
        assert_eq!(deserialize(&json).unwrap().to_json(), json);
    }
    let given = json!({ "scale": 2.0, "mode": "fanAvg", "distribution": "uniform", "seed": 7 });
    let config = create("varianceScaling", &given).unwrap().to_json()["config"].clone();
    let written = json!({ "seed": 7, "scale": 2.0, "mode": "fan_avg", "distribution": "uniform",
        "input_axes": null, "output_axes": null });
    assert_eq!(config, written);
}

#[test]
fn errors_name_what_is_wrong() {
    let message = |class: &str, config| create(class, &config).err().expect("an error").to_string();
    assert!(message("heNormall", json!({})).starts_with("initializer: unknown 'heNormall'; known initializers: "));
    assert_eq!(
        message("heNormal", json!({ "sed": 1 })),
        "HeNormal: unknown option 'sed'; did you mean 'seed'?; known options: seed, inputAxes, outputAxes"
    );
    assert!(message("VarianceScaling", json!({ "scale": 0 })).contains("'scale' must be greater than 0; received 0"));
    assert!(message("VarianceScaling", json!({ "mode": "fan" })).contains("one of 'fan_in', 'fan_out', 'fan_avg'"));
    assert!(message("RandomNormal", json!({ "stddev": -1 })).contains("'stddev' must be at least 0"));
    assert!(message("constant", json!({ "value": "x" })).contains("'value' must be a number; received \"x\""));
}
