//! Models from configurations.

use glorot_nn::LayerRef;
use glorot_nn::model::Model as NnModel;
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FnArgs, FunctionRef};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::error::{Result, keep_thrown};
use crate::jobs;
use crate::layer::Layer;
use crate::model::Model;

/// A layer of JavaScript for a class and its configuration as JSON.
pub type MakeLayer = FunctionRef<FnArgs<(String, String)>, Option<ClassInstance<'static, Layer>>>;

/// Asks JavaScript for layers.
pub fn asking(env: Env, make: &MakeLayer) -> impl Fn(&str, &Value) -> Option<glorot_nn::Result<LayerRef>> {
    move |class, config| {
        let make = make.borrow_back(&env);
        let made = make.and_then(|make| make.call(FnArgs::from((class.to_string(), config.to_string()))));
        match made {
            Ok(layer) => layer.map(|layer| Ok(layer.layer().clone())),
            Err(error) => Some(Err(keep_thrown(env, error))),
        }
    }
}

/// A model with new weights from what Keras's `to_json()` gives. `make` is asked for every layer first, by class and
/// configuration; where it gives none, the layer is one of the library.
#[napi(catch_unwind)]
pub fn deserialize_model(
    env: Env,
    json: String,
    #[napi(ts_arg_type = "(className: string, config: string) => Layer | undefined")] make: MakeLayer,
) -> Result<Model> {
    Ok(Model::of(NnModel::from_json_with(&parse(&json)?, &asking(env, &make))?))
}

/// A model of new layers with the same options; their weights are new too or, with `weights`, have the values of the
/// model's. `make`: as for `deserializeModel`.
#[napi(catch_unwind)]
pub fn copy_model(
    env: Env,
    model: ClassInstance<'_, Model>,
    weights: bool,
    #[napi(ts_arg_type = "(className: string, config: string) => Layer | undefined")] make: MakeLayer,
) -> Result<Model> {
    if weights {
        jobs::sync()?;
    }
    Ok(Model::of(model.model().copy_with(weights, &asking(env, &make))?))
}
