// Scale, pointer, measuring, full screen, printing: constants of ours that read nothing but the map.
function pointerBox(app) {
  const box = make("div", null, "lz-pointer"), fixed = app.data.pointer_decimals;
  box.setAttribute("aria-hidden", "true");
  const first = make("span", "CGCS2000 坐标：移动指针查看"), second = make("span", "", "lz-under");
  box.append(first, second);
  let asked = 0;
  app.map.on("mousemove", (event) => {
    const place = event.latlng;
    first.textContent = "CGCS2000　" + place.lng.toFixed(fixed) + "°E　" + place.lat.toFixed(fixed) + "°N" + (fixed > 5 ? zoneText(place) : "");
    if (asked) return;
    asked = window.requestAnimationFrame(() => {
      asked = 0;
      const zones = zonesAt(app, place);
      second.textContent = zones.length ? zoneTitle(zones[zones.length - 1]) + (zones.length > 1 ? "　等 " + zones.length + " 项，点按查看" : "") : "";
    });
  });
  return box;
}
function zoneText(place) {
  const told = gaussKrueger(place.lng, place.lat);
  return "　" + told.zone + " 带　X " + told.x.toFixed(1) + "　Y " + told.y.toFixed(1) + " m";
}
// What lies under the point that was clicked, all layers that are shown.
function hereBox(app) {
  const box = make("section", null, "lz-here");
  box.setAttribute("aria-live", "polite");
  box.setAttribute("aria-label", "此处的管控区");
  box.hidden = true;
  const lit = L.featureGroup().addTo(app.map);
  function close() { box.hidden = true; lit.clearLayers(); }
  app.clearHere = close;
  app.showHere = (zones, title) => {
    lit.clearLayers();
    box.replaceChildren(make("h2", title), button("关闭", "lz-close", close));
    const list = make("ul");
    for (const zone of zones) {
      const item = make("li"), line = make("div", null, "lz-row");
      line.append(app.patterns.swatch(zone.layer.styles[zone.style]), make("span", zoneTitle(zone)));
      item.appendChild(line);
      const more = [zone.of, zone.more].filter(Boolean).join("；");
      if (more) item.appendChild(make("p", more, "lz-small"));
      list.appendChild(item);
    }
    if (!zones.length) list.appendChild(make("li", "所显示的图层在此处没有管控区；未显示或未核查的图层不在其内"));
    box.appendChild(list);
    box.hidden = false;
  };
  app.light = (zone) => {
    lit.clearLayers();
    lit.addLayer(shapeLayer(zone.shape, { color: "#ffb000", weight: 5, opacity: 0.95, fill: false, interactive: false, className: "lz-lit" }));
  };
  return box;
}
function measureTool(app) {
  const map = app.map, drawn = L.featureGroup().addTo(map);
  const box = make("section", null, "lz-measure"), told = make("p");
  box.setAttribute("aria-label", "测量");
  told.setAttribute("role", "status");
  box.hidden = true;
  let points = [], on = false, done = false;
  function tell() {
    let metres = 0;
    for (let index = 1; index < points.length; index += 1) metres += geodesic(points[index - 1][0], points[index - 1][1], points[index][0], points[index][1]);
    const parts = [points.length ? points.length + " 点" : "在地图上依次点击；双击或按 Esc 结束"];
    if (points.length > 1) parts.push("长度 " + lengthText(metres) + "（椭球面）");
    if (points.length > 2) parts.push("围合面积 " + areaText(ringArea(points)));
    told.textContent = parts.join("；");
    drawn.clearLayers();
    const places = points.map(([lon, lat]) => [lat, lon]);
    if (points.length > 2) drawn.addLayer(L.polygon(places, { color: "#c2185b", weight: 0, fillOpacity: 0.12, interactive: false }));
    drawn.addLayer(L.polyline(places, { color: "#c2185b", weight: 3, interactive: false }));
    for (const place of places) drawn.addLayer(L.circleMarker(place, { radius: 4, color: "#c2185b", fillColor: "#fff", fillOpacity: 1, interactive: false }));
  }
  function toggle(button_) {
    on = !on;
    app.measuring = on;
    button_.setAttribute("aria-pressed", String(on));
    box.hidden = !on;
    map.getContainer().classList.toggle("lz-crosshair", on);
    if (on) { map.doubleClickZoom.disable(); start(); app.clearHere(); } else { map.doubleClickZoom.enable(); drawn.clearLayers(); }
  }
  function start() { points = []; done = false; tell(); }
  map.on("click", (event) => {
    const last = points[points.length - 1], place = event.latlng;
    if (!on || done || (last && last[0] === place.lng && last[1] === place.lat)) return;
    points.push([place.lng, place.lat]);
    tell();
  });
  map.on("dblclick", () => { done = on; });
  box.append(told, button("重新测量", null, start));
  return { box: box, toggle: toggle, isOn: () => on };
}
function toolBar(app) {
  const map = app.map, bar = make("div", null, "lz-tools");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "地图工具");
  const measure = measureTool(app);
  const whole = app.root || map.getContainer();
  const tools = [
    ["全图", () => app.home()],
    ["测量", (event) => measure.toggle(event.currentTarget)],
    ["全屏", () => { if (document.fullscreenElement) document.exitFullscreen(); else whole.requestFullscreen().catch(() => {}); }],
    ["打印", () => printMap(app)],
    ["表格", (event) => app.twin.toggle(event.currentTarget)],
  ];
  for (const [text, action] of tools) {
    if (text === "表格" && !app.twin) continue;
    const tool = button(text, "lz-tool", action);
    if (text === "测量" || text === "表格") tool.setAttribute("aria-pressed", "false");
    bar.appendChild(tool);
    if (text === "测量") {
      map.getContainer().addEventListener("keydown", (event) => { if (event.key === "Escape" && measure.isOn()) measure.toggle(tool); });
    }
  }
  document.addEventListener("fullscreenchange", () => app.resized());
  control(map, "topleft", bar);
  control(map, "topleft", measure.box);
}
// Paper has another size than the window: the map is fitted to it, and back afterwards.
function printMap(app) {
  const view = { center: app.map.getCenter(), zoom: app.map.getZoom() }, bounds = app.map.getBounds();
  const page = document.body;
  page.classList.add("lz-print");
  app.resized();
  app.map.fitBounds(bounds, { animate: false });
  window.addEventListener("afterprint", () => {
    page.classList.remove("lz-print");
    app.resized();
    app.map.setView(view.center, view.zoom, { animate: false });
  }, { once: true });
  // A zone that is not drawn yet would be a blank on paper.
  window.setTimeout(() => whenDrawn(() => window.print()), 400);
}
