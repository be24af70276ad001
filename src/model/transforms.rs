//! The transforms of every channel: those of the table itself, and those of channels with a table of
//! their own; and the parameters that channels share.

use super::adstock::{self, Adstock, Mode};
use super::array::{Array, Axis, Place, size, stored};
use super::build::lookup;
use super::family::{Family, Parameter};
use super::layout::{Element, Operand, Role};
use super::parameters::{Builder, Slot, default_element};
use super::saturation::Saturation;
use super::{Carryover, Curve};
use crate::config::{ModelFile, Own, Prior, Priors, Spanned};
use crate::error::{Result, suggest};

/// Channels of one family.
struct Group<'a> {
    /// Their indices, increasing.
    channels: Vec<usize>,
    family: &'static Family,
    /// Priors of the family's parameters.
    priors: &'a Priors,
}

impl Group<'_> {
    fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.family.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// A channel's transform, and where its parameters stand, in the leaf's order.
pub(super) type Placed<T> = (T, Vec<Place>);

impl Builder<'_> {
    /// The adstock of every channel.
    pub fn adstocks(&mut self) -> Result<Vec<Placed<Carryover>>> {
        let file = self.file;
        let tables = tables(file, &self.coords.channel, &file.adstock, &file.adstock.own)?;
        let (mut groups, mut families) = (Vec::new(), Vec::new());
        for (channels, table) in &tables {
            let names = Adstock::names();
            let family = lookup(file, "adstock", &table.family, Adstock::named, names)?;
            if family == Adstock::Recursion && table.mode != Mode::After {
                let message = "recursion adstock has its effects after the spend alone";
                return Err(file
                    .error(table.family.span.clone(), message)
                    .help("use mode = \"after\", or geometric adstock"));
            }
            let (channels, priors) = (channels.clone(), &table.priors);
            groups.push(Group { channels, family: family.family(), priors });
            families.push(family);
        }
        let used = tables.iter().any(|(_, table)| std::ptr::eq(*table, &file.adstock));
        self.note_unused("adstock", used, &file.adstock.priors);
        let placed = self.transform("adstock", &groups)?;
        let carryover = |(group, own): (usize, Vec<Place>)| {
            let (family, table) = (families[group], tables[group].1);
            let n_weights = family.n_weights(table.l_max);
            let (shift, slots) = (adstock::shift(table.mode, n_weights), Vec::new());
            (Carryover { family, n_weights, normalize: table.normalize, shift, slots }, own)
        };
        Ok(placed.into_iter().map(carryover).collect())
    }

    /// The saturation of every channel.
    pub fn saturations(&mut self) -> Result<Vec<Placed<Curve>>> {
        let file = self.file;
        let tables = tables(file, &self.coords.channel, &file.saturation, &file.saturation.own)?;
        let (mut groups, mut families) = (Vec::new(), Vec::new());
        for (channels, table) in &tables {
            let (named, names) = (Saturation::named, Saturation::names());
            let family = lookup(file, "saturation", &table.family, named, names)?;
            let (channels, priors) = (channels.clone(), &table.priors);
            groups.push(Group { channels, family: family.family(), priors });
            families.push(family);
        }
        let used = tables.iter().any(|(_, table)| std::ptr::eq(*table, &file.saturation));
        self.note_unused("saturation", used, &file.saturation.priors);
        let placed = self.transform("saturation", &groups)?;
        let curve = |(group, own): (usize, Vec<Place>)| {
            (Curve { family: families[group], slots: Vec::new() }, own)
        };
        Ok(placed.into_iter().map(curve).collect())
    }

    fn note_unused(&mut self, kind: &str, used: bool, priors: &Priors) {
        if !used && !priors.is_empty() {
            let own = format!("every channel stands in [[{kind}.channel]]");
            self.note(format!("the priors of [{kind}.priors] are not used: {own}"));
        }
    }

    /// The group of every channel, and where its family's parameters stand. A parameter that several
    /// families have is one array over the channels of all of them.
    fn transform(&mut self, kind: &str, groups: &[Group]) -> Result<Vec<(usize, Vec<Place>)>> {
        for group in groups {
            self.known_priors(kind, group.family, group.priors)?;
        }
        let mut placed = vec![Vec::new(); self.coords.channel.len()];
        for name in parameters(groups) {
            let users: Vec<_> = groups.iter().filter(|g| g.parameter(name).is_some()).collect();
            let mut channels: Vec<usize> =
                users.iter().flat_map(|g| &g.channels).copied().collect();
            channels.sort_unstable();
            let stored = self.channel_dim(&format!("{kind}_{name}"), &channels);
            let dims = self.dims();
            let slot = |group: &Group| {
                let parameter = group.parameter(name).expect("only groups that have it");
                let len = group.channels.len();
                let channel = Axis { name: "channel".into(), stored: stored.clone(), len };
                Slot {
                    name: format!("{kind}_{name}"),
                    axes: dims.iter().cloned().chain([channel]).collect(),
                    shared: false,
                    channels: group.channels.clone(),
                    domain: parameter.domain,
                    default: parameter.default,
                    data_dominated: false,
                }
            };
            let array = match users.as_slice() {
                [only] => self.add(slot(only), only.priors.get(name))?,
                several => {
                    let parts = several.iter().map(|group| (slot(group), group.priors.get(name)));
                    self.join(parts.collect())?
                }
            };
            for (at, channel) in channels.into_iter().enumerate() {
                placed[channel].push((name, Place { array: array.clone(), at }));
            }
        }
        let of = |(c, placed): (usize, Vec<(&str, Place)>)| {
            let group = groups.iter().position(|group| group.channels.contains(&c));
            let group = group.expect("every channel is in a group");
            let own = |parameter: &Parameter| {
                let named = placed.iter().find(|(name, _)| *name == parameter.name);
                named.expect("every parameter was added").1.clone()
            };
            (group, groups[group].family.parameters.iter().map(own).collect())
        };
        Ok(placed.into_iter().enumerate().map(of).collect())
    }

    /// The dim of a parameter of some channels: `channel` if it is of all, else one of its own.
    fn channel_dim(&mut self, parameter: &str, channels: &[usize]) -> String {
        if channels.len() == self.coords.channel.len() {
            return "channel".into();
        }
        let dim = format!("{parameter}_channel");
        let labels = channels.iter().map(|&c| self.coords.channel[c].clone()).collect();
        self.coords.others.push((dim.clone(), labels));
        dim
    }

    /// Adds one parameter whose elements come from the priors of several groups: along the dims of the
    /// series that all of them have, then along the channels.
    fn join(&mut self, parts: Vec<(Slot<'_>, Option<&Prior>)>) -> Result<Array> {
        let mut outer: Option<Vec<Axis>> = None;
        let mut found: Vec<(usize, Vec<Element>)> = Vec::new();
        for (slot, prior) in &parts {
            let (mut axes, elements) = self.part(slot, *prior)?;
            axes.pop_if(|axis| axis.name == "channel");
            let agreed = outer.get_or_insert_with(|| axes.clone());
            if *agreed != axes || axes.iter().any(|axis| axis.name == "channel") {
                let span = prior.map_or(0..0, |prior| prior.span.clone());
                let message = format!("{} has other dims in other tables", slot.name);
                let help = "several families share it: give its priors the same dims, channel last";
                return Err(self.file.error(span, message).help(help));
            }
            let n = slot.channels.len();
            for (at, &channel) in slot.channels.iter().enumerate() {
                let own = elements.iter().skip(at).step_by(n).cloned().collect();
                found.push((channel, own));
            }
        }
        found.sort_by_key(|(channel, _)| *channel);
        let (slot, _) = &parts[0];
        let mut axes = outer.unwrap_or_default();
        let rows = size(&axes);
        let channel = slot.axes.iter().find(|axis| axis.name == "channel").cloned();
        axes.extend(channel.map(|axis| Axis { len: found.len(), ..axis }));
        let row = |row: usize| found.iter().map(move |(_, elements)| elements[row].clone());
        let elements = (0..rows).flat_map(row).collect();
        let first = self.push(slot.name.clone(), stored(&axes), Role::Sampled, elements);
        Ok(Array { first, axes })
    }

    /// The axes and elements of one group's part of a parameter that several groups have.
    fn part(
        &mut self,
        slot: &Slot<'_>,
        prior: Option<&Prior>,
    ) -> Result<(Vec<Axis>, Vec<Element>)> {
        let Some(prior) = prior else {
            let axes = self.default_axes(slot);
            let elements = vec![default_element(slot); size(&axes)];
            return Ok((axes, elements));
        };
        let axes = self.axes(slot, prior)?;
        if slot.channels.len() > 1 && axes.iter().all(|axis| axis.name != "channel") {
            let message = format!("{} cannot be one value of several channels", slot.name);
            let help = "channels of another family have it, too: add dims = [\"channel\"]";
            return Err(self.file.error(prior.span.clone(), message).help(help));
        }
        let (which, columns) = self.arguments(slot, prior, &axes)?;
        let numbers = columns.iter().flatten().all(|o| matches!(o, Operand::Constant(_)));
        if !(numbers && prior.centered) {
            let message = format!("{} cannot be a hierarchy", slot.name);
            let help = "several families share it: give its prior numbers";
            return Err(self.file.error(prior.span.clone(), message).help(help));
        }
        let elements = self.elements(slot, prior, which, &columns, size(&axes))?;
        Ok((axes, elements))
    }
}

