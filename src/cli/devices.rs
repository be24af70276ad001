//! `gigamix devices`: what can compute on this machine.

use serde_json::json;

use super::{
    grid::Grid,
    number::{NOTHING, amount},
    output::Output,
};
use crate::{
    error::Result,
    fleet::{self, DeviceChoice},
    gpu,
};

/// Lists the processor and the adapters.
pub(super) fn devices(out: &Output) -> Result<()> {
    let processor = fleet::choose(&DeviceChoice::Cpu, 1)?.device.adapter;
    let adapters = gpu::adapters();
    let first = |hardware: bool| adapters.iter().position(|a| a.kind.is_hardware() == hardware);
    let taken_by = |i: usize| match Some(i) {
        i if i == first(true) => Some("gpu"),
        i if i == first(false) => Some("software"),
        _ => None,
    };
    if out.json {
        let mut rows = vec![json!({
            "device": "cpu", "name": processor, "kind": "processor", "interface": null,
            "driver": null, "pci_address": null, "max_buffer": null,
        })];
        rows.extend(adapters.iter().enumerate().map(|(i, a)| {
            json!({
                "device": taken_by(i), "name": a.name, "kind": a.kind.to_string(),
                "interface": a.backend, "driver": a.driver, "pci_address": a.pci_address,
                "max_buffer": a.max_buffer,
            })
        }));
        return out.print_json(&json!({ "rows": rows }));
    }
    let mut grid = Grid::default().left("--device").left("name").left("kind").left("interface");
    grid = grid.left("driver").left("address").right("largest buffer");
    let nothing = || NOTHING.to_owned();
    let or_nothing = |text: &str| if text.is_empty() { nothing() } else { text.to_owned() };
    let mut row = vec!["cpu".into(), processor, "processor".into()];
    row.resize_with(7, nothing);
    grid.row(row);
    for (i, adapter) in adapters.iter().enumerate() {
        grid.row(vec![
            // Others of a kind are taken by name or address.
            taken_by(i).map_or_else(|| "NAME".into(), str::to_owned),
            adapter.name.clone(),
            adapter.kind.to_string(),
            adapter.backend.clone(),
            or_nothing(&adapter.driver),
            or_nothing(&adapter.pci_address),
            format!("{}B", amount(adapter.max_buffer as f64).replace(" B", " G")),
        ]);
    }
    out.print(&grid.render(false))?;
    if adapters.is_empty() {
        out.note(
            "no Vulkan, Metal or DX12 adapter: install the GPU's driver, or software Vulkan (the \
             package mesa-vulkan-drivers on Debian and Ubuntu); --device cpu needs neither",
        );
    }
    Ok(())
}
