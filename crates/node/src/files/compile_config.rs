//! The arguments of `compile` as Keras serializes them.

use glorot_nn::{losses, metrics, schedules};
use glorot_tensor::Shape;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;
use serde_json::{Map, Value, json};

use crate::config::parse;
use crate::error::Result;
use crate::jobs;
use crate::optimizer::Optimizer;

/// Schedules that Keras does not have.
const OWN_SCHEDULES: [&str; 2] = ["OneCycle", "OneCycleMomentum"];

/// A loss as Keras serializes it. Ids whose meaning follows from the data stay ids.
#[napi(catch_unwind)]
pub fn keras_loss(json: String) -> Result<String> {
    let value = parse(&json)?;
    if is_one_of(&value, &["crossentropy", "ce"]) {
        return Ok(json);
    }
    Ok(with_module(losses::deserialize(&value)?.to_json(), "keras.losses").to_string())
}

/// A metric as Keras serializes it. Ids whose meaning follows from the data stay ids.
#[napi(catch_unwind)]
pub fn keras_metric(json: String) -> Result<String> {
    let value = parse(&json)?;
    if is_one_of(&value, &["accuracy", "acc", "crossentropy", "ce"]) {
        return Ok(json);
    }
    // Under an id, the metric is logged by that name; the shapes matter only to the ids above.
    let any = Shape::from([1, 2]);
    let metric = metrics::deserialize_for(&value, &any, &any)?;
    Ok(with_module(metric.to_json(), "keras.metrics").to_string())
}

/// An optimizer as Keras serializes it.
#[napi(catch_unwind)]
pub fn keras_optimizer(optimizer: ClassInstance<'_, Optimizer>) -> Result<String> {
    jobs::sync()?;
    let mut optimizer = with_module(optimizer.shared().borrow().to_json(), "keras.optimizers");
    for value in optimizer["config"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if is_schedule(value) {
            *value = with_module(value.take(), "keras.optimizers.schedules");
        }
    }
    Ok(optimizer.to_string())
}

fn is_one_of(value: &Value, ids: &[&str]) -> bool {
    value.as_str().is_some_and(|id| ids.contains(&id.to_lowercase().as_str()))
}

fn is_schedule(value: &Value) -> bool {
    value["class_name"].as_str().is_some_and(|class| schedules::names().any(|name| name == class))
}

/// Says where Keras finds a class: nowhere, if it is one of this library.
fn with_module(mut value: Value, module: &str) -> Value {
    let class = value["class_name"].as_str().unwrap_or_default();
    let (module, registered_name) = match class {
        class if OWN_SCHEDULES.contains(&class) => (Value::Null, json!(format!("Custom>{class}"))),
        _ => (json!(module), Value::Null),
    };
    if let Some(fields) =
        value.as_object_mut().filter(|fields| fields.get("class_name").is_some_and(|class| class != "function"))
    {
        fields.insert("module".into(), module);
        fields.insert("registered_name".into(), registered_name);
    }
    value
}