/// Names of the parameters of some groups' families, each once.
fn parameters(groups: &[Group]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for parameter in groups.iter().flat_map(|group| group.family.parameters) {
        if !names.contains(&parameter.name) {
            names.push(parameter.name);
        }
    }
    names
}

/// The index of a channel that the model file names.
pub(super) fn channel(
    file: &ModelFile,
    name: &Spanned<String>,
    channels: &[String],
) -> Result<usize> {
    channels.iter().position(|known| *known == name.value).ok_or_else(|| {
        let error = file.error(name.span.clone(), format!("unknown channel \"{name}\""));
        match suggest(name, channels.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean \"{near}\"?")),
            None => error.help(format!("the channels are {}", channels.join(", "))),
        }
    })
}

/// The channels of a table, then those of each table of channels of their own; tables left without
/// channels are not among them.
fn tables<'a, T>(
    file: &ModelFile,
    channels: &[String],
    table: &'a T,
    own: &'a [Own<T>],
) -> Result<Vec<(Vec<usize>, &'a T)>> {
    let mut owner = vec![0; channels.len()];
    for (k, own) in (1..).zip(own) {
        for name in &own.channels {
            let channel = channel(file, name, channels)?;
            if owner[channel] != 0 {
                let message = format!("channel \"{name}\" stands in two tables");
                return Err(file.error(name.span.clone(), message).help("remove one of the two"));
            }
            owner[channel] = k;
        }
    }
    let tables = std::iter::once(table).chain(own.iter().map(|own| &own.transform));
    let of = |(k, table)| {
        let channels: Vec<usize> = (0..channels.len()).filter(|&c| owner[c] == k).collect();
        (channels, table)
    };
    Ok(tables.enumerate().map(of).filter(|(channels, _)| !channels.is_empty()).collect())
}
