// The map of the planner, or of the public: reads the JSON element that stands beside it and puts the parts together.
function lianzhouPlanner(map, dataId) {
  const data = JSON.parse(document.getElementById(dataId).textContent);
  const app = { map: map, data: data, id: dataId, buttons: {}, items: {} };
  app.root = document.getElementById("lz-app");
  app.tables = document.getElementById("lz-tables");
  app.side = document.getElementById("lz-side");
  app.findings = document.getElementById("lz-findings");
  const boxed = !app.side;
  if (boxed) {
    // In a notebook there is no page around the map: the panels stand in a box on it.
    const box = make("div", null, "lz-box");
    app.side = make("div");
    app.findings = make("div", null, "lz-findings");
    box.append(app.side, app.findings);
    control(map, "topleft", box);
  }
  app.findings.hidden = true;
  const fit = () => {
    const frame = map.getContainer(), high = map.getSize().y;
    frame.style.setProperty("--map-height", high + "px");
    frame.classList.toggle("lz-low", high < 440);
  };
  map.on("resize", fit);
  fit();
  app.resized = () => window.setTimeout(() => map.invalidateSize({ pan: false }), 0);
  map.setMaxZoom(20);
  map.getContainer().setAttribute("role", "application");
  map.getContainer().setAttribute("aria-label", data.title + "：地图，方向键移动，加减号缩放");
  map.attributionControl.setPrefix(false);

  // The view comes first: tiles are made for what is seen.
  // Room for the tools or the panel on the left and the legend on the right, where there is room at all.
  app.room = () => {
    const wide = map.getSize().x, left = boxed && wide > 720 ? 392 : wide > 480 ? 70 : 8;
    return { paddingTopLeft: [left, 12], paddingBottomRight: [wide - left > 420 ? 262 : 8, 30] };
  };
  app.home = () => { if (data.bounds) map.fitBounds(data.bounds, app.room()); };
  app.home();

  app.patterns = patternBook(data.patterns);
  baseMap(app);
  app.zones = zoneLayers(app);
  app.over = siteLayers(app);
  app.twin = tableTwin(app);
  const showFindings = findingsPanel(app);
  let chosen = null;
  app.choose = (id, zoom) => {
    if (chosen && app.buttons[chosen]) app.buttons[chosen].setAttribute("aria-pressed", "false");
    const site = id === null ? null : data.sites.find((candidate) => candidate.site_id === id);
    chosen = id;
    app.over.choose(site);
    if (id === null) return;
    app.buttons[id].setAttribute("aria-pressed", "true");
    app.buttons[id].scrollIntoView({ block: "nearest" });
    showFindings(site);
    const bounds = app.over.bounds(id);
    if (zoom && bounds) window.setTimeout(() => map.fitBounds(bounds.pad(0.3), Object.assign(app.room(), { maxZoom: 16 })), 0);
  };
  app.showZone = (zone) => {
    const entry = app.zones.find((other) => other.layer === zone.layer);
    if (!entry.shown) entry.show(true);
    app.light(zone);
    app.showHere([zone], "管控区");
    app.light(zone);
    map.fitBounds(boundsOf(zone.shape).pad(0.1), Object.assign(app.room(), { maxZoom: 16 }));
  };
  control(map, "topright", legendBox(app));
  toolBar(app);
  control(map, "bottomleft", pointerBox(app));
  L.control.scale({ imperial: false, maxWidth: 160 }).addTo(map);
  const here = hereBox(app);
  control(map, "bottomleft", here);
  map.on("click", (event) => {
    if (app.measuring) return;
    const zones = zonesAt(app, event.latlng);
    app.showHere(zones, "此处的管控区（" + zones.length + "）");
  });
  sidePanel(app);
  const source = make("div", null, "lz-source");
  for (const text of data.imprint) source.appendChild(make("span", text));
  control(map, "bottomright", source);
  if (data.synthetic) {
    const sign = make("div", null, "lz-synthetic");
    sign.setAttribute("aria-hidden", "true");
    for (let line = 0; line < 5; line += 1) sign.appendChild(make("span", data.synthetic + "　　" + data.synthetic));
    map.getContainer().appendChild(sign);
  }
  return app;
}
window.lianzhouPlanner = lianzhouPlanner;
