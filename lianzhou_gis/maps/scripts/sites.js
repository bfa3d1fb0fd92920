// Sites with their marks, the pieces that lie in zones, what is not assessed, and the way to the nearest zones.
const MANY = 400;

function siteLayers(app) {
  const map = app.map, data = app.data, look = data.others;
  const renderer = L.svg({ padding: 0.5 });
  const shapes = {}, marks = {};
  const sites = L.featureGroup(), pieces = L.featureGroup(), gaps = L.featureGroup(), nearest = L.featureGroup();

  for (const gap of data.gaps) {
    const shape = readShape(gap.shape);
    if (!shape) continue;
    const drawn = shapeLayer(shape, { renderer: renderer, color: look.gap.line, weight: look.gap.width, dashArray: "3 3", fillColor: app.patterns.svg(look.gap), fillOpacity: 1, className: "lz-gap" });
    drawn.bindTooltip(make("span", "未核查：" + gap.text), { sticky: true });
    gaps.addLayer(drawn);
  }
  for (const site of data.sites) {
    const shape = readShape(site.shape);
    if (!shape) continue;
    const own = data.verdicts[site.verdict], isOpen = site.worst !== site.verdict;
    const drawn = shapeLayer(shape, { renderer: renderer, color: own.colour, weight: 3, dashArray: isOpen || own.line === "dashed" ? "6 4" : null, fillColor: own.colour, fillOpacity: 0.35, className: "lz-shape" });
    drawn.bindTooltip(make("span", siteTitle(site) + "：" + site.label), { sticky: true });
    drawn.on("click", (event) => { if (!app.measuring) { L.DomEvent.stopPropagation(event); app.choose(site.site_id, false); } });
    shapes[site.site_id] = { drawn: drawn, bounds: boundsOf(shape) };
    sites.addLayer(drawn);
    if (site.outfall) {
      const outfall = shapeLayer(readShape(site.outfall), { renderer: renderer, color: look.outfall.line, weight: look.outfall.width, fillColor: look.outfall.fill, fillOpacity: 1, radius: 5 });
      outfall.bindTooltip(make("span", site.site_id + " 排污口"), { sticky: true });
      sites.addLayer(outfall);
    }
    if (data.sites.length <= MANY) {
      const icon = L.divIcon({ html: mark(data, site.verdict), className: "lz-pin", iconSize: [24, 24], iconAnchor: [12, 12] });
      const pin = L.marker(shapes[site.site_id].bounds.getCenter(), { icon: icon, keyboard: true, alt: siteTitle(site) + "：" + site.label });
      pin.on("click", () => app.choose(site.site_id, true));
      pin.on("add", () => {
        const element = pin.getElement();
        element.setAttribute("aria-label", siteTitle(site) + "：" + site.label);
        element.title = siteTitle(site);
      });
      marks[site.site_id] = pin;
      sites.addLayer(pin);
    }
  }
  for (const piece of data.pieces) {
    const shape = readShape(piece.shape);
    if (shape) pieces.addLayer(shapeLayer(shape, { renderer: renderer, color: look.piece.line, weight: look.piece.width, fillColor: app.patterns.svg(look.piece), fillOpacity: 1, interactive: false, className: "lz-piece" }));
  }
  for (const group of [gaps, sites, pieces, nearest]) group.addTo(map);
  // Marks are for finding a site; beside a shape that is seen they would only hide it.
  map.on("zoomend", () => {
    for (const [id, pin] of Object.entries(marks)) {
      const box = shapes[id].bounds, zoom = map.getZoom();
      const size = map.project(box.getNorthEast(), zoom).distanceTo(map.project(box.getSouthWest(), zoom));
      if (size > 90) sites.removeLayer(pin); else if (!sites.hasLayer(pin)) sites.addLayer(pin);
    }
  });

  let lit = null;
  function choose(site) {
    if (lit && shapes[lit]) shapes[lit].drawn.setStyle({ weight: 3 });
    nearest.clearLayers();
    lit = site && site.site_id;
    if (!site) return;
    if (shapes[lit]) shapes[lit].drawn.setStyle({ weight: 6 }).bringToFront();
    pieces.bringToFront();
    for (const way of site.nearest) {
      const line = shapeLayer(readShape(way.shape), { renderer: renderer, color: look.nearest.line, weight: 2, dashArray: "2 4", interactive: false, className: "lz-nearest" });
      line.bindTooltip(make("span", way.theme + " " + lengthText(way.distance_m)), { permanent: true, direction: "center", className: "lz-distance" });
      nearest.addLayer(line);
    }
    window.setTimeout(spread, 0);
  }
  // Distances of ways that run side by side stand one under the other.
  function spread() {
    const taken = [];
    const labels = [...map.getContainer().querySelectorAll(".lz-distance")];
    for (const label of labels) label.style.marginTop = "0px";
    const boxes = labels.map((label) => ({ label: label, box: label.getBoundingClientRect() })).sort((a, b) => a.box.top - b.box.top);
    for (const { label, box } of boxes) {
      let down = 0;
      const meets = (other) => box.left < other.right && other.left < box.right && box.top + down < other.bottom && other.top < box.bottom + down;
      for (let turn = 0; turn < 40; turn += 1) {
        const other = taken.find(meets);
        if (!other) break;
        down = other.bottom - box.top + 2;
      }
      label.style.marginTop = down + "px";
      taken.push({ left: box.left, right: box.right, top: box.top + down, bottom: box.bottom + down });
    }
  }
  map.on("zoomend moveend", spread);
  return { sites: sites, pieces: pieces, gaps: gaps, nearest: nearest, bounds: (id) => shapes[id] && shapes[id].bounds, choose: choose };
}
function siteTitle(site) {
  return site.site_id + (site.name ? " " + site.name : "");
}
function mark(data, verdict) {
  const badge = make("span", data.verdicts[verdict].mark, "lz-mark-badge" + (data.verdicts[verdict].line === "dashed" ? " lz-open" : ""));
  badge.style.setProperty("--verdict", data.verdicts[verdict].colour);
  badge.setAttribute("aria-hidden", "true");
  return badge;
}
