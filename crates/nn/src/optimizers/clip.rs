//! Bounds on gradients.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;

/// How gradients are bounded before an update. Weight decay comes after and is never clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Not at all.
    None,
    /// Each gradient to this L2 norm: `g c / max(|g|, c)`.
    Norm(f64),
    /// All gradients together to this L2 norm: `g c min(1 / n, 1 / c)`. A norm that is not finite gives NaN.
    GlobalNorm(f64),
    /// Each element to `[-c, c]`.
    Value(f64),
}

impl Clip {
    /// Reads `clipnorm`, `global_clipnorm` and `clipvalue`, of which one at most may be given. 0 means none.
    pub fn read(options: &mut Options) -> Result<Clip> {
        let norm = options.optional_float("clipnorm")?;
        let global = options.optional_float("global_clipnorm")?;
        let value = options.optional_float("clipvalue")?;
        for (name, given) in [("clipnorm", norm), ("global_clipnorm", global), ("clipvalue", value)] {
            if let Some(bound) = given {
                options.check(name, bound, bound >= 0.0, "at least 0")?;
            }
        }
        if [norm, global, value].iter().flatten().count() > 1 {
            return Err(options.error("only one of 'clipnorm', 'global_clipnorm' and 'clipvalue' can be given"));
        }
        let clips = [norm.map(Clip::Norm), global.map(Clip::GlobalNorm), value.map(Clip::Value)];
        Ok(clips.into_iter().flatten().next().unwrap_or(Clip::None))
    }

    pub fn norm(self) -> Option<f64> {
        if let Clip::Norm(bound) = self { Some(bound) } else { None }
    }

    pub fn global_norm(self) -> Option<f64> {
        if let Clip::GlobalNorm(bound) = self { Some(bound) } else { None }
    }

    pub fn value(self) -> Option<f64> {
        if let Clip::Value(bound) = self { Some(bound) } else { None }
    }

    /// The bounded gradients.
    pub fn apply(self, gradients: &[Sym]) -> Result<Vec<Sym>> {
        match self {
            Clip::Norm(bound) if bound > 0.0 => {
                gradients.iter().map(|gradient| clip_by_norm(gradient, bound)).collect()
            }
            Clip::GlobalNorm(bound) if bound > 0.0 => clip_by_global_norm(gradients, bound),
            Clip::Value(bound) if bound > 0.0 => {
                gradients.iter().map(|g| Ok(g.maximum_scalar(-bound)?.minimum_scalar(bound)?)).collect()
            }
            _ => Ok(gradients.to_vec()),
        }
    }
}

fn clip_by_norm(gradient: &Sym, bound: f64) -> Result<Sym> {
    let norm = gradient.square()?.sum_all()?.sqrt()?;
    let scale = norm.scalar_like(bound).div(&norm.maximum_scalar(bound)?)?;
    Ok(gradient.mul(&scale)?)
}

fn clip_by_global_norm(gradients: &[Sym], bound: f64) -> Result<Vec<Sym>> {
    let squares = gradients.iter().map(|gradient| Ok(gradient.square()?.sum_all()?)).collect::<Result<Vec<Sym>>>()?;
    let Some((first, rest)) = squares.split_first() else { return Ok(Vec::new()) };
    let sum = rest.iter().try_fold(first.clone(), |sum, square| sum.add(square))?;
    let norm = sum.sqrt()?;
    let scale = norm.reciprocal()?.minimum_scalar(1.0 / bound)?.mul_scalar(bound)?;
    // 0 for a finite norm, else NaN: an exploded gradient must show.
    let scale = scale.add(&norm.sub(&norm)?)?;
    Ok(gradients.iter().map(|gradient| gradient.mul(&scale)).collect::<std::result::Result<_, _>>()?)
}
